//! Saved plans: written, checked, applied as they are.

use super::adopt::Adoption;
use super::error::{Elsewhere, PlanRefused, SyncError};
use super::export::private_file;
use super::planned::Planned;
use super::session::Session;
use crate::config::{ConfigError, refuse_exposed};
use crate::plan::{
    Document, GroupPair, OperationId, OperationRow, Pinned, Selection, TargetState, read_document,
    settings_digest, write_document,
};
use crate::store::State;
use jiff::Timestamp;
use std::collections::HashMap;
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// How old a saved plan may be, in seconds.
const AGE: i64 = 86400;
/// Bytes of the largest: of a million people with ten memberships each, at 200 bytes an operation.
const LARGEST: u64 = 2 << 30;

/// Writes a plan to a file that only its owner can read.
pub fn save(
    session: &Session,
    planned: &Planned,
    adoption: Option<&Adoption>,
    path: &Path,
) -> Result<(), SyncError> {
    let io = |source| SyncError::PlanFile {
        path: path.to_owned(),
        source,
    };
    let key = session.state.ensure_plan_key()?;
    let mut file = private_file(path).map_err(io)?;
    let mut head = planned.head(&session.profile.name);
    head.pinned = Some(Pinned {
        key: key.id(),
        tenant_id: session.identity.tenant_id.clone(),
        cloud_id: session.identity.cloud_id.clone(),
        settings: settings_digest(&planned.settings),
        adopts: adoption.map_or_else(Vec::new, Adoption::pairs),
        add_only: adoption.is_some_and(|adoption| adoption.add_only),
        undoes: planned.undo.as_ref().map(|undo| undo.run_id.clone()),
    });
    write_document(head, planned.rows(), Some(&key), &mut file).map_err(io)?;
    file.flush().map_err(io)
}

/// A plan that was read from a file.
#[derive(Debug, Clone)]
pub struct SavedPlan {
    /// The plan.
    pub document: Document,
    /// The file; named in errors.
    pub path: PathBuf,
}

/// The text of a file that nobody else could write, within its bounds.
fn read_whole(path: &Path) -> Result<String, SyncError> {
    let io = |source| SyncError::PlanFile {
        path: path.to_owned(),
        source,
    };
    let unusable = |why: &str| io(std::io::Error::new(ErrorKind::InvalidInput, why));
    // Opening a pipe would wait for its writer.
    if !std::fs::metadata(path).map_err(io)?.is_file() {
        return Err(unusable("it is no file"));
    }
    refuse_exposed(path).map_err(ConfigError::from)?;
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(io)?;
    let read = file.take(LARGEST + 1).read_to_string(&mut text);
    if read.map_err(io)? as u64 > LARGEST {
        return Err(unusable("it is larger than any plan"));
    }
    Ok(text)
}

/// Reads a saved plan and checks its version and age, and that this profile's state made it. A profile
/// without a state made none.
pub fn read_saved(
    path: PathBuf,
    profile: &str,
    state: Option<&State>,
    now: Timestamp,
) -> Result<SavedPlan, SyncError> {
    let text = read_whole(&path)?;
    let refused = |cause| SyncError::PlanRefused {
        path: path.clone(),
        cause,
    };
    let key = state.map(State::plan_key).transpose()?.flatten();
    let document =
        read_document(&text, key.as_ref()).map_err(|e| refused(PlanRefused::Document(e)))?;
    if document.profile != profile {
        return Err(refused(PlanRefused::Elsewhere(Elsewhere::Profile)));
    }
    let made: Option<Timestamp> = document.created_at.parse().ok();
    let now = now.as_second();
    if made.is_none_or(|made| !(-AGE..=AGE).contains(&(now - made.as_second()))) {
        return Err(refused(PlanRefused::Old));
    }
    Ok(SavedPlan { document, path })
}

/// What became of a saved plan's operations.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Matched {
    /// Cut out by hand.
    pub cut: u64,
    /// No longer needed.
    pub overtaken: u64,
    /// Still needed, but in another way: another account, address or group.
    pub changed: u64,
}

impl Matched {
    pub(super) const fn total(self) -> u64 {
        self.cut + self.overtaken + self.changed
    }
}

