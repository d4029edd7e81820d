//! The summary before an apply: what would be done, what guards hold, typed numbers.

use crate::console::field::TextField;
use crate::console::text::stepped;
use crate::directory::{GroupClass, Seats};
use crate::plan::{
    Allowance, Allowances, GuardCount, GuardName, Held, Invitations, Kind, LetThrough, Operation,
    Selection, group_class, time_for,
};
use crate::sync::Planned;
use crate::text::{counted, duration, grouped};
use std::collections::{BTreeSet, HashMap};
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
    tallies: HashMap<Held, Tally>,
    /// What allowing lets through, with a line for each list.
    pub(in crate::console) let_through: Vec<(String, LetThrough)>,
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
        .position(|(guard, _)| guard.allowable)
        .unwrap_or(guards.len());
    Summary {
        tallies: tallies(&narrowed),
        let_through: let_through(&narrowed),
        planned: Arc::new(narrowed),
        focus: first,
        scroll: 0,
        guards,
        accepted: chosen.len() as u64,
        all,
    }
}

fn let_through(planned: &Planned) -> Vec<(String, LetThrough)> {
    let lists = planned.plan.let_through().into_iter();
    lists
        .map(|list| (list.words(&planned.plan), list))
        .collect()
}

/// What the operations come to that the same guards hold.
#[derive(Debug, Default)]
struct Tally {
    /// By kind.
    kinds: [u64; Kind::ALL.len()],
    /// Seats that are taken and freed, by product.
    seats: Vec<(u64, u64)>,
    /// Targets that give access.
    access: BTreeSet<u32>,
}

impl Tally {
    fn add(&mut self, planned: &Planned, op: &Operation) {
        self.kinds[op.kind as usize] += 1;
        let row = op
            .target()
            .and_then(|t| planned.plan.targets[t as usize].jira);
        if let (Some(target), Some(row)) = (op.target(), row)
            && group_class(&planned.inputs(), row) == GroupClass::Access
        {
            self.access.insert(target);
        }
        let jira = &planned.jira;
        let products = jira.products();
        self.seats.resize(products.len(), (0, 0));
        for (product, (taken, freed)) in products.iter().zip(&mut self.seats) {
            let mut of_product = product.groups.iter().filter_map(|id| jira.find_group(id));
            match op.kind {
                Kind::CreateUser => {
                    let mut given = planned.settings.provisioning.products.iter();
                    *taken += u64::from(given.any(|key| key.as_str() == product.key));
                }
                Kind::AddMember => *taken += u64::from(of_product.any(|group| Some(group) == row)),
                Kind::RemoveMember => {
                    *freed += u64::from(of_product.any(|group| Some(group) == row));
                }
                Kind::SuspendUser | Kind::RemoveUser => {
                    let is_in = |account| of_product.any(|g| jira.members().contains(g, account));
                    *freed += u64::from(op.account().is_some_and(is_in));
                }
                Kind::CreateGroup | Kind::RestoreUser | Kind::DeleteGroup => {}
            }
        }
    }

    fn join(&mut self, other: &Self) {
        for (all, more) in self.kinds.iter_mut().zip(other.kinds) {
            *all += more;
        }
        self.seats
            .resize(other.seats.len().max(self.seats.len()), (0, 0));
        for (all, more) in self.seats.iter_mut().zip(&other.seats) {
            *all = (all.0 + more.0, all.1 + more.1);
        }
        self.access.extend(&other.access);
    }
}

/// Operations by what holds them.
fn tallies(planned: &Planned) -> HashMap<Held, Tally> {
    let mut found: HashMap<Held, Tally> = HashMap::new();
    for op in &planned.plan.operations {
        found.entry(op.held).or_default().add(planned, op);
    }
    found
}

/// What would happen, in sentences.
fn lines(planned: &Planned, tally: &Tally) -> Vec<String> {
    let mut lines = Vec::new();
    let silent = planned.settings.provisioning.invitations == Invitations::Silent;
    for (kind, count) in Kind::ALL.into_iter().zip(tally.kinds) {
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
    for (product, &(taken, freed)) in planned.jira.products().iter().zip(&tally.seats) {
        if taken + freed == 0 {
            continue;
        }
        let name = &product.name;
        lines.push(match product.seats {
            Seats::Left(left) => format!(
                "Seats of {name}: {} left now, {} after",
                grouped(left),
                grouped((left + freed).saturating_sub(taken))
            ),
            Seats::Unlimited => format!(
                "Seats of {name}: {} taken, {} given back, no limit",
                grouped(taken),
                grouped(freed)
            ),
        });
    }
    let targets = tally.access.iter();
    let access: BTreeSet<&str> = targets
        .map(|target| planned.plan.targets[*target as usize].name.as_str())
        .collect();
    if !access.is_empty() {
        let names: Vec<&str> = access.into_iter().collect();
        lines.push(format!("Groups that give access: {}", names.join(", ")));
    }
    if planned.undo.is_some() {
        let words = "What is taken back is stored as rejected, and the schedule pauses until you let it go on";
        lines.push(words.to_owned());
        if tally.kinds[Kind::RemoveUser as usize] > 0 {
            let words = "Invitations that were sent can't be called back; creating these people again sends new ones";
            lines.push(words.to_owned());
        }
    }
    if tally.kinds.iter().any(|count| *count > 0) {
        let time = time_for(tally.kinds, &planned.settings, planned.rates);
        lines.push(format!(
            "Both directories are read again first. Then about {} at the allowed rate",
            duration(time.as_secs().max(1))
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

    /// What would be applied with the numbers that were typed.
    fn free(&self) -> Tally {
        let allowed: Vec<GuardName> = self.allowances().iter().map(|a| a.name).collect();
        let mut free = Tally::default();
        for (held, tally) in &self.tallies {
            if held.is_empty() || held.is_freed_by(|guard| allowed.contains(&guard)) {
                free.join(tally);
            }
        }
        free
    }

    /// What would happen with the numbers that were typed, in sentences.
    pub(in crate::console) fn lines(&self) -> Vec<String> {
        lines(&self.planned, &self.free())
    }

    /// How many operations would be applied, and how many stay held.
    pub(in crate::console) fn counts(&self) -> (u64, u64) {
        let free: u64 = self.free().kinds.iter().sum();
        (free, self.planned.plan.operations.len() as u64 - free)
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
            .filter(|at| self.guards.get(*at).is_none_or(|(g, _)| g.allowable))
            .collect();
        let at = stops.iter().position(|s| *s == self.focus).unwrap_or(0);
        self.focus = stops[stepped(at, by, stops.len() - 1)];
    }
}

/// Whether a guard's number stands in its field.
pub(in crate::console) fn typed(guard: &GuardCount, field: &TextField) -> bool {
    guard.allowable && field.text().trim() == guard.count.to_string()
}
