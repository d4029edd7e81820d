//! Who takes part, and why somebody does not.

use super::address::{address, verified};
use super::pins::{Meant, Named, Pins, is_object_id};
use super::settings::{ScopeUsers, Settings};
use crate::directory::{EntraGroup, EntraSnapshot, Membership, fold};
use std::fmt;

/// How an Entra person stands to the scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Takes part.
    InScope,
    /// `accountEnabled` is false.
    Disabled,
    /// A guest, and guests are left out.
    Guest,
    /// Address outside the tenant's verified domains.
    ForeignDomain,
    /// No licence, and `licensed_only` is set.
    Unlicensed,
    /// `exclude_emails` matches.
    ExcludedEmail,
    /// In a group of `exclude_members_of`.
    ExcludedMember,
    /// In no group of `member_of`.
    NotMember,
    /// Not assigned to the enterprise application.
    NotAssigned,
}

impl Standing {
    /// The code, as documents write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InScope => "in-scope",
            Self::Disabled => "disabled",
            Self::Guest => "guest",
            Self::ForeignDomain => "foreign-domain",
            Self::Unlicensed => "unlicensed",
            Self::ExcludedEmail => "excluded-email",
            Self::ExcludedMember => "excluded-member",
            Self::NotMember => "not-member",
            Self::NotAssigned => "not-assigned",
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InScope => "in scope",
            Self::Disabled => "disabled in Entra",
            Self::Guest => "a guest, and guests are left out (scope.guests)",
            Self::ForeignDomain => {
                "address outside the tenant's verified domains (scope.foreign_domains)"
            }
            Self::Unlicensed => "without a licence (scope.licensed_only)",
            Self::ExcludedEmail => "address excluded by scope.exclude_emails",
            Self::ExcludedMember => "member of a group in scope.exclude_members_of",
            Self::NotMember => "member of no group in scope.member_of",
            Self::NotAssigned => {
                "not assigned to the enterprise application (scope.assigned_app_id)"
            }
        })
    }
}

/// Why a group takes no part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GroupOut {
    /// `group_kinds` leaves its kind out.
    Kind,
    /// Nothing in `include_groups` matches.
    NotIncluded,
    /// `exclude_groups` matches.
    Excluded,
}

impl GroupOut {
    /// The code, as documents write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kind => "group-kind",
            Self::NotIncluded => "group-not-included",
            Self::Excluded => "group-excluded",
        }
    }
}

impl fmt::Display for GroupOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kind => "its kind is left out (scope.group_kinds)",
            Self::NotIncluded => "its name matches nothing in scope.include_groups",
            Self::Excluded => "its name is excluded by scope.exclude_groups",
        })
    }
}

/// The domains that are ours.
pub(super) struct Domains {
    /// Folded and sorted.
    names: Vec<String>,
    /// Whether others are let in, too.
    foreign: bool,
}

impl Domains {
    /// The tenant's verified domains, and those of the settings.
    pub(super) fn of(entra: &EntraSnapshot, settings: &Settings) -> Self {
        let scope = &settings.scope;
        let listed = scope.domains.iter();
        let listed = listed.map(|name| fold(name.trim().trim_start_matches('@')));
        let mut names: Vec<String> = entra.domains().iter().cloned().chain(listed).collect();
        names.sort_unstable();
        names.dedup();
        Self {
            names,
            foreign: scope.foreign_domains,
        }
    }

    /// Whether it can't be told which addresses are ours, although that matters. Every tenant has at
    /// least one domain: none means that they could not be read.
    pub(super) fn are_unknown(&self) -> bool {
        self.names.is_empty() && !self.foreign
    }

    /// Whether an address is known not to be ours, and is not let in.
    fn is_foreign(&self, mail: &str) -> bool {
        !self.foreign && !self.names.is_empty() && !verified(mail, &self.names)
    }
}

