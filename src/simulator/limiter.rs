//! Jira's burst limits, per endpoint and method.

use std::collections::HashMap;
use std::time::{Duration, Instant};

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    at: Instant,
    /// When it was said to wait, and until when.
    shut: Option<(Instant, Instant)>,
}

/// A request that comes so soon after another was told to wait was on its way already.
const ON_ITS_WAY: Duration = Duration::from_millis(300);

/// Token buckets, one for each endpoint and method.
#[derive(Debug, Default)]
pub(super) struct Limiter {
    buckets: HashMap<(String, String), Bucket>,
}

/// What the limiter says to a request.
pub(super) struct Verdict {
    /// Seconds to wait, if the request is refused.
    pub(super) refused: Option<u64>,
    /// Whether an earlier `Retry-After` was not over.
    pub(super) early: bool,
    /// Calls a second, and what is left of them.
    pub(super) limit: (f64, f64),
}

impl Limiter {
    /// `most`: calls a second, and the burst; without it what Atlassian documents.
    pub(super) fn ask(
        &mut self,
        method: &str,
        endpoint: &str,
        on: bool,
        most: Option<f64>,
    ) -> Verdict {
        let limit = most.unwrap_or(match method {
            "GET" | "POST" => 100.0,
            _ => 50.0,
        });
        let now = Instant::now();
        let bucket = self
            .buckets
            .entry((method.to_owned(), endpoint.to_owned()))
            .or_insert(Bucket {
                tokens: limit,
                at: now,
                shut: None,
            });
        let early = bucket
            .shut
            .is_some_and(|(since, until)| now < until && now > since + ON_ITS_WAY);
        let passed = now.duration_since(bucket.at).as_secs_f64();
        bucket.at = now;
        bucket.tokens = (bucket.tokens + passed * limit).min(limit);
        if on && bucket.tokens < 1.0 {
            bucket.shut = Some((now, now + Duration::from_secs(1)));
            return Verdict {
                refused: Some(1),
                early,
                limit: (limit, 0.0),
            };
        }
        bucket.tokens -= 1.0;
        Verdict {
            refused: None,
            early,
            limit: (limit, bucket.tokens.max(0.0)),
        }
    }

    /// Notes a `Retry-After` that a fault gave.
    pub(super) fn shut(&mut self, method: &str, endpoint: &str, seconds: u64) {
        let key = (method.to_owned(), endpoint.to_owned());
        if let Some(bucket) = self.buckets.get_mut(&key) {
            let now = Instant::now();
            bucket.shut = Some((now, now + Duration::from_secs(seconds)));
        }
    }
}
