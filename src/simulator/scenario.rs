//! Scenario files: what the organisation looks like, how the services behave, what goes wrong.

use super::faults::Faults;
use serde::Deserialize;

/// A scenario.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scenario {
    /// The organisation.
    pub organization: Organization,
    /// How the services behave.
    pub services: Services,
    /// What goes wrong.
    pub faults: Faults,
}

/// What a scenario file can be wrong in.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ScenarioError(String);

impl Scenario {
    /// Reads a scenario's text.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        toml::from_str(text).map_err(|e| ScenarioError(e.to_string()))
    }
}

/// What the organisation looks like.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Organization {
    /// Users in Entra.
    pub users: usize,
    /// Groups in Entra.
    pub groups: usize,
    /// The seed of everything random.
    pub seed: u64,
    /// Share of Entra's people whom Jira holds already.
    pub in_jira: f64,
    /// Share of those who hide their e-mail.
    pub hidden: f64,
    /// Share of their members that such a group has already.
    pub members_in_jira: f64,
    /// Share of Entra's groups of whose name Jira has a group already.
    pub groups_in_jira: f64,
}

impl Default for Organization {
    fn default() -> Self {
        Self {
            users: 120,
            groups: 20,
            seed: 1,
            in_jira: 0.6,
            hidden: 0.1,
            groups_in_jira: 0.3,
            members_in_jira: 0.8,
        }
    }
}

/// How the services behave when nothing is wrong.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Services {
    /// Whether Jira's burst limits are on: 100 calls a second for GET and POST, 50 for PUT and
    /// DELETE, per endpoint and method.
    pub limiter: bool,
    /// Another limit than that, for every endpoint and method: calls a second, and as many at once.
    pub limit: Option<f64>,
    /// Whether Jira's answers name that limit, and what is left of it.
    pub names_limits: bool,
    /// Life of a token, in seconds.
    pub token_life: u64,
    /// Objects on a page of a delta round.
    pub delta_page: usize,
    /// Empty pages at the end of a first delta round; the last one has the link to what follows.
    pub empty_pages: usize,
    /// Members in one slice of a group in a delta round.
    pub slice: usize,
    /// How long a new account is invisible, in milliseconds.
    pub invisible: u64,
    /// How long an answer takes, in milliseconds.
    pub latency: u64,
    /// Whether the API token has scopes, so that it only works through the gateway.
    pub scoped_token: bool,
    /// Application permissions in tokens.
    pub roles: Vec<String>,
    /// Whether Jira goes on showing suspended accounts as active. What it does is not documented; the
    /// organization tells them apart.
    pub suspended_shown: bool,
}

impl Default for Services {
    fn default() -> Self {
        Self {
            limiter: true,
            limit: None,
            names_limits: false,
            empty_pages: 1,
            token_life: 3599,
            delta_page: 200,
            slice: 500,
            invisible: 2000,
            latency: 0,
            scoped_token: false,
            roles: vec!["Directory.Read.All".to_owned(), "User.Read.All".to_owned()],
            suspended_shown: false,
        }
    }
}