/// Each person's standing, by row.
pub(super) fn standings(entra: &EntraSnapshot, settings: &Settings, pins: &Pins) -> Vec<Standing> {
    let scope = &settings.scope;
    let excluded = people_of(entra, pins, &scope.exclude_members_of);
    let included = match scope.users {
        ScopeUsers::All => None,
        ScopeUsers::Assigned => Some(assigned(entra)),
        ScopeUsers::MemberOf => Some(people_of(entra, pins, &scope.member_of)),
    };
    let ours = Domains::of(entra, settings);
    entra
        .iter_people()
        .map(|(row, person)| {
            let mail = address(person, &settings.provisioning.email_from);
            if !person.enabled() {
                Standing::Disabled
            } else if person.guest() && !scope.guests {
                Standing::Guest
            } else if included.as_ref().is_some_and(|set| !set[row as usize]) {
                if scope.users == ScopeUsers::Assigned {
                    Standing::NotAssigned
                } else {
                    Standing::NotMember
                }
            } else if excluded[row as usize] {
                Standing::ExcludedMember
            } else if mail.is_some_and(|m| scope.exclude_emails.matches(m)) {
                Standing::ExcludedEmail
            } else if scope.licensed_only && !person.licensed() {
                Standing::Unlicensed
            } else if !person.guest() && mail.is_some_and(|mail| ours.is_foreign(mail)) {
                Standing::ForeignDomain
            } else {
                Standing::InScope
            }
        })
        .collect()
}

/// Whether a group takes part; otherwise why not.
pub(super) fn group_in_scope(group: EntraGroup<'_>, settings: &Settings) -> Result<(), GroupOut> {
    let scope = &settings.scope;
    if !scope.group_kinds.contains(&group.kind()) {
        Err(GroupOut::Kind)
    } else if !scope.include_groups.matches(group.name()) {
        Err(GroupOut::NotIncluded)
    } else if scope.exclude_groups.matches(group.name()) {
        Err(GroupOut::Excluded)
    } else {
        Ok(())
    }
}

/// Marks everyone who is assigned to the enterprise application, by themselves or through a group,
/// nested ones included.
fn assigned(entra: &EntraSnapshot) -> Vec<bool> {
    let mut marks = vec![false; entra.people()];
    let principals = entra.assigned().map_or(&[][..], |a| &a.principals);
    let mut groups = Vec::new();
    for id in principals {
        if let Some(person) = entra.find_person(id.as_str()) {
            marks[person as usize] = true;
        }
        groups.extend(entra.find_group(id.as_str()));
    }
    for group in closure(entra, &groups) {
        for &person in entra.direct().of(group) {
            marks[person as usize] = true;
        }
    }
    marks
}

/// The groups, nested ones included, that bring people into scope.
#[must_use]
pub fn scope_sources(entra: &EntraSnapshot, settings: &Settings, pins: &Pins) -> Vec<u32> {
    let scope = &settings.scope;
    let roots: Vec<u32> = match scope.users {
        ScopeUsers::All => Vec::new(),
        ScopeUsers::Assigned => {
            let principals = entra.assigned().map_or(&[][..], |a| &a.principals);
            let ids = principals.iter();
            ids.filter_map(|id| entra.find_group(id.as_str())).collect()
        }
        ScopeUsers::MemberOf => {
            let named = Named::of(entra);
            let names = scope.member_of.iter();
            names
                .filter_map(|name| group_of(&named.means(entra, pins, name)))
                .collect()
        }
    };
    closure(entra, &roots)
}

/// Marks everyone in the named groups, nested ones included.
fn people_of(entra: &EntraSnapshot, pins: &Pins, names: &[String]) -> Vec<bool> {
    let mut marks = vec![false; entra.people()];
    if names.is_empty() {
        return marks;
    }
    let named = Named::of(entra);
    let roots = names.iter();
    let roots: Vec<u32> = roots
        .filter_map(|name| group_of(&named.means(entra, pins, name)))
        .collect();
    for group in closure(entra, &roots) {
        for &person in entra.direct().of(group) {
            marks[person as usize] = true;
        }
    }
    marks
}

/// A setting of the scope that names Entra groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupList {
    /// `scope.member_of`.
    MemberOf,
    /// `scope.exclude_members_of`.
    ExcludeMembersOf,
    /// `names.map`.
    NamesMap,
}

impl fmt::Display for GroupList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MemberOf => "scope.member_of",
            Self::ExcludeMembersOf => "scope.exclude_members_of",
            Self::NamesMap => "names.map",
        })
    }
}

