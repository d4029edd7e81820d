//! Pacing: how fast calls may begin, and the gates that `Retry-After` shuts.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Which calls wait when a service says `Retry-After`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// All calls to the service (Microsoft Graph).
    Service,
    /// The calls of that endpoint and method (Jira).
    Endpoint,
}

/// Calls a second for one endpoint.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    /// `GET` and `POST`.
    pub reads: f64,
    /// `PUT` and `DELETE`.
    pub deletes: f64,
}

/// The share of a rate that may begin at once after a quiet time.
const BURST: f64 = 0.04;
/// What is left of the rate after a 429.
const AFTER_429: f64 = 0.7;
/// What is left of the rate when the service says that its limit is near.
const NEAR_LIMIT: f64 = 0.5;
/// How much of the highest rate every good answer gives back.
const RECOVERY: f64 = 0.005;

#[derive(Debug)]
struct State {
    /// When the next call may begin.
    next: Instant,
    /// No call begins before this.
    gate: Option<Instant>,
    /// Calls a second now.
    rate: f64,
}

/// The pace of one endpoint.
#[derive(Debug)]
pub(super) struct Pace {
    highest: f64,
    state: Mutex<State>,
}

impl Pace {
    pub(super) fn new(rate: f64) -> Self {
        Self {
            highest: rate,
            state: Mutex::new(State {
                next: Instant::now(),
                gate: None,
                rate,
            }),
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // A panic while it was held can't leave it half changed: each change is one assignment.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for this call's turn.
    pub(super) async fn turn(&self) {
        loop {
            let slot = {
                let mut state = self.state();
                let interval = Duration::from_secs_f64(1.0 / state.rate);
                let burst = Duration::from_secs_f64(self.highest * BURST / state.rate);
                let now = Instant::now();
                let earliest = now.checked_sub(burst).unwrap_or(now);
                let slot = state.next.max(earliest);
                state.next = slot + interval;
                slot
            };
            tokio::time::sleep_until(slot).await;
            let shut = self.state().gate.is_some_and(|gate| gate > Instant::now());
            if !shut {
                return;
            }
            // The gate was shut meanwhile; `next` lies behind it, so that those who wait come out
            // one after another.
        }
    }

    /// Shuts the gate: nothing begins for this long. The pace slows down.
    pub(super) fn shut(&self, wait: Duration) {
        let mut state = self.state();
        let until = Instant::now() + wait;
        state.gate = Some(state.gate.map_or(until, |gate| gate.max(until)));
        state.next = state.next.max(until);
        state.rate = (state.rate * AFTER_429).max(self.highest * 0.05);
    }

    /// The service says that its limit is near.
    pub(super) fn near_limit(&self) {
        let mut state = self.state();
        state.rate = state.rate.min(self.highest * NEAR_LIMIT);
    }

    /// A good answer came.
    pub(super) fn good(&self) {
        let mut state = self.state();
        state.rate = (state.rate + self.highest * RECOVERY).min(self.highest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn calls_begin_one_interval_after_another() {
        let pace = Pace::new(10.0);
        let start = Instant::now();
        for _ in 0..21 {
            pace.turn().await;
        }
        assert!(start.elapsed() >= Duration::from_millis(1950));
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_passes_a_shut_gate() {
        let pace = std::sync::Arc::new(Pace::new(1000.0));
        pace.turn().await;
        let start = Instant::now();
        pace.shut(Duration::from_secs(3));
        let waiting: Vec<_> = (0..10)
            .map(|_| {
                let pace = pace.clone();
                tokio::spawn(async move { pace.turn().await })
            })
            .collect();
        for call in waiting {
            call.await.unwrap();
            assert!(start.elapsed() >= Duration::from_secs(3));
        }
    }
}
