//! Files that only their owner can read, and the moments in their names.
//!
//! A profile's files hold names and addresses: each is made with mode 0600 before anything is
//! written to it.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::Path;

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options
}

/// Makes sure that the file exists, readable by its owner only; what it holds stays.
pub(super) fn ensure_private(path: &Path) -> io::Result<()> {
    private().append(true).open(path).map(drop)
}

/// A new, empty file that only its owner can read.
pub fn create_private(path: &Path) -> io::Result<File> {
    private().write(true).truncate(true).open(path)
}

/// Closes a file that is there to everybody but its owner.
pub(super) fn make_private(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// Removes a file, if it is there.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// This moment as a part of a file's name; later ones sort after it.
pub(super) fn stamp() -> String {
    jiff::Timestamp::now()
        .strftime("%Y%m%dT%H%M%S%3f")
        .to_string()
}
