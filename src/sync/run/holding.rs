//! What guards hold of a plan, followed through the plans that are made of it later.

use crate::plan::{GuardCount, GuardName, Held, OperationId};
use crate::sync::planned::Planned;
use std::collections::HashSet;

/// Operations that guards hold, and what they count.
#[derive(Debug, Clone, Default)]
pub(super) struct Holding {
    rows: Vec<(OperationId, Held)>,
    guards: Vec<GuardCount>,
}

impl Holding {
    /// What is held of a plan.
    pub(super) fn of(planned: &Planned) -> Self {
        let (plan, inputs) = (&planned.plan, planned.inputs());
        let held = plan.operations.iter().filter(|op| !op.held.is_empty());
        Self {
            rows: held
                .map(|op| (plan.operation_id(&inputs, op), op.held))
                .collect(),
            guards: plan.guards.clone(),
        }
    }

    /// How many operations are held.
    pub(super) fn count(&self) -> u64 {
        self.rows.len() as u64
    }

    /// The guards, with those that have nothing to hold and are told all the same.
    pub(super) fn guards(&self) -> &[GuardCount] {
        &self.guards
    }

    /// Forgets what a later plan needs no more, and guards of which nothing is left.
    pub(super) fn left_in(&mut self, planned: &Planned) {
        let (plan, inputs) = (&planned.plan, planned.inputs());
        let operations = plan.operations.iter();
        let needed: HashSet<OperationId> = operations
            .map(|op| plan.operation_id(&inputs, op))
            .collect();
        self.rows.retain(|(id, _)| needed.contains(id));
        let rows = &self.rows;
        self.guards.retain_mut(|guard| {
            let left = rows.iter().filter(|(_, held)| held.by(guard.name)).count() as u64;
            let told = guard.count == 0;
            // A guard may count people or groups, of which there are fewer than operations.
            guard.count = guard.count.min(left);
            told || left > 0
        });
    }

    /// What was held earlier stays held.
    pub(super) fn and(mut self, earlier: Self) -> Self {
        let known: HashSet<OperationId> = self.rows.iter().map(|(id, _)| *id).collect();
        let rows = earlier.rows.into_iter();
        self.rows.extend(rows.filter(|(id, _)| !known.contains(id)));
        // Whether a side is in doubt is seen anew with each read.
        let doubts = [GuardName::EntraIncomplete, GuardName::JiraIncomplete];
        let earlier = earlier.guards.into_iter();
        for guard in earlier.filter(|guard| !doubts.contains(&guard.name)) {
            if self.guards.iter().all(|known| known.name != guard.name) {
                self.guards.push(guard);
            }
        }
        self
    }
}
