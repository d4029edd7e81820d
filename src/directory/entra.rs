//! Entra's side.

use super::{Arena, Completeness, EntraId, Memberships, Span};
use hashbrown::HashMap;

const ENABLED: u8 = 1;
const GUEST: u8 = 2;
const LICENSED: u8 = 4;

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
struct Person {
    id: Span,
    name: Span,
    mail: Span,
    upn: Span,
    flags: u8,
}

#[derive(Debug, Clone, Copy)]
struct Group {
    id: Span,
    name: Span,
    kind: GroupKind,
    membership: Membership,
}

/// Entra's people, groups and memberships as read at one moment.
#[derive(Debug, Default, Clone)]
pub struct EntraSnapshot {
    arena: Arena,
    people: Vec<Person>,
    groups: Vec<Group>,
    direct: Memberships,
    nested: Memberships,
    domains: Vec<String>,
    unlisted: Vec<EntraId>,
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
    row: &'a Group,
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
        self.row.membership
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
    /// Users named as members of groups whom the listing of users did not hold.
    #[must_use]
    pub fn unlisted(&self) -> &[EntraId] {
        &self.unlisted
    }
    /// Bytes of text held.
    #[must_use]
    pub fn text_bytes(&self) -> usize {
        self.arena.bytes()
    }
}

#[derive(Clone, Copy)]
struct Edge {
    group: u32,
    member: u32,
    seq: u32,
    nested: bool,
    removed: bool,
}

/// Builds a snapshot from pages that come in any order, repeat themselves and are corrected by
/// later ones.
#[derive(Default)]
pub struct EntraBuilder {
    arena: Arena,
    ids: HashMap<Box<str>, u32>,
    people: HashMap<u32, Person>,
    groups: HashMap<u32, Group>,
    edges: Vec<Edge>,
    domains: Vec<String>,
}

impl EntraBuilder {
    fn key(&mut self, id: &str) -> u32 {
        if let Some(&key) = self.ids.get(id) {
            return key;
        }
        let key = self.ids.len() as u32;
        self.ids.insert(id.into(), key);
        key
    }

    /// Adds a person, or replaces what was said of them before.
    pub fn person(&mut self, row: &EntraPersonRow<'_>) {
        let key = self.key(row.id);
        let person = Person {
            id: self.arena.push(row.id),
            name: self.arena.push(row.name),
            mail: self.arena.push(row.mail),
            upn: self.arena.push(row.upn),
            flags: u8::from(row.enabled) * ENABLED
                + u8::from(row.guest) * GUEST
                + u8::from(row.licensed) * LICENSED,
        };
        self.people.insert(key, person);
    }

    /// Forgets all people: their listing begins anew.
    pub fn forget_people(&mut self) {
        self.people.clear();
    }

    /// Adds a group, or replaces what was said of it before. Members stay.
    pub fn group(&mut self, row: &EntraGroupRow<'_>) {
        let key = self.key(row.id);
        let group = Group {
            id: self.arena.push(row.id),
            name: self.arena.push(row.name),
            kind: row.kind,
            membership: row.membership,
        };
        self.groups.insert(key, group);
    }

    /// Forgets all groups and memberships: their listing begins anew.
    pub fn forget_groups(&mut self) {
        self.groups.clear();
        self.edges.clear();
    }

    /// Says that `member` is in `group`, or, with `removed`, that it no longer is. The last word
    /// about a pair counts.
    pub fn member(&mut self, group: &str, member: &str, kind: MemberKind, removed: bool) {
        let group = self.key(group);
        let member = self.key(member);
        let seq = self.edges.len() as u32;
        self.edges.push(Edge {
            group,
            member,
            seq,
            nested: kind == MemberKind::Group,
            removed,
        });
    }

    /// Adds a verified domain of the tenant.
    pub fn domain(&mut self, name: &str) {
        self.domains.push(super::fold(name));
    }

