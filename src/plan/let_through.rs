//! What allowing guards lets through, by name and to the last one: whoever allows a number sees whom it
//! lets in.

use super::guards::{GuardName, Held};
use super::inputs::Inputs;
use super::operation::{Kind, Operation};
use super::plan::Plan;
use crate::text::{counted, escape};
use std::collections::BTreeMap;

/// Operations that are alike: of one kind, on one group where they are memberships, held by the same
/// guards, all of which can be allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetThrough {
    /// What they do.
    pub kind: Kind,
    /// The plan's target, for memberships.
    pub target: Option<u32>,
    /// What holds them.
    pub held: Held,
    /// The operations, by their place in the plan.
    pub operations: Vec<u32>,
}

impl Plan {
    /// Everything that allowing lets through, the smallest groups and those that are new first.
    #[must_use]
    pub fn let_through(&self) -> Vec<LetThrough> {
        let mut alike: BTreeMap<(Kind, Option<u32>, Held), Vec<u32>> = BTreeMap::new();
        for (at, op) in (0u32..).zip(&self.operations) {
            if !op.held.is_empty() && op.held.is_freed_by(|_| true) {
                let target = op.target().filter(|_| op.kind.is_membership());
                alike
                    .entry((op.kind, target, op.held))
                    .or_default()
                    .push(at);
            }
        }
        let list = |((kind, target, held), operations)| LetThrough {
            kind,
            target,
            held,
            operations,
        };
        let mut lists: Vec<LetThrough> = alike.into_iter().map(list).collect();
        let is_old = |target: Option<u32>| {
            let target = target.map(|target| &self.targets[target as usize]);
            target.is_some_and(|target| target.jira.is_some())
        };
        lists.sort_by_key(|list| {
            let size = list.operations.len();
            (list.kind, is_old(list.target), size, list.target)
        });
        lists
    }

    /// Whom or what an operation is about, by name.
    #[must_use]
    pub fn name<'a>(&'a self, inputs: &Inputs<'a>, op: &Operation) -> &'a str {
        let person = op.person().map(|row| inputs.entra.person(row).name());
        let account = || Some(inputs.jira.account(op.account()?).name());
        let group = || Some(self.targets[op.target()? as usize].name.as_str());
        match op.kind {
            Kind::CreateGroup | Kind::DeleteGroup => group().unwrap_or_default(),
            _ => person.or_else(account).unwrap_or_default(),
        }
    }
}

impl LetThrough {
    /// What they do, and what holds them.
    #[must_use]
    pub fn words(&self, plan: &Plan) -> String {
        let group = self.target.map_or("", |target| {
            let target = &plan.targets[target as usize];
            target.name.as_str()
        });
        let (group, count) = (escape(group), self.operations.len() as u64);
        let people = counted(count, "person", "people");
        let groups = counted(count, "group", "groups");
        let what = match self.kind {
            Kind::CreateUser => format!("+ {people} to create"),
            Kind::CreateGroup => format!("+ {groups} to create"),
            Kind::AddMember => format!("+ {people} into “{group}”"),
            Kind::RemoveMember => format!("- {people} out of “{group}”"),
            Kind::SuspendUser => format!("- {people} to suspend"),
            Kind::RestoreUser => format!("+ {people} to restore"),
            Kind::RemoveUser => format!("- {people} to remove from the site"),
            Kind::DeleteGroup => format!("- {groups} to delete"),
        };
        let guards: Vec<&str> = self.held.guards().map(GuardName::as_str).collect();
        format!("{what} · {}", guards.join(", "))
    }
}
