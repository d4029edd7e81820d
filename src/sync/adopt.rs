//! Adopting a group: from then on it mirrors Entra.

use super::error::{NotAdoptable, SyncError};
use super::planned::Planned;
use super::planning::{confirm, read_group_anew};
use super::session::Session;
use crate::directory::{EntraId, GroupClass, GroupId, fold};
use crate::plan::{
    Decision, GroupLink, GroupPair, Kind, Operation, Ownership, Selection, TargetState,
};

/// A Jira group, the Entra groups that it stands for, and what adopting it would do.
#[derive(Debug, Clone)]
pub struct Adoption {
    /// The Jira group.
    pub group: GroupId,
    /// Its name.
    pub name: String,
    /// The Entra groups.
    pub entra: Vec<EntraId>,
    /// Whether it was owned before.
    pub owned: bool,
    /// Whether membership takes a seat, so that its name has to be typed.
    pub access: bool,
    /// Whether members are only added: then it is confirmed, and mirrors nothing.
    pub add_only: bool,
    /// Members who stay: they belong in it.
    pub stays: Vec<String>,
    /// Members who are not from Entra: unlinked, app, customer and former accounts. They stay.
    pub unknown: Vec<String>,
}

/// Finds the group by name or groupId, plans as if it were adopted, and leaves only its own
/// memberships in the plan. Whoever would leave has been asked for in the groups' own lists.
pub async fn find(
    session: &mut Session,
    planned: &mut Planned,
    name: &str,
    add_only: bool,
) -> Result<Adoption, SyncError> {
    read_group_anew(session, planned, name).await?;
    let mut adoption = consider(planned, name, add_only)?;
    confirm(session, planned).await?;
    adoption.look_again(planned);
    Ok(adoption)
}

fn refused(name: &str, cause: NotAdoptable) -> SyncError {
    let name = name.to_owned();
    SyncError::NotAdoptable { name, cause }
}

/// The same from what is known already, without asking anybody: for a preview.
pub fn consider(planned: &mut Planned, name: &str, add_only: bool) -> Result<Adoption, SyncError> {
    if !planned.settings.provisioning.sync_memberships {
        return Err(refused(name, NotAdoptable::MembershipsOff));
    }
    let wanted = fold(name);
    let target = planned
        .plan
        .targets
        .iter()
        .filter(|target| !target.entra.is_empty())
        .find_map(|target| {
            let row = target.jira?;
            let group = planned.jira.group(row);
            (group.id() == name || fold(group.name()) == wanted).then(|| (target.clone(), row))
        });
    let Some((target, row)) = target else {
        let exists = planned
            .jira
            .iter_groups()
            .any(|(_, g)| g.id() == name || fold(g.name()) == wanted);
        let cause = if exists {
            NotAdoptable::NoCounterpart
        } else {
            NotAdoptable::NoGroup
        };
        return Err(refused(name, cause));
    };
    if !planned.jira.group(row).read() {
        return Err(refused(&target.name, NotAdoptable::Unread));
    }
    let group = GroupId::new(planned.jira.group(row).id());
    let entra: Vec<EntraId> = target
        .entra
        .iter()
        .map(|g| EntraId::new(planned.entra.group(*g).id()))
        .collect();
    let access = planned.jira.group(row).class() == GroupClass::Access;
    let ownership = ownership(access, add_only);
    planned.selection = Selection::Group(group.clone());
    planned.again(|known| {
        for id in &entra {
            known.links.raise(GroupLink {
                entra: id.clone(),
                group: group.clone(),
                ownership,
            });
        }
    });
    let mut adoption = Adoption {
        name: planned.jira.group(row).name().to_owned(),
        group,
        entra,
        owned: target.state == TargetState::Owned,
        access,
        add_only,
        stays: Vec::new(),
        unknown: Vec::new(),
    };
    adoption.look_again(planned);
    Ok(adoption)
}

const fn ownership(access: bool, add_only: bool) -> Ownership {
    if add_only {
        Ownership::confirmed(access)
    } else {
        Ownership::adopted(access)
    }
}

impl Adoption {
    /// Who stays by a plan that holds nothing but this adoption.
    pub(super) fn look_again(&mut self, planned: &Planned) {
        let Some(row) = planned.jira.find_group(self.group.as_str()) else {
            return;
        };
        let jira = &planned.jira;
        let leaving: Vec<u32> = planned
            .plan
            .operations
            .iter()
            .filter(|op| op.kind == Kind::RemoveMember)
            .filter_map(Operation::account)
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
        (self.stays, self.unknown) = (stays, unknown);
    }

    /// What a saved plan keeps of an adoption.
    #[must_use]
    pub fn pairs(&self) -> Vec<GroupPair> {
        self.entra
            .iter()
            .map(|entra| GroupPair {
                entra_id: entra.as_str().to_owned(),
                group_id: self.group.as_str().to_owned(),
            })
            .collect()
    }

    /// What is decided by it.
    #[must_use]
    pub fn decisions(&self) -> Vec<Decision> {
        let (group, access) = (&self.group, self.access);
        let adopt = |entra: &EntraId| {
            let (entra, group) = (entra.clone(), group.clone());
            if self.add_only {
                Decision::Confirm {
                    entra,
                    group,
                    access,
                }
            } else {
                Decision::Adopt {
                    entra,
                    group,
                    access,
                }
            }
        };
        self.entra.iter().map(adopt).collect()
    }

    /// The links that it makes.
    pub(super) fn links(&self) -> impl Iterator<Item = GroupLink> {
        self.entra.iter().map(|entra| GroupLink {
            entra: entra.clone(),
            group: self.group.clone(),
            ownership: ownership(self.access, self.add_only),
        })
    }
}
