//! Jira's REST API, on the site and through the gateway.

use super::faults::{Endless, TurnedAway, Unavailable};
use super::groups::{
    add_member, create_group, delete_group, groups, members, picker, remove_member, roles,
};
use super::ignore_case::{begins, is_same};
use super::jira_json::{
    account_json, ghost_group, group_json, refuse, seats_left, visible, window,
};
use super::wire::{Reply, Request};
use super::world::{AccountType, World};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Calls that answer 200 with nothing where others answer 401.
const ANONYMOUS: [&str; 3] = ["user/search", "groups/picker", "mypermissions"];

/// Answers a request to the site or the gateway.
pub(super) fn answer(world: &mut World, request: &Request) -> Reply {
    world.jira_requests += 1;
    let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
    if path == ["_edge", "tenant_info"] {
        return Reply::json(200, &json!({"cloudId": world.jira.cloud_id}));
    }
    let (gateway, rest) = match path.as_slice() {
        ["rest", "api", "3", rest @ ..] => (false, rest),
        ["ex", "jira", cloud, "rest", "api", "3", rest @ ..] if *cloud == world.jira.cloud_id => {
            (true, rest)
        }
        _ => return Reply::empty(404),
    };
    if world.faults.impatient_429 > 0 {
        world.faults.impatient_429 -= 1;
        return Reply::text(429, "Rate limit exceeded.").header("retry-after", "0");
    }
    if let Some(why) = world.faults.turned_away {
        return turned_away(why);
    }
    if world.faults.captcha {
        // With a page for people.
        return page(403, "Log in").header(
            "x-authentication-denied-reason",
            "CAPTCHA_CHALLENGE; login-url=https://id.atlassian.com/login",
        );
    }
    if !signed_in(world, request, gateway) {
        let failed = |reply: Reply| reply.header("x-seraph-loginreason", "AUTHENTICATED_FAILED");
        return failed(match rest.join("/").as_str() {
            "groups/picker" => Reply::json(200, &json!({"groups": [], "total": 0})),
            "mypermissions" => Reply::json(200, &json!({"permissions": {}})),
            anonymous if ANONYMOUS.contains(&anonymous) => Reply::json(200, &json!([])),
            _ => Reply::text(401, "Client must be authenticated to access this resource."),
        });
    }
    let reading = request.method == "GET";
    if world.faults.not_admin && (!reading || matches!(rest, ["applicationrole"])) {
        return refuse(403, "You do not have permission to perform this operation.");
    }
    if let Some(unavailable) = world.faults.unavailable.filter(|_| !reading) {
        return instead(unavailable);
    }
    dispatch(world, request, rest).header("atl-traceid", format!("{:032x}", fastrand::u128(..)))
}

fn turned_away(why: TurnedAway) -> Reply {
    match why {
        TurnedAway::Scope => Reply::json(
            401,
            &json!({"code": 401, "message": "Unauthorized; scope does not match"}),
        ),
        TurnedAway::Address => refuse(
            403,
            "The IP address has been rejected because it is not on the allowed list. See your admin for more information.",
        ),
        TurnedAway::Password => {
            Reply::text(401, "Basic authentication with passwords is deprecated.")
        }
    }
}

/// A page for people.
fn page(status: u16, title: &str) -> Reply {
    let page = format!("<!DOCTYPE html><html><head><title>{title}</title></head></html>");
    Reply {
        // Behind it somebody may be signed in all the same.
        headers: vec![
            ("content-type", "text/html;charset=UTF-8".to_owned()),
            ("x-seraph-loginreason", "OK".to_owned()),
        ],
        ..Reply::text(status, &page)
    }
}

/// What comes in place of an answer.
fn instead(unavailable: Unavailable) -> Reply {
    match unavailable {
        Unavailable::Page => page(404, "Atlassian Cloud Notifications - Page Unavailable"),
        Unavailable::Error => Reply::json(
            404,
            &json!({"errorMessage": "Site temporarily unavailable", "errorCode": "OTHER"}),
        ),
        Unavailable::Empty => Reply::empty(404),
        Unavailable::SignIn => page(200, "Log in"),
    }
}

