//! Entra's side after a round of changes.

use super::entra::{
    Departed, ENABLED, EntraGroupRecord, EntraPerson, EntraSnapshot, GUEST, LICENSED, Loose,
    MemberKind, Person, find_departed,
};
use super::entra_changes::{EntraChanges, Gone, GroupFields, PersonFields};
use super::members::MembershipsBuilder;
use super::merge_join::{Joined, NOWHERE, merge_join, moved};
use super::{Completeness, EntraId, Span};
use std::collections::BTreeMap;
use std::sync::Arc;

impl EntraSnapshot {
    /// This snapshot after a round of changes.
    #[must_use]
    pub fn after(&self, changes: &EntraChanges) -> Self {
        let mut next = Next {
            base: self,
            changes,
            made: Self {
                departed: self.departed.clone(),
                domains: self.domains.clone(),
                assigned: self.assigned.clone(),
                users: Completeness::Whole,
                licences_known: self.licences_known,
                ..Self::default()
            },
            people: vec![NOWHERE; self.people.len()],
            groups: vec![NOWHERE; self.groups.len()],
        };
        next.people();
        let origins = next.groups();
        next.members(&origins);
        next.made
    }
}

/// The next snapshot in the making.
struct Next<'a> {
    base: &'a EntraSnapshot,
    changes: &'a EntraChanges,
    made: EntraSnapshot,
    /// Where each old person row went.
    people: Vec<u32>,
    /// Where each old group row went.
    groups: Vec<u32>,
}

