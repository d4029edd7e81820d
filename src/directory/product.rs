//! The products of Jira that a person can be given.

use serde::{Deserialize, Serialize};

/// A product that `POST user` can give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProductKey {
    /// Jira (core).
    JiraCore,
    /// Jira Service Management.
    JiraServicedesk,
    /// Jira Product Discovery.
    JiraProductDiscovery,
    /// Jira (software).
    JiraSoftware,
}

impl ProductKey {
    /// As the API writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::JiraCore => "jira-core",
            Self::JiraServicedesk => "jira-servicedesk",
            Self::JiraProductDiscovery => "jira-product-discovery",
            Self::JiraSoftware => "jira-software",
        }
    }
}
