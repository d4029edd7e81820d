//! The screen's state: the plan, its rows as filter and search show them, what was decided.

use super::filter;
use super::marks::{Marks, Said, Tally};
use super::{Chosen, Filter, List, Prepared, rows};
use crate::console::clerk::Errand;
use crate::console::event::{Effect, Remembered, Thought};
use crate::console::field::TextField;
use crate::console::text::turned;
use crate::plan::{Decision, Known};
use crate::text::counted;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

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
    /// What was decided on this plan, the newest last: taken back one by one.
    pub(super) steps: Vec<Step>,
    /// What the plan on screen lacks of what was decided since it was made.
    pub(super) pending: Pending,
    /// The ticket of the newest request that stores something.
    ticket: u64,
    /// Steps that are on their way back, by the ticket of the request.
    returning: Vec<(u64, Step)>,
    /// Whether the state was asked and has not answered.
    asking: bool,
    /// Which asking for a plan is the newest.
    round: u64,
    /// Whether that plan is still being made.
    planning: bool,
    /// Which asking for a summary is the newest.
    summary: u64,
    /// How many marks had been made when the job that applies them began.
    applying: u64,
    /// Whether something was applied since the plan was made.
    pub(in crate::console) outdated: bool,
    /// Whether the summary is being counted.
    pub(in crate::console) counting: bool,
    /// When the last mark was made.
    pub(in crate::console) decided_at: Option<Timestamp>,
}

/// Something that was decided, to be taken back.
#[derive(Debug)]
pub(super) struct Step {
    /// What it was, in a sentence.
    words: String,
    how: How,
}

/// How a step is taken back.
#[derive(Debug)]
enum How {
    /// It was stored under this ticket, and what it replaced is put back.
    Stored(u64),
    /// It was said of a plan that takes a run back, and of that plan alone. So it was before.
    Marks(Vec<(u32, Said)>),
}

/// What a plan lacks of what was decided since it was made.
#[derive(Debug, Clone, Default)]
pub(in crate::console) struct Pending {
    /// What the state holds, where that was asked for.
    pub(in crate::console) remembered: Option<Arc<Remembered>>,
    /// Decisions after that.
    pub(in crate::console) decisions: Vec<Decision>,
}

impl Pending {
    /// Takes it into what a plan knows, whose rejected rows stay in sight.
    pub(in crate::console) fn apply_to(&self, known: &mut Known) {
        if let Some(remembered) = &self.remembered {
            known.decisions.clone_from(&remembered.decisions);
            known.decisions.operations.clear();
            if let Some(links) = &remembered.links {
                known.links.clone_from(links);
            }
        }
        for decision in &self.decisions {
            decision.apply_to(known);
        }
    }
}

impl Review {
    /// Shows a plan. What was decided here is asked of the state, since the job that made the plan may
    /// have read it before that was stored. The cursor stays where it was, as far as the new list reaches, and the review stays open.
    pub(super) fn show(&mut self, mut prepared: Prepared) -> Vec<Effect> {
        prepared.marks.made = self.marks_made();
        self.plan = Some(prepared);
        self.steps.retain(|step| matches!(step.how, How::Stored(_)));
        self.pending = Pending::default();
        self.outdated = false;
        self.newer = None;
        self.counting = false;
        self.planning = false;
        self.round += 1;
        self.count();
        self.look();
        if self.ticket > 0 {
            vec![self.ask_state()]
        } else {
            Vec::new()
        }
    }

    /// Asks the state for what it holds now.
    fn ask_state(&mut self) -> Effect {
        self.asking = true;
        let ticket = self.ticket;
        Effect::Errand(Errand::Remember { ticket })
    }

    /// Whether the plan on screen is about to be another one, by what was decided.
    pub(super) fn is_settling(&self) -> bool {
        self.asking || self.planning
    }

