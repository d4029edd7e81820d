//! How far a run is: one value that is overwritten.

use crate::entra::EntraProgress;
use crate::http::{Counted, Counts as Meter};
use crate::jira::JiraProgress;
use crate::plan::Counts;
use std::sync::{Arc, Mutex, PoisonError};
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
        entra: Arc<EntraProgress>,
        /// Jira's rows.
        jira: Arc<JiraProgress>,
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

/// A stage without its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StageKind {
    /// Signing in on both sides.
    Connecting,
    /// Reading both sides.
    Reading,
    /// Looking up people whose Jira account may hide its e-mail.
    LookingUp,
    /// Working out the plan.
    Planning,
    /// Applying.
    Applying,
}

impl Stage {
    fn kind(&self) -> Option<StageKind> {
        Some(match self {
            Self::Idle => return None,
            Self::Connecting => StageKind::Connecting,
            Self::Reading { .. } => StageKind::Reading,
            Self::LookingUp { .. } => StageKind::LookingUp,
            Self::Planning => StageKind::Planning,
            Self::Applying { .. } => StageKind::Applying,
        })
    }
}

/// The place where progress is shown from.
#[derive(Debug, Clone)]
pub struct Progress {
    stage: Arc<watch::Sender<Stage>>,
    meters: Arc<Mutex<Option<Meters>>>,
    trail: Arc<Mutex<Vec<StageKind>>>,
}

#[derive(Debug)]
struct Meters {
    entra: Arc<Meter>,
    jira: Arc<Meter>,
}

/// What both services were asked so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Entra, tokens not included.
    pub entra: Counted,
    /// Jira.
    pub jira: Counted,
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            stage: Arc::new(watch::Sender::new(Stage::Idle)),
            meters: Arc::default(),
            trail: Arc::default(),
        }
    }
}

impl Progress {
    /// Somebody who looks at it.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Stage> {
        self.stage.subscribe()
    }

    /// The stages that were entered so far, the first ones left out: none is missed, however
    /// short it was.
    #[must_use]
    pub fn trail(&self, from: usize) -> Vec<StageKind> {
        let trail = self.trail.lock().unwrap_or_else(PoisonError::into_inner);
        trail.iter().skip(from).copied().collect()
    }

    pub(super) fn now(&self, stage: Stage) {
        if let Some(kind) = stage.kind() {
            let mut trail = self.trail.lock().unwrap_or_else(PoisonError::into_inner);
            if trail.last() != Some(&kind) {
                trail.push(kind);
            }
        }
        self.stage.send_replace(stage);
    }

    pub(super) fn measures(&self, entra: Arc<Meter>, jira: Arc<Meter>) {
        *self.meters.lock().unwrap_or_else(PoisonError::into_inner) = Some(Meters { entra, jira });
    }

    /// Requests so far, and what waits now. Nothing before both sides were signed in to.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        let meters = self.meters.lock().unwrap_or_else(PoisonError::into_inner);
        meters
            .as_ref()
            .map_or_else(Traffic::default, |meters| Traffic {
                entra: meters.entra.read(),
                jira: meters.jira.read(),
            })
    }
}
