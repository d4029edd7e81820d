//! Questions that the admin answered are asked no more, until their candidates change.

use super::model::{Model, Snapshots, model};
use proptest::prelude::*;
use rollbook::directory::{AccountId, EntraId};
use rollbook::plan::{
    About, Allowances, Conflict, Decision, Kind, LeftOut, Matched, Operation, Plan, Question,
    QuestionCode, Skipped, Stage, Subject, TargetState,
};

fn plan(model: &Model, snapshots: &Snapshots) -> Plan {
    model.plan(snapshots, &Allowances::default())
}

fn question(model: &Model, snapshots: &Snapshots, conflict: &Conflict) -> Question {
    model.with_inputs(snapshots, &Allowances::default(), |inputs| {
        conflict.question(inputs)
    })
}

fn words(model: &Model, snapshots: &Snapshots, skipped: &Skipped) -> String {
    model.with_inputs(snapshots, &Allowances::default(), |inputs| {
        skipped.words(inputs)
    })
}

fn why(plan: &Plan, person: u32) -> Option<&Skipped> {
    let mut skipped = plan.skipped.iter();
    skipped.find(|skipped| skipped.about == About::Person(person))
}

/// What the admin says: that these accounts are other people's.
fn different(snapshots: &Snapshots, person: u32, accounts: &[u32]) -> Decision {
    let (entra, jira) = snapshots;
    let ids = accounts.iter().map(|row| jira.account(*row).id());
    Decision::DifferentPerson {
        person: EntraId::new(entra.person(person).id()),
        accounts: ids.map(AccountId::new).collect(),
    }
}

/// What the plan gives. An account that is nobody's is a leaver's again, who may lose it.
fn given(plan: &Plan) -> Vec<&Operation> {
    let operations = plan.operations.iter();
    operations
        .filter(|op| op.kind.stage() == Stage::Gives)
        .collect()
}

fn creates(plan: &Plan, person: u32) -> bool {
    let mut operations = plan.operations.iter();
    operations.any(|op| op.kind == Kind::CreateUser && op.person() == Some(person))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: super::cases(), ..ProptestConfig::default() })]

    #[test]
    fn what_is_left_alone_is_no_conflict_and_nothing_else_changes(mut model in model()) {
        let snapshots = model.snapshots();
        let before = plan(&model, &snapshots);
        let conflicts = before.conflicts.iter();
        let questions: Vec<Question> = conflicts.map(|c| question(&model, &snapshots, c)).collect();
        for question in &questions {
            model.decide(&Decision::LeaveAlone(question.clone()));
        }
        let after = plan(&model, &snapshots);
        prop_assert!(after.conflicts.is_empty());
        prop_assert_eq!(&before.operations, &after.operations);
        prop_assert_eq!(&before.guards, &after.guards);
        prop_assert_eq!(&before.new_links, &after.new_links);
        prop_assert_eq!(before.skipped.len() + before.conflicts.len(), after.skipped.len());
        for conflict in &before.conflicts {
            let about = match conflict.kind {
                Subject::Person => About::Person(conflict.row),
                Subject::Group => About::Group(conflict.row),
            };
            let alone = Skipped { about, why: LeftOut::LeftAlone(conflict.code) };
            prop_assert!(after.skipped.contains(&alone));
            let sentence = model.with_inputs(&snapshots, &Allowances::default(), |inputs| conflict.words(inputs));
            prop_assert!(words(&model, &snapshots, &alone).ends_with(&sentence));
        }
        for question in questions {
            model.decide(&Decision::AskAgain(question));
        }
        let again = plan(&model, &snapshots);
        prop_assert_eq!(before.id, again.id);
        prop_assert_eq!(before.conflicts, again.conflicts);
    }

    #[test]
    fn an_answer_for_other_candidates_is_no_answer(mut model in model()) {
        let snapshots = model.snapshots();
        let before = plan(&model, &snapshots);
        for conflict in &before.conflicts {
            let asked = question(&model, &snapshots, conflict);
            let fewer: Vec<&str> = asked.candidates().split(' ').skip(1).collect();
            if !asked.candidates().is_empty() {
                let other = Question::new(asked.code(), asked.subject(), fewer);
                model.decide(&Decision::LeaveAlone(other));
            }
        }
        prop_assert_eq!(before.conflicts, plan(&model, &snapshots).conflicts);
    }

    #[test]
    fn accounts_of_other_people_come_into_question_no_more(mut model in model()) {
        let snapshots = model.snapshots();
        let before = plan(&model, &snapshots);
        let several = |c: &&Conflict| c.code == QuestionCode::SeveralAccounts;
        let Some(conflict) = before.conflicts.iter().find(several) else { return Ok(()) };
        let (person, accounts) = (conflict.row, &conflict.candidates);
        model.decide(&different(&snapshots, person, &accounts[..1]));
        let fewer = plan(&model, &snapshots);
        let mut conflicts = fewer.conflicts.iter();
        let asked = conflicts.find(|c| c.kind == Subject::Person && c.row == person).unwrap();
        prop_assert_eq!(&asked.candidates[..], &accounts[1..]);
        prop_assert_eq!(given(&before), given(&fewer));
        model.decide(&different(&snapshots, person, accounts));
        let none = plan(&model, &snapshots);
        prop_assert!(!creates(&none, person));
        prop_assert_eq!(given(&before), given(&none));
        // One that has the person's address, too, and is somebody else's, is another question.
        if let Some(asked) = none.conflicts.iter().find(|c| c.kind == Subject::Person && c.row == person) {
            prop_assert_eq!(asked.code, QuestionCode::AccountShared);
            prop_assert!(asked.candidates.iter().all(|account| !accounts.contains(account)));
            return Ok(());
        }
        prop_assert_eq!(why(&none, person).map(|s| s.why), Some(LeftOut::DifferentPerson));
        prop_assert_eq!(before.conflicts.len(), none.conflicts.len() + 1);
    }

    #[test]
    fn an_account_of_somebody_else_is_never_linked_by_itself(mut model in model()) {
        let snapshots = model.snapshots();
        let before = plan(&model, &snapshots);
        for link in before.new_links.iter().filter(|link| link.how == Matched::Email) {
            model.decide(&different(&snapshots, link.person, &[link.account]));
        }
        let after = plan(&model, &snapshots);
        for link in &before.new_links {
            prop_assert_ne!(after.recognition.account_of(link.person), Some(link.account));
            prop_assert!(!creates(&after, link.person));
        }
    }
}

