//! Links and ownership in `state.db`.

use super::database::now;
use super::error::StoreError;
use super::state::State;
use crate::directory::{AccountId, EntraId, GroupId};
use crate::plan::{GroupLink, Links, Matched, Ownership, Reason};
use hashbrown::{HashMap, HashSet};
use rusqlite::{Connection, params};
use std::collections::BTreeSet;

/// How a link came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkedHow {
    /// By a visible e-mail.
    Email,
    /// By a look-up of a hidden e-mail.
    LookedUp,
    /// The admin confirmed it.
    Confirmed,
    /// Rollbook created the account.
    Created,
}

impl LinkedHow {
    /// How a plan matched the person.
    #[must_use]
    pub fn from_match(how: Matched) -> Self {
        match how {
            Matched::LookedUp => Self::LookedUp,
            Matched::Link | Matched::Email => Self::Email,
        }
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::LookedUp => "looked-up",
            Self::Confirmed => "confirmed",
            Self::Created => "created",
        }
    }
}

pub(super) const fn ownership_text(ownership: Ownership) -> &'static str {
    match ownership {
        Ownership::Confirmed => "confirmed",
        Ownership::Owned => "owned",
        Ownership::OwnedWithAccess => "owned-with-access",
    }
}

/// A link that is young enough for its account to be missing from listings still.
#[derive(Debug, Clone)]
pub struct YoungLink {
    /// Account.
    pub account: AccountId,
    /// Address.
    pub email: String,
    /// Name.
    pub name: String,
}

/// The last write to each membership, by group and account: whether it put the account into the
/// group.
pub type Written = HashMap<GroupId, HashMap<AccountId, bool>>;