/// Why the scope can't be worked out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unclear {
    /// Who is assigned to the enterprise application has not been read: the next read does that.
    #[error("who is assigned to this application is read with the next read after saving")]
    Unread,
    /// People with a licence are wanted, and nobody tells who has one.
    #[error("scope.licensed_only is set, and this cloud does not tell who has a licence")]
    NoLicences,
    /// The tenant has no such enterprise application.
    #[error(
        "scope.assigned_app_id names {0}, and this tenant has no enterprise application of that client id"
    )]
    NoApplication(String),
    /// The enterprise application has nobody.
    #[error("scope.users is \"assigned\", and nobody is assigned to the enterprise application")]
    NobodyAssigned,
    /// An assigned group, by its name, hides members.
    #[error(
        "a group that is assigned to the enterprise application, “{0}”, hides members from this application"
    )]
    AssignedGroupHides(String),
    /// A list names a group that Entra does not have.
    #[error("{0} names “{1}”, and Entra has no such group")]
    NoGroup(GroupList, String),
    /// Several groups bear a name in a list, and none of them was meant before: their ids.
    #[error(
        "{0} names “{1}”, and {count} groups bear that name: write the object id of the one that is meant ({ids})",
        count = .2.len(), ids = .2.join(", ")
    )]
    SeveralGroups(GroupList, String, Vec<String>),
    /// A list names a group that hides members.
    #[error("{0} names “{1}”, and some of its members are hidden from this application")]
    GroupHides(GroupList, String),
}

/// Why the scope can't be worked out, if it can't: a group that it names is missing or hides its
/// members, or licences are not known. Nothing may be planned then: people would come into scope
/// or fall out of it by mistake.
#[must_use]
pub fn unclear_scope(entra: &EntraSnapshot, settings: &Settings, pins: &Pins) -> Option<Unclear> {
    let scope = &settings.scope;
    if scope.licensed_only && !entra.licences_known {
        return Some(Unclear::NoLicences);
    }
    if scope.users == ScopeUsers::Assigned {
        let unclear = unclear_assignment(entra, &scope.assigned_app_id);
        if unclear.is_some() {
            return unclear;
        }
    }
    let member_of = match scope.users {
        ScopeUsers::MemberOf => scope.member_of.as_slice(),
        ScopeUsers::All | ScopeUsers::Assigned => &[],
    };
    let excluded = scope.exclude_members_of.as_slice();
    let named = Named::of(entra);
    for (list, names) in [
        (GroupList::MemberOf, member_of),
        (GroupList::ExcludeMembersOf, excluded),
    ] {
        for name in names {
            let root = match meant(entra, &named, pins, list, name) {
                Ok(root) => root,
                Err(unclear) => return Some(unclear),
            };
            let known = closure(entra, &[root])
                .iter()
                .all(|group| entra.group(*group).membership() == Membership::Known);
            if !known {
                return Some(Unclear::GroupHides(list, name.clone()));
            }
        }
    }
    // An id, or a name that was pinned, whose group is gone maps nothing.
    let names = settings.names.map.keys();
    let mut open = names.filter(|name| !is_object_id(name) && pins.group(name).is_none());
    open.find_map(|name| meant(entra, &named, pins, GroupList::NamesMap, name).err())
}

/// The group that a text in a list means.
fn meant(
    entra: &EntraSnapshot,
    named: &Named,
    pins: &Pins,
    list: GroupList,
    name: &str,
) -> Result<u32, Unclear> {
    match named.means(entra, pins, name) {
        Meant::Group(row) => Ok(row),
        Meant::None => Err(Unclear::NoGroup(list, name.to_owned())),
        Meant::Several(ids) => Err(Unclear::SeveralGroups(list, name.to_owned(), ids)),
    }
}

fn group_of(meant: &Meant) -> Option<u32> {
    match meant {
        Meant::Group(row) => Some(*row),
        Meant::None | Meant::Several(_) => None,
    }
}

/// Why it can't be told who is assigned to the enterprise application, if it can't.
fn unclear_assignment(entra: &EntraSnapshot, app_id: &str) -> Option<Unclear> {
    let Some(assigned) = entra.assigned().filter(|a| a.app_id == app_id) else {
        return Some(Unclear::Unread);
    };
    if assigned.principals.is_empty() {
        return Some(Unclear::NobodyAssigned);
    }
    let ids = assigned.principals.iter();
    let groups: Vec<u32> = ids.filter_map(|id| entra.find_group(id.as_str())).collect();
    let hidden = closure(entra, &groups)
        .into_iter()
        .find(|group| entra.group(*group).membership() != Membership::Known)?;
    let name = entra.group(hidden).name();
    Some(Unclear::AssignedGroupHides(name.to_owned()))
}

/// The groups themselves and every group nested in them, each once: cycles are cut.
#[must_use]
pub fn closure(entra: &EntraSnapshot, roots: &[u32]) -> Vec<u32> {
    if let [root] = roots
        && entra.nested().of(*root).is_empty()
    {
        return vec![*root];
    }
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
