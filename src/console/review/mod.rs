//! Review: both directories side by side, decided row by row.

mod filter;
mod marks;
mod page;
mod page_view;
mod rows;
mod summary;
mod summary_view;
mod view;

pub(super) use filter::{Filter, FilterMenu};
pub(super) use marks::{Marks, Said, Stands, Tally};
pub(super) use page::{Line, Page};
pub(super) use page_view::{draw as draw_page, draw_filter, height as page_height};
pub(super) use rows::{GroupRow, Mark, PersonRow, Rows};
pub(super) use summary::Summary;
pub(super) use summary::summarise;
pub(super) use summary_view::draw as draw_summary;
pub(super) use view::{draw, list_height};

use super::app::{App, Overlay};
use super::clerk::Errand;
use super::commands::Action;
use super::event::{Change, Effect, Thought};
use super::field::TextField;
use super::overlay::moved;
use super::text::turned;
use super::worker::WorkKind;
use crate::directory::{EntraId, GroupId, counted};
use crate::plan::{Decisions, GroupLink, Mode, OperationId, RowDecision};
use crate::sync::{Planned, consider_adoption};
use hashbrown::HashMap;
use std::sync::Arc;

/// A plan with its rows and marks, ready to be shown.
#[derive(Debug)]
pub(super) struct Prepared {
    /// Made as if nothing had been rejected: rejected rows stay in sight.
    pub(super) planned: Arc<Planned>,
    pub(super) decisions: Decisions,
    pub(super) rows: Rows,
    pub(super) marks: Marks,
}

/// Prepares a plan for the screen.
pub(super) fn prepare(mut planned: Planned) -> Prepared {
    let decisions = planned.known.decisions.clone();
    if !decisions.operations.is_empty() || planned.mode != Mode::Attended {
        planned.mode = Mode::Attended;
        planned.again(|known| known.decisions.operations.clear());
    }
    let rows = rows::rows(&planned);
    let marks = Marks::of(&planned, &decisions);
    Prepared {
        planned: Arc::new(planned),
        decisions,
        rows,
        marks,
    }
}

impl Prepared {
    /// How many operations only one of two plans holds.
    fn differs_from(&self, other: &Self) -> u64 {
        let ids = |prepared: &Self| -> hashbrown::HashSet<_> {
            let planned = &prepared.planned;
            let operations = planned.plan.operations.iter();
            operations
                .map(|op| planned.plan.operation_id(&planned.inputs(), op))
                .collect()
        };
        ids(self).symmetric_difference(&ids(other)).count() as u64
    }
}

/// Which list is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum List {
    #[default]
    People,
    Groups,
    Memberships,
}

impl List {
    pub(super) const ALL: [Self; 3] = [Self::People, Self::Groups, Self::Memberships];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::People => "People",
            Self::Groups => "Groups",
            Self::Memberships => "Memberships",
        }
    }
}

/// The screen's state.
#[derive(Debug, Default)]
pub(super) struct Review {
    pub(super) plan: Option<Prepared>,
    /// A newer plan that waits, and how many operations differ.
    pub(super) newer: Option<(Box<Prepared>, u64)>,
    pub(super) list: List,
    pub(super) filter: Filter,
    pub(super) search: TextField,
    pub(super) searching: bool,
    /// Indices of the rows that filter and search let through.
    pub(super) visible: Vec<u32>,
    pub(super) cursor: usize,
    pub(super) offset: usize,
    pub(super) tally: Tally,
    /// Decisions made since the last job began: what it reads may lack them.
    changed: HashMap<OperationId, Option<RowDecision>>,
    /// Links and the like, made since then.
    changes: Vec<Change>,
    /// How to take back what was decided on this plan, the newest last.
    undo: Vec<Undo>,
    /// Which asking for a plan or a summary is the newest.
    round: u64,
    /// Whether the summary is being counted.
    pub(super) counting: bool,
}

/// How a decision is taken back.
#[derive(Debug)]
enum Undo {
    /// What was said of these operations before.
    Said(Vec<(u32, Said)>),
    /// An errand that undoes what was stored, the change that undoes it in the plan, and what was
    /// done.
    Change(Errand, Change, String),
}

/// What the row under the cursor is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Chosen {
    Person(PersonRow),
    Group(GroupRow),
    /// An operation on a membership.
    Membership(u32),
}

