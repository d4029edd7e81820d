//! The token endpoint and Graph's plain calls.

use super::faults::Endless;
use super::graph;
use super::graph_json::{bare, error, group_json, user_json};
use super::wire::{Reply, Request};
use super::world::{EntraUser, Member, Tenant, World};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use std::time::{Duration, Instant};

/// Answers a request to the token endpoint or to Graph.
pub(super) fn answer(world: &mut World, request: &Request) -> Reply {
    let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
    if let [tenant, "oauth2", "v2.0", "token"] = path.as_slice() {
        return token(world, tenant, request);
    }
    let [_, rest @ ..] = path.as_slice() else {
        return Reply::empty(404);
    };
    let token = request
        .header("authorization")
        .strip_prefix("Bearer ")
        .unwrap_or_default()
        .to_owned();
    let Some(&(until, allowed)) = world.entra.tokens.get(&token) else {
        return error(
            401,
            "InvalidAuthenticationToken",
            "Access token is missing or malformed.",
        );
    };
    if Instant::now() > until {
        return error(
            401,
            "InvalidAuthenticationToken",
            "Lifetime validation failed, the token is expired.",
        );
    }
    if !allowed {
        return error(
            403,
            "Authorization_RequestDenied",
            "Insufficient privileges to complete the operation.",
        );
    }
    if world.faults.no_consent {
        return error(
            401,
            "Authorization_IdentityNotFound",
            "The identity of the calling application could not be established.",
        );
    }
    match (request.method.as_str(), rest) {
        ("GET", ["users"]) => users(world, request),
        ("GET", ["users", "$count"]) => {
            let more = usize::try_from(world.faults.count_more).unwrap_or(0);
            count(world, request, world.entra.users.len() + more)
        }
        ("GET", ["groups", "$count"]) => count(world, request, world.entra.groups.len()),
        ("GET", ["users", "delta" | "delta()"]) => graph::delta(world, request, true),
        ("GET", ["groups", "delta" | "delta()"]) => graph::delta(world, request, false),
        ("GET", ["users", id]) => match world.entra.users.get(*id) {
            Some(user) if world.faults.bare_ids => {
                Reply::json(200, &bare(user, request.query("$select")))
            }
            Some(user) => Reply::json(200, &user_json(user, request.query("$select"))),
            None => not_found(id),
        },
        ("GET", ["groups"]) => groups(world, request),
        ("GET", ["groups", id]) => match group_json(&world.entra, id) {
            Some(group) => Reply::json(200, &group),
            None => not_found(id),
        },
        ("GET", [principal, "appRoleAssignedTo"])
            if principal.starts_with("servicePrincipals(appId='") =>
        {
            assigned(world, request, principal)
        }
        ("GET", ["groups", id, "members"]) => members(world, request, id),
        ("GET", ["organization" | "domains"]) if world.faults.no_organization => error(
            403,
            "Authorization_RequestDenied",
            "Insufficient privileges to complete the operation.",
        ),
        ("GET", ["organization"]) => organization(&world.entra),
        ("GET", ["domains"]) => {
            let domains: Vec<Value> = world
                .entra
                .domains
                .iter()
                .map(|name| json!({"id": name, "isVerified": true}))
                .collect();
            Reply::json(200, &json!({ "value": domains }))
        }
        ("GET", [application]) if application.starts_with("applications(appId='") => {
            let end = "2027-05-31T00:00:00Z";
            Reply::json(
                200,
                &json!({"displayName": "Rollbook", "passwordCredentials": [{"endDateTime": end}]}),
            )
        }
        ("POST", ["$batch"]) => batch(world, request),
        _ => error(400, "BadRequest", "Resource not found for the segment."),
    }
}

fn not_found(id: &str) -> Reply {
    let message = format!(
        "Resource '{id}' does not exist or one of its queried reference-property objects are not present."
    );
    error(404, "Request_ResourceNotFound", &message)
}

