//! What a round of changes says of Entra, and Entra's side after it.
//!
//! Changes are replayed, come in slices and in no order, and say only what changed. They are
//! gathered by id first; what they leave open or say in two ways is asked for, and only then the
//! next snapshot is made. Applying the same round twice gives the same snapshot.

use super::align::{Aligned, NOWHERE, align, moved};
use super::entra::{
    Departed, ENABLED, EntraPerson, EntraSnapshot, GUEST, Group, LICENSED, Loose, MemberKind,
    Person,
};
use super::members::MembershipsBuilder;
use super::{Arena, Completeness, EntraId, GroupKind, Span};
use std::collections::{BTreeMap, BTreeSet};

/// How an object is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gone {
    /// Soft-deleted: it may be restored, into the groups in which it stood.
    Soft,
    /// For good.
    Forever,
}

/// What is said of a person; none where nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PersonFields {
    /// `displayName`.
    pub name: Option<String>,
    /// `mail`, empty without a mailbox.
    pub mail: Option<String>,
    /// `userPrincipalName`.
    pub upn: Option<String>,
    /// `accountEnabled`.
    pub enabled: Option<bool>,
    /// `userType` is `Guest`.
    pub guest: Option<bool>,
    /// `assignedLicenses` is not empty.
    pub licensed: Option<bool>,
}

/// What is said of a group; none where nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupFields {
    /// `displayName`.
    pub name: Option<String>,
    /// `groupTypes` holds `Unified`.
    pub unified: Option<bool>,
    /// `mailEnabled`.
    pub mail_enabled: Option<bool>,
    /// Hides its members from this application.
    pub hidden: Option<bool>,
}

impl PersonFields {
    fn add(&mut self, later: Self) {
        newer(&mut self.name, later.name);
        newer(&mut self.mail, later.mail);
        newer(&mut self.upn, later.upn);
        newer(&mut self.enabled, later.enabled);
        newer(&mut self.guest, later.guest);
        newer(&mut self.licensed, later.licensed);
    }
}

impl GroupFields {
    /// The kind of a group of which nothing else is known than its former kind.
    #[must_use]
    pub fn kind(&self, before: Option<GroupKind>) -> GroupKind {
        let is = |said: Option<bool>, kind| said.unwrap_or(before == Some(kind));
        if is(self.unified, GroupKind::Microsoft365) {
            GroupKind::Microsoft365
        } else if is(self.mail_enabled, GroupKind::MailEnabled) {
            GroupKind::MailEnabled
        } else {
            GroupKind::Security
        }
    }

    /// Takes over what was said later.
    pub fn add(&mut self, later: Self) {
        newer(&mut self.name, later.name);
        newer(&mut self.unified, later.unified);
        newer(&mut self.mail_enabled, later.mail_enabled);
        newer(&mut self.hidden, later.hidden);
    }
}

fn newer<T>(place: &mut Option<T>, value: Option<T>) {
    if value.is_some() {
        *place = value;
    }
}

/// All that is said of one object.
#[derive(Debug, Clone, Default)]
struct Said<F> {
    fields: Option<F>,
    gone: Option<Gone>,
}

#[derive(Debug, Clone, Copy)]
struct Edge {
    kind: MemberKind,
    removed: bool,
}

/// The changes of one round.
#[derive(Debug, Clone, Default)]
pub struct EntraChanges {
    people: BTreeMap<EntraId, Said<PersonFields>>,
    groups: BTreeMap<EntraId, Said<GroupFields>>,
    edges: BTreeMap<EntraId, BTreeMap<EntraId, Edge>>,
    /// Groups whose members are known from their own listing.
    lists: BTreeMap<EntraId, BTreeMap<EntraId, MemberKind>>,
    /// Groups of one of whose members it was said that it came and that it went.
    unclear: BTreeSet<EntraId>,
}

/// What has to be asked for before a round can be believed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Questions {
    /// People of whom too little or two things are said.
    pub people: Vec<EntraId>,
    /// Groups of which too little or two things are said.
    pub groups: Vec<EntraId>,
    /// Groups whose own list of members is needed.
    pub lists: Vec<EntraId>,
}

impl Questions {
    /// Whether nothing has to be asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.people.is_empty() && self.groups.is_empty() && self.lists.is_empty()
    }
}

