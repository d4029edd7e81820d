//! Secrets, from the first place that has them: environment, systemd credentials,
//! `secret_command`, `credentials.toml`.

use super::error::{ConfigError, SecretKind};
use super::guarded::refuse_exposed;
use super::paths::Paths;
use super::printed::print;
use super::profile::{Profile, names};
use crate::http::{Control, keep_out};
use secrecy::SecretString;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// Where a secret came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretSource {
    /// An environment variable.
    Environment,
    /// A systemd credential.
    Systemd,
    /// `secret_command`.
    Command,
    /// `credentials.toml`.
    File,
    /// Typed just now, and kept nowhere yet.
    Typed,
}

impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Environment => "the environment",
            Self::Systemd => "a systemd credential",
            Self::Command => "secret_command",
            Self::File => "credentials.toml",
            Self::Typed => "the form",
        })
    }
}

/// The secrets of a profile.
#[derive(Debug, Clone)]
pub struct Secrets {
    /// Client secret.
    pub entra: SecretString,
    /// Where it came from.
    pub entra_from: SecretSource,
    /// API token.
    pub jira: SecretString,
    /// Where it came from.
    pub jira_from: SecretSource,
    /// The organization's API key, if there is one.
    pub organization: Option<SecretString>,
}

/// Whether the environment's secrets may be taken for a profile: it is the only one, or was named.
/// Otherwise one profile's secret would be sent for another.
#[must_use]
pub fn environment_applies(only: bool, named: bool) -> bool {
    only || named
}

#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct CredentialsFile {
    #[serde(default)]
    profiles: BTreeMap<String, ProfileSecrets>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct ProfileSecrets {
    entra_client_secret: Option<SecretString>,
    jira_api_token: Option<SecretString>,
    org_api_key: Option<SecretString>,
}

/// No program prints the organization's key.
const NO_COMMAND: Vec<String> = Vec::new();

/// Finds one secret of a profile, and where it came from. A program that prints it ends with what is
/// cancelled.
pub fn find_secret(
    kind: SecretKind,
    profile: &Profile,
    paths: &Paths,
    environment: bool,
    cancel: &Control,
) -> Result<(SecretString, SecretSource), ConfigError> {
    let file = paths.credentials_file();
    let mut all = read_file(&file)?.profiles;
    let mut stored = all.remove(&profile.name).unwrap_or_default();
    let others: Vec<String> = all.into_keys().collect();
    let (command, stored) = match kind {
        SecretKind::EntraClientSecret => (
            &profile.entra.secret_command,
            stored.entra_client_secret.take(),
        ),
        SecretKind::JiraApiToken => (&profile.jira.secret_command, stored.jira_api_token.take()),
        SecretKind::OrgApiKey => (&NO_COMMAND, stored.org_api_key.take()),
    };
    let places = Places {
        profile: &profile.name,
        paths,
        environment,
        command,
        others: &others,
        cancel,
    };
    let found = places.one(kind, stored)?;
    keep_out(&found.0, None);
    Ok(found)
}

/// Where a secret would be taken from. Commands are not run for that.
#[must_use]
pub fn secret_source(
    kind: SecretKind,
    profile: &Profile,
    paths: &Paths,
    environment: bool,
) -> Option<SecretSource> {
    let command = match kind {
        SecretKind::EntraClientSecret => &profile.entra.secret_command,
        SecretKind::JiraApiToken => &profile.jira.secret_command,
        SecretKind::OrgApiKey => &NO_COMMAND,
    };
    let mut without = profile.clone();
    without.entra.secret_command.clear();
    without.jira.secret_command.clear();
    let found = find_secret(kind, &without, paths, environment, &Control::default());
    match found.map(|(_, source)| source) {
        Ok(source @ (SecretSource::Environment | SecretSource::Systemd)) => Some(source),
        _ if !command.is_empty() => Some(SecretSource::Command),
        other => other.ok(),
    }
}