impl Review {
    /// Shows a plan with whatever was decided while it was being read. The cursor stays where it
    /// was, as far as the new list reaches, and the review stays open.
    fn show(&mut self, mut prepared: Prepared) -> Vec<Effect> {
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
    fn offer(&mut self, prepared: Prepared) -> Vec<Effect> {
        let changes = self.plan.as_ref().map(|plan| plan.differs_from(&prepared));
        match changes {
            None => return self.show(prepared),
            Some(changes) => self.newer = Some((Box::new(prepared), changes)),
        }
        Vec::new()
    }

    /// A job begins: it reads everything that was decided so far.
    pub(super) fn job_begins(&mut self) {
        self.changed.clear();
        self.changes.clear();
    }

    /// What was marked has been applied.
    pub(super) fn close(&mut self) {
        if let Some(plan) = &mut self.plan {
            plan.marks.made = 0;
        }
    }

    /// Plans again, from the same snapshots, with what was decided.
    fn again(&mut self) -> Vec<Effect> {
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
    pub(super) fn take_again(&mut self, round: u64, mut prepared: Prepared) -> bool {
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
    pub(super) fn take_summary(&mut self, round: u64) -> bool {
        let wanted = self.counting && round == self.round;
        if wanted {
            self.counting = false;
        }
        wanted
    }

    /// Whether marks were made since the plan came.
    pub(super) fn is_open(&self) -> bool {
        self.plan.as_ref().is_some_and(|plan| plan.marks.made > 0)
    }

    fn count(&mut self) {
        if let Some(plan) = &self.plan {
            self.tally = plan.marks.tally(&plan.planned);
        }
    }

    /// Works out which rows are shown.
    pub(super) fn look(&mut self) {
        let Some(plan) = &self.plan else { return };
        self.visible = filter::visible(plan, self.list, self.filter, self.search.text());
        self.cursor = self.cursor.min(self.visible.len().saturating_sub(1));
        self.offset = self.offset.min(self.cursor);
    }

    pub(super) fn chosen(&self) -> Option<Chosen> {
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
    fn operations_of(&self, row: usize) -> Vec<u32> {
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

    fn of_chosen(&self) -> Vec<u32> {
        self.visible
            .get(self.cursor)
            .map_or_else(Vec::new, |row| self.operations_of(*row as usize))
    }

    fn say(&mut self, operations: &[u32], said: Said) -> Vec<Effect> {
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
    fn toggle(&mut self) -> Vec<Effect> {
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

    pub(super) fn say_all(&mut self, said: Said) -> Vec<Effect> {
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

    pub(super) fn step(&mut self, list: isize) {
        let at = List::ALL.iter().position(|l| *l == self.list).unwrap_or(0);
        self.list = List::ALL[turned(at, list, List::ALL.len())];
        self.filter = Filter::default();
        self.cursor = 0;
        self.offset = 0;
        self.look();
    }
}

/// Why a command does not fit the row under the cursor.
pub(super) fn unavailable(app: &App, action: Action) -> Option<&'static str> {
    let review = &app.review;
    let Some(plan) = &review.plan else {
        return match action {
            Action::Refresh | Action::Left | Action::Right => None,
            _ => Some("there is no plan yet: r reads both directories"),
        };
    };
    if review.searching && matches!(action, Action::Enter | Action::Close) {
        return None;
    }
    if review.counting && !matches!(action, Action::Close) {
        return Some("what would be applied is being counted: a moment");
    }
    match action {
        Action::Toggle | Action::Ignore => {
            if review.chosen().is_none() {
                Some("no row is chosen")
            } else if review.of_chosen().is_empty() {
                Some("nothing would be done here, so there is nothing to decide")
            } else {
                None
            }
        }
        Action::AcceptShown | Action::RejectShown | Action::Enter => {
            review.visible.is_empty().then_some("no row is shown")
        }
        Action::TakeNewer => review.newer.is_none().then_some("no newer plan is waiting"),
        Action::Yes => match review.chosen() {
            Some(Chosen::Group(row)) if row.mark == Mark::Confirm => None,
            Some(Chosen::Person(row))
                if matches!(row.mark, Mark::Confirm | Mark::Conflict)
                    && page::candidates(plan, &row).len() == 1 =>
            {
                None
            }
            Some(Chosen::Person(row)) if !page::candidates(plan, &row).is_empty() => {
                Some("several accounts come into question: enter shows them")
            }
            _ => Some(
                "only a suggested group, or a person with an account to confirm, can be linked",
            ),
        },
        Action::Discard => review
            .undo
            .is_empty()
            .then_some("nothing was decided on this plan yet"),
        Action::No => match review.chosen() {
            Some(Chosen::Group(row)) if row.mark == Mark::Confirm => None,
            _ => Some("only a suggested group can be kept apart"),
        },
        Action::Own => match review.chosen() {
            Some(Chosen::Group(row)) if row.target.is_some() && row.jira.is_some() => {
                (!plan.planned.settings.provisioning.sync_memberships).then_some(
                    "Sync memberships is off: an adopted group would not be kept in step",
                )
            }
            _ => Some("only a Jira group that stands for an Entra group can be adopted"),
        },
        _ => None,
    }
}

/// Does what a key asks for.
pub(super) fn perform(app: &mut App, action: Action) -> Vec<Effect> {
    let page = view::list_height(app.size);
    let review = &mut app.review;
    match action {
        Action::Toggle => {
            let effects = review.toggle();
            review.cursor = moved(review.cursor, review.visible.len(), page, Action::Down);
            review.keep_in_sight(page);
            return effects;
        }
        Action::Ignore => {
            let operations = review.of_chosen();
            let ignored = review.plan.as_ref().is_some_and(|plan| {
                operations
                    .iter()
                    .all(|op| plan.marks.said(*op) == Said::Ignored)
            });
            let said = if ignored {
                Said::Accepted
            } else {
                Said::Ignored
            };
            return review.say(&operations, said);
        }
        Action::AcceptShown => ask_for_all(app, Said::Accepted),
        Action::RejectShown => ask_for_all(app, Said::Rejected),
        Action::Left => review.step(-1),
        Action::Right => review.step(1),
        Action::Search => review.searching = true,
        Action::Filter => {
            if let Some(plan) = &review.plan {
                let menu = FilterMenu::new(plan, review.list, review.filter);
                app.over(Overlay::Filter(menu));
            }
        }
        Action::Close => {
            review.search = TextField::default();
            review.filter = Filter::default();
            review.look();
        }
        Action::Enter => return open(app),
        Action::Refresh => return vec![Effect::Start(WorkKind::Refresh)],
        Action::TakeNewer => {
            if let Some((newer, _)) = review.newer.take() {
                return show(app, *newer);
            }
        }
        Action::Apply => {
            review.round += 1;
            let round = review.round;
            if let Some(plan) = &review.plan {
                let planned = plan.planned.clone();
                let chosen: Vec<u32> = plan.marks.selected(&planned).collect();
                review.counting = true;
                app.note("Counting what would be applied …");
                return vec![Effect::Think(Thought::Summary {
                    round,
                    planned,
                    chosen,
                })];
            }
        }
        Action::Yes => return link(app),
        Action::No => return keep_apart(app),
        Action::Own => return adopt(app),
        Action::Discard => return undo(app),
        other => {
            review.cursor = moved(review.cursor, review.visible.len(), page, other);
            review.keep_in_sight(page);
        }
    }
    Vec::new()
}

impl Review {
    /// Moves the page so that the cursor is on it.
    pub(super) fn keep_in_sight(&mut self, page: usize) {
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

/// Asks before something is said of many rows.
fn ask_for_all(app: &mut App, said: Said) {
    let rows = counted(app.review.visible.len() as u64, "row", "rows");
    let (verb, words) = if said == Said::Accepted {
        (
            "Accept",
            "Rejections among them are withdrawn; what is ignored stays so.",
        )
    } else {
        (
            "Reject",
            "They stay out until their reason changes; what is ignored stays so.",
        )
    };
    let title = format!("{verb} all {rows} shown?");
    let ask = super::overlay::Ask::new(
        &title,
        vec![(super::theme::Tone::Plain, words.to_owned())],
        vec![
            (verb, super::overlay::Answer::SayAll(said)),
            ("Leave them", super::overlay::Answer::Close),
        ],
    );
    app.over(Overlay::Ask(ask));
}

fn open(app: &mut App) -> Vec<Effect> {
    let Some(plan) = &app.review.plan else {
        return Vec::new();
    };
    let page = match app.review.chosen() {
        Some(Chosen::Person(row)) => Page::person(plan, &row),
        Some(Chosen::Group(row)) => Page::group(plan, &row),
        Some(Chosen::Membership(op)) => Page::membership(plan, op),
        None => return Vec::new(),
    };
    let history = page.entra_id.clone();
    app.over(Overlay::Page(Box::new(page)));
    history
        .map(|id| Effect::Errand(Errand::History(id)))
        .into_iter()
        .collect()
}

/// Shows a plan. Whatever lies over the screen and speaks of the former one is closed.
pub(super) fn show(app: &mut App, prepared: Prepared) -> Vec<Effect> {
    let before = app.over.len();
    app.over.retain(|over| {
        !matches!(
            over,
            Overlay::Page(_) | Overlay::Filter(_) | Overlay::Summary(_)
        )
    });
    let effects = app.review.show(prepared);
    app.review.keep_in_sight(view::list_height(app.size));
    if app.over.len() < before {
        app.refuse("A new plan has come: look again.");
    }
    effects
}

/// Takes a plan that nobody here asked for. It waits while somebody looks at the one on screen.
pub(super) fn offer(app: &mut App, prepared: Prepared) -> Vec<Effect> {
    let in_use = app.screen == super::app::Screen::Review || app.review.is_open();
    if in_use {
        app.review.offer(prepared)
    } else {
        show(app, prepared)
    }
}

/// Takes back what was decided last.
fn undo(app: &mut App) -> Vec<Effect> {
    let Some(undo) = app.review.undo.pop() else {
        return Vec::new();
    };
    match undo {
        Undo::Change(errand, change, words) => {
            app.note(&format!("Taken back: {words}"));
            let effects = decided(app, errand, change, None);
            app.review
                .undo
                .retain(|undo| matches!(undo, Undo::Change(..)));
            effects
        }
        Undo::Said(before) => {
            let depth = app.review.undo.len();
            let mut effects = Vec::new();
            for said in [Said::Accepted, Said::Rejected, Said::Ignored] {
                let of = before.iter().filter(|(_, was)| *was == said);
                let operations: Vec<u32> = of.map(|(op, _)| *op).collect();
                effects.extend(app.review.say(&operations, said));
            }
            app.review.undo.truncate(depth);
            let words = counted(before.len() as u64, "decision", "decisions");
            app.note(&format!("Taken back: {words}."));
            effects
        }
    }
}

/// Stores a decision that changes the plan, and plans again. `undo` takes it back, with what it
/// was.
fn decided(
    app: &mut App,
    errand: Errand,
    change: Change,
    undo: Option<(Errand, Change, String)>,
) -> Vec<Effect> {
    let review = &mut app.review;
    if let Some((errand, change, words)) = undo {
        review.undo.push(Undo::Change(errand, change, words));
    }
    if let Some(plan) = &mut review.plan {
        plan.marks.made += 1;
    }
    review.changes.push(change);
    let mut effects = vec![Effect::Errand(errand)];
    effects.extend(review.again());
    effects
}

/// Links the only candidate of the person, or confirms the suggested group.
fn link(app: &mut App) -> Vec<Effect> {
    let Some(plan) = &app.review.plan else {
        return Vec::new();
    };
    match app.review.chosen() {
        Some(Chosen::Person(row)) => {
            let Some(candidate) = page::candidates(plan, &row).pop() else {
                return Vec::new();
            };
            link_person(app, candidate.person, candidate.account)
        }
        Some(Chosen::Group(row)) => {
            let (Some(target), Some(jira)) = (row.target, row.jira) else {
                return Vec::new();
            };
            let planned = &plan.planned;
            let entra: Vec<EntraId> = planned.plan.targets[target as usize]
                .entra
                .iter()
                .map(|row| EntraId::new(planned.entra.group(*row).id()))
                .collect();
            let group = GroupId::new(planned.jira.group(jira).id());
            let name = planned.jira.group(jira).name().to_owned();
            let words = format!("Linked: members are added to “{name}”, never removed.");
            let before = as_before(planned, &entra);
            let undo = (
                Errand::GroupsAsBefore(before.clone()),
                Change::GroupsAsBefore(before),
                words.clone(),
            );
            let errand = Errand::LinkGroup {
                entra: entra.clone(),
                group: group.clone(),
            };
            let effects = decided(app, errand, Change::Group { entra, group }, Some(undo));
            app.note(&format!("{words} u takes it back."));
            effects
        }
        _ => Vec::new(),
    }
}

/// How these groups are linked now.
fn as_before(planned: &Planned, entra: &[EntraId]) -> Vec<(EntraId, Option<GroupLink>)> {
    entra
        .iter()
        .map(|id| {
            (
                id.clone(),
                planned.known.links.group_of(id.as_str()).cloned(),
            )
        })
        .collect()
}

/// Links a person to an account of the admin's choice.
pub(super) fn link_person(app: &mut App, person: u32, account: u32) -> Vec<Effect> {
    let Some(plan) = &app.review.plan else {
        return Vec::new();
    };
    let (person, account) = (
        plan.planned.entra.person(person),
        plan.planned.jira.account(account),
    );
    let (entra, id) = (EntraId::new(person.id()), account.id().to_owned());
    let errand = Errand::LinkPerson {
        entra: person.id().to_owned(),
        account: id.clone(),
        email: account.email().to_owned(),
        name: person.name().to_owned(),
    };
    let name = person.name().to_owned();
    let account = crate::directory::AccountId::new(&id);
    let words = format!("Linked: {name} keeps this account from now on.");
    let undo = (
        Errand::UnlinkPerson(entra.clone()),
        Change::NoPerson(entra.clone()),
        words.clone(),
    );
    let effects = decided(app, errand, Change::Person { entra, account }, Some(undo));
    app.note(&format!("{words} u takes it back."));
    effects
}

fn keep_apart(app: &mut App) -> Vec<Effect> {
    let Some(plan) = &app.review.plan else {
        return Vec::new();
    };
    let Some(Chosen::Group(GroupRow {
        entra: Some(entra),
        jira: Some(jira),
        ..
    })) = app.review.chosen()
    else {
        return Vec::new();
    };
    let entra = EntraId::new(plan.planned.entra.group(entra).id());
    let group = GroupId::new(plan.planned.jira.group(jira).id());
    let name = plan.planned.jira.group(jira).name().to_owned();
    let words = format!("Kept apart: “{name}” is left alone.");
    let undo = (
        Errand::BringTogether {
            entra: entra.clone(),
            group: group.clone(),
        },
        Change::Together {
            entra: entra.clone(),
            group: group.clone(),
        },
        words.clone(),
    );
    let errand = Errand::KeepApart {
        entra: entra.clone(),
        group: group.clone(),
    };
    let effects = decided(app, errand, Change::Apart { entra, group }, Some(undo));
    app.note(&format!("{words} u takes it back."));
    effects
}

/// Works out what adopting the chosen group would do; then it is shown, and asked.
fn adopt(app: &mut App) -> Vec<Effect> {
    let Some(plan) = &app.review.plan else {
        return Vec::new();
    };
    let Some(Chosen::Group(GroupRow {
        jira: Some(jira), ..
    })) = app.review.chosen()
    else {
        return Vec::new();
    };
    let group = plan.planned.jira.group(jira).id().to_owned();
    vec![Effect::Think(Thought::Adoption {
        planned: plan.planned.clone(),
        group,
    })]
}

/// What adopting a group would do, as a page.
pub(super) fn adoption(planned: &Planned, group: &str) -> Result<Page, crate::sync::Problem> {
    let mut alone = planned.clone();
    match consider_adoption(&mut alone, group) {
        Ok(adoption) => Ok(Page::adoption(&alone, adoption)),
        Err(error) => Err(crate::sync::Problem::from(&error)),
    }
}

/// Stores an adoption that was confirmed.
pub(super) fn adopted(app: &mut App, adoption: crate::sync::Adoption) -> Vec<Effect> {
    let change = Change::Adopted {
        entra: adoption.entra.clone(),
        group: adoption.group.clone(),
        access: adoption.access,
    };
    let words = format!(
        "Adopted: “{}” mirrors Entra with the next apply.",
        adoption.name
    );
    let undo = app.review.plan.as_ref().map(|plan| {
        let before = as_before(&plan.planned, &adoption.entra);
        (
            Errand::GroupsAsBefore(before.clone()),
            Change::GroupsAsBefore(before),
            words.clone(),
        )
    });
    let effects = decided(app, Errand::Adopt(Box::new(adoption)), change, undo);
    app.note(&format!("{words} u takes it back."));
    effects
}

/// “12 people · 3 groups”, of what is selected.
pub(super) fn tally_words(tally: Tally) -> String {
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
pub(super) fn tally_signs(tally: Tally) -> String {
    let mut parts = Vec::new();
    for (count, sign, what) in [
        (tally.people, '+', "people"),
        (tally.groups, '+', "groups"),
        (tally.added, '+', "memberships"),
        (tally.removed, '-', "memberships"),
    ] {
        if count > 0 {
            parts.push(format!("{sign}{} {what}", crate::directory::grouped(count)));
        }
    }
    if parts.is_empty() {
        "nothing to apply".to_owned()
    } else {
        parts.join(" · ")
    }
}
