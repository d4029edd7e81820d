//! The form of `config.toml`.

use super::cloud::Cloud;
use crate::plan::{GuardSettings, Names, Period, Provisioning, Scope};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The commented example: every key with its default.
#[must_use]
pub const fn example() -> &'static str {
    include_str!("../../assets/config.example.toml")
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[serde(default)]
    pub(super) profiles: BTreeMap<String, ProfileFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileFile {
    pub(super) entra: EntraSection,
    pub(super) jira: JiraSection,
    #[serde(default)]
    pub(super) provisioning: Provisioning,
    #[serde(default)]
    pub(super) scope: Scope,
    #[serde(default)]
    pub(super) names: Names,
    #[serde(default)]
    pub(super) guards: GuardSettings,
    #[serde(default)]
    pub(super) schedule: Schedule,
    #[serde(default)]
    pub(super) limits: Limits,
}

/// `[entra]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntraSection {
    /// Tenant: GUID or domain.
    pub tenant_id: String,
    /// Client id: a GUID.
    pub client_id: String,
    /// Which cloud.
    #[serde(default)]
    pub cloud: Cloud,
    /// A certificate instead of a client secret.
    pub certificate: Option<String>,
    /// Overrides the cloud's login.
    pub login_url: Option<String>,
    /// Overrides the cloud's Graph.
    pub graph_url: Option<String>,
    /// A program and its arguments that print the client secret.
    #[serde(default)]
    pub secret_command: Vec<String>,
}

/// `[jira]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JiraSection {
    /// The site's origin.
    pub site_url: String,
    /// The admin's e-mail.
    pub admin_email: String,
    /// When the API token ends; tokens can't tell.
    #[serde(default, deserialize_with = "date")]
    pub token_expires: Option<jiff::civil::Date>,
    /// The organization.
    pub organization_id: Option<String>,
    /// When the organization key ends.
    #[serde(default, deserialize_with = "date")]
    pub organization_key_expires: Option<jiff::civil::Date>,
    /// Overrides the gateway.
    pub api_url: Option<String>,
    /// A program and its arguments that print the API token.
    #[serde(default)]
    pub secret_command: Vec<String>,
}

/// A date as TOML writes it, or the same in quotation marks.
fn date<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<jiff::civil::Date>, D::Error> {
    let text = match toml::Value::deserialize(from)? {
        toml::Value::Datetime(date) => date.to_string(),
        toml::Value::String(text) => text,
        other => other.to_string(),
    };
    text.parse().map(Some).map_err(|_| {
        serde::de::Error::custom(format!("“{text}” is no date: write it like 2027-03-01"))
    })
}

/// `[schedule]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Schedule {
    /// Whether the interval runs.
    pub enabled: bool,
    /// How often.
    pub every: Period,
    /// Whether sign-ins start a run for one person.
    pub on_sign_in: bool,
    /// The application whose sign-ins count.
    pub sign_in_app_id: String,
}

impl Default for Schedule {
    fn default() -> Self {
        Self {
            enabled: false,
            every: Period::minutes(15),
            on_sign_in: false,
            sign_in_app_id: String::new(),
        }
    }
}

/// `[limits]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Calls a second to one endpoint, at most.
    pub max_rate: u32,
    /// The same for unattended runs.
    pub polite_rate: u32,
    /// Everything is verified within this time.
    pub verify_within: Period,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_rate: 100,
            polite_rate: 10,
            verify_within: Period::hours(24),
        }
    }
}
