//! Copies of `state.db` in the folder of backups.

use super::database;
use super::error::StoreError;
use super::files;
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// How the name of a copy begins that is one of those that are rotated.
const ROTATED: &str = "state-";

/// Keeps a copy of a state of an older form before it is brought to the newest, which has this
/// version. It is kept for good: only it can be read by the version before. Without a copy nothing is
/// changed.
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
    let version = database::version(&connection).map_err(sql)?;
    if version == 0 || version as usize >= newest {
        return Ok(());
    }
    let part = copy(folder, &connection)?.map_err(sql)?;
    // Somebody else may have brought it to the newest form meanwhile, with a copy of their own.
    let copied = Connection::open(&part).and_then(|part| database::version(&part));
    if copied.map_err(sql)? != version {
        return files::remove(&part).map_err(StoreError::io(&part));
    }
    let kept = folder.join(format!("before-{newest}-{}.db", files::stamp()));
    std::fs::rename(&part, &kept).map_err(StoreError::io(&kept))
}

/// A copy of a database in the folder of backups, under its name only when it is whole: the newest
/// of these is what a restore takes.
pub(super) fn copy_into(
    folder: &Path,
    connection: &Connection,
) -> Result<rusqlite::Result<PathBuf>, StoreError> {
    let part = match copy(folder, connection)? {
        Ok(part) => part,
        Err(error) => return Ok(Err(error)),
    };
    let copy = folder.join(format!("{ROTATED}{}.db", files::stamp()));
    std::fs::rename(&part, &copy).map_err(StoreError::io(&copy))?;
    Ok(Ok(copy))
}

/// A copy of a database that has no name yet.
fn copy(folder: &Path, connection: &Connection) -> Result<rusqlite::Result<PathBuf>, StoreError> {
    static COPIES: AtomicU64 = AtomicU64::new(0);
    files::private_folder(folder)?;
    // Another thread may be at it, too.
    let number = COPIES.fetch_add(1, Relaxed);
    let part = folder.join(format!("state-{}-{number}.part", std::process::id()));
    files::remove(&part).map_err(StoreError::io(&part))?;
    if let Err(error) = connection.execute("VACUUM INTO ?1", [part.to_string_lossy()]) {
        return Ok(Err(error));
    }
    files::make_private(&part).map_err(StoreError::io(&part))?;
    Ok(Ok(part))
}

/// Backups that are rotated, the oldest first.
pub(super) fn rotated(folder: &Path) -> Vec<PathBuf> {
    let mut found = backups(folder);
    found.retain(|path| {
        path.file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with(ROTATED))
    });
    found
}

/// Backups in a folder: those from before a migration, then the others, each the oldest first.
fn backups(folder: &Path) -> Vec<PathBuf> {
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
