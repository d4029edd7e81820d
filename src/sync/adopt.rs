//! Adopting a group: from then on it mirrors Entra.

use super::error::SyncError;
use super::planning::Planned;
use super::session::Session;
use crate::directory::{EntraId, GroupClass, GroupId, fold};
use crate::plan::{GroupLink, Ownership, TargetState};

/// A Jira group, the Entra groups that it stands for, and what adopting it would do.
#[derive(Debug, Clone)]
pub struct Adoption {
    /// The Jira group.
    pub group: GroupId,
    /// Its name.
    pub name: String,
    /// The Entra groups.
    pub entra: Vec<EntraId>,
    /// Whether membership takes a seat, so that its name has to be typed.
    pub access: bool,
    /// Members who stay: they belong in it.
    pub stays: Vec<String>,
    /// Members who are not from Entra: unlinked, app, customer and former accounts. They stay.
    pub unknown: Vec<String>,
    /// Operations of the plan that belong to it, by index.
    pub operations: Vec<u32>,
}

/// Finds the group by name or groupId, and plans again as if it were adopted.
pub fn find(planned: &mut Planned, name: &str) -> Result<Adoption, SyncError> {
    let wanted = fold(name);
    let target = planned
        .plan
        .targets
        .iter()
        .find(|target| {
            !target.entra.is_empty()
                && target.jira.is_some_and(|row| {
                    let group = planned.jira.group(row);
                    group.id() == name || fold(group.name()) == wanted
                })
        })
        .cloned();
    let Some((target, row)) = target.and_then(|t| t.jira.map(|row| (t, row))) else {
        let exists = planned
            .jira
            .iter_groups()
            .any(|(_, g)| g.id() == name || fold(g.name()) == wanted);
        return Err(SyncError::NotAdoptable(if exists {
            format!("The Jira group “{name}” stands for no Entra group in scope, or may not be touched: it can't be adopted.")
        } else {
            format!("Jira has no group “{name}”.")
        }));
    };
    let group = GroupId::new(planned.jira.group(row).id());
    let entra: Vec<EntraId> = target
        .entra
        .iter()
        .map(|g| EntraId::new(planned.entra.group(*g).id()))
        .collect();
    if target.state != TargetState::Owned {
        planned.again(|known| {
            for id in &entra {
                known.links.group(GroupLink {
                    entra: id.clone(),
                    group: group.clone(),
                    ownership: Ownership::Owned,
                });
            }
        });
    }
    Ok(preview(planned, row, group, entra))
}

fn preview(planned: &Planned, row: u32, group: GroupId, entra: Vec<EntraId>) -> Adoption {
    let jira = &planned.jira;
    let operations: Vec<u32> = (0u32..)
        .zip(&planned.plan.operations)
        .filter(|(_, op)| {
            Adoption::concerns(op.kind)
                && op
                    .target()
                    .is_some_and(|t| planned.plan.targets[t as usize].jira == Some(row))
        })
        .map(|(index, _)| index)
        .collect();
    let leaving: Vec<u32> = operations
        .iter()
        .map(|index| &planned.plan.operations[*index as usize])
        .filter(|op| op.kind == crate::plan::Kind::RemoveMember)
        .filter_map(crate::plan::Operation::account)
        .collect();
    let linked = |account: u32| {
        let id = jira.account(account).id();
        planned.known.links.person_of(id).is_some()
            || planned
                .plan
                .new_links
                .iter()
                .any(|link| link.account == account)
    };
    let (mut stays, mut unknown) = (Vec::new(), Vec::new());
    for &account in jira.members().of(row) {
        if leaving.contains(&account) {
            continue;
        }
        let name = jira.account(account).name().to_owned();
        if linked(account) {
            stays.push(name);
        } else {
            unknown.push(name);
        }
    }
    Adoption {
        name: jira.group(row).name().to_owned(),
        access: jira.group(row).class() == GroupClass::Access,
        group,
        entra,
        stays,
        unknown,
        operations,
    }
}

impl Session {
    /// Stores that the group is owned.
    pub fn adopt(&self, adoption: &Adoption) -> Result<(), SyncError> {
        for entra in &adoption.entra {
            self.state.link_group(
                entra.as_str(),
                adoption.group.as_str(),
                Ownership::Owned,
            )?;
        }
        Ok(())
    }
}
