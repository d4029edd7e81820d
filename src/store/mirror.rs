//! `mirror.db`: both snapshots, delta links, verification times, look-ups. A cache, rebuilt when
//! damaged.

use super::database::{self, now};
use super::error::StoreError;
use super::files;
use super::identity::Identity;
use crate::directory::{AccountId, EntraSnapshot, JiraSnapshot};
use crate::plan::{LookUp, LookUps, Verification};
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, params};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const MIGRATIONS: [&str; 2] = [
    include_str!("../../assets/migrations/mirror-1.sql"),
    include_str!("../../assets/migrations/mirror-2.sql"),
];
/// How long an answer to a look-up is believed, in seconds.
const BELIEVED: i64 = 7 * 86400;
/// Bytes of one part of a column: a change of a few rows does not write the whole column anew.
const PART: usize = 1 << 20;
/// What is kept of `mirror.db`'s log after a save, in bytes.
const LOG: i64 = 4 << 20;
const META: &str = "mirror";

/// How Entra was read last.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct EntraNotes {
    /// The link to the next changes of users.
    pub users_link: Option<String>,
    /// The link to the next changes of groups.
    pub groups_link: Option<String>,
    /// Whether members of hidden groups could be read.
    pub reads_hidden: bool,
    /// When it was last read as a whole, seconds since 1970.
    pub whole_at: u32,
}

/// What a listing proved, in words, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// Which, e.g. `Entra users`.
    pub name: String,
    /// How it is known to be whole, or what is doubtful.
    pub words: String,
    /// Whether it is in doubt.
    pub doubtful: bool,
}

/// Everything that the mirror keeps of both sides.
#[derive(Debug, Clone)]
pub struct Mirrored {
    /// Entra's side.
    pub entra: Arc<EntraSnapshot>,
    /// Jira's side.
    pub jira: Arc<JiraSnapshot>,
    /// How Entra was read.
    pub entra_notes: EntraNotes,
    /// How far Jira's verification is.
    pub verification: Verification,
    /// What the listings proved.
    pub listings: Vec<Listing>,
}

#[derive(Serialize, Deserialize)]
struct Meta {
    tenant_id: String,
    cloud_id: String,
    entra: EntraNotes,
    jira: Verification,
    listings: Vec<Listing>,
}

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
        for tail in ["", "-wal", "-shm"] {
            files::claim(&folder.join(format!("mirror.db{tail}")))?;
        }
        let (connection, rebuilt) = if let Some(connection) = readable(&path)? {
            (connection, false)
        } else {
            for tail in ["", "-wal", "-shm"] {
                let file = folder.join(format!("mirror.db{tail}"));
                files::remove(&file).map_err(StoreError::io(&file))?;
            }
            (database::open(&path, &MIGRATIONS)?, true)
        };
        // A cache need not survive a power cut, and never becomes inconsistent by one.
        connection
            .execute_batch(&format!(
                "PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = {LOG};"
            ))
            .map_err(|source| StoreError::sql(&path, source))?;
        Ok(Self {
            connection,
            path,
            rebuilt,
        })
    }

    fn sql(&self, source: rusqlite::Error) -> StoreError {
        StoreError::sql(&self.path, source)
    }

    /// Remembered look-ups.
    pub fn look_ups(&self) -> Result<LookUps, StoreError> {
        let read = || -> rusqlite::Result<LookUps> {
            let mut look_ups = LookUps::default();
            let mut statement = self
                .connection
                .prepare("SELECT address, accounts, exact FROM look_ups WHERE at > ?1")?;
            let mut rows = statement.query([now() - BELIEVED])?;
            while let Some(row) = rows.next()? {
                let accounts: String = row.get(1)?;
                let accounts = accounts.split_whitespace().map(AccountId::new).collect();
                let exact = row.get(2)?;
                look_ups.remember(row.get(0)?, LookUp { accounts, exact });
            }
            Ok(look_ups)
        };
        read().map_err(|e| self.sql(e))
    }

    /// Remembers answers by folded address.
    pub fn remember(&mut self, answers: &[(String, LookUp)]) -> Result<(), StoreError> {
        let mut write = || -> rusqlite::Result<()> {
            let change = self.connection.transaction()?;
            for (address, answer) in answers {
                let accounts: Vec<&str> = answer.accounts.iter().map(AccountId::as_str).collect();
                change.execute(
                    "INSERT INTO look_ups VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT DO UPDATE SET accounts = ?2, exact = ?3, at = ?4",
                    params![address, accounts.join(" "), answer.exact, now()],
                )?;
            }
            change.commit()
        };
        write().map_err(|source| StoreError::sql(&self.path, source))
    }

    /// Swaps in both sides, in one transaction.
    pub fn keep(&mut self, identity: &Identity, mirrored: &Mirrored) -> Result<(), StoreError> {
        let path = self.path.clone();
        let meta = Meta {
            tenant_id: identity.tenant_id.clone(),
            cloud_id: identity.cloud_id.clone(),
            entra: mirrored.entra_notes.clone(),
            jira: mirrored.verification.clone(),
            listings: mirrored.listings.clone(),
        };
        // Plain data: its serialization can't fail.
        let meta = serde_json::to_string(&meta).unwrap_or_default();
        let mut write = || -> rusqlite::Result<()> {
            let change = self.connection.transaction()?;
            mirrored
                .entra
                .columns(&mut |name, bytes| put(&change, name, bytes))?;
            mirrored
                .jira
                .columns(&mut |name, bytes| put(&change, name, bytes))?;
            change.execute(
                "INSERT INTO meta VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2",
                [META, &meta],
            )?;
            change.commit()
        };
        write().map_err(|source| StoreError::sql(&path, source))
    }

    /// Forgets both sides: what was kept is not believed any more, and everything is read again.
    pub fn forget(&mut self) -> Result<(), StoreError> {
        self.connection
            .execute("DELETE FROM meta WHERE key = ?1", [META])
            .map(drop)
            .map_err(|e| self.sql(e))
    }

    /// Both sides as they were kept; none if there is nothing, if it is another tenant's or site's,
    /// or if it is damaged, which [`Mirror::rebuilt`] tells then.
    pub fn recall(&mut self, identity: &Identity) -> Option<Mirrored> {
        let meta: String = match self.value(META) {
            Ok(found) => found?,
            Err(_) => return self.damaged(),
        };
        let Ok(meta) = serde_json::from_str::<Meta>(&meta) else {
            return self.damaged();
        };
        if meta.tenant_id != identity.tenant_id || meta.cloud_id != identity.cloud_id {
            return None;
        }
        let connection = &self.connection;
        let mut get = |name: &'static str| get(connection, name);
        let entra = EntraSnapshot::from_columns(&mut get);
        let jira = JiraSnapshot::from_columns(&mut get);
        let (Some(entra), Some(jira)) = (entra, jira) else {
            return self.damaged();
        };
        Some(Mirrored {
            entra: Arc::new(entra),
            jira: Arc::new(jira),
            entra_notes: meta.entra,
            verification: meta.jira,
            listings: meta.listings,
        })
    }

    /// Looks at a mirror that somebody else may be writing: nothing is changed, and one that can't
    /// be read is none.
    #[must_use]
    pub fn peek(folder: &Path) -> Option<Self> {
        let path = folder.join("mirror.db");
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&path, flags).ok()?;
        let version: u32 = connection
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .ok()?;
        (version as usize == MIGRATIONS.len()).then_some(Self {
            connection,
            path,
            rebuilt: false,
        })
    }

    /// What the listings proved when they were read last.
    #[must_use]
    pub fn last_listings(folder: &Path) -> Vec<Listing> {
        let meta = Self::peek(folder).and_then(|mirror| mirror.value(META).ok()?);
        let meta: Option<Meta> = meta.and_then(|meta| serde_json::from_str(&meta).ok());
        meta.map_or_else(Vec::new, |meta| meta.listings)
    }

    fn value(&self, key: &str) -> rusqlite::Result<Option<String>> {
        self.connection
            .query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| {
                row.get(0)
            })
            .optional()
    }

    fn damaged(&mut self) -> Option<Mirrored> {
        self.rebuilt = true;
        None
    }
}

