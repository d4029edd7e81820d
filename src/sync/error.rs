//! How a use case fails.

use super::export::ExportError;
use crate::config::ConfigError;
use crate::entra::EntraError;
use crate::jira::JiraError;
use crate::plan::{AllowanceError, DocumentError, Side, Unclear};
use crate::store::StoreError;
use std::path::{Path, PathBuf};

/// Anything that ends a use case.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The configuration.
    #[error(transparent)]
    Config(ConfigError),
    /// The profile's files.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Entra.
    #[error(transparent)]
    Entra(#[from] EntraError),
    /// Jira.
    #[error(transparent)]
    Jira(#[from] JiraError),
    /// Secrets would go to other addresses than before.
    #[error("secrets would go to another address than before")]
    OriginsChanged(Vec<OriginChange>),
    /// The scope can't be worked out from what Entra shows.
    #[error("{0}")]
    UnclearScope(Unclear),
    /// Settings were changed after the plan on screen was made.
    #[error("settings were changed since this plan was made")]
    NotAsReviewed,
    /// The group that is adopted stands for other Entra groups than those that were agreed to.
    #[error("the Jira group would now mirror another Entra group than the one that was agreed to")]
    OtherAdoption,
    /// An allowance does not fit the plan.
    #[error(transparent)]
    Allowance(#[from] AllowanceError),
    /// The HTTP client could not be made.
    #[error("no HTTP client: {0}")]
    Client(String),
    /// A plan file can't be read or written.
    #[error("{}: {source}", .path.display())]
    PlanFile {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file of an export can't be written.
    #[error("{}: {source}", .path.display())]
    ExportFile {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A plan file is refused.
    #[error("the plan in {} is refused: {cause}", .path.display())]
    PlanRefused {
        /// Which file.
        path: PathBuf,
        /// Why.
        cause: PlanRefused,
    },
    /// A group that can't be adopted.
    #[error("“{name}” can't be adopted: {cause}")]
    NotAdoptable {
        /// The group's name, or what was given for one.
        name: String,
        /// Why.
        cause: NotAdoptable,
    },
    /// No run of this id.
    #[error("there is no run “{0}”")]
    UnknownRun(String),
    /// Another machine applies to this site.
    #[error("{}", .0.words())]
    Leased(super::rival::Rival),
    /// Cancelled by the person or a signal.
    #[error("cancelled")]
    Cancelled,
}

impl From<ConfigError> for SyncError {
    fn from(error: ConfigError) -> Self {
        match error {
            ConfigError::Cancelled => Self::Cancelled,
            other => Self::Config(other),
        }
    }
}

impl SyncError {
    /// What ended an export to this file.
    #[must_use]
    pub fn export_to(path: &Path, error: ExportError) -> Self {
        match error {
            ExportError::Store(error) => error.into(),
            ExportError::Write(source) => Self::ExportFile {
                path: path.to_owned(),
                source,
            },
        }
    }
}

/// An origin that is not the one that secrets went to before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginChange {
    /// Which side's.
    pub side: Side,
    /// Its setting, e.g. `jira.site_url`.
    pub setting: &'static str,
    /// Where secrets went before.
    pub before: String,
    /// Where they would go now.
    pub now: String,
}

impl OriginChange {
    /// The change in words.
    #[must_use]
    pub fn words(&self) -> String {
        format!(
            "{} is now {}, and was {}",
            self.setting, self.now, self.before
        )
    }
}

/// Why a saved plan is not applied.
#[derive(Debug, thiserror::Error)]
pub enum PlanRefused {
    /// Its form, version or hash.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// It is of another profile, tenant or site.
    #[error("it was made for another {0}")]
    Elsewhere(Elsewhere),
    /// Settings changed since.
    #[error("toggles, scope or names were changed since it was made")]
    Settings,
    /// The group would mirror another Entra group than the one that was reviewed.
    #[error("the Jira group would now mirror another Entra group than the one that was reviewed")]
    OtherAdoption,
    /// Older than 24 hours.
    #[error("it is older than 24 hours")]
    Old,
}

/// What a saved plan was made for that is another one here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Elsewhere {
    /// The profile.
    #[error("profile")]
    Profile,
    /// The tenant.
    #[error("Entra tenant")]
    Tenant,
    /// The site.
    #[error("Jira site")]
    Site,
}

/// Why a group can't be adopted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAdoptable {
    /// It gives access, and what was given for its name is another one.
    #[error("its name was given as “{0}”")]
    OtherName(String),
    /// Nothing would keep it in step.
    #[error("Sync memberships is off")]
    MembershipsOff,
    /// Jira has no group of this name or id.
    #[error("Jira has no such group")]
    NoGroup,
    /// It stands for no Entra group in scope, or may not be touched.
    #[error("it stands for no Entra group in scope")]
    NoCounterpart,
    /// Its members could not be read to the end.
    #[error("its members could not be read to the end")]
    Unread,
}
