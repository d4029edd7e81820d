//! The laws of a plan, on random worlds.

#![expect(clippy::unwrap_used, reason = "a panic is how a test says no")]

mod answers;
mod changes;
mod decisions;
mod executor;
mod model;
mod names;

use model::{Model, model};
use proptest::prelude::*;
use rollbook::directory::{AccountKind, Completeness, Doubt, GroupClass};
use rollbook::plan::{
    Allowance, Allowances, Kind, Mode, Operation, Plan, Reason, Stage, address, make,
};
use std::sync::Arc;

/// What the plan itself shows, allowed in full.
fn everything(plan: &Plan) -> Allowances {
    Allowances::new(
        plan.guards
            .iter()
            .filter(|guard| guard.name.allowable())
            .map(|guard| Allowance {
                name: guard.name,
                count: guard.count,
            }),
    )
}

fn free(plan: &Plan) -> Vec<&Operation> {
    plan.free().map(|(_, op)| op).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn applying_a_plan_leaves_nothing_to_do(mut model in model()) {
        let snapshots = model.snapshots();
        let shown = model.plan(&snapshots, &Allowances::default());
        let plan = model.plan(&snapshots, &everything(&shown));
        let held = plan.held();
        model.apply(&snapshots, &plan);
        let snapshots = model.snapshots();
        let again = model.plan(&snapshots, &Allowances::default());
        prop_assert_eq!(again.operations.len(), held, "{:?}", again.operations);
    }

    #[test]
    fn the_same_input_gives_the_same_plan(model in model(), seed in any::<u64>()) {
        let snapshots = model.snapshots();
        let one = model.plan(&snapshots, &Allowances::default());
        let shuffled = model.shuffled(seed);
        let snapshots = shuffled.snapshots();
        let other = shuffled.plan(&snapshots, &Allowances::default());
        prop_assert_eq!(&one.id, &other.id);
        prop_assert_eq!(one.operations, other.operations);
        prop_assert_eq!(one.conflicts, other.conflicts);
        prop_assert_eq!(one.skipped, other.skipped);
        prop_assert_eq!(one.guards, other.guards);
    }

    #[test]
    fn links_that_are_joined_to_the_snapshots_give_the_same_plan(mut model in model()) {
        let (entra, jira) = model.snapshots();
        let (entra, jira) = (Arc::new(entra), Arc::new(jira));
        let plan = |model: &Model| {
            let allowances = Allowances::default();
            make(&model.inputs(&entra, &jira, &allowances))
        };
        let one = plan(&model);
        model.known.links = model.known.links.joined_to(&entra, &jira);
        let other = plan(&model);
        prop_assert_eq!(&one.id, &other.id);
        prop_assert_eq!(one.operations, other.operations);
        prop_assert_eq!(one.conflicts, other.conflicts);
        prop_assert_eq!(one.skipped, other.skipped);
    }

    #[test]
    fn attended_or_not_the_operations_are_the_same(mut model in model()) {
        let snapshots = model.snapshots();
        let attended = model.plan(&snapshots, &Allowances::default());
        model.mode = Mode::Unattended;
        let unattended = model.plan(&snapshots, &Allowances::default());
        prop_assert_eq!(&attended.id, &unattended.id);
        prop_assert_eq!(unattended.free().count(), 0, "the first review is missing");
    }

    #[test]
    fn what_is_protected_is_never_touched(model in model()) {
        let (entra, jira) = model.snapshots();
        let snapshots = (entra, jira);
        let shown = model.plan(&snapshots, &Allowances::default());
        let plan = model.plan(&snapshots, &everything(&shown));
        let jira = &snapshots.1;
        for op in free(&plan) {
            if let Some(row) = op.target().and_then(|t| plan.targets[t as usize].jira) {
                let class = jira.group(row).class();
                prop_assert!(matches!(class, GroupClass::Ordinary | GroupClass::Access));
                prop_assert!(!model.protected_groups().contains(&jira.group(row).name().to_lowercase()));
            }
            if op.kind.stage() != Stage::Gives {
                let account = op.account().unwrap();
                prop_assert_ne!(jira.me(), Some(account));
                prop_assert!(!jira.is_admin(account));
            }
        }
    }

    #[test]
    fn an_incomplete_entra_removes_nothing(model in model()) {
        let (mut entra, jira) = model.snapshots();
        entra.users = Completeness::Doubtful(Doubt::CountDiffers { listed: 1, counted: 2 });
        let plan = model.plan(&(entra, jira), &Allowances::default());
        prop_assert!(plan.operations.iter().all(|op| op.kind.stage() == Stage::Gives));
    }

    #[test]
    fn nothing_is_taken_while_administrators_are_unknown(mut model in model()) {
        model.admins_unread = true;
        let snapshots = model.snapshots();
        let plan = model.plan(&snapshots, &Allowances::default());
        prop_assert!(plan.operations.iter().all(|op| op.kind.stage() == Stage::Gives));
    }

    #[test]
    fn an_incomplete_jira_creates_nobody(model in model()) {
        let (entra, mut jira) = model.snapshots();
        jira.users = Completeness::Doubtful(Doubt::AdminMissing);
        jira.group_list = Completeness::Doubtful(Doubt::TotalDiffers { received: 1, total: 2 });
        let plan = model.plan(&(entra, jira), &Allowances::default());
        for op in &plan.operations {
            prop_assert!(!matches!(op.kind, Kind::CreateUser | Kind::CreateGroup));
            prop_assert!(op.account().is_some(), "an addition of somebody who would be created");
        }
    }

    #[test]
    fn removals_touch_linked_people_in_owned_groups_only(model in model()) {
        let snapshots = model.snapshots();
        let plan = model.plan(&snapshots, &Allowances::default());
        let jira = &snapshots.1;
        for op in plan.operations.iter().filter(|op| op.kind == Kind::RemoveMember) {
            let account = jira.account(op.account().unwrap());
            prop_assert_eq!(account.kind(), AccountKind::Person);
            let linked = model.links().person_of(account.id()).is_some()
                || plan.new_links.iter().any(|l| Some(l.account) == op.account());
            prop_assert!(linked);
            let group = jira.group(plan.targets[op.target().unwrap() as usize].jira.unwrap());
            if matches!(op.reason, Reason::LeaverDisabled | Reason::LeaverDeleted) {
                prop_assert_eq!(group.class(), GroupClass::Access);
                continue;
            }
            prop_assert!(model.owned().contains(group.id()), "{} is not owned", group.name());
        }
    }

    #[test]
    fn nothing_free_needs_something_held(model in model()) {
        let snapshots = model.snapshots();
        let plan = model.plan(&snapshots, &Allowances::default());
        for op in free(&plan) {
            if op.kind == Kind::AddMember && op.account().is_none() {
                let creation = plan.operations.iter().find(|o| o.kind == Kind::CreateUser && o.person() == op.person());
                prop_assert!(creation.unwrap().held.is_empty());
            }
            let restores = |o: &&Operation| o.kind == Kind::RestoreUser && o.account() == op.account();
            if op.kind.is_membership() && op.account().is_some()
                && let Some(restore) = plan.operations.iter().find(restores)
            {
                prop_assert!(restore.held.is_empty());
            }
            if op.kind == Kind::AddMember && plan.targets[op.target().unwrap() as usize].jira.is_none() {
                let creation = plan.operations.iter().find(|o| o.kind == Kind::CreateGroup && o.target() == op.target());
                prop_assert!(creation.unwrap().held.is_empty());
            }
        }
    }

    #[test]
    fn a_filter_makes_no_leaver(mut model in model()) {
        model.settings.scope.exclude_emails = vec!["*".to_owned()].try_into().unwrap();
        let snapshots = model.snapshots();
        let plan = model.plan(&snapshots, &Allowances::default());
        for op in plan.operations.iter().filter(|op| op.kind.stage() != Stage::Gives) {
            // Disabled and deleted people leave; whoever is merely filtered out stays.
            let reason = op.reason.to_string();
            let person = op.person().map(|row| snapshots.0.person(row));
            let sources = &model.settings.provisioning.email_from;
            let addressless = person.is_some_and(|p| address(p, sources).is_none());
            prop_assert!(reason.contains("disabled") || reason.contains("deleted") || addressless, "{}", reason);
        }
    }
}

/// Full campaigns: `PROPTEST_CASES=20000 cargo test --release --test laws`.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(200)
}

#[test]
fn an_organisation_without_toggles_is_only_observed() {
    let mut model = Model::small();
    model.settings.provisioning.import_users = false;
    model.settings.provisioning.import_groups = false;
    model.settings.provisioning.sync_memberships = false;
    let snapshots = model.snapshots();
    let plan = model.plan(&snapshots, &Allowances::default());
    assert!(plan.operations.is_empty());
}
