//! What is cut out of a plan: by decisions, by a selection, and what depends on that.

use super::RowDecision;
use super::make::{Draft, operation_id};
use super::operation::{Kind, NONE};
use super::shape::{Selection, Skipped, Subject};
use crate::text::counted;
use hashbrown::HashSet;
use std::collections::BTreeMap;

impl Draft<'_> {
    /// Takes out what the admin rejected or ignores, and what depends on it.
    pub(super) fn decided(&mut self) {
        let decisions = &self.inputs.known.decisions.operations;
        if decisions.is_empty() {
            return;
        }
        let (mut people, mut groups) = (HashSet::new(), HashSet::new());
        let mut restored = HashSet::new();
        let (inputs, targets) = (self.inputs, &self.targets);
        let mut skipped = Vec::new();
        let mut memberships: BTreeMap<(u32, Kind, &str), u64> = BTreeMap::new();
        self.operations.retain(|op| {
            let id = operation_id(inputs, targets, op);
            let said = decisions.get(&id);
            let word = match said.filter(|said| said.keeps_out(op.reason)) {
                Some(RowDecision::Ignored) => "ignored",
                Some(RowDecision::Rejected { .. }) => "rejected",
                None => return true,
            };
            let name = match op.kind {
                Kind::CreateUser => {
                    people.insert(op.person);
                    inputs.entra.person(op.person).name()
                }
                Kind::CreateGroup => {
                    groups.insert(op.target);
                    targets[op.target as usize].name.as_str()
                }
                Kind::RestoreUser => {
                    restored.insert(op.account);
                    inputs.jira.account(op.account).name()
                }
                Kind::SuspendUser | Kind::RemoveUser => inputs.jira.account(op.account).name(),
                Kind::AddMember | Kind::RemoveMember | Kind::DeleteGroup => {
                    targets[op.target as usize].name.as_str()
                }
            };
            if op.kind.is_membership() {
                *memberships
                    .entry((op.target, op.kind, word))
                    .or_insert(0_u64) += 1;
                return false;
            }
            skipped.push(Skipped {
                kind: if op.target == NONE {
                    Subject::Person
                } else {
                    Subject::Group
                },
                entra_id: op
                    .person()
                    .map_or("", |row| inputs.entra.person(row).id())
                    .to_owned(),
                name: name.to_owned(),
                reason: format!("{word} by the admin: {}", op.kind.as_str()),
            });
            false
        });
        self.operations.retain(|op| {
            let orphaned = (op.account == NONE && people.contains(&op.person))
                || groups.contains(&op.target)
                || restored.contains(&op.account);
            !(op.kind.is_membership() && orphaned)
        });
        for ((target, kind, word), count) in memberships {
            let target = &targets[target as usize];
            let verb = if kind == Kind::AddMember {
                "add"
            } else {
                "remove"
            };
            let what = counted(count, "membership", "memberships");
            let entra = target.entra.first();
            skipped.push(Skipped {
                kind: Subject::Group,
                entra_id: entra.map_or(String::new(), |row| {
                    inputs.entra.group(*row).id().to_owned()
                }),
                name: target.name.clone(),
                reason: format!("{word} by the admin: {what} to {verb}"),
            });
        }
        self.creating.retain(|row| !people.contains(row));
        self.restoring.retain(|row| !restored.contains(row));
        self.skipped.append(&mut skipped);
    }

    /// Memberships whose person or group is created or restored by an operation that was cut out
    /// go with it.
    fn orphans(&mut self) {
        let (mut people, mut groups) = (HashSet::new(), HashSet::new());
        let mut restored = HashSet::new();
        for op in &self.operations {
            match op.kind {
                Kind::CreateUser => _ = people.insert(op.person),
                Kind::CreateGroup => _ = groups.insert(op.target),
                Kind::RestoreUser => _ = restored.insert(op.account),
                _ => {}
            }
        }
        let (targets, restoring) = (&self.targets, &self.restoring);
        let before = self.operations.len();
        self.operations.retain(|op| {
            let new = op
                .target()
                .is_some_and(|t| targets[t as usize].jira.is_none());
            let fits = (op.account != NONE || people.contains(&op.person))
                && (!new || groups.contains(&op.target))
                && (!restoring.contains(&op.account) || restored.contains(&op.account));
            !op.kind.is_membership() || fits
        });
        self.orphaned = (before - self.operations.len()) as u64;
    }

    /// Leaves only what is wanted.
    pub(super) fn narrow(&mut self) {
        let (inputs, targets) = (self.inputs, &self.targets);
        match inputs.selection {
            Selection::Everything => {}
            Selection::Group(group) => {
                self.operations.retain(|op| {
                    op.kind.is_membership()
                        && op.account != NONE
                        && op
                            .target()
                            .and_then(|t| targets[t as usize].jira)
                            .is_some_and(|row| inputs.jira.group(row).id() == group.as_str())
                });
                self.orphans();
            }
            Selection::Operations(wanted) => {
                self.operations
                    .retain(|op| wanted.contains(&operation_id(inputs, targets, op)));
                self.orphans();
            }
        }
    }
}
