//! Opening SQLite files.

use super::error::StoreError;
use super::files;
use rusqlite::{Connection, ErrorCode, TransactionBehavior};
use std::path::Path;
use std::time::Duration;

/// How often a database that others are switching is tried again, and after how long.
const GLANCES: u32 = 500;
const GLANCE: Duration = Duration::from_millis(20);

/// Opens a database, creates it if it is missing (readable by its owner only), and brings it to
/// the newest schema.
pub(super) fn open(path: &Path, migrations: &[&str]) -> Result<Connection, StoreError> {
    files::ensure_private(path).map_err(StoreError::io(path))?;
    let sql = |source| StoreError::sql(path, source);
    let mut connection = Connection::open(path).map_err(sql)?;
    connection
        .execute_batch("PRAGMA busy_timeout = 10000; PRAGMA foreign_keys = ON;")
        .and_then(|()| write_ahead(&connection))
        .map_err(sql)?;
    let version = version(&connection).map_err(sql)?;
    if version as usize > migrations.len() {
        return Err(StoreError::Newer {
            path: path.to_owned(),
        });
    }
    for (number, migration) in (1u32..).zip(migrations).skip(version as usize) {
        let change = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(sql)?;
        // Somebody else may have been here since: the version counts that nobody can change now.
        if self::version(&change).map_err(sql)? >= number {
            continue;
        }
        change.execute_batch(migration).map_err(sql)?;
        change
            .pragma_update(None, "user_version", number)
            .map_err(sql)?;
        change.commit().map_err(sql)?;
    }
    Ok(connection)
}

/// Switches to a write-ahead log. Where several open a database that has none, `SQLite` refuses all but
/// one at once instead of letting them wait.
#[expect(
    clippy::disallowed_methods,
    reason = "nothing tells when another one has switched it"
)]
fn write_ahead(connection: &Connection) -> rusqlite::Result<()> {
    let mut tries = 0;
    loop {
        match connection.execute_batch("PRAGMA journal_mode = WAL;") {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && tries < GLANCES =>
            {
                tries += 1;
                std::thread::sleep(GLANCE);
            }
            switched => return switched,
        }
    }
}

/// The version of a database's schema; 0 where it has none.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<u32> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Seconds since 1970.
pub(super) fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// Counts are never negative and stay far below 2⁶³.
pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// As a column holds a count.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
