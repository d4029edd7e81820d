//! Runs and their journal, as they are read.

use super::database::{now, signed, unsigned};
use super::error::StoreError;
use super::journal::{JournalOutcome, Settled, settle};
use super::state::{Found, State, Unfinished};
use crate::plan::{Allowances, Counts, GuardCount, Kind, Reason};
use rusqlite::{Row, params};

/// What kind of run it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunKind {
    /// A person confirmed the plan.
    Attended,
    /// Nobody did.
    Unattended,
    /// A group was adopted.
    Adopt,
    /// A run was taken back.
    Undo,
}

impl RunKind {
    /// As contracts write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Attended => "attended",
            Self::Unattended => "unattended",
            Self::Adopt => "adopt",
            Self::Undo => "undo",
        }
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunOutcome {
    /// Everything was applied.
    Applied,
    /// There was nothing to do.
    Nothing,
    /// Guards held something.
    Held,
    /// Some operations failed.
    Partial,
    /// It was stopped by a failure.
    Failed,
    /// It was cancelled.
    Cancelled,
}

impl RunOutcome {
    /// As contracts write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Nothing => "nothing",
            Self::Held => "held",
            Self::Partial => "partial",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A run that begins.
#[derive(Debug, Clone)]
pub struct NewRun<'a> {
    /// What kind.
    pub kind: RunKind,
    /// The plan.
    pub plan_id: &'a str,
    /// This host.
    pub host: &'a str,
    /// Who runs it.
    pub person: &'a str,
    /// What the admin allowed.
    pub allowances: &'a Allowances,
    /// What guards hold.
    pub guards: &'a [GuardCount],
    /// The run that it takes back. The schedule pauses with that.
    pub undoes: Option<&'a str>,
}

/// A run as it was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Number of its row.
    pub number: i64,
    /// Its id.
    pub run_id: String,
    /// Its kind, as contracts write it.
    pub kind: String,
    /// The plan.
    pub plan_id: String,
    /// Host.
    pub host: String,
    /// Who ran it.
    pub person: String,
    /// Begin, seconds since 1970.
    pub started_at: i64,
    /// End; none while it runs.
    pub finished_at: Option<i64>,
    /// Outcome, as contracts write it.
    pub outcome: Option<String>,
    /// Counts.
    pub counts: Counts,
    /// The run that it took back.
    pub undoes: Option<String>,
    /// The run that took it back, the newest of them.
    pub undone_by: Option<String>,
}

impl Run {
    /// What it has to do with undoing, in sentences.
    #[must_use]
    pub fn undo_words(&self) -> Vec<String> {
        let took = self
            .undoes
            .as_ref()
            .map(|run| format!("takes back run {run}"));
        let taken = self
            .undone_by
            .as_ref()
            .map(|run| format!("was taken back by run {run}"));
        took.into_iter().chain(taken).collect()
    }
}

/// One operation of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalRow {
    /// Operation id.
    pub operation_id: String,
    /// Kind.
    pub kind: String,
    /// Person's name.
    pub name: Option<String>,
    /// Address.
    pub email: Option<String>,
    /// Account.
    pub account_id: Option<String>,
    /// Group's name.
    pub group_name: Option<String>,
    /// Why.
    pub reason: String,
    /// When it was begun, seconds since 1970.
    pub intent_at: i64,
    /// `done`, `already`, `failed`; none if its outcome is unknown.
    pub outcome: Option<String>,
    /// Status of the answer.
    pub status: Option<u16>,
    /// Code of the answer.
    pub code: Option<String>,
    /// What went wrong.
    pub message: Option<String>,
    /// What to do.
    pub advice: Option<String>,
    /// For support.
    pub request_id: Option<String>,
}

fn run(row: &Row<'_>) -> rusqlite::Result<Run> {
    let count = |index| row.get::<_, i64>(index).map(unsigned);
    Ok(Run {
        number: row.get(0)?,
        run_id: row.get(1)?,
        kind: row.get(2)?,
        plan_id: row.get(3)?,
        host: row.get(4)?,
        person: row.get(5)?,
        started_at: row.get(6)?,
        finished_at: row.get(7)?,
        outcome: row.get(8)?,
        counts: Counts {
            done: count(9)?,
            already: count(10)?,
            failed: count(11)?,
            skipped: count(12)?,
            held: count(13)?,
        },
        undoes: row.get(14)?,
        undone_by: row.get(15)?,
    })
}

const JOURNAL: &str = "SELECT operation_id, kind, name, email, account_id, group_name, reason,
    intent_at, outcome, status, code, message, advice, request_id, reason_code FROM journal";

