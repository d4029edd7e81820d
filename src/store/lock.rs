//! One process at a time refreshes or applies.

use super::{StoreError, database};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;

/// Who holds a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Process id.
    pub pid: u32,
    /// Host.
    pub host: String,
    /// User.
    pub person: String,
    /// What it does, e.g. `apply`.
    pub doing: String,
    /// Since when, RFC 3339.
    pub since: String,
}

/// The lock, released when it is dropped or its process ends in any way.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock, or says who has it.
    pub fn take(path: &Path, owner: &Owner) -> Result<Self, StoreError> {
        let io = |source| StoreError::Io {
            path: path.to_owned(),
            source,
        };
        database::private(path).map_err(io)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let readable = file.read_to_string(&mut text).is_ok();
                return Err(StoreError::Locked {
                    owner: readable.then(|| serde_json::from_str(&text).ok()).flatten(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(io(source)),
        }
        let text = serde_json::to_string(owner).unwrap_or_default();
        file.set_len(0).map_err(io)?;
        file.rewind().map_err(io)?;
        file.write_all(text.as_bytes()).map_err(io)?;
        Ok(Self { _file: file })
    }
}
