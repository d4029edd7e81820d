//! What stands in a row of the lists.

use super::page;
use super::rows::{self, Mark};
use super::{Marks, Prepared, Stands};
use crate::console::theme::Tone;
use crate::directory::fold;
use crate::plan::{Kind, address, shows_other_address};
use crate::text::counted;

/// What stands in a row.
#[derive(Debug, Default)]
pub(super) struct Cells {
    pub(super) left: String,
    pub(super) left_more: String,
    pub(super) mark: &'static str,
    pub(super) tone: Tone,
    pub(super) right: String,
    pub(super) right_more: String,
    pub(super) decision: String,
}

fn mark_tone(mark: Mark) -> Tone {
    match mark {
        Mark::Conflict | Mark::Differs => Tone::Held,
        Mark::Confirm => Tone::Info,
        Mark::Create => Tone::Good,
        Mark::Remove => Tone::Bad,
        Mark::Same => Tone::Plain,
        Mark::Out => Tone::Dim,
    }
}

fn box_of(stands: Stands) -> &'static str {
    match stands {
        Stands::In => "[x]",
        Stands::Rejected | Stands::Orphaned => "[ ]",
        Stands::Ignored => "[-]",
    }
}

fn held_word(plan: &Prepared, op: u32) -> &'static str {
    let stands = plan.marks.stands(&plan.planned, op);
    match stands {
        Stands::Rejected => " rejected",
        Stands::Ignored => " ignored",
        Stands::Orphaned => " not created",
        Stands::In if plan.planned.plan.operations[op as usize].held.is_empty() => "",
        Stands::In => " held",
    }
}

pub(super) fn person_cells(plan: &Prepared, row: u32) -> Cells {
    let planned = &plan.planned;
    let row = &plan.rows.people[row as usize];
    let mut cells = Cells {
        mark: row.mark.sign(),
        tone: mark_tone(row.mark),
        ..Cells::default()
    };
    if let Some(person) = row.person {
        let record = planned.entra.person(person);
        record.name().clone_into(&mut cells.left);
        let sources = &planned.settings.provisioning.email_from;
        cells.left_more = if record.enabled() {
            address(record, sources).unwrap_or("no address").to_owned()
        } else {
            "disabled".to_owned()
        };
    }
    if let Some(account) = row.account {
        let record = planned.jira.account(account);
        record.name().clone_into(&mut cells.right);
        cells.right_more = if record.email().is_empty() {
            "e-mail hidden".to_owned()
        } else {
            record.email().to_owned()
        };
        if !record.active() {
            "deactivated".clone_into(&mut cells.right_more);
        }
    } else if matches!(row.mark, Mark::Conflict | Mark::Confirm) {
        let names: Vec<String> = page::candidates(plan, row)
            .iter()
            .map(|candidate| planned.jira.account(candidate.account).name().to_owned())
            .collect();
        cells.right = names.join(", ");
    }
    let operations = Marks::of_person(&plan.rows, row);
    cells.decision = match (row.mark, row.create) {
        (_, Some(op)) => {
            let stands = plan.marks.stands(planned, op);
            format!("{} create{}", box_of(stands), held_word(plan, op))
        }
        (Mark::Confirm, _) => "y confirms the link".to_owned(),
        (Mark::Conflict, _) if page::candidates(plan, row).is_empty() => "see why below".to_owned(),
        (Mark::Conflict, _) => "enter: choose".to_owned(),
        (Mark::Differs, _) => differs(plan, row),
        _ if rows::is_left_alone(planned, row) => "[-] ignored".to_owned(),
        _ if rows::is_still_active(planned, row) => "can still sign in".to_owned(),
        _ => String::new(),
    };
    if let (None, Some(first)) = (row.create, operations.first()) {
        cells.decision = format!(
            "{} {}{}",
            box_of(plan.marks.stands(planned, *first)),
            operations_in_short(plan, &operations),
            held_word(plan, *first)
        );
    }
    cells
}