fn journal_row(row: &Row<'_>) -> rusqlite::Result<JournalRow> {
    Ok(JournalRow {
        operation_id: row.get(0)?,
        kind: row.get(1)?,
        name: row.get(2)?,
        email: row.get(3)?,
        account_id: row.get(4)?,
        group_name: row.get(5)?,
        reason: {
            let (code, said): (Option<String>, String) = (row.get(14)?, row.get(6)?);
            let code = code
                .as_deref()
                .and_then(Reason::parse)
                .filter(|_| said.is_empty());
            code.map_or(said, |code| code.to_string())
        },
        intent_at: row.get(7)?,
        outcome: row.get(8)?,
        status: row.get(9)?,
        code: row.get(10)?,
        message: row.get(11)?,
        advice: row.get(12)?,
        request_id: row.get(13)?,
    })
}

const RUNS: &str = "SELECT number, run_id, kind, plan_id, host, person, started_at, finished_at,
    outcome, done, already, failed, skipped, held, undoes, later.id
    FROM runs LEFT JOIN (
      -- Of several undos the newest: SQLite gives the row that has the maximum.
      SELECT undoes AS undone, run_id AS id, max(number) FROM runs
      WHERE undoes IS NOT NULL AND done > 0 GROUP BY undoes
    ) later ON later.undone = run_id ORDER BY number DESC";

