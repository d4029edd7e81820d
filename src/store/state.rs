//! `state.db`: links, ownership, decisions, history.

use super::backups::newest;
use super::database::{self, now, signed, unsigned};
use super::error::StoreError;
use crate::directory::{AccountId, EntraId, GroupId};
use crate::plan::{
    Baseline, Decisions, History, Measured, OperationId, Question, QuestionCode, Reason,
    RowDecision,
};
use hashbrown::HashMap;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use std::path::{Path, PathBuf};

pub(super) const MIGRATIONS: [&str; 4] = [
    include_str!("../../assets/migrations/state-1.sql"),
    include_str!("../../assets/migrations/state-2.sql"),
    include_str!("../../assets/migrations/state-3.sql"),
    include_str!("../../assets/migrations/state-4.sql"),
];
/// How long what Jira refused is left alone, in seconds.
const REFUSED_FOR: i64 = 7 * 86400;
/// How far back the baseline looks, in seconds.
const BASELINE: i64 = 7 * 86400;
/// How far back unattended counts add up, in seconds.
const DAY: i64 = 86400;

/// What a profile's state is pinned to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Entra tenant id.
    pub tenant_id: String,
    /// The site's cloudId.
    pub cloud_id: String,
}

/// A write of an earlier run that was begun and whose outcome is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// Number of its run.
    pub run: i64,
    /// Operation id.
    pub operation_id: String,
    /// What it was.
    pub kind: crate::plan::Kind,
    /// The person's Entra id.
    pub entra_id: String,
    /// The person's address.
    pub email: String,
    /// The group's Entra id.
    pub group_entra: String,
    /// The group's name.
    pub group_name: String,
    /// The account, empty where none was known.
    pub account_id: String,
    /// The group in Jira, empty where none was known.
    pub group_id: String,
    /// When its call was about to be made, seconds since 1970.
    pub begun_at: i64,
}

/// What became of such a write.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// Whether it took place.
    pub took_place: bool,
    /// The account that it created.
    pub account: Option<String>,
    /// The group that it created.
    pub group: Option<String>,
}

/// The state of one profile.
#[derive(Debug)]
pub struct State {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
    pub(super) backups: PathBuf,
}