fn dispatch(world: &mut World, request: &Request, rest: &[&str]) -> Reply {
    match (request.method.as_str(), rest) {
        ("GET", ["myself"]) => {
            let account = &world.jira.accounts[&world.jira.admin];
            Reply::json(200, &account_json(account))
        }
        ("GET", ["serverInfo"]) => Reply::json(
            200,
            &json!({"baseUrl": world.origin, "deploymentType": "Cloud"}),
        ),
        ("GET", ["users"] | ["users", "search"]) => users(world, request),
        ("GET", ["user", "search"]) => search(world, request),
        ("GET", ["user", "bulk"]) => bulk(world, request),
        ("GET", ["user", "groups"]) => user_groups(world, request),
        ("GET", ["user"]) => one(world, request),
        ("POST", ["user"]) => create_user(world, request),
        ("DELETE", ["user"]) => delete_user(world, request),
        (method, ["user", "properties", key]) => property(world, request, method, key),
        ("GET", ["group", "bulk"]) => groups(world, request),
        ("GET", ["group", "member"]) => members(world, request),
        ("POST", ["group"]) => create_group(world, request),
        ("DELETE", ["group"]) => delete_group(world, request),
        ("POST", ["group", "user"]) => add_member(world, request),
        ("DELETE", ["group", "user"]) => remove_member(world, request),
        ("GET", ["groups", "picker"]) => picker(world, request),
        ("GET", ["applicationrole"]) => roles(world),
        ("GET", ["auditing", "record"]) => audit(world, request),
        _ => Reply::json(404, &json!({"message": "null for uri", "status-code": 404})),
    }
}

fn signed_in(world: &World, request: &Request, gateway: bool) -> bool {
    let ended = world
        .faults
        .api_token_ends_after
        .is_some_and(|after| world.jira_requests > after);
    let expected = STANDARD.encode(format!("{}:{}", world.jira.admin_email, world.jira.token));
    let right = request.header("authorization") == format!("Basic {expected}");
    right && !ended && !world.faults.bad_api_token && world.services.scoped_token == gateway
}

/// A bare array. Rows repeat, and every other page runs short.
fn users(world: &World, request: &Request) -> Reply {
    let (start, size) = window(request, 50, 1000);
    if world.faults.endless == Some(Endless::Accounts) {
        return Reply::json(200, &json!(rows(world, 0, size.min(20))));
    }
    if world.faults.slow_users.is_some_and(|most| size > most) {
        return refuse(409, "The operation took too long.");
    }
    if world.faults.accounts_cut_half {
        let end = world.jira.order.len() / 2;
        let rows = rows(world, start, size.min(end.saturating_sub(start)));
        return Reply::json(200, &json!(rows));
    }
    if world.faults.empty_page_inside && start > 0 && start < world.jira.order.len() / 2 + 2 {
        return Reply::json(200, &json!([]));
    }
    let size = if world.faults.empty_page_inside {
        size.min(world.jira.order.len() / 4 + 1)
    } else if start > 0 && size > 10 {
        size - 3
    } else {
        size
    };
    let mut page = rows(world, start, size);
    if world.faults.ghosts && start == 0 {
        page.push(
            json!({"accountId": "unknown", "accountType": "atlassian", "active": false,
            "displayName": "Former user"}),
        );
    }
    Reply::json(200, &json!(page))
}

