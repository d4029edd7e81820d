//! The table `new_accounts`: accounts that Rollbook created and no listing has shown active yet.

use super::database::now;
use super::error::StoreError;
use super::state::State;
use crate::directory::AccountId;
use hashbrown::HashSet;
use rusqlite::{Connection, params};

impl State {
    /// Accounts that Rollbook created and no listing has shown active yet.
    pub fn new_accounts(&self) -> Result<HashSet<AccountId>, StoreError> {
        let ids = self.rows("SELECT account_id FROM new_accounts", [], |row| row.get(0))?;
        Ok(ids.into_iter().collect())
    }

    /// Notes that these accounts have been active, or are gone.
    pub fn note_active<'a>(
        &self,
        accounts: impl IntoIterator<Item = &'a AccountId>,
    ) -> Result<(), StoreError> {
        self.change(|change| {
            let sql = "DELETE FROM new_accounts WHERE account_id = ?1";
            let mut forget = change.prepare_cached(sql)?;
            for account in accounts {
                forget.execute([account])?;
            }
            Ok(())
        })
    }
}

/// Notes an account that Rollbook created.
pub(super) fn note_new(connection: &Connection, account: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO new_accounts VALUES (?1, ?2)")?
        .execute(params![account, now()])
        .map(drop)
}
