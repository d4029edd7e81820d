//! Restoring a profile's state from a backup.

use super::clock::Clock;
use super::error::SyncError;
use super::session::who;
use crate::store::{self, Owner, Restored};
use std::path::Path;

/// Restores the state in a profile's folder from this backup, or from the newest. Needs the profile's
/// lock, so that no run is under way; an open console finds the restored file by itself.
pub fn restore(folder: &Path, from: Option<&Path>, clock: Clock) -> Result<Restored, SyncError> {
    let (host, person) = who();
    let owner = Owner {
        pid: std::process::id(),
        host,
        person,
        doing: "state restore".to_owned(),
        since: clock.stamp(),
    };
    Ok(store::restore(folder, from, &owner)?)
}