/// The audit records, the newest first.
fn audit(world: &World, request: &Request) -> Reply {
    if world.faults.no_audit {
        return refuse(403, "You do not have permission to view the audit log.");
    }
    let offset = request.number("offset").unwrap_or(0);
    let records: Vec<Value> = world
        .jira
        .audit
        .iter()
        .rev()
        .enumerate()
        .skip(offset)
        .map(|(id, done)| {
            let account = world.jira.accounts.get(&done.account);
            let name = account.map_or("", |account| account.name.as_str());
            json!({"id": id, "created": "2026-11-25T10:00:00.000+0000",
                "authorAccountId": if world.faults.anonymous_audit { Value::Null } else { json!(done.author) }, "category": "group management",
                "summary": if done.added { "User added to group" } else { "User removed from group" },
                "objectItem": {"name": done.group.1, "typeName": "GROUP", "id": done.group.0},
                "associatedItems": [{"id": done.account, "name": name, "typeName": "USER"}]})
        })
        .collect();
    Reply::json(
        200,
        &json!({"offset": offset, "limit": 1000, "total": records.len(), "records": records}),
    )
}

/// Every 97th account stands twice in the listing.
const REPEATS: usize = 97;

/// Rows of the listing of users.
fn rows(world: &World, start: usize, size: usize) -> Vec<Value> {
    let site = &world.jira;
    let visible_from = |from: usize| {
        let ids = site.order.iter().enumerate().skip(from);
        ids.filter_map(|(number, id)| {
            let account = site.accounts.get(id).filter(|account| visible(account))?;
            Some(std::iter::repeat_n(
                account,
                1 + usize::from(number % REPEATS == REPEATS - 1),
            ))
        })
        .flatten()
    };
    // Where everybody is visible, the place of a row is known without looking at those before.
    let whole = site.order.len() == site.accounts.len() && site.all_visible <= Instant::now();
    let (from, skip) = if whole {
        let block = start / (REPEATS + 1);
        (block * REPEATS, start - block * (REPEATS + 1))
    } else {
        (0, start)
    };
    let page = visible_from(from).skip(skip).take(size);
    page.map(account_json).collect()
}

/// Active accounts only. Matches prefixes of names and addresses; finds people who hide their
/// e-mail by the whole address, without showing it.
fn search(world: &World, request: &Request) -> Reply {
    let Some(query) = request.query("query") else {
        return refuse(400, "The query is missing.");
    };
    let query = query.to_lowercase();
    let (start, size) = window(request, 50, 1000);
    let found: Vec<Value> = world
        .jira
        .accounts
        .values()
        .filter(|a| {
            is_same(&a.email, &query)
                || (!a.hidden && !a.email.is_empty() && begins(&a.email, &query))
                || begins(&a.name, &query)
        })
        .filter(|a| a.active && visible(a))
        .skip(start)
        .take(size)
        .map(account_json)
        .collect();
    Reply::json(200, &json!(found))
}

fn bulk(world: &World, request: &Request) -> Reply {
    let ids: Vec<&str> = request
        .query
        .iter()
        .filter(|(name, _)| name == "accountId")
        .map(|(_, value)| value.as_str())
        .collect();
    if ids.is_empty() {
        return refuse(400, "accountId is missing.");
    }
    let (_, size) = window(request, 10, 200);
    // An id that nobody has comes back as null.
    let values: Vec<Value> = ids
        .iter()
        .take(size)
        .map(|id| {
            let account = world.jira.accounts.get(*id).filter(|a| visible(a));
            account.map_or(Value::Null, account_json)
        })
        .collect();
    Reply::json(
        200,
        &json!({"isLast": true, "maxResults": size, "startAt": 0, "total": values.len(), "values": values}),
    )
}

fn one(world: &World, request: &Request) -> Reply {
    let account = request
        .query("accountId")
        .and_then(|id| world.jira.accounts.get(id))
        .filter(|a| visible(a));
    match account {
        Some(account) => Reply::json(200, &account_json(account)),
        None => refuse(
            404,
            "Specified user does not exist or you do not have required permissions",
        ),
    }
}

