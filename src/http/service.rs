//! A service and its calls.

use super::answer::{Answer, without_mark};
use super::body::{self, Unread};
use super::pace::Pace;
use super::said::said;
use super::secrets::{keep_out, known};
use super::{
    Auth, Body, Call, Clients, Control, Counted, Counts, Failure, Gate, Origin, Rates, Repeat,
};
use reqwest::{Method, StatusCode};
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::HashMap;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use url::Url;

/// How long one call may take.
const TIMEOUT: Duration = Duration::from_secs(100);
/// How long the first attempt at a call may take for which a person waits, and each other one.
const SOON: [Duration; 2] = [Duration::from_secs(15), Duration::from_secs(10)];
/// Such a call is not made again once its answers were awaited for so long. A service that never answers
/// is asked twice, and named within half a minute; one that refuses at once is asked as often as without
/// a person.
const PATIENCE: Duration = Duration::from_secs(20);
/// After this time somebody who waits is told for whom.
const TOLD: Duration = Duration::from_secs(3);
/// Fields of a form that are secrets.
const SECRET_FIELDS: [&str; 2] = ["client_secret", "client_assertion"];
/// Atlassian advises at most 4 retries; Graph gives no number.
const RETRIES: u32 = 4;
/// A longer wait than this is not sat out by anybody.
const LONGEST_WAIT: Duration = Duration::from_mins(10);

/// How a call that expects JSON ended.
#[derive(Debug)]
pub enum Reply<T> {
    /// A success, with its answer for status and headers.
    Good(T, Answer),
    /// Any other status, after all retries.
    Refused(Answer),
}

/// An answer that is not of the documented form.
struct Odd {
    cause: String,
    /// The error that was glued to it.
    glued: Option<Value>,
}

/// A service: an origin with its paces, gates and counts.
#[derive(Debug)]
pub struct Service {
    name: &'static str,
    origin: Origin,
    http: reqwest::Client,
    gate: Gate,
    rates: Rates,
    paces: Mutex<HashMap<(Method, &'static str), Arc<Pace>>>,
    whole: Arc<Pace>,
    counts: Arc<Counts>,
    cancel: Control,
    /// Tells what is no answer of this service, beside pages.
    no_answer: fn(&Answer) -> bool,
}

impl Service {
    /// A service under this name. `rates` are per endpoint, or of the whole service where the
    /// gate is.
    #[must_use]
    pub fn new(
        name: &'static str,
        origin: Origin,
        clients: &Clients,
        gate: Gate,
        rates: Rates,
        cancel: Control,
    ) -> Self {
        Self {
            name,
            http: clients.of(&origin),
            origin,
            gate,
            rates,
            paces: Mutex::new(HashMap::new()),
            whole: Arc::new(Pace::new(rates.reads, rates.most, rates.yields)),
            counts: Arc::new(Counts::default()),
            cancel,
            no_answer: |_| false,
        }
    }

    /// The same, which knows what else is no answer of this service.
    #[must_use]
    pub fn without(mut self, no_answer: fn(&Answer) -> bool) -> Self {
        self.no_answer = no_answer;
        self
    }

    /// Its origin.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Its counters, to be read while it works.
    #[must_use]
    pub fn counts(&self) -> Arc<Counts> {
        self.counts.clone()
    }

    /// Requests so far.
    #[must_use]
    pub fn counted(&self) -> Counted {
        self.counts.read()
    }

    /// Checks a link that an answer gave: it must lead to this service, below this path, and name no user.
    pub fn link(&self, text: &str, below: &str) -> Result<Url, Failure> {
        let foreign = |to: String| Failure::ForeignLink {
            host: self.origin.host(),
            to,
        };
        let url =
            Url::parse(text).map_err(|_| foreign("something that is no address".to_owned()))?;
        if self.origin.holds(&url) && (!url.username().is_empty() || url.password().is_some()) {
            Err(foreign("an address with a user in it".to_owned()))
        } else if self.origin.holds(&url) && !url.path().starts_with(below) {
            Err(foreign("another part of the same host".to_owned()))
        } else if self.origin.holds(&url) {
            Ok(url)
        } else {
            Err(foreign(said(&url.origin().ascii_serialization())))
        }
    }

    /// Makes a call whose success is JSON of this form. A success of another form counts as a cut
    /// answer, and is repeated where the call may be.
    pub async fn json<T: DeserializeOwned>(&self, call: &Call) -> Result<Reply<T>, Failure> {
        self.json_as(call, |body| serde_json::from_slice(body))
            .await
    }

