//! Pacing: how fast calls may begin, and the gates that `Retry-After` shuts.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
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
    /// `GET` and `POST`, as long as no answer names a limit.
    pub reads: f64,
    /// `PUT` and `DELETE`, as long as no answer names a limit.
    pub deletes: f64,
    /// The most of any method, whatever limit is named.
    pub most: f64,
    /// Whether to slow down as soon as the service says that its limit is near, for the sake of
    /// whoever else uses it.
    pub yields: bool,
}

/// The share of a rate that may begin at once after a quiet time.
const BURST: f64 = 0.04;
/// Calls to one endpoint that may be under way.
const AT_ONCE: usize = 48;
/// The same until the first answer, which may name a limit.
const AT_FIRST: usize = 4;
/// A named limit is nearly used up, by whomever, when less than this share of it is left.
const NEARLY: f64 = 0.05;
/// What is left of the rate after a 429 that says nothing about the limit.
const AFTER_429: f64 = 0.9;
/// How far the pace stays under a limit that it has found.
const UNDER: f64 = 0.95;
/// What is left of the rate when the service says that its limit is near.
const NEAR_LIMIT: f64 = 0.5;
/// How much of the highest rate every good answer gives back.
const RECOVERY: f64 = 0.005;
/// After so long without a 429, a limit that was found is tried a little higher.
const PROBED_AFTER: Duration = Duration::from_secs(20);
/// How often, and by how much of the highest rate.
const PROBED_EVERY: Duration = Duration::from_secs(5);
const PROBED_BY: f64 = 0.02;
/// Never slower than this share of the highest rate.
const LOWEST: f64 = 0.05;

#[derive(Debug)]
struct PaceState {
    /// The highest rate: just under the limit that the service named, if it did.
    highest: f64,
    /// Whether there was an answer.
    answered: bool,
    /// When the next call may begin.
    next: Instant,
    /// No call begins before this.
    gate: Option<Instant>,
    /// Calls a second now.
    rate: f64,
    /// What the service was found to bear; the highest rate until it refuses.
    ceiling: f64,
    /// Since when answers are counted: the first call, or the last 429.
    since: Option<Instant>,
    /// Good answers since then.
    good: u32,
    /// When a 429 was heeded last. Calls that had begun before it say nothing new.
    heeded: Option<Instant>,
    /// How long was waited then.
    waited: Duration,
    /// When the ceiling may be raised next.
    probe: Instant,
}

/// The pace of one endpoint. It starts from the highest rate, and learns the service's limit from
/// its refusals: between two moments at which a token bucket was empty, as many calls went through
/// as it was refilled with.
#[derive(Debug)]
pub(super) struct Pace {
    most: f64,
    yields: bool,
    state: Mutex<PaceState>,
    /// Places for calls that are under way.
    pub(super) places: Semaphore,
}

