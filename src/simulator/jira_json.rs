//! Accounts, groups and errors as Jira writes them, and what several of its calls share.

use super::wire::{Reply, Request};
use super::world::{Account, AccountType, SiteGroup, World};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Instant;

/// Jira's error shape.
pub(super) fn refuse(status: u16, message: &str) -> Reply {
    Reply::json(status, &json!({"errorMessages": [message], "errors": {}}))
}

pub(super) fn account_json(account: &Account) -> Value {
    let mut value = json!({
        "accountId": account.id,
        "accountType": account.kind.as_str(),
        "active": account.active,
        "displayName": account.name,
        "self": "https://example.invalid/user",
    });
    if account.hidden {
        // Some calls leave it out, some give null.
        if account.id.len().is_multiple_of(2) {
            value["emailAddress"] = Value::Null;
        }
    } else if account.kind == AccountType::Atlassian {
        value["emailAddress"] = json!(account.email);
    }
    value
}

pub(super) fn group_json(group: &SiteGroup) -> Value {
    json!({"groupId": group.id, "name": group.name, "self": "https://example.invalid/group"})
}

/// A group without an id, which the documents allow.
pub(super) fn ghost_group() -> Value {
    json!({"groupId": null, "name": "A group without an id"})
}

/// Whether the site shows an account already: a new one takes a while.
pub(super) fn visible(account: &Account) -> bool {
    account.visible_at <= Instant::now()
}

/// The rows that a request asks for: where they begin, and how many.
pub(super) fn window(request: &Request, default: usize, most: usize) -> (usize, usize) {
    let start = request.number("startAt").unwrap_or(0);
    let size = request.number("maxResults").unwrap_or(default).min(most);
    (start, size)
}

/// The seats that a product has left; none for no limit.
pub(super) fn seats_left(world: &World, groups: &[String], seats: Option<usize>) -> Option<usize> {
    let used: BTreeSet<&String> = groups
        .iter()
        .filter_map(|id| world.jira.groups.get(id))
        .flat_map(|group| &group.members)
        .collect();
    Some(seats?.saturating_sub(used.len()))
}