/// What becomes of an account and its memberships, in a few words.
fn operations_in_short(plan: &Prepared, operations: &[u32]) -> String {
    let count = |wanted: Kind| {
        let kind = |op: &&u32| plan.planned.plan.operations[**op as usize].kind == wanted;
        operations.iter().filter(kind).count()
    };
    let (into, out) = (count(Kind::AddMember), count(Kind::RemoveMember));
    let mut words = Vec::new();
    for (kind, word) in [
        (Kind::SuspendUser, "suspend"),
        (Kind::RestoreUser, "restore"),
        (Kind::RemoveUser, "remove"),
    ] {
        if count(kind) > 0 {
            words.push(word.to_owned());
        }
    }
    let alone = words.is_empty();
    if into > 0 {
        words.push(format!("+{into}"));
    }
    if out > 0 {
        words.push(format!("-{out}"));
    }
    // Beside what becomes of the account there is no room for more than the numbers.
    match into + out {
        1 if alone => words.push("group".to_owned()),
        2.. if alone => words.push("groups".to_owned()),
        _ => {}
    }
    words.join(" ")
}

fn differs(plan: &Prepared, row: &super::PersonRow) -> String {
    let (Some(person), Some(account)) = (row.person, row.account) else {
        return String::new();
    };
    let (person, account) = (
        plan.planned.entra.person(person),
        plan.planned.jira.account(account),
    );
    let name = fold(person.name()) != fold(account.name());
    let sources = &plan.planned.settings.provisioning.email_from;
    let mail = shows_other_address(person, account.email(), sources);
    match (name, mail) {
        _ if rows::is_hired_again(&plan.planned, row.why) => "hired again",
        (true, true) => "name, e-mail differ",
        (_, true) => "e-mail differs",
        _ => "name differs",
    }
    .to_owned()
}

pub(super) fn group_cells(plan: &Prepared, row: u32) -> Cells {
    let planned = &plan.planned;
    let row = &plan.rows.groups[row as usize];
    let mut cells = Cells {
        mark: row.mark.sign(),
        tone: mark_tone(row.mark),
        ..Cells::default()
    };
    if let Some(group) = row.entra {
        planned
            .entra
            .group(group)
            .name()
            .clone_into(&mut cells.left);
        let direct = planned.entra.direct().of(group).len() as u64;
        cells.left_more = counted(direct, "person", "people");
        let nested = planned.entra.nested().of(group).len() as u64;
        if nested > 0 {
            cells.left_more = format!(
                "{} + {}",
                cells.left_more,
                counted(nested, "group", "groups")
            );
        }
    }
    if let Some(group) = row.jira {
        planned
            .jira
            .group(group)
            .name()
            .clone_into(&mut cells.right);
        rows::class_words(planned, group).clone_into(&mut cells.right_more);
    }
    cells.decision = match (row.mark, row.create) {
        (_, Some(op)) => {
            let stands = plan.marks.stands(planned, op);
            let verb = if planned.plan.operations[op as usize].kind == Kind::DeleteGroup {
                "delete"
            } else {
                "create"
            };
            format!("{} {verb}{}", box_of(stands), held_word(plan, op))
        }
        (Mark::Confirm, _) => {
            let overlap = row
                .target
                .and_then(|target| plan.rows.overlaps.get(&target))
                .copied()
                .unwrap_or_default();
            format!("shares {}/{}: y n o", overlap.shared, overlap.entra)
        }
        (Mark::Conflict, _) => "see why below".to_owned(),
        _ => row.target.map_or(String::new(), |target| {
            match planned.plan.targets[target as usize].state {
                crate::plan::TargetState::Owned => "owned: mirrors Entra",
                crate::plan::TargetState::Confirmed => "linked: adds only",
                _ => "",
            }
            .to_owned()
        }),
    };
    cells
}

pub(super) fn membership_cells(plan: &Prepared, row: u32) -> Cells {
    let planned = &plan.planned;
    let index = plan.rows.memberships[row as usize];
    let op = &planned.plan.operations[index as usize];
    let mark = if op.kind == Kind::AddMember {
        Mark::Create
    } else {
        Mark::Remove
    };
    let stands = plan.marks.stands(planned, index);
    Cells {
        left: rows::name_of(planned, op).to_owned(),
        left_more: rows::short(op.reason).to_owned(),
        mark: mark.sign(),
        tone: mark_tone(mark),
        right: rows::group_of(planned, op).to_owned(),
        right_more: op
            .target()
            .and_then(|target| planned.plan.targets[target as usize].jira)
            .map_or("new group", |row| rows::class_words(planned, row))
            .to_owned(),
        decision: format!(
            "{} {}{}",
            box_of(stands),
            if mark == Mark::Create {
                "add"
            } else {
                "remove"
            },
            held_word(plan, index)
        ),
    }
}
