//! Writes of earlier runs whose outcome is unknown: their process died between a call and its answer.

use super::database::now;
use super::error::StoreError;
use super::journal::{JournalOutcome, Note};
use super::settle::{Settled, settle};
use super::state::State;
use crate::plan::{Kind, OperationId};
use rusqlite::params;

/// A write of an earlier run that was begun and whose outcome is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// Number of its run.
    pub run: i64,
    /// Operation id.
    pub operation_id: OperationId,
    /// What it was.
    pub kind: Kind,
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

impl State {
    /// The writes of earlier runs whose outcome is unknown.
    pub fn unfinished(&self) -> Result<Vec<Unfinished>, StoreError> {
        self.rows(
            "SELECT kind, coalesce(entra_id, ''), coalesce(email, ''), coalesce(group_entra, ''),
             coalesce(group_name, ''), run, operation_id, coalesce(account_id, ''),
             coalesce(group_id, ''), intent_at FROM journal WHERE outcome IS NULL",
            [],
            |row| {
                Ok(Unfinished {
                    kind: row.get(0)?,
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
            },
        )
    }

    /// Notes what became of a write whose outcome was unknown.
    pub fn close(&self, write: &Unfinished, found: &Found) -> Result<(), StoreError> {
        let (outcome, note) = if found.took_place {
            (JournalOutcome::Done, Note::FoundDone)
        } else {
            (JournalOutcome::NotMade, Note::FoundNotMade)
        };
        self.change(|change| {
            change.execute(
                "UPDATE journal SET outcome = ?3, note = ?4, outcome_at = ?5, proven_new = ?6,
                 account_id = coalesce(?7, account_id), group_id = coalesce(?8, group_id)
                 WHERE run = ?1 AND operation_id = ?2",
                params![
                    write.run,
                    write.operation_id,
                    outcome,
                    note,
                    now(),
                    found.group.is_some(),
                    found.account,
                    found.group
                ],
            )?;
            let of = Settled {
                operation: write.operation_id,
                kind: write.kind,
                account: &write.account_id,
                group: &write.group_id,
            };
            settle(change, write.run, &of, outcome, false)
        })
    }
}
