//! The organization's API, with its own key: who has which address, and what another system syncs.

use super::error::{JiraError, Refusal};
use crate::directory::AccountId;
use crate::http::{
    Auth, Call, Clients, Control, Counted, Gate, Method, Origin, Rates, Repeat, Reply, Service,
};
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::HashSet;

/// Addresses in one search, as documented.
pub const ADDRESSES_AT_ONCE: usize = 100;
/// As documented.
const USERS: &str = "/v2/orgs/{orgId}/directories/{directoryId}/users/search";
/// Rows on a page.
const LIMIT: u64 = 100;

/// An organization.
#[derive(Debug)]
pub struct Organization {
    service: Service,
    key: SecretString,
    id: String,
}

/// An account as the organization knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganizationUser {
    /// Account.
    pub account: AccountId,
    /// Address.
    pub email: String,
}

#[derive(Deserialize)]
struct Page<T> {
    #[serde(default = "Vec::new")]
    data: Vec<T>,
    #[serde(default)]
    links: Option<Links>,
}

#[derive(Deserialize)]
struct Links {
    #[serde(default)]
    next: Option<String>,
}

#[derive(Deserialize)]
struct Named {
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct User {
    account_id: String,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    management_source: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    id: String,
    #[serde(default)]
    external_synced: Option<bool>,
}

impl Organization {
    /// Reaches an organization: the named one, or the only one of this key.
    pub async fn connect(
        api: &Origin,
        key: SecretString,
        id: Option<&str>,
        rates: Rates,
        clients: &Clients,
        cancel: &Control,
    ) -> Result<Self, JiraError> {
        let service = Service::new(
            "organization",
            api.clone(),
            clients,
            Gate::Endpoint,
            rates,
            cancel.clone(),
        );
        let mut organization = Self {
            service,
            key,
            id: id.unwrap_or_default().to_owned(),
        };
        let url = api.join(["admin", "v1", "orgs"]);
        let page: Page<Named> = organization
            .send("list the key's organizations", Call::get("/v1/orgs", url))
            .await?;
        let ids: Vec<String> = page.data.into_iter().map(|org| org.id).collect();
        organization.id = match id {
            Some(id) if ids.iter().any(|other| other == id) => id.to_owned(),
            Some(id) => {
                return Err(JiraError::OtherOrganization {
                    wanted: id.to_owned(),
                    found: ids,
                });
            }
            None if ids.len() == 1 => ids[0].clone(),
            None => {
                return Err(JiraError::OtherOrganization {
                    wanted: String::new(),
                    found: ids,
                });
            }
        };
        Ok(organization)
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Requests so far.
    #[must_use]
    pub fn counted(&self) -> Counted {
        self.service.counted()
    }

    /// The accounts of these addresses, exactly. At most [`ADDRESSES_AT_ONCE`] are asked for in one
    /// call.
    pub async fn users(&self, addresses: &[String]) -> Result<Vec<OrganizationUser>, JiraError> {
        let mut found = Vec::new();
        for chunk in addresses.chunks(ADDRESSES_AT_ONCE) {
            let rows: Vec<User> = self
                .pages(
                    "find accounts by address",
                    USERS,
                    "users",
                    json!({ "emails": chunk }),
                )
                .await?;
            found.extend(rows.into_iter().map(|user| OrganizationUser {
                account: AccountId::new(&user.account_id),
                email: user.email.unwrap_or_default(),
            }));
        }
        Ok(found)
    }

    /// Of one page of the organization's people, how many another system provisions, and how many
    /// were looked at.
    pub async fn synced_people(&self) -> Result<(usize, usize), JiraError> {
        let url = self.service.origin().join(self.path("users"));
        let call = Call::new(Method::POST, USERS, url, Repeat::Safe).json(json!({"limit": LIMIT}));
        let page: Page<User> = self.send("look at the organization's people", call).await?;
        let synced = |user: &&User| user.management_source.as_deref() == Some("synced");
        Ok((page.data.iter().filter(synced).count(), page.data.len()))
    }

    fn path<'a>(&'a self, kind: &'a str) -> [&'a str; 8] {
        [
            "admin",
            "v2",
            "orgs",
            &self.id,
            "directories",
            "-",
            kind,
            "search",
        ]
    }

    /// Ids of the groups that another system syncs.
    pub async fn synced_groups(&self) -> Result<Vec<String>, JiraError> {
        let groups: Vec<Group> = self
            .pages(
                "list the organization's groups",
                "/v2/orgs/{orgId}/directories/{directoryId}/groups/search",
                "groups",
                json!({}),
            )
            .await?;
        let synced = groups
            .into_iter()
            .filter(|g| g.external_synced == Some(true));
        Ok(synced.map(|group| group.id).collect())
    }

    /// All pages of a search. `links.next` is a bare cursor or a URL that holds one.
    async fn pages<T: DeserializeOwned>(
        &self,
        what: &'static str,
        endpoint: &'static str,
        kind: &str,
        mut body: Value,
    ) -> Result<Vec<T>, JiraError> {
        let path = self.path(kind);
        let mut rows = Vec::new();
        let mut seen = HashSet::new();
        body["limit"] = json!(LIMIT);
        loop {
            let url = self.service.origin().join(path);
            let call = Call::new(Method::POST, endpoint, url, Repeat::Safe).json(body.clone());
            let page: Page<T> = self.send(what, call).await?;
            rows.extend(page.data);
            let next = page.links.and_then(|links| links.next);
            let Some(cursor) = next.as_deref().and_then(cursor) else {
                return Ok(rows);
            };
            if !seen.insert(cursor.clone()) {
                return Err(JiraError::EndlessPages);
            }
            body["cursor"] = json!(cursor);
        }
    }

    async fn send<T: DeserializeOwned>(
        &self,
        what: &'static str,
        mut call: Call,
    ) -> Result<T, JiraError> {
        call.auth = Auth::Bearer(self.key.clone());
        let call = call.header("Accept", "application/json");
        match self.service.json(&call).await? {
            Reply::Good(value, _) => Ok(value),
            Reply::Refused(answer) if matches!(answer.status.as_u16(), 401 | 403) => {
                Err(JiraError::OrganizationKey {
                    request_id: Refusal::of(what, &answer).request_id,
                })
            }
            Reply::Refused(answer) => Err(JiraError::Refused(Box::new(Refusal::of(what, &answer)))),
        }
    }
}

/// The cursor of a link: itself, or the URL's `cursor`.
fn cursor(link: &str) -> Option<String> {
    if link.is_empty() {
        return None;
    }
    match url::Url::parse(link) {
        Ok(url) => url
            .query_pairs()
            .find(|(name, _)| name == "cursor")
            .map(|(_, value)| value.into_owned()),
        Err(_) => Some(link.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::cursor;

    #[test]
    fn a_cursor_stands_alone_or_in_a_url() {
        assert_eq!(cursor("abc="), Some("abc=".to_owned()));
        let url = "https://api.atlassian.com/admin/v2/x?cursor=a%3D&limit=5";
        assert_eq!(cursor(url), Some("a=".to_owned()));
        assert_eq!(cursor(""), None);
    }
}