    /// The same where `parse` reads the JSON.
    pub async fn json_as<T>(
        &self,
        call: &Call,
        parse: impl Fn(&[u8]) -> serde_json::Result<T>,
    ) -> Result<Reply<T>, Failure> {
        self.attempts(call, |answer| {
            if !answer.status.is_success() {
                return Ok(Reply::Refused(answer));
            }
            match parse(without_mark(&answer.body)) {
                Ok(value) => Ok(Reply::Good(value, answer)),
                Err(error) => Err(Odd {
                    cause: said(&error.to_string()),
                    glued: answer.glued_error(),
                }),
            }
        })
        .await
    }

    /// Makes a call whose body does not matter where it succeeds. A refusal whose reasons are cut off
    /// counts as a cut answer, and is repeated where the call may be.
    pub async fn plain(&self, call: &Call) -> Result<Answer, Failure> {
        let whole = |answer: Answer| {
            let says_json = answer.header("content-type").contains("json");
            let cut = says_json && !answer.body.is_empty() && answer.json::<Value>().is_none();
            if answer.status.is_client_error() && cut {
                Err(Odd {
                    cause: "its reasons are cut off".to_owned(),
                    glued: None,
                })
            } else {
                Ok(answer)
            }
        };
        self.attempts(call, whole).await
    }

    async fn attempts<T>(
        &self,
        call: &Call,
        read: impl Fn(Answer) -> Result<T, Odd>,
    ) -> Result<T, Failure> {
        if !self.origin.holds(&call.url) {
            return Err(Failure::ForeignLink {
                host: self.origin.host(),
                to: call.url.origin().ascii_serialization(),
            });
        }
        let safe = call.repeat == Repeat::Safe;
        let pace = self.pace(call);
        let (mut refused, mut cut) = (0, 0);
        let mut spent = Duration::ZERO;
        let mut unclear = false;
        // An attempt that was cut may have taken place: what ends the next one must not hide it.
        let mut before: Option<Failure> = None;
        let hidden = |before: Option<Failure>, failure: Failure| match (before, failure) {
            (before, Failure::AskedToWait { host, wait, .. }) => Failure::AskedToWait {
                host,
                wait,
                unclear: before.is_some(),
            },
            (Some(before), failure) if !failure.may_have_happened() => before,
            (_, failure) => failure,
        };
        loop {
            let again = refused + cut > 0;
            let result = self.once(call, &pace, again, &mut spent).await;
            let patient = (!self.cancel.is_hurried() || spent < PATIENCE)
                && self.cancel.patience_left() != Some(Duration::ZERO);
            let may_repeat = refused + cut < RETRIES && patient;
            let failure = match result {
                Ok(mut answer) => {
                    answer.after_unclear = unclear;
                    let status = answer.status;
                    let throttled = status == StatusCode::TOO_MANY_REQUESTS;
                    let passing = throttled || (safe && is_passing(status));
                    if passing && may_repeat {
                        if !throttled {
                            // A gateway that gave up does not know what became of the call.
                            unclear = true;
                            before = Some(Failure::Cut {
                                host: self.origin.host(),
                                cause: format!("it answered {status}"),
                            });
                        }
                        let wait = match self.refused(&answer, &pace, refused) {
                            Ok(wait) => wait,
                            Err(failure) => return Err(hidden(before, failure)),
                        };
                        refused += 1;
                        let waiting = self.counts.waits(wait);
                        let waited = self.pause(wait).await;
                        drop(waiting);
                        if let Err(cancelled) = waited {
                            return Err(hidden(before, cancelled));
                        }
                        continue;
                    }
                    let host = self.origin.host();
                    let read = if !passing && (answer.is_page() || (self.no_answer)(&answer)) {
                        let status = status.as_u16();
                        Err(Failure::Unavailable { host, status })
                    } else {
                        read(answer).map_err(|odd| match odd.glued {
                            Some(error) => broke_off(host, &error),
                            None => Failure::Garbled {
                                host,
                                cause: odd.cause,
                            },
                        })
                    };
                    match read {
                        Ok(value) => return Ok(value),
                        Err(failure) => failure,
                    }
                }
                Err(failure) => failure,
            };
            if !(safe && failure.is_passing() && may_repeat) {
                return Err(hidden(before, failure));
            }
            let wait = jittered(Duration::from_millis(400 << cut));
            if let Err(cancelled) = self.pause(wait).await {
                return Err(hidden(Some(failure), cancelled));
            }
            unclear |= failure.may_have_happened();
            before = Some(failure);
            cut += 1;
        }
    }

    /// A longer wait than this is not sat out.
    fn longest_wait(&self) -> Duration {
        let left = self.cancel.patience_left();
        left.map_or(LONGEST_WAIT, |left| left.min(LONGEST_WAIT))
    }

