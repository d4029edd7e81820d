//! One process at a time refreshes or applies.

use super::error::StoreError;
use super::files;
use super::owner::Owner;
use crate::config::refuse_exposed;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read as _, Seek as _, Write as _};
use std::path::Path;
use std::time::Duration;

/// The lock, released when it is dropped or its process ends in any way.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Whether somebody holds a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// Nobody.
    Nobody,
    /// This process itself.
    Oneself,
    /// Somebody else; unknown in the moment in which they write down who they are.
    Another(Option<Owner>),
}

/// How often a lock is asked for again that somebody may only be looking at.
const GLANCES: u32 = 4;
const GLANCE: Duration = Duration::from_millis(15);

impl Lock {
    /// Takes the lock, or says who has it.
    pub fn take(path: &Path, owner: &Owner) -> Result<Self, StoreError> {
        let io = StoreError::io(path);
        files::claim(path)?;
        files::ensure_private(path).map_err(&io)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .map_err(&io)?;
        let mut glances = 0;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if glances < GLANCES => {
                    glances += 1;
                    #[expect(
                        clippy::disallowed_methods,
                        reason = "the operating system can't tell when a shared lock is given back"
                    )]
                    std::thread::sleep(GLANCE);
                }
                Err(TryLockError::WouldBlock) => {
                    let owner = owner_in(&mut file);
                    return Err(StoreError::Locked { owner });
                }
                Err(TryLockError::Error(source)) => return Err(io(source)),
            }
        }
        let text = serde_json::to_string(owner).unwrap_or_default();
        file.set_len(0).map_err(&io)?;
        file.rewind().map_err(&io)?;
        file.write_all(text.as_bytes()).map_err(&io)?;
        Ok(Self { _file: file })
    }

    /// Who holds the lock just now. Whoever takes it meanwhile waits out this glance at it.
    pub fn holder(path: &Path) -> Result<Holder, StoreError> {
        let io = StoreError::io(path);
        refuse_exposed(path)?;
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Holder::Nobody),
            Err(source) => return Err(io(source)),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(Holder::Nobody),
            Err(TryLockError::WouldBlock) => Ok(match owner_in(&mut file) {
                Some(owner) if owner.pid == std::process::id() => Holder::Oneself,
                owner => Holder::Another(owner),
            }),
            Err(TryLockError::Error(source)) => Err(io(source)),
        }
    }
}

/// The owner that the file names, if it is whole.
fn owner_in(file: &mut File) -> Option<Owner> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}