impl State {
    /// Begins a run: gives its number and its id, which is a time and a few random letters.
    pub fn begin_run(&self, new: &NewRun<'_>) -> Result<(i64, String), StoreError> {
        let stamp = jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S");
        let tail: String = std::iter::repeat_with(fastrand::lowercase)
            .take(4)
            .collect();
        let run_id = format!("{stamp}-{tail}");
        let begin = || -> rusqlite::Result<i64> {
            let change = self.connection.unchecked_transaction()?;
            change.execute(
                "INSERT INTO runs (run_id, kind, plan_id, host, person, started_at, undoes)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    run_id,
                    new.kind.as_str(),
                    new.plan_id,
                    new.host,
                    new.person,
                    now(),
                    new.undoes
                ],
            )?;
            let number = change.last_insert_rowid();
            for allowance in new.allowances.iter() {
                change.execute(
                    "INSERT INTO allowances VALUES (?1, ?2, ?3)",
                    params![number, allowance.name.as_str(), signed(allowance.count)],
                )?;
            }
            for guard in new.guards {
                change.execute(
                    "INSERT INTO held VALUES (?1, ?2, ?3)",
                    params![number, guard.name.as_str(), signed(guard.count)],
                )?;
            }
            if new.undoes.is_some() {
                // With the run itself: one that dies leaves the schedule paused, too.
                change.execute(
                    "INSERT INTO meta VALUES ('schedule_paused', ?1)
                     ON CONFLICT DO UPDATE SET value = ?1",
                    [&run_id],
                )?;
            }
            change.commit()?;
            Ok(number)
        };
        let number = begin().map_err(|e| self.sql(e))?;
        Ok((number, run_id))
    }

    /// Ends a run.
    pub fn end_run(
        &self,
        number: i64,
        outcome: RunOutcome,
        counts: Counts,
    ) -> Result<(), StoreError> {
        self.connection
            .execute(
                "UPDATE runs SET finished_at = ?2, outcome = ?3, done = ?4, already = ?5,
                 failed = ?6, skipped = ?7, held = ?8 WHERE number = ?1",
                params![
                    number,
                    now(),
                    outcome.as_str(),
                    signed(counts.done),
                    signed(counts.already),
                    signed(counts.failed),
                    signed(counts.skipped),
                    signed(counts.held)
                ],
            )
            .map(drop)
            .map_err(|e| self.sql(e))
    }

    /// Runs, the newest first.
    pub fn runs(&self) -> Result<Vec<Run>, StoreError> {
        let mut statement = self.connection.prepare(RUNS).map_err(|e| self.sql(e))?;
        statement
            .query_map([], run)
            .and_then(Iterator::collect)
            .map_err(|e| self.sql(e))
    }

    /// A run by its id, or by the end of it if no other run's id ends like that.
    pub fn run(&self, run_id: &str) -> Result<Option<Run>, StoreError> {
        let mut runs = self.runs()?;
        if let Some(at) = runs.iter().position(|run| run.run_id == run_id) {
            return Ok(Some(runs.swap_remove(at)));
        }
        runs.retain(|run| !run_id.is_empty() && run.run_id.ends_with(run_id));
        Ok(if runs.len() == 1 { runs.pop() } else { None })
    }

    /// The guards that a run's admin allowed, with their numbers.
    pub fn allowed(&self, number: i64) -> Result<Vec<(String, u64)>, StoreError> {
        self.guards("SELECT guard, count FROM allowances WHERE run = ?1", number)
    }

    /// The guards that held something in a run, with their numbers.
    pub fn held(&self, number: i64) -> Result<Vec<(String, u64)>, StoreError> {
        self.guards("SELECT guard, count FROM held WHERE run = ?1", number)
    }

    fn guards(&self, sql: &str, number: i64) -> Result<Vec<(String, u64)>, StoreError> {
        self.rows(sql, [number], |row| {
            Ok((row.get(0)?, row.get::<_, i64>(1).map(unsigned)?))
        })
    }

    /// The operations of a run: what was created, then memberships, then whoever was suspended or
    /// removed.
    pub fn journal(&self, number: i64) -> Result<Vec<JournalRow>, StoreError> {
        self.rows(
            &format!(
                "{JOURNAL} WHERE run = ?1 ORDER BY CASE kind WHEN 'create_user' THEN 0
                 WHEN 'create_group' THEN 1 WHEN 'restore_user' THEN 2 WHEN 'add_member' THEN 3
                 WHEN 'remove_member' THEN 4 ELSE 5 END, group_name, name, operation_id"
            ),
            [number],
            journal_row,
        )
    }

    /// What was done to a person or a group of Entra's, the newest first, at most `most` rows.
    pub fn history_of(&self, entra_id: &str, most: u32) -> Result<Vec<JournalRow>, StoreError> {
        self.rows(
            &format!(
                "{JOURNAL} WHERE entra_id = ?1 OR group_entra = ?1
                 ORDER BY intent_at DESC, kind, group_name, name LIMIT ?2"
            ),
            params![entra_id, most],
            journal_row,
        )
    }

    /// The newest run: its number, and when it ended, in seconds since 1970.
    pub fn newest_run(&self) -> Result<Option<(i64, Option<i64>)>, StoreError> {
        let rows = self.rows(
            "SELECT number, finished_at FROM runs ORDER BY number DESC LIMIT 1",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok(rows.into_iter().next())
    }

    /// Runs that were begun and never ended: their process died. Only the holder of the lock may
    /// conclude that.
    pub fn interrupted(&self) -> Result<Vec<Run>, StoreError> {
        let mut runs = self.runs()?;
        runs.retain(|run| run.finished_at.is_none());
        Ok(runs)
    }

    /// The writes of earlier runs whose outcome is unknown.
    pub fn unfinished(&self) -> Result<Vec<Unfinished>, StoreError> {
        let rows = self.rows(
            "SELECT kind, coalesce(entra_id, ''), coalesce(email, ''), coalesce(group_entra, ''),
             coalesce(group_name, ''), run, operation_id, coalesce(account_id, ''),
             coalesce(group_id, ''), intent_at FROM journal WHERE outcome IS NULL",
            [],
            |row| {
                Ok(Kind::parse(&row.get::<_, String>(0)?).map(|kind| {
                    Ok::<_, rusqlite::Error>(Unfinished {
                        kind,
                        entra_id: row.get(1)?,
                        email: row.get(2)?,
                        group_entra: row.get(3)?,
                        group_name: row.get(4)?,
                        run: row.get(5)?,
                        operation_id: row.get(6)?,
                        account_id: row.get(7)?,
                        group_id: row.get(8)?,
                        begun_at: row.get(9)?,
                    })
                }))
            },
        )?;
        let known = rows.into_iter().flatten().collect::<Result<_, _>>();
        known.map_err(|e| self.sql(e))
    }

    /// Notes what became of a write whose outcome was unknown.
    pub fn close(&self, write: &Unfinished, found: &Found) -> Result<(), StoreError> {
        let (outcome, message) = if found.took_place {
            (
                JournalOutcome::Done,
                "It was found when the next run looked it up.",
            )
        } else {
            (
                JournalOutcome::NotMade,
                "The run ended before this was done, as the next run found.",
            )
        };
        let run = || -> rusqlite::Result<()> {
            let change = self.connection.unchecked_transaction()?;
            change.execute(
                "UPDATE journal SET outcome = ?3, message = ?4, outcome_at = ?5, proven_new = ?6,
                 account_id = coalesce(?7, account_id), group_id = coalesce(?8, group_id)
                 WHERE run = ?1 AND operation_id = ?2",
                params![
                    write.run,
                    write.operation_id,
                    outcome.as_str(),
                    message,
                    now(),
                    found.group.is_some(),
                    found.account,
                    found.group
                ],
            )?;
            let of = Settled {
                operation: &write.operation_id,
                kind: write.kind,
                account: &write.account_id,
                group: &write.group_id,
            };
            settle(&change, write.run, &of, outcome, false)?;
            change.commit()
        };
        run().map_err(|e| self.sql(e))
    }

    /// The counts of a run from its journal, for one that never ended.
    pub fn counted(&self, number: i64) -> Result<Counts, StoreError> {
        self.connection
            .query_row(
                "SELECT count(*) FILTER (WHERE outcome = 'done'),
                        count(*) FILTER (WHERE outcome = 'already'),
                        count(*) FILTER (WHERE outcome = 'failed'),
                        count(*) FILTER (WHERE coalesce(outcome, 'not-made') = 'not-made')
                 FROM journal WHERE run = ?1",
                [number],
                |row| {
                    let count = |index| row.get::<_, i64>(index).map(unsigned);
                    Ok(Counts {
                        done: count(0)?,
                        already: count(1)?,
                        failed: count(2)?,
                        skipped: count(3)?,
                        held: 0,
                    })
                },
            )
            .map_err(|e| self.sql(e))
    }
}
