//! What a face shows of a use case: how far it is, and what an administrator should know.
//!
//! How far it is is one value that is overwritten. Notes are a bounded ring of lines: a face takes
//! them at the end of a step, and one that never does costs no more memory than the ring.

use crate::entra::EntraProgress;
use crate::http::{Counted, Counts as Meter};
use crate::jira::JiraProgress;
use crate::plan::Counts;
use crate::text::counted;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// How many notes are kept until a face takes them.
const NOTES: usize = 400;

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
    notes: Arc<Mutex<Notes>>,
    unknown: Arc<Mutex<Vec<String>>>,
}

#[derive(Debug, Default)]
struct Notes {
    lines: VecDeque<String>,
    /// How many were too many since they were taken last: the oldest ones.
    dropped: u64,
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
            notes: Arc::default(),
            unknown: Arc::default(),
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

    /// Notes something that an administrator should know, though it stops nothing.
    pub fn note(&self, text: impl Into<String>) {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        if notes.lines.len() == NOTES {
            notes.lines.pop_front();
            notes.dropped += 1;
        }
        notes.lines.push_back(text.into());
    }

    /// Notes what an optional source would not tell. Every plan says it from then on.
    pub(super) fn unknown(&self, text: impl Into<String>) {
        let text = text.into();
        let mut unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        if !unknown.contains(&text) {
            unknown.push(text.clone());
            drop(unknown);
            self.note(text);
        }
    }

    /// What optional sources would not tell.
    pub(super) fn unknowns(&self) -> Vec<String> {
        let unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        unknown.clone()
    }

    /// What was noted since this was called last.
    #[must_use]
    pub fn take_notes(&self) -> Vec<String> {
        let notes = {
            let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *notes)
        };
        let more = (notes.dropped > 0).then(|| {
            let count = counted(notes.dropped, "earlier note", "earlier notes");
            format!("{count} left out here.")
        });
        more.into_iter().chain(notes.lines).collect()
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

#[cfg(test)]
mod tests {
    use super::{NOTES, Progress};

    #[test]
    fn notes_are_told_once_and_the_oldest_give_way() {
        let progress = Progress::default();
        progress.note("one");
        assert_eq!(progress.take_notes(), ["one"]);
        assert!(progress.take_notes().is_empty());
        for number in 0..NOTES + 2 {
            progress.note(number.to_string());
        }
        let notes = progress.take_notes();
        assert_eq!(notes.len(), NOTES + 1);
        assert_eq!(notes[..2], ["2 earlier notes left out here.", "2"]);
    }
}
