//! Where a profile's secrets went before.

use super::error::StoreError;
use super::state::State;

/// The origins that a profile's secrets are sent to, as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origins {
    /// Entra's token service: gets the client secret.
    pub login: String,
    /// Microsoft Graph: gets Entra's token.
    pub graph: String,
    /// The Jira site: gets the API token.
    pub site: String,
    /// Atlassian's gateway: gets the API token and the organization's key.
    pub api: String,
}

/// Their places among the single values.
const KEYS: [&str; 4] = [
    "origin:login_url",
    "origin:graph_url",
    "origin:site_url",
    "origin:api_url",
];

impl State {
    /// Where this profile's secrets may go, once they went somewhere.
    pub fn origins(&self) -> Result<Option<Origins>, StoreError> {
        let mut found = Vec::with_capacity(KEYS.len());
        for key in KEYS {
            found.extend(self.meta(key)?);
        }
        let found: Option<[String; 4]> = found.try_into().ok();
        Ok(found.map(|[login, graph, site, api]| Origins {
            login,
            graph,
            site,
            api,
        }))
    }

    /// Pins them to these.
    pub fn pin_origins(&self, origins: &Origins) -> Result<(), StoreError> {
        let Origins {
            login,
            graph,
            site,
            api,
        } = origins;
        self.change(|connection| {
            for (key, value) in KEYS.into_iter().zip([login, graph, site, api]) {
                let sql = "INSERT INTO meta VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2";
                connection.execute(sql, [key, value])?;
            }
            Ok(())
        })
    }
}
