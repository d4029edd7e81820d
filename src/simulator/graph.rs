//! Graph's delta rounds: slices, replays, gaps, out of order.

use super::faults::Endless;
use super::graph_json::{error, group_json, user_json};
use super::wire::{Reply, Request};
use super::world::{EntraGroup, Entry, Member, Round, Tenant, World};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Whether the application may not see the group's members.
pub(super) fn hides(world: &World, group: &EntraGroup) -> bool {
    group.visibility.as_deref() == Some("HiddenMembership")
        && !world
            .services
            .roles
            .iter()
            .any(|r| r == "Member.Read.Hidden")
}

/// `/users/delta` and `/groups/delta`.
pub(super) fn delta(world: &mut World, request: &Request, users: bool) -> Reply {
    if let Some(token) = request.query("$skiptoken") {
        let (round, offset) = token.split_once('-').unwrap_or((token, "0"));
        let round = round.parse().unwrap_or(0);
        return page(world, request, round, offset.parse().unwrap_or(0));
    }
    if world.faults.no_delta {
        return error(
            400,
            "Request_UnsupportedQuery",
            "Change tracking is not supported against this resource.",
        );
    }
    let version = world.entra.version;
    let since = match request.query("$deltatoken") {
        Some("latest") => {
            let link = delta_link(world, request, version);
            return Reply::json(200, &json!({"value": [], "@odata.deltaLink": link}));
        }
        Some(token) => {
            let since: u64 = token.parse().unwrap_or(0);
            if let Some(code) = &world.faults.delta_refused {
                let words = match code.as_str() {
                    "Request_UnsupportedQuery" => "DeltaLink older than 30 days is not supported.",
                    "BadRequest" => "Both skiptoken and deltatoken can't be in the same request.",
                    _ => "The delta token is not accepted any more.",
                };
                return error(400, code, words);
            }
            if world.faults.delta_gone || since < world.entra.oldest_delta {
                return error(
                    410,
                    "syncStateNotFound",
                    "The sync state generation is not found.",
                );
            }
            Some(since)
        }
        None => None,
    };
    let mut entries = match (users, since) {
        (true, None) => all_users(&world.entra),
        (true, Some(since)) => changed_users(&world.entra, since),
        (false, None) => all_groups(world, request),
        (false, Some(since)) => changed_groups(world, since),
    };
    world.random.shuffle(&mut entries);
    if entries.len() > 1 {
        // An empty page that goes on.
        entries.insert(entries.len() / 2, Entry::Gap);
    }
    if since.is_none() {
        // A first round ends on empty pages, of which the last one has the delta link.
        let last = world.services.empty_pages;
        entries.extend(std::iter::repeat_n(Entry::Gap, last));
    }
    let id = world.random.u64(1..);
    world.entra.rounds.insert(
        id,
        Round {
            users,
            until: version,
            entries,
        },
    );
    page(world, request, id, 0)
}

fn all_users(entra: &Tenant) -> Vec<Entry> {
    entra.users.keys().map(|id| described(id)).collect()
}

fn described(id: &str) -> Entry {
    Entry::Object {
        id: id.to_owned(),
        members: Vec::new(),
        described: true,
    }
}

fn changed_users(entra: &Tenant, since: u64) -> Vec<Entry> {
    // The last changes before are replayed.
    let replayed = since.saturating_sub(3);
    let mut entries: Vec<Entry> = entra
        .users
        .values()
        .filter(|user| user.changed > replayed)
        .map(|user| described(&user.id))
        .collect();
    entries.extend(removed(entra, since, true));
    entries
}

fn removed(entra: &Tenant, since: u64, users: bool) -> impl Iterator<Item = Entry> {
    entra
        .removed
        .iter()
        .filter(move |(version, user, ..)| *version > since && *user == users)
        .map(|(_, _, id, reason)| Entry::Removed {
            id: id.clone(),
            reason,
        })
}

/// Every group, its members in slices, each slice an object of its own.
fn all_groups(world: &World, request: &Request) -> Vec<Entry> {
    let with_members = request
        .query("$select")
        .is_none_or(|select| select.split(',').any(|field| field == "members"));
    let size = world.services.slice.max(1);
    let mut entries = Vec::new();
    for group in world.entra.groups.values() {
        let members: Vec<(Member, bool)> = if with_members && !hides(world, group) {
            group.members.iter().map(|m| (m.clone(), true)).collect()
        } else {
            Vec::new()
        };
        let mut slices = members.chunks(size);
        entries.push(Entry::Object {
            id: group.id.clone(),
            members: slices.next().unwrap_or_default().to_vec(),
            described: true,
        });
        for (number, slice) in slices.enumerate() {
            entries.push(Entry::Object {
                id: group.id.clone(),
                members: slice.to_vec(),
                described: number % 2 == 0,
            });
        }
    }
    entries
}

