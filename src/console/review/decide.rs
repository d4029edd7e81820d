//! Decisions that change the plan: links, groups kept apart, adoptions, questions that are answered for
//! good; and taking decisions back.

use super::{Chosen, GroupRow, Marks, Page, PersonRow, Prepared, page, rows};
use crate::console::app::App;
use crate::console::event::{Effect, Thought};
use crate::directory::{AccountId, EntraId, GroupClass, GroupId};
use crate::plan::{Decision, Kind, Question, QuestionCode, group_class};
use crate::sync::{Adoption, Planned, Problem, consider_adoption};

/// Takes back what was decided last.
pub(super) fn undo(app: &mut App) -> Vec<Effect> {
    let (words, effects) = app.review.take_back();
    if let Some(words) = words {
        app.note(&format!("Taken back: {words}"));
    }
    effects
}

/// Stores decisions, plans again, and says what was decided.
fn decided(app: &mut App, decisions: Vec<Decision>, words: String) -> Vec<Effect> {
    app.note(&format!("{words} u undoes it."));
    app.review.decide(decisions, words)
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
            let group = GroupId::new(planned.jira.group(jira).id());
            if group_class(&planned.inputs(), jira) == GroupClass::Access {
                // What gives access is linked by its typed name alone.
                return vec![Effect::Think(Thought::Adoption {
                    planned: planned.clone(),
                    group: group.as_str().to_owned(),
                    add_only: true,
                })];
            }
            let confirm = |row: &u32| Decision::Confirm {
                entra: EntraId::new(planned.entra.group(*row).id()),
                group: group.clone(),
                access: false,
            };
            let entra = &planned.plan.targets[target as usize].entra;
            let decisions = entra.iter().map(confirm).collect();
            let name = planned.jira.group(jira).name();
            let words = format!("Linked: “{name}” only gains members.");
            decided(app, decisions, words)
        }
        _ => Vec::new(),
    }
}

/// Links a person to an account of the admin's choice.
pub(in crate::console) fn link_person(app: &mut App, person: u32, account: u32) -> Vec<Effect> {
    let Some(plan) = &app.review.plan else {
        return Vec::new();
    };
    let person = plan.planned.entra.person(person);
    let account = plan.planned.jira.account(account);
    let decision = Decision::Link {
        person: EntraId::new(person.id()),
        account: AccountId::new(account.id()),
        email: account.email().to_owned(),
        name: person.name().to_owned(),
    };
    let words = format!("Linked: {} has this account.", person.name());
    decided(app, vec![decision], words)
}

/// Says that one of the accounts in question is somebody else's; the others stay in question.
pub(in crate::console) fn refuse_account(app: &mut App, person: u32, account: u32) -> Vec<Effect> {
    let Some(plan) = &app.review.plan else {
        return Vec::new();
    };
    let person = plan.planned.entra.person(person);
    let account = plan.planned.jira.account(account);
    let decision = Decision::DifferentPerson {
        person: EntraId::new(person.id()),
        accounts: vec![AccountId::new(account.id())],
    };
    let words = format!(
        "Somebody else: {} is not {}.",
        account.name(),
        person.name()
    );
    decided(app, vec![decision], words)
}

/// What a no to the chosen row's question decides, and how that is told; none where the row asks
/// nothing that a no could answer.
fn refusal(plan: &Prepared, chosen: Chosen) -> Option<(Decision, String)> {
    let planned = &plan.planned;
    match chosen {
        Chosen::Person(row) => {
            let person = planned.entra.person(row.person?);
            let candidates = page::candidates(plan, &row);
            if candidates.is_empty() {
                return rows::is_different(planned, &row).then(|| {
                    let question = Question::new(QuestionCode::SamePerson, person.id(), []);
                    let words = format!("Asked again: is {} this person?", person.name());
                    (Decision::AskAgain(question), words)
                });
            }
            let accounts = candidates.iter();
            let accounts = accounts.map(|c| AccountId::new(planned.jira.account(c.account).id()));
            let decision = Decision::DifferentPerson {
                person: EntraId::new(person.id()),
                accounts: accounts.collect(),
            };
            let words = format!("Somebody else: no account of these is {}.", person.name());
            Some((decision, words))
        }
        Chosen::Group(row) => {
            let group = planned.entra.group(row.entra?);
            let entra = EntraId::new(group.id());
            if let (Some(jira), super::Mark::Confirm) = (row.jira, row.mark) {
                let jira = planned.jira.group(jira);
                let words = format!("Kept apart: “{}”.", jira.name());
                let group = GroupId::new(jira.id());
                return Some((Decision::KeepApart { entra, group }, words));
            }
            rows::is_kept_apart(planned, &row).then(|| {
                let question = Question::new(QuestionCode::SameGroup, entra.as_str(), []);
                let words = format!("Suggested again: “{}”.", group.name());
                (Decision::AskAgain(question), words)
            })
        }
        Chosen::Membership(_) => None,
    }
}

