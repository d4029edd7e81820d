//! The screen's state: the plan, its rows as filter and search show them, what was decided.

use super::filter;
use super::marks::{Marks, Said, Tally};
use super::{Chosen, Filter, List, Prepared};
use crate::console::clerk::Errand;
use crate::console::event::{Change, Effect, Thought};
use crate::console::field::TextField;
use crate::console::text::turned;
use crate::plan::{OperationId, RowDecision};
use hashbrown::HashMap;
use jiff::{SignedDuration, Timestamp};

/// For so long after the last mark the schedule waits.
const DECIDING: SignedDuration = SignedDuration::from_mins(10);

/// The screen's state.
#[derive(Debug, Default)]
pub(in crate::console) struct Review {
    pub(in crate::console) plan: Option<Prepared>,
    /// A newer plan that waits, and how many operations differ.
    pub(in crate::console) newer: Option<(Box<Prepared>, u64)>,
    pub(in crate::console) list: List,
    pub(in crate::console) filter: Filter,
    pub(in crate::console) search: TextField,
    pub(in crate::console) searching: bool,
    /// Indices of the rows that filter and search let through.
    pub(in crate::console) visible: Vec<u32>,
    pub(in crate::console) cursor: usize,
    pub(in crate::console) offset: usize,
    pub(in crate::console) tally: Tally,
    /// Decisions made since the last job began: what it reads may lack them.
    pub(super) changed: HashMap<OperationId, Option<RowDecision>>,
    /// Links and the like, made since then.
    pub(super) changes: Vec<Change>,
    /// How to take back what was decided on this plan, the newest last.
    pub(super) undo: Vec<Undo>,
    /// Which asking for a plan or a summary is the newest.
    pub(super) round: u64,
    /// Whether something was applied since the plan was made.
    pub(in crate::console) outdated: bool,
    /// Whether the summary is being counted.
    pub(in crate::console) counting: bool,
    /// When the last mark was made.
    pub(in crate::console) decided_at: Option<Timestamp>,
}

/// How a decision is taken back.
#[derive(Debug)]
pub(super) enum Undo {
    /// What was said of these operations before.
    Said(Vec<(u32, Said)>),
    /// An errand that undoes what was stored, the change that undoes it in the plan, and what was
    /// done.
    Change(Errand, Change, String),
}

impl Review {
    /// Shows a plan with whatever was decided while it was being read. The cursor stays where it
    /// was, as far as the new list reaches, and the review stays open.
    pub(super) fn show(&mut self, mut prepared: Prepared) -> Vec<Effect> {
        let made = self.plan.as_ref().map_or(0, |plan| plan.marks.made);
        if !self.changed.is_empty() {
            for (id, decision) in &self.changed {
                let known = &mut prepared.decisions.operations;
                match decision {
                    Some(decision) => _ = known.insert(id.clone(), decision.clone()),
                    None => _ = known.remove(id),
                }
            }
            prepared.marks = Marks::of(&prepared.planned, &prepared.decisions);
        }
        prepared.marks.made = made;
        self.plan = Some(prepared);
        self.undo.clear();
        self.outdated = false;
        self.newer = None;
        self.counting = false;
        self.round += 1;
        self.count();
        self.look();
        if self.changes.is_empty() {
            Vec::new()
        } else {
            self.again()
        }
    }

    /// Takes a plan that nobody here asked for: it waits.
    pub(super) fn offer(&mut self, prepared: Prepared) -> Vec<Effect> {
        let changes = self.plan.as_ref().map(|plan| plan.differs_from(&prepared));
        match changes {
            // Without a difference it takes the place of the one on screen, and nobody notices.
            None | Some(0) => return self.show(prepared),
            Some(changes) => self.newer = Some((Box::new(prepared), changes)),
        }
        Vec::new()
    }

    /// A job begins: it reads everything that was decided so far.
    pub(in crate::console) fn job_begins(&mut self) {
        self.changed.clear();
        self.changes.clear();
    }

    /// What was marked has been applied.
    pub(in crate::console) fn close(&mut self) {
        if let Some(plan) = &mut self.plan {
            plan.marks.made = 0;
        }
    }

    /// Plans again, from the same snapshots, with what was decided.
    pub(super) fn again(&mut self) -> Vec<Effect> {
        self.round += 1;
        let Some(plan) = &self.plan else {
            return Vec::new();
        };
        vec![Effect::Think(Thought::Again {
            round: self.round,
            planned: plan.planned.clone(),
            changes: self.changes.clone(),
        })]
    }

    /// Takes the plan after decisions, if nothing newer was asked for.
    pub(in crate::console) fn take_again(&mut self, round: u64, mut prepared: Prepared) -> bool {
        let Some(plan) = self.plan.as_ref().filter(|_| round == self.round) else {
            return false;
        };
        prepared.decisions = plan.decisions.clone();
        prepared.marks = Marks::of(&prepared.planned, &prepared.decisions);
        prepared.marks.made = plan.marks.made;
        self.plan = Some(prepared);
        // Operations have other numbers now.
        self.undo.retain(|undo| matches!(undo, Undo::Change(..)));
        self.count();
        self.look();
        true
    }

    /// Takes the summary, if it is the one that was asked for.
    pub(in crate::console) fn take_summary(&mut self, round: u64) -> bool {
        let wanted = self.counting && round == self.round;
        if wanted {
            self.counting = false;
        }
        wanted
    }

