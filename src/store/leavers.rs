//! Leavers in `state.db`: who left and when, and what was taken from them.

use super::database::now;
use super::error::StoreError;
use super::state::State;
use crate::directory::{AccountId, EntraId, GroupId};
use crate::plan::{Kind, Taken, TakenWhat};
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

    /// Enrols linked people whom an applied snapshot shows enabled and in scope.
    pub fn enrol(&self, takes_part: impl Fn(&str) -> bool) -> Result<(), StoreError> {
        let new: Vec<String> = self
            .rows(
                "SELECT entra_id FROM people_links WHERE enrolled = 0",
                [],
                |row| row.get::<_, String>(0),
            )?
            .into_iter()
            .filter(|id| takes_part(id))
            .collect();
        let run = || -> rusqlite::Result<()> {
            let change = self.connection.unchecked_transaction()?;
            for id in new {
                change
                    .prepare_cached("UPDATE people_links SET enrolled = 1 WHERE entra_id = ?1")?
                    .execute([id])?;
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

/// Keeps account of what is taken and given back, and forgets what is gone, as an operation was
/// done.
pub(super) fn done(
    connection: &Connection,
    kind: Kind,
    leaver: bool,
    account: &str,
    group: &str,
    entra: &str,
) -> rusqlite::Result<()> {
    let took = match kind {
        Kind::SuspendUser => true,
        Kind::RemoveMember => leaver,
        Kind::RestoreUser | Kind::AddMember => {
            return connection
                .prepare_cached("DELETE FROM taken WHERE account_id = ?1 AND group_id = ?2")?
                .execute([account, group])
                .map(drop);
        }
        Kind::RemoveUser => {
            connection.execute("DELETE FROM people_links WHERE account_id = ?1", [account])?;
            connection.execute("DELETE FROM taken WHERE account_id = ?1", [account])?;
            false
        }
        Kind::DeleteGroup => {
            connection.execute("DELETE FROM group_links WHERE group_id = ?1", [group])?;
            connection.execute("DELETE FROM taken WHERE group_id = ?1", [group])?;
            false
        }
        Kind::CreateUser | Kind::CreateGroup => false,
    };
    if took {
        connection.execute(
            "INSERT INTO taken VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            params![account, group, entra, now()],
        )?;
    }
    Ok(())
}
