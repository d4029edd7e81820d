//! The table `people_links`: which account a person has, since when, and who of them is a leaver.

use super::codes::stored;
use super::database::now;
use super::error::StoreError;
use super::state::State;
use crate::directory::{AccountId, EntraId, fold};
use crate::plan::{Links, LinksBuilder, Matched, QuestionCode};
use hashbrown::HashSet;
use jiff::civil::Date;
use rusqlite::{Connection, params};
use std::collections::{BTreeMap, BTreeSet};

/// How a link came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkedHow {
    /// By its e-mail, which it shows, or of which a service says that it is this account's.
    Email,
    /// By a search for a hidden e-mail, and its name: nothing is taken on the strength of it.
    LookedUp,
    /// The admin confirmed it.
    Confirmed,
    /// Rollbook created the account.
    Created,
}

impl LinkedHow {
    const ALL: [Self; 4] = [Self::Email, Self::LookedUp, Self::Confirmed, Self::Created];

    /// How a plan matched the person.
    #[must_use]
    pub fn from_match(how: Matched) -> Self {
        match how {
            Matched::Named => Self::LookedUp,
            Matched::Link | Matched::Email | Matched::LookedUp => Self::Email,
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

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|how| how.as_str() == text)
    }
}

stored! { LinkedHow: "way to link a person" }

/// A person with the account that was recognised as theirs.
#[derive(Debug, Clone, Copy)]
pub struct PersonLink<'a> {
    /// Entra id.
    pub entra: &'a str,
    /// Account id.
    pub account: &'a str,
    /// How it was recognised.
    pub how: LinkedHow,
    /// The address that the account shows; empty where it hides it.
    pub email: &'a str,
    /// The person's name.
    pub name: &'a str,
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

impl State {
    /// Who has which account.
    pub(super) fn people(&self) -> Result<Links, StoreError> {
        let read = || -> rusqlite::Result<Links> {
            let mut links = LinksBuilder::default();
            let sql = "SELECT entra_id, account_id FROM people_links";
            let mut statement = self.connection.prepare(sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                links.person(row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_str()?);
            }
            Ok(links.finish())
        };
        read().map_err(|e| self.sql(e))
    }

    /// Links made within the last `seconds`: their accounts may be missing from listings still.
    pub fn young_links(&self, seconds: i64) -> Result<Vec<YoungLink>, StoreError> {
        self.rows(
            "SELECT account_id, email, name FROM people_links WHERE how = ?1 AND since > ?2",
            params![LinkedHow::Created, now() - seconds],
            |row| {
                Ok(YoungLink {
                    account: row.get(0)?,
                    email: row.get(1)?,
                    name: row.get(2)?,
                })
            },
        )
    }

    /// Jira says that it does not know this account: from now on the listing is believed.
    pub fn doubt_account(&self, account: &str) -> Result<(), StoreError> {
        self.execute(
            "UPDATE people_links SET since = 0 WHERE account_id = ?1",
            [account],
        )
    }

    /// People whom Rollbook created.
    pub fn created(&self) -> Result<BTreeSet<EntraId>, StoreError> {
        let ids = self.rows(
            "SELECT entra_id FROM people_links WHERE how = ?1",
            [LinkedHow::Created],
            |row| row.get(0),
        )?;
        Ok(ids.into_iter().collect())
    }

    /// People who are linked by a name alone.
    pub fn linked_by_name(&self) -> Result<HashSet<EntraId>, StoreError> {
        let sql = "SELECT entra_id FROM people_links WHERE how = ?1";
        let ids = self.rows(sql, [LinkedHow::LookedUp], |row| row.get(0))?;
        Ok(ids.into_iter().collect())
    }

    /// The addresses under which these people are linked, with their accounts.
    pub fn addresses_of(
        &self,
        people: &HashSet<EntraId>,
    ) -> Result<Vec<(EntraId, AccountId, String)>, StoreError> {
        let sql =
            "SELECT entra_id, account_id, email FROM people_links WHERE how = ?1 AND email <> ''";
        let mut rows: Vec<(EntraId, AccountId, String)> =
            self.rows(sql, [LinkedHow::LookedUp], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?;
        rows.retain(|(person, ..)| people.contains(person));
        Ok(rows)
    }

    /// A service says that these people have the addresses under which they are linked.
    pub fn prove_links<'a>(
        &self,
        people: impl IntoIterator<Item = &'a EntraId>,
    ) -> Result<(), StoreError> {
        self.change(|change| {
            let sql = "UPDATE people_links SET how = ?2 WHERE entra_id = ?1 AND how = ?3";
            let mut prove = change.prepare_cached(sql)?;
            for person in people {
                prove.execute(params![person, LinkedHow::Email, LinkedHow::LookedUp])?;
            }
            Ok(())
        })
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
        self.change(|change| link_person(change, entra, account, how, email, name))
    }