    /// Says how long to wait after an answer that asks for patience, and shuts the gate.
    fn refused(&self, answer: &Answer, pace: &Pace, tries: u32) -> Result<Duration, Failure> {
        let asked = answer.retry_after();
        let throttled = answer.status == StatusCode::TOO_MANY_REQUESTS;
        if throttled {
            self.counts.throttled();
        }
        if let Some(wait) = asked.filter(|wait| *wait > self.longest_wait()) {
            pace.refused(answer.begun, wait);
            return Err(Failure::AskedToWait {
                host: self.origin.host(),
                wait,
                unclear: false,
            });
        }
        let start = if throttled { 2000 } else { 500 };
        let back_off = jittered(Duration::from_millis((start << tries).min(30_000)));
        // Some services ask for no wait at all, again and again.
        let asked = asked.map(|asked| {
            if asked < Duration::from_secs(1) {
                asked.max(back_off)
            } else {
                asked
            }
        });
        if let Some(asked) = asked {
            // A hair longer than asked: clocks and queues differ.
            let wait = asked + Duration::from_millis(30);
            if throttled {
                pace.refused(answer.begun, wait);
            } else {
                pace.shut(wait);
            }
            return Ok(asked);
        }
        if throttled {
            pace.refused(answer.begun, back_off);
        }
        Ok(back_off)
    }

    /// Waits, unless the run is cancelled meanwhile.
    pub async fn pause(&self, wait: Duration) -> Result<(), Failure> {
        tokio::select! {
            () = self.cancel.cancelled() => Err(Failure::Cancelled),
            () = tokio::time::sleep(wait) => Ok(()),
        }
    }

    /// Waits as long as a part of an answer asks for. Where the gate is the whole service's, nothing
    /// else begins meanwhile.
    pub async fn patience(&self, wait: Duration) -> Result<(), Failure> {
        self.whole.shut(wait + Duration::from_millis(30));
        let _waiting = self.counts.waits(wait);
        self.pause(wait).await
    }

    fn pace(&self, call: &Call) -> Arc<Pace> {
        if self.gate == Gate::Service {
            return self.whole.clone();
        }
        let rate = if matches!(call.method, Method::GET | Method::POST) {
            self.rates.reads
        } else {
            self.rates.deletes
        };
        // A panic while the map was held can't leave it half changed.
        let mut paces = self.paces.lock().unwrap_or_else(PoisonError::into_inner);
        paces
            .entry((call.method.clone(), call.endpoint))
            .or_insert_with(|| Arc::new(Pace::new(rate, self.rates.most, self.rates.yields)))
            .clone()
    }

    /// One request, when its turn has come. Once it is on its way it is not cancelled. `spent` grows by
    /// the time for which its answer was awaited.
    async fn once(
        &self,
        call: &Call,
        pace: &Pace,
        again: bool,
        spent: &mut Duration,
    ) -> Result<Answer, Failure> {
        let turn = async {
            // The semaphore is never closed.
            let place = pace.places.acquire().await;
            loop {
                if !call.regardless {
                    self.cancel.go().await;
                }
                pace.turn(self.longest_wait()).await?;
                // It may have been paused while its turn came.
                if call.regardless || !self.cancel.is_paused() {
                    return Ok(place);
                }
            }
        };
        let turn = tokio::select! {
            biased;
            () = self.cancel.cancelled(), if !call.regardless => return Err(Failure::Cancelled),
            turn = turn => turn,
        };
        // The gate stays shut for longer than is waited.
        let _place = turn.map_err(|wait| Failure::AskedToWait {
            host: self.origin.host(),
            wait,
            unclear: false,
        })?;
        self.counts.request(again);
        let begun = Instant::now();
        let result = self.in_time(call, again).await;
        *spent += begun.elapsed();
        let ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        match &result {
            Ok(answer) => {
                tracing::debug!(service = self.name, method = %call.method, endpoint = call.endpoint, status = answer.status.as_u16(), ms, "answered");
                let limits = ["x-ratelimit-limit", "x-ratelimit-remaining"];
                let [limit, left] = limits.map(|name| answer.header(name).trim().parse().ok());
                pace.answered(limit, left);
                if answer.status.is_redirection() {
                    return Err(self.redirected(answer));
                }
                if answer
                    .header("x-ratelimit-nearlimit")
                    .eq_ignore_ascii_case("true")
                    || !answer.header("x-ms-throttle-limit-percentage").is_empty()
                {
                    pace.near_limit();
                } else if answer.status.is_success() {
                    pace.good();
                }
            }
            Err(failure) => {
                tracing::debug!(service = self.name, method = %call.method, endpoint = call.endpoint, ms, %failure, "no answer");
            }
        }
        result
    }

