//! Saved plans: written, checked, applied as they are.

use super::adopt::Adoption;
use super::error::{PlanRefused, SyncError};
use super::planning::Planned;
use super::session::Session;
use crate::plan::{
    Document, GroupPair, Kind, OperationId, Pinned, read_document, settings_digest, write_document,
};
use std::collections::HashSet;
use std::fs::OpenOptions;
use std::io::{BufWriter, Write as _};
use std::path::Path;

/// How old a saved plan may be, in seconds.
const AGE: i64 = 86400;

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
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = BufWriter::new(options.open(path).map_err(io)?);
    let mut head = planned.head(&session.profile.name);
    head.pinned = Some(Pinned {
        tenant_id: session.identity.tenant_id.clone(),
        cloud_id: session.identity.cloud_id.clone(),
        settings: settings_digest(&planned.settings),
        adopts: adoption.map_or_else(Vec::new, Adoption::pairs),
    });
    write_document(head, planned.rows(), &mut file).map_err(io)?;
    file.flush().map_err(io)
}

/// Reads a saved plan and checks its hash, version and age.
pub fn read_saved(path: &Path, profile: &str) -> Result<Document, SyncError> {
    let text = std::fs::read_to_string(path).map_err(|source| SyncError::PlanFile {
        path: path.to_owned(),
        source,
    })?;
    let refused = |cause| SyncError::PlanRefused {
        path: path.to_owned(),
        cause,
    };
    let document = read_document(&text).map_err(|e| refused(PlanRefused::Document(e)))?;
    if document.profile != profile {
        return Err(refused(PlanRefused::Other("profile")));
    }
    let made: Option<jiff::Timestamp> = document.created_at.parse().ok();
    let now = jiff::Timestamp::now().as_second();
    if made.is_none_or(|made| !(-AGE..=AGE).contains(&(now - made.as_second()))) {
        return Err(refused(PlanRefused::Old));
    }
    Ok(document)
}

/// Which operations of a fresh plan a saved one lets through.
#[derive(Debug, Default)]
pub struct Selection {
    /// Indices into the fresh plan.
    pub chosen: Vec<u32>,
    /// Operations of the saved plan that guards hold now.
    pub held: u64,
    /// Operations that were cut out, and those that Jira no longer needs.
    pub cut: u64,
    /// How many of those are no longer needed.
    pub overtaken: u64,
}

/// Matches a saved plan with a fresh one from both directories as they are now: what both hold is
/// applied, what changed meanwhile is not overwritten, and nothing that was not reviewed is added.
pub fn select(
    session: &Session,
    planned: &Planned,
    saved: &Document,
    path: &Path,
) -> Result<Selection, SyncError> {
    let refused = |cause| SyncError::PlanRefused {
        path: path.to_owned(),
        cause,
    };
    let Some(pinned) = &saved.pinned else {
        return Err(refused(PlanRefused::Document(
            crate::plan::DocumentError::NoHash,
        )));
    };
    if pinned.tenant_id != session.identity.tenant_id {
        return Err(refused(PlanRefused::Other("Entra tenant")));
    }
    if pinned.cloud_id != session.identity.cloud_id {
        return Err(refused(PlanRefused::Other("Jira site")));
    }
    if pinned.settings != settings_digest(&planned.settings) {
        return Err(refused(PlanRefused::Settings));
    }
    let wanted: HashSet<&OperationId> = saved
        .operations
        .iter()
        .filter(|row| row.selected != Some(false))
        .map(|row| &row.id)
        .collect();
    let inputs = planned.inputs();
    let mut selection = Selection::default();
    let mut found = 0;
    for (index, op) in (0u32..).zip(&planned.plan.operations) {
        if !wanted.contains(&planned.plan.operation_id(&inputs, op)) {
            continue;
        }
        found += 1;
        if op.held.is_empty() {
            selection.chosen.push(index);
        } else {
            selection.held += 1;
        }
    }
    selection.overtaken = wanted.len() as u64 - found;
    selection.cut = saved.operations.len() as u64 - found;
    Ok(selection)
}

impl Adoption {
    /// What a saved plan keeps of an adoption.
    #[must_use]
    pub fn pairs(&self) -> Vec<GroupPair> {
        self.entra
            .iter()
            .map(|entra| GroupPair {
                entra_id: entra.as_str().to_owned(),
                group_id: self.group.as_str().to_owned(),
            })
            .collect()
    }

    /// Whether an operation belongs to this adoption.
    pub(super) fn concerns(kind: Kind) -> bool {
        matches!(kind, Kind::AddMember | Kind::RemoveMember)
    }
}
