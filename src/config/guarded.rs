//! Who else may write what is read here: they would decide where tokens go, and which programs run.

use std::path::{Path, PathBuf};

/// Why a file or folder isn't used: others could have put into it what they like.
#[derive(Debug, thiserror::Error)]
pub enum Exposed {
    /// Others may write it.
    #[error("{} can be written by other users of this machine (mode {mode:o})", .path.display())]
    Writable {
        /// The file, or a folder above it.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// It is somebody else's.
    #[error("{} belongs to another user of this machine (uid {owner})", .path.display())]
    Foreign {
        /// The file, a link on the way to it, or a folder above it.
        path: PathBuf,
        /// The owner's user id.
        owner: u32,
    },
    /// That can't be found out.
    #[error("{}: {source}", .path.display())]
    Unknown {
        /// The file, or a folder above it.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

/// Refuses a file or folder that somebody else may write, or who may put another one in its place: the
/// owner of it, of a link that leads to it or of a folder above it, or whom their modes let in. Of what
/// does not exist yet, the folders that do are looked at.
pub fn refuse_exposed(path: &Path) -> Result<(), Exposed> {
    #[cfg(unix)]
    {
        let named = std::path::absolute(path).map_err(|source| Exposed::Unknown {
            path: path.to_owned(),
            source,
        })?;
        // A link may be in the hands of others although what it leads to is not.
        named.ancestors().try_for_each(check)?;
        let mut there = named.ancestors();
        if let Some(real) = there.find_map(|place| std::fs::canonicalize(place).ok()) {
            real.ancestors().try_for_each(check)?;
        }
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

#[cfg(unix)]
fn check(path: &Path) -> Result<(), Exposed> {
    use std::os::unix::fs::MetadataExt as _;
    let found = match std::fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(source) => {
            return Err(Exposed::Unknown {
                path: path.to_owned(),
                source,
            });
        }
    };
    let (owner, mode) = (found.uid(), found.mode() & 0o7777);
    let me = rustix::process::getuid().as_raw();
    if owner != me && owner != 0 {
        return Err(Exposed::Foreign {
            path: path.to_owned(),
            owner,
        });
    }
    // In a folder with the sticky bit, such as /tmp, nobody can replace what is another's. A link has no
    // mode of its own.
    let is_sticky = found.is_dir() && mode & 0o1000 != 0;
    if mode & 0o022 != 0 && !is_sticky && !found.is_symlink() {
        return Err(Exposed::Writable {
            path: path.to_owned(),
            mode,
        });
    }
    Ok(())
}
