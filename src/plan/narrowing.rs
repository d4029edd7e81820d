//! What is cut out of a plan: by decisions, by a selection, and what depends on that.

use super::draft::Draft;
use super::inputs::{Inputs, Selection};
use super::known::RowDecision;
use super::left_out::{About, LeftOut, Skipped, Verdict};
use super::needs::Givers;
use super::operation::{Kind, NONE, Operation};
use super::target::{Target, operation_id};
use std::collections::BTreeMap;

impl Draft<'_> {
    /// Takes out what the admin rejected or ignores, and what depends on it.
    pub(super) fn decided(&mut self) {
        let decisions = &self.inputs.known.decisions.operations;
        if decisions.is_empty() {
            return;
        }
        let mut cut = Givers::default();
        let (inputs, targets) = (self.inputs, &self.targets);
        let (creating, restoring) = (&mut self.creating, &mut self.restoring);
        let mut skipped = Vec::new();
        let mut memberships: BTreeMap<(u32, Kind, Verdict), u32> = BTreeMap::new();
        self.operations.retain(|op| {
            let id = operation_id(inputs, targets, op);
            let said = decisions.get(&id);
            let verdict = match said.filter(|said| said.keeps_out(op.reason)) {
                Some(RowDecision::Ignored) => Verdict::Ignored,
                Some(RowDecision::Rejected { .. }) => Verdict::Rejected,
                None => return true,
            };
            cut.note(op, ());
            match op.kind {
                Kind::CreateUser => _ = creating.remove(&op.person),
                Kind::RestoreUser => _ = restoring.remove(&op.account),
                _ => {}
            }
            if op.kind.is_membership() {
                *memberships
                    .entry((op.target, op.kind, verdict))
                    .or_default() += 1;
            } else {
                skipped.push(Skipped {
                    about: about(inputs, targets, op),
                    why: LeftOut::Decided(verdict, op.kind),
                });
            }
            false
        });
        self.operations
            .retain(|op| cut.needed_by(op).next().is_none());
        for ((target, kind, verdict), count) in memberships {
            skipped.push(Skipped {
                about: About::target(inputs, &targets[target as usize]),
                why: LeftOut::Memberships {
                    verdict,
                    kind,
                    count,
                },
            });
        }
        self.aside.skipped.append(&mut skipped);
    }

    /// Memberships whose person or group is created or restored by an operation that was cut out
    /// go with it.
    fn orphans(&mut self) {
        let left = Givers::of(&self.operations);
        let (targets, restoring) = (&self.targets, &self.restoring);
        let before = self.operations.len();
        self.operations.retain(|op| {
            let target = op.target().map(|target| &targets[target as usize]);
            let new = target.is_some_and(|target| target.jira.is_none());
            !left.lacks(op, new, restoring.contains(&op.account))
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

/// What an operation is about that is no membership.
fn about(inputs: &Inputs<'_>, targets: &[Target], op: &Operation) -> About {
    match op.kind {
        Kind::CreateUser => About::Person(op.person),
        Kind::SuspendUser | Kind::RestoreUser | Kind::RemoveUser => About::Account {
            person: op.person,
            account: op.account,
        },
        Kind::CreateGroup | Kind::AddMember | Kind::RemoveMember | Kind::DeleteGroup => {
            let target = &targets[op.target as usize];
            let group = target.entra.first();
            group.map_or_else(
                || About::target(inputs, target),
                |row| About::NewGroup(*row),
            )
        }
    }
}