impl Secrets {
    /// Finds a profile's secrets.
    pub fn find(
        profile: &Profile,
        paths: &Paths,
        environment: bool,
        cancel: &Control,
    ) -> Result<Self, ConfigError> {
        let find = |kind| find_secret(kind, profile, paths, environment, cancel);
        let (entra, entra_from) = find(SecretKind::EntraClientSecret)?;
        let (jira, jira_from) = find(SecretKind::JiraApiToken)?;
        let organization = match find(SecretKind::OrgApiKey) {
            Ok((key, _)) => Some(key),
            Err(ConfigError::NoSecret { .. }) => None,
            Err(error) => return Err(error),
        };
        Ok(Self {
            entra,
            entra_from,
            jira,
            jira_from,
            organization,
        })
    }
}

/// A profile's name as the name of its systemd credentials has it.
fn credential_name(profile: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || c == '-' {
            c
        } else {
            '_'
        }
    };
    profile.chars().map(plain).collect()
}

/// The places where a profile's secrets may be.
struct Places<'a> {
    /// The profile's name.
    profile: &'a str,
    paths: &'a Paths,
    /// Whether the environment is read for it.
    environment: bool,
    /// The program that prints the secret, with its arguments.
    command: &'a [String],
    /// Other profiles whose secrets stand in the file.
    others: &'a [String],
    cancel: &'a Control,
}

impl Places<'_> {
    /// The secret from the first place that has it.
    fn one(
        &self,
        kind: SecretKind,
        stored: Option<SecretString>,
    ) -> Result<(SecretString, SecretSource), ConfigError> {
        if self.environment
            && let Ok(value) = std::env::var(kind.variable())
            && !value.trim().is_empty()
        {
            return Ok((value.trim().into(), SecretSource::Environment));
        }
        if let Some(value) = self.credential(kind)? {
            return Ok((value, SecretSource::Systemd));
        }
        if let Some((program, arguments)) = self.command.split_first() {
            let value = print(kind, program, arguments, self.cancel)?;
            return Ok((value, SecretSource::Command));
        }
        if let Some(value) = stored {
            return Ok((value, SecretSource::File));
        }
        Err(ConfigError::NoSecret {
            kind,
            environment: self.environment,
            file: self.paths.credentials_file(),
            others: self.others.to_vec(),
        })
    }

    /// What systemd hands over for the profile.
    fn credential(&self, kind: SecretKind) -> Result<Option<SecretString>, ConfigError> {
        let Some(folder) = std::env::var_os("CREDENTIALS_DIRECTORY") else {
            return Ok(None);
        };
        let folder = Path::new(&folder);
        let read = |name: &str| {
            let text = std::fs::read_to_string(folder.join(name)).ok()?;
            Some(SecretString::from(text.trim()))
        };
        let own = credential_name(self.profile);
        let named = format!("{}.{own}", kind.key());
        if let Some(value) = read(&named) {
            // Whose it is can't be told where two profiles' names come to the same.
            let mut all = names(self.paths)?.into_iter();
            if let Some(other) = all.find(|n| n != self.profile && credential_name(n) == own) {
                return Err(ConfigError::SharedCredential {
                    credential: named,
                    profiles: [self.profile.to_owned(), other],
                });
            }
            return Ok(Some(value));
        }
        Ok(self.environment.then(|| read(kind.key())).flatten())
    }
}

fn read_file(path: &Path) -> Result<CredentialsFile, ConfigError> {
    let io = |source| ConfigError::Io {
        path: path.to_owned(),
        source,
    };
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(CredentialsFile::default());
        }
        Err(source) => return Err(io(source)),
    };
    check_mode(path)?;
    refuse_exposed(path)?;
    // The parser's own message would quote the line, and with it the secret.
    toml::from_str(&text).map_err(|error| ConfigError::Malformed {
        path: path.to_owned(),
        line: error.span().map_or(1, |span| {
            text[..span.start.min(text.len())].matches('\n').count() + 1
        }),
        message: "this line can't be understood".to_owned(),
        suggestion: None,
    })
}

/// Refuses a file of secrets that others can read. One that does not exist is none.
pub(super) fn check_mode(path: &Path) -> Result<(), ConfigError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = match std::fs::metadata(path) {
            Ok(found) => found.permissions().mode() & 0o777,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(source) => {
                return Err(ConfigError::Io {
                    path: path.to_owned(),
                    source,
                });
            }
        };
        if mode & 0o077 != 0 {
            return Err(ConfigError::OpenSecrets {
                path: path.to_owned(),
                mode,
            });
        }
    }
    Ok(())
}