impl Next<'_> {
    fn people(&mut self) {
        let base = self.base;
        let said: Vec<_> = self.changes.people.iter().collect();
        let ids: Vec<&str> = said.iter().map(|(id, _)| id.as_str()).collect();
        self.made.people.reserve(base.people.len() + ids.len());
        for row in merge_join(base.people.len(), |row| base.person(row).id(), &ids) {
            let (old, fields) = match row {
                Joined::Kept(row) => (Some(row), None),
                Joined::Said(at, row) => {
                    let said = said[at].1;
                    if said.gone.is_some() {
                        continue;
                    }
                    (row, said.fields.as_ref().map(|fields| (ids[at], fields)))
                }
            };
            if let Some(old) = old {
                self.people[old as usize] = self.made.people.len() as u32;
            }
            self.person(old, fields);
        }
    }

    fn person(&mut self, old: Option<u32>, said: Option<(&str, &PersonFields)>) {
        let before = old.map(|row| self.base.person(row));
        let nothing = PersonFields::default();
        let (id, fields) = said.map_or(("", &nothing), |said| said);
        let arena = Arc::make_mut(&mut self.made.arena);
        let mut text = |new: &Option<String>, old: Option<&str>| match (new, old) {
            (Some(new), _) => arena.push(new),
            (None, Some(old)) => arena.push(old),
            (None, None) => Span::default(),
        };
        let flag = |bit, new: Option<bool>, old: Option<bool>| {
            u8::from(new.or(old).unwrap_or(false)) * bit
        };
        let mail = fields.mail.as_deref().or(before.map(EntraPerson::mail));
        let upn = fields.upn.as_deref().or(before.map(EntraPerson::upn));
        let address = text(&fields.mail, before.map(EntraPerson::mail));
        let person = Person {
            id: text(&None, Some(before.map_or(id, EntraPerson::id))),
            name: text(&fields.name, before.map(EntraPerson::name)),
            mail: address,
            // Most people sign in with their address.
            upn: if upn == mail {
                address
            } else {
                text(&fields.upn, before.map(EntraPerson::upn))
            },
            flags: flag(ENABLED, fields.enabled, before.map(EntraPerson::enabled))
                | flag(GUEST, fields.guest, before.map(EntraPerson::guest))
                | flag(LICENSED, fields.licensed, before.map(EntraPerson::licensed)),
        };
        self.made.people.push(person);
    }

    /// Gives the old row of each new one.
    fn groups(&mut self) -> Vec<Option<u32>> {
        let base = self.base;
        let said: Vec<_> = self.changes.groups.iter().collect();
        let ids: Vec<&str> = said.iter().map(|(id, _)| id.as_str()).collect();
        let mut origins = Vec::with_capacity(base.groups.len() + ids.len());
        for row in merge_join(base.groups.len(), |row| base.group(row).id(), &ids) {
            let (old, id, fields) = match row {
                Joined::Kept(row) => (Some(row), base.group(row).id(), None),
                Joined::Said(at, row) => {
                    let (id, said) = said[at];
                    let place = find_departed(&self.made.departed, id.as_str());
                    match (said.gone, place) {
                        (Some(Gone::Soft), Err(place)) => {
                            let departed = self.departed(id, row);
                            self.made.departed.insert(place, departed);
                        }
                        (Some(Gone::Forever) | None, Ok(place)) => {
                            _ = self.made.departed.remove(place);
                        }
                        _ => {}
                    }
                    if said.gone.is_some() {
                        continue;
                    }
                    (row, id.as_str(), said.fields.as_ref())
                }
            };
            if let Some(old) = old {
                self.groups[old as usize] = origins.len() as u32;
            }
            origins.push(old);
            let group = self.group(old, id, fields);
            self.made.groups.push(group);
        }
        origins
    }

    /// A group that is soft-deleted now.
    fn departed(&self, id: &EntraId, row: Option<u32>) -> Departed {
        let mut members = Vec::new();
        if let Some(row) = row {
            for person in self.base.direct.of(row) {
                if self.people[*person as usize] == NOWHERE {
                    members.push((EntraId::new(self.base.person(*person).id()), false));
                }
            }
            let loose = self
                .base
                .loose
                .iter()
                .filter(|l| l.group == row && l.departed);
            members.extend(loose.map(|l| (EntraId::new(self.base.arena.get(l.id)), l.nested)));
        }
        let id = id.clone();
        Departed { id, members }
    }

    fn group(
        &mut self,
        old: Option<u32>,
        id: &str,
        fields: Option<&GroupFields>,
    ) -> EntraGroupRecord {
        let nothing = GroupFields::default();
        let fields = fields.unwrap_or(&nothing);
        let before = old.map(|row| &self.base.groups[row as usize]);
        let name = fields
            .name
            .as_deref()
            .or(old.map(|row| self.base.group(row).name()));
        EntraGroupRecord {
            id: Arc::make_mut(&mut self.made.arena).push(id),
            name: Arc::make_mut(&mut self.made.arena).push(name.unwrap_or_default()),
            kind: fields.kind(before.map(|group| group.kind)),
            hidden: fields
                .hidden
                .unwrap_or(before.is_some_and(|group| group.hidden)),
            partial: false,
        }
    }

    fn members(&mut self, origins: &[Option<u32>]) {
        let mut direct = MembershipsBuilder::new(origins.len(), self.base.direct.total());
        let mut nested = MembershipsBuilder::new(origins.len(), self.base.nested.total());
        for (row, old) in (0u32..).zip(origins) {
            let id = EntraId::new(self.made.group(row).id());
            let mut sets = Sets::default();
            if let Some(old) = *old {
                self.carry(&mut sets, old);
            } else if let Ok(place) = find_departed(&self.base.departed, id.as_str()) {
                for (member, nested) in &self.base.departed[place].members {
                    sets.leave(member.as_str(), *nested, Some(Gone::Soft));
                }
            }
            let edges = self.changes.edges.get(&id);
            if let Some(list) = self.changes.lists.get(&id) {
                // Who is soft-deleted stands in no listing, and comes back into its groups.
                sets.direct.clear();
                sets.nested.clear();
                sets.loose
                    .retain(|(id, nested), departed| *departed && !self.is_listed(id, *nested));
                for (member, kind) in list {
                    self.put(&mut sets, member.as_str(), *kind, false);
                }
                // Who was in it and is soft-deleted now may come back into it.
                let left = edges.into_iter().flatten().filter(|(_, edge)| edge.removed);
                for (member, edge) in left.filter(|(member, _)| !list.contains_key(*member)) {
                    self.put(&mut sets, member.as_str(), edge.kind, true);
                }
            } else {
                for (member, edge) in edges.into_iter().flatten() {
                    self.put(&mut sets, member.as_str(), edge.kind, edge.removed);
                }
            }
            direct.push(sets.direct);
            nested.push(sets.nested);
            for ((member, is_group), departed) in sets.loose {
                let id = Arc::make_mut(&mut self.made.arena).push(&member);
                self.made.groups[row as usize].partial |= is_group && !departed;
                self.made.loose.push(Loose {
                    group: row,
                    id,
                    nested: is_group,
                    departed,
                });
            }
        }
        self.made.direct = direct.finish();
        self.made.nested = nested.finish();
    }

    /// Takes over the members that a group had.
    fn carry(&self, sets: &mut Sets, old: u32) {
        let base = self.base;
        sets.direct = moved(base.direct.of(old), &self.people);
        sets.nested = moved(base.nested.of(old), &self.groups);
        if sets.direct.len() < base.direct.of(old).len() {
            for row in base.direct.of(old) {
                if self.people[*row as usize] == NOWHERE {
                    let id = base.person(*row).id();
                    let said = self.changes.people.get(id);
                    sets.leave(id, false, said.and_then(|said| said.gone));
                }
            }
        }
        if sets.nested.len() < base.nested.of(old).len() {
            for row in base.nested.of(old) {
                if self.groups[*row as usize] == NOWHERE {
                    let id = base.group(*row).id();
                    let said = self.changes.groups.get(id);
                    sets.leave(id, true, said.and_then(|said| said.gone));
                }
            }
        }
        let from = base.loose.partition_point(|loose| loose.group < old);
        for loose in base.loose[from..].iter().take_while(|l| l.group == old) {
            let id = base.arena.get(loose.id);
            let gone = if loose.nested {
                self.changes.groups.get(id).and_then(|said| said.gone)
            } else {
                self.changes.people.get(id).and_then(|said| said.gone)
            };
            let listed = self.is_listed(id, loose.nested);
            match gone {
                Some(gone) => sets.leave(id, loose.nested, Some(gone)),
                None if listed => {
                    let kind = if loose.nested {
                        MemberKind::Group
                    } else {
                        MemberKind::Person
                    };
                    self.put(sets, id, kind, false);
                }
                None => _ = sets.loose.insert((id.into(), loose.nested), loose.departed),
            }
        }
    }

    /// Puts a member into a group, or takes it out.
    fn put(&self, sets: &mut Sets, member: &str, kind: MemberKind, removed: bool) {
        let nested = kind == MemberKind::Group;
        let key = (Box::from(member), nested);
        let row = if nested {
            self.made.find_group(member)
        } else {
            self.made.find_person(member)
        };
        let set = if nested {
            &mut sets.nested
        } else {
            &mut sets.direct
        };
        match (row, removed) {
            (Some(row), false) => {
                sets.loose.remove(&key);
                if let Err(at) = set.binary_search(&row) {
                    set.insert(at, row);
                }
            }
            (Some(row), true) => {
                sets.loose.remove(&key);
                if let Ok(at) = set.binary_search(&row) {
                    set.remove(at);
                }
            }
            // That it left since it was deleted does not say that it stays out when restored.
            (None, true) if self.is_departed(member, nested) => _ = sets.loose.insert(key, true),
            (None, true) if sets.loose.get(&key) == Some(&true) => {}
            (None, true) => _ = sets.loose.remove(&key),
            (None, false) => {
                let departed = self.is_departed(member, nested);
                let place = sets.loose.entry(key).or_insert(departed);
                *place |= departed;
            }
        }
    }

    /// Whether the next snapshot holds a person or group.
    fn is_listed(&self, id: &str, nested: bool) -> bool {
        if nested {
            self.made.find_group(id).is_some()
        } else {
            self.made.find_person(id).is_some()
        }
    }

    /// Whether a person or group is soft-deleted, as far as this round and the groups before tell.
    fn is_departed(&self, member: &str, nested: bool) -> bool {
        if nested {
            find_departed(&self.made.departed, member).is_ok()
        } else {
            let said = self.changes.people.get(member);
            said.is_some_and(|said| said.gone == Some(Gone::Soft))
        }
    }
}

/// The members of one group in the making.
#[derive(Default)]
struct Sets {
    direct: Vec<u32>,
    nested: Vec<u32>,
    /// Id, whether it is a group → whether it is soft-deleted.
    loose: BTreeMap<(Box<str>, bool), bool>,
}

impl Sets {
    /// Somebody who is gone leaves the group: for good, or until restored.
    fn leave(&mut self, id: &str, nested: bool, gone: Option<Gone>) {
        let key = (Box::from(id), nested);
        match gone {
            Some(Gone::Forever) => _ = self.loose.remove(&key),
            Some(Gone::Soft) | None => _ = self.loose.insert(key, true),
        }
    }
}
