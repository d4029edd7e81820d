//! Entra's side from pages in any order.

use super::entra::{
    ENABLED, EntraGroupRecord, EntraGroupRow, EntraPersonRow, EntraSnapshot, GUEST, LICENSED,
    Loose, MemberKind, Membership, Person,
};
use super::ids::is_id;
use super::keys::Keys;
use super::members::MembershipsBuilder;
use super::{Arena, Completeness};
use hashbrown::{HashMap, HashSet};
use std::sync::Arc;

/// In a member's number: it is a group.
const NESTED: u32 = 1 << 31;
/// In a member's number: it is no longer a member.
const REMOVED: u32 = 1 << 30;
/// The number itself. An arena holds fewer ids than that.
const KEY: u32 = REMOVED - 1;

/// Builds a snapshot from pages that come in any order, repeat themselves and are corrected by
/// later ones.
#[derive(Default)]
pub struct EntraBuilder {
    arena: Arena,
    ids: Keys,
    /// By the number of their id; none where it is no person's.
    people: Vec<Option<Person>>,
    groups: HashMap<u32, EntraGroupRecord>,
    /// By the number of the group what was said of members: their numbers, in the order in which
    /// they came.
    said: HashMap<u32, Vec<u32>>,
    /// Numbers of groups whose members are not known.
    unknown: HashSet<u32>,
    domains: Vec<String>,
    odd: u64,
}

impl EntraBuilder {
    /// How many rows were left out because their ids are none.
    #[must_use]
    pub fn odd(&self) -> u64 {
        self.odd
    }

    /// Adds a person, or replaces what was said of them before. Tells whether they are new.
    pub fn person(&mut self, row: &EntraPersonRow<'_>) -> bool {
        if !is_id(row.id) {
            self.odd += 1;
            return false;
        }
        let key = self.ids.of(&mut self.arena, row.id);
        let mail = self.arena.push(row.mail);
        let person = Person {
            id: self.ids.span(key),
            name: self.arena.push(row.name),
            mail,
            // Most people sign in with their address.
            upn: if row.upn == row.mail {
                mail
            } else {
                self.arena.push(row.upn)
            },
            flags: u8::from(row.enabled) * ENABLED
                + u8::from(row.guest) * GUEST
                + u8::from(row.licensed) * LICENSED,
        };
        if self.people.len() <= key as usize {
            self.people.resize(key as usize + 1, None);
        }
        self.people[key as usize].replace(person).is_none()
    }

    /// Forgets all people: their listing begins anew.
    pub fn forget_people(&mut self) {
        self.people.clear();
    }

    /// Adds a group, or replaces what was said of it before. Members stay. Tells whether it is new.
    pub fn group(&mut self, row: &EntraGroupRow<'_>) -> bool {
        if !is_id(row.id) {
            self.odd += 1;
            return false;
        }
        let key = self.ids.of(&mut self.arena, row.id);
        let group = EntraGroupRecord {
            id: self.ids.span(key),
            name: self.arena.push(row.name),
            kind: row.kind,
            hidden: row.membership == Membership::Hidden,
            partial: row.membership == Membership::Partial,
        };
        self.groups.insert(key, group).is_none()
    }

    /// Says that it is not known who is in a group.
    pub fn members_unknown(&mut self, group: &str) {
        let key = self.ids.of(&mut self.arena, group);
        self.unknown.insert(key);
    }

    /// Forgets all groups and memberships: their listing begins anew.
    pub fn forget_groups(&mut self) {
        self.groups.clear();
        self.said.clear();
        self.unknown.clear();
    }

    /// Says that `member` is in `group`, or, with `removed`, that it no longer is. The last word
    /// about a pair counts.
    pub fn member(&mut self, group: &str, member: &str, kind: MemberKind, removed: bool) {
        if !is_id(group) || !is_id(member) {
            self.odd += 1;
            return;
        }
        let group = self.ids.of(&mut self.arena, group);
        let member = self.ids.of(&mut self.arena, member);
        let nested = u32::from(kind == MemberKind::Group) * NESTED;
        let said = self.said.entry(group).or_default();
        said.push(member | nested | (u32::from(removed) * REMOVED));
    }

    /// Adds a verified domain of the tenant.
    pub fn domain(&mut self, name: &str) {
        self.domains.push(name.to_owned());
    }