    /// An answer, if it comes in time: whole, however slowly its bytes come.
    async fn in_time(&self, call: &Call, again: bool) -> Result<Answer, Failure> {
        let hurried = self.cancel.is_hurried();
        let after = if hurried {
            SOON[usize::from(again)]
        } else {
            TIMEOUT
        };
        // Every use case holds a call's future, which is large.
        let answer = tokio::time::timeout(after, Box::pin(self.send(call)));
        tokio::pin!(answer);
        let result = tokio::select! {
            result = &mut answer => result,
            () = tokio::time::sleep(TOLD), if hurried => {
                self.cancel.awaits(Some(self.origin.host()));
                let result = answer.await;
                self.cancel.awaits(None);
                result
            }
        };
        result.unwrap_or_else(|_| {
            Err(Failure::TimedOut {
                host: self.origin.host(),
                after,
            })
        })
    }

    fn redirected(&self, answer: &Answer) -> Failure {
        let to = Url::parse(answer.header("location")).map_or_else(
            |_| "another page of the same host".to_owned(),
            |url| said(&url.origin().ascii_serialization()),
        );
        Failure::Redirected {
            host: self.origin.host(),
            to,
        }
    }

    async fn send(&self, call: &Call) -> Result<Answer, Failure> {
        let begun = Instant::now();
        let mut request = self.http.request(call.method.clone(), call.url.clone());
        let (signed, sent) = match &call.auth {
            Auth::None => (request, None),
            Auth::Bearer(token) => (
                request.bearer_auth(token.expose_secret()),
                known(token, None),
            ),
            Auth::Basic { user, secret } => (
                request.basic_auth(user, Some(secret.expose_secret())),
                known(secret, Some(user)),
            ),
        };
        request = signed;
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        request = match &call.body {
            Body::None => request,
            Body::Json(value) => request.json(value),
            Body::Form(fields) => {
                let secrets = fields
                    .iter()
                    .filter(|(name, _)| SECRET_FIELDS.contains(name));
                secrets.for_each(|(_, secret)| keep_out(secret, None));
                let fields: Vec<(&str, &str)> = fields
                    .iter()
                    .map(|(name, value)| (*name, value.expose_secret()))
                    .collect();
                request.form(&fields)
            }
        };
        let response = request.send().await.map_err(|e| self.failure(&e))?;
        let status = response.status();
        let headers = response.headers().clone();
        let body = body::read(response, call.largest, sent.as_deref()).await;
        let host = self.origin.host();
        let body = body.map_err(|unread| match unread {
            Unread::Broken(error) => self.failure(&error),
            Unread::Slow(after) => Failure::TimedOut { host, after },
            Unread::TooLarge(limit) => Failure::TooLarge { host, limit },
        })?;
        Ok(Answer {
            status,
            headers,
            body,
            after_unclear: false,
            begun,
        })
    }

    fn failure(&self, error: &reqwest::Error) -> Failure {
        let host = self.origin.host();
        let cause = said(&innermost(error));
        let lower = cause.to_ascii_lowercase();
        if error.is_timeout() {
            Failure::TimedOut {
                host,
                after: TIMEOUT,
            }
        } else if error.is_connect() && (lower.contains("certificate") || lower.contains("tls")) {
            Failure::Tls { host, cause }
        } else if error.is_connect() {
            Failure::Connect { host, cause }
        } else {
            Failure::Cut { host, cause }
        }
    }
}

/// What an error says that was glued to half an answer.
fn broke_off(host: String, error: &Value) -> Failure {
    let text = |place: &str| -> String {
        let text = error.pointer(place).and_then(Value::as_str);
        said(text.unwrap_or_default())
    };
    let ids = ["innerError", "innererror"].map(|inner| text(&format!("/error/{inner}/request-id")));
    Failure::BrokeOff {
        host,
        code: text("/error/code"),
        message: text("/error/message"),
        request_id: ids.concat(),
    }
}

/// The innermost cause says what happened; the outer ones repeat the URL.
fn innermost(error: &dyn Error) -> String {
    let mut at = error;
    while let Some(source) = at.source() {
        at = source;
    }
    at.to_string()
}

fn is_passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 500 | 502 | 503 | 504 | 509)
}

/// Spreads a wait over 0.7 to 1.3 of itself, so that many callers do not come back at once.
fn jittered(wait: Duration) -> Duration {
    wait.mul_f64(0.7 + 0.6 * fastrand::f64())
}
