//! The handle of `state.db`: opening it, its single values, and what it belongs to.
//!
//! `state.db` must never be lost: a damaged or missing one is told, and nothing is written. What its
//! tables hold stands in a file for each of them.

use super::copies::{before_migration, newest};
use super::database;
use super::error::StoreError;
use super::files;
use super::identity::Identity;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, TransactionBehavior};
use std::path::{Path, PathBuf};

/// The schema, step by step.
pub(super) const MIGRATIONS: [&str; 6] = [
    include_str!("../../assets/migrations/state-1.sql"),
    include_str!("../../assets/migrations/state-2.sql"),
    include_str!("../../assets/migrations/state-3.sql"),
    include_str!("../../assets/migrations/state-4.sql"),
    include_str!("../../assets/migrations/state-5.sql"),
    include_str!("../../assets/migrations/state-6.sql"),
];

/// The state of one profile.
#[derive(Debug)]
pub struct State {
    pub(super) connection: Connection,
    path: PathBuf,
    /// Which file it is.
    file: Option<files::FileId>,
    pub(super) backups: PathBuf,
}

impl State {
    /// Opens the state in a profile's folder, or creates it where there never was one.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join("state.db");
        let backups = folder.join("backups");
        let born = folder.join("state.born");
        for tail in ["", "-wal", "-shm"] {
            files::claim(&folder.join(format!("state.db{tail}")))?;
        }
        let newest = newest(&backups);
        if !path.exists() && born.exists() {
            return Err(StoreError::StateMissing {
                path,
                backup: newest,
            });
        }
        let damaged = |cause: String| StoreError::StateDamaged {
            path: path.clone(),
            cause,
            backup: newest.clone(),
        };
        if born.exists() && std::fs::metadata(&path).is_ok_and(|m| m.len() == 0) {
            return Err(damaged("the file is empty".to_owned()));
        }
        let opened = before_migration(&path, &backups, MIGRATIONS.len())
            .and_then(|()| database::open(&path, &MIGRATIONS));
        let connection = match opened {
            Err(StoreError::Sql { source, .. }) if is_damage(&source) => {
                return Err(damaged(source.to_string()));
            }
            other => other?,
        };
        let check: String = connection
            .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
            .map_err(|source| {
                if is_damage(&source) {
                    damaged(source.to_string())
                } else {
                    StoreError::sql(&path, source)
                }
            })?;
        if check != "ok" {
            return Err(damaged(check));
        }
        connection
            .execute_batch("PRAGMA synchronous = FULL;")
            .map_err(|source| StoreError::sql(&path, source))?;
        files::ensure_private(&born).map_err(StoreError::io(&born))?;
        Ok(Self {
            connection,
            file: files::id(&path),
            path,
            backups,
        })
    }

    pub(super) fn sql(&self, source: rusqlite::Error) -> StoreError {
        StoreError::sql(&self.path, source)
    }

    /// Whether the file is still in its place. A restore puts another one there.
    #[must_use]
    pub fn is_in_place(&self) -> bool {
        files::id(&self.path) == self.file
    }

    /// A number that changes whenever another connection, of this program or another, changes the
    /// state.
    pub fn version(&self) -> Result<i64, StoreError> {
        self.connection
            .pragma_query_value(None, "data_version", |row| row.get(0))
            .map_err(|e| self.sql(e))
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn meta(&self, key: &str) -> Result<Option<String>, StoreError> {
        self.connection
            .query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| {
                row.get(0)
            })
            .optional()
            .map_err(|e| self.sql(e))
    }

    pub(super) fn set_meta(&self, key: &str, value: &str) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO meta VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2",
            [key, value],
        )
    }

    /// What the state is pinned to, if it is.
    pub fn identity(&self) -> Result<Option<Identity>, StoreError> {
        Ok(self
            .meta("tenant_id")?
            .zip(self.meta("cloud_id")?)
            .map(|(tenant_id, cloud_id)| Identity {
                tenant_id,
                cloud_id,
            }))
    }

    /// Pins the state to this identity, or checks that it is pinned to it.
    pub fn pin(&self, found: &Identity) -> Result<(), StoreError> {
        if let Some(pinned) = self.identity()? {
            if pinned == *found {
                Ok(())
            } else {
                Err(StoreError::OtherIdentity {
                    pinned,
                    found: found.clone(),
                })
            }
        } else {
            self.set_meta("tenant_id", &found.tenant_id)?;
            self.set_meta("cloud_id", &found.cloud_id)
        }
    }

    /// Whether Jira was reached through the gateway last time.
    pub fn used_gateway(&self) -> Result<Option<bool>, StoreError> {
        Ok(self.meta("jira_route")?.map(|route| route == "gateway"))
    }

    /// Remembers how Jira was reached.
    pub fn remember_gateway(&self, gateway: bool) -> Result<(), StoreError> {
        self.set_meta("jira_route", if gateway { "gateway" } else { "site" })
    }

    /// Makes a change in one transaction, which nobody else's can cut in two: all of it or nothing.
    pub(super) fn change<T>(
        &self,
        change: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let run = || {
            let transaction =
                Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
            let made = change(&transaction)?;
            transaction.commit()?;
            Ok(made)
        };
        run().map_err(|e| self.sql(e))
    }

    /// Runs one statement.
    pub(super) fn execute(
        &self,
        sql: &str,
        params: impl rusqlite::Params,
    ) -> Result<(), StoreError> {
        self.connection
            .execute(sql, params)
            .map(drop)
            .map_err(|e| self.sql(e))
    }

    /// Reads all rows of a query.
    pub(super) fn rows<T>(
        &self,
        sql: &str,
        params: impl rusqlite::Params,
        read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        let mut statement = self.connection.prepare(sql).map_err(|e| self.sql(e))?;
        statement
            .query_map(params, |row| read(row))
            .and_then(Iterator::collect)
            .map_err(|e| self.sql(e))
    }
}

/// Whether SQLite says that the file itself is broken, rather than busy, full or unreadable.
fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase)
    )
}
