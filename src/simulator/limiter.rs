//! Jira's burst limits, per endpoint and method.

use std::collections::HashMap;
use std::time::{Duration, Instant};

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    at: Instant,
    shut_until: Option<Instant>,
}

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
                shut_until: None,
            });
        let early = bucket.shut_until.is_some_and(|until| now < until);
        let passed = now.duration_since(bucket.at).as_secs_f64();
        bucket.at = now;
        bucket.tokens = (bucket.tokens + passed * limit).min(limit);
        if on && bucket.tokens < 1.0 {
            bucket.shut_until = Some(now + Duration::from_secs(1));
            return Verdict {
                refused: Some(1),
                early,
            };
        }
        bucket.tokens -= 1.0;
        Verdict {
            refused: None,
            early,
        }
    }

    /// Notes a `Retry-After` that a fault gave.
    pub(super) fn shut(&mut self, method: &str, endpoint: &str, seconds: u64) {
        let key = (method.to_owned(), endpoint.to_owned());
        if let Some(bucket) = self.buckets.get_mut(&key) {
            bucket.shut_until = Some(Instant::now() + Duration::from_secs(seconds));
        }
    }
}
