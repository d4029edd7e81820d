//! The profile's own files: configuration, secrets, stores.

use super::kind::ProblemKind;
use super::value::Problem;
use crate::config::{ConfigError, Exposed, SecretKind};
use crate::store::{Owner, StoreError};
use crate::sync::error::SyncError;
use crate::text::escape;

pub(super) fn config(error: &ConfigError) -> Problem {
    match error {
        ConfigError::Missing(path) => Problem::new(
            ProblemKind::Config,
            format!("There is no configuration at {}.", path.display()),
            "Run `rollbook` in a terminal: it leads through it. Or write it by hand (the README shows how), name another folder with --config-dir, or try `rollbook demo`, which needs none.",
        ),
        ConfigError::Io { path, source } => Problem::new(
            ProblemKind::Config,
            format!("{} can't be read: {source}.", path.display()),
            "Check the file's owner and permissions.",
        ),
        ConfigError::Changed(path) => Problem::new(
            ProblemKind::Config,
            format!(
                "Nothing was saved: {} was changed by somebody else since it was read.",
                path.display()
            ),
            "Read the file again, and make your change once more.",
        ),
        ConfigError::Malformed {
            path,
            line,
            message,
            suggestion,
        } => Problem::new(
            ProblemKind::Config,
            format!("{}, line {line}: {}.", path.display(), escape(message)),
            match suggestion {
                Some(word) => format!("Did you mean “{}”?", escape(word)),
                None => {
                    "Correct that line; assets/config.example.toml of the project shows every key."
                        .to_owned()
                }
            },
        ),
        ConfigError::Value {
            path,
            profile,
            key,
            message,
        } => Problem::new(
            ProblemKind::Config,
            format!("Profile “{}”, {key}: {}.", escape(profile), escape(message)),
            format!("Correct it in {}.", path.display()),
        ),
        ConfigError::NoProfile(path) => Problem::new(
            ProblemKind::Config,
            format!("{} holds no profile.", path.display()),
            "Add one, as the README shows.",
        ),
        ConfigError::UnknownProfile { wanted, known } => Problem::new(
            ProblemKind::Config,
            format!("There is no profile “{}”.", escape(wanted)),
            format!("Those that exist: {}.", escape(&known.join(", "))),
        ),
        ConfigError::SeveralProfiles { known } => Problem::new(
            ProblemKind::Config,
            "There are several profiles, and none was named.",
            format!(
                "Add --profile NAME, with one of: {}.",
                escape(&known.join(", "))
            ),
        ),
        ConfigError::NoSecret { .. }
        | ConfigError::OpenSecrets { .. }
        | ConfigError::SharedCredential { .. }
        | ConfigError::SecretCommand { .. } => secrets(error),
        ConfigError::Exposed(exposed) => self::exposed(ProblemKind::Config, exposed),
        ConfigError::Cancelled => (&SyncError::Cancelled).into(),
        ConfigError::NoHome => Problem::new(
            ProblemKind::Config,
            "This system names no home folder to keep files in.",
            "Name folders with --config-dir and --data-dir.",
        ),
    }
}

/// What others may write.
pub(super) fn exposed(kind: ProblemKind, error: &Exposed) -> Problem {
    match error {
        Exposed::Writable { path, mode } => Problem::new(
            kind,
            format!(
                "{} can be written by other users of this machine (mode {mode:o}): they could say what is done in your name, and where secrets are sent. It is not used.",
                path.display()
            ),
            format!(
                "See that nothing in it is theirs, then: chmod go-w {}",
                path.display()
            ),
        ),
        Exposed::Foreign { path, owner } => Problem::new(
            kind,
            format!(
                "{} belongs to another user of this machine (uid {owner}), who could say what is done in your name, and where secrets are sent. It is not used.",
                path.display()
            ),
            format!(
                "Run Rollbook as that user, or chown {} {}, or name other folders with --config-dir and --data-dir.",
                user(),
                path.display()
            ),
        ),
        Exposed::Unknown { path, source } => Problem::new(
            kind,
            format!("{} can't be looked at: {source}.", path.display()),
            "Check the owner and the permissions of that folder.",
        ),
    }
}

/// A secret that is missing, open to others, or not given by its command.
fn secrets(error: &ConfigError) -> Problem {
    match error {
        ConfigError::NoSecret {
            kind,
            environment,
            file,
            others,
        } => {
            let place = format!(
                "write {} = \"…\" for this profile into {} (mode 0600)",
                kind.key(),
                file.display()
            );
            let mut hint = if *environment {
                format!("Set {} in the environment, or {place}.", kind.variable())
            } else {
                format!(
                    "There are several profiles, so the environment is only read when one is named: add --profile NAME, or {place}."
                )
            };
            if !others.is_empty() {
                let names = others.join(", ");
                hint = format!(
                    "{hint} It holds secrets of other profiles only: {}.",
                    escape(&names)
                );
            }
            Problem::new(
                ProblemKind::Secret,
                format!("{} is missing.", capital(&kind.to_string())),
                hint,
            )
        }
        ConfigError::OpenSecrets { path, mode } => Problem::new(
            ProblemKind::Secret,
            format!(
                "{} can be read by other users of this machine (mode {mode:o}). It is not used.",
                path.display()
            ),
            format!(
                "chmod 600 {} — and consider its secrets as known to others.",
                path.display()
            ),
        ),
        ConfigError::SharedCredential {
            credential,
            profiles: [one, other],
        } => Problem::new(
            ProblemKind::Secret,
            format!(
                "The systemd credential {} could be of profile “{}” and of profile “{}”: their names come to the same. It was sent nowhere.",
                escape(credential),
                escape(one),
                escape(other)
            ),
            "Rename one of the profiles so that they differ in more than blanks and marks, and name its credential after it.",
        ),
        ConfigError::SecretCommand { kind, cause } => Problem::new(
            ProblemKind::Secret,
            format!("secret_command for {kind} failed: {}.", escape(cause)),
            match kind {
                SecretKind::EntraClientSecret => {
                    "Run it by hand; it has to print the secret's Value on its first line."
                }
                SecretKind::JiraApiToken => {
                    "Run it by hand; it has to print the API token on its first line."
                }
                SecretKind::OrgApiKey => {
                    "Run it by hand; it has to print the organization's API key on its first line."
                }
            },
        ),
        other => Problem::new(
            ProblemKind::Config,
            other.to_string(),
            "Correct the configuration.",
        ),
    }
}

