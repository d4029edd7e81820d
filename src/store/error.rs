//! How the store fails.

use super::identity::Identity;
use super::owner::Owner;
use crate::config::Exposed;
use std::path::{Path, PathBuf};

/// Something about a profile's files.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file system.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Others may write it.
    #[error(transparent)]
    Exposed(#[from] Exposed),
    /// SQLite, where neither damage nor a missing file explains it.
    #[error("{path}: {source}")]
    Sql {
        /// Which database.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// A column holds a code that this version does not know.
    #[error("{path}: {unknown}")]
    UnknownWord {
        /// Which database.
        path: PathBuf,
        /// The word.
        unknown: UnknownWord,
    },
    /// `state.db` is damaged.
    #[error("the state of this profile is damaged ({path}): {cause}")]
    StateDamaged {
        /// Where it is.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
        /// The newest backup, if there is one.
        backup: Option<PathBuf>,
    },
    /// `state.db` existed before and is gone.
    #[error("the state of this profile is missing ({path})")]
    StateMissing {
        /// Where it was.
        path: PathBuf,
        /// The newest backup, if there is one.
        backup: Option<PathBuf>,
    },
    /// A backup can't be restored.
    #[error("the backup {path} can't be used: {cause}")]
    BadBackup {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// Written by a newer program.
    #[error("{path} was written by a newer version of Rollbook")]
    Newer {
        /// Which database.
        path: PathBuf,
    },
    /// Another process works on this profile.
    #[error("another Rollbook is at work on this profile")]
    Locked {
        /// Who, if it says so.
        owner: Option<Owner>,
    },
    /// The profile points to another tenant or site than its state.
    #[error("this profile's state belongs to another tenant or site")]
    OtherIdentity {
        /// What the state is pinned to.
        pinned: Identity,
        /// What the configuration leads to.
        found: Identity,
    },
    /// The journal's thread is gone: nothing more may be written.
    #[error("the journal can't be written: {0}")]
    Journal(String),
}

/// A stored word that is none of its column's codes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{word}” is no {what} that this version of Rollbook knows")]
pub struct UnknownWord {
    /// What the column holds.
    pub what: &'static str,
    /// The word.
    pub word: String,
}

impl StoreError {
    /// What SQLite says of this database.
    pub(super) fn sql(path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        let rusqlite::Error::FromSqlConversionFailure(at, of, cause) = source else {
            return Self::Sql { path, source };
        };
        match cause.downcast::<UnknownWord>() {
            Ok(unknown) => Self::UnknownWord {
                path,
                unknown: *unknown,
            },
            Err(cause) => Self::Sql {
                path,
                source: rusqlite::Error::FromSqlConversionFailure(at, of, cause),
            },
        }
    }

    /// What the file system says of this file.
    pub(super) fn io(path: &Path) -> impl Fn(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            path: path.clone(),
            source,
        }
    }
}
