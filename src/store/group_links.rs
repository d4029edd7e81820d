//! The table `group_links`: which Jira group stands for an Entra group, and how far it is Rollbook's.

use super::database::now;
use super::error::StoreError;
use super::state::State;
use crate::plan::{GroupLink, Links, Ownership};
use rusqlite::{Connection, OptionalExtension as _, params};

impl State {
    /// All links, of people and of groups.
    pub fn links(&self) -> Result<Links, StoreError> {
        let mut links = self.people()?;
        let groups = self.rows(
            "SELECT entra_id, group_id, ownership FROM group_links",
            [],
            |row| {
                Ok(GroupLink {
                    entra: row.get(0)?,
                    group: row.get(1)?,
                    ownership: row.get(2)?,
                })
            },
        )?;
        for link in groups {
            links.group(link);
        }
        Ok(links)
    }

    /// Links a group. An owned group stays owned.
    pub fn link_group(
        &self,
        entra: &str,
        group: &str,
        ownership: Ownership,
    ) -> Result<(), StoreError> {
        self.change(|change| link_group(change, entra, group, ownership))
    }
}

/// Links a group. The ownership of the same group is only ever raised.
pub(super) fn link_group(
    connection: &Connection,
    entra: &str,
    group: &str,
    ownership: Ownership,
) -> rusqlite::Result<()> {
    let before: Option<Ownership> = connection
        .prepare_cached("SELECT ownership FROM group_links WHERE entra_id = ?1 AND group_id = ?2")?
        .query_row([entra, group], |row| row.get(0))
        .optional()?;
    let ownership = before.map_or(ownership, |before| before.raised(ownership));
    connection
        .prepare_cached(
            "INSERT INTO group_links VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET ownership = ?3, group_id = ?2",
        )?
        .execute(params![entra, group, ownership, now()])
        .map(drop)
}

/// Forgets a group that is gone.
pub(super) fn forget_group(connection: &Connection, group: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM group_links WHERE group_id = ?1")?
        .execute([group])
        .map(drop)
}