impl EntraChanges {
    /// Whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.people.is_empty()
            && self.groups.is_empty()
            && self.edges.is_empty()
            && self.lists.is_empty()
    }

    /// Takes in what is said of other objects.
    pub fn absorb(&mut self, other: Self) {
        self.people.extend(other.people);
        self.groups.extend(other.groups);
        self.edges.extend(other.edges);
        self.lists.extend(other.lists);
        self.unclear.extend(other.unclear);
    }

    /// Something is said of a person.
    pub fn person(&mut self, id: &str, fields: PersonFields) {
        let said = self.people.entry(EntraId::new(id)).or_default();
        said.fields.get_or_insert_default().add(fields);
    }

    /// A person is gone.
    pub fn person_gone(&mut self, id: &str, gone: Gone) {
        let said = self.people.entry(EntraId::new(id)).or_default();
        said.gone = Some(furthest(said.gone, gone));
    }

    /// What a person is when asked for by id; none if there is nobody. Settles whatever was said.
    pub fn settle_person(&mut self, id: &EntraId, found: Option<PersonFields>) {
        let said = self.people.entry(id.clone()).or_default();
        said.gone = match found {
            Some(_) => None,
            None => Some(said.gone.unwrap_or(Gone::Soft)),
        };
        said.fields = found;
    }

    /// Something is said of a group.
    pub fn group(&mut self, id: &str, fields: GroupFields) {
        let said = self.groups.entry(EntraId::new(id)).or_default();
        said.fields.get_or_insert_default().add(fields);
    }

    /// A group is gone.
    pub fn group_gone(&mut self, id: &str, gone: Gone) {
        let said = self.groups.entry(EntraId::new(id)).or_default();
        said.gone = Some(furthest(said.gone, gone));
    }

    /// What a group is when asked for by id; none if there is none.
    pub fn settle_group(&mut self, id: &EntraId, found: Option<GroupFields>) {
        let said = self.groups.entry(id.clone()).or_default();
        said.gone = match found {
            Some(_) => None,
            None => Some(said.gone.unwrap_or(Gone::Soft)),
        };
        said.fields = found;
    }

    /// A member came into a group, or left it.
    pub fn member(&mut self, group: &str, member: &str, kind: MemberKind, removed: bool) {
        let group = EntraId::new(group);
        let edges = self.edges.entry(group.clone()).or_default();
        let before = edges.insert(EntraId::new(member), Edge { kind, removed });
        if before.is_some_and(|before| before.removed != removed) {
            self.unclear.insert(group);
        }
    }

    /// All direct members of a group, by its own listing. Settles whatever was said of them.
    pub fn list(&mut self, group: &EntraId, members: Vec<(EntraId, MemberKind)>) {
        self.unclear.remove(group);
        self.lists
            .insert(group.clone(), members.into_iter().collect());
    }

    /// What has to be asked for before these changes can be applied to `base`.
    #[must_use]
    pub fn questions(&self, base: &EntraSnapshot) -> Questions {
        let mut questions = Questions::default();
        let mut lists = self.unclear.clone();
        for (id, said) in &self.people {
            let new = base.find_person(id.as_str()).is_none();
            let Some(fields) = &said.fields else { continue };
            if said.gone.is_some() || (new && fields.enabled.is_none()) {
                questions.people.push(id.clone());
            }
            if new {
                // Restored: whether it came back into its groups is not always said.
                lists.extend(base.left_behind(id.as_str()).map(EntraId::new));
            }
        }
        for (id, said) in &self.groups {
            let new = base.find_group(id.as_str()).is_none();
            let Some(fields) = &said.fields else { continue };
            if said.gone.is_some() || (new && fields.name.is_none()) {
                questions.groups.push(id.clone());
            }
            if new && find(&base.departed, id.as_str()).is_ok() {
                lists.insert(id.clone());
                lists.extend(base.left_behind(id.as_str()).map(EntraId::new));
            }
        }
        let open = |id: &EntraId| !self.lists.contains_key(id);
        questions.lists = lists.into_iter().filter(open).collect();
        questions
    }
}

fn furthest(before: Option<Gone>, now: Gone) -> Gone {
    match (before, now) {
        (Some(Gone::Forever), _) | (_, Gone::Forever) => Gone::Forever,
        _ => Gone::Soft,
    }
}

impl EntraSnapshot {
    /// This snapshot after a round of changes.
    #[must_use]
    pub fn after(&self, changes: &EntraChanges) -> Self {
        let mut next = Next {
            base: self,
            changes,
            made: Self {
                arena: Arena::default(),
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

/// Where a group stands among the soft-deleted ones, or would stand.
fn find(departed: &[Departed], id: &str) -> Result<usize, usize> {
    departed.binary_search_by(|group| group.id.as_str().cmp(id))
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
        for row in align(base.people.len(), |row| base.person(row).id(), &ids) {
            let (old, fields) = match row {
                Aligned::Kept(row) => (Some(row), None),
                Aligned::Said(at, row) => {
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
        let arena = &mut self.made.arena;
        let mut text = |new: &Option<String>, old: Option<&str>| match (new, old) {
            (Some(new), _) => arena.push(new),
            (None, Some(old)) => arena.push(old),
            (None, None) => Span::default(),
        };
        let flag = |bit, new: Option<bool>, old: Option<bool>| {
            u8::from(new.or(old).unwrap_or(false)) * bit
        };
        let person = Person {
            id: text(&None, Some(before.map_or(id, EntraPerson::id))),
            name: text(&fields.name, before.map(EntraPerson::name)),
            mail: text(&fields.mail, before.map(EntraPerson::mail)),
            upn: text(&fields.upn, before.map(EntraPerson::upn)),
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
        for row in align(base.groups.len(), |row| base.group(row).id(), &ids) {
            let (old, id, fields) = match row {
                Aligned::Kept(row) => (Some(row), base.group(row).id(), None),
                Aligned::Said(at, row) => {
                    let (id, said) = said[at];
                    let place = find(&self.made.departed, id.as_str());
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

    fn group(&mut self, old: Option<u32>, id: &str, fields: Option<&GroupFields>) -> Group {
        let nothing = GroupFields::default();
        let fields = fields.unwrap_or(&nothing);
        let before = old.map(|row| &self.base.groups[row as usize]);
        let name = fields
            .name
            .as_deref()
            .or(old.map(|row| self.base.group(row).name()));
        Group {
            id: self.made.arena.push(id),
            name: self.made.arena.push(name.unwrap_or_default()),
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
            } else if let Ok(place) = find(&self.base.departed, id.as_str()) {
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
                let id = self.made.arena.push(&member);
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
            find(&self.made.departed, member).is_ok()
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
