//! The table `taken`: what Rollbook took from leavers and has not given back.

use super::database::now;
use super::error::StoreError;
use super::state::State;
use crate::directory::GroupId;
use crate::plan::{Kind, OperationRow, Taken, TakenWhat};
use rusqlite::{Connection, params};

impl State {
    /// Forgets what was taken: somebody else gave it back, or it is gone.
    pub fn forget_taken(&self, taken: &Taken) -> Result<(), StoreError> {
        let group = match &taken.what {
            TakenWhat::Suspended => "",
            TakenWhat::Member(group) => group.as_str(),
        };
        self.change(|change| given_back(change, taken.account.as_str(), group))
    }

    /// What was taken from leavers and not given back, sorted.
    pub fn taken(&self) -> Result<Vec<Taken>, StoreError> {
        let mut taken = self.rows(
            "SELECT entra_id, account_id, group_id FROM taken",
            [],
            |row| {
                let group: GroupId = row.get(2)?;
                Ok(Taken {
                    entra: row.get(0)?,
                    account: row.get(1)?,
                    what: if group.as_str().is_empty() {
                        TakenWhat::Suspended
                    } else {
                        TakenWhat::Member(group)
                    },
                })
            },
        )?;
        taken.sort();
        Ok(taken)
    }
}

/// What a write takes from a leaver stands on disk before its call.
pub(super) fn taking(
    connection: &Connection,
    run: i64,
    row: &OperationRow,
) -> rusqlite::Result<()> {
    let takes = match row.kind {
        Kind::SuspendUser => true,
        Kind::RemoveMember => row.is_leaver(),
        _ => false,
    };
    let Some(user) = row.user.as_ref().filter(|_| takes) else {
        return Ok(());
    };
    let group = row.group.as_ref().and_then(|g| g.group_id.as_deref());
    connection
        .prepare_cached(
            "INSERT INTO taken (account_id, group_id, entra_id, at, run)
             VALUES (?1, ?2, ?3, ?4, ?5)
             -- An account may have come to another person since.
             ON CONFLICT DO UPDATE SET entra_id = ?3, at = ?4, run = ?5 WHERE entra_id <> ?3",
        )?
        .execute(params![
            user.account_id.as_deref().unwrap_or_default(),
            group.unwrap_or_default(),
            user.entra_id.as_deref().unwrap_or_default(),
            now(),
            run,
        ])
        .map(drop)
}

/// What this run said that it was about to take was not taken.
pub(super) fn not_taken(
    connection: &Connection,
    run: i64,
    account: &str,
    group: &str,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM taken WHERE run = ?1 AND account_id = ?2 AND group_id = ?3")?
        .execute(params![run, account, group])
        .map(drop)
}

/// It was given back; without a group: the account was restored.
pub(super) fn given_back(
    connection: &Connection,
    account: &str,
    group: &str,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM taken WHERE account_id = ?1 AND group_id = ?2")?
        .execute([account, group])
        .map(drop)
}

/// Forgets an account that is gone.
pub(super) fn forget_account(connection: &Connection, account: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM taken WHERE account_id = ?1")?
        .execute([account])
        .map(drop)
}

/// Forgets a group that is gone.
pub(super) fn forget_group(connection: &Connection, group: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM taken WHERE group_id = ?1")?
        .execute([group])
        .map(drop)
}
