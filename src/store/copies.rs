//! Copies of `state.db` in the folder of backups.

use super::error::StoreError;
use super::files;
use rusqlite::Connection;
use std::path::{Path, PathBuf};

/// Keeps a copy of a state of an older form before it is brought to the newest, which has this
/// version. Without a copy nothing is changed.
pub(super) fn before_migration(
    path: &Path,
    folder: &Path,
    newest: usize,
) -> Result<(), StoreError> {
    if !std::fs::metadata(path).is_ok_and(|file| file.len() > 0) {
        return Ok(());
    }
    let sql = |source| StoreError::sql(path, source);
    let connection = Connection::open(path).map_err(sql)?;
    connection
        .busy_timeout(std::time::Duration::from_secs(10))
        .map_err(sql)?;
    let version: u32 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(sql)?;
    if version == 0 || version as usize >= newest {
        return Ok(());
    }
    copy_into(folder, &connection)?.map(drop).map_err(sql)
}

/// A copy of a database in the folder of backups, under its name only when it is whole: the newest
/// of these is what a restore takes.
pub(super) fn copy_into(
    folder: &Path,
    connection: &Connection,
) -> Result<rusqlite::Result<PathBuf>, StoreError> {
    std::fs::create_dir_all(folder).map_err(StoreError::io(folder))?;
    let part = folder.join(format!("state-{}.part", std::process::id()));
    files::remove(&part).map_err(StoreError::io(&part))?;
    if let Err(error) = connection.execute("VACUUM INTO ?1", [part.to_string_lossy()]) {
        return Ok(Err(error));
    }
    files::make_private(&part).map_err(StoreError::io(&part))?;
    let copy = folder.join(format!("state-{}.db", files::stamp()));
    std::fs::rename(&part, &copy).map_err(StoreError::io(&copy))?;
    Ok(Ok(copy))
}

/// Backups in a folder, the oldest first.
pub(super) fn backups(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "db"))
        .collect();
    found.sort();
    found
}

/// The newest backup in a folder.
pub(super) fn newest(folder: &Path) -> Option<PathBuf> {
    backups(folder).pop()
}