impl State {
    /// All links.
    pub fn links(&self) -> Result<Links, StoreError> {
        let mut links = Links::default();
        let people = self.rows(
            "SELECT entra_id, account_id FROM people_links ORDER BY since, entra_id",
            [],
            |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)),
        )?;
        for (entra, account) in people {
            links.person(EntraId::new(&entra), AccountId::new(&account));
        }
        let groups = self.rows(
            "SELECT entra_id, group_id, ownership FROM group_links",
            [],
            |row| {
                Ok(GroupLink {
                    entra: EntraId::new(&row.get::<_, String>(0)?),
                    group: GroupId::new(&row.get::<_, String>(1)?),
                    ownership: match row.get::<_, String>(2)?.as_str() {
                        "owned" => Ownership::Owned,
                        "owned-with-access" => Ownership::OwnedWithAccess,
                        _ => Ownership::Confirmed,
                    },
                })
            },
        )?;
        for link in groups {
            links.group(link);
        }
        Ok(links)
    }

    /// Links made within the last `seconds`: their accounts may be missing from listings still.
    pub fn young_links(&self, seconds: i64) -> Result<Vec<YoungLink>, StoreError> {
        self.rows(
            "SELECT account_id, email, name FROM people_links WHERE how = 'created' AND since > ?1",
            [now() - seconds],
            |row| {
                Ok(YoungLink {
                    account: AccountId::new(&row.get::<_, String>(0)?),
                    email: row.get(1)?,
                    name: row.get(2)?,
                })
            },
        )
    }

    /// Jira says that it does not know this account: from now on the listing is believed.
    pub fn doubt_account(&self, account: &str) -> Result<(), StoreError> {
        self.connection
            .execute(
                "UPDATE people_links SET since = 0 WHERE account_id = ?1",
                [account],
            )
            .map(drop)
            .map_err(|e| self.sql(e))
    }

    /// People whom Rollbook created.
    pub fn created(&self) -> Result<BTreeSet<EntraId>, StoreError> {
        let ids = self.rows(
            "SELECT entra_id FROM people_links WHERE how = 'created'",
            [],
            |row| row.get::<_, String>(0),
        )?;
        Ok(ids.iter().map(|id| EntraId::new(id)).collect())
    }

    /// Who was put into a group for this reason, by the journal.
    pub fn given(&self, reason: Reason) -> Result<HashSet<(EntraId, GroupId)>, StoreError> {
        let rows = self.rows(
            "SELECT DISTINCT entra_id, group_id FROM journal
             WHERE kind = 'add_member' AND reason_code = ?1 AND outcome IN ('done', 'already')
             AND entra_id IS NOT NULL AND group_id IS NOT NULL",
            [reason.as_str()],
            |row| {
                Ok((
                    EntraId::new(&row.get::<_, String>(0)?),
                    GroupId::new(&row.get::<_, String>(1)?),
                ))
            },
        )?;
        Ok(rows.into_iter().collect())
    }

    /// Number of the run that began last; 0 if there was none.
    pub fn last_run(&self) -> Result<i64, StoreError> {
        self.connection
            .query_row("SELECT coalesce(max(number), 0) FROM runs", [], |row| {
                row.get(0)
            })
            .map_err(|e| self.sql(e))
    }

    /// Whether runs after this one wrote something, or may have.
    pub fn wrote_after(&self, run: i64) -> Result<bool, StoreError> {
        self.connection
            .query_row(
                "SELECT EXISTS (SELECT 1 FROM journal WHERE run > ?1
                   AND (outcome IS NULL OR outcome = 'done' OR unclear = 1))",
                [run],
                |row| row.get(0),
            )
            .map_err(|e| self.sql(e))
    }

    /// Accounts and groups that were suspended, restored, removed or deleted, or may have been, by
    /// runs after this one.
    pub fn ended_after(&self, run: i64) -> Result<(Vec<AccountId>, Vec<GroupId>), StoreError> {
        let accounts = self.rows(
            "SELECT DISTINCT account_id FROM journal WHERE run > ?1 AND account_id IS NOT NULL
             AND kind IN ('suspend_user', 'restore_user', 'remove_user')
             AND coalesce(outcome, '') <> 'not-made'",
            [run],
            |row| Ok(AccountId::new(&row.get::<_, String>(0)?)),
        )?;
        let groups = self.rows(
            "SELECT DISTINCT group_id FROM journal WHERE run > ?1 AND group_id IS NOT NULL
             AND kind = 'delete_group' AND coalesce(outcome, '') <> 'not-made'",
            [run],
            |row| Ok(GroupId::new(&row.get::<_, String>(0)?)),
        )?;
        Ok((accounts, groups))
    }

    /// Memberships that were written, or may have been, by runs after this one.
    pub fn written_after(&self, run: i64) -> Result<Written, StoreError> {
        let read = || -> rusqlite::Result<Written> {
            let mut written = Written::new();
            // Who was created in the same run had no account when the row was written.
            let mut statement = self.connection.prepare(
                "SELECT j.group_id, coalesce(j.account_id, p.account_id) AS account, j.kind
                 FROM journal j LEFT JOIN people_links p ON p.entra_id = j.entra_id
                 WHERE j.run > ?1 AND j.kind IN ('add_member', 'remove_member')
                 AND j.group_id IS NOT NULL AND account IS NOT NULL
                 AND coalesce(j.outcome, '') <> 'not-made' ORDER BY j.run, j.intent_at",
            )?;
            let mut rows = statement.query([run])?;
            while let Some(row) = rows.next()? {
                let group = row.get_ref(0)?.as_str()?;
                let account = AccountId::new(row.get_ref(1)?.as_str()?);
                let added = row.get_ref(2)?.as_str()? == "add_member";
                if !written.contains_key(group) {
                    written.insert(GroupId::new(group), HashMap::new());
                }
                if let Some(accounts) = written.get_mut(group) {
                    accounts.insert(account, added);
                }
            }
            Ok(written)
        };
        read().map_err(|e| self.sql(e))
    }

    /// Links a person to an account; whatever either was linked to before is unlinked.
    pub fn link_person(
        &self,
        entra: &str,
        account: &str,
        how: LinkedHow,
        email: &str,
        name: &str,
    ) -> Result<(), StoreError> {
        link_person(&self.connection, entra, account, how, email, name).map_err(|e| self.sql(e))
    }

    /// Unlinks a person.
    pub fn unlink_person(&self, entra: &str) -> Result<(), StoreError> {
        self.connection
            .execute("DELETE FROM people_links WHERE entra_id = ?1", [entra])
            .map(drop)
            .map_err(|e| self.sql(e))
    }

    /// Unlinks a group.
    pub fn unlink_group(&self, entra: &str) -> Result<(), StoreError> {
        self.connection
            .execute("DELETE FROM group_links WHERE entra_id = ?1", [entra])
            .map(drop)
            .map_err(|e| self.sql(e))
    }

    /// Links a group. An owned group stays owned.
    pub fn link_group(
        &self,
        entra: &str,
        group: &str,
        ownership: Ownership,
    ) -> Result<(), StoreError> {
        link_group(&self.connection, entra, group, ownership).map_err(|e| self.sql(e))
    }
}

pub(super) fn link_person(
    connection: &Connection,
    entra: &str,
    account: &str,
    how: LinkedHow,
    email: &str,
    name: &str,
) -> rusqlite::Result<()> {
    connection.execute(
        "DELETE FROM people_links WHERE account_id = ?1 AND entra_id <> ?2",
        [account, entra],
    )?;
    connection
        .execute(
            "INSERT INTO people_links (entra_id, account_id, how, email, name, since)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT DO UPDATE SET account_id = ?2, how = ?3, email = ?4, name = ?5, since = ?6",
            params![entra, account, how.as_str(), email, name, now()],
        )
        .map(drop)
}

pub(super) fn link_group(
    connection: &Connection,
    entra: &str,
    group: &str,
    ownership: Ownership,
) -> rusqlite::Result<()> {
    connection
        .execute(
            "INSERT INTO group_links VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET
               ownership = CASE
                 WHEN group_id = ?2 AND ownership = 'owned-with-access' THEN ownership
                 WHEN group_id = ?2 AND ownership = 'owned' AND ?3 = 'confirmed' THEN ownership
                 ELSE ?3 END,
               group_id = ?2",
            params![entra, group, ownership_text(ownership), now()],
        )
        .map(drop)
}
