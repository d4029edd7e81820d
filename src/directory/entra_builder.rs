//! Entra's side from pages in any order.

use super::entra::{
    ENABLED, EntraGroupRecord, EntraGroupRow, EntraPersonRow, EntraSnapshot, GUEST, LICENSED,
    Loose, MemberKind, Membership, Person,
};
use super::keys::Keys;
use super::{Arena, Completeness, Memberships, Span};
use hashbrown::HashMap;

#[derive(Clone, Copy)]
struct ListedEdge {
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
    ids: Keys,
    people: HashMap<u32, Person>,
    groups: HashMap<u32, EntraGroupRecord>,
    edges: Vec<ListedEdge>,
    domains: Vec<String>,
}

impl EntraBuilder {
    /// Adds a person, or replaces what was said of them before.
    pub fn person(&mut self, row: &EntraPersonRow<'_>) {
        let key = self.ids.of(row.id);
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
        let key = self.ids.of(row.id);
        let group = EntraGroupRecord {
            id: self.arena.push(row.id),
            name: self.arena.push(row.name),
            kind: row.kind,
            hidden: row.membership == Membership::Hidden,
            partial: row.membership == Membership::Partial,
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
        let group = self.ids.of(group);
        let member = self.ids.of(member);
        let seq = self.edges.len() as u32;
        self.edges.push(ListedEdge {
            group,
            member,
            seq,
            nested: kind == MemberKind::Group,
            removed,
        });
    }

    /// Adds a verified domain of the tenant.
    pub fn domain(&mut self, name: &str) {
        self.domains.push(name.to_owned());
    }

    /// The snapshot. Members that no listing held are left out and can be asked for with
    /// [`EntraSnapshot::unlisted`].
    #[must_use]
    pub fn finish(mut self) -> EntraSnapshot {
        let mut arena = self.arena;
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
        let mut unlisted: Vec<(u32, u32, bool)> = Vec::new();
        let mut edges = self.edges.iter().peekable();
        while let Some(edge) = edges.next() {
            let superseded = edges
                .peek()
                .is_some_and(|next| next.group == edge.group && next.member == edge.member);
            let group = group_row[edge.group as usize];
            if superseded || edge.removed || group == none {
                continue;
            }
            let rows = if edge.nested { &group_row } else { &person_row };
            let member = rows[edge.member as usize];
            if member == none {
                unlisted.push((group, edge.member, edge.nested));
            } else if edge.nested {
                nested.push((group, member));
            } else {
                direct.push((group, member));
            }
        }
        let mut groups: Vec<EntraGroupRecord> = group_keys.iter().map(|k| self.groups[k]).collect();
        let loose = loosen(&mut arena, &self.ids, &mut groups, unlisted);
        let mut snapshot = EntraSnapshot {
            people: people_keys.iter().map(|k| self.people[k]).collect(),
            direct: Memberships::from_pairs(groups.len(), direct),
            nested: Memberships::from_pairs(groups.len(), nested),
            groups,
            arena,
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

/// Keeps the memberships of those whom no listing held; the groups that lack a nested group are
/// known in part only.
fn loosen(
    arena: &mut Arena,
    ids: &Keys,
    groups: &mut [EntraGroupRecord],
    mut unlisted: Vec<(u32, u32, bool)>,
) -> Vec<Loose> {
    if unlisted.is_empty() {
        return Vec::new();
    }
    unlisted.sort_unstable_by_key(|(_, key, _)| *key);
    let mut names: HashMap<u32, Span> = HashMap::new();
    for (id, key) in ids.iter() {
        if unlisted
            .binary_search_by_key(&key, |(_, key, _)| *key)
            .is_ok()
        {
            names.insert(key, arena.push(id));
        }
    }
    let mut loose: Vec<Loose> = unlisted
        .into_iter()
        .map(|(group, key, nested)| Loose {
            group,
            id: names.get(&key).copied().unwrap_or_default(),
            nested,
            departed: false,
        })
        .collect();
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