impl State {
    /// Opens the state in a profile's folder, or creates it where there never was one.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join("state.db");
        let backups = folder.join("backups");
        let born = folder.join("state.born");
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
        let opened = super::backups::before_migration(&path, &backups)
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
                    StoreError::Sql {
                        path: path.clone(),
                        source,
                    }
                }
            })?;
        if check != "ok" {
            return Err(damaged(check));
        }
        connection
            .execute_batch("PRAGMA synchronous = FULL;")
            .map_err(|source| StoreError::Sql {
                path: path.clone(),
                source,
            })?;
        database::private(&born).map_err(|source| StoreError::Io { path: born, source })?;
        Ok(Self {
            connection,
            path,
            backups,
        })
    }

    pub(super) fn sql(&self, source: rusqlite::Error) -> StoreError {
        StoreError::Sql {
            path: self.path.clone(),
            source,
        }
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
        self.connection
            .execute(
                "INSERT INTO meta VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2",
                [key, value],
            )
            .map(drop)
            .map_err(|e| self.sql(e))
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

    /// Notes that a person applied a plan made with these settings.
    pub fn reviewed(&self, settings_digest: &str) -> Result<(), StoreError> {
        self.set_meta("reviewed_settings", settings_digest)
    }

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

    /// All decisions.
    pub fn decisions(&self) -> Result<Decisions, StoreError> {
        let operations = self.rows(
            "SELECT operation_id, verdict, reason_code FROM decisions",
            [],
            |row| {
                let id = OperationId::stored(row.get(0)?);
                let decision = if row.get::<_, String>(1)? == "ignored" {
                    RowDecision::Ignored
                } else {
                    let code: Option<String> = row.get(2)?;
                    RowDecision::Rejected {
                        reason: code.as_deref().and_then(Reason::parse),
                    }
                };
                Ok((id, decision))
            },
        )?;
        let apart = self.rows("SELECT entra_id, group_id FROM kept_apart", [], |row| {
            Ok((
                EntraId::new(&row.get::<_, String>(0)?),
                GroupId::new(&row.get::<_, String>(1)?),
            ))
        })?;
        let alone = self.rows(
            "SELECT code, subject, candidates FROM questions_left_alone",
            [],
            |row| {
                let text = |at| row.get::<_, String>(at);
                let code = QuestionCode::parse(&text(0)?);
                let (subject, candidates) = (text(1)?, text(2)?);
                Ok(code.map(|code| Question::stored(code, &subject, &candidates)))
            },
        )?;
        let different = self.rows(
            "SELECT entra_id, account_id FROM different_people",
            [],
            |row| {
                Ok((
                    EntraId::new(&row.get::<_, String>(0)?),
                    AccountId::new(&row.get::<_, String>(1)?),
                ))
            },
        )?;
        Ok(Decisions {
            different: different.into_iter().collect(),
            left_alone: alone.into_iter().flatten().collect(),
            operations: operations.into_iter().collect(),
            kept_apart: apart.into_iter().collect(),
        })
    }

    /// Stores a decision on an operation.
    pub fn decide(&self, id: &OperationId, decision: &RowDecision) -> Result<(), StoreError> {
        let (verdict, reason) = match decision {
            RowDecision::Rejected { reason } => ("rejected", reason.map(Reason::as_str)),
            RowDecision::Ignored => ("ignored", None),
        };
        self.connection
            .execute(
                "INSERT INTO decisions (operation_id, verdict, reason_code, at) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO UPDATE SET verdict = ?2, reason_code = ?3, at = ?4, run = NULL",
                params![id.as_str(), verdict, reason, now()],
            )
            .map(drop)
            .map_err(|e| self.sql(e))
    }

    /// Stores decisions, or withdraws those that are none; all of them or nothing.
    pub fn decide_all(
        &self,
        decisions: &[(OperationId, Option<RowDecision>)],
    ) -> Result<(), StoreError> {
        let change = self
            .connection
            .unchecked_transaction()
            .map_err(|e| self.sql(e))?;
        for (id, decision) in decisions {
            if let Some(decision) = decision {
                self.decide(id, decision)?;
            } else {
                self.connection
                    .execute(
                        "DELETE FROM decisions WHERE operation_id = ?1",
                        [id.as_str()],
                    )
                    .map_err(|e| self.sql(e))?;
            }
        }
        change.commit().map_err(|e| self.sql(e))
    }

    /// Takes an account off the standing lists, or puts it back.
    pub fn leave_alone(&self, account: &AccountId, alone: bool) -> Result<(), StoreError> {
        if alone {
            self.connection.execute(
                "INSERT INTO questions_left_alone VALUES ('standing-list', ?1, '', ?2)
                 ON CONFLICT DO NOTHING",
                params![account.as_str(), now()],
            )
        } else {
            self.connection.execute(
                "DELETE FROM questions_left_alone WHERE subject = ?1",
                [account.as_str()],
            )
        }
        .map(drop)
        .map_err(|e| self.sql(e))
    }

    /// Keeps an Entra group and the Jira group of the same name apart.
    pub fn keep_apart(&self, entra: &EntraId, group: &GroupId) -> Result<(), StoreError> {
        self.connection
            .execute(
                "INSERT INTO kept_apart VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                params![entra.as_str(), group.as_str(), now()],
            )
            .map(drop)
            .map_err(|e| self.sql(e))
    }

    /// Lets a group be suggested again for the Entra group that it was kept apart from.
    pub fn bring_together(&self, entra: &EntraId, group: &GroupId) -> Result<(), StoreError> {
        self.connection
            .execute(
                "DELETE FROM kept_apart WHERE entra_id = ?1 AND group_id = ?2",
                [entra.as_str(), group.as_str()],
            )
            .map(drop)
            .map_err(|e| self.sql(e))
    }

    /// Groups that refused a write lately.
    pub fn unwritable(&self) -> Result<std::collections::HashSet<GroupId>, StoreError> {
        let ids = self.rows(
            "SELECT group_id FROM unwritable_groups WHERE at > ?1",
            [now() - REFUSED_FOR],
            |row| row.get::<_, String>(0),
        )?;
        Ok(ids.iter().map(|id| GroupId::new(id)).collect())
    }

    /// Notes that a group refused a write.
    pub fn note_unwritable(&self, group: &GroupId, message: &str) -> Result<(), StoreError> {
        self.connection
            .execute(
                "INSERT INTO unwritable_groups VALUES (?1, ?2, ?3)
                 ON CONFLICT DO UPDATE SET message = ?2, at = ?3",
                params![group.as_str(), message, now()],
            )
            .map(drop)
            .map_err(|e| self.sql(e))
    }

    /// Addresses for which Jira refused lately, under these settings, to create a person, with
    /// its words.
    pub fn refused(&self, settings: &str) -> Result<HashMap<String, String>, StoreError> {
        let rows = self.rows(
            "SELECT address, message FROM refused_people WHERE at > ?1 AND settings = ?2",
            params![now() - REFUSED_FOR, settings],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok(rows.into_iter().collect())
    }

    /// Notes that Jira refused to create a person under this folded address.
    pub fn note_refused(
        &self,
        address: &str,
        message: &str,
        settings: &str,
    ) -> Result<(), StoreError> {
        self.connection
            .execute(
                "INSERT INTO refused_people VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO UPDATE SET message = ?2, settings = ?3, at = ?4",
                params![address, message, settings, now()],
            )
            .map(drop)
            .map_err(|e| self.sql(e))
    }

    /// What was in scope in the last snapshot that was to be believed.
    fn latest(&self) -> Result<Option<Measured>, StoreError> {
        let rows = self.rows(
            "SELECT users, groups, memberships FROM measures ORDER BY at DESC, rowid DESC LIMIT 1",
            [],
            |row| {
                Ok(Measured {
                    users: unsigned(row.get(0)?),
                    groups: unsigned(row.get(1)?),
                    memberships: unsigned(row.get(2)?),
                })
            },
        )?;
        Ok(rows.into_iter().next())
    }

    /// Notes how much was in scope in a snapshot that is to be believed.
    pub fn measure(&self, measured: Measured) -> Result<(), StoreError> {
        let run = || -> rusqlite::Result<()> {
            self.connection.execute(
                "DELETE FROM measures WHERE at < ?1 AND at < (SELECT max(at) FROM measures)",
                [now() - 2 * BASELINE],
            )?;
            self.connection.execute(
                "INSERT INTO measures VALUES (?1, ?2, ?3, ?4)",
                params![
                    now(),
                    signed(measured.users),
                    signed(measured.groups),
                    signed(measured.memberships)
                ],
            )?;
            Ok(())
        };
        run().map_err(|e| self.sql(e))
    }

    /// What guards need to know of the past.
    pub fn history(&self) -> Result<History, StoreError> {
        let baseline = self
            .connection
            .query_row(
                // Without any of the last 7 days the newest counts, however old: a source that
                // shrank does not become right by waiting.
                "SELECT max(users), max(groups), max(memberships) FROM measures
                 WHERE at > min(?1, (SELECT max(at) - 1 FROM measures))",
                [now() - BASELINE],
                |row| {
                    let users: Option<i64> = row.get(0)?;
                    let Some(users) = users else { return Ok(None) };
                    Ok(Some(Baseline {
                        users: unsigned(users),
                        groups: unsigned(row.get(1)?),
                        memberships: unsigned(row.get(2)?),
                    }))
                },
            )
            .map_err(|e| self.sql(e))?;
        let reviewed_settings = self.meta("reviewed_settings")?;
        let mut history = History {
            reviewed: reviewed_settings.is_some(),
            reviewed_settings,
            baseline,
            latest: self.latest()?,
            ..History::default()
        };
        let counts = self.rows(
            "SELECT j.kind, j.group_id, count(*) FROM journal j JOIN runs r ON r.number = j.run
             WHERE j.intent_at > ?1 AND j.outcome = 'done' AND r.kind IN ('unattended', 'person')
             GROUP BY j.kind, j.group_id",
            [now() - DAY],
            |row| {
                Ok((
                    row.get::<_, String>(0)?,
                    row.get::<_, Option<String>>(1)?,
                    unsigned(row.get(2)?),
                ))
            },
        )?;
        for (kind, group, count) in counts {
            let group = GroupId::new(group.as_deref().unwrap_or_default());
            match kind.as_str() {
                "create_user" => history.created_people += count,
                "create_group" => history.created_groups += count,
                "add_member" => *history.added.entry(group).or_default() += count,
                "remove_member" => *history.removed.entry(group).or_default() += count,
                "suspend_user" | "remove_user" => history.people_removed += count,
                _ => {}
            }
        }
        let unfinished = self.rows(
            "SELECT j.group_id FROM journal j JOIN runs r ON r.number = j.run
             WHERE j.kind = 'create_group' AND j.outcome = 'done' AND j.intent_at > ?1
             AND coalesce(r.outcome, 'failed') NOT IN ('applied', 'held') AND j.group_id IS NOT NULL",
            [now() - DAY],
            |row| Ok(GroupId::new(&row.get::<_, String>(0)?)),
        )?;
        history.unfinished_groups = unfinished.into_iter().collect();
        Ok(history)
    }
}

/// Whether SQLite says that the file itself is broken, rather than busy, full or unreadable.
fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase)
    )
}