impl Pace {
    /// A pace of so many calls a second, and of at most so many where the service names a limit.
    pub(super) fn new(rate: f64, most: f64, yields: bool) -> Self {
        let now = Instant::now();
        Self {
            most,
            yields,
            state: Mutex::new(PaceState {
                highest: rate,
                answered: false,
                next: now,
                gate: None,
                rate,
                ceiling: rate,
                since: None,
                good: 0,
                heeded: None,
                waited: Duration::ZERO,
                probe: now,
            }),
            places: Semaphore::new(AT_FIRST),
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, PaceState> {
        // A panic while it was held can't leave it half changed: each change is one assignment.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for this call's turn. Where the gate is shut for longer than `most`, nothing waits: the
    /// error is how long it stays shut.
    pub(super) async fn turn(&self, most: Duration) -> Result<(), Duration> {
        loop {
            let slot = {
                let mut state = self.state();
                let shut = state.gate.map(|gate| gate - Instant::now());
                if let Some(wait) = shut.filter(|wait| *wait > most) {
                    return Err(wait);
                }
                let interval = Duration::from_secs_f64(1.0 / state.rate);
                let burst = Duration::from_secs_f64(state.highest * BURST / state.rate);
                let now = Instant::now();
                state.since.get_or_insert(now);
                let earliest = now.checked_sub(burst).unwrap_or(now);
                let slot = state.next.max(earliest);
                state.next = slot + interval;
                slot
            };
            tokio::time::sleep_until(slot).await;
            let shut = self.state().gate.is_some_and(|gate| gate > Instant::now());
            if !shut {
                return Ok(());
            }
            // The gate was shut meanwhile; `next` lies behind it, so that those who wait come out
            // one after another.
        }
    }

    /// Shuts the gate: nothing begins for this long.
    pub(super) fn shut(&self, wait: Duration) {
        let mut state = self.state();
        let until = Instant::now() + wait;
        state.gate = Some(state.gate.map_or(until, |gate| gate.max(until)));
        state.next = state.next.max(until);
    }

    /// The service refused a call that began at this time, and wants so long a wait.
    pub(super) fn refused(&self, begun: Instant, wait: Duration) {
        self.shut(wait);
        let mut state = self.state();
        if state.heeded.is_some_and(|heeded| begun <= heeded) {
            return;
        }
        let now = Instant::now();
        let first = state.heeded.is_none();
        let passed = state.since.map_or(Duration::ZERO, |since| now - since);
        let good = f64::from(state.good);
        // While it was waited for, a bucket was refilled with so much. Whoever is refused long
        // before that is used up is refused for another reason.
        let refilled = state.rate * state.waited.as_secs_f64().max(0.2);
        if good > refilled / 2.0 {
            // A bucket that nobody has emptied yet holds about a second's worth.
            let full = if first { 1.0 } else { 0.0 };
            let limit = good / (passed.as_secs_f64() + full).max(0.1);
            state.ceiling = (limit * UNDER).min(state.rate * UNDER);
            state.rate = state.ceiling;
        } else {
            state.rate *= AFTER_429;
        }
        let lowest = state.highest * LOWEST;
        state.ceiling = state.ceiling.max(lowest);
        state.rate = state.rate.max(lowest);
        state.since = Some(now);
        state.good = 0;
        state.heeded = Some(now);
        state.waited = wait;
        state.probe = now + PROBED_AFTER;
    }

    /// The service says that its limit is near.
    pub(super) fn near_limit(&self) {
        if self.yields {
            let mut state = self.state();
            state.rate = state.rate.min(state.highest * NEAR_LIMIT);
        }
    }

    /// An answer came, which may name the endpoint's limit and what is left of it. What can't be a
    /// limit is passed over.
    pub(super) fn answered(&self, limit: Option<f64>, left: Option<f64>) {
        let mut state = self.state();
        if !state.answered {
            state.answered = true;
            self.places.add_permits(AT_ONCE - AT_FIRST);
        }
        let Some(limit) = limit.filter(|limit| limit.is_finite() && *limit >= 1.0) else {
            return;
        };
        let highest = (limit * UNDER).min(self.most);
        if (highest - state.highest).abs() > f64::EPSILON {
            state.highest = highest;
            state.ceiling = highest;
            state.rate = highest;
        }
        if left.is_some_and(|left| left < limit * NEARLY) {
            state.rate = (state.rate * AFTER_429).max(highest * LOWEST);
        }
    }

    /// A good answer came.
    pub(super) fn good(&self) {
        let mut state = self.state();
        let now = Instant::now();
        state.good = state.good.saturating_add(1);
        if state.ceiling < state.highest && now >= state.probe {
            state.ceiling = (state.ceiling + state.highest * PROBED_BY).min(state.highest);
            state.probe = now + PROBED_EVERY;
        }
        state.rate = (state.rate + state.highest * RECOVERY).min(state.ceiling);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn calls_begin_one_interval_after_another() {
        let pace = Pace::new(10.0, 10.0, false);
        let start = Instant::now();
        for _ in 0..21 {
            pace.turn(Duration::MAX).await.unwrap();
        }
        assert!(start.elapsed() >= Duration::from_millis(1950));
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_passes_a_shut_gate() {
        let pace = std::sync::Arc::new(Pace::new(1000.0, 1000.0, false));
        pace.turn(Duration::MAX).await.unwrap();
        let start = Instant::now();
        pace.shut(Duration::from_secs(3));
        let waiting: Vec<_> = (0..10)
            .map(|_| {
                let pace = pace.clone();
                tokio::spawn(async move { pace.turn(Duration::MAX).await.unwrap() })
            })
            .collect();
        for call in waiting {
            call.await.unwrap();
            assert!(start.elapsed() >= Duration::from_secs(3));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_a_gate_that_stays_shut_too_long() {
        let pace = std::sync::Arc::new(Pace::new(1.0, 1.0, false));
        let most = Duration::from_mins(10);
        pace.turn(most).await.unwrap();
        // Somebody waits for the next slot when the gate is shut for an hour.
        let waiting = {
            let pace = pace.clone();
            tokio::spawn(async move { pace.turn(most).await })
        };
        tokio::task::yield_now().await;
        let start = Instant::now();
        pace.shut(Duration::from_hours(1));
        assert!(waiting.await.unwrap().is_err());
        assert!(pace.turn(most).await.is_err());
        assert!(start.elapsed() < most);
    }

    /// A token bucket on the other side of the line.
    async fn against(limit: f64, burst: f64, calls: u32) -> (f64, f64) {
        const TRIP: Duration = Duration::from_millis(50);
        let pace = std::sync::Arc::new(Pace::new(95.0, 100.0, false));
        let bucket = std::sync::Arc::new(Mutex::new((burst, Instant::now())));
        let start = Instant::now();
        let mut under_way = Vec::new();
        for _ in 0..calls {
            let (pace, bucket) = (pace.clone(), bucket.clone());
            under_way.push(tokio::spawn(async move {
                let mut refusals = 0_u32;
                loop {
                    let place = pace.places.acquire().await.unwrap();
                    pace.turn(Duration::MAX).await.unwrap();
                    let begun = Instant::now();
                    tokio::time::sleep(TRIP).await;
                    let good = {
                        let mut bucket = bucket.lock().unwrap();
                        let now = Instant::now();
                        let more = (now - bucket.1).as_secs_f64() * limit;
                        *bucket = ((bucket.0 + more).min(burst), now);
                        let good = bucket.0 >= 1.0;
                        bucket.0 -= f64::from(u8::from(good));
                        good
                    };
                    tokio::time::sleep(TRIP).await;
                    drop(place);
                    pace.answered(None, None);
                    if good {
                        pace.good();
                        return refusals;
                    }
                    refusals += 1;
                    pace.refused(begun, Duration::from_secs(1));
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }));
        }
        let mut refusals = 0;
        for call in under_way {
            refusals += call.await.unwrap();
        }
        let rate = f64::from(calls) / start.elapsed().as_secs_f64();
        (
            rate / limit,
            f64::from(refusals) / f64::from(calls + refusals),
        )
    }

    #[tokio::test(start_paused = true)]
    async fn the_pace_finds_the_limit_of_the_service() {
        for (limit, burst) in [
            (100.0, 100.0),
            (80.0, 80.0),
            (50.0, 100.0),
            (50.0, 50.0),
            (20.0, 20.0),
        ] {
            let (ratio, refused) = against(limit, burst, 3000).await;
            assert!(ratio > 0.9, "{limit}: {ratio}");
            assert!(refused < 0.01, "{limit}: {refused}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_limit_that_is_named_counts_from_the_first_answer() {
        for (named, most, expected) in [
            (20.0, 100.0, 19.0),
            (350.0, 100.0, 100.0),
            (350.0, 10.0, 10.0),
            (0.0, 100.0, 95.0),
            (f64::NAN, 100.0, 95.0),
            (-5.0, 100.0, 95.0),
        ] {
            let pace = Pace::new(95.0, most, false);
            pace.answered(Some(named), Some(named));
            let start = Instant::now();
            for _ in 0..300 {
                pace.turn(Duration::MAX).await.unwrap();
                pace.good();
            }
            let rate = 300.0 / start.elapsed().as_secs_f64();
            assert!((rate / expected - 1.0).abs() < 0.06, "{named}: {rate}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_others_use_of_a_named_limit_is_left_to_them() {
        let pace = Pace::new(95.0, 100.0, false);
        let start = Instant::now();
        for _ in 0..100 {
            pace.turn(Duration::MAX).await.unwrap();
            pace.answered(Some(100.0), Some(1.0));
        }
        assert!(start.elapsed() > Duration::from_secs(5));
    }
}