fn user_groups(world: &World, request: &Request) -> Reply {
    let Some(id) = request.query("accountId") else {
        return refuse(400, "accountId is missing.");
    };
    if !world.jira.accounts.get(id).is_some_and(visible) {
        return refuse(
            404,
            "Specified user does not exist or you do not have required permissions",
        );
    }
    let groups: Vec<Value> = world
        .jira
        .groups
        .values()
        .filter(|group| group.members.contains(id))
        .map(group_json)
        .chain(world.faults.ghosts.then(ghost_group))
        .collect();
    Reply::json(200, &json!(groups))
}

fn create_user(world: &mut World, request: &Request) -> Reply {
    let body = request.json();
    let (Some(email), Some(products)) =
        (body["emailAddress"].as_str(), body["products"].as_array())
    else {
        return refuse(400, "emailAddress and products are required.");
    };
    if !email.contains('@') {
        return Reply::json(
            400,
            &json!({"errorMessages": [], "errors": {"emailAddress": "The email address is invalid."}}),
        );
    }
    if world.faults.uncreatable {
        return refuse(
            400,
            "User could not be created: Failed to add user HttpErrorCode 404 - User not found",
        );
    }
    let existing = world.accounts_of(email).first().map(|a| a.id.clone());
    if let Some(id) = existing {
        if let Some(account) = world.jira.accounts.get_mut(&id) {
            account.created += 1;
        }
        return Reply::json(200, &account_json(&world.jira.accounts[&id]));
    }
    if world.faults.no_licences {
        return refuse(400, "The number of licensed users is exceeded.");
    }
    let mut given = Vec::new();
    for product in products.iter().filter_map(Value::as_str) {
        let Some(found) = world.jira.products.iter().find(|p| p.key == product) else {
            return refuse(400, "An unknown product was requested.");
        };
        if seats_left(world, &found.groups, found.seats).is_some_and(|left| left == 0) {
            return refuse(400, "The number of licensed users is exceeded.");
        }
        given.extend(found.groups.clone());
    }
    let id = format!("712020:{:032x}", world.random.u128(..));
    let name = email
        .split('@')
        .next()
        .unwrap_or_default()
        .replace('.', " ");
    let mut account = World::account(&id, &name, email, AccountType::Atlassian);
    account.created = 1;
    account.active = !world.faults.born_inactive;
    account.hidden = world.random.f64() < world.organization.hidden;
    account.visible_at = Instant::now() + Duration::from_millis(world.services.invisible);
    let reply = Reply::json(201, &account_json(&account));
    world.add_account(account);
    for group in given {
        if let Some(group) = world.jira.groups.get_mut(&group) {
            group.members.insert(id.clone());
        }
    }
    reply
}

fn delete_user(world: &mut World, request: &Request) -> Reply {
    let Some(id) = request.query("accountId") else {
        return refuse(400, "accountId is missing.");
    };
    if !world.jira.accounts.contains_key(id) {
        return refuse(404, "The user does not exist.");
    }
    world.remove_account(id);
    Reply::empty(204)
}

fn property(world: &mut World, request: &Request, method: &str, key: &str) -> Reply {
    if world.faults.no_properties {
        return refuse(403, "You do not have permission to use user properties.");
    }
    let account = request.query("accountId").unwrap_or_default().to_owned();
    let place = (account, key.to_owned());
    match method {
        "GET" => match world.jira.properties.get(&place) {
            Some(text) => {
                let value: Value = serde_json::from_str(text).unwrap_or(Value::Null);
                Reply::json(200, &json!({"key": key, "value": value}))
            }
            None => refuse(404, "The property does not exist."),
        },
        "PUT" => {
            let text = String::from_utf8_lossy(&request.body).into_owned();
            let new = world.jira.properties.insert(place, text).is_none();
            Reply::empty(if new { 201 } else { 200 })
        }
        "DELETE" if world.jira.properties.remove(&place).is_some() => Reply::empty(204),
        "DELETE" => refuse(404, "The property does not exist."),
        _ => Reply::empty(405),
    }
}
