//! Both sides as they were read, and what that proves.

use super::drift::Drift;
use crate::directory::{AccountId, EntraSnapshot, GroupId, JiraSnapshot};
use crate::plan::Verification;
use crate::store::{EntraNotes, Written};
use std::collections::HashSet;
use std::sync::Arc;

/// What was read in so many seconds counts as just now.
const RECENT: u32 = 600;

/// What of Jira was verified in this session.
#[derive(Debug, Clone, Default)]
pub(in crate::sync) struct Fresh {
    /// When the session began, seconds since 1970; what it reads is noted with this time.
    pub(in crate::sync) since: u32,
    /// All accounts.
    pub(in crate::sync) accounts: bool,
    /// All groups.
    pub(in crate::sync) groups: bool,
    /// Which groups make administrators, take seats or are synced by others.
    pub(in crate::sync) rights: bool,
    /// Accounts whose groups were read.
    pub(in crate::sync) members: HashSet<AccountId>,
    /// Accounts that were asked for by id.
    pub(in crate::sync) asked: HashSet<AccountId>,
    /// Accounts of which the organization was asked whether they are suspended.
    pub(in crate::sync) asked_organization: HashSet<AccountId>,
    /// Groups that were asked for by id.
    pub(in crate::sync) asked_groups: HashSet<GroupId>,
    /// Folded addresses that were looked up.
    pub(in crate::sync) addresses: HashSet<String>,
    /// Folded names of groups that were looked up.
    pub(in crate::sync) names: HashSet<String>,
}

/// Jira's side.
#[derive(Debug, Clone)]
pub(in crate::sync) struct JiraSide {
    pub(in crate::sync) snapshot: Arc<JiraSnapshot>,
    /// What runs wrote since it was read before; nothing if everything was read now.
    pub(in crate::sync) written: Arc<Written>,
    pub(in crate::sync) verification: Verification,
    pub(in crate::sync) fresh: Fresh,
    /// What somebody else changed since it was known.
    pub(in crate::sync) drift: Vec<Drift>,
}

impl JiraSide {
    /// Whether this was a short while ago.
    pub(in crate::sync) fn is_recent(&self, at: u32) -> bool {
        at + RECENT >= self.fresh.since
    }

    /// Whether a group's members were read in this session.
    pub(in crate::sync) fn is_fresh(&self, group: u32) -> bool {
        self.snapshot.group(group).verified() >= self.fresh.since
    }
}

/// Both sides as they are known now.
#[derive(Debug, Clone)]
pub(in crate::sync) struct Snapshots {
    /// Entra's side.
    pub(in crate::sync) entra: Arc<EntraSnapshot>,
    /// Jira's side, with what of it was verified just now.
    pub(in crate::sync) jira: JiraSide,
    pub(in crate::sync) entra_notes: EntraNotes,
    /// How many users the tenant counts, if it tells.
    pub(in crate::sync) counted: Option<u64>,
    /// Whether only changes were read of Entra.
    pub(in crate::sync) by_changes: bool,
}

/// What a read proved, beside the snapshots that it gave.
#[derive(Debug, Clone)]
pub(in crate::sync) struct Reading {
    entra_notes: EntraNotes,
    counted: Option<u64>,
    by_changes: bool,
    written: Arc<Written>,
    verification: Verification,
    fresh: Fresh,
    drift: Vec<Drift>,
}

impl Reading {
    /// What somebody else changed, to be told once.
    pub(in crate::sync) fn take_drift(&mut self) -> Vec<Drift> {
        std::mem::take(&mut self.drift)
    }
}

impl Snapshots {
    /// Both snapshots, and what was read of them.
    pub(in crate::sync) fn split(self) -> (Arc<EntraSnapshot>, Arc<JiraSnapshot>, Reading) {
        let jira = self.jira;
        let reading = Reading {
            entra_notes: self.entra_notes,
            counted: self.counted,
            by_changes: self.by_changes,
            written: jira.written,
            verification: jira.verification,
            fresh: jira.fresh,
            drift: jira.drift,
        };
        (self.entra, jira.snapshot, reading)
    }

    /// The same, together again.
    pub(in crate::sync) fn join(
        entra: Arc<EntraSnapshot>,
        jira: Arc<JiraSnapshot>,
        reading: Reading,
    ) -> Self {
        Self {
            entra,
            jira: JiraSide {
                snapshot: jira,
                written: reading.written,
                verification: reading.verification,
                fresh: reading.fresh,
                drift: reading.drift,
            },
            entra_notes: reading.entra_notes,
            counted: reading.counted,
            by_changes: reading.by_changes,
        }
    }
}
