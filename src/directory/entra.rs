//! Entra's side.

use super::{Arena, Completeness, EntraId, Memberships, Span};
use std::sync::Arc;

pub(super) const ENABLED: u8 = 1;
pub(super) const GUEST: u8 = 2;
pub(super) const LICENSED: u8 = 4;

/// What kind of group Entra keeps.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize, serde::Serialize,
)]
#[serde(rename_all = "lowercase")]
pub enum GroupKind {
    /// A security group that is not mail-enabled.
    Security,
    /// A mail-enabled security group or a distribution list.
    #[serde(rename = "mail-enabled")]
    MailEnabled,
    /// A Microsoft 365 group: its `groupTypes` hold `Unified`.
    Microsoft365,
}

/// Whether a group's members could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Membership {
    /// All of them.
    Known,
    /// The group hides its membership from this application: it may look empty and is unknown.
    Hidden,
    /// A group nested in it is missing from the listing, and with it whoever that group brings.
    Partial,
}

/// What kind of object a group's member is. Devices, contacts and service principals take no part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberKind {
    /// A user.
    Person,
    /// A nested group.
    Group,
}

/// A user as Graph describes it.
#[derive(Debug, Clone, Default)]
pub struct EntraPersonRow<'a> {
    /// Object id.
    pub id: &'a str,
    /// `displayName`.
    pub name: &'a str,
    /// `mail`; empty without a mailbox.
    pub mail: &'a str,
    /// `userPrincipalName`.
    pub upn: &'a str,
    /// `accountEnabled`.
    pub enabled: bool,
    /// `userType` is `Guest`.
    pub guest: bool,
    /// `assignedLicenses` is not empty.
    pub licensed: bool,
}

/// A group as Graph describes it.
#[derive(Debug, Clone)]
pub struct EntraGroupRow<'a> {
    /// Object id.
    pub id: &'a str,
    /// `displayName`; not unique.
    pub name: &'a str,
    /// Its kind.
    pub kind: GroupKind,
    /// Whether its members may be read.
    pub membership: Membership,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Person {
    pub(super) id: Span,
    pub(super) name: Span,
    pub(super) mail: Span,
    pub(super) upn: Span,
    pub(super) flags: u8,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct EntraGroupRecord {
    pub(super) id: Span,
    pub(super) name: Span,
    pub(super) kind: GroupKind,
    /// Whether the group hides its members from this application.
    pub(super) hidden: bool,
    /// Whether a group nested in it is missing from the listing.
    pub(super) partial: bool,
}

/// A soft-deleted group.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Departed {
    pub(super) id: EntraId,
    /// Its members who were soft-deleted before or together with it, and whether each is a group:
    /// restored after it, they may come back into it.
    pub(super) members: Vec<(EntraId, bool)>,
}

/// The place of a group among the soft-deleted ones, or where it would stand.
pub(super) fn find_departed(departed: &[Departed], id: &str) -> Result<usize, usize> {
    departed.binary_search_by(|group| group.id.as_str().cmp(id))
}

/// A membership of somebody or of a group whom the listings do not hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Loose {
    pub(super) group: u32,
    pub(super) id: Span,
    pub(super) nested: bool,
    /// Soft-deleted: back in the group if it is restored. Otherwise it was never listed.
    pub(super) departed: bool,
}

/// The people and groups that are assigned to an enterprise application.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Assigned {
    /// The application's client id.
    pub app_id: String,
    /// Object ids, sorted.
    pub principals: Vec<EntraId>,
}

/// Entra's people, groups and memberships as read at one moment.
#[derive(Debug, Default, Clone)]
pub struct EntraSnapshot {
    pub(super) arena: Arc<Arena>,
    pub(super) people: Vec<Person>,
    pub(super) groups: Vec<EntraGroupRecord>,
    pub(super) direct: Memberships,
    pub(super) nested: Memberships,
    /// In the order of groups, then ids.
    pub(super) loose: Vec<Loose>,
    /// Soft-deleted groups, in the order of their ids.
    pub(super) departed: Vec<Departed>,
    pub(super) domains: Vec<String>,
    /// The principals assigned to an enterprise application, if that was read.
    pub(super) assigned: Option<Assigned>,
    /// Whether the listing of users is whole.
    pub users: Completeness,
    /// Whether it says who has a licence; some clouds don't.
    pub licences_known: bool,
}

/// One person of a snapshot.
#[derive(Debug, Clone, Copy)]
pub struct EntraPerson<'a> {
    arena: &'a Arena,
    row: &'a Person,
}

impl<'a> EntraPerson<'a> {
    /// Object id.
    #[must_use]
    pub fn id(self) -> &'a str {
        self.arena.get(self.row.id)
    }
    /// Display name.
    #[must_use]
    pub fn name(self) -> &'a str {
        self.arena.get(self.row.name)
    }
    /// `mail`, empty without one.
    #[must_use]
    pub fn mail(self) -> &'a str {
        self.arena.get(self.row.mail)
    }
    /// `userPrincipalName`.
    #[must_use]
    pub fn upn(self) -> &'a str {
        self.arena.get(self.row.upn)
    }
    /// Whether the account can sign in.
    #[must_use]
    pub fn enabled(self) -> bool {
        self.row.flags & ENABLED != 0
    }
    /// Whether it is a guest.
    #[must_use]
    pub fn guest(self) -> bool {
        self.row.flags & GUEST != 0
    }
    /// Whether it holds a licence.
    #[must_use]
    pub fn licensed(self) -> bool {
        self.row.flags & LICENSED != 0
    }
}

