//! What the admin said of the operations on screen.

use super::rows::Rows;
use crate::plan::{Decision, Decisions, Givers, Kind, OperationId, RowDecision};
use crate::sync::Planned;
use crate::text::counted;
use hashbrown::HashMap;

/// What was said of one operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::console) enum Said {
    /// To be applied.
    #[default]
    Accepted,
    /// Not now.
    Rejected,
    /// Not until that is withdrawn.
    Ignored,
}

/// How an operation stands, with what it depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::console) enum Stands {
    In,
    Rejected,
    Ignored,
    /// Its person or group is not created.
    Orphaned,
}

/// Counts of the operations that would be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::console) struct Tally {
    pub(in crate::console) total: u64,
    pub(in crate::console) selected: u64,
    pub(in crate::console) held: u64,
    pub(in crate::console) people: u64,
    pub(in crate::console) groups: u64,
    pub(in crate::console) added: u64,
    pub(in crate::console) removed: u64,
    pub(in crate::console) suspended: u64,
    pub(in crate::console) restored: u64,
    /// People removed from the site.
    pub(in crate::console) expelled: u64,
    /// Groups deleted.
    pub(in crate::console) deleted: u64,
}

/// Marks of a plan's operations.
#[derive(Debug, Default)]
pub(in crate::console) struct Marks {
    said: Vec<Said>,
    /// What creates or restores, with its place in the plan.
    givers: Givers<u32>,
    /// How many marks were made since the plan came.
    pub(in crate::console) made: u64,
}

impl Marks {
    /// The marks that stored decisions give.
    pub(in crate::console) fn of(planned: &Planned, decisions: &Decisions) -> Self {
        let operations = &planned.plan.operations;
        let mut marks = Self {
            said: vec![Said::Accepted; operations.len()],
            ..Self::default()
        };
        for (index, op) in (0u32..).zip(operations) {
            marks.givers.note(op, index);
            // What is said of a plan that takes a run back is said of that plan alone.
            if !decisions.operations.is_empty() && planned.undo.is_none() {
                let id = planned.plan.operation_id(&planned.inputs(), op);
                marks.said[index as usize] = match decisions.operations.get(&id) {
                    Some(RowDecision::Ignored) => Said::Ignored,
                    Some(said) if said.keeps_out(op.reason) => Said::Rejected,
                    _ => Said::Accepted,
                };
            }
        }
        marks
    }

    pub(in crate::console) fn said(&self, op: u32) -> Said {
        self.said.get(op as usize).copied().unwrap_or_default()
    }

    /// Marks operations; gives the decisions to be stored.
    pub(in crate::console) fn say(
        &mut self,
        planned: &Planned,
        operations: &[u32],
        said: Said,
    ) -> Vec<Decision> {
        let mut decisions = Vec::new();
        for &index in operations {
            if self.said(index) == said {
                continue;
            }
            self.said[index as usize] = said;
            self.made += 1;
            if planned.undo.is_some() {
                continue;
            }
            let op = &planned.plan.operations[index as usize];
            let operation = planned.plan.operation_id(&planned.inputs(), op);
            decisions.push(match said {
                Said::Accepted => Decision::Accept(operation),
                Said::Ignored => Decision::Ignore(operation),
                Said::Rejected => Decision::Reject {
                    operation,
                    reason: op.reason,
                },
            });
        }
        decisions
    }

    /// Marks operations as they were marked before.
    pub(in crate::console) fn put_back(&mut self, before: &[(u32, Said)]) {
        for (index, said) in before {
            if let Some(mark) = self.said.get_mut(*index as usize) {
                *mark = *said;
            }
        }
    }

    /// What was said of operations that are not simply accepted, by their ids.
    pub(super) fn said_by_id(&self, planned: &Planned) -> HashMap<OperationId, Said> {
        let operations = self.said.iter().zip(&planned.plan.operations);
        operations
            .filter(|(said, _)| **said != Said::Accepted)
            .map(|(said, op)| (planned.plan.operation_id(&planned.inputs(), op), *said))
            .collect()
    }

