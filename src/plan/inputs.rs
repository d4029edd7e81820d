//! What a plan is made from.
//!
//! The same inputs give the same plan. All of them are borrowed: planning copies no directory.

use super::guards::Allowances;
use super::known::Known;
use super::operation::{Kind, OperationId};
use super::reason::Reason;
use super::settings::Settings;
use crate::directory::{AccountId, EntraId, EntraSnapshot, GroupId, JiraSnapshot};
use hashbrown::{HashMap, HashSet};
use jiff::civil::Date;
use std::collections::BTreeSet;

/// Whether a person confirms the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// A person confirms.
    Attended,
    /// Nobody does: only what guards let through is applied.
    Unattended,
}

/// Everything that a plan depends on.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// Entra's side.
    pub entra: &'a EntraSnapshot,
    /// Jira's side.
    pub jira: &'a JiraSnapshot,
    /// What is known from before.
    pub known: &'a Known,
    /// Settings.
    pub settings: &'a Settings,
    /// Today's date.
    pub today: Date,
    /// Whether somebody confirms it. Changes what guards hold, never the operations.
    pub mode: Mode,
    /// What the admin allows.
    pub allowances: &'a Allowances,
    /// Which operations are wanted. Guards count only those.
    pub selection: &'a Selection,
    /// A run that is to be taken back: then the plan holds that and nothing else.
    pub undo: Option<&'a Undo>,
}

/// Which of the operations that a plan would have are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Selection {
    /// All of them.
    #[default]
    Everything,
    /// Memberships of this Jira group.
    Group(GroupId),
    /// These.
    Operations(HashSet<OperationId>),
}

/// A write that a run made, as its journal tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Operation id.
    pub id: OperationId,
    /// What it was.
    pub kind: Kind,
    /// Why it was made; none where that is known in words alone.
    pub reason: Option<Reason>,
    /// The person.
    pub entra: Option<EntraId>,
    /// The person's name.
    pub name: String,
    /// The account.
    pub account: Option<AccountId>,
    /// The group in Jira.
    pub group: Option<GroupId>,
    /// The group's name.
    pub group_name: String,
    /// Whether what it created was proven absent before.
    pub proven_new: bool,
}

/// A run that is to be taken back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Undo {
    /// Its id.
    pub run_id: String,
    /// What it did.
    pub writes: Vec<Write>,
    /// The groups that it created, with the members that this profile's runs put there: whoever
    /// else is in them was put there by somebody else.
    pub filled: HashMap<GroupId, BTreeSet<AccountId>>,
}

impl Undo {
    /// Ids of the groups that it is about.
    pub(super) fn groups(&self) -> impl Iterator<Item = &str> {
        let groups = self.writes.iter().filter_map(|write| write.group.as_ref());
        groups.map(GroupId::as_str)
    }
}
