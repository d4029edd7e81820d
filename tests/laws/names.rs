//! A display name is never an identity.

use crate::cases;
use crate::model::model;
use proptest::prelude::*;
use rollbook::plan::{Allowances, Plan, ScopeUsers};
use std::collections::BTreeSet;

/// A plan's operations but those about one Entra group, which stands for itself alone.
fn about_others(
    plan: &Plan,
    entra: &rollbook::directory::EntraSnapshot,
    but: &str,
) -> BTreeSet<String> {
    let founded = entra.find_group(but);
    let of_it = |target: u32| {
        let groups = &plan.targets[target as usize].entra;
        founded.is_some_and(|row| groups.as_slice() == [row])
    };
    let others = plan
        .operations
        .iter()
        .filter(|op| !op.target().is_some_and(of_it));
    others
        .map(|op| {
            let person = op.person().map(|row| entra.person(row).id().to_owned());
            let target = op
                .target()
                .map(|row| plan.targets[row as usize].name.clone());
            format!("{:?} {person:?} {:?} {target:?}", op.kind, op.account())
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn founding_a_group_under_any_name_changes_nothing_in_others(
        mut model in model(),
        named in 0..6usize,
        meant in 0..6usize,
        listed in 0..3u8,
        shaped in any::<bool>(),
    ) {
        let names = model.group_names();
        if names.is_empty() {
            return Ok(());
        }
        let meant = names[meant % names.len()].clone();
        // Only a name that is one group's can be pinned.
        if names.iter().filter(|name| name.eq_ignore_ascii_case(&meant)).count() != 1 {
            return Ok(());
        }
        match listed {
            0 => _ = model.settings.names.map.insert(meant, "Treasury".to_owned()),
            1 => {
                model.settings.scope.users = ScopeUsers::MemberOf;
                model.settings.scope.member_of = vec![meant];
            }
            _ => model.settings.scope.exclude_members_of = vec![meant],
        }
        model.pin();
        // Whoever is new takes a name that is in the configuration, or one that looks like an id there;
        // a name by rule that two groups want alike is a conflict of both.
        let configured = model.known.pins.iter().map(|(name, _)| name.to_owned()).next();
        let name = match (configured, shaped) {
            (Some(name), false) => name,
            (_, true) => model.group_id(named % names.len()),
            (None, false) => return Ok(()),
        };
        let before = model.snapshots();
        let plan = model.plan(&before, &Allowances::default());
        let was = about_others(&plan, &before.0, "founded");
        model.found("founded", &name);
        let after = model.snapshots();
        let plan = model.plan(&after, &Allowances::default());
        prop_assert_eq!(about_others(&plan, &after.0, "founded"), was);
    }
}
