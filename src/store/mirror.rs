//! `mirror.db`: both snapshots, delta links, look-ups. A cache, rebuilt when damaged.

use super::database::{self, now};
use super::error::StoreError;
use crate::directory::{AccountId, EntraSnapshot, JiraSnapshot, Membership, Memberships};
use crate::plan::LookUps;
use rusqlite::{Connection, params};
use std::path::{Path, PathBuf};

const MIGRATIONS: [&str; 1] = [include_str!("../../assets/migrations/mirror-1.sql")];
/// How long an answer to a look-up is believed, in seconds.
const BELIEVED: i64 = 7 * 86400;

/// The mirror of one profile.
#[derive(Debug)]
pub struct Mirror {
    connection: Connection,
    path: PathBuf,
    /// Whether it was damaged and has been made anew.
    pub rebuilt: bool,
}

impl Mirror {
    /// Opens the mirror in a profile's folder. One that is damaged, or of a newer program, is
    /// dropped and made anew.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join("mirror.db");
        let opened = database::open(&path, &MIGRATIONS).and_then(|connection| {
            let sql = |source| StoreError::Sql {
                path: path.clone(),
                source,
            };
            let check: String = connection
                .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
                .map_err(sql)?;
            if check == "ok" {
                Ok(connection)
            } else {
                Err(sql(rusqlite::Error::InvalidQuery))
            }
        });
        let (connection, rebuilt) = match opened {
            Ok(connection) => (connection, false),
            Err(StoreError::Sql { .. } | StoreError::Newer { .. }) => {
                for tail in ["", "-wal", "-shm"] {
                    let file = folder.join(format!("mirror.db{tail}"));
                    match std::fs::remove_file(&file) {
                        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                            return Err(StoreError::Io { path: file, source });
                        }
                        _ => {}
                    }
                }
                (database::open(&path, &MIGRATIONS)?, true)
            }
            Err(error) => return Err(error),
        };
        Ok(Self {
            connection,
            path,
            rebuilt,
        })
    }

    fn sql(&self, source: rusqlite::Error) -> StoreError {
        StoreError::Sql {
            path: self.path.clone(),
            source,
        }
    }

    /// Remembered look-ups.
    pub fn look_ups(&self) -> Result<LookUps, StoreError> {
        let read = || -> rusqlite::Result<LookUps> {
            let mut look_ups = LookUps::default();
            let mut statement = self
                .connection
                .prepare("SELECT address, accounts FROM look_ups WHERE at > ?1")?;
            let mut rows = statement.query([now() - BELIEVED])?;
            while let Some(row) = rows.next()? {
                let accounts: String = row.get(1)?;
                let accounts = accounts.split_whitespace().map(AccountId::new).collect();
                look_ups.remember(row.get(0)?, accounts);
            }
            Ok(look_ups)
        };
        read().map_err(|e| self.sql(e))
    }

    /// Remembers answers: folded address and the accounts found.
    pub fn remember(&mut self, answers: &[(String, Vec<AccountId>)]) -> Result<(), StoreError> {
        let mut write = || -> rusqlite::Result<()> {
            let change = self.connection.transaction()?;
            for (address, accounts) in answers {
                let accounts: Vec<&str> = accounts.iter().map(AccountId::as_str).collect();
                change.execute(
                    "INSERT INTO look_ups VALUES (?1, ?2, ?3)
                     ON CONFLICT DO UPDATE SET accounts = ?2, at = ?3",
                    params![address, accounts.join(" "), now()],
                )?;
            }
            change.commit()
        };
        write().map_err(|e| StoreError::Sql {
            path: self.path.clone(),
            source: e,
        })
    }

    /// Swaps in both snapshots and the links that give Entra's next changes, in one transaction.
    pub fn keep(
        &mut self,
        entra: &EntraSnapshot,
        jira: &JiraSnapshot,
        delta_links: (&str, &str),
    ) -> Result<(), StoreError> {
        let mut write = || -> rusqlite::Result<()> {
            let change = self.connection.transaction()?;
            change.execute_batch(
                "DELETE FROM entra_people; DELETE FROM entra_groups;
                 DELETE FROM jira_accounts; DELETE FROM jira_groups; DELETE FROM meta;",
            )?;
            keep_entra(&change, entra)?;
            keep_jira(&change, jira)?;
            for (key, value) in [
                ("delta_users", delta_links.0),
                ("delta_groups", delta_links.1),
                ("read_at", &now().to_string()),
            ] {
                change.execute("INSERT INTO meta VALUES (?1, ?2)", [key, value])?;
            }
            change.commit()
        };
        write().map_err(|e| StoreError::Sql {
            path: self.path.clone(),
            source: e,
        })
    }
}

fn bytes(members: &Memberships, group: u32) -> Vec<u8> {
    members
        .of(group)
        .iter()
        .flat_map(|row| row.to_le_bytes())
        .collect()
}

fn keep_entra(connection: &Connection, entra: &EntraSnapshot) -> rusqlite::Result<()> {
    let mut insert =
        connection.prepare("INSERT INTO entra_people VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
    for (row, person) in entra.iter_people() {
        let flags = u8::from(person.enabled())
            | u8::from(person.guest()) << 1
            | u8::from(person.licensed()) << 2;
        insert.execute(params![
            row,
            person.id(),
            person.name(),
            person.mail(),
            person.upn(),
            flags
        ])?;
    }
    let mut insert =
        connection.prepare("INSERT INTO entra_groups VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
    for (row, group) in entra.iter_groups() {
        insert.execute(params![
            row,
            group.id(),
            group.name(),
            group.kind() as u8,
            group.membership() == Membership::Hidden,
            bytes(entra.direct(), row),
            bytes(entra.nested(), row)
        ])?;
    }
    Ok(())
}

fn keep_jira(connection: &Connection, jira: &JiraSnapshot) -> rusqlite::Result<()> {
    let mut insert =
        connection.prepare("INSERT INTO jira_accounts VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
    for (row, account) in jira.iter_accounts() {
        insert.execute(params![
            row,
            account.id(),
            account.name(),
            account.email(),
            account.active(),
            account.kind() as u8
        ])?;
    }
    let mut insert = connection.prepare("INSERT INTO jira_groups VALUES (?1, ?2, ?3, ?4, ?5)")?;
    for (row, group) in jira.iter_groups() {
        let members = group.read().then(|| bytes(jira.members(), row));
        insert.execute(params![
            row,
            group.id(),
            group.name(),
            group.class() as u8,
            members
        ])?;
    }
    Ok(())
}
