//! Files that only their owner can read, and the moments in their names.
//!
//! A profile's files hold names and addresses: each is made with mode 0600 before anything is
//! written to it.

use super::error::StoreError;
use crate::config::refuse_exposed;
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
/// and never followed, unless it leads to what is no file, such as a terminal or `/dev/stdout`: that is
/// written to as it is. A named pipe is refused, since it might wait for a reader for ever.
pub fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true);
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.is_file() => std::fs::remove_file(path)?,
        Ok(found) if found.is_symlink() && !is_device(path) => std::fs::remove_file(path)?,
        Ok(found) if is_pipe(&found) => {
            return Err(io::Error::new(
                ErrorKind::InvalidInput,
                "a named pipe, which waits until somebody reads; write to a file, or to /dev/stdout",
            ));
        }
        Ok(_) => return options.open(path),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    // Somebody may put another one in its place meanwhile: then it fails.
    options.create_new(true);
    with_mode(&mut options).open(path)
}

/// Whether a link leads to what is no file, or is the system's own: what it calls standard output.
fn is_device(path: &Path) -> bool {
    let dev = path.parent().and_then(|folder| folder.canonicalize().ok());
    dev.is_some_and(|folder| folder == Path::new("/dev") || folder.starts_with("/proc"))
        || std::fs::metadata(path).is_ok_and(|found| !found.is_file())
}

fn is_pipe(found: &std::fs::Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        found.file_type().is_fifo()
    }
    #[cfg(not(unix))]
    {
        let _ = found;
        false
    }
}

/// Makes a folder that only its owner may enter, where others may put nothing in its place.
pub fn private_folder(path: &Path) -> Result<(), StoreError> {
    refuse_exposed(path)?;
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(path).map_err(StoreError::io(path))?;
    // Somebody may have been quicker.
    refuse_exposed(path)?;
    close(path, 0o700).map_err(StoreError::io(path))
}

/// Refuses a file that others could have written, and closes it to their eyes, if it is there.
pub fn claim(path: &Path) -> Result<(), StoreError> {
    refuse_exposed(path)?;
    match close(path, 0o600) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(StoreError::io(path)(error)),
        _ => Ok(()),
    }
}

/// Takes from a mode what others may do.
fn close(path: &Path, to: u32) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
        if std::fs::metadata(path)?.mode() & 0o077 != 0 {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(to))?;
        }
    }
    #[cfg(not(unix))]
    let _ = (path, to);
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
