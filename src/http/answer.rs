//! What a service answered.

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;
use tokio::time::Instant;

/// An answer: status, headers and body.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Status code.
    pub status: StatusCode,
    pub(super) headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
    /// Whether an earlier attempt ended without a clear answer: what this one finds may be its doing.
    pub after_unclear: bool,
    /// When the call began.
    pub(super) begun: Instant,
}

impl Answer {
    /// A header as text, empty without it.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// The body as JSON, none if it is something else.
    #[must_use]
    pub fn json<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(without_mark(&self.body)).ok()
    }

    /// The error that was glued to the end of a success whose JSON ends in the middle.
    pub(super) fn glued_error(&self) -> Option<Value> {
        if !self.status.is_success() {
            return None;
        }
        let mark = b"{\"error\":";
        let place = self.body.windows(mark.len()).rposition(|at| at == mark)?;
        serde_json::from_slice(&self.body[place..]).ok()
    }

    /// Whether a page for people came in place of an answer. A refusal to let somebody in may bear one,
    /// and is told by its status and headers all the same.
    pub(super) fn is_page(&self) -> bool {
        let login = self.header("x-seraph-loginreason");
        let refusal = matches!(self.status.as_u16(), 401 | 403 | 407 | 429)
            || !self.header("x-authentication-denied-reason").is_empty()
            // Whoever is signed in may read OK there.
            || login.contains("FAILED")
            || login.contains("DENIED");
        if self.body.is_empty() || refusal {
            return false;
        }
        let kind = self.header("content-type").to_ascii_lowercase();
        let beginning = self.body.trim_ascii_start();
        kind.contains("html") || beginning.starts_with(b"<")
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// What the service asks to wait.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        let seconds: f64 = self
            .headers
            .get(RETRY_AFTER)?
            .to_str()
            .ok()?
            .trim()
            .parse()
            .ok()?;
        Some(wait(seconds))
    }
}

/// The longest wait that is taken for one.
const LONGEST_WAIT: f64 = 86_400.0;

/// A wait of so many seconds as a service wrote it: none where that is negative or no number, and a day
/// at most.
#[must_use]
pub fn wait(seconds: f64) -> Duration {
    let seconds = if seconds.is_nan() { 0.0 } else { seconds };
    Duration::from_secs_f64(seconds.clamp(0.0, LONGEST_WAIT))
}

/// A body without the byte order mark that may precede it.
pub(super) fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body)
}