fn changed_groups(world: &World, since: u64) -> Vec<Entry> {
    let entra = &world.entra;
    let replayed = since.saturating_sub(3);
    let mut touched: BTreeMap<&str, Vec<(Member, bool)>> = BTreeMap::new();
    for group in entra.groups.values().filter(|g| g.changed > replayed) {
        touched.entry(&group.id).or_default();
    }
    for change in entra.changes.iter().filter(|c| c.version > replayed) {
        let Some(group) = entra.groups.get(&change.group) else {
            continue;
        };
        if hides(world, group) {
            continue;
        }
        // What is told is how things stand now.
        let stands = group.members.contains(&change.member);
        if change.version > since || stands == change.added {
            touched
                .entry(&change.group)
                .or_default()
                .push((change.member.clone(), stands));
        }
    }
    // Members come in slices here, too.
    let size = world.services.slice.max(1);
    let mut entries: Vec<Entry> = Vec::new();
    for (id, members) in touched {
        let mut slices = members.chunks(size);
        let first = slices.next().unwrap_or_default();
        for (number, slice) in std::iter::once(first).chain(slices).enumerate() {
            entries.push(Entry::Object {
                id: id.to_owned(),
                members: slice.to_vec(),
                described: number == 0,
            });
        }
    }
    entries.extend(removed(entra, since, false));
    entries
}

fn link(world: &World, request: &Request, name: &str, value: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (known, value) in &request.query {
        if known == "$select" {
            query.append_pair(known, value);
        }
    }
    query.append_pair(name, value);
    format!(
        "{}/{}?{}",
        world.origin,
        request.path.join("/"),
        query.finish()
    )
}

fn delta_link(world: &World, request: &Request, version: u64) -> String {
    link(world, request, "$deltatoken", &version.to_string())
}

fn page(world: &mut World, request: &Request, id: u64, offset: usize) -> Reply {
    if offset > 0 && world.faults.expired_deltas > 0 {
        world.faults.expired_deltas -= 1;
        return error(
            400,
            "Directory_ExpiredPageToken",
            "The specified page token value has expired.",
        );
    }
    let endless = world.faults.endless == Some(Endless::Groups)
        && request.path.iter().any(|part| part == "groups");
    let offset = if world.faults.endless_deltas || endless {
        0
    } else {
        offset
    };
    let Some(round) = world
        .entra
        .rounds
        .get(&id)
        .cloned_page(offset, world.services.delta_page)
    else {
        return error(410, "syncStateNotFound", "The sync state is not found.");
    };
    let select = request.query("$select");
    let value: Vec<Value> = round
        .entries
        .iter()
        .filter_map(|entry| entry_json(&world.entra, entry, round.users, select))
        .map(|mut object| {
            if world.faults.untyped_removals {
                untype(&mut object);
            }
            object
        })
        .collect();
    let lost = world.faults.groups_page_lost && !round.users && offset == 0;
    let mut body = json!({ "value": if lost { Vec::new() } else { value } });
    if endless {
        let token = format!("{id}-x{}", fastrand::u32(..));
        body["@odata.nextLink"] = json!(link(world, request, "$skiptoken", &token));
    } else if world.faults.endless_deltas {
        let token = format!("{id}-1");
        body["@odata.nextLink"] = json!(link(world, request, "$skiptoken", &token));
    } else if round.more {
        let token = format!("{id}-{}", offset + round.entries.len());
        body["@odata.nextLink"] = json!(link(world, request, "$skiptoken", &token));
    } else {
        body["@odata.deltaLink"] = json!(delta_link(world, request, round.until));
    }
    Reply::json(200, &body)
}

/// Takes the types of removed members away.
fn untype(object: &mut Value) {
    let members = object
        .get_mut("members@delta")
        .and_then(Value::as_array_mut);
    for member in members.into_iter().flatten() {
        if let Some(fields) = member.as_object_mut()
            && fields.contains_key("@removed")
        {
            fields.remove("@odata.type");
        }
    }
}

/// A page of a round.
struct RoundPage {
    users: bool,
    until: u64,
    entries: Vec<Entry>,
    more: bool,
}

trait ClonedPage {
    fn cloned_page(self, offset: usize, size: usize) -> Option<RoundPage>;
}

impl ClonedPage for Option<&Round> {
    /// A page ends early at a gap, and a gap is a page of its own.
    fn cloned_page(self, offset: usize, size: usize) -> Option<RoundPage> {
        let round = self?;
        let rest = round.entries.get(offset..)?;
        let mut entries: Vec<Entry> = Vec::new();
        for entry in rest.iter().take(size) {
            let gap = matches!(entry, Entry::Gap);
            if gap && !entries.is_empty() {
                break;
            }
            entries.push(entry.clone());
            if gap {
                break;
            }
        }
        Some(RoundPage {
            users: round.users,
            until: round.until,
            more: offset + entries.len() < round.entries.len(),
            entries,
        })
    }
}

fn entry_json(entra: &Tenant, entry: &Entry, users: bool, select: Option<&str>) -> Option<Value> {
    match entry {
        Entry::Gap => None,
        Entry::Removed { id, reason } => Some(json!({"id": id, "@removed": {"reason": reason}})),
        Entry::Object { id, .. } if users => Some(user_json(entra.users.get(id)?, select)),
        Entry::Object {
            id,
            members,
            described,
        } => {
            let mut group = if *described {
                group_json(entra, id)?
            } else {
                json!({ "id": id })
            };
            let mut seen = BTreeSet::new();
            let members: Vec<Value> = members
                .iter()
                .filter(|(member, _)| seen.insert(member.clone()))
                .map(|(member, present)| {
                    let mut value = json!({"@odata.type": member.odata_type(), "id": member.id()});
                    if !present {
                        value["@removed"] = json!({"reason": "deleted"});
                    }
                    value
                })
                .collect();
            if !members.is_empty() {
                group["members@delta"] = json!(members);
            }
            Some(group)
        }
    }
}