fn refuse_token(status: u16, code: u64, text: &str) -> Reply {
    let kind = match code {
        7_000_215 | 7_000_222 => "invalid_client",
        700_016 => "unauthorized_client",
        _ => "invalid_request",
    };
    let trace = format!("{:032x}", fastrand::u128(..));
    Reply::json(
        status,
        &json!({"error": kind, "error_description": format!("AADSTS{code}: {text}\r\nTrace ID: {trace}"),
            "error_codes": [code], "timestamp": "2026-01-01 00:00:00Z", "trace_id": trace,
            "correlation_id": format!("{:032x}", fastrand::u128(..))}),
    )
}

fn token(world: &mut World, tenant: &str, request: &Request) -> Reply {
    let form: Vec<(String, String)> = url::form_urlencoded::parse(&request.body)
        .into_owned()
        .collect();
    let field = |name: &str| {
        form.iter()
            .find(|(n, _)| n == name)
            .map_or("", |(_, value)| value.as_str())
    };
    if let Some(code) = world.faults.token_error {
        return refuse_token(401, code, "as the scenario wants it.");
    }
    let entra = &mut world.entra;
    if tenant != entra.id && !entra.domains.iter().any(|d| d.eq_ignore_ascii_case(tenant)) {
        return refuse_token(
            400,
            90_002,
            "Tenant not found. Check to make sure you have the correct tenant ID.",
        );
    }
    if field("grant_type") != "client_credentials" || !field("scope").ends_with("/.default") {
        return refuse_token(
            400,
            900_144,
            "The request body must contain the documented parameters.",
        );
    }
    if field("client_id") != entra.client_id {
        return refuse_token(400, 700_016, "Application was not found in the directory.");
    }
    if field("client_secret") != entra.secret {
        return refuse_token(
            401,
            7_000_215,
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID.",
        );
    }
    let allowed = !world.faults.no_roles;
    let life = world.services.token_life;
    let mut claims = Map::new();
    claims.insert("tid".into(), json!(entra.id));
    claims.insert("appid".into(), json!(entra.client_id));
    claims.insert("jti".into(), json!(format!("{:x}", fastrand::u128(..))));
    if allowed {
        claims.insert("roles".into(), json!(world.services.roles));
    }
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let token = format!(
        "{}.{}.{}",
        part(&json!({"typ": "JWT", "alg": "RS256"})),
        part(&Value::Object(claims)),
        URL_SAFE_NO_PAD.encode("signature")
    );
    let until = Instant::now() + Duration::from_secs(life);
    entra.tokens.insert(token.clone(), (until, allowed));
    Reply::json(
        200,
        &json!({"token_type": "Bearer", "expires_in": life, "ext_expires_in": life, "access_token": token}),
    )
}

/// Page size of a listing; none if it is refused.
fn page_size(request: &Request) -> Option<usize> {
    match request.query("$top") {
        None => Some(100),
        Some(text) => text.parse().ok().filter(|top| (1..=999).contains(top)),
    }
}

fn bad_top() -> Reply {
    error(
        400,
        "Request_UnsupportedQuery",
        "Invalid page size specified. Must be between 1 and 999 inclusive.",
    )
}

/// Where a listing goes on: `$skiptoken` is the row and whether the empty page was given already.
fn position(request: &Request) -> (usize, bool) {
    let token = request.query("$skiptoken").unwrap_or_default();
    let (row, gap) = token.split_once('-').unwrap_or((token, ""));
    (row.parse().unwrap_or(0), gap == "gap")
}

fn next_link(world: &World, request: &Request, row: usize, gap: bool) -> String {
    let mut url = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in &request.query {
        if name != "$skiptoken" {
            url.append_pair(name, value);
        }
    }
    let gap = if gap { "-gap" } else { "" };
    url.append_pair("$skiptoken", &format!("{row}{gap}"));
    let origin = world.faults.foreign_link.as_ref().unwrap_or(&world.origin);
    format!("{origin}/{}?{}", request.path.join("/"), url.finish())
}

