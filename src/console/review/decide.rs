//! Decisions that change the plan: links, groups kept apart, adoptions; and taking them back.

use super::state::Undo;
use super::{Chosen, GroupRow, Page, Said, page, rows};
use crate::console::app::App;
use crate::console::clerk::Errand;
use crate::console::event::{Change, Effect, Thought};
use crate::directory::{AccountId, EntraId, GroupId};
use crate::plan::{GroupLink, Kind};
use crate::sync::{Planned, consider_adoption};
use crate::text::counted;

/// Takes back what was decided last.
pub(super) fn undo(app: &mut App) -> Vec<Effect> {
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
    // What stands on a list of things to know changes no plan.
    if let (Some(plan), false) = (&mut review.plan, matches!(change, Change::Alone { .. })) {
        plan.marks.made += 1;
    }
    review.changes.push(change);
    let mut effects = vec![Effect::Errand(errand)];
    effects.extend(review.again());
    effects
}

/// Links the only candidate of the person, or confirms the suggested group.
pub(super) fn link(app: &mut App) -> Vec<Effect> {
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
            let words = format!("Linked: “{name}” only gains members.");
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
            app.note(&format!("{words} u undoes it."));
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
pub(in crate::console) fn link_person(app: &mut App, person: u32, account: u32) -> Vec<Effect> {
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
    let words = format!("Linked: {name} has this account.");
    let undo = (
        Errand::UnlinkPerson(entra.clone()),
        Change::NoPerson(entra.clone()),
        words.clone(),
    );
    let effects = decided(app, errand, Change::Person { entra, account }, Some(undo));
    app.note(&format!("{words} u undoes it."));
    effects
}

pub(super) fn keep_apart(app: &mut App) -> Vec<Effect> {
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
    let words = format!("Kept apart: “{name}”.");
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
    app.note(&format!("{words} u undoes it."));
    effects
}

/// Whether the chosen row stands on a standing list, or stood there until that was ignored.
pub(super) fn is_standing(app: &App) -> bool {
    let (Some(plan), Some(Chosen::Person(row))) = (&app.review.plan, app.review.chosen()) else {
        return false;
    };
    let planned = &plan.planned;
    rows::is_still_active(planned, &row)
        || rows::is_unknown(planned, &row)
        || rows::is_left_alone(planned, &row)
}

/// Takes the chosen account off the standing lists, or puts it back.
pub(super) fn leave_alone(app: &mut App) -> Vec<Effect> {
    let (Some(plan), Some(Chosen::Person(row))) = (&app.review.plan, app.review.chosen()) else {
        return Vec::new();
    };
    let Some(account) = row.account.map(|row| plan.planned.jira.account(row)) else {
        return Vec::new();
    };
    let alone = !rows::is_left_alone(&plan.planned, &row);
    let name = account.name().to_owned();
    let account = AccountId::new(account.id());
    let step = |alone| {
        let (errand, change) = (account.clone(), account.clone());
        (
            Errand::LeaveAlone {
                account: errand,
                alone,
            },
            Change::Alone {
                account: change,
                alone,
            },
        )
    };
    let words = if alone {
        format!("Ignored: {name} may stay as it is.")
    } else {
        format!("Listed again: {name}.")
    };
    let (errand, change) = step(alone);
    let (back, changed_back) = step(!alone);
    let undo = Some((back, changed_back, words.clone()));
    let effects = decided(app, errand, change, undo);
    app.note(&format!("{words} u undoes it."));
    effects
}

/// Works out what adopting the chosen group would do; then it is shown, and asked.
pub(super) fn adopt(app: &mut App) -> Vec<Effect> {
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
pub(in crate::console) fn adoption(
    planned: &Planned,
    group: &str,
) -> Result<Page, crate::sync::Problem> {
    let mut alone = planned.clone();
    match consider_adoption(&mut alone, group) {
        Ok(adoption) => {
            // Who is to be created comes into the group later; an adoption is about accounts.
            let later = planned.plan.operations.iter().filter(|op| {
                let of_group = op.target().and_then(|target| {
                    let row = planned.plan.targets[target as usize].jira?;
                    Some(planned.jira.group(row).id())
                });
                op.kind == Kind::AddMember && op.account().is_none() && of_group == Some(group)
            });
            let later = later.count() as u64;
            Ok(Page::adoption(&alone, adoption, later))
        }
        Err(error) => Err(crate::sync::Problem::from(&error)),
    }
}

/// Stores an adoption that was confirmed.
pub(in crate::console) fn adopted(app: &mut App, adoption: crate::sync::Adoption) -> Vec<Effect> {
    let change = Change::Adopted {
        entra: adoption.entra.clone(),
        group: adoption.group.clone(),
        access: adoption.access,
    };
    let words = format!("Adopted: “{}” will mirror Entra.", adoption.name);
    let undo = app.review.plan.as_ref().map(|plan| {
        let before = as_before(&plan.planned, &adoption.entra);
        (
            Errand::GroupsAsBefore(before.clone()),
            Change::GroupsAsBefore(before),
            words.clone(),
        )
    });
    let effects = decided(app, Errand::Adopt(Box::new(adoption)), change, undo);
    app.note(&format!("{words} u undoes it."));
    effects
}
