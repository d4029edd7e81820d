//! Reading the body of an answer: bounded in bytes and objects, and not for ever.

use super::secrets::{Known, redact};
use memchr::memchr_iter;
use reqwest::{Response, StatusCode};
use std::time::Duration;
use tokio::time::Instant;

/// The largest body of an answer that is no success: nothing of it is told beyond a few lines.
const LARGEST_REFUSAL: usize = 64 << 10;
/// So many bytes of what may be read at most allow for one JSON object: a small body that holds millions of
/// them would take many times its size in memory.
const BYTES_AN_OBJECT: usize = 64;
/// An answer that has begun goes on at this rate at least, in bytes a second: 8 kbit/s.
const SLOWEST: usize = 1 << 10;
/// Over this time it is measured.
const MEASURED: Duration = Duration::from_secs(10);

/// Why a body was not read to its end.
#[derive(Debug)]
pub(super) enum Unread {
    /// The connection broke.
    Broken(reqwest::Error),
    /// Hardly anything came within this time.
    Slow(Duration),
    /// It is larger than that.
    TooLarge(Bulk),
}

/// What an answer holds too much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bulk {
    /// More bytes than these.
    Bytes(usize),
    /// More JSON objects than these.
    Objects(usize),
}

impl std::fmt::Display for Bulk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bytes(limit) => write!(f, "{limit} bytes"),
            Self::Objects(limit) => write!(f, "{limit} records"),
        }
    }
}

/// Whether a body goes on coming: how much of it came since when.
#[derive(Debug)]
struct Flow {
    since: Instant,
    bytes: usize,
}

impl Flow {
    fn new(now: Instant) -> Self {
        Self {
            since: now,
            bytes: 0,
        }
    }

    /// When it is measured next.
    fn due(&self) -> Instant {
        self.since + MEASURED
    }

    /// Measures it once that is due. Says whether it goes on fast enough.
    fn goes_on(&mut self, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.since);
        if passed < MEASURED {
            return true;
        }
        let enough = self.bytes as u128 * 1000 >= SLOWEST as u128 * passed.as_millis();
        *self = Self::new(now);
        enough
    }
}

/// Reads a body of at most so many bytes. What is no success is cut off instead. It is cleared of secrets,
/// a success of that with which its call signed in.
pub(super) async fn read(
    mut response: Response,
    largest: usize,
    sent: Option<&Known>,
) -> Result<Vec<u8>, Unread> {
    let status = response.status();
    let mut body = Vec::new();
    let mut flow = Flow::new(Instant::now());
    loop {
        let chunk = match tokio::time::timeout_at(flow.due(), response.chunk()).await {
            Ok(chunk) => chunk.map_err(Unread::Broken)?,
            Err(_) if flow.goes_on(Instant::now()) => continue,
            Err(_) => return Err(Unread::Slow(MEASURED)),
        };
        let Some(chunk) = chunk else { break };
        flow.bytes += chunk.len();
        body.extend_from_slice(&chunk);
        if !status.is_success() && body.len() > LARGEST_REFUSAL {
            body.truncate(LARGEST_REFUSAL);
            break;
        }
        if body.len() > largest {
            return Err(Unread::TooLarge(Bulk::Bytes(largest)));
        }
    }
    bounded(&mut body, status, largest, sent)?;
    Ok(body)
}

fn bounded(
    body: &mut Vec<u8>,
    status: StatusCode,
    largest: usize,
    sent: Option<&Known>,
) -> Result<(), Unread> {
    // Pages of listings are large and many: what nobody put there isn't searched for letter by letter.
    if !status.is_success() || sent.is_some_and(|sent| sent.is_in(body)) {
        redact(body);
    }
    if !status.is_success() {
        return Ok(());
    }
    let objects = largest / BYTES_AN_OBJECT;
    if memchr_iter(b'{', body).nth(objects).is_some() {
        return Err(Unread::TooLarge(Bulk::Objects(objects)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_hardly_comes_is_given_up_and_a_slow_line_is_not() {
        let begun = Instant::now();
        let seconds = |n| begun + Duration::from_secs(n);
        // A byte now and then.
        let mut flow = Flow::new(begun);
        flow.bytes = 12;
        assert!(flow.goes_on(seconds(9)), "it is not due yet");
        assert!(!flow.goes_on(seconds(10)));
        // 16 kbit/s, for as long as it takes.
        let mut flow = Flow::new(begun);
        for at in (10..200).step_by(10) {
            flow.bytes += 2000 * 10;
            assert!(flow.goes_on(seconds(at)), "after {at} s");
        }
        // It began well, and came to a stop.
        flow.bytes = 1;
        assert!(!flow.goes_on(seconds(210)));
    }

    #[test]
    fn a_page_of_a_listing_holds_so_many_records_and_no_more() {
        let page = |rows: usize| format!("[{}]", vec!["{}"; rows].join(",")).into_bytes();
        let check = |rows| bounded(&mut page(rows), StatusCode::OK, 64 * 1000, None);
        assert!(check(1000).is_ok());
        assert!(matches!(
            check(1001),
            Err(Unread::TooLarge(Bulk::Objects(1000)))
        ));
    }
}
