//! Jira's groups, members and products.

use super::faults::Endless;
use super::jira_json::{
    account_json, ghost_group, group_json, refuse, seats_left, visible, window,
};
use super::wire::{Reply, Request};
use super::world::{Account, SiteGroup, World};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Most rows of group/bulk, whatever is asked for.
const BULK: usize = 200;

pub(super) fn groups(world: &World, request: &Request) -> Reply {
    let (start, size) = window(request, 50, BULK);
    let named: Vec<&str> = request
        .query
        .iter()
        .filter(|(name, _)| name == "groupName")
        .map(|(_, value)| value.as_str())
        .collect();
    let access = request.query("accessType");
    let all: Vec<&SiteGroup> = world
        .jira
        .groups
        .values()
        .filter(|g| named.is_empty() || named.iter().any(|n| n.eq_ignore_ascii_case(&g.name)))
        .filter(|g| access.is_none() || g.access_type == access)
        .collect();
    if world.faults.endless == Some(Endless::JiraGroups) {
        return endless(all.iter().take(size).map(|group| group_json(group)));
    }
    let mut rows: Vec<Value> = all.iter().map(|group| group_json(group)).collect();
    if world.faults.ghosts && access.is_none() && named.is_empty() {
        rows.insert(rows.len() / 2, ghost_group());
    }
    paged(&rows, start, size, Value::clone)
}

/// A page that is never the last, whatever is asked for.
fn endless(rows: impl Iterator<Item = Value>) -> Reply {
    let values: Vec<Value> = rows.collect();
    Reply::json(200, &json!({"isLast": false, "values": values}))
}

/// A page with `isLast`, `total` and the rows.
fn paged<T>(all: &[T], start: usize, size: usize, json: impl Fn(&T) -> Value) -> Reply {
    let until = (start + size).min(all.len());
    let values: Vec<Value> = all[start.min(until)..until].iter().map(json).collect();
    Reply::json(
        200,
        &json!({"isLast": until >= all.len(), "maxResults": size, "startAt": start,
            "total": all.len(), "values": values}),
    )
}

pub(super) fn members(world: &World, request: &Request) -> Reply {
    let Some(group) = request
        .query("groupId")
        .and_then(|id| world.jira.groups.get(id))
    else {
        return refuse(404, "The group was not found.");
    };
    let inactive = request.query("includeInactiveUsers") == Some("true");
    let (start, size) = window(request, 50, 50);
    if inactive {
        let ids: Vec<&String> = group.members.iter().collect();
        if world.faults.endless == Some(Endless::JiraMembers) {
            let accounts = ids.iter().filter_map(|id| world.jira.accounts.get(*id));
            return endless(accounts.take(size).map(account_json));
        }
        return paged(&ids, start, size, |id| {
            world
                .jira
                .accounts
                .get(*id)
                .map_or(Value::Null, account_json)
        });
    }
    let all: Vec<&Account> = group
        .members
        .iter()
        .filter_map(|id| world.jira.accounts.get(id))
        .filter(|account| account.active)
        .collect();
    paged(&all, start, size, |account| account_json(account))
}

pub(super) fn create_group(world: &mut World, request: &Request) -> Reply {
    let body = request.json();
    let name = body["name"].as_str().unwrap_or_default().trim().to_owned();
    if name.is_empty() || name.chars().count() > 255 {
        return refuse(400, "The group name is not valid.");
    }
    if world.jira_group(&name).is_some() {
        return refuse(400, "Group, or user, with the name already exists.");
    }
    let id = format!("{:032x}", world.random.u128(..));
    let group = SiteGroup {
        id: id.clone(),
        name,
        members: BTreeSet::new(),
        access_type: None,
        external: false,
        locked: false,
        created: true,
    };
    let reply = Reply::json(201, &group_json(&group));
    world.jira.groups.insert(id, group);
    reply
}

pub(super) fn delete_group(world: &mut World, request: &Request) -> Reply {
    let Some(group) = request
        .query("groupId")
        .and_then(|id| world.jira.groups.get(id))
    else {
        return refuse(404, "The group was not found.");
    };
    if group.access_type.is_some() {
        return refuse(403, "This group can't be deleted.");
    }
    let id = group.id.clone();
    world.jira.groups.remove(&id);
    Reply::empty(200)
}