    /// Takes over what was said of operations on another plan of the same purpose.
    pub(super) fn take_over(&mut self, planned: &Planned, said: &HashMap<OperationId, Said>) {
        for (mark, op) in self.said.iter_mut().zip(&planned.plan.operations) {
            let id = planned.plan.operation_id(&planned.inputs(), op);
            if let Some(said) = said.get(&id) {
                *mark = *said;
            }
        }
    }

    /// How an operation stands.
    pub(in crate::console) fn stands(&self, planned: &Planned, index: u32) -> Stands {
        match self.said(index) {
            Said::Rejected => return Stands::Rejected,
            Said::Ignored => return Stands::Ignored,
            Said::Accepted => {}
        }
        let op = &planned.plan.operations[index as usize];
        let mut needed = self.givers.needed_by(op);
        if needed.any(|giver| self.said(*giver) != Said::Accepted) {
            Stands::Orphaned
        } else {
            Stands::In
        }
    }

    /// The operations that would be applied, were nothing held.
    pub(in crate::console) fn selected<'a>(
        &'a self,
        planned: &'a Planned,
    ) -> impl Iterator<Item = u32> + 'a {
        (0..planned.plan.operations.len() as u32)
            .filter(|index| self.stands(planned, *index) == Stands::In)
    }

    pub(in crate::console) fn tally(&self, planned: &Planned) -> Tally {
        let mut tally = Tally {
            total: planned.plan.operations.len() as u64,
            ..Tally::default()
        };
        for index in self.selected(planned) {
            let op = &planned.plan.operations[index as usize];
            tally.selected += 1;
            tally.held += u64::from(!op.held.is_empty());
            *match op.kind {
                Kind::CreateUser => &mut tally.people,
                Kind::CreateGroup => &mut tally.groups,
                Kind::AddMember => &mut tally.added,
                Kind::RemoveMember => &mut tally.removed,
                Kind::SuspendUser => &mut tally.suspended,
                Kind::RestoreUser => &mut tally.restored,
                Kind::RemoveUser => &mut tally.expelled,
                Kind::DeleteGroup => &mut tally.deleted,
            } += 1;
        }
        tally
    }

    /// The operations that a person's row decides on.
    pub(in crate::console) fn of_person(rows: &Rows, row: &super::rows::PersonRow) -> Vec<u32> {
        if let Some(create) = row.create {
            return vec![create];
        }
        row.account
            .and_then(|account| rows.of_account.get(&account))
            .cloned()
            .unwrap_or_default()
    }
}

/// “12 people · 3 groups”, of what is selected.
pub(in crate::console) fn tally_words(tally: Tally) -> String {
    let mut parts = Vec::new();
    for (count, one, many) in [
        (tally.people, "person to create", "people to create"),
        (tally.groups, "group to create", "groups to create"),
        (tally.added, "membership to add", "memberships to add"),
        (
            tally.removed,
            "membership to remove",
            "memberships to remove",
        ),
        (tally.suspended, "person to suspend", "people to suspend"),
        (tally.restored, "person to restore", "people to restore"),
        (
            tally.expelled,
            "person to remove from the site",
            "people to remove from the site",
        ),
        (tally.deleted, "group to delete", "groups to delete"),
    ] {
        if count > 0 {
            parts.push(counted(count, one, many));
        }
    }
    if parts.is_empty() {
        "nothing would be applied".to_owned()
    } else {
        parts.join(" · ")
    }
}

/// The same in signs, for narrow terminals.
pub(in crate::console) fn tally_signs(tally: Tally) -> String {
    let mut parts = Vec::new();
    for (count, sign, what) in [
        (tally.people, '+', "people"),
        (tally.groups, '+', "groups"),
        (tally.added, '+', "members"),
        (tally.removed, '-', "members"),
        (tally.suspended, '-', "suspended"),
        (tally.restored, '+', "restored"),
        (tally.expelled, '-', "people"),
        (tally.deleted, '-', "groups"),
    ] {
        if count > 0 {
            parts.push(format!("{sign}{} {what}", crate::text::grouped(count)));
        }
    }
    if parts.is_empty() {
        "nothing to apply".to_owned()
    } else {
        parts.join(" · ")
    }
}