#[test]
fn somebody_who_was_confused_with_another_is_asked_about_when_another_account_turns_up() {
    let mut model = Model::small();
    // An account that hides its e-mail and has another name.
    model.looked_up("user0@acme.example", &["account-01"], false);
    let snapshots = model.snapshots();
    let person = snapshots.0.find_person("person-00").unwrap();
    let account = snapshots.1.find_account("account-01").unwrap();
    let shown = plan(&model, &snapshots);
    let asked = Conflict {
        kind: Subject::Person,
        row: person,
        code: QuestionCode::SamePerson,
        candidates: vec![account],
    };
    assert_eq!(shown.conflicts, [asked]);
    assert!(shown.recognition.to_confirm(person));

    let mut alone = model.clone();
    let asked = question(&model, &snapshots, &shown.conflicts[0]);
    alone.decide(&Decision::LeaveAlone(asked));
    let left = plan(&alone, &snapshots);
    assert!(left.conflicts.is_empty() && !left.recognition.to_confirm(person));
    let told = words(&alone, &snapshots, why(&left, person).unwrap());
    assert!(told.contains("(User 7)"), "{told}");

    model.decide(&different(&snapshots, person, &[account]));
    let other = plan(&model, &snapshots);
    let told = why(&other, person).unwrap();
    assert_eq!(told.why, LeftOut::DifferentPerson);
    assert!(!creates(&other, person) && !other.recognition.to_confirm(person));

    model.looked_up("user0@acme.example", &["account-01", "me"], true);
    let both = plan(&model, &snapshots);
    assert_eq!(both.conflicts[0].code, QuestionCode::SamePerson);
    assert_eq!(both.conflicts[0].candidates, [snapshots.1.me().unwrap()]);
}

#[test]
fn a_suggestion_that_is_left_alone_is_left_out() {
    let mut model = Model::small();
    let snapshots = model.snapshots();
    let (entra, jira) = &snapshots;
    let shown = plan(&model, &snapshots);
    assert_eq!(shown.targets[0].state, TargetState::Suggested);
    let (group, candidate) = (entra.group(0).id(), jira.group(0).id());
    let code = QuestionCode::SameGroup;
    let asked = Question::new(code, group, [candidate]);
    model.decide(&Decision::LeaveAlone(asked));
    let after = plan(&model, &snapshots);
    assert!(after.targets.is_empty());
    let alone = Skipped {
        about: About::Group(0),
        why: LeftOut::LeftAlone(code),
    };
    assert!(after.skipped.contains(&alone));
}