    /// The snapshot. Members that no listing held are left out and can be asked for with
    /// [`EntraSnapshot::unlisted`].
    #[must_use]
    pub fn finish(mut self) -> EntraSnapshot {
        let arena = self.arena;
        let people_keys = arena.sorted(self.people.iter().map(|(&k, p)| (k, p.id)).collect());
        let group_keys = arena.sorted(self.groups.iter().map(|(&k, g)| (k, g.id)).collect());
        let none = u32::MAX;
        let mut person_row = vec![none; self.ids.len()];
        let mut group_row = vec![none; self.ids.len()];
        for (row, &key) in people_keys.iter().enumerate() {
            person_row[key as usize] = row as u32;
        }
        for (row, &key) in group_keys.iter().enumerate() {
            group_row[key as usize] = row as u32;
        }
        self.edges
            .sort_unstable_by_key(|e| (e.group, e.member, e.seq));
        let mut direct = Vec::new();
        let mut nested = Vec::new();
        let mut unlisted = Vec::new();
        let mut partial = Vec::new();
        let mut edges = self.edges.iter().peekable();
        while let Some(edge) = edges.next() {
            let superseded = edges
                .peek()
                .is_some_and(|next| next.group == edge.group && next.member == edge.member);
            let group = group_row[edge.group as usize];
            if superseded || edge.removed || group == none {
                continue;
            }
            let member = edge.member as usize;
            if edge.nested {
                if group_row[member] == none {
                    partial.push(group);
                } else {
                    nested.push((group, group_row[member]));
                }
            } else if person_row[member] == none {
                unlisted.push(edge.member);
            } else {
                direct.push((group, person_row[member]));
            }
        }
        unlisted.sort_unstable();
        unlisted.dedup();
        let names: Vec<EntraId> = if unlisted.is_empty() {
            Vec::new()
        } else {
            let mut names: Vec<EntraId> = self
                .ids
                .iter()
                .filter(|(_, key)| unlisted.binary_search(key).is_ok())
                .map(|(id, _)| EntraId::new(id))
                .collect();
            names.sort();
            names
        };
        self.domains.sort();
        self.domains.dedup();
        let mut groups: Vec<Group> = group_keys.iter().map(|k| self.groups[k]).collect();
        for row in partial {
            groups[row as usize].membership = Membership::Partial;
        }
        EntraSnapshot {
            people: people_keys.iter().map(|k| self.people[k]).collect(),
            direct: Memberships::from_pairs(groups.len(), direct),
            nested: Memberships::from_pairs(groups.len(), nested),
            groups,
            arena,
            domains: self.domains,
            unlisted: names,
            users: Completeness::Whole,
            licences_known: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(builder: &mut EntraBuilder, id: &str) {
        builder.group(&EntraGroupRow {
            id,
            name: id,
            kind: GroupKind::Security,
            membership: Membership::Known,
        });
    }

    fn person(builder: &mut EntraBuilder, id: &str) {
        builder.person(&EntraPersonRow {
            id,
            name: id,
            ..EntraPersonRow::default()
        });
    }

    #[test]
    fn slices_replays_and_removals_come_in_any_order() {
        let mut b = EntraBuilder::default();
        b.member("g", "u2", MemberKind::Person, false);
        group(&mut b, "h");
        b.member("g", "u1", MemberKind::Person, false);
        b.member("g", "u1", MemberKind::Person, false);
        b.member("g", "h", MemberKind::Group, false);
        b.member("g", "u2", MemberKind::Person, true);
        group(&mut b, "g");
        person(&mut b, "u2");
        person(&mut b, "u1");
        let s = b.finish();
        let g = s.find_group("g").unwrap();
        assert_eq!(s.direct().of(g), [s.find_person("u1").unwrap()]);
        assert_eq!(s.nested().of(g), [s.find_group("h").unwrap()]);
        assert!(s.unlisted().is_empty());
    }

    #[test]
    fn a_missing_nested_group_makes_its_parent_partial() {
        let mut b = EntraBuilder::default();
        group(&mut b, "g");
        b.member("g", "ghost", MemberKind::Group, false);
        assert_eq!(b.finish().group(0).membership(), Membership::Partial);
    }

    #[test]
    fn members_without_a_listing_are_told() {
        let mut b = EntraBuilder::default();
        group(&mut b, "g");
        b.member("g", "ghost", MemberKind::Person, false);
        assert_eq!(b.finish().unlisted(), [EntraId::new("ghost")]);
    }
}
