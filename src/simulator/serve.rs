//! Serving the world over HTTP on loopback.

use super::faults::Service;
use super::hostile::spoil;
use super::scenario::Scenario;
use super::wire::{Logged, Reply, Request};
use super::world::World;
use super::{entra, jira, organization, seed};
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

type Shared = Arc<Mutex<World>>;

/// A running simulator. It stops when it is dropped.
#[derive(Debug)]
pub struct Simulator {
    world: Shared,
    address: SocketAddr,
    _stop: DropGuard,
}

impl Simulator {
    /// Starts one on this port of the loopback interface; 0 takes a free one.
    pub async fn start(scenario: &Scenario, port: u16) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let address = listener.local_addr()?;
        let world = Arc::new(Mutex::new(seed::world(
            scenario,
            &format!("http://{address}"),
        )));
        let stop = CancellationToken::new();
        let app = axum::Router::new()
            .fallback(handle)
            .with_state(world.clone());
        let stopped = stop.clone();
        tokio::spawn(async move {
            tokio::select! {
                result = axum::serve(listener, app) => {
                    if let Err(error) = result {
                        tracing::error!(%error, "the simulator ended");
                    }
                }
                () = stopped.cancelled() => {}
            }
        });
        Ok(Self {
            world,
            address,
            _stop: stop.drop_guard(),
        })
    }

    /// Its origin.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Looks at the world or changes it.
    pub fn world<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        look(&mut lock(&self.world))
    }

    /// A ready `config.toml` for it, with a profile of this name and all toggles on.
    #[must_use]
    pub fn config(&self, profile: &str) -> String {
        let origin = self.origin();
        self.world(|world| {
            format!(
                r#"[profiles."{profile}".entra]
tenant_id = "{tenant}"
client_id = "{client}"
login_url = "{origin}"
graph_url = "{origin}"

[profiles."{profile}".jira]
site_url = "{origin}"
admin_email = "{email}"
api_url = "{origin}"

[profiles."{profile}".provisioning]
import_users = true
import_groups = true
sync_memberships = true
"#,
                tenant = world.entra.id,
                client = world.entra.client_id,
                email = world.jira.admin_email,
            )
        })
    }

    /// The environment that the configuration needs: names and values.
    #[must_use]
    pub fn environment(&self) -> [(&'static str, String); 2] {
        self.world(|world| {
            [
                ("ROLLBOOK_ENTRA_CLIENT_SECRET", world.entra.secret.clone()),
                ("ROLLBOOK_JIRA_API_TOKEN", world.jira.token.clone()),
            ]
        })
    }
}

fn lock(world: &Shared) -> std::sync::MutexGuard<'_, World> {
    // A panicking test may leave it as it is: whoever looks next sees what was there.
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn handle(State(world): State<Shared>, request: axum::extract::Request) -> Response<Body> {
    let latency = lock(&world).services.latency;
    if latency > 0 {
        tokio::time::sleep(Duration::from_millis(latency)).await;
    }
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, 1 << 20).await else {
        return respond(Reply::empty(413), Harm::None);
    };
    let request = Request {
        method: parts.method.to_string(),
        path: parts
            .uri
            .path()
            .split('/')
            .skip(1)
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .collect(),
        query: url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
            .into_owned()
            .collect(),
        headers: parts
            .headers
            .iter()
            .filter_map(|(n, v)| Some((n.to_string(), v.to_str().ok()?.to_owned())))
            .collect(),
        body: body.to_vec(),
    };
    let (reply, mut harm) = answer(&mut lock(&world), &request);
    let faults = lock(&world).faults.clone();
    let service = Service::of(&request.path);
    if faults.silent == Some(service) {
        // Until whoever asked gives up.
        std::future::pending::<()>().await;
    } else if faults.drips == Some(service) {
        harm = Harm::Drips;
    }
    respond(reply, harm)
}

/// What happens to an answer on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Harm {
    None,
    /// The connection is cut.
    Cut,
    /// The body comes a byte a second.
    Drips,
    /// The body ends early, although the answer is whole by HTTP's own rules.
    Truncated,
}

