//! The summary before an apply: what would be done, what guards hold, typed numbers.

use crate::console::field::TextField;
use crate::console::text::stepped;
use crate::directory::{GroupClass, counted, duration, grouped};
use crate::plan::{
    Allowance, Allowances, GuardCount, GuardName, Invitations, Kind, Selection, group_class,
    time_to_apply,
};
use crate::sync::Planned;
use std::sync::Arc;

/// What is about to be applied.
#[derive(Debug)]
pub(in crate::console) struct Summary {
    /// The plan, narrowed to what was accepted.
    pub(in crate::console) planned: Arc<Planned>,
    /// A field for each guard that can be allowed.
    pub(in crate::console) guards: Vec<(GuardCount, TextField)>,
    /// The guard whose field has the keys; one more is the button.
    pub(in crate::console) focus: usize,
    pub(in crate::console) scroll: usize,
    pub(in crate::console) lines: Vec<String>,
    /// Accepted operations of the plan on screen, and all of them.
    pub(in crate::console) accepted: u64,
    pub(in crate::console) all: u64,
}

/// Narrows a plan to the chosen operations and counts.
pub(in crate::console) fn summarise(planned: &Planned, chosen: &[u32]) -> Summary {
    let all = planned.plan.operations.len() as u64;
    let mut narrowed = planned.clone();
    if chosen.len() as u64 != all {
        let inputs = planned.inputs();
        let ids = chosen
            .iter()
            .map(|op| {
                let op = &planned.plan.operations[*op as usize];
                planned.plan.operation_id(&inputs, op)
            })
            .collect();
        narrowed.narrow(Selection::Operations(ids));
    }
    let guards: Vec<(GuardCount, TextField)> = narrowed
        .plan
        .guards
        .iter()
        .map(|guard| (*guard, TextField::default()))
        .collect();
    let first = guards
        .iter()
        .position(|(guard, _)| guard.name.allowable())
        .unwrap_or(guards.len());
    Summary {
        lines: lines(&narrowed),
        planned: Arc::new(narrowed),
        focus: first,
        scroll: 0,
        guards,
        accepted: chosen.len() as u64,
        all,
    }
}

/// What would happen, in sentences.
fn lines(planned: &Planned) -> Vec<String> {
    let mut lines = Vec::new();
    let silent = planned.settings.provisioning.invitations == Invitations::Silent;
    for kind in Kind::ALL {
        let count = planned.plan.count(kind);
        if count == 0 {
            continue;
        }
        let people = counted(count, "person", "people");
        let groups = counted(count, "group", "groups");
        let memberships = counted(count, "membership", "memberships");
        lines.push(match kind {
            Kind::CreateUser if silent => format!("+ {people} created, without being told"),
            Kind::CreateUser => format!("+ {people} created, and as many invitations by e-mail"),
            Kind::CreateGroup => format!("+ {groups} created"),
            Kind::AddMember => format!("+ {memberships} added"),
            Kind::RemoveMember => format!("- {memberships} removed"),
            Kind::SuspendUser => format!("- {people} suspended in the whole organization"),
            Kind::RestoreUser => format!("+ {people} restored"),
            Kind::RemoveUser => {
                format!("- {people} removed from the site: they lose their groups and roles")
            }
            Kind::DeleteGroup => {
                format!("- {groups} deleted: what is restricted to them becomes inaccessible")
            }
        });
    }
    for seat in &planned.plan.seats {
        let products = planned.jira.products().iter();
        let name = products
            .clone()
            .find(|product| product.key == seat.product)
            .map_or(seat.product.as_str(), |product| product.name.as_str());
        lines.push(match seat.left {
            Some(left) => format!(
                "Seats of {name}: {} left now, {} after",
                grouped(left),
                grouped(left.saturating_sub(seat.needed))
            ),
            None => format!("Seats of {name}: {} taken, no limit", grouped(seat.needed)),
        });
    }
    let mut access: Vec<&str> = planned
        .plan
        .operations
        .iter()
        .filter_map(|op| planned.plan.targets.get(op.target()? as usize))
        .filter(|target| {
            target
                .jira
                .is_some_and(|row| group_class(&planned.inputs(), row) == GroupClass::Access)
        })
        .map(|target| target.name.as_str())
        .collect();
    access.sort_unstable();
    access.dedup();
    if !access.is_empty() {
        lines.push(format!("Groups that give access: {}", access.join(", ")));
    }
    if planned.undo.is_some() {
        let words = "What is taken back is stored as rejected, and the schedule pauses until you let it go on";
        lines.push(words.to_owned());
    }
    if !planned.plan.operations.is_empty() {
        let all = planned.plan.operations.iter();
        let time = time_to_apply(all, &planned.settings, planned.rates);
        lines.push(format!(
            "Both directories are read again first. Then about {} at the allowed rate",
            duration(time.as_secs())
        ));
    }
    lines
}

impl Summary {
    /// The guards whose number was typed.
    pub(in crate::console) fn allowances(&self) -> Allowances {
        Allowances::new(
            self.guards
                .iter()
                .filter(|(guard, field)| typed(guard, field))
                .map(|(guard, _)| Allowance {
                    name: guard.name,
                    count: guard.count,
                }),
        )
    }

    /// How many operations would be applied, and how many stay held.
    pub(in crate::console) fn counts(&self) -> (u64, u64) {
        let allowed: Vec<GuardName> = self.allowances().iter().map(|a| a.name).collect();
        let operations = &self.planned.plan.operations;
        let free = operations
            .iter()
            .filter(|op| op.held.guards().all(|guard| allowed.contains(&guard)))
            .count() as u64;
        (free, operations.len() as u64 - free)
    }

    /// A guard with another number in its field.
    pub(in crate::console) fn mistyped(&self) -> Option<GuardCount> {
        let wrong = |(guard, field): &&(GuardCount, TextField)| {
            !field.text().trim().is_empty() && !typed(guard, field)
        };
        self.guards.iter().find(wrong).map(|(guard, _)| *guard)
    }

    /// Whether the button has the keys.
    pub(in crate::console) fn on_button(&self) -> bool {
        self.focus >= self.guards.len()
    }

    /// Goes to the next or previous line that takes keys.
    pub(in crate::console) fn step(&mut self, by: isize) {
        let stops: Vec<usize> = (0..=self.guards.len())
            .filter(|at| self.guards.get(*at).is_none_or(|(g, _)| g.name.allowable()))
            .collect();
        let at = stops.iter().position(|s| *s == self.focus).unwrap_or(0);
        self.focus = stops[stepped(at, by, stops.len() - 1)];
    }
}

/// Whether a guard's number stands in its field.
pub(in crate::console) fn typed(guard: &GuardCount, field: &TextField) -> bool {
    guard.name.allowable() && field.text().trim() == guard.count.to_string()
}