    /// Whether somebody is deciding: the schedule waits for them, but not for ever.
    pub(in crate::console) fn is_deciding(&self, now: Timestamp) -> bool {
        let lately = |at: Timestamp| now.duration_since(at) < DECIDING;
        self.is_open() && self.decided_at.is_some_and(lately)
    }

    /// Whether marks were made since the plan came.
    pub(in crate::console) fn is_open(&self) -> bool {
        self.marks_made() > 0
    }

    /// How many marks were made since the plan came.
    pub(in crate::console) fn marks_made(&self) -> u64 {
        self.plan.as_ref().map_or(0, |plan| plan.marks.made)
    }

    pub(super) fn count(&mut self) {
        if let Some(plan) = &self.plan {
            self.tally = plan.marks.tally(&plan.planned);
        }
    }

    /// Works out which rows are shown.
    pub(in crate::console) fn look(&mut self) {
        let Some(plan) = &self.plan else { return };
        self.visible = filter::visible(plan, self.list, self.filter, self.search.text());
        self.cursor = self.cursor.min(self.visible.len().saturating_sub(1));
        self.offset = self.offset.min(self.cursor);
    }

    pub(in crate::console) fn chosen(&self) -> Option<Chosen> {
        let plan = self.plan.as_ref()?;
        let row = *self.visible.get(self.cursor)? as usize;
        match self.list {
            List::People => plan.rows.people.get(row).copied().map(Chosen::Person),
            List::Groups => plan.rows.groups.get(row).copied().map(Chosen::Group),
            List::Memberships => plan
                .rows
                .memberships
                .get(row)
                .copied()
                .map(Chosen::Membership),
        }
    }

    /// The operations that a row decides on.
    pub(super) fn operations_of(&self, row: usize) -> Vec<u32> {
        let Some(plan) = &self.plan else {
            return Vec::new();
        };
        match self.list {
            List::People => plan
                .rows
                .people
                .get(row)
                .map_or_else(Vec::new, |row| Marks::of_person(&plan.rows, row)),
            List::Groups => plan
                .rows
                .groups
                .get(row)
                .and_then(|row| row.create)
                .into_iter()
                .collect(),
            List::Memberships => plan
                .rows
                .memberships
                .get(row)
                .copied()
                .into_iter()
                .collect(),
        }
    }

    pub(super) fn of_chosen(&self) -> Vec<u32> {
        self.visible
            .get(self.cursor)
            .map_or_else(Vec::new, |row| self.operations_of(*row as usize))
    }

    pub(super) fn say(&mut self, operations: &[u32], said: Said) -> Vec<Effect> {
        let Some(plan) = &mut self.plan else {
            return Vec::new();
        };
        let before: Vec<(u32, Said)> = operations
            .iter()
            .map(|op| (*op, plan.marks.said(*op)))
            .filter(|(_, before)| *before != said)
            .collect();
        if !before.is_empty() {
            self.undo.push(Undo::Said(before));
        }
        let stored = plan.marks.say(&plan.planned, operations, said);
        for (id, decision) in &stored {
            let known = &mut plan.decisions.operations;
            match decision {
                Some(decision) => _ = known.insert(id.clone(), decision.clone()),
                None => _ = known.remove(id),
            }
            self.changed.insert(id.clone(), decision.clone());
        }
        self.count();
        if stored.is_empty() {
            Vec::new()
        } else {
            vec![Effect::Errand(Errand::Decide(stored))]
        }
    }

    /// Turns a row's operations round: rejected if any is accepted, accepted otherwise.
    pub(super) fn toggle(&mut self) -> Vec<Effect> {
        let operations = self.of_chosen();
        let Some(plan) = &self.plan else {
            return Vec::new();
        };
        let any = operations
            .iter()
            .any(|op| plan.marks.said(*op) == Said::Accepted);
        self.say(
            &operations,
            if any { Said::Rejected } else { Said::Accepted },
        )
    }

    pub(in crate::console) fn say_all(&mut self, said: Said) -> Vec<Effect> {
        let Some(plan) = &self.plan else {
            return Vec::new();
        };
        // What is ignored stays so until it is withdrawn: row by row, or among the ignored.
        let ignored = self.filter == Filter::Ignored;
        let mut operations = Vec::new();
        for row in &self.visible {
            let of = self.operations_of(*row as usize);
            let spoken_for = |op: &u32| ignored || plan.marks.said(*op) != Said::Ignored;
            operations.extend(of.into_iter().filter(spoken_for));
        }
        self.say(&operations, said)
    }

    pub(in crate::console) fn step(&mut self, list: isize) {
        let at = List::ALL.iter().position(|l| *l == self.list).unwrap_or(0);
        self.list = List::ALL[turned(at, list, List::ALL.len())];
        self.filter = Filter::default();
        self.cursor = 0;
        self.offset = 0;
        self.look();
    }
}

impl Review {
    /// Moves the page so that the cursor is on it.
    pub(in crate::console) fn keep_in_sight(&mut self, page: usize) {
        let page = page.max(1);
        if self.cursor < self.offset {
            self.offset = self.cursor;
        } else if self.cursor >= self.offset + page {
            self.offset = self.cursor + 1 - page;
        }
        // A list that became shorter, or a screen that became taller, leaves no gap at the end.
        self.offset = self.offset.min(self.visible.len().saturating_sub(page));
    }
}
