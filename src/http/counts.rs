//! How many requests were sent.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counters of one service.
#[derive(Debug, Default)]
pub struct Counts {
    requests: AtomicU64,
    retries: AtomicU64,
    throttled: AtomicU64,
    waiting: AtomicU64,
}

/// A call that waits because the service asked for patience; until it is dropped.
#[derive(Debug)]
pub(super) struct Waiting<'a>(&'a Counts);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Relaxed);
    }
}

/// What the counters say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counted {
    /// Requests sent, repetitions included.
    pub requests: u64,
    /// Repetitions among them.
    pub retries: u64,
    /// Answers with status 429.
    pub throttled: u64,
    /// Calls that wait now, since the service asked for patience.
    pub waiting: u64,
}

impl Counts {
    pub(super) fn request(&self, repeated: bool) {
        self.requests.fetch_add(1, Relaxed);
        if repeated {
            self.retries.fetch_add(1, Relaxed);
        }
    }

    pub(super) fn waits(&self, wait: std::time::Duration) -> Waiting<'_> {
        tracing::info!(seconds = wait.as_secs_f64(), "asked to wait");
        self.waiting.fetch_add(1, Relaxed);
        Waiting(self)
    }

    pub(super) fn throttled(&self) {
        self.throttled.fetch_add(1, Relaxed);
    }

    /// What they say now.
    #[must_use]
    pub fn read(&self) -> Counted {
        Counted {
            requests: self.requests.load(Relaxed),
            retries: self.retries.load(Relaxed),
            throttled: self.throttled.load(Relaxed),
            waiting: self.waiting.load(Relaxed),
        }
    }
}
