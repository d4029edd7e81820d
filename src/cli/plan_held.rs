//! What guards hold and can be allowed, by name and to the last one: whoever allows a number sees whom it
//! lets in.

use super::output::{Tone, counted};
use super::plan_text::Text;
use crate::plan::{GuardName, Held, Kind, Operation};
use crate::sync::Planned;
use crate::text::escape;
use std::collections::BTreeMap;

/// What is alike in operations that are listed together: kind, target, and what holds them.
type Alike = (Kind, Option<u32>, Held);

impl Text<'_> {
    /// Everything that an allowance lets through, the smallest groups and those that are new first.
    pub(super) fn held_in_full(&mut self, planned: &Planned) {
        let held = planned
            .plan
            .operations
            .iter()
            .filter(|op| can_be_allowed(op));
        let mut alike: BTreeMap<Alike, Vec<&Operation>> = BTreeMap::new();
        for op in held {
            let target = op.target().filter(|_| op.kind.is_membership());
            alike
                .entry((op.kind, target, op.held))
                .or_default()
                .push(op);
        }
        if alike.is_empty() {
            return;
        }
        self.heading(Tone::Strong, "What allowing it lets through");
        let mut lists: Vec<(Alike, Vec<&Operation>)> = alike.into_iter().collect();
        let is_old = |target: Option<u32>| {
            let target = target.map(|target| &planned.plan.targets[target as usize]);
            target.is_some_and(|target| target.jira.is_some())
        };
        lists.sort_by_key(|((kind, target, _), operations)| {
            (*kind, is_old(*target), operations.len(), *target)
        });
        for ((kind, target, held), operations) in lists {
            let guards: Vec<&str> = held.guards().map(GuardName::as_str).collect();
            let what = what(planned, kind, target, operations.len() as u64);
            self.wrapped(Tone::Held, &format!("{what} · {}", guards.join(", ")), 4);
            let names: Vec<String> = operations.iter().map(|op| name(planned, op)).collect();
            self.wrapped(Tone::Dim, &names.join(", "), 6);
        }
    }
}

/// What operations that are listed together do.
fn what(planned: &Planned, kind: Kind, target: Option<u32>, count: u64) -> String {
    let group = target.map_or("", |target| {
        planned.plan.targets[target as usize].name.as_str()
    });
    let group = escape(group);
    let people = counted(count, "person", "people");
    let groups = counted(count, "group", "groups");
    match kind {
        Kind::CreateUser => format!("+ {people} to create"),
        Kind::CreateGroup => format!("+ {groups} to create"),
        Kind::AddMember => format!("+ {people} into “{group}”"),
        Kind::RemoveMember => format!("- {people} out of “{group}”"),
        Kind::SuspendUser => format!("- {people} to suspend"),
        Kind::RestoreUser => format!("+ {people} to restore"),
        Kind::RemoveUser => format!("- {people} to remove from the site"),
        Kind::DeleteGroup => format!("- {groups} to delete"),
    }
}

/// Whether everything that holds an operation can be allowed.
fn can_be_allowed(op: &Operation) -> bool {
    !op.held.is_empty() && op.held.guards().all(GuardName::allowable)
}

/// Whom or what an operation is about.
fn name(planned: &Planned, op: &Operation) -> String {
    let row = planned.plan.row(&planned.inputs(), op);
    let user = row.user.map(|user| user.name);
    let name = user.or_else(|| row.group.map(|group| group.name));
    escape(&name.unwrap_or_default()).into_owned()
}
