//! Leavers in `state.db`: who left and when, and what was taken from them.

use super::database::now;
use super::error::StoreError;
use super::journal::Settled;
use super::state::State;
use crate::directory::{AccountId, EntraId, GroupId, fold};
use crate::plan::{Kind, OperationRow, Taken, TakenWhat};
use hashbrown::HashSet;
use jiff::civil::Date;
use rusqlite::{Connection, params};
use std::collections::BTreeMap;

impl State {
    /// Notes that these linked people, and no others, are disabled in Entra or gone from it. Who was
    /// enrolled is a leaver from the first day of it.
    pub fn note_gone(&self, gone: &[&EntraId], today: Date) -> Result<(), StoreError> {
        let still: HashSet<&str> = gone.iter().map(|id| id.as_str()).collect();
        let back: Vec<String> = self
            .rows(
                "SELECT entra_id FROM people_links WHERE left_on IS NOT NULL",
                [],
                |row| row.get::<_, String>(0),
            )?
            .into_iter()
            .filter(|id| !still.contains(id.as_str()))
            .collect();
        let run = || -> rusqlite::Result<()> {
            let change = self.connection.unchecked_transaction()?;
            for id in back {
                change
                    .prepare_cached("UPDATE people_links SET left_on = NULL WHERE entra_id = ?1")?
                    .execute([id])?;
            }
            for id in gone {
                change
                    .prepare_cached(
                        "UPDATE people_links SET left_on = ?2
                         WHERE entra_id = ?1 AND enrolled = 1 AND left_on IS NULL",
                    )?
                    .execute(params![id.as_str(), today.to_string()])?;
            }
            change.commit()
        };
        run().map_err(|e| self.sql(e))
    }

    /// Linked accounts whose person had one of these addresses, folded.
    pub fn linked_under(
        &self,
        addresses: &HashSet<String>,
    ) -> Result<HashSet<AccountId>, StoreError> {
        if addresses.is_empty() {
            return Ok(HashSet::new());
        }
        let rows = self.rows("SELECT account_id, email FROM people_links", [], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        })?;
        let listed = rows
            .iter()
            .filter(|(_, email)| addresses.contains(&fold(email)));
        Ok(listed.map(|(account, _)| AccountId::new(account)).collect())
    }

    /// Leavers, with the day since which they are gone.
    pub fn leavers(&self) -> Result<BTreeMap<EntraId, Date>, StoreError> {
        let rows = self.rows(
            "SELECT entra_id, left_on FROM people_links WHERE left_on IS NOT NULL",
            [],
            |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)),
        )?;
        Ok(rows
            .into_iter()
            .filter_map(|(id, day)| Some((EntraId::new(&id), day.parse().ok()?)))
            .collect())
    }

    /// Enrols linked people whom an applied snapshot shows enabled and in scope, and notes under which
    /// address: an account that hides its own is known by it when its person is gone. `address` gives
    /// that of who takes part, empty where there is none.
    pub fn enrol(&self, address: impl Fn(&str) -> Option<String>) -> Result<(), StoreError> {
        let people = self.rows(
            "SELECT entra_id, email, enrolled FROM people_links",
            [],
            |row| {
                Ok((
                    row.get::<_, String>(0)?,
                    row.get::<_, String>(1)?,
                    row.get::<_, bool>(2)?,
                ))
            },
        )?;
        let run = || -> rusqlite::Result<()> {
            let change = self.connection.unchecked_transaction()?;
            for (id, known, enrolled) in people {
                let Some(mut now) = address(&id) else {
                    continue;
                };
                if now.is_empty() {
                    now.clone_from(&known);
                }
                if !enrolled || now != known {
                    change
                        .prepare_cached(
                            "UPDATE people_links SET enrolled = 1, email = ?2 WHERE entra_id = ?1",
                        )?
                        .execute([id, now])?;
                }
            }
            change.commit()
        };
        run().map_err(|e| self.sql(e))
    }

    /// Forgets what was taken: somebody else gave it back, or it is gone.
    pub fn forget_taken(&self, taken: &Taken) -> Result<(), StoreError> {
        let group = match &taken.what {
            TakenWhat::Suspended => "",
            TakenWhat::Member(group) => group.as_str(),
        };
        self.connection
            .execute(
                "DELETE FROM taken WHERE account_id = ?1 AND group_id = ?2",
                [taken.account.as_str(), group],
            )
            .map(drop)
            .map_err(|e| self.sql(e))
    }

    /// What was taken from leavers and not given back, sorted.
    pub fn taken(&self) -> Result<Vec<Taken>, StoreError> {
        let mut taken = self.rows(
            "SELECT entra_id, account_id, group_id FROM taken",
            [],
            |row| {
                let group: String = row.get(2)?;
                Ok(Taken {
                    entra: EntraId::new(&row.get::<_, String>(0)?),
                    account: AccountId::new(&row.get::<_, String>(1)?),
                    what: if group.is_empty() {
                        TakenWhat::Suspended
                    } else {
                        TakenWhat::Member(GroupId::new(&group))
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

/// Nothing was taken by this write after all.
pub(super) fn not_taken(
    connection: &Connection,
    run: i64,
    of: &Settled<'_>,
) -> rusqlite::Result<()> {
    if !matches!(of.kind, Kind::SuspendUser | Kind::RemoveMember) {
        return Ok(());
    }
    connection
        .prepare_cached("DELETE FROM taken WHERE run = ?1 AND account_id = ?2 AND group_id = ?3")?
        .execute(params![run, of.account, of.group])
        .map(drop)
}

/// Forgets what was given back, and what is gone.
pub(super) fn done(connection: &Connection, of: &Settled<'_>) -> rusqlite::Result<()> {
    match of.kind {
        Kind::RestoreUser | Kind::AddMember => connection
            .prepare_cached("DELETE FROM taken WHERE account_id = ?1 AND group_id = ?2")?
            .execute([of.account, of.group])
            .map(drop),
        Kind::RemoveUser => {
            connection.execute(
                "DELETE FROM people_links WHERE account_id = ?1",
                [of.account],
            )?;
            connection
                .execute("DELETE FROM taken WHERE account_id = ?1", [of.account])
                .map(drop)
        }
        Kind::DeleteGroup => {
            connection.execute("DELETE FROM group_links WHERE group_id = ?1", [of.group])?;
            connection
                .execute("DELETE FROM taken WHERE group_id = ?1", [of.group])
                .map(drop)
        }
        Kind::CreateUser | Kind::CreateGroup | Kind::RemoveMember | Kind::SuspendUser => Ok(()),
    }
}