/// Answers a request, with the faults that are switched on, and logs it.
fn answer(world: &mut World, request: &Request) -> (Reply, Harm) {
    let path = request.path.join("/");
    let side = Service::of(&request.path);
    let endpoint = endpoint(&request.path);
    let limited = side == Service::Jira && world.services.limiter;
    let verdict = world
        .limiter
        .ask(&request.method, &endpoint, limited, world.services.limit);
    let (mut reply, mut harm) = (None, Harm::None);
    let faults = world.faults.clone();
    if let Some(seconds) = verdict.refused {
        reply = Some(too_many(seconds));
    } else if let Some(to) = faults.redirect.filter(|_| side == Service::Jira) {
        reply = Some(Reply::empty(302).header("location", to));
    } else if let Some(seconds) = faults.patience.filter(|_| side == Service::Graph) {
        reply = Some(too_many(seconds));
    } else if world.random.f64() < faults.rate_429 && side != Service::Login {
        world.limiter.shut(&request.method, &endpoint, 1);
        reply = Some(too_many(1));
    } else if world.random.f64() < faults.rate_503 {
        reply = Some(Reply::text(503, "Service Unavailable"));
    } else if world.random.f64() < faults.rate_html {
        let page = "<html><body><h1>502 Bad Gateway</h1></body></html>";
        reply = Some(Reply::text(502, page).header("content-type", "text/html"));
    } else if world.random.f64() < faults.rate_cut_before {
        reply = Some(Reply::empty(200));
        harm = Harm::Cut;
    }
    let mut reply = reply.unwrap_or_else(|| {
        let suspends =
            faults.cut_suspensions && request.path.last().is_some_and(|p| p == "suspend");
        if suspends || world.random.f64() < faults.rate_cut_after {
            harm = Harm::Cut;
        } else if world.random.f64() < faults.rate_truncated {
            harm = Harm::Truncated;
        }
        match side {
            Service::Login | Service::Graph => entra::answer(world, request),
            Service::Jira => jira::answer(world, request),
            Service::Organization => organization::answer(world, request),
        }
    });
    if world.faults.echoes && reply.status >= 400 {
        reply = echo(reply, request);
    } else if world.faults.echoes {
        let sent = request.headers.iter();
        let sent = sent.filter(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        for (_, value) in sent {
            reply.body = reply.body.replace("{authorization}", value);
        }
    }
    if world.random.f64() < world.faults.hostile {
        reply = spoil(&mut world.random, reply);
    }
    if side == Service::Jira && world.services.names_limits {
        let (limit, left) = verdict.limit;
        reply = reply
            .header("x-ratelimit-limit", format!("{limit:.0}"))
            .header("x-ratelimit-remaining", format!("{:.0}", left.floor()));
    }
    world.log.push(Logged {
        method: request.method.clone(),
        path: format!("/{path}"),
        query: request.query.clone(),
        status: if harm == Harm::Cut { 0 } else { reply.status },
        at: std::time::Instant::now(),
        early: verdict.early,
        // The token request's form holds the secret.
        body: (side != Service::Login && !request.body.is_empty())
            .then(|| String::from_utf8_lossy(&request.body).into_owned()),
    });
    (reply, harm)
}

/// A refusal that holds in each of its parts what the request was.
fn echo(mut reply: Reply, request: &Request) -> Reply {
    let headers = request.headers.iter();
    let headers: Vec<String> = headers
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    let body = String::from_utf8_lossy(&request.body);
    let sent = format!("{} {} {body}", request.method, headers.join("; "));
    match serde_json::from_str::<Value>(&reply.body) {
        Ok(mut body) => {
            fill(&mut body, &sent);
            reply.body = body.to_string();
        }
        Err(_) if reply.body.is_empty() => {}
        Err(_) => reply.body = format!("{} {sent}", reply.body),
    }
    let line: String = sent
        .chars()
        .filter(|c| !c.is_control() && c.is_ascii())
        .collect();
    for name in [
        "atl-traceid",
        "x-request-id",
        "request-id",
        "www-authenticate",
    ] {
        reply = reply.header(name, line.clone());
    }
    reply
}

/// Adds a text to every text of a JSON value.
fn fill(value: &mut Value, more: &str) {
    match value {
        Value::String(text) => {
            text.push(' ');
            text.push_str(more);
        }
        Value::Array(values) => values.iter_mut().for_each(|value| fill(value, more)),
        // By its code a refusal is still the one that it was.
        Value::Object(fields) => fields
            .iter_mut()
            .filter(|(name, _)| *name != "code")
            .for_each(|(_, value)| fill(value, more)),
        _ => {}
    }
}

/// The path without what differs from call to call.
fn endpoint(path: &[String]) -> String {
    if let [admin, version, orgs, _, rest @ ..] = path
        && admin == "admin"
    {
        let kind = rest.last().map_or("", String::as_str);
        return format!("{admin}/{version}/{orgs}/{kind}");
    }
    let start = path.iter().position(|p| p == "rest").unwrap_or(0);
    let mut parts: Vec<&str> = path[start..].iter().map(String::as_str).collect();
    if parts.get(4) == Some(&"properties") {
        parts.truncate(5);
    }
    parts.join("/")
}

fn too_many(seconds: u64) -> Reply {
    // Its body is a page at times.
    let body = if fastrand::bool() {
        "<html><body>Rate limit exceeded.</body></html>"
    } else {
        "Rate limit exceeded."
    };
    Reply::text(429, body)
        .header("retry-after", seconds.to_string())
        .header("ratelimit-reason", "jira-burst-based")
}

fn respond(reply: Reply, harm: Harm) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    // An answer without a body has nothing to cut: one is begun in its place.
    let status = match (harm, reply.status) {
        (Harm::Cut, 204) => 200,
        (_, status) => status,
    };
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in reply.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
    }
    let body = reply.body;
    *response.body_mut() = match harm {
        Harm::None => Body::from(body),
        Harm::Drips => {
            let bytes: Vec<u8> = body.into_bytes();
            Body::from_stream(futures_util::stream::unfold(
                bytes.into_iter(),
                async |mut rest| {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    let byte = rest.next()?;
                    Some((Ok::<_, std::io::Error>(Bytes::from(vec![byte])), rest))
                },
            ))
        }
        Harm::Truncated => {
            let half = (0..=body.len() / 2)
                .rev()
                .find(|at| body.is_char_boundary(*at));
            Body::from(body[..half.unwrap_or(0)].to_owned())
        }
        Harm::Cut => {
            let cut = std::io::Error::new(std::io::ErrorKind::ConnectionReset, "cut");
            Body::from_stream(futures_util::stream::iter([
                Ok(Bytes::from_static(b"{")),
                Err(cut),
            ]))
        }
    };
    response
}
