//! Who else may write what is read here: they would decide where tokens go, and which programs run.

use super::error::ConfigError;
use std::path::Path;

/// Refuses a file that somebody else may write, or who may put another one in its place: the owner of the
/// file or of a folder above it, or whom their modes let in. One that does not exist is no matter.
pub(super) fn refuse_foreign(path: &Path) -> Result<(), ConfigError> {
    #[cfg(unix)]
    {
        let Ok(file) = std::fs::canonicalize(path) else {
            return Ok(());
        };
        for place in file.ancestors() {
            check(place)?;
        }
        // A link may be in the hands of others although what it leads to is not.
        if let Some(folder) = path.parent().filter(|folder| folder.exists()) {
            check(folder)?;
        }
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

#[cfg(unix)]
fn check(path: &Path) -> Result<(), ConfigError> {
    use std::os::unix::fs::MetadataExt as _;
    let found = std::fs::metadata(path).map_err(|source| ConfigError::Io {
        path: path.to_owned(),
        source,
    })?;
    let (owner, mode) = (found.uid(), found.mode() & 0o7777);
    let me = rustix::process::getuid().as_raw();
    // In a folder with the sticky bit, such as /tmp, nobody can replace what is another's.
    let is_sticky = found.is_dir() && mode & 0o1000 != 0;
    if owner != me && owner != 0 {
        return Err(ConfigError::ForeignOwner {
            path: path.to_owned(),
            owner,
        });
    }
    if mode & 0o022 != 0 && !is_sticky {
        return Err(ConfigError::OpenToWriters {
            path: path.to_owned(),
            mode,
        });
    }
    Ok(())
}