    /// The snapshot. Members that no listing held are left out and can be asked for with
    /// [`EntraSnapshot::unlisted`].
    #[must_use]
    pub fn finish(mut self) -> EntraSnapshot {
        let arena = self.arena;
        let listed = self.people.iter().enumerate();
        let listed = listed.filter_map(|(key, person)| Some((key as u32, person.as_ref()?.id)));
        let people_keys = arena.sorted(listed.collect());
        let group_keys = arena.sorted(self.groups.iter().map(|(&k, g)| (k, g.id)).collect());
        let rows = |keys: &[u32]| {
            let mut rows = vec![u32::MAX; self.ids.len()];
            for (row, &key) in (0u32..).zip(keys) {
                rows[key as usize] = row;
            }
            rows
        };
        let rows = Rows {
            people: rows(&people_keys),
            groups: rows(&group_keys),
        };
        let mut members = Members::of(group_keys.len());
        for (row, key) in (0u32..).zip(&group_keys) {
            members.push(row, self.said.remove(key).unwrap_or_default(), &rows);
        }
        let mut groups: Vec<EntraGroupRecord> = group_keys.iter().map(|k| self.groups[k]).collect();
        for (group, key) in groups.iter_mut().zip(&group_keys) {
            group.partial |= self.unknown.contains(key);
        }
        let loose = loosen(&arena, &self.ids, &mut groups, &members.unlisted);
        let people = people_keys.iter();
        let mut snapshot = EntraSnapshot {
            people: people
                .filter_map(|key| self.people[*key as usize])
                .collect(),
            direct: members.direct.finish(),
            nested: members.nested.finish(),
            groups,
            arena: Arc::new(arena),
            loose,
            departed: Vec::new(),
            domains: Vec::new(),
            assigned: None,
            users: Completeness::Whole,
            licences_known: true,
        };
        snapshot.set_domains(&self.domains);
        snapshot
    }
}

/// The row of each id, by its number.
struct Rows {
    people: Vec<u32>,
    groups: Vec<u32>,
}

/// Memberships by rows, group by group.
struct Members {
    direct: MembershipsBuilder,
    nested: MembershipsBuilder,
    /// Members that no listing held: the row of their group, their number, whether they are groups.
    unlisted: Vec<(u32, u32, bool)>,
}

impl Members {
    fn of(groups: usize) -> Self {
        Self {
            direct: MembershipsBuilder::new(groups, 0),
            nested: MembershipsBuilder::new(groups, 0),
            unlisted: Vec::new(),
        }
    }

    /// The next group, with what was said of its members, in order.
    fn push(&mut self, group: u32, mut said: Vec<u32>, rows: &Rows) {
        // What was said of one member stays in order: the last word counts.
        said.sort_by_key(|member| member & KEY);
        let (mut direct, mut nested) = (Vec::new(), Vec::new());
        let mut said = said.into_iter().peekable();
        while let Some(member) = said.next() {
            let key = member & KEY;
            if said.peek().is_some_and(|next| next & KEY == key) || member & REMOVED != 0 {
                continue;
            }
            let is_group = member & NESTED != 0;
            let (rows, list) = if is_group {
                (&rows.groups, &mut nested)
            } else {
                (&rows.people, &mut direct)
            };
            match rows[key as usize] {
                u32::MAX => self.unlisted.push((group, key, is_group)),
                row => list.push(row),
            }
        }
        direct.sort_unstable();
        nested.sort_unstable();
        self.direct.push(direct);
        self.nested.push(nested);
    }
}

/// Keeps the memberships of those whom no listing held; the groups that lack a nested group are
/// known in part only.
fn loosen(
    arena: &Arena,
    ids: &Keys,
    groups: &mut [EntraGroupRecord],
    unlisted: &[(u32, u32, bool)],
) -> Vec<Loose> {
    let loose = unlisted.iter().map(|&(group, key, nested)| Loose {
        group,
        id: ids.span(key),
        nested,
        departed: false,
    });
    let mut loose: Vec<Loose> = loose.collect();
    loose.sort_by(|a, b| (a.group, arena.get(a.id)).cmp(&(b.group, arena.get(b.id))));
    for edge in loose.iter().filter(|edge| edge.nested) {
        groups[edge.group as usize].partial = true;
    }
    loose
}

#[cfg(test)]
mod tests {
    use super::super::GroupKind;
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
        assert_eq!(b.finish().unlisted(), ["ghost"]);
    }
}
