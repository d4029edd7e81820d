//! How a configuration can be wrong.

use super::guarded::Exposed;
use std::fmt;
use std::path::PathBuf;

/// Which secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretKind {
    /// The client secret of the app registration.
    EntraClientSecret,
    /// The admin's API token.
    JiraApiToken,
    /// The organization's API key, which is optional.
    OrgApiKey,
}

impl SecretKind {
    /// The environment variable.
    #[must_use]
    pub const fn variable(self) -> &'static str {
        match self {
            Self::EntraClientSecret => "ROLLBOOK_ENTRA_CLIENT_SECRET",
            Self::JiraApiToken => "ROLLBOOK_JIRA_API_TOKEN",
            Self::OrgApiKey => "ROLLBOOK_ORG_API_KEY",
        }
    }

    /// The key in `credentials.toml` and the name of the systemd credential.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::EntraClientSecret => "entra_client_secret",
            Self::JiraApiToken => "jira_api_token",
            Self::OrgApiKey => "org_api_key",
        }
    }
}

impl fmt::Display for SecretKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EntraClientSecret => "the client secret of the app registration",
            Self::JiraApiToken => "the Jira API token",
            Self::OrgApiKey => "the organization's API key",
        })
    }
}

/// What is wrong with the configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// There is none.
    #[error("there is no configuration at {}", .0.display())]
    Missing(PathBuf),
    /// It can't be read.
    #[error("{}: {source}", .path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Somebody else wrote it after it was read.
    #[error("{} was changed by somebody else meanwhile", .0.display())]
    Changed(PathBuf),
    /// It is malformed.
    #[error("{}, line {line}: {message}", .path.display())]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong.
        message: String,
        /// What was probably meant.
        suggestion: Option<String>,
    },
    /// A value does not fit.
    #[error("{}: profile “{profile}”, {key}: {message}", .path.display())]
    Value {
        /// Which file.
        path: PathBuf,
        /// Which profile.
        profile: String,
        /// Which key, e.g. `entra.tenant_id`.
        key: &'static str,
        /// What is wrong.
        message: String,
    },
    /// It holds no profile.
    #[error("{} holds no profile", .0.display())]
    NoProfile(PathBuf),
    /// No profile of this name.
    #[error("there is no profile “{wanted}”")]
    UnknownProfile {
        /// What was asked for.
        wanted: String,
        /// Those that exist.
        known: Vec<String>,
    },
    /// Several profiles, and none was named.
    #[error("there are several profiles")]
    SeveralProfiles {
        /// Those that exist.
        known: Vec<String>,
    },
    /// A secret is nowhere to be found.
    #[error("{kind} is missing")]
    NoSecret {
        /// Which.
        kind: SecretKind,
        /// Whether the environment is read for this profile.
        environment: bool,
        /// Where it could stand.
        file: PathBuf,
        /// Other profiles whose secrets stand there.
        others: Vec<String>,
    },
    /// `credentials.toml` can be read by others.
    #[error("{} can be read by other users of this machine (mode {mode:o})", .path.display())]
    OpenSecrets {
        /// Which file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// Others may write it.
    #[error(transparent)]
    Exposed(#[from] Exposed),
    /// Two profiles' systemd credentials have one name.
    #[error("the systemd credential {credential} could be of “{}” and of “{}”", .profiles[0], .profiles[1])]
    SharedCredential {
        /// Its name.
        credential: String,
        /// Whose it could be.
        profiles: [String; 2],
    },
    /// `secret_command` failed.
    #[error("secret_command for {kind} failed: {cause}")]
    SecretCommand {
        /// Which secret.
        kind: SecretKind,
        /// Why.
        cause: String,
    },
    /// What wanted the secret was cancelled.
    #[error("cancelled")]
    Cancelled,
    /// The platform names no home.
    #[error("this system names no home folder to keep files in")]
    NoHome,
}
