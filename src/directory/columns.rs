//! Snapshots as columns of bytes, for a store that keeps them as they are.
//!
//! Numbers are little-endian. A column that does not fit the others is damage: the whole snapshot
//! is refused then, never a part of it believed.

use super::entra::{Departed, EntraGroupRecord, EntraSnapshot, Loose, Person};
use super::jira::{Account, JiraGroupRecord, JiraSnapshot, Product};
use super::{AccountKind, Arena, Assigned, Completeness, GroupClass, GroupKind};
use super::{Memberships, Span};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Where columns go.
pub type Put<'a, E> = &'a mut dyn FnMut(&'static str, &[u8]) -> Result<(), E>;
/// Where columns come from; none if there is no such column.
pub type Get<'a> = &'a mut dyn FnMut(&'static str) -> Option<Vec<u8>>;

fn pack(numbers: impl Iterator<Item = u32>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(numbers.size_hint().0 * 4);
    for number in numbers {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    bytes
}

fn unpack(bytes: &[u8]) -> Option<Vec<u32>> {
    let (numbers, rest) = bytes.as_chunks::<4>();
    rest.is_empty()
        .then(|| numbers.iter().map(|b| u32::from_le_bytes(*b)).collect())
}

impl Arena {
    fn holds(&self, start: u32, len: u32) -> Option<Span> {
        let span = Span { start, len };
        let end = (start as usize).checked_add(len as usize)?;
        self.text.get(start as usize..end).map(|_| span)
    }
}

/// Rows of spans, one column for all of them.
fn put_spans<const N: usize>(rows: impl Iterator<Item = [Span; N]>) -> Vec<u8> {
    pack(rows.flatten().flat_map(|span| [span.start, span.len]))
}

fn get_spans<const N: usize>(arena: &Arena, bytes: &[u8]) -> Option<Vec<[Span; N]>> {
    let numbers = unpack(bytes)?;
    if numbers.len() % (2 * N) != 0 {
        return None;
    }
    let row = |row: &[u32]| {
        let mut spans = [Span::default(); N];
        for (span, pair) in spans.iter_mut().zip(row.chunks(2)) {
            *span = arena.holds(pair[0], pair[1])?;
        }
        Some(spans)
    };
    numbers.chunks(2 * N).map(row).collect()
}

fn put_members<E>(
    members: &Memberships,
    names: [&'static str; 2],
    put: Put<'_, E>,
) -> Result<(), E> {
    put(names[0], &pack(members.offsets.iter().copied()))?;
    put(names[1], &pack(members.members.iter().copied()))
}

fn get_members(
    names: [&'static str; 2],
    groups: usize,
    rows: usize,
    get: Get<'_>,
) -> Option<Memberships> {
    let offsets = unpack(&get(names[0])?)?;
    let members = unpack(&get(names[1])?)?;
    let fits = offsets.len() == groups + 1
        && offsets.first() == Some(&0)
        && offsets.is_sorted()
        && offsets.last().map(|last| *last as usize) == Some(members.len())
        && members.iter().all(|row| (*row as usize) < rows);
    fits.then_some(Memberships { offsets, members })
}

fn get_arena(get: Get<'_>, name: &'static str) -> Option<Arena> {
    Some(Arena {
        text: String::from_utf8(get(name)?).ok()?,
    })
}

#[derive(Serialize, Deserialize)]
struct EntraRest {
    departed: Vec<Departed>,
    domains: Vec<String>,
    assigned: Option<Assigned>,
    users: Completeness,
    licences_known: bool,
}

const DIRECT: [&str; 2] = ["entra.direct.offsets", "entra.direct.members"];
const NESTED: [&str; 2] = ["entra.nested.offsets", "entra.nested.members"];
const MEMBERS: [&str; 2] = ["jira.members.offsets", "jira.members.members"];

/// Plain data: its serialization can't fail.
fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

impl EntraSnapshot {
    /// Gives all columns.
    pub fn columns<E>(&self, put: Put<'_, E>) -> Result<(), E> {
        put("entra.text", self.arena.text.as_bytes())?;
        let people = self.people.iter();
        put(
            "entra.people",
            &put_spans(people.map(|p| [p.id, p.name, p.mail, p.upn])),
        )?;
        let flags: Vec<u8> = self.people.iter().map(|p| p.flags).collect();
        put("entra.flags", &flags)?;
        put(
            "entra.groups",
            &put_spans(self.groups.iter().map(|g| [g.id, g.name])),
        )?;
        let kinds: Vec<u8> = self
            .groups
            .iter()
            .map(|g| g.kind as u8 | u8::from(g.hidden) << 4 | u8::from(g.partial) << 5)
            .collect();
        put("entra.kinds", &kinds)?;
        put_members(&self.direct, DIRECT, put)?;
        put_members(&self.nested, NESTED, put)?;
        put("entra.loose", &put_spans(self.loose.iter().map(|l| [l.id])))?;
        let edges = self.loose.iter();
        put(
            "entra.loose.edges",
            &pack(edges.flat_map(|l| [l.group, u32::from(l.nested) | u32::from(l.departed) << 1])),
        )?;
        put(
            "entra.rest",
            &json(&EntraRest {
                departed: self.departed.clone(),
                domains: self.domains.clone(),
                assigned: self.assigned.clone(),
                users: self.users.clone(),
                licences_known: self.licences_known,
            }),
        )
    }

    /// The snapshot of these columns; none if they don't fit together.
    #[must_use]
    pub fn from_columns(get: Get<'_>) -> Option<Self> {
        let arena = get_arena(get, "entra.text")?;
        let spans = get_spans::<4>(&arena, &get("entra.people")?)?;
        let flags = get("entra.flags")?;
        let names = get_spans::<2>(&arena, &get("entra.groups")?)?;
        let kinds = get("entra.kinds")?;
        if spans.len() != flags.len() || names.len() != kinds.len() {
            return None;
        }
        let groups: Vec<EntraGroupRecord> = names
            .iter()
            .zip(kinds)
            .map(|([id, name], bits)| {
                Some(EntraGroupRecord {
                    id: *id,
                    name: *name,
                    kind: match bits & 15 {
                        0 => GroupKind::Security,
                        1 => GroupKind::MailEnabled,
                        2 => GroupKind::Microsoft365,
                        _ => return None,
                    },
                    hidden: bits & 16 != 0,
                    partial: bits & 32 != 0,
                })
            })
            .collect::<Option<_>>()?;
        let people: Vec<Person> = spans
            .into_iter()
            .zip(flags)
            .map(|([id, name, mail, upn], flags)| Person {
                id,
                name,
                mail,
                upn,
                flags,
            })
            .collect();
        let loose = get_spans::<1>(&arena, &get("entra.loose")?)?;
        let edges = unpack(&get("entra.loose.edges")?)?;
        if edges.len() != loose.len() * 2 {
            return None;
        }
        let loose: Vec<Loose> = loose
            .iter()
            .zip(edges.chunks(2))
            .map(|([id], edge)| Loose {
                group: edge[0],
                id: *id,
                nested: edge[1] & 1 != 0,
                departed: edge[1] & 2 != 0,
            })
            .collect();
        if loose.iter().any(|l| l.group as usize >= groups.len()) {
            return None;
        }
        let rest: EntraRest = serde_json::from_slice(&get("entra.rest")?).ok()?;
        Some(Self {
            direct: get_members(DIRECT, groups.len(), people.len(), get)?,
            nested: get_members(NESTED, groups.len(), groups.len(), get)?,
            arena: Arc::new(arena),
            people,
            groups,
            loose,
            departed: rest.departed,
            domains: rest.domains,
            assigned: rest.assigned,
            users: rest.users,
            licences_known: rest.licences_known,
        })
    }
}

#[derive(Serialize, Deserialize)]
struct JiraRest {
    products: Vec<Product>,
    me: Option<u32>,
    users: Completeness,
    group_list: Completeness,
}

impl JiraSnapshot {
    /// Gives all columns.
    pub fn columns<E>(&self, put: Put<'_, E>) -> Result<(), E> {
        put("jira.text", self.arena.text.as_bytes())?;
        put(
            "jira.accounts",
            &put_spans(self.accounts.iter().map(|a| [a.id, a.name, a.email])),
        )?;
        let kinds: Vec<u8> = self
            .accounts
            .iter()
            .map(|a| a.kind as u8 | u8::from(a.active) << 4)
            .collect();
        put("jira.kinds", &kinds)?;
        put("jira.seen", &pack(self.accounts.iter().map(|a| a.seen)))?;
        put(
            "jira.groups",
            &put_spans(self.groups.iter().map(|g| [g.id, g.name])),
        )?;
        let classes: Vec<u8> = self.groups.iter().map(|g| g.class as u8).collect();
        put("jira.classes", &classes)?;
        put(
            "jira.verified",
            &pack(self.groups.iter().map(|g| g.verified)),
        )?;
        put_members(&self.members, MEMBERS, put)?;
        put(
            "jira.rest",
            &json(&JiraRest {
                products: self.products.clone(),
                me: self.me,
                users: self.users.clone(),
                group_list: self.group_list.clone(),
            }),
        )
    }

    /// The snapshot of these columns; none if they don't fit together.
    #[must_use]
    pub fn from_columns(get: Get<'_>) -> Option<Self> {
        let arena = get_arena(get, "jira.text")?;
        let spans = get_spans::<3>(&arena, &get("jira.accounts")?)?;
        let kinds = get("jira.kinds")?;
        let seen = unpack(&get("jira.seen")?)?;
        let names = get_spans::<2>(&arena, &get("jira.groups")?)?;
        let classes = get("jira.classes")?;
        let verified = unpack(&get("jira.verified")?)?;
        if spans.len() != kinds.len()
            || spans.len() != seen.len()
            || names.len() != classes.len()
            || names.len() != verified.len()
        {
            return None;
        }
        let accounts: Vec<Account> = spans
            .into_iter()
            .zip(kinds.iter().zip(seen))
            .map(|([id, name, email], (bits, seen))| {
                Some(Account {
                    id,
                    name,
                    email,
                    active: bits & 16 != 0,
                    kind: match bits & 15 {
                        0 => AccountKind::Person,
                        1 => AccountKind::App,
                        2 => AccountKind::Customer,
                        _ => return None,
                    },
                    seen,
                })
            })
            .collect::<Option<_>>()?;
        let groups: Vec<JiraGroupRecord> = names
            .into_iter()
            .zip(classes.iter().zip(verified))
            .map(|([id, name], (class, verified))| {
                Some(JiraGroupRecord {
                    id,
                    name,
                    class: match class {
                        0 => GroupClass::Ordinary,
                        1 => GroupClass::Access,
                        2 => GroupClass::Protected,
                        3 => GroupClass::External,
                        _ => return None,
                    },
                    verified,
                })
            })
            .collect::<Option<_>>()?;
        let rest: JiraRest = serde_json::from_slice(&get("jira.rest")?).ok()?;
        let mut snapshot = Self {
            members: get_members(MEMBERS, groups.len(), accounts.len(), get)?,
            me: rest.me.filter(|row| (*row as usize) < accounts.len()),
            arena: Arc::new(arena),
            accounts,
            groups,
            products: rest.products,
            admins: Vec::new(),
            users: rest.users,
            group_list: rest.group_list,
        };
        snapshot.find_admins();
        Some(snapshot)
    }
}
