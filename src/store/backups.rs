//! Copies of `state.db`: kept, rotated, restored.

use super::database;
use super::error::StoreError;
use super::lock::{Lock, Owner};
use super::state::State;
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

fn stamp() -> String {
    jiff::Timestamp::now()
        .strftime("%Y%m%dT%H%M%S%3f")
        .to_string()
}

fn io(path: &Path) -> impl Fn(std::io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::Io {
        path: path.clone(),
        source,
    }
}

impl State {
    /// Keeps a copy of the state as it is now, and drops the oldest copies. Gives the copy.
    pub fn back_up(&self) -> Result<PathBuf, StoreError> {
        let copy = copy_into(&self.backups, &self.connection)?.map_err(|e| self.sql(e))?;
        let all = backups(&self.backups);
        for old in all.iter().rev().skip(KEPT) {
            std::fs::remove_file(old).map_err(io(old))?;
        }
        Ok(copy)
    }
}

/// Keeps a copy of a state of an older form before it is brought to the newest. Without one nothing
/// is changed.
pub(super) fn before_migration(path: &Path, folder: &Path) -> Result<(), StoreError> {
    if !std::fs::metadata(path).is_ok_and(|file| file.len() > 0) {
        return Ok(());
    }
    let sql = |source| StoreError::Sql {
        path: path.to_owned(),
        source,
    };
    let connection = rusqlite::Connection::open(path).map_err(sql)?;
    connection
        .busy_timeout(std::time::Duration::from_secs(10))
        .map_err(sql)?;
    let version: u32 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(sql)?;
    if version == 0 || version as usize >= super::state::MIGRATIONS.len() {
        return Ok(());
    }
    copy_into(folder, &connection)?.map(drop).map_err(sql)
}

/// A copy of a database in the folder of backups, under its name only when it is whole: the newest
/// of these is what a restore takes.
fn copy_into(
    folder: &Path,
    connection: &rusqlite::Connection,
) -> Result<rusqlite::Result<PathBuf>, StoreError> {
    std::fs::create_dir_all(folder).map_err(io(folder))?;
    let part = folder.join(format!("state-{}.part", std::process::id()));
    remove(&part)?;
    if let Err(error) = connection.execute("VACUUM INTO ?1", [part.to_string_lossy()]) {
        return Ok(Err(error));
    }
    private(&part)?;
    let copy = folder.join(format!("state-{}.db", stamp()));
    std::fs::rename(&part, &copy).map_err(io(&copy))?;
    Ok(Ok(copy))
}

fn private(path: &Path) -> Result<(), StoreError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(io(path))?;
    }
    Ok(())
}

/// Backups in a folder, the oldest first.
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

pub(super) fn newest(folder: &Path) -> Option<PathBuf> {
    backups(folder).pop()
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
    let next = folder.join("state.restored");
    std::fs::copy(&from, &next).map_err(io(&from))?;
    private(&next)?;
    // A backup that is no good must not replace anything.
    let good = database::open(&next, &super::state::MIGRATIONS).and_then(|copy| {
        let sql = |source| StoreError::Sql {
            path: from.clone(),
            source,
        };
        let check: String = copy
            .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
            .map_err(sql)?;
        let fits: i64 = copy
            .query_row("SELECT count(*) FROM runs", [], |row| row.get(0))
            .map_err(sql)?;
        copy.execute_batch("PRAGMA journal_mode = DELETE;")
            .map_err(sql)?;
        Ok(check == "ok" && fits >= 0)
    });
    if !matches!(good, Ok(true)) {
        remove(&next)?;
        return Err(StoreError::BadBackup {
            path: from,
            cause: match good {
                Err(error) => error.to_string(),
                Ok(_) => "it is damaged, too".to_owned(),
            },
        });
    }
    // On disk before anything takes its name.
    std::fs::File::open(&next)
        .and_then(|file| file.sync_all())
        .map_err(io(&next))?;
    let aside = if path.exists() {
        let aside = folder.join(format!("state-aside-{}.db", stamp()));
        std::fs::rename(&path, &aside).map_err(io(&path))?;
        // What was written last may stand in the log beside it alone.
        let log = folder.join("state.db-wal");
        if log.exists() {
            let mut beside = aside.clone().into_os_string();
            beside.push("-wal");
            std::fs::rename(&log, beside).map_err(io(&log))?;
        }
        Some(aside)
    } else {
        None
    };
    for name in [
        "state.db-wal",
        "state.db-shm",
        "mirror.db",
        "mirror.db-wal",
        "mirror.db-shm",
    ] {
        remove(&folder.join(name))?;
    }
    std::fs::rename(&next, &path).map_err(io(&next))?;
    Ok(Restored { from, aside })
}

fn remove(path: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(io(path)(error)),
        _ => Ok(()),
    }
}