/// One group of a snapshot.
#[derive(Debug, Clone, Copy)]
pub struct EntraGroup<'a> {
    arena: &'a Arena,
    row: &'a EntraGroupRecord,
}

impl<'a> EntraGroup<'a> {
    /// Object id.
    #[must_use]
    pub fn id(self) -> &'a str {
        self.arena.get(self.row.id)
    }
    /// Display name.
    #[must_use]
    pub fn name(self) -> &'a str {
        self.arena.get(self.row.name)
    }
    /// Kind.
    #[must_use]
    pub fn kind(self) -> GroupKind {
        self.row.kind
    }
    /// Whether its members are known.
    #[must_use]
    pub fn membership(self) -> Membership {
        if self.row.hidden {
            Membership::Hidden
        } else if self.row.partial {
            Membership::Partial
        } else {
            Membership::Known
        }
    }
}

impl EntraSnapshot {
    /// How many people.
    #[must_use]
    pub fn people(&self) -> usize {
        self.people.len()
    }
    /// How many groups.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.groups.len()
    }
    /// A person by row; rows are in the order of their ids.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn person(&self, row: u32) -> EntraPerson<'_> {
        EntraPerson {
            arena: &self.arena,
            row: &self.people[row as usize],
        }
    }
    /// A group by row; rows are in the order of their ids.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn group(&self, row: u32) -> EntraGroup<'_> {
        EntraGroup {
            arena: &self.arena,
            row: &self.groups[row as usize],
        }
    }
    /// All people.
    pub fn iter_people(&self) -> impl Iterator<Item = (u32, EntraPerson<'_>)> {
        (0..self.people.len() as u32).map(|row| (row, self.person(row)))
    }
    /// All groups.
    pub fn iter_groups(&self) -> impl Iterator<Item = (u32, EntraGroup<'_>)> {
        (0..self.groups.len() as u32).map(|row| (row, self.group(row)))
    }
    /// The row of a person with this object id.
    #[must_use]
    pub fn find_person(&self, id: &str) -> Option<u32> {
        self.people
            .binary_search_by(|p| self.arena.get(p.id).cmp(id))
            .ok()
            .map(|row| row as u32)
    }
    /// The row of a group with this object id.
    #[must_use]
    pub fn find_group(&self, id: &str) -> Option<u32> {
        self.groups
            .binary_search_by(|g| self.arena.get(g.id).cmp(id))
            .ok()
            .map(|row| row as u32)
    }
    /// The people who are direct members of groups.
    #[must_use]
    pub fn direct(&self) -> &Memberships {
        &self.direct
    }
    /// The groups that are direct members of groups.
    #[must_use]
    pub fn nested(&self) -> &Memberships {
        &self.nested
    }
    /// The tenant's verified domains, folded and sorted.
    #[must_use]
    pub fn domains(&self) -> &[String] {
        &self.domains
    }
    /// The tenant's verified domains; they are read anew each time.
    pub fn set_domains(&mut self, domains: &[String]) {
        self.domains = domains.iter().map(|name| super::fold(name)).collect();
        self.domains.sort();
        self.domains.dedup();
    }
    /// Users named as members of groups whom the listing of users did not hold, sorted.
    #[must_use]
    pub fn unlisted(&self) -> Vec<&str> {
        self.loose_ids(|loose| !loose.nested && !loose.departed)
    }
    /// Groups named as members of groups that the listing of groups did not hold, sorted.
    #[must_use]
    pub fn unlisted_groups(&self) -> Vec<&str> {
        self.loose_ids(|loose| loose.nested && !loose.departed)
    }
    fn loose_ids(&self, which: impl Fn(&Loose) -> bool) -> Vec<&str> {
        let wanted = self.loose.iter().filter(|loose| which(loose));
        let mut ids: Vec<&str> = wanted.map(|loose| self.arena.get(loose.id)).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
    /// The groups in which this person or group stood when it was soft-deleted.
    pub(super) fn left_behind<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a str> {
        let arena = &self.arena;
        self.loose
            .iter()
            .filter(move |loose| loose.departed && arena.get(loose.id) == id)
            .map(|loose| arena.get(self.groups[loose.group as usize].id))
    }
    /// Who is assigned to an enterprise application, if that was read.
    #[must_use]
    pub fn assigned(&self) -> Option<&Assigned> {
        self.assigned.as_ref()
    }
    /// Notes who is assigned to an enterprise application.
    pub fn set_assigned(&mut self, assigned: Option<Assigned>) {
        self.assigned = assigned;
    }
    /// Bytes of text held.
    #[must_use]
    pub fn text_bytes(&self) -> usize {
        self.arena.bytes()
    }
}
