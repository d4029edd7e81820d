//! Which rows are shown.

use super::marks::Stands;
use super::rows::{self, Mark, PersonRow};
use super::{List, Prepared};
use crate::directory::{AccountKind, fold};

/// A choice of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::console) enum Filter {
    #[default]
    Changes,
    All,
    Marked(Mark),
    Held,
    Rejected,
    Ignored,
    Additions,
    Removals,
    /// Disabled in Entra, and able to sign in to Jira.
    StillActive,
    /// On the tenant's domains, and unknown to Entra.
    Unknown,
    /// Any account that nobody in Entra stands for.
    JiraOnly,
}

impl Filter {
    const PEOPLE: [Self; 15] = [
        Self::Changes,
        Self::All,
        Self::Marked(Mark::Conflict),
        Self::Marked(Mark::Confirm),
        Self::Marked(Mark::Create),
        Self::Marked(Mark::Remove),
        Self::Marked(Mark::Differs),
        Self::Marked(Mark::Same),
        Self::Marked(Mark::Out),
        Self::Held,
        Self::Rejected,
        Self::Ignored,
        Self::StillActive,
        Self::Unknown,
        Self::JiraOnly,
    ];
    const GROUPS: [Self; 13] = [
        Self::Changes,
        Self::All,
        Self::Marked(Mark::Conflict),
        Self::Marked(Mark::Confirm),
        Self::Marked(Mark::Create),
        Self::Marked(Mark::Remove),
        Self::Marked(Mark::Differs),
        Self::Marked(Mark::Same),
        Self::Marked(Mark::Out),
        Self::Held,
        Self::Rejected,
        Self::Ignored,
        Self::JiraOnly,
    ];
    const MEMBERSHIPS: [Self; 6] = [
        Self::Changes,
        Self::Additions,
        Self::Removals,
        Self::Held,
        Self::Rejected,
        Self::Ignored,
    ];

    const fn of(list: List) -> &'static [Self] {
        match list {
            List::People => &Self::PEOPLE,
            List::Groups => &Self::GROUPS,
            List::Memberships => &Self::MEMBERSHIPS,
        }
    }

    pub(in crate::console) const fn name(self) -> &'static str {
        match self {
            Self::Changes => "changes only",
            Self::All => "everything",
            Self::Marked(Mark::Conflict) => "! conflicts",
            Self::Marked(Mark::Confirm) => "> links to confirm",
            Self::Marked(Mark::Create) => "+ to create",
            Self::Marked(Mark::Remove) => "- something is taken away",
            Self::Marked(Mark::Differs) => "~ something differs",
            Self::Marked(Mark::Same) => "= the same on both sides",
            Self::Marked(Mark::Out) => "· not included",
            Self::Held => "held by a guard",
            Self::Rejected => "rejected",
            Self::Ignored => "ignored, or answered for good",
            Self::Additions => "+ to be added",
            Self::Removals => "- to be removed",
            Self::StillActive => "disabled in Entra, can still sign in",
            Self::Unknown => "on your domain, unknown to Entra",
            Self::JiraOnly => "in Jira only",
        }
    }
}

/// The rows of a list that filter and search let through.
pub(super) fn visible(plan: &Prepared, list: List, filter: Filter, search: &str) -> Vec<u32> {
    let search = fold(search);
    let count = match list {
        List::People => plan.rows.people.len(),
        List::Groups => plan.rows.groups.len(),
        List::Memberships => plan.rows.memberships.len(),
    };
    // Without filter and search every row stands for itself.
    (0..count as u32)
        .filter(|row| lets_through(plan, list, filter, *row))
        .filter(|row| search.is_empty() || found(plan, list, *row, &search))
        .collect()
}

fn lets_through(plan: &Prepared, list: List, filter: Filter, row: u32) -> bool {
    match list {
        List::People => person(plan, &plan.rows.people[row as usize], filter),
        List::Groups => {
            let row = &plan.rows.groups[row as usize];
            match filter {
                Filter::All => true,
                Filter::Changes => !matches!(row.mark, Mark::Same | Mark::Differs | Mark::Out),
                Filter::Marked(mark) => row.mark == mark,
                Filter::JiraOnly => row.entra.is_none(),
                other => {
                    (other == Filter::Ignored && rows::is_group_answered(&plan.planned, row))
                        || row.create.is_some_and(|op| operation(plan, op, other))
                }
            }
        }
        List::Memberships => {
            let op = plan.rows.memberships[row as usize];
            filter == Filter::Changes || operation(plan, op, filter)
        }
    }
}

