//! Who takes part, and why somebody does not.

use super::people::{Standing, address, verified};
use super::{ScopeUsers, Settings};
use crate::directory::{EntraGroup, EntraSnapshot, fold};

/// Each person's standing, by row.
pub(super) fn standings(entra: &EntraSnapshot, settings: &Settings) -> Vec<Standing> {
    let scope = &settings.scope;
    let excluded = people_of(entra, &scope.exclude_members_of);
    let included = match scope.users {
        ScopeUsers::All | ScopeUsers::Assigned => None,
        ScopeUsers::MemberOf => Some(people_of(entra, &scope.member_of)),
    };
    entra
        .iter_people()
        .map(|(row, person)| {
            let mail = address(person, &settings.provisioning.email_from);
            if !person.enabled() {
                Standing::Disabled
            } else if person.guest() && !scope.guests {
                Standing::Guest
            } else if included.as_ref().is_some_and(|set| !set[row as usize]) {
                Standing::NotMember
            } else if excluded[row as usize] {
                Standing::ExcludedMember
            } else if mail.is_some_and(|m| scope.exclude_emails.matches(m)) {
                Standing::ExcludedEmail
            } else if scope.licensed_only && !person.licensed() {
                Standing::Unlicensed
            } else if !scope.foreign_domains
                && !person.guest()
                && mail.is_some_and(|m| !verified(m, entra.domains()))
            {
                Standing::ForeignDomain
            } else {
                Standing::InScope
            }
        })
        .collect()
}

/// Whether a group takes part; otherwise why not.
pub(super) fn group_in_scope(group: EntraGroup<'_>, settings: &Settings) -> Result<(), &'static str> {
    let scope = &settings.scope;
    if !scope.group_kinds.contains(&group.kind()) {
        Err("its kind is left out (scope.group_kinds)")
    } else if !scope.include_groups.matches(group.name()) {
        Err("its name matches nothing in scope.include_groups")
    } else if scope.exclude_groups.matches(group.name()) {
        Err("its name is excluded by scope.exclude_groups")
    } else {
        Ok(())
    }
}

/// Marks everyone in the named groups, nested ones included. Groups are named by object id or by
/// display name; all groups of one display name count.
fn people_of(entra: &EntraSnapshot, names: &[String]) -> Vec<bool> {
    let mut marks = vec![false; entra.people()];
    if names.is_empty() {
        return marks;
    }
    let folded: Vec<String> = names.iter().map(|name| fold(name)).collect();
    let roots: Vec<u32> = entra
        .iter_groups()
        .filter(|(_, group)| {
            folded.contains(&fold(group.name())) || names.iter().any(|name| name == group.id())
        })
        .map(|(row, _)| row)
        .collect();
    for group in closure(entra, &roots) {
        for &person in entra.direct().of(group) {
            marks[person as usize] = true;
        }
    }
    marks
}

/// The groups themselves and every group nested in them, each once: cycles are cut.
pub(super) fn closure(entra: &EntraSnapshot, roots: &[u32]) -> Vec<u32> {
    let mut seen = hashbrown::HashSet::new();
    let mut order = Vec::new();
    let mut open: Vec<u32> = roots.iter().rev().copied().collect();
    while let Some(group) = open.pop() {
        if seen.insert(group) {
            order.push(group);
            open.extend(entra.nested().of(group).iter().rev());
        }
    }
    order
}
