//! Calls to Graph.

use super::error::{EntraError, GraphError};
use super::token::{Claims, Credentials, Tokens};
use super::wire::{Application, GraphOrganization, GraphPage};
use crate::directory::is_id;
use crate::http::{
    Answer, Auth, Call, Clients, Control, Counted, Counts, Failure, Gate, Origin, Rates, Reply,
    Service, Url, said,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Where Graph's API is on its host.
const API: &str = "/v1.0/";

/// The largest page that is read, in bytes: 999 people with all their licences, or groups with slices of
/// their members.
const LARGEST: usize = 16 << 20;

/// Graph counts resource units over 10 s, thousands of them; this many calls a second stay far
/// below the smallest tenant's limit.
const RATES: Rates = Rates {
    reads: 100.0,
    deletes: 100.0,
    most: 100.0,
    yields: true,
};

/// The tenant as it describes itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Tenant id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Verified domains.
    pub domains: Vec<String>,
}

/// The app registration as the directory describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationInfo {
    /// Name.
    pub name: String,
    /// When its client secrets end, RFC 3339.
    pub secrets_end: Vec<String>,
}

/// Microsoft Graph for one tenant.
#[derive(Debug)]
pub struct Entra {
    graph: Service,
    tokens: Tokens,
}

impl Entra {
    /// A client; nothing is sent yet.
    #[must_use]
    pub fn new(
        login: Origin,
        graph: Origin,
        credentials: Credentials,
        clients: &Clients,
        cancel: Control,
    ) -> Self {
        let scope = format!("{graph}/.default");
        let login = Service::new(
            "login",
            login,
            clients,
            Gate::Service,
            RATES,
            cancel.clone(),
        );
        Self {
            graph: Service::new("graph", graph, clients, Gate::Service, RATES, cancel),
            tokens: Tokens::new(login, credentials, scope),
        }
    }

    /// The counters of Graph's calls, to be read while it works.
    #[must_use]
    pub fn counts(&self) -> std::sync::Arc<Counts> {
        self.graph.counts()
    }

    /// Requests so far, tokens included.
    #[must_use]
    pub fn counted(&self) -> Counted {
        let (graph, login) = (self.graph.counted(), self.tokens.login().counted());
        Counted {
            requests: graph.requests + login.requests,
            retries: graph.retries + login.retries,
            throttled: graph.throttled + login.throttled,
            waiting: graph.waiting + login.waiting,
        }
    }

    /// Gets a token, if there is none yet, and tells what it says of itself; none if it can't be
    /// decoded.
    pub async fn authorize(&self) -> Result<Option<Claims>, EntraError> {
        self.tokens.get().await?;
        Ok(self.tokens.claims().await)
    }

    pub(super) fn url(&self, path: &[&str]) -> Url {
        self.graph
            .origin()
            .join(std::iter::once("v1.0").chain(path.iter().copied()))
    }

    /// Whether a link leads to the configured service, so that the token may go there.
    #[must_use]
    pub fn owns(&self, link: &str) -> bool {
        self.graph.link(link, API).is_ok()
    }

    pub(super) fn link(&self, text: &str) -> Result<Url, Failure> {
        self.graph.link(text, API)
    }

    /// Whether the application may read the members of groups that hide them.
    pub async fn reads_hidden(&self) -> bool {
        let roles = self.roles().await;
        roles.is_some_and(|roles| super::token::reads_hidden_membership(&roles))
    }

    /// Waits, and lets nothing else begin meanwhile: Graph's throttling is for all calls.
    pub(super) async fn patience(&self, wait: std::time::Duration) -> Result<(), Failure> {
        self.graph.patience(wait).await
    }

    pub(super) async fn roles(&self) -> Option<Vec<String>> {
        Some(self.tokens.claims().await?.roles.unwrap_or_default())
    }

    /// The tenant: id, name, verified domains.
    pub async fn tenant(&self) -> Result<Tenant, EntraError> {
        let call = Call::get("/organization", self.url(&["organization"]))
            .query("$select", "id,displayName,verifiedDomains");
        let page: GraphPage<GraphOrganization> = self.get("read the organization", call).await?;
        let first = page
            .value
            .into_iter()
            .find(|organization| is_id(&organization.id))
            .ok_or(EntraError::NoOrganization)?;
        Ok(Tenant {
            id: first.id,
            name: first.display_name.unwrap_or_default(),
            domains: first.verified_domains.into_iter().map(|d| d.name).collect(),
        })
    }