    /// Notes that these linked people, and no others, are disabled in Entra or gone from it. Who was
    /// enrolled is a leaver from the first day of it.
    pub fn note_gone(&self, gone: &[&str], today: Date) -> Result<(), StoreError> {
        let still: HashSet<&str> = gone.iter().copied().collect();
        let leavers = self.leavers()?;
        let back = leavers.keys().filter(|id| !still.contains(id.as_str()));
        self.change(|change| {
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
                    .execute(params![id, today.to_string()])?;
            }
            Ok(())
        })
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
            Ok((row.get(0)?, row.get::<_, String>(1)?))
        })?;
        let listed = rows
            .into_iter()
            .filter(|(_, email)| addresses.contains(&fold(email)));
        Ok(listed.map(|(account, _)| account).collect())
    }

    /// Leavers, with the day since which they are gone.
    pub fn leavers(&self) -> Result<BTreeMap<EntraId, Date>, StoreError> {
        let rows = self.rows(
            "SELECT entra_id, left_on FROM people_links WHERE left_on IS NOT NULL",
            [],
            |row| Ok((row.get(0)?, row.get::<_, String>(1)?)),
        )?;
        Ok(rows
            .into_iter()
            .filter_map(|(id, day)| Some((id, day.parse().ok()?)))
            .collect())
    }

    /// Enrols linked people whom an applied snapshot shows enabled and in scope, and notes under which
    /// address: an account that hides its own is known by it when its person is gone. `address` gives
    /// that of who takes part, empty where there is none. Whose account stood on a standing list, and was
    /// left alone there, stands there no more: should they leave, that is another question.
    pub fn enrol(&self, address: impl Fn(&str) -> Option<String>) -> Result<(), StoreError> {
        let people: Vec<(String, String, bool)> = self.rows(
            "SELECT entra_id, email, enrolled FROM people_links",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        let alone: HashSet<String> = self
            .rows(
                "SELECT entra_id FROM people_links JOIN questions_left_alone
                 ON subject = account_id AND code = ?1",
                [QuestionCode::StandingList],
                |row| row.get(0),
            )?
            .into_iter()
            .collect();
        self.change(|change| {
            for (id, known, enrolled) in people {
                let Some(mut now) = address(&id) else {
                    continue;
                };
                if alone.contains(&id) {
                    change
                        .prepare_cached(
                            "DELETE FROM questions_left_alone WHERE code = ?1 AND subject =
                             (SELECT account_id FROM people_links WHERE entra_id = ?2)",
                        )?
                        .execute(params![QuestionCode::StandingList, id])?;
                }
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
            Ok(())
        })
    }
}

/// Unlinks whoever else has this account.
fn free(connection: &Connection, account: &str, but: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM people_links WHERE account_id = ?1 AND entra_id <> ?2")?
        .execute([account, but])
        .map(drop)
}

/// Links a person to an account, in whatever way that came about.
pub(super) fn link_person(
    connection: &Connection,
    entra: &str,
    account: &str,
    how: LinkedHow,
    email: &str,
    name: &str,
) -> rusqlite::Result<()> {
    free(connection, account, entra)?;
    connection
        .prepare_cached(
            "INSERT INTO people_links (entra_id, account_id, how, email, name, since)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT DO UPDATE SET account_id = ?2, how = ?3, email = ?4, name = ?5, since = ?6",
        )?
        .execute(params![entra, account, how, email, name, now()])
        .map(drop)
}

/// Links a person to the account that an administrator says is theirs. A link to that same account
/// stays what it was, so that an account that Rollbook created remains one, unless a name alone spoke for
/// it. With another account
/// nothing is left of the former link, and a leaver's mark least of all.
pub(super) fn confirm_person(
    connection: &Connection,
    person: &EntraId,
    account: &AccountId,
    email: &str,
    name: &str,
) -> rusqlite::Result<()> {
    free(connection, account.as_str(), person.as_str())?;
    let same = connection
        .prepare_cached(
            "UPDATE people_links SET email = coalesce(nullif(?3, ''), email),
               name = coalesce(nullif(?4, ''), name),
               how = CASE how WHEN ?5 THEN ?6 ELSE how END
             WHERE entra_id = ?1 AND account_id = ?2",
        )?
        .execute(params![
            person,
            account,
            email,
            name,
            LinkedHow::LookedUp,
            LinkedHow::Confirmed
        ])?;
    if same > 0 {
        return Ok(());
    }
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO people_links (entra_id, account_id, how, email, name, since)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            person,
            account,
            LinkedHow::Confirmed,
            email,
            name,
            now()
        ])
        .map(drop)
}

/// Unlinks a person from an account that is somebody else's.
pub(super) fn unlink_person(
    connection: &Connection,
    person: &EntraId,
    account: &AccountId,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM people_links WHERE entra_id = ?1 AND account_id = ?2")?
        .execute(params![person, account])
        .map(drop)
}

/// Forgets an account that is gone.
pub(super) fn forget_account(connection: &Connection, account: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM people_links WHERE account_id = ?1")?
        .execute([account])
        .map(drop)
}
