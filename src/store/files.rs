//! Files that only their owner can read, and the moments in their names.
//!
//! A profile's files hold names and addresses: each is made with mode 0600 before anything is
//! written to it.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::Path;

fn with_mode(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options
}

/// Makes the file, readable by its owner only, where there is none. One that is there isn't touched:
/// POSIX drops all locks that this program holds on a file, SQLite's among them, as soon as the
/// program closes that file anywhere.
pub(super) fn ensure_private(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    match with_mode(&mut options).open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Which file a path leads to, so that one that was put in its place is told from it.
pub(super) type FileId = (u64, u64);

/// The file that a path leads to; none where there is none, and where no other can take the place of
/// one that is open.
pub(super) fn id(path: &Path) -> Option<FileId> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let file = std::fs::metadata(path).ok()?;
        Some((file.dev(), file.ino()))
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

/// A new, empty file that only its owner can read, in the place of one that was there. A link is replaced,
/// and never followed; what is no file, such as a terminal, is written to as it is.
pub fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true);
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.is_file() || found.is_symlink() => std::fs::remove_file(path)?,
        Ok(_) => return options.open(path),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    // Somebody may put another one in its place meanwhile: then it fails.
    options.create_new(true);
    with_mode(&mut options).open(path)
}

/// Makes a folder that only its owner may enter.
pub fn private_folder(path: &Path) -> io::Result<()> {
    std::fs::create_dir_all(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
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
