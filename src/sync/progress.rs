//! How far a run is: one value that is overwritten.

use crate::entra::Listed;
use crate::jira::Read;
use crate::plan::Counts;
use std::sync::Arc;
use tokio::sync::watch;

/// What is being done.
#[derive(Debug, Clone, Default)]
pub enum Stage {
    /// Nothing yet.
    #[default]
    Idle,
    /// Signing in on both sides.
    Connecting,
    /// Reading both sides; the counters go on by themselves.
    Reading {
        /// Entra's rows.
        entra: Arc<Listed>,
        /// Jira's rows.
        jira: Arc<Read>,
    },
    /// Looking up people whose Jira account may hide its e-mail.
    LookingUp {
        /// Looked up so far.
        done: u64,
        /// To be looked up.
        total: u64,
    },
    /// Working out the plan.
    Planning,
    /// Applying.
    Applying {
        /// Counts so far.
        counts: Counts,
        /// Operations of the run.
        total: u64,
    },
}

/// The place where progress is shown from.
#[derive(Debug, Clone)]
pub struct Progress(Arc<watch::Sender<Stage>>);

impl Default for Progress {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(Stage::Idle)))
    }
}

impl Progress {
    /// Somebody who looks at it.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Stage> {
        self.0.subscribe()
    }

    pub(super) fn now(&self, stage: Stage) {
        self.0.send_replace(stage);
    }
}