fn users(world: &mut World, request: &Request) -> Reply {
    let Some(size) = page_size(request) else {
        return bad_top();
    };
    let (row, gap) = position(request);
    if row > 0 && world.faults.expired_pages > 0 {
        world.faults.expired_pages -= 1;
        return error(
            400,
            "Directory_ExpiredPageToken",
            "The specified page token value has expired.",
        );
    }
    let endless = match world.faults.endless {
        Some(Endless::Users) => Some(false),
        Some(Endless::EmptyUsers) => Some(true),
        _ => None,
    };
    if let Some(empty) = endless {
        let users = world.entra.users.values().take(if empty { 0 } else { 20 });
        let users: Vec<Value> = users
            .map(|user| user_json(user, request.query("$select")))
            .collect();
        let link = next_link(world, request, fastrand::usize(1..), false);
        return Reply::json(200, &json!({"value": users, "@odata.nextLink": link}));
    }
    let all: Vec<&EntraUser> = world.entra.users.values().collect();
    let end = if world.faults.users_cut_half {
        all.len() / 2
    } else {
        all.len()
    };
    // After the first page comes an empty one that goes on.
    if row > 0 && !gap {
        let link = next_link(world, request, row, true);
        return Reply::json(200, &json!({"value": [], "@odata.nextLink": link}));
    }
    let until = (row + size).min(end);
    let value: Vec<Value> = all
        .get(row..until)
        .unwrap_or_default()
        .iter()
        .map(|user| {
            if world.faults.bare_ids {
                bare(user, request.query("$select"))
            } else {
                user_json(user, request.query("$select"))
            }
        })
        .collect();
    if world.faults.breaks_off {
        let whole = json!({ "value": value }).to_string();
        let half: String = whole.chars().take(whole.chars().count() / 2).collect();
        let glued = r#"{"error":{"code":"InternalServerError","message":"An internal server error has occurred.","innerError":{"request-id":"broke-off-1"}}}"#;
        return Reply {
            headers: vec![("content-type", "application/json".to_owned())],
            ..Reply::text(200, &format!("{half}{glued}"))
        };
    }
    let mut page =
        json!({"@odata.context": format!("{}/v1.0/$metadata#users", world.origin), "value": value});
    if until < end || (row == 0 && world.faults.endless_links) {
        page["@odata.nextLink"] = json!(next_link(world, request, until, row > 0));
    } else if world.faults.endless_links {
        page["@odata.nextLink"] = json!(next_link(world, request, row, gap));
    } else if world.faults.foreign_link.is_some() && row == 0 {
        page["@odata.nextLink"] = json!(next_link(world, request, until, false));
    }
    Reply::json(200, &page)
}

fn count(world: &World, request: &Request, count: usize) -> Reply {
    if world.faults.no_count {
        return error(501, "NotImplemented", "Not supported here.");
    }
    if !request
        .header("consistencylevel")
        .eq_ignore_ascii_case("eventual")
    {
        return error(
            400,
            "Request_BadRequest",
            "$count is not currently supported.",
        );
    }
    // As on the wire: with a byte order mark.
    Reply::text(200, &format!("\u{feff}{count}"))
}

fn groups(world: &World, request: &Request) -> Reply {
    let Some(size) = page_size(request) else {
        return bad_top();
    };
    let (row, _) = position(request);
    let all: Vec<&str> = world.entra.groups.keys().map(String::as_str).collect();
    let until = (row + size).min(all.len());
    let expand = request
        .query("$expand")
        .is_some_and(|e| e.starts_with("members"));
    let value: Vec<Value> = all[row.min(until)..until]
        .iter()
        .filter_map(|id| {
            let mut group = group_json(&world.entra, id)?;
            if expand {
                // Expanded members end silently at 20.
                let members = &world.entra.groups.get(*id)?.members;
                group["members"] = members
                    .iter()
                    .take(20)
                    .map(|m| json!({"@odata.type": m.odata_type(), "id": m.id()}))
                    .collect();
            }
            Some(group)
        })
        .collect();
    let mut page = json!({ "value": value });
    if until < all.len() {
        page["@odata.nextLink"] = json!(next_link(world, request, until, true));
    }
    Reply::json(200, &page)
}

