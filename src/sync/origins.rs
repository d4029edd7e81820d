//! Where secrets may go: to the origins that they went to before, and to others once a person has said so.
//!
//! Whoever may edit an address in the configuration could otherwise have the secrets sent to a machine of
//! their own.

use super::error::{OriginChange, SyncError};
use crate::config::{Paths, Profile};
use crate::plan::Side;
use crate::store::{Origins, State};

/// Where a profile's secrets go.
pub(super) fn origins(profile: &Profile) -> Origins {
    Origins {
        login: profile.login.to_string(),
        graph: profile.graph.to_string(),
        site: profile.site.to_string(),
        api: profile.api.to_string(),
    }
}

/// The origins of these sides that nobody has confirmed. A profile that never connected has none.
pub(super) fn unconfirmed(
    state: &State,
    profile: &Profile,
    sides: &[Side],
) -> Result<Vec<OriginChange>, SyncError> {
    let Some(before) = state.origins()? else {
        return Ok(Vec::new());
    };
    let now = origins(profile);
    let all = [
        (Side::Entra, "entra.login_url", before.login, now.login),
        (Side::Entra, "entra.graph_url", before.graph, now.graph),
        (Side::Jira, "jira.site_url", before.site, now.site),
        (Side::Jira, "jira.api_url", before.api, now.api),
    ];
    let changed = all
        .into_iter()
        .filter(|(side, _, before, now)| sides.contains(side) && before != now);
    Ok(changed
        .map(|(side, setting, before, now)| OriginChange {
            side,
            setting,
            before,
            now,
        })
        .collect())
}

/// Refuses to go on where secrets would go somewhere else than before.
pub(super) fn refuse(changes: Vec<OriginChange>) -> Result<(), SyncError> {
    if changes.is_empty() {
        Ok(())
    } else {
        Err(SyncError::OriginsChanged(changes))
    }
}

/// The state of a profile that has one.
fn state(profile: &Profile, paths: &Paths) -> Result<Option<State>, SyncError> {
    let folder = paths.profile(&profile.name);
    if !folder.join("state.born").exists() {
        return Ok(None);
    }
    Ok(Some(State::open(&folder)?))
}

/// Fails with [`SyncError::OriginsChanged`] where this profile's secrets would go somewhere else than before
/// on one of these sides, and nobody has said that they may. Sends nothing, and takes no lock.
pub fn refuse_unconfirmed(
    profile: &Profile,
    paths: &Paths,
    sides: &[Side],
) -> Result<(), SyncError> {
    match state(profile, paths)? {
        Some(state) => refuse(unconfirmed(&state, profile, sides)?),
        None => Ok(()),
    }
}

/// Keeps that a person lets this profile's secrets go where the configuration says now.
pub fn confirm_origins(profile: &Profile, paths: &Paths) -> Result<(), SyncError> {
    if let Some(state) = state(profile, paths)? {
        state.pin_origins(&origins(profile))?;
    }
    Ok(())
}