fn person(plan: &Prepared, row: &PersonRow, filter: Filter) -> bool {
    match filter {
        Filter::All => true,
        Filter::Changes => !matches!(row.mark, Mark::Same | Mark::Differs | Mark::Out),
        Filter::Marked(mark) => row.mark == mark,
        Filter::StillActive => rows::is_still_active(&plan.planned, row),
        Filter::Unknown => rows::is_unknown(&plan.planned, row),
        Filter::JiraOnly => {
            row.person.is_none()
                && row.account.is_some_and(|account| {
                    plan.planned.jira.account(account).kind() != AccountKind::App
                })
        }
        other => {
            (other == Filter::Ignored && rows::is_person_answered(&plan.planned, row))
                || super::Marks::of_person(&plan.rows, row)
                    .into_iter()
                    .any(|op| operation(plan, op, other))
        }
    }
}

fn operation(plan: &Prepared, op: u32, filter: Filter) -> bool {
    let stands = || plan.marks.stands(&plan.planned, op);
    let operation = &plan.planned.plan.operations[op as usize];
    match filter {
        Filter::Held => !operation.held.is_empty() && stands() == Stands::In,
        Filter::Rejected => matches!(stands(), Stands::Rejected | Stands::Orphaned),
        Filter::Ignored => stands() == Stands::Ignored,
        Filter::Additions => operation.kind == crate::plan::Kind::AddMember,
        Filter::Removals => operation.kind == crate::plan::Kind::RemoveMember,
        _ => false,
    }
}

/// Whether text holds what was folded, whatever its case. Plain letters, which most searches are
/// made of, need no copy of the text.
fn contains(text: &str, folded: &str) -> bool {
    if !folded.is_ascii() {
        return fold(text).contains(folded);
    }
    let (text, wanted) = (text.as_bytes(), folded.as_bytes());
    let Some(first) = wanted.first() else {
        return true;
    };
    text.windows(wanted.len())
        .any(|part| part[0].eq_ignore_ascii_case(first) && part.eq_ignore_ascii_case(wanted))
}

/// Whether a row holds the folded text.
fn found(plan: &Prepared, list: List, row: u32, search: &str) -> bool {
    let planned = &plan.planned;
    let holds = |text: &str| contains(text, search);
    match list {
        List::People => {
            let row = &plan.rows.people[row as usize];
            row.person.is_some_and(|person| {
                let person = planned.entra.person(person);
                holds(person.name()) || holds(person.mail()) || holds(person.upn())
            }) || row.account.is_some_and(|account| {
                let account = planned.jira.account(account);
                holds(account.name()) || holds(account.email())
            })
        }
        List::Groups => {
            let row = &plan.rows.groups[row as usize];
            row.entra
                .is_some_and(|group| holds(planned.entra.group(group).name()))
                || row
                    .jira
                    .is_some_and(|group| holds(planned.jira.group(group).name()))
        }
        List::Memberships => {
            let op = plan.rows.memberships[row as usize];
            let op = &planned.plan.operations[op as usize];
            holds(rows::name_of(planned, op)) || holds(rows::group_of(planned, op))
        }
    }
}

/// The filters of a list with their counts, to choose from.
#[derive(Debug)]
pub(in crate::console) struct FilterMenu {
    pub(in crate::console) entries: Vec<(Filter, u64)>,
    pub(in crate::console) cursor: usize,
}

impl FilterMenu {
    pub(super) fn new(plan: &Prepared, list: List, now: Filter) -> Self {
        let entries: Vec<(Filter, u64)> = Filter::of(list)
            .iter()
            .map(|filter| (*filter, visible(plan, list, *filter, "").len() as u64))
            .collect();
        let cursor = entries.iter().position(|(f, _)| *f == now).unwrap_or(0);
        Self { entries, cursor }
    }
}

#[cfg(test)]
mod tests {
    use super::contains;

    #[test]
    fn searches_mind_no_case() {
        for (text, search) in [
            ("Ada O'Neill", "ada"),
            ("Ada O'Neill", "o'n"),
            ("BJÖRN MÜLLER", "björn"),
            ("BJÖRN MÜLLER", "ller"),
            ("x", ""),
        ] {
            assert!(contains(text, search), "{search} in {text}");
        }
        assert!(!contains("Ada", "adam"));
        assert!(!contains("", "a"));
    }
}
