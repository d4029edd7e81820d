//! The tables `runs`, `allowances` and `held`: what was run, by whom, how it ended, and what guards
//! held or were allowed to let go.

use super::codes::stored;
use super::database::{now, signed, unsigned};
use super::error::StoreError;
use super::state::State;
use crate::plan::{Allowances, Counts, GuardCount, GuardName};
use rusqlite::{Row, params};
use std::fmt;

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
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Attended, Self::Unattended, Self::Adopt, Self::Undo];

    /// As it is stored and as contracts write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Attended => "attended",
            Self::Unattended => "unattended",
            Self::Adopt => "adopt",
            Self::Undo => "undo",
        }
    }

    /// Reads what [`RunKind::as_str`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
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
    /// Every outcome.
    pub const ALL: [Self; 6] = [
        Self::Applied,
        Self::Nothing,
        Self::Held,
        Self::Partial,
        Self::Failed,
        Self::Cancelled,
    ];

    /// As it is stored and as contracts write it.
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

    /// Reads what [`RunOutcome::as_str`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

stored! {
    RunKind: "kind of run",
    RunOutcome: "outcome of a run",
}

/// A guard as a run's history names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoredGuard {
    /// One that this version has.
    Known(GuardName),
    /// One that only another version has.
    Unknown(String),
}

impl StoredGuard {
    fn parse(text: String) -> Self {
        GuardName::parse(&text).map_or(Self::Unknown(text), Self::Known)
    }

    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Known(guard) => guard.as_str(),
            Self::Unknown(name) => name,
        }
    }
}

impl fmt::Display for StoredGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
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
    /// Its kind.
    pub kind: RunKind,
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
    /// How it ended; none while it runs, or if its process died.
    pub outcome: Option<RunOutcome>,
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

/// How many letters of the end of an id name a run at least.
const SHORTEST: usize = 4;

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
        let number = self.change(|change| {
            change.execute(
                "INSERT INTO runs (run_id, kind, plan_id, host, person, started_at, undoes)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    run_id,
                    new.kind,
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
            Ok(number)
        })?;
        Ok((number, run_id))
    }

    /// Ends a run.
    pub fn end_run(
        &self,
        number: i64,
        outcome: RunOutcome,
        counts: Counts,
    ) -> Result<(), StoreError> {
        self.execute(
            "UPDATE runs SET finished_at = ?2, outcome = ?3, done = ?4, already = ?5,
                 failed = ?6, skipped = ?7, held = ?8 WHERE number = ?1",
            params![
                number,
                now(),
                outcome,
                signed(counts.done),
                signed(counts.already),
                signed(counts.failed),
                signed(counts.skipped),
                signed(counts.held)
            ],
        )
    }

    /// Number of the run that began last; 0 if there was none.
    pub fn last_run(&self) -> Result<i64, StoreError> {
        self.connection
            .query_row("SELECT coalesce(max(number), 0) FROM runs", [], |row| {
                row.get(0)
            })
            .map_err(|e| self.sql(e))
    }

    /// Runs, the newest first.
    pub fn runs(&self) -> Result<Vec<Run>, StoreError> {
        self.rows(RUNS, [], run)
    }

    /// A run by its id, by at least four letters of its beginning or end if no other run's id begins or
    /// ends like that, or the `last` one.
    pub fn run(&self, run_id: &str) -> Result<Option<Run>, StoreError> {
        // The newest comes first.
        let mut runs = self.runs()?;
        if run_id == "last" {
            return Ok((!runs.is_empty()).then(|| runs.swap_remove(0)));
        }
        if let Some(at) = runs.iter().position(|run| run.run_id == run_id) {
            return Ok(Some(runs.swap_remove(at)));
        }
        // A letter or two say nothing: they are a slip more often than a name.
        runs.retain(|run| {
            let named = run.run_id.starts_with(run_id) || run.run_id.ends_with(run_id);
            run_id.len() >= SHORTEST && named
        });
        Ok(if runs.len() == 1 { runs.pop() } else { None })
    }

    /// The guards that a run's admin allowed, with their numbers.
    pub fn allowed(&self, number: i64) -> Result<Vec<(StoredGuard, u64)>, StoreError> {
        self.guards("SELECT guard, count FROM allowances WHERE run = ?1", number)
    }

    /// The guards that held something in a run, with their numbers.
    pub fn held(&self, number: i64) -> Result<Vec<(StoredGuard, u64)>, StoreError> {
        self.guards("SELECT guard, count FROM held WHERE run = ?1", number)
    }

    fn guards(&self, sql: &str, number: i64) -> Result<Vec<(StoredGuard, u64)>, StoreError> {
        self.rows(sql, [number], |row| {
            Ok((StoredGuard::parse(row.get(0)?), unsigned(row.get(1)?)))
        })
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_and_outcome_is_read_back() {
        for kind in RunKind::ALL {
            assert_eq!(RunKind::parse(kind.as_str()), Some(kind));
        }
        for outcome in RunOutcome::ALL {
            assert_eq!(RunOutcome::parse(outcome.as_str()), Some(outcome));
        }
    }
}
