//! Secrets, from the first place that has them: environment, systemd credentials,
//! `secret_command`, `credentials.toml`.

use super::error::{ConfigError, SecretKind};
use super::guarded::refuse_foreign;
use super::paths::Paths;
use super::profile::Profile;
use crate::http::{keep_out, said};
use secrecy::SecretString;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read as _};
use std::path::Path;
use std::process::{ChildStderr, ChildStdout, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

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

/// Finds one secret of a profile, and where it came from.
pub fn find_secret(
    kind: SecretKind,
    profile: &Profile,
    paths: &Paths,
    environment: bool,
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
    let name = profile.name.as_str();
    let found = one(kind, name, environment, command, stored, (&file, &others))?;
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
    let found = find_secret(kind, &without, paths, environment);
    match found.map(|(_, source)| source) {
        Ok(source @ (SecretSource::Environment | SecretSource::Systemd)) => Some(source),
        _ if !command.is_empty() => Some(SecretSource::Command),
        other => other.ok(),
    }
}

impl Secrets {
    /// Finds a profile's secrets.
    pub fn find(profile: &Profile, paths: &Paths, environment: bool) -> Result<Self, ConfigError> {
        let find = |kind| find_secret(kind, profile, paths, environment);
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

fn one(
    kind: SecretKind,
    profile: &str,
    environment: bool,
    command: &[String],
    stored: Option<SecretString>,
    (file, others): (&Path, &[String]),
) -> Result<(SecretString, SecretSource), ConfigError> {
    if environment
        && let Ok(value) = std::env::var(kind.variable())
        && !value.trim().is_empty()
    {
        return Ok((value.trim().into(), SecretSource::Environment));
    }
    if let Some(folder) = std::env::var_os("CREDENTIALS_DIRECTORY") {
        let named = format!("{}.{}", kind.key(), credential_name(profile));
        let unnamed = environment.then(|| kind.key().to_owned());
        for name in std::iter::once(named).chain(unnamed) {
            if let Ok(value) = std::fs::read_to_string(Path::new(&folder).join(name)) {
                return Ok((value.trim().into(), SecretSource::Systemd));
            }
        }
    }
    if let Some((program, arguments)) = command.split_first() {
        let value = run(kind, program, arguments)?;
        return Ok((value, SecretSource::Command));
    }
    if let Some(value) = stored {
        return Ok((value, SecretSource::File));
    }
    Err(ConfigError::NoSecret {
        kind,
        environment,
        file: file.to_owned(),
        others: others.to_vec(),
    })
}

/// Runs the program itself, without a shell.
fn run(kind: SecretKind, program: &str, arguments: &[String]) -> Result<SecretString, ConfigError> {
    let failed = |cause: String| ConfigError::SecretCommand { kind, cause };
    let output = output_of(program, arguments).map_err(|e| failed(format!("{program}: {e}")))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        let line = text.lines().find(|line| !line.trim().is_empty());
        let told = line.map_or_else(String::new, |line| format!(": {}", said(line.trim())));
        return Err(failed(format!(
            "{program} ended with {}{told}",
            output.status
        )));
    }
    let text = String::from_utf8(output.stdout)
        .map_err(|_| failed(format!("{program} printed something that is no text")))?;
    let first = text.lines().next().unwrap_or_default().trim();
    if first.is_empty() {
        return Err(failed(format!("{program} printed nothing")));
    }
    Ok(first.into())
}

/// For how long a program may take to print a secret.
const PRINTS_WITHIN: Duration = Duration::from_secs(30);

/// What a program prints, which knows none of this process's secrets and ends in time.
fn output_of(program: &str, arguments: &[String]) -> io::Result<Output> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let ours = std::env::vars_os().map(|(name, _)| name);
    for name in ours.filter(|name| name.to_string_lossy().starts_with("ROLLBOOK_")) {
        command.env_remove(name);
    }
    let mut child = command.spawn()?;
    let (send, printed) = mpsc::channel();
    let (out, err) = (child.stdout.take(), child.stderr.take());
    for (at, pipe) in [(0, out.map(Pipe::Out)), (1, err.map(Pipe::Err))] {
        let send = send.clone();
        std::thread::spawn(move || {
            let mut text = Vec::new();
            let read = pipe.map_or(Ok(0), |pipe| pipe.read(&mut text));
            // Nobody waits any more for what comes too late.
            let _ = send.send((at, read.map(|_| text)));
        });
    }
    let ends = Instant::now() + PRINTS_WITHIN;
    let mut texts = [Vec::new(), Vec::new()];
    for _ in 0..2 {
        let left = ends.saturating_duration_since(Instant::now());
        let Ok((at, text)) = printed.recv_timeout(left) else {
            child.kill()?;
            child.wait()?;
            return Err(io::Error::new(
                io::ErrorKind::TimedOut,
                format!("it printed no secret within {} s", PRINTS_WITHIN.as_secs()),
            ));
        };
        let place: &mut Vec<u8> = &mut texts[at];
        *place = text?;
    }
    let [stdout, stderr] = texts;
    let status = child.wait()?;
    Ok(Output {
        status,
        stdout,
        stderr,
    })
}

/// An output of a program. More than a secret can be is not read.
enum Pipe {
    Out(ChildStdout),
    Err(ChildStderr),
}

impl Pipe {
    const MOST: u64 = 64 << 10;

    fn read(self, text: &mut Vec<u8>) -> io::Result<usize> {
        match self {
            Self::Out(pipe) => pipe.take(Self::MOST).read_to_end(text),
            Self::Err(pipe) => pipe.take(Self::MOST).read_to_end(text),
        }
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
    refuse_foreign(path)?;
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
