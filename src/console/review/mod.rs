//! Review: both directories side by side, decided row by row.

mod act;
mod cells;
mod decide;
mod filter;
mod marks;
mod page;
mod page_group;
mod page_person;
mod page_view;
mod rows;
mod state;
mod summary;
mod summary_view;
mod view;

pub(super) use act::{offer, perform, show, unavailable};
pub(super) use decide::{adopted, adoption, link_person, refuse_account};
pub(super) use filter::{Filter, FilterMenu};
pub(super) use marks::{Marks, Said, Stands};
pub(super) use marks::{tally_signs, tally_words};
pub(super) use page::{Line, Page};
pub(super) use page_view::{draw as draw_page, draw_filter, height as page_height};
pub(super) use rows::{GroupRow, Mark, PersonRow, Rows};
pub(super) use state::{Pending, Review};
pub(super) use summary::Summary;
pub(super) use summary::summarise;
pub(super) use summary_view::{draw as draw_summary, last_row as last_summary_row};
pub(super) use view::{draw, list_height};

use crate::plan::{Decisions, Mode};
use crate::sync::Planned;
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
    /// Marks the rows by the decisions; how many marks were made stays.
    fn mark_anew(&mut self) {
        let made = self.marks.made;
        self.marks = Marks::of(&self.planned, &self.decisions);
        self.marks.made = made;
    }

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

/// What the row under the cursor is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Chosen {
    Person(PersonRow),
    Group(GroupRow),
    /// An operation on a membership.
    Membership(u32),
}