/// The group of a write, if it may be written.
fn writable<'a>(world: &'a World, request: &Request) -> Result<&'a SiteGroup, Reply> {
    let group = request
        .query("groupId")
        .and_then(|id| world.jira.groups.get(id))
        .ok_or_else(|| refuse(404, "The group was not found."))?;
    if world.faults.wordless {
        Err(Reply::empty(403))
    } else if group.external {
        Err(refuse(
            403,
            "This group is managed by an external directory.",
        ))
    } else if group.locked {
        Err(refuse(400, "Cannot modify this group: it is read-only."))
    } else {
        Ok(group)
    }
}

pub(super) fn add_member(world: &mut World, request: &Request) -> Reply {
    let group = match writable(world, request) {
        Ok(group) => group,
        Err(reply) => return reply,
    };
    let (id, name) = (group.id.clone(), group.name.clone());
    let body = request.json();
    let Some(account) = body["accountId"].as_str() else {
        return refuse(400, "accountId is missing.");
    };
    if !world.jira.accounts.get(account).is_some_and(visible) {
        return refuse(404, "The user was not found.");
    }
    if group.members.contains(account) {
        let message = format!("Cannot add user. The user is already a member of '{name}'");
        return refuse(400, &message);
    }
    if world.faults.unlicensed.as_ref() == Some(&name) {
        return refuse(
            400,
            "LicenceExceededException: Licence exceeded for: ari:cloud:confluence::site/5d0a1b7e",
        );
    }
    let product = world.jira.products.iter().find(|p| p.groups.contains(&id));
    if let Some(product) = product
        && seats_left(world, &product.groups, product.seats) == Some(0)
    {
        return refuse(400, "The licence has no seats left.");
    }
    if let Some(group) = world.jira.groups.get_mut(&id) {
        group.members.insert(account.to_owned());
    }
    Reply::json(201, &json!({"name": name, "groupId": id}))
}

pub(super) fn remove_member(world: &mut World, request: &Request) -> Reply {
    let id = match writable(world, request) {
        Ok(group) => group.id.clone(),
        Err(reply) => return reply,
    };
    if world.faults.unremovable {
        return refuse(
            404,
            "Specified user does not exist or you do not have required permissions",
        );
    }
    let account = request.query("accountId").unwrap_or_default();
    let removed = world
        .jira
        .groups
        .get_mut(&id)
        .is_some_and(|group| group.members.remove(account));
    if removed {
        Reply::empty(200)
    } else {
        refuse(404, "The user is not a member of the group.")
    }
}

pub(super) fn picker(world: &World, request: &Request) -> Reply {
    let query = request.query("query").unwrap_or_default().to_lowercase();
    let (_, size) = window(request, 20, 1000);
    let all: Vec<&SiteGroup> = world
        .jira
        .groups
        .values()
        .filter(|group| group.name.to_lowercase().contains(&query))
        .collect();
    let groups: Vec<Value> = all
        .iter()
        .take(size)
        .map(|group| {
            let mut value = json!({"groupId": group.id, "name": group.name, "html": group.name});
            if group.external {
                value["managedBy"] = json!("EXTERNAL");
            }
            value
        })
        .collect();
    Reply::json(
        200,
        &json!({"groups": groups, "total": all.len(), "header": "Showing groups"}),
    )
}

pub(super) fn roles(world: &World) -> Reply {
    let roles: Vec<Value> = world
        .jira
        .products
        .iter()
        .map(|product| {
            let details: Vec<Value> = product
                .groups
                .iter()
                .filter_map(|id| world.jira.groups.get(id))
                .map(group_json)
                .chain(world.faults.ghosts.then(ghost_group))
                .collect();
            let names: Vec<&Value> = details.iter().map(|group| &group["name"]).collect();
            let left = seats_left(world, &product.groups, product.seats);
            json!({
                "key": product.key, "name": product.name,
                "groups": names, "groupDetails": details,
                "defaultGroups": names, "defaultGroupsDetails": details,
                "hasUnlimitedSeats": product.seats.is_none(),
                "numberOfSeats": product.seats.map_or(-1, |s| i64::try_from(s).unwrap_or(i64::MAX)),
                "remainingSeats": left.map_or(-1, |l| i64::try_from(l).unwrap_or(i64::MAX)),
            })
        })
        .collect();
    Reply::json(200, &json!(roles))
}
