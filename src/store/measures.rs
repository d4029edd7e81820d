//! The table `measures`, and what guards need to know of the past.

use super::database::{now, signed, unsigned};
use super::error::StoreError;
use super::journal::JournalOutcome;
use super::state::State;
use crate::directory::{AccountId, GroupId};
use crate::plan::{Baseline, History, Kind, Measured, OperationId, Reason};
use hashbrown::HashMap;
use rusqlite::params;

/// How far back the baseline looks, in seconds.
const BASELINE: i64 = 7 * 86400;
/// From how many operations of a kind their pace is told.
const MEASURED_FROM: i64 = 100;
/// How far back unattended counts add up, in seconds.
const DAY: i64 = 86400;
/// How far back is looked for what others undid, in seconds.
const WEEK: i64 = 7 * DAY;

impl State {
    /// Notes that a person applied a plan made with these settings.
    pub fn reviewed(&self, settings_digest: &str) -> Result<(), StoreError> {
        self.set_meta("reviewed_settings", settings_digest)
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
        self.change(|change| {
            change.execute(
                "DELETE FROM measures WHERE at < ?1 AND at < (SELECT max(at) FROM measures)",
                [now() - 2 * BASELINE],
            )?;
            change.execute(
                "INSERT INTO measures VALUES (?1, ?2, ?3, ?4)",
                params![
                    now(),
                    signed(measured.users),
                    signed(measured.groups),
                    signed(measured.memberships)
                ],
            )?;
            Ok(())
        })
    }

    /// Notes how many operations a second a run came to, of each kind of which it had many.
    pub fn measure_rates(&self, run: i64) -> Result<(), StoreError> {
        let rows: Vec<(Kind, i64, i64)> = self.rows(
            "SELECT kind, count(*), max(outcome_at) - min(intent_at) FROM journal
             WHERE run = ?1 AND outcome = ?2 GROUP BY kind HAVING count(*) >= ?3",
            params![run, JournalOutcome::Done, MEASURED_FROM],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        rows.into_iter().try_for_each(|(kind, count, seconds)| {
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            let seconds = u32::try_from(seconds).unwrap_or(0).max(1);
            let rate = f64::from(count) / f64::from(seconds);
            self.set_meta(&format!("rate:{}", kind.as_str()), &rate.to_string())
        })
    }

    /// Operations a second that the latest runs of a person came to, in the order of [`Kind::ALL`]; none
    /// for a kind of which none of them had many.
    pub fn measured_rates(&self) -> Result<[Option<f64>; Kind::ALL.len()], StoreError> {
        let mut rates = [None; Kind::ALL.len()];
        for kind in Kind::ALL {
            let rate = self.meta(&format!("rate:{}", kind.as_str()))?;
            rates[kind as usize] = rate.and_then(|rate| rate.parse().ok());
        }
        Ok(rates)
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
        let counts: Vec<(Kind, Option<GroupId>, u64)> = self.rows(
            "SELECT j.kind, j.group_id, count(*) FROM journal j JOIN runs r ON r.number = j.run
             WHERE j.intent_at > ?1 AND j.outcome = 'done' AND r.kind IN ('unattended', 'person')
             GROUP BY j.kind, j.group_id",
            [now() - DAY],
            |row| Ok((row.get(0)?, row.get(1)?, unsigned(row.get(2)?))),
        )?;
        for (kind, group, count) in counts {
            let group = group.unwrap_or_else(|| GroupId::new(""));
            match kind {
                Kind::CreateUser => history.created_people += count,
                Kind::CreateGroup => history.created_groups += count,
                Kind::AddMember => *history.added.entry(group).or_default() += count,
                Kind::RemoveMember => *history.removed.entry(group).or_default() += count,
                Kind::SuspendUser | Kind::RemoveUser | Kind::RestoreUser | Kind::DeleteGroup => {}
            }
        }
        self.taken_off(&mut history)?;
        history.undone = self.undone_by_others()?;
        let unfinished = self.rows(
            "SELECT j.group_id FROM journal j JOIN runs r ON r.number = j.run
             WHERE j.kind = 'create_group' AND j.outcome = 'done' AND j.intent_at > ?1
             AND coalesce(r.outcome, 'failed') NOT IN ('applied', 'held') AND j.group_id IS NOT NULL",
            [now() - DAY],
            |row| row.get(0),
        )?;
        history.unfinished_groups = unfinished.into_iter().collect();
        Ok(history)
    }

    /// Whom unattended runs took something from within 24 hours.
    fn taken_off(&self, history: &mut History) -> Result<(), StoreError> {
        let rows: Vec<(Kind, AccountId, Option<GroupId>, Option<Reason>)> = self.rows(
            "SELECT j.kind, j.account_id, j.group_id, j.reason_code FROM journal j
             JOIN runs r ON r.number = j.run
             WHERE j.intent_at > ?1 AND j.outcome = 'done' AND r.kind IN ('unattended', 'person')
             AND j.kind IN ('remove_member', 'suspend_user', 'remove_user')
             AND j.account_id IS NOT NULL",
            [now() - DAY],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )?;
        for (kind, account, group, reason) in rows {
            let group = group.filter(|_| kind == Kind::RemoveMember);
            let gone = matches!(reason, Some(Reason::Disabled | Reason::Deleted));
            let leaver = gone || reason.is_some_and(Reason::is_leaver);
            history.removed_of_others += u64::from(group.is_some() && !leaver);
            history.taken_off.push((account, group));
        }
        Ok(())
    }

    /// How often others undid what was done within a week: done again each time, with nothing of this
    /// profile in between that would undo it.
    fn undone_by_others(&self) -> Result<HashMap<OperationId, u64>, StoreError> {
        let since = now() - WEEK;
        let repeated: Vec<(OperationId, Kind, AccountId, Option<GroupId>)> = self.rows(
            "SELECT operation_id, kind, account_id, group_id FROM journal
             WHERE intent_at > ?1 AND outcome = 'done' AND account_id IS NOT NULL
             GROUP BY operation_id HAVING count(*) > 1",
            [since],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )?;
        let mut undone = HashMap::new();
        for (id, kind, account, group) in repeated {
            let kinds: Vec<Kind> = self.rows(
                "SELECT kind FROM journal WHERE account_id = ?1 AND group_id IS ?2
                 AND outcome = 'done' AND intent_at > ?3 ORDER BY intent_at, run",
                params![account, group, since],
                |row| row.get(0),
            )?;
            // What was done last is to be done again, so that the last time counts, too.
            let times = kinds.iter().rev().take_while(|other| **other == kind);
            undone.insert(id, times.count() as u64);
        }
        Ok(undone)
    }
}