/// Narrows a fresh plan, from both directories as they are now, to what a saved one lets through:
/// what both hold is applied, what changed meanwhile is not overwritten, and nothing that was not
/// reviewed is added. Guards count what is left.
pub(super) fn narrow_to_saved(
    session: &Session,
    planned: &mut Planned,
    plan: &SavedPlan,
) -> Result<Matched, SyncError> {
    let saved = &plan.document;
    let refused = |cause| SyncError::PlanRefused {
        path: plan.path.clone(),
        cause,
    };
    let Some(pinned) = &saved.pinned else {
        let cause = crate::plan::DocumentError::NoHash;
        return Err(refused(PlanRefused::Document(cause)));
    };
    if pinned.tenant_id != session.identity.tenant_id {
        return Err(refused(PlanRefused::Elsewhere(Elsewhere::Tenant)));
    }
    if pinned.cloud_id != session.identity.cloud_id {
        return Err(refused(PlanRefused::Elsewhere(Elsewhere::Site)));
    }
    if pinned.settings != settings_digest(&planned.settings) {
        return Err(refused(PlanRefused::Settings));
    }
    let wanted: HashMap<&OperationId, &OperationRow> = saved
        .operations
        .iter()
        .filter(|row| row.selected != Some(false))
        .map(|row| (&row.id, row))
        .collect();
    let mut matched = narrow_to(planned, &wanted);
    matched.cut = (saved.operations.len() - wanted.len()) as u64;
    Ok(matched)
}

/// The same for operations that somebody agreed to: of the fresh plan stays what they hold too.
pub(super) fn carry_over(rows: &[OperationRow], fresh: &mut Planned) -> Matched {
    let wanted = rows.iter().map(|row| (&row.id, row)).collect();
    narrow_to(fresh, &wanted)
}

fn narrow_to(planned: &mut Planned, wanted: &HashMap<&OperationId, &OperationRow>) -> Matched {
    let (same, known) = unchanged(planned, wanted);
    let matched = Matched {
        cut: 0,
        overtaken: wanted.len() as u64 - known,
        changed: known - same.len() as u64,
    };
    planned.narrow(Selection::Operations(same));
    matched
}

/// Which of these operations a plan still holds as they were, and how many it holds at all.
pub(super) fn unchanged(
    planned: &Planned,
    wanted: &HashMap<&OperationId, &OperationRow>,
) -> (hashbrown::HashSet<OperationId>, u64) {
    let mut known = 0;
    let same = planned
        .plan
        .operations
        .iter()
        .map(|op| {
            let mirrored = op
                .target()
                .is_some_and(|t| planned.plan.targets[t as usize].state == TargetState::Owned);
            (planned.plan.row(&planned.inputs(), op), mirrored)
        })
        .filter(|(row, mirrored)| {
            wanted.get(&row.id).is_some_and(|saved| {
                known += 1;
                is_same(saved, row, *mirrored)
            })
        })
        .map(|(row, _)| row.id)
        .collect();
    (same, known)
}

/// Whether an operation does now what it was reviewed for: to the same account and address, in the
/// same group. What did not exist then may have been created since, by the plan itself.
fn is_same(saved: &OperationRow, now: &OperationRow, mirrored: bool) -> bool {
    let users = match (&saved.user, &now.user) {
        (Some(before), Some(now)) => {
            before.email == now.email
                && (before.account_id.is_none() || before.account_id == now.account_id)
        }
        (None, None) => true,
        _ => false,
    };
    let groups = match (&saved.group, &now.group) {
        (Some(before), Some(now)) => {
            before.name == now.name
                && (before.group_id == now.group_id || (before.group_id.is_none() && mirrored))
        }
        (None, None) => true,
        _ => false,
    };
    saved.kind == now.kind && users && groups
}

/// Whether an adoption that was agreed to is the one that would be made now.
pub(super) fn same_adoption(adoption: &Adoption, agreed: &[GroupPair]) -> bool {
    let sorted = |pairs: &[GroupPair]| {
        let mut ids: Vec<(String, String)> = pairs
            .iter()
            .map(|pair| (pair.group_id.clone(), pair.entra_id.clone()))
            .collect();
        ids.sort();
        ids
    };
    sorted(&adoption.pairs()) == sorted(agreed)
}
