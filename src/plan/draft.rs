//! A plan in the making, and what several stages ask of it.
//!
//! The stages each take it a step further: people, groups, memberships, leavers, and at last either
//! the admin's decisions or the inverse of a run.

use super::conflict::Conflict;
use super::doubts::ListingDoubt;
use super::inputs::Inputs;
use super::known::{Measured, TakenWhat};
use super::left_out::{About, Aside, LeftOut};
use super::matching::Matching;
use super::operation::Operation;
use super::scope::Standing;
use super::target::{Target, TargetState};
use crate::directory::GroupClass;
use hashbrown::HashSet;

/// A plan in the making.
pub(super) struct Draft<'a> {
    pub(super) inputs: &'a Inputs<'a>,
    pub(super) standing: Vec<Standing>,
    pub(super) matching: Matching,
    /// People whom this plan creates.
    pub(super) creating: HashSet<u32>,
    /// Accounts that this plan restores.
    pub(super) restoring: HashSet<u32>,
    pub(super) targets: Vec<Target>,
    pub(super) operations: Vec<Operation>,
    /// Conflicts, and who is left out.
    pub(super) aside: Aside,
    pub(super) unverified: HashSet<u32>,
    pub(super) measured: Measured,
    /// People in scope who have an active account.
    pub(super) with_account: u64,
    /// Listings that may not be whole.
    pub(super) doubts: Vec<ListingDoubt>,
    /// Operations that were cut out because something they need was.
    pub(super) orphaned: u64,
}

impl Draft<'_> {
    pub(super) fn skip(&mut self, about: About, why: LeftOut) {
        self.aside.skip(about, why);
    }

    pub(super) fn ask(&mut self, conflict: Conflict) -> bool {
        self.aside.ask(self.inputs, conflict)
    }

    /// Whether a profile only observes: then nothing is taken or given back either.
    pub(super) fn observes(&self) -> bool {
        let provisioning = &self.inputs.settings.provisioning;
        !(provisioning.import_users || provisioning.import_groups || provisioning.sync_memberships)
    }

    /// Whether it could be read who is an administrator: nothing is taken from anybody before.
    pub(super) fn admins_known(&self) -> bool {
        let mut groups = self.inputs.jira.iter_groups();
        groups.all(|(_, group)| group.class() != GroupClass::Protected || group.read())
    }

    /// Whether Rollbook suspended this account and its person is back.
    pub(super) fn is_given_back(&self, person: u32, account: u32) -> bool {
        let (entra, jira) = (self.inputs.entra, self.inputs.jira);
        !self.observes()
            && self.inputs.known.taken.iter().any(|taken| {
                taken.what == TakenWhat::Suspended
                    && taken.entra.as_str() == entra.person(person).id()
                    && taken.account.as_str() == jira.account(account).id()
            })
    }

    /// Whether Rollbook suspended this account.
    pub(super) fn is_suspended(&self, account: u32) -> bool {
        let id = self.inputs.jira.account(account).id();
        let mut taken = self.inputs.known.taken.iter();
        taken.any(|t| t.what == TakenWhat::Suspended && t.account.as_str() == id)
    }

    /// Whether an account is active, or will be by this plan.
    pub(super) fn is_active(&self, account: u32) -> bool {
        self.inputs.jira.account(account).active() || self.restoring.contains(&account)
    }

    /// The target that stands for a group of Jira's; one is made where no Entra group is behind it.
    pub(super) fn target_of(&mut self, row: u32) -> u32 {
        let known = (0u32..)
            .zip(&self.targets)
            .find(|(_, target)| target.jira == Some(row));
        if let Some((index, _)) = known {
            return index;
        }
        self.targets.push(Target {
            name: self.inputs.jira.group(row).name().to_owned(),
            entra: Vec::new(),
            jira: Some(row),
            state: TargetState::Confirmed,
            typed: false,
            known: false,
        });
        self.targets.len() as u32 - 1
    }
}