fn how_to_restore(backup: Option<&std::path::Path>, path: &std::path::Path) -> String {
    match backup {
        Some(backup) => format!(
            "Nothing was written, and nothing will be until it is restored. The newest backup is {}; with no Rollbook running: rollbook state restore (or copy it over {} and delete the -wal and -shm files beside it). Links and decisions made since then are missing from it, and can be made again.",
            backup.display(),
            path.display()
        ),
        None => format!(
            "There is no backup in the folder `backups` beside it. If {} can't be brought back from a backup of this machine, move the profile's whole folder away: Rollbook then begins anew, recognises people by their e-mail again, and asks before it applies anything.",
            path.display()
        ),
    }
}

fn locked(owner: Option<&Owner>) -> Problem {
    let hint = "Wait until it is done, or stop it there.";
    let Some(o) = owner else {
        let message = "Another Rollbook is at work on this profile.";
        return Problem::new(ProblemKind::Locked, message, hint);
    };
    let message = format!(
        "Another Rollbook is at work on this profile: {} on {}, `{}` since {} (process {}).",
        escape(&o.person),
        escape(&o.host),
        escape(&o.doing),
        escape(&o.since),
        o.pid
    );
    Problem::new(ProblemKind::Locked, message, hint).id("held-by", &o.to_string())
}

pub(super) fn store(error: &StoreError) -> Problem {
    match error {
        StoreError::Io { path, source } => Problem::new(
            ProblemKind::Store,
            format!("{} can't be used: {source}.", path.display()),
            "Check the owner, the permissions and the free space of that folder.",
        ),
        StoreError::Exposed(exposed) => self::exposed(ProblemKind::Store, exposed),
        StoreError::Sql { path, source } => Problem::new(
            ProblemKind::Store,
            format!("{} can't be read or written: {source}.", path.display()),
            "Check the free space of that folder and whether another program holds the file.",
        ),
        StoreError::UnknownWord { path, unknown } => Problem::new(
            ProblemKind::Store,
            format!(
                "{} can't be used: {}.",
                path.display(),
                escape(&unknown.to_string())
            ),
            "Use the version of Rollbook that wrote it.",
        ),
        StoreError::BadBackup { path, cause } => Problem::new(
            ProblemKind::BadBackup,
            format!(
                "The backup {} can't be used: {}. Nothing was changed.",
                path.display(),
                escape(cause)
            ),
            "Name an older one: rollbook state restore FILE. They are in the folder `backups` beside the state.",
        ),
        StoreError::StateDamaged {
            path,
            cause,
            backup,
        } => Problem::new(
            ProblemKind::StateDamaged,
            format!(
                "The state of this profile is damaged: {} ({}). It holds the links between people and accounts, and without it nothing is written.",
                path.display(),
                escape(cause)
            ),
            how_to_restore(backup.as_deref(), path),
        ),
        StoreError::StateMissing { path, backup } => Problem::new(
            ProblemKind::StateMissing,
            format!(
                "The state of this profile existed and is gone: {}. It holds the links between people and accounts, and without it nothing is written.",
                path.display()
            ),
            how_to_restore(backup.as_deref(), path),
        ),
        StoreError::Newer { path } => Problem::new(
            ProblemKind::Store,
            format!(
                "{} was written by a newer version of Rollbook.",
                path.display()
            ),
            "Use that version.",
        ),
        StoreError::Locked { owner } => locked(owner.as_ref()),
        StoreError::OtherIdentity { pinned, found } => {
            let what = if pinned.tenant_id == found.tenant_id {
                "Jira site"
            } else if pinned.cloud_id == found.cloud_id {
                "Entra tenant"
            } else {
                "Entra tenant and another Jira site"
            };
            Problem::new(
                ProblemKind::IdentityChanged,
                format!("This profile now leads to another {what} than the one its links belong to. Nothing was read or written."),
                "Put the former tenant and site back, or give the new pair a profile of its own name: links of one site mean nothing on another.",
            )
            .id("pinned-tenant", &pinned.tenant_id)
            .id("found-tenant", &found.tenant_id)
            .id("pinned-site", &pinned.cloud_id)
            .id("found-site", &found.cloud_id)
        }
        StoreError::Journal(cause) => Problem::new(
            ProblemKind::Store,
            format!(
                "The journal can't be written: {}. The run was stopped, since nothing is written to Jira that isn't journalled.",
                escape(cause)
            ),
            "Check the free space of the data folder, and start again: what was done is looked up.",
        ),
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

/// Who runs this, as `chown` takes it.
fn user() -> String {
    std::env::var("USER").unwrap_or_else(|_| "\"$(id -un)\"".to_owned())
}
