//! The tables `unwritable_groups` and `refused_people`: what Jira refused lately, which is left alone
//! for a while.

use super::database::now;
use super::error::StoreError;
use super::state::State;
use crate::directory::{GroupId, fold};
use hashbrown::HashMap;
use rusqlite::params;
use std::collections::HashSet;

/// How long people whom Jira refused are left alone, in seconds.
const REFUSED_FOR: i64 = 7 * 86400;
/// How long a group that refused a write is left alone, in seconds: it is tried again daily.
const UNWRITABLE_FOR: i64 = 86400;

impl State {
    /// Groups that refused a write lately.
    pub fn unwritable(&self) -> Result<HashSet<GroupId>, StoreError> {
        self.unwritable_since(now() - UNWRITABLE_FOR)
    }

    /// Groups that refused a write at any time.
    pub fn once_unwritable(&self) -> Result<HashSet<GroupId>, StoreError> {
        self.unwritable_since(0)
    }

    fn unwritable_since(&self, since: i64) -> Result<HashSet<GroupId>, StoreError> {
        let sql = "SELECT group_id FROM unwritable_groups WHERE at > ?1";
        let ids = self.rows(sql, [since], |row| row.get(0))?;
        Ok(ids.into_iter().collect())
    }

    /// Notes that a group refused a write.
    pub fn note_unwritable(&self, group: &GroupId, message: &str) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO unwritable_groups VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET message = ?2, at = ?3",
            params![group, message, now()],
        )
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
        self.execute(
            "INSERT INTO refused_people VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET message = ?2, settings = ?3, at = ?4",
            params![address, message, settings, now()],
        )
    }

    /// Lets people and groups that refused in this run be tried again.
    pub fn forgive(&self, number: i64) -> Result<(), StoreError> {
        self.change(|change| {
            change.execute(
                "DELETE FROM unwritable_groups WHERE group_id IN
                 (SELECT group_id FROM journal WHERE run = ?1 AND outcome = 'failed')",
                [number],
            )?;
            let mut statement = change.prepare(
                "SELECT email FROM journal
                 WHERE run = ?1 AND outcome = 'failed' AND kind = 'create_user' AND email IS NOT NULL",
            )?;
            let addresses = statement.query_map([number], |row| row.get::<_, String>(0))?;
            for address in addresses {
                change.execute(
                    "DELETE FROM refused_people WHERE address = ?1",
                    [fold(&address?)],
                )?;
            }
            Ok(())
        })
    }
}
