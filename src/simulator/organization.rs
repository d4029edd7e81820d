//! The organization API.

use super::faults::Endless;
use super::wire::{Reply, Request};
use super::world::{AccountType, World};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const DIRECTORY: &str = "directory-1";

/// Answers a request to the organization API.
pub(super) fn answer(world: &mut World, request: &Request) -> Reply {
    let expected = format!("Bearer {}", world.jira.organization_key);
    if world.faults.organization_key_ended || request.header("authorization") != expected {
        return error(401, "ADMIN-401-1", "Unauthorized");
    }
    let path: Vec<&str> = request.path.iter().skip(1).map(String::as_str).collect();
    let org = world.jira.organization_id.clone();
    match (request.method.as_str(), path.as_slice()) {
        ("GET", ["v1", "orgs"]) => Reply::json(
            200,
            &json!({"data": [{"id": org, "type": "orgs", "attributes": {"name": world.entra.name}}], "links": {}}),
        ),
        (_, ["v1" | "v2", "orgs", id, ..]) if *id != org => {
            error(404, "ADMIN-404-1", "Organization not found")
        }
        ("GET", ["v2", _, _, "directories"]) => Reply::json(
            200,
            &json!({"data": [{"directoryId": DIRECTORY, "name": "Default"}], "links": {}}),
        ),
        ("POST", ["v2", _, _, "users", "invite"]) => invite(world, request),
        ("POST", ["v2", _, _, "workspaces"]) => workspaces(world, request),
        ("POST", ["v2", _, _, "directories", _, _, "search"]) if world.faults.old_organization => {
            let title = "Organization is not with the new user management experience";
            error(400, "ADMIN-400-4", title)
        }
        ("POST", ["v2", _, _, "directories", _, "users", "search"]) => search(world, request),
        ("POST", ["v2", _, _, "directories", _, "groups", "search"]) => groups(world, request),
        (
            "POST",
            [
                "v2",
                _,
                _,
                "directories",
                directory,
                "users",
                account,
                action,
            ],
        ) => suspension(world, request, directory, account, action),
        ("DELETE", ["v2", _, _, "directories", _, "users", account]) => {
            if !world.jira.accounts.contains_key(*account) {
                return error(404, "ADMIN-404-2", "User not found");
            }
            world.remove_account(account);
            Reply::empty(204)
        }
        _ => error(404, "ADMIN-404-0", "Not found"),
    }
}

fn error(status: u16, code: &str, title: &str) -> Reply {
    Reply::json(
        status,
        &json!({"errors": [{"id": "1", "status": status.to_string(), "code": code, "title": title}]}),
    )
}

/// The addresses that a request names.
fn emails(body: &Value) -> impl Iterator<Item = &str> {
    let list = body["emails"].as_array().map_or(&[][..], Vec::as_slice);
    list.iter().filter_map(Value::as_str)
}

fn search(world: &World, request: &Request) -> Reply {
    let body = request.json();
    let emails: Vec<String> = emails(&body).map(str::to_lowercase).collect();
    if emails.len() > 100 {
        return error(400, "ADMIN-400-1", "At most 100 emails");
    }
    let ids = body["accountIds"].as_array();
    if ids.is_some_and(|ids| ids.len() > 10) {
        return error(400, "ADMIN-400-1", "At most 10 accountIds");
    }
    let data: Vec<Value> = world
        .jira
        .accounts
        .values()
        .filter(|a| a.kind == AccountType::Atlassian)
        .filter(|a| ids.is_none_or(|ids| ids.iter().any(|id| id == &json!(a.id))))
        .filter(|a| !body["emails"].is_array() || emails.contains(&a.email.to_lowercase()))
        .map(|a| {
            let suspended = world.jira.suspended.contains(&a.id);
            json!({"accountId": a.id, "email": a.email, "name": a.name,
                "status": if suspended { "suspended" } else { "active" }, "managementSource": if world.jira.synced.contains(&a.id) { "synced" } else { "invited" }})
        })
        .collect();
    page(world, request, &data, true)
}

/// A page of at most a few rows. The link to the next is a bare cursor or a URL.
fn page(world: &World, request: &Request, rows: &[Value], bare: bool) -> Reply {
    const ROWS: usize = 40;
    let body = request.json();
    if world.faults.endless == Some(Endless::Organization) {
        let next = fastrand::u32(..).to_string();
        let rows = &rows[..rows.len().min(ROWS)];
        return Reply::json(200, &json!({"data": rows, "links": {"next": next}}));
    }
    let start: usize = body["cursor"]
        .as_str()
        .and_then(|cursor| cursor.parse().ok())
        .unwrap_or(0);
    let until = (start + ROWS).min(rows.len());
    let links = if until == rows.len() {
        json!({})
    } else if bare {
        json!({"next": until.to_string()})
    } else {
        json!({"next": format!("https://api.atlassian.com/admin/{}?cursor={until}", request.path.join("/"))})
    };
    Reply::json(
        200,
        &json!({"data": rows[start.min(until)..until], "links": links}),
    )
}

/// The ARI of a product of this site.
fn ari(world: &World, product: &str) -> String {
    format!("ari:cloud:{product}::site/{}", world.jira.cloud_id)
}

