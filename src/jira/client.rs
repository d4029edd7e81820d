//! Calls to Jira, on the site or through the gateway.

use super::error::{JiraError, Refusal, request_id};
use super::wire::{TenantInfo, User};
use crate::directory::{AccountId, is_id};
use crate::http::{
    Answer, Auth, Call, Clients, Control, Counted, Counts, Failure, Gate, Method, Origin, Rates,
    Repeat, Reply, Service, Url,
};
use secrecy::SecretString;
use serde::de::DeserializeOwned;

/// Where Jira's REST API is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// On the site: tokens without scopes.
    Site,
    /// Through the gateway: tokens with scopes.
    Gateway,
}

/// What is needed to reach a site.
#[derive(Debug, Clone)]
pub struct Access {
    /// The site.
    pub site: Origin,
    /// The gateway and the organization API.
    pub api: Origin,
    /// The admin's e-mail.
    pub email: String,
    /// The API token.
    pub token: SecretString,
    /// Calls a second, by endpoint.
    pub rates: Rates,
}

/// The account that signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Myself {
    /// Account.
    pub id: AccountId,
    /// Display name.
    pub name: String,
    /// E-mail, empty where hidden.
    pub email: String,
}

/// Jira Cloud on one site.
#[derive(Debug)]
pub struct Jira {
    service: Service,
    prefix: Vec<String>,
    auth: Auth,
    route: Route,
    cloud_id: String,
    myself: Myself,
}

/// Reaches the site and signs in: on the site first, on 401 through the gateway, or the other way
/// round if `remembered` says that the gateway worked before.
pub async fn connect(
    access: &Access,
    remembered: Option<Route>,
    clients: &Clients,
    cancel: &Control,
) -> Result<Jira, JiraError> {
    let site = service(access, Route::Site, clients, cancel);
    let cloud_id = tenant_info(&site).await?;
    let first = remembered.unwrap_or(Route::Site);
    let second = match first {
        Route::Site => Route::Gateway,
        Route::Gateway => Route::Site,
    };
    match sign_in(access, first, &cloud_id, clients, cancel).await {
        Err(error @ (JiraError::BadCredentials { .. } | JiraError::MissingScope { .. })) => {
            match sign_in(access, second, &cloud_id, clients, cancel).await {
                Ok(jira) => Ok(jira),
                // The token is known there, and lacks a scope.
                Err(scope @ JiraError::MissingScope { .. }) => Err(scope),
                // What the first way said is what the admin can act on.
                Err(_) => Err(error),
            }
        }
        other => other,
    }
}

fn service(access: &Access, route: Route, clients: &Clients, cancel: &Control) -> Service {
    let origin = match route {
        Route::Site => &access.site,
        Route::Gateway => &access.api,
    };
    Service::new(
        "jira",
        origin.clone(),
        clients,
        Gate::Endpoint,
        access.rates,
        cancel.clone(),
    )
    .without(no_answer)
}

/// What Atlassian gives in place of an answer while a site is suspended, invalid or down, as it was
/// recorded: `{"errorMessage","errorCode"}`, or 404 with nothing.
pub(super) fn no_answer(answer: &Answer) -> bool {
    let status = answer.status.as_u16();
    let of_edge = || {
        let body: Option<serde_json::Map<String, serde_json::Value>> = answer.json();
        body.is_some_and(|body| body.contains_key("errorMessage") && body.contains_key("errorCode"))
    };
    (status == 404 && answer.body.is_empty()) || (status >= 400 && of_edge())
}

/// The site's cloudId; needs no credentials.
async fn tenant_info(site: &Service) -> Result<String, JiraError> {
    let call = Call::get(
        "/_edge/tenant_info",
        site.origin().join(["_edge", "tenant_info"]),
    );
    match site.json::<TenantInfo>(&call).await {
        Ok(Reply::Good(info, _)) if is_id(&info.cloud_id) => Ok(info.cloud_id),
        Ok(Reply::Refused(answer)) if answer.status.is_server_error() => Err(JiraError::Refused(
            Box::new(Refusal::of("tell the site's id", &answer)),
        )),
        Ok(_)
        | Err(
            crate::http::Failure::Garbled { .. }
            | crate::http::Failure::Unavailable { .. }
            | crate::http::Failure::Redirected { .. },
        ) => Err(JiraError::NotASite {
            host: site.origin().host(),
        }),
        Err(failure) => Err(failure.into()),
    }
}

async fn sign_in(
    access: &Access,
    route: Route,
    cloud_id: &str,
    clients: &Clients,
    cancel: &Control,
) -> Result<Jira, JiraError> {
    let prefix: Vec<String> = match route {
        Route::Site => Vec::new(),
        Route::Gateway => ["ex", "jira", cloud_id].map(str::to_owned).to_vec(),
    };
    let mut jira = Jira {
        service: service(access, route, clients, cancel),
        prefix,
        auth: Auth::Basic {
            user: access.email.clone(),
            secret: access.token.clone(),
        },
        route,
        cloud_id: cloud_id.to_owned(),
        myself: Myself {
            id: AccountId::new(""),
            name: String::new(),
            email: String::new(),
        },
    };
    let me: User = jira
        .get("tell who signs in", "/rest/api/3/myself", &["myself"], &[])
        .await?;
    if !is_id(&me.account_id) {
        return Err(no_id(&jira.service, "the account that signs in"));
    }
    jira.myself = Myself {
        id: AccountId::new(&me.account_id),
        name: me.display_name.unwrap_or_default(),
        email: me.email_address.unwrap_or_default(),
    };
    Ok(jira)
}