/// Whether the chosen row can be answered with no.
pub(super) fn can_refuse(app: &App) -> bool {
    let (Some(plan), Some(chosen)) = (&app.review.plan, app.review.chosen()) else {
        return false;
    };
    refusal(plan, chosen).is_some()
}

/// Answers the chosen row's question with no, or withdraws that.
pub(super) fn refuse(app: &mut App) -> Vec<Effect> {
    let (Some(plan), Some(chosen)) = (&app.review.plan, app.review.chosen()) else {
        return Vec::new();
    };
    match refusal(plan, chosen) {
        Some((decision, words)) => decided(app, vec![decision], words),
        None => Vec::new(),
    }
}

/// A question that a row asks, or that was answered with *leave alone*.
struct Asked {
    question: Question,
    /// Whom or what it is about, as it is told.
    name: String,
    /// Whether it is left alone.
    left: bool,
}

/// What the chosen row asks or asked: a conflict's question, a suggestion's, a standing list's.
fn asked(plan: &Prepared, chosen: Chosen) -> Option<Asked> {
    let planned = &plan.planned;
    match chosen {
        Chosen::Person(row) => {
            if let Some((question, left)) = rows::question(planned, row.why) {
                let name = row.person.map(|row| planned.entra.person(row).name());
                let name = name.unwrap_or_default().to_owned();
                return Some(Asked {
                    question,
                    name,
                    left,
                });
            }
            // Operations on an account are decided on one by one, before the account as such.
            let undecided = Marks::of_person(&plan.rows, &row).is_empty();
            let account = row.account.filter(|_| undecided && stands(planned, &row))?;
            let account = planned.jira.account(account);
            Some(Asked {
                question: Question::standing(&AccountId::new(account.id())),
                name: account.name().to_owned(),
                left: rows::is_left_alone(planned, &row),
            })
        }
        Chosen::Group(row) => {
            let entra = planned.entra.group(row.entra?);
            let (question, left) = match (row.jira, row.mark) {
                (Some(jira), super::Mark::Confirm) => {
                    let candidates = [planned.jira.group(jira).id()];
                    let code = QuestionCode::SameGroup;
                    (Question::new(code, entra.id(), candidates), false)
                }
                _ => rows::question(planned, row.why)?,
            };
            Some(Asked {
                question,
                name: format!("“{}”", entra.name()),
                left,
            })
        }
        Chosen::Membership(_) => None,
    }
}

/// Whether a row stands on a standing list, or stood there until it was left alone: accounts that stand
/// for nobody in Entra, and those of disabled people.
fn stands(planned: &Planned, row: &PersonRow) -> bool {
    row.person.is_none() || rows::is_still_active(planned, row) || rows::is_left_alone(planned, row)
}

/// Whether the chosen row asks something that can be left alone, or was left alone.
pub(super) fn can_leave_alone(app: &App) -> bool {
    let (Some(plan), Some(chosen)) = (&app.review.plan, app.review.chosen()) else {
        return false;
    };
    asked(plan, chosen).is_some()
}

/// Lets the chosen row stay as it is, or lets it ask again.
pub(super) fn leave_alone(app: &mut App) -> Vec<Effect> {
    let (Some(plan), Some(chosen)) = (&app.review.plan, app.review.chosen()) else {
        return Vec::new();
    };
    let Some(Asked {
        question,
        name,
        left,
    }) = asked(plan, chosen)
    else {
        return Vec::new();
    };
    let (decision, words) = if left {
        let words = format!("Listed again: {name}.");
        (Decision::AskAgain(question), words)
    } else {
        let words = format!("Left alone: {name} may stay as it is.");
        (Decision::LeaveAlone(question), words)
    };
    decided(app, vec![decision], words)
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
        add_only: false,
    })]
}

/// What adopting a group would do, as a page.
pub(in crate::console) fn adoption(
    planned: &Planned,
    group: &str,
    add_only: bool,
) -> Result<Page, Problem> {
    let mut alone = planned.clone();
    match consider_adoption(&mut alone, group, add_only) {
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
        Err(error) => Err(Problem::from(&error)),
    }
}

/// Stores an adoption that was confirmed.
pub(in crate::console) fn adopted(app: &mut App, adoption: &Adoption) -> Vec<Effect> {
    let words = if adoption.add_only {
        format!("Linked: “{}” only gains members.", adoption.name)
    } else {
        format!("Adopted: “{}” will mirror Entra.", adoption.name)
    };
    decided(app, adoption.decisions(), words)
}