/// The products of this site, and of another one. A cursor stands alone.
fn workspaces(world: &World, request: &Request) -> Reply {
    let body = request.json();
    let fields = body.as_object().map_or(0, serde_json::Map::len);
    if world.faults.no_workspaces {
        return error(401, "ADMIN-401-2", "INSUFFICIENT_SCOPE");
    }
    if body.get("cursor").is_some() && fields > 1 {
        return error(400, "ADMIN-400-1", "cursor can't be combined");
    }
    let row = |product: &str, host: &str, id: String| {
        json!({"id": id, "type": "workspace", "attributes": {"type": "PRODUCT",
            "typeKey": product, "hostUrl": host, "name": product, "status": "online"}})
    };
    let ours = world.jira.products.iter();
    let ours = ours.map(|product| row(product.key, &world.origin, ari(world, product.key)));
    let other = "ari:cloud:jira-software::site/another".to_owned();
    let elsewhere = row("jira-software", "https://another.example", other);
    let data: Vec<Value> = std::iter::once(elsewhere).chain(ours).collect();
    page(world, request, &data, true)
}

/// Invites at most 25 at a time, silently unless told otherwise; 206 where some can't be.
fn invite(world: &mut World, request: &Request) -> Reply {
    if world.faults.no_paid_plan {
        return error(402, "ADMIN-402-1", "A paid subscription is needed");
    }
    let body = request.json();
    let emails: Vec<String> = emails(&body).map(str::to_owned).collect();
    if emails.is_empty() || emails.len() > 25 {
        return error(400, "ADMIN-400-1", "Between 1 and 25 emails");
    }
    let is_under = |email: &str, wanted: &Option<String>| {
        let domain = email.rsplit_once('@').map(|(_, domain)| domain);
        domain.is_none_or(|domain| wanted.as_deref() == Some(domain))
    };
    if emails
        .iter()
        .any(|email| is_under(email, &world.faults.malformed))
    {
        return error(400, "ADMIN-400-2", "An email is not valid");
    }
    let rules = body["permissionRules"].as_array();
    let rules = rules.map_or(&[][..], Vec::as_slice).iter();
    let named: Vec<&str> = rules
        .filter(|rule| rule["role"] == "atlassian/user")
        .filter_map(|rule| rule["resource"].as_str())
        .collect();
    let products = world.jira.products.iter();
    let given: Vec<String> = products
        .filter(|product| named.contains(&ari(world, product.key).as_str()))
        .flat_map(|product| product.groups.clone())
        .collect();
    let mut results = Vec::new();
    let mut failed = false;
    for email in emails {
        if is_under(&email, &world.faults.uninvitable) {
            failed = true;
            let refused = json!({"status": "ERROR", "statusReason": "Domain is not approved"});
            results.push(json!({"email": email, "results": [{"roleAssignmentResult": [refused]}]}));
            continue;
        }
        let known = world
            .accounts_of(&email)
            .first()
            .map(|account| account.id.clone());
        let id = known.unwrap_or_else(|| {
            let id = format!("712020:{:032x}", world.random.u128(..));
            let name = email
                .split('@')
                .next()
                .unwrap_or_default()
                .replace('.', " ");
            let mut account = World::account(&id, &name, &email, AccountType::Atlassian);
            account.created = 1;
            account.visible_at = Instant::now() + Duration::from_millis(world.services.invisible);
            world.add_account(account);
            id
        });
        for group in &given {
            if let Some(group) = world.jira.groups.get_mut(group) {
                group.members.insert(id.clone());
            }
        }
        results.push(json!({"email": email, "id": id, "results": []}));
    }
    Reply::json(if failed { 206 } else { 200 }, &json!({ "data": results }))
}

fn groups(world: &World, request: &Request) -> Reply {
    let data: Vec<Value> = world
        .jira
        .groups
        .values()
        .map(|g| {
            json!({"id": g.id, "name": g.name, "externalSynced": g.external || world.jira.synced.contains(&g.id),
                "managementAccess": {"modifiable": !g.external, "deletable": g.access_type.is_none()}})
        })
        .collect();
    page(world, request, &data, false)
}

fn suspension(
    world: &mut World,
    request: &Request,
    directory: &str,
    account: &str,
    action: &str,
) -> Reply {
    if directory != DIRECTORY {
        return error(400, "ADMIN-400-2", "A directory is needed for writes");
    }
    if !request
        .header("content-type")
        .starts_with("application/json")
    {
        return error(415, "ADMIN-415-1", "Unsupported media type");
    }
    if !world.jira.accounts.contains_key(account) {
        return error(404, "ADMIN-404-2", "User not found");
    }
    if world.faults.unsuspendable.as_deref() == Some(account) {
        return error(403, "ADMIN-403-1", "This account can't be suspended");
    }
    let active = match action {
        "suspend" => false,
        "restore" => true,
        _ => return error(404, "ADMIN-404-0", "Not found"),
    };
    if active {
        world.jira.suspended.remove(account);
    } else {
        world.jira.suspended.insert(account.to_owned());
    }
    if let Some(found) = world.jira.accounts.get_mut(account) {
        found.active = active || world.services.suspended_shown;
    }
    if world.faults.gateway_suspensions && !active {
        return error(504, "ADMIN-504-1", "Gateway Timeout");
    }
    Reply::empty(204)
}