/// An answer about something that bears no id, or nothing that could be one.
fn no_id(service: &Service, what: &str) -> JiraError {
    let cause = format!("{what} has no id");
    let host = service.origin().host();
    JiraError::Http(Failure::Garbled { host, cause })
}

impl Jira {
    /// An answer about something that bears no id, or nothing that could be one.
    pub(super) fn no_id(&self, what: &str) -> JiraError {
        no_id(&self.service, what)
    }

    /// How it is reached.
    #[must_use]
    pub fn route(&self) -> Route {
        self.route
    }

    /// The site's cloudId.
    #[must_use]
    pub fn cloud_id(&self) -> &str {
        &self.cloud_id
    }

    /// The account that signs in.
    #[must_use]
    pub fn myself(&self) -> &Myself {
        &self.myself
    }

    /// Its counters, to be read while it works.
    #[must_use]
    pub fn counts(&self) -> std::sync::Arc<Counts> {
        self.service.counts()
    }

    /// Requests so far.
    #[must_use]
    pub fn counted(&self) -> Counted {
        self.service.counted()
    }

    fn url(&self, path: &[&str]) -> Url {
        let segments = self
            .prefix
            .iter()
            .map(String::as_str)
            .chain(["rest", "api", "3"])
            .chain(path.iter().copied());
        self.service.origin().join(segments)
    }

    pub(super) fn call(
        &self,
        method: Method,
        endpoint: &'static str,
        path: &[&str],
        query: &[(&str, &str)],
        repeat: Repeat,
    ) -> Call {
        let mut call = Call::new(method, endpoint, self.url(path), repeat)
            // Without both, Jira translates its error texts.
            .header("X-Force-Accept-Language", "true")
            .header("Accept-Language", "en")
            .header("Accept", "application/json");
        call.auth = self.auth.clone();
        for (name, value) in query {
            call = call.query(name, value);
        }
        call
    }

    /// Reads JSON. `what` completes “Jira refused to …”.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        what: &'static str,
        endpoint: &'static str,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, JiraError> {
        let parse = |body: &[u8]| serde_json::from_slice(body);
        self.get_as(what, endpoint, path, query, parse).await
    }

    /// Waits, unless the run is cancelled meanwhile.
    pub async fn pause(&self, wait: std::time::Duration) -> Result<(), JiraError> {
        Ok(self.service.pause(wait).await?)
    }

    /// Gets JSON that `parse` reads.
    pub(super) async fn get_as<T>(
        &self,
        what: &'static str,
        endpoint: &'static str,
        path: &[&str],
        query: &[(&str, &str)],
        parse: impl Fn(&[u8]) -> serde_json::Result<T>,
    ) -> Result<T, JiraError> {
        let call = self.call(Method::GET, endpoint, path, query, Repeat::Safe);
        match self.service.json_as(&call, parse).await? {
            Reply::Good(value, answer) => {
                signed_in(&answer)?;
                Ok(value)
            }
            Reply::Refused(answer) => Err(refused(what, &answer)),
        }
    }

    /// Sends a call whose success is JSON.
    pub(super) async fn send<T: DeserializeOwned>(
        &self,
        what: &'static str,
        call: &Call,
    ) -> Result<(T, Answer), JiraError> {
        match self.service.json(call).await? {
            Reply::Good(value, answer) => {
                signed_in(&answer)?;
                Ok((value, answer))
            }
            Reply::Refused(answer) => Err(refused(what, &answer)),
        }
    }

    /// Sends a call whose body does not matter; gives the answer, with why it is a refusal if it
    /// is one.
    pub(super) async fn send_plain(
        &self,
        what: &'static str,
        call: &Call,
    ) -> Result<(Answer, Option<JiraError>), JiraError> {
        let answer = self.service.plain(call).await?;
        let refusal = if answer.status.is_success() {
            signed_in(&answer)?;
            None
        } else {
            Some(refused(what, &answer))
        };
        Ok((answer, refusal))
    }
}

/// With a bad token Jira answers some calls with 200 and nothing; this header tells.
fn signed_in(answer: &Answer) -> Result<(), JiraError> {
    let reason = answer.header("x-seraph-loginreason");
    if reason.contains("AUTHENTICATED_FAILED") || reason.contains("AUTHENTICATION_DENIED") {
        Err(JiraError::NotSignedIn {
            request_id: request_id(answer),
        })
    } else {
        Ok(())
    }
}

fn refused(what: &'static str, answer: &Answer) -> JiraError {
    if answer
        .header("x-authentication-denied-reason")
        .starts_with("CAPTCHA_CHALLENGE")
    {
        return JiraError::Captcha;
    }
    let refusal = Refusal::of(what, answer);
    if let Some(error) = turned_away(&refusal) {
        return error;
    }
    if refusal.status == 401 {
        return JiraError::BadCredentials {
            request_id: refusal.request_id,
        };
    }
    if let Err(error) = signed_in(answer) {
        return error;
    }
    JiraError::Refused(Box::new(refusal))
}

/// What keeps a good token out, as it was recorded of both of Atlassian's services: a scope that is
/// missing, this machine's address, a password in place of a token.
pub(super) fn turned_away(refusal: &Refusal) -> Option<JiraError> {
    let (message, request_id) = (refusal.message.clone(), refusal.request_id.clone());
    if refusal.is_about_address() {
        Some(JiraError::NotAllowed {
            message,
            request_id,
        })
    } else if matches!(refusal.status, 401 | 403) && refusal.is_about_scope() {
        Some(JiraError::MissingScope {
            what: refusal.what,
            message,
            request_id,
        })
    } else if refusal.status == 401 && refusal.message.contains("with passwords is deprecated") {
        Some(JiraError::Password { request_id })
    } else {
        None
    }
}
