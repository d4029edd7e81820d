//! No sequence of changes, replays, slices and restarts gives a mirror that differs from a fresh
//! full read.

use proptest::prelude::*;
use rollbook::directory::{
    EntraBuilder, EntraChanges, EntraGroupRow, EntraId, EntraPersonRow, EntraSnapshot, Gone,
    GroupFields, GroupKind, MemberKind, Membership, PersonFields,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

#[derive(Debug, Clone, PartialEq, Eq)]
struct User {
    name: String,
    enabled: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    name: String,
    unified: bool,
    members: BTreeSet<String>,
}

/// A tenant as it stands.
#[derive(Debug, Clone, Default)]
struct Tenant {
    users: BTreeMap<String, User>,
    groups: BTreeMap<String, Group>,
    /// Soft-deleted, with the groups in which each stood.
    deleted_users: BTreeMap<String, (User, Vec<String>)>,
    deleted_groups: BTreeMap<String, (Group, Vec<String>)>,
    purged: BTreeSet<String>,
}

/// What the next round speaks of.
#[derive(Debug, Default)]
struct Pending {
    users: BTreeSet<String>,
    groups: BTreeSet<String>,
    /// Group and member.
    edges: BTreeSet<(String, String)>,
    gone: BTreeMap<String, Gone>,
}

fn is_group(id: &str) -> bool {
    id.starts_with('g')
}

impl Tenant {
    fn leave_all(&mut self, id: &str) -> Vec<String> {
        let groups = self.groups.iter_mut();
        groups
            .filter_map(|(name, group)| group.members.remove(id).then(|| name.clone()))
            .collect()
    }

    fn step(&mut self, pending: &mut Pending, (kind, a, b): (u8, u8, u8)) {
        let (user, group) = (format!("u{}", a % 12), format!("g{}", b % 6));
        match kind % 12 {
            0 | 1 => {
                // No id is ever given again.
                if !self.deleted_users.contains_key(&user) && !self.purged.contains(&user) {
                    let name = format!("{user} {b}");
                    let enabled = b % 3 != 0;
                    self.users.insert(user.clone(), User { name, enabled });
                    pending.users.insert(user.clone());
                    pending.gone.remove(&user);
                }
            }
            2 => {
                if !self.deleted_groups.contains_key(&group) {
                    let entry = self.groups.entry(group.clone()).or_insert(Group {
                        name: String::new(),
                        unified: a % 2 == 0,
                        members: BTreeSet::new(),
                    });
                    entry.name = format!("{group} {a}");
                    pending.groups.insert(group.clone());
                    pending.gone.remove(&group);
                }
            }
            3..=6 => {
                // Somebody who is in no listing, too.
                let member = match a % 16 {
                    13 => "ghost".to_owned(),
                    14 | 15 => format!("g{}", (a / 16) % 6),
                    _ => user,
                };
                let known = member == "ghost"
                    || self.users.contains_key(&member)
                    || (self.groups.contains_key(&member) && member != group);
                if let Some(found) = self.groups.get_mut(&group).filter(|_| known) {
                    if kind % 12 == 6 {
                        found.members.remove(&member);
                    } else {
                        found.members.insert(member.clone());
                    }
                    pending.groups.insert(group.clone());
                    pending.edges.insert((group, member));
                }
            }
            7 => {
                if let Some(found) = self.users.remove(&user) {
                    let groups = self.leave_all(&user);
                    self.deleted_users.insert(user.clone(), (found, groups));
                    pending.users.remove(&user);
                    pending.gone.insert(user, Gone::Soft);
                }
            }
            8 => {
                if let Some((found, groups)) = self.deleted_users.remove(&user) {
                    self.users.insert(user.clone(), found);
                    for group in groups {
                        if let Some(group) = self.groups.get_mut(&group) {
                            group.members.insert(user.clone());
                        }
                    }
                    pending.users.insert(user.clone());
                    pending.gone.remove(&user);
                }
            }
            9 => {
                let was = self.users.remove(&user).is_some();
                if was | self.deleted_users.remove(&user).is_some() {
                    self.leave_all(&user);
                    pending.users.remove(&user);
                    self.purged.insert(user.clone());
                    pending.gone.insert(user, Gone::Forever);
                }
            }
            10 => self.delete_group(&group, pending),
            // What came and went between two rounds leaves no trace that could be told.
            _ if pending.gone.contains_key(&group) => {}
            _ => self.restore_group(&group, pending),
        }
    }

    fn restore_group(&mut self, group: &str, pending: &mut Pending) {
        let Some((mut found, parents)) = self.deleted_groups.remove(group) else {
            return;
        };
        // Who was deleted meanwhile is in it no more.
        found.members.retain(|member| {
            member == "ghost" || self.users.contains_key(member) || self.groups.contains_key(member)
        });
        // A restored group looks new, with all its members.
        let members = found.members.iter();
        let edges = members.map(|member| (group.to_owned(), member.clone()));
        pending.edges.extend(edges);
        self.groups.insert(group.to_owned(), found);
        for parent in parents {
            if let Some(parent) = self.groups.get_mut(&parent) {
                parent.members.insert(group.to_owned());
            }
        }
        pending.groups.insert(group.to_owned());
        pending.gone.remove(group);
    }

    fn delete_group(&mut self, group: &str, pending: &mut Pending) {
        let Some(found) = self.groups.remove(group) else {
            return;
        };
        // What was told of neither can't be known: both are restored into groups that stood all
        // the time.
        for (_, groups) in self.deleted_users.values_mut() {
            groups.retain(|other| other != group);
        }
        for (_, parents) in self.deleted_groups.values_mut() {
            parents.retain(|other| other != group);
        }
        let parents = self.leave_all(group);
        self.deleted_groups
            .insert(group.to_owned(), (found, parents));
        pending.groups.remove(group);
        pending.gone.insert(group.to_owned(), Gone::Soft);
    }

    fn person(&self, id: &str) -> Option<PersonFields> {
        self.users.get(id).map(|user| PersonFields {
            name: Some(user.name.clone()),
            mail: Some(String::new()),
            upn: Some(format!("{id}@acme.example")),
            enabled: Some(user.enabled),
            guest: Some(false),
            licensed: Some(true),
        })
    }

    fn group(&self, id: &str) -> Option<GroupFields> {
        self.groups.get(id).map(|group| GroupFields {
            name: Some(group.name.clone()),
            unified: Some(group.unified),
            mail_enabled: Some(false),
            hidden: Some(false),
        })
    }

    fn members(&self, id: &str) -> Vec<(EntraId, MemberKind)> {
        let members = self.groups.get(id).map(|group| group.members.iter());
        members
            .into_iter()
            .flatten()
            .map(|member| (EntraId::new(member), kind(member)))
            .collect()
    }

    fn everything(&self) -> EntraSnapshot {
        let mut builder = EntraBuilder::default();
        for (id, user) in &self.users {
            builder.person(&EntraPersonRow {
                id,
                name: &user.name,
                mail: "",
                upn: &format!("{id}@acme.example"),
                enabled: user.enabled,
                guest: false,
                licensed: true,
            });
        }
        for (id, group) in &self.groups {
            builder.group(&EntraGroupRow {
                id,
                name: &group.name,
                kind: if group.unified {
                    GroupKind::Microsoft365
                } else {
                    GroupKind::Security
                },
                membership: Membership::Known,
            });
            for member in &group.members {
                builder.member(id, member, kind(member), false);
            }
        }
        builder.finish()
    }
}

fn kind(id: &str) -> MemberKind {
    if is_group(id) {
        MemberKind::Group
    } else {
        MemberKind::Person
    }
}

/// One thing that a round says.
#[derive(Debug, Clone)]
enum Saying {
    User(String),
    Group(String, Vec<String>),
    Gone(String, Gone),
}

/// A round about what is pending and what is replayed, in slices and in no order; and the snapshot
/// after it.
fn round(
    tenant: &Tenant,
    pending: Pending,
    replayed: &[Saying],
    base: &EntraSnapshot,
    random: &mut fastrand::Rng,
) -> (EntraSnapshot, Vec<Saying>) {
    let mut said: Vec<Saying> = pending.users.into_iter().map(Saying::User).collect();
    said.extend(
        pending
            .gone
            .into_iter()
            .map(|(id, gone)| Saying::Gone(id, gone)),
    );
    let mut members: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for group in pending.groups {
        members.entry(group).or_default();
    }
    for (group, member) in pending.edges {
        members.entry(group).or_default().push(member);
    }
    for (group, members) in members {
        said.push(Saying::Group(group.clone(), Vec::new()));
        for slice in members.chunks(2) {
            said.push(Saying::Group(group.clone(), slice.to_vec()));
        }
    }
    let mut all = said.clone();
    all.extend(replayed.iter().filter(|_| random.bool()).cloned());
    all.extend(said.iter().filter(|_| random.bool()).cloned());
    random.shuffle(&mut all);
    let mut changes = EntraChanges::default();
    for saying in &all {
        match saying {
            // A replay tells how things stand now.
            Saying::User(id) => {
                if let Some(mut fields) = tenant.person(id) {
                    if base.find_person(id).is_some() && random.bool() {
                        fields.upn = None;
                        fields.licensed = None;
                    }
                    changes.person(id, fields);
                }
            }
            Saying::Gone(id, gone) if is_group(id) => {
                if !tenant.groups.contains_key(id) {
                    changes.group_gone(id, *gone);
                }
            }
            Saying::Gone(id, gone) => {
                if !tenant.users.contains_key(id) {
                    changes.person_gone(id, *gone);
                }
            }
            Saying::Group(id, members) => {
                let Some(group) = tenant.groups.get(id) else {
                    continue;
                };
                let mut fields = tenant.group(id).unwrap_or_default();
                // One slice describes the group; the others need not.
                if !members.is_empty() && random.bool() {
                    fields = GroupFields::default();
                }
                changes.group(id, fields);
                for member in members {
                    let removed = !group.members.contains(member);
                    changes.member(id, member, kind(member), removed);
                }
            }
        }
    }
    for _ in 0..4 {
        let questions = changes.questions(base);
        for id in questions.people {
            changes.settle_person(&id, tenant.person(id.as_str()));
        }
        for id in questions.groups {
            changes.settle_group(&id, tenant.group(id.as_str()));
        }
        for id in questions.lists {
            changes.list(&id, tenant.members(id.as_str()));
        }
    }
    assert!(changes.questions(base).is_empty());
    (base.after(&changes), said)
}

/// Everything that a snapshot says, in an order of its own.
fn dump(snapshot: &EntraSnapshot) -> Vec<String> {
    let mut lines: Vec<String> = snapshot
        .iter_people()
        .map(|(_, p)| {
            format!(
                "{} {} {} {} {}{}{}",
                p.id(),
                p.name(),
                p.mail(),
                p.upn(),
                p.enabled(),
                p.guest(),
                p.licensed()
            )
        })
        .collect();
    for (row, group) in snapshot.iter_groups() {
        let people = snapshot.direct().of(row).iter();
        let people: Vec<&str> = people.map(|p| snapshot.person(*p).id()).collect();
        let nested = snapshot.nested().of(row).iter();
        let nested: Vec<&str> = nested.map(|g| snapshot.group(*g).id()).collect();
        lines.push(format!(
            "{} {} {:?} {:?} {people:?} {nested:?}",
            group.id(),
            group.name(),
            group.kind(),
            group.membership()
        ));
    }
    lines.push(format!("unlisted {:?}", snapshot.unlisted()));
    lines
}

fn restarted(snapshot: &EntraSnapshot) -> EntraSnapshot {
    let mut columns: HashMap<&'static str, Vec<u8>> = HashMap::new();
    snapshot
        .columns::<()>(&mut |name, bytes| {
            columns.insert(name, bytes.to_vec());
            Ok(())
        })
        .unwrap();
    EntraSnapshot::from_columns(&mut |name| columns.get(name).cloned()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: crate::cases(), ..ProptestConfig::default() })]

    #[test]
    fn changes_lead_where_a_full_read_leads(
        rounds in proptest::collection::vec(
            (proptest::collection::vec(any::<(u8, u8, u8)>(), 0..25), any::<bool>()), 1..8),
        seed in any::<u64>(),
    ) {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut tenant = Tenant::default();
        let mut mirror = tenant.everything();
        let mut replayed = Vec::new();
        for (steps, restart) in rounds {
            let mut pending = Pending::default();
            for step in steps {
                tenant.step(&mut pending, step);
            }
            let (next, said) = round(&tenant, pending, &replayed, &mirror, &mut random);
            mirror = next;
            replayed.extend(said);
            if restart {
                mirror = restarted(&mirror);
            }
            prop_assert_eq!(dump(&mirror), dump(&tenant.everything()));
        }
    }

    #[test]
    fn damaged_columns_are_refused_and_never_panic(
        which in any::<usize>(), at in any::<usize>(), flip in 1u8.., cut in any::<bool>(),
    ) {
        let mut tenant = Tenant::default();
        for n in 0..60 {
            tenant.step(&mut Pending::default(), (n, n.wrapping_mul(7), n.wrapping_mul(3)));
        }
        let mut columns: Vec<(&'static str, Vec<u8>)> = Vec::new();
        tenant.everything().columns::<()>(&mut |name, bytes| {
            columns.push((name, bytes.to_vec()));
            Ok(())
        }).unwrap();
        let chosen = which % columns.len();
        let column = &mut columns[chosen].1;
        if !column.is_empty() {
            let at = at % column.len();
            if cut {
                column.truncate(at);
            } else {
                column[at] ^= flip;
            }
        }
        // Whatever comes of it: a refusal, or a snapshot all of which can be looked at.
        let read = EntraSnapshot::from_columns(&mut |name| {
            columns.iter().find(|(other, _)| *other == name).map(|(_, bytes)| bytes.clone())
        });
        if let Some(snapshot) = read {
            dump(&snapshot);
        }
    }
}
