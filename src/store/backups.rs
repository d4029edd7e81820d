//! Copies of `state.db`: rotated, restored.

use super::copies::{copy_into, newest, rotated};
use super::database;
use super::error::StoreError;
use super::files;
use super::lock::Lock;
use super::owner::Owner;
use super::state::{MIGRATIONS, State};
use crate::config::refuse_exposed;
use std::path::{Path, PathBuf};

/// How many are kept.
const KEPT: usize = 10;

/// A state that was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The backup.
    pub from: PathBuf,
    /// Where what was there before is now, if anything was.
    pub aside: Option<PathBuf>,
}

impl State {
    /// Keeps a copy of the state as it is now, and drops the oldest copies. Gives the copy.
    pub fn back_up(&self) -> Result<PathBuf, StoreError> {
        let copy = copy_into(&self.backups, &self.connection)?.map_err(|e| self.sql(e))?;
        let all = rotated(&self.backups);
        for old in all.iter().rev().skip(KEPT) {
            std::fs::remove_file(old).map_err(StoreError::io(old))?;
        }
        Ok(copy)
    }
}

/// Restores a profile's state from this backup, or from the newest. What is there now is moved
/// aside, never overwritten; the mirror is dropped, since it may be ahead of the restored state.
pub fn restore(folder: &Path, from: Option<&Path>, owner: &Owner) -> Result<Restored, StoreError> {
    let _lock = Lock::take(&folder.join("lock"), owner)?;
    let path = folder.join("state.db");
    let from = match from {
        Some(from) => from.to_owned(),
        None => newest(&folder.join("backups")).ok_or_else(|| StoreError::StateMissing {
            path: path.clone(),
            backup: None,
        })?,
    };
    refuse_exposed(&from)?;
    let next = folder.join("state.restored");
    std::fs::copy(&from, &next).map_err(StoreError::io(&from))?;
    files::make_private(&next).map_err(StoreError::io(&next))?;
    // A backup that is no good must not replace anything.
    if let Err(cause) = usable(&next, &from) {
        files::remove(&next).map_err(StoreError::io(&next))?;
        return Err(StoreError::BadBackup { path: from, cause });
    }
    // On disk before anything takes its name.
    std::fs::File::open(&next)
        .and_then(|file| file.sync_all())
        .map_err(StoreError::io(&next))?;
    let aside = set_aside(folder, &path)?;
    for name in [
        "state.db-wal",
        "state.db-shm",
        "mirror.db",
        "mirror.db-wal",
        "mirror.db-shm",
    ] {
        let file = folder.join(name);
        files::remove(&file).map_err(StoreError::io(&file))?;
    }
    std::fs::rename(&next, &path).map_err(StoreError::io(&next))?;
    Ok(Restored { from, aside })
}

/// Whether a copy of this backup can take the state's place, or what is wrong with it.
fn usable(copy: &Path, from: &Path) -> Result<(), String> {
    let sql = |source| StoreError::sql(from, source).to_string();
    let copy = database::open(copy, &MIGRATIONS).map_err(|error| error.to_string())?;
    let check: String = copy
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(sql)?;
    let _runs: i64 = copy
        .query_row("SELECT count(*) FROM runs", [], |row| row.get(0))
        .map_err(sql)?;
    copy.execute_batch("PRAGMA journal_mode = DELETE;")
        .map_err(sql)?;
    if check == "ok" {
        Ok(())
    } else {
        Err("it is damaged, too".to_owned())
    }
}

/// Moves the state that is there out of the way; gives its new place.
fn set_aside(folder: &Path, path: &Path) -> Result<Option<PathBuf>, StoreError> {
    if !path.exists() {
        return Ok(None);
    }
    let aside = folder.join(format!("state-aside-{}.db", files::stamp()));
    std::fs::rename(path, &aside).map_err(StoreError::io(path))?;
    // What was written last may stand in the log beside it alone.
    let log = folder.join("state.db-wal");
    if log.exists() {
        let mut beside = aside.clone().into_os_string();
        beside.push("-wal");
        std::fs::rename(&log, beside).map_err(StoreError::io(&log))?;
    }
    Ok(Some(aside))
}