    /// The app registration of this client id.
    pub async fn application(&self, client_id: &str) -> Result<ApplicationInfo, EntraError> {
        let segment = format!("applications(appId='{client_id}')");
        let call = Call::get("/applications(appId='{appId}')", self.url(&[&segment]))
            .query("$select", "displayName,passwordCredentials");
        let found: Application = self.get("read the app registration", call).await?;
        Ok(ApplicationInfo {
            name: found.display_name.unwrap_or_default(),
            secrets_end: found
                .password_credentials
                .into_iter()
                .filter_map(|credential| credential.end_date_time)
                .collect(),
        })
    }

    /// Whether a user of this id exists.
    pub async fn exists(&self, id: &str) -> Result<bool, EntraError> {
        let call = Call::get("/users/{user-id}", self.url(&["users", id])).query("$select", "id");
        match self
            .get::<serde::de::IgnoredAny>("look up a user", call)
            .await
        {
            Ok(_) => Ok(true),
            Err(EntraError::Refused { status: 404, .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// How many users the tenant counts; none where it does not tell. The count is eventually
    /// consistent.
    pub async fn user_count(&self) -> Result<Option<u64>, EntraError> {
        self.count("/users/$count", "users").await
    }

    /// How many groups the tenant counts; none where it does not tell.
    pub async fn group_count(&self) -> Result<Option<u64>, EntraError> {
        self.count("/groups/$count", "groups").await
    }

    async fn count(&self, endpoint: &'static str, of: &str) -> Result<Option<u64>, EntraError> {
        let call =
            Call::get(endpoint, self.url(&[of, "$count"])).header("ConsistencyLevel", "eventual");
        let answer = match self.authorized(&call).await {
            Err(EntraError::Http(Failure::Unavailable { status, .. })) if status < 500 => {
                return Ok(None);
            }
            answer => answer?,
        };
        if !answer.status.is_success() {
            return Ok(None);
        }
        let text = answer.text();
        Ok(text.trim_start_matches('\u{feff}').trim().parse().ok())
    }

    /// Makes a call with the token, once more with a new one after 401. Any status is an answer.
    async fn authorized(&self, call: &Call) -> Result<Answer, EntraError> {
        let mut call = call.clone().header("client-request-id", fresh_id());
        let token = self.tokens.get().await?;
        call.auth = Auth::Bearer(token.clone());
        let mut answer = self.graph.plain(&call).await?;
        if answer.status.as_u16() == 401 {
            self.tokens.refuse(&token).await;
            call.auth = Auth::Bearer(self.tokens.get().await?);
            answer = self.graph.plain(&call).await?;
        }
        Ok(answer)
    }

    /// Reads JSON. `what` completes “Graph refused to …”.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        what: &'static str,
        call: Call,
    ) -> Result<T, EntraError> {
        let id = fresh_id();
        let call = call.header("client-request-id", id.clone());
        let mut call = call.up_to(LARGEST);
        let mut renewed = false;
        loop {
            let token = self.tokens.get().await?;
            call.auth = Auth::Bearer(token.clone());
            match self.graph.json(&call).await? {
                Reply::Good(value, _) => return Ok(value),
                Reply::Refused(answer) if answer.status.as_u16() == 401 && !renewed => {
                    renewed = true;
                    self.tokens.refuse(&token).await;
                }
                Reply::Refused(answer) => return Err(self.refused(what, &answer, id).await),
            }
        }
    }

    /// A part of a batch that was refused.
    pub(super) async fn refused_part(&self, status: u16, body: &serde_json::Value) -> EntraError {
        let error = GraphError::of(body);
        EntraError::Refused {
            what: "list the members of a group",
            status,
            message: error.message,
            request_id: error.request_id,
            code: error.code,
            client_request_id: String::new(),
            roles: self.roles().await,
        }
    }

    async fn refused(&self, what: &'static str, answer: &Answer, id: String) -> EntraError {
        let error = answer.json().map(|body: Value| GraphError::of(&body));
        let error = error.unwrap_or_default();
        let request_id = match error.request_id() {
            "" => said(answer.header("request-id")),
            id => id.to_owned(),
        };
        EntraError::Refused {
            what,
            status: answer.status.as_u16(),
            message: error.message,
            code: error.code,
            request_id,
            client_request_id: id,
            roles: self.roles().await,
        }
    }
}

/// A random id in the form of a version 4 UUID, to find one request again in Microsoft's logs.
fn fresh_id() -> String {
    let random = fastrand::u128(..);
    let hex = format!("{random:032x}");
    format!(
        "{}-{}-4{}-a{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[13..16],
        &hex[17..20],
        &hex[20..]
    )
}