/// Opens a mirror; none if it is damaged or of a newer program: it is only a cache, and made anew.
fn readable(path: &Path) -> Result<Option<Connection>, StoreError> {
    let connection = match database::open(path, &MIGRATIONS) {
        Err(StoreError::Sql { .. } | StoreError::Newer { .. }) => return Ok(None),
        other => other?,
    };
    let check = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
    Ok(check.is_ok_and(|check| check == "ok").then_some(connection))
}

/// Keeps a column; parts that are there already are not written again.
fn put(connection: &Connection, name: &str, bytes: &[u8]) -> rusqlite::Result<()> {
    let mut known =
        connection.prepare_cached("SELECT sum FROM columns WHERE name = ?1 AND part = ?2")?;
    let mut write = connection.prepare_cached(
        "INSERT INTO columns VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET sum = ?3, bytes = ?4",
    )?;
    let mut parts = 0u32;
    for part in bytes.chunks(PART) {
        let sum = Sha256::digest(part);
        let there: Option<Vec<u8>> = known
            .query_row(params![name, parts], |row| row.get(0))
            .optional()?;
        if there.as_deref() != Some(sum.as_slice()) {
            write.execute(params![name, parts, sum.as_slice(), part])?;
        }
        parts += 1;
    }
    if parts == 0 {
        // An empty column is one, too.
        write.execute(params![
            name,
            0,
            Sha256::digest([]).as_slice(),
            &[0u8; 0][..]
        ])?;
        parts = 1;
    }
    connection
        .prepare_cached("DELETE FROM columns WHERE name = ?1 AND part >= ?2")?
        .execute(params![name, parts])
        .map(drop)
}

/// A column; none if it is missing or damaged.
fn get(connection: &Connection, name: &str) -> Option<Vec<u8>> {
    let mut statement = connection
        .prepare_cached("SELECT part, sum, bytes FROM columns WHERE name = ?1 ORDER BY part")
        .ok()?;
    let mut rows = statement.query([name]).ok()?;
    let (mut column, mut expected) = (Vec::new(), 0u32);
    while let Some(row) = rows.next().ok()? {
        let part: u32 = row.get(0).ok()?;
        let sum = row.get_ref(1).ok()?.as_blob().ok()?;
        let bytes = row.get_ref(2).ok()?.as_blob().ok()?;
        if part != expected || Sha256::digest(bytes).as_slice() != sum {
            return None;
        }
        column.extend_from_slice(bytes);
        expected += 1;
    }
    (expected > 0).then_some(column)
}