    /// Takes in what the state holds. Where something was stored since it was asked, it is asked again.
    pub(in crate::console) fn remember(
        &mut self,
        ticket: u64,
        remembered: Remembered,
    ) -> Vec<Effect> {
        if ticket < self.ticket {
            return vec![self.ask_state()];
        }
        self.asking = false;
        self.counting = false;
        let Some(plan) = &mut self.plan else {
            return Vec::new();
        };
        if plan.planned.undo.is_none() {
            plan.decisions
                .operations
                .clone_from(&remembered.decisions.operations);
            plan.mark_anew();
        }
        let same = remembered.is_known_to(&plan.planned.known);
        self.count();
        self.look();
        if same {
            return Vec::new();
        }
        self.pending = Pending {
            remembered: Some(Arc::new(remembered)),
            decisions: Vec::new(),
        };
        self.again()
    }

    fn next_ticket(&mut self) -> u64 {
        self.ticket += 1;
        self.ticket
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

    /// A job begins that may apply what is marked.
    pub(in crate::console) fn job_begins(&mut self) {
        self.applying = self.marks_made();
    }

    /// What was marked when the job began has been applied.
    pub(in crate::console) fn close(&mut self) {
        if let Some(plan) = &mut self.plan {
            plan.marks.made = plan.marks.made.saturating_sub(self.applying);
        }
    }

    /// Plans again, from the same snapshots, with what was decided.
    pub(super) fn again(&mut self) -> Vec<Effect> {
        self.round += 1;
        self.counting = false;
        let Some(plan) = &self.plan else {
            return Vec::new();
        };
        self.planning = true;
        vec![Effect::Think(Thought::Again {
            round: self.round,
            planned: plan.planned.clone(),
            pending: self.pending.clone(),
        })]
    }

    /// Takes the plan after decisions, if nothing newer was asked for.
    pub(in crate::console) fn take_again(&mut self, round: u64, mut prepared: Prepared) -> bool {
        let Some(plan) = self.plan.as_ref().filter(|_| round == self.round) else {
            return false;
        };
        prepared
            .decisions
            .operations
            .clone_from(&plan.decisions.operations);
        prepared.mark_anew();
        prepared.marks.made = plan.marks.made;
        if prepared.planned.undo.is_some() {
            let said = plan.marks.said_by_id(&plan.planned);
            prepared.marks.take_over(&prepared.planned, &said);
        }
        self.plan = Some(prepared);
        self.pending = Pending::default();
        self.planning = false;
        // Operations have other numbers now.
        self.steps.retain(|step| matches!(step.how, How::Stored(_)));
        self.count();
        self.look();
        true
    }

    /// Has the summary of what is accepted counted.
    pub(super) fn summarise(&mut self) -> Vec<Effect> {
        let Some(plan) = &self.plan else {
            return Vec::new();
        };
        self.summary += 1;
        self.counting = true;
        let planned = plan.planned.clone();
        let chosen = plan.marks.selected(&planned).collect();
        vec![Effect::Think(Thought::Summary {
            round: self.summary,
            planned,
            chosen,
        })]
    }

    /// Takes the summary, if it is the one that was asked for.
    pub(in crate::console) fn take_summary(&mut self, round: u64) -> bool {
        let wanted = self.counting && round == self.summary;
        if wanted {
            self.counting = false;
        }
        wanted
    }

    /// Whether something was decided lately: the schedule waits for whoever is at it, but not for ever.
    pub(in crate::console) fn was_decided_lately(&self, now: Timestamp) -> bool {
        let lately = |at: Timestamp| now.duration_since(at) < DECIDING;
        self.decided_at.is_some_and(lately)
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

    /// Says something of operations. What is said of a plan that takes a run back is not stored.
    pub(super) fn say(&mut self, operations: &[u32], said: Said, words: String) -> Vec<Effect> {
        let Some(plan) = &mut self.plan else {
            return Vec::new();
        };
        let before: Vec<(u32, Said)> = operations
            .iter()
            .map(|op| (*op, plan.marks.said(*op)))
            .filter(|(_, before)| *before != said)
            .collect();
        if before.is_empty() {
            return Vec::new();
        }
        let decisions = plan.marks.say(&plan.planned, operations, said);
        for decision in &decisions {
            plan.decisions.note(decision);
        }
        self.count();
        if decisions.is_empty() {
            let how = How::Marks(before);
            self.steps.push(Step { words, how });
            return Vec::new();
        }
        vec![self.store(decisions, words)]
    }

    /// Stores decisions, to be taken back together.
    fn store(&mut self, decisions: Vec<Decision>, words: String) -> Effect {
        let ticket = self.next_ticket();
        let how = How::Stored(ticket);
        self.steps.push(Step { words, how });
        Effect::Errand(Errand::Record { ticket, decisions })
    }

    /// Stores decisions that change links or answer questions, and plans again.
    pub(super) fn decide(&mut self, decisions: Vec<Decision>, words: String) -> Vec<Effect> {
        if let Some(plan) = &mut self.plan {
            plan.marks.made += 1;
        }
        self.pending.decisions.extend(decisions.iter().cloned());
        let mut effects = vec![self.store(decisions, words)];
        effects.extend(self.again());
        effects
    }

    /// Takes back what was decided last. Gives what it was where that is done at once; what was stored
    /// is told when the state has answered.
    pub(super) fn take_back(&mut self) -> (Option<String>, Vec<Effect>) {
        let Some(step) = self.steps.pop() else {
            return (None, Vec::new());
        };
        match &step.how {
            How::Stored(of) => {
                let of = *of;
                let ticket = self.next_ticket();
                self.returning.push((ticket, step));
                self.asking = true;
                (None, vec![Effect::Errand(Errand::PutBack { ticket, of })])
            }
            How::Marks(before) => {
                if let Some(plan) = &mut self.plan {
                    plan.marks.put_back(before);
                }
                self.count();
                (Some(step.words), Vec::new())
            }
        }
    }

    /// What was taken back under this ticket is back; gives what it was.
    pub(in crate::console) fn taken_back(&mut self, ticket: u64) -> Option<String> {
        let at = self.returning.iter().position(|(of, _)| *of == ticket)?;
        Some(self.returning.remove(at).1.words)
    }

    /// What was to be stored under this ticket was not, or was not asked: the screen shows what the
    /// state holds, and what was to be taken back can be taken back still.
    pub(in crate::console) fn not_kept(&mut self, ticket: u64) -> Vec<Effect> {
        let asked_only = self.asking && self.returning.is_empty();
        if let Some(at) = self.returning.iter().position(|(of, _)| *of == ticket) {
            self.steps.push(self.returning.remove(at).1);
        }
        let stored = self.steps.len();
        self.steps
            .retain(|step| !matches!(step.how, How::Stored(of) if of == ticket));
        self.asking = false;
        self.pending.decisions.clear();
        // Where the state can't be asked either, that is told, and not tried for ever.
        if asked_only && self.steps.len() == stored {
            return Vec::new();
        }
        vec![self.ask_state()]
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
        let said = if any { Said::Rejected } else { Said::Accepted };
        let words = self.about(&operations, said);
        self.say(&operations, said, words)
    }

    /// What is said of operations, in a sentence: of one by name, of several by number.
    pub(super) fn about(&self, operations: &[u32], said: Said) -> String {
        let verb = match said {
            Said::Accepted => "Accepted",
            Said::Rejected => "Rejected",
            Said::Ignored => "Ignored",
        };
        let what = match (&self.plan, operations) {
            (Some(plan), [op]) => {
                let planned = &plan.planned;
                let op = &planned.plan.operations[*op as usize];
                let person = rows::name_of(planned, op);
                op.kind.describe(person, rows::group_of(planned, op))
            }
            _ => counted(operations.len() as u64, "operation", "operations"),
        };
        format!("{verb}: {what}.")
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
        let words = self.about(&operations, said);
        self.say(&operations, said, words)
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
