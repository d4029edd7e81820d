//! How work is cancelled or paused from outside.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Cancels or pauses whatever was given a copy of it. A call that is on its way is finished in
/// either case.
#[derive(Debug, Clone)]
pub struct Control {
    cancel: CancellationToken,
    paused: Arc<watch::Sender<bool>>,
    hurried: Arc<AtomicBool>,
    awaited: Arc<watch::Sender<Option<String>>>,
    /// When nobody waits any more before a call is made again.
    patient_until: Option<Instant>,
}

impl Default for Control {
    fn default() -> Self {
        CancellationToken::new().into()
    }
}

impl From<CancellationToken> for Control {
    fn from(cancel: CancellationToken) -> Self {
        Self {
            cancel,
            paused: Arc::new(watch::Sender::new(false)),
            hurried: Arc::default(),
            awaited: Arc::new(watch::Sender::new(None)),
            patient_until: None,
        }
    }
}

impl Control {
    /// Nothing new is begun from now on.
    pub fn cancel(&self) {
        self.cancel.cancel();
    }

    /// Whether it was cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }

    /// Waits until it is cancelled.
    pub async fn cancelled(&self) {
        self.cancel.cancelled().await;
    }

    /// The same for calls for which a person waits: each is given up soon, until they are given time.
    #[must_use]
    pub fn hurried(&self) -> Self {
        Self {
            hurried: Arc::new(AtomicBool::new(true)),
            ..self.clone()
        }
    }

    /// The same for what a person watches from begin to end: within this time all waits for services that
    /// ask for patience are over, and a longer one is told at once.
    #[must_use]
    pub fn patient_for(&self, time: Duration) -> Self {
        Self {
            patient_until: Some(Instant::now() + time),
            ..self.clone()
        }
    }

    /// For how long may still be waited, if that has an end.
    pub(super) fn patience_left(&self) -> Option<Duration> {
        let ends = self.patient_until?;
        Some(ends.saturating_duration_since(Instant::now()))
    }

    /// From now on nobody waits for each single call.
    pub fn give_time(&self) {
        self.hurried.store(false, Relaxed);
    }

    pub(super) fn is_hurried(&self) -> bool {
        self.hurried.load(Relaxed)
    }

    /// The host that has been taking its time for an answer for which a person waits.
    #[must_use]
    pub fn awaited(&self) -> watch::Receiver<Option<String>> {
        self.awaited.subscribe()
    }

    pub(super) fn awaits(&self, host: Option<String>) {
        self.awaited.send_if_modified(|awaited| {
            let other = *awaited != host;
            *awaited = host;
            other
        });
    }

    /// Nothing new is begun until it goes on.
    pub fn pause(&self, paused: bool) {
        self.paused.send_replace(paused);
    }

    /// Whether it is paused.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        *self.paused.borrow()
    }

    /// Waits while it is paused.
    pub async fn go(&self) {
        let mut paused = self.paused.subscribe();
        // The sender lives in `self`: the wait can't fail.
        let _ = paused.wait_for(|paused| !paused).await;
    }
}