fn members(world: &World, request: &Request, id: &str) -> Reply {
    let Some(size) = page_size(request) else {
        return bad_top();
    };
    let Some(group) = world.entra.groups.get(id) else {
        return not_found(id);
    };
    let (row, _) = position(request);
    let all: Vec<&Member> = if graph::hides(world, group) {
        Vec::new()
    } else {
        group.members.iter().collect()
    };
    let until = (row + size).min(all.len());
    let value: Vec<Value> = all[row.min(until)..until]
        .iter()
        .map(|m| json!({"@odata.type": m.odata_type(), "id": m.id()}))
        .collect();
    let mut page = json!({ "value": value });
    if until < all.len() {
        page["@odata.nextLink"] = json!(next_link(world, request, until, true));
    }
    Reply::json(200, &page)
}

/// The users and groups assigned to an enterprise application.
fn assigned(world: &World, request: &Request, principal: &str) -> Reply {
    let app = principal
        .trim_start_matches("servicePrincipals(appId='")
        .trim_end_matches("')");
    let Some(all) = world.entra.assigned.get(app) else {
        return not_found(app);
    };
    let Some(size) = page_size(request) else {
        return bad_top();
    };
    let (row, _) = position(request);
    let until = (row + size.min(3)).min(all.len());
    let value: Vec<Value> = all[row.min(until)..until]
        .iter()
        .map(|member| {
            let kind = if matches!(member, Member::Group(_)) {
                "Group"
            } else {
                "User"
            };
            json!({"id": format!("assignment-{}", member.id()), "principalId": member.id(),
                "principalType": kind, "resourceDisplayName": "Jira"})
        })
        .collect();
    let mut page = json!({ "value": value });
    if until < all.len() {
        page["@odata.nextLink"] = json!(next_link(world, request, until, true));
    }
    Reply::json(200, &page)
}

fn organization(entra: &Tenant) -> Reply {
    let domains: Vec<Value> = entra
        .domains
        .iter()
        .enumerate()
        .map(|(at, name)| json!({"name": name, "isDefault": at == 1, "isInitial": at == 0, "type": "Managed"}))
        .collect();
    Reply::json(
        200,
        &json!({"value": [{"id": entra.id, "displayName": entra.name, "verifiedDomains": domains}]}),
    )
}

fn batch(world: &mut World, request: &Request) -> Reply {
    let body = request.json();
    let requests = body["requests"].as_array().cloned().unwrap_or_default();
    if requests.is_empty() || requests.len() > 20 {
        return error(
            400,
            "BadRequest",
            "Number of batch request steps exceeds max value of 20.",
        );
    }
    let mut responses = Vec::new();
    for one in &requests {
        let text = one["url"].as_str().unwrap_or_default();
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        let inner = Request {
            method: one["method"].as_str().unwrap_or("GET").to_owned(),
            path: ["v1.0"]
                .into_iter()
                .chain(path.split('/').filter(|p| !p.is_empty()))
                .map(str::to_owned)
                .collect(),
            query: url::form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
            headers: request.headers.clone(),
            body: Vec::new(),
        };
        let refused = world.faults.batch_429 > 0;
        world.faults.batch_429 = world.faults.batch_429.saturating_sub(1);
        if refused {
            responses.push(json!({"id": one["id"], "status": 429,
                "headers": {"Retry-After": "1"}, "body": {"error": {"code": "TooManyRequests", "message": ""}}}));
            continue;
        }
        if world.faults.batch_unreadable {
            let number = one["id"]
                .as_str()
                .map_or(0, |id| id.bytes().map(usize::from).sum());
            let (status, body) = match number % 3 {
                0 => (
                    404,
                    json!({"error": {"code": "Request_ResourceNotFound", "message": null}}),
                ),
                1 => (200, json!("<html><body>Service Unavailable</body></html>")),
                _ => (0, Value::Null),
            };
            if status > 0 {
                responses.push(json!({"id": one["id"], "status": status, "body": body}));
                continue;
            }
        }
        let reply = answer(world, &inner);
        let body: Value = serde_json::from_str(&reply.body).unwrap_or(Value::Null);
        responses.push(json!({"id": one["id"], "status": reply.status, "body": body}));
    }
    // Answers come in no order.
    world.random.shuffle(&mut responses);
    Reply::json(200, &json!({ "responses": responses }))
}
