//! How a run went: everything that a face prints of it.

use crate::plan::{Complete, Counts, DoubtRow, GuardCount, GuardName};
use crate::store::{RunKind, RunOutcome};
use crate::sync::planned::Planned;
use crate::sync::problem::Problem;
use crate::sync::session::Requests;
use crate::text::grouped;

/// An operation that failed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FailureRow {
    /// Operation id.
    pub operation: String,
    /// What it was, for people.
    #[serde(skip)]
    pub what: String,
    /// Status of the answer.
    pub status: Option<u16>,
    /// Code of the answer.
    pub code: Option<String>,
    /// What went wrong.
    pub message: String,
    /// What to do.
    pub advice: String,
    /// For support.
    pub request_id: Option<String>,
}

/// How a run went.
#[derive(Debug, Clone)]
pub struct Report {
    /// Its id; none where nothing was begun, so that no run is journalled.
    pub run_id: Option<String>,
    /// The plan that was reviewed.
    pub plan_id: String,
    /// What kind of run it is.
    pub kind: RunKind,
    /// How it ended.
    pub outcome: RunOutcome,
    /// How many operations came to which end.
    pub counts: Counts,
    /// What failed.
    pub failures: Vec<FailureRow>,
    /// What guards held, also what they held of it when it was reviewed.
    pub guards: Vec<GuardCount>,
    /// Whether both sides were read to their end.
    pub complete: Complete,
    /// Listings that may not be whole.
    pub doubts: Vec<DoubtRow>,
    /// What stopped the run, if something did.
    pub stopped_by: Option<Problem>,
    /// Requests of the session so far, reading included.
    pub requests: Requests,
    /// Seconds that the session worked, reading included, and without the time in which people were
    /// asked.
    pub seconds: f64,
}

impl Report {
    /// Nothing was begun: there was nothing to do, or somebody said no.
    pub(super) fn nothing_begun(
        planned: &Planned,
        kind: RunKind,
        outcome: RunOutcome,
        requests: Requests,
    ) -> Self {
        Self {
            run_id: None,
            plan_id: planned.plan.id.clone(),
            kind,
            outcome,
            counts: Counts::default(),
            failures: Vec::new(),
            guards: planned.plan.guards.clone(),
            complete: planned.complete(),
            doubts: planned.doubts(),
            stopped_by: None,
            requests,
            seconds: 0.0,
        }
    }

    /// The guard that waits for a person's review, before which nothing else matters.
    #[must_use]
    pub fn waits_for_review(&self) -> Option<&GuardCount> {
        let reviews = [GuardName::FirstReview, GuardName::SettingsChanged];
        self.guards.iter().find(|g| reviews.contains(&g.name))
    }

    /// How it ended, in a sentence.
    #[must_use]
    pub fn headline(&self) -> &'static str {
        match self.outcome {
            RunOutcome::Applied => "Applied.",
            RunOutcome::Nothing if self.kind == RunKind::Adopt => {
                "Adopted. Nobody had to join or leave."
            }
            RunOutcome::Nothing => "Nothing had to be applied.",
            RunOutcome::Held if self.counts.done + self.counts.already == 0 => {
                "Held: nothing was applied."
            }
            RunOutcome::Held => "Applied what guards let through.",
            RunOutcome::Partial => "Applied, but some operations failed.",
            RunOutcome::Failed => "Stopped before the end.",
            RunOutcome::Cancelled => "Cancelled; what was on its way was finished.",
        }
    }

    /// What was done and what was not, such as `12 done · 3 held`; `0 done` where nothing was.
    #[must_use]
    pub fn counts_in_words(&self) -> String {
        let mut words = format!("{} done", grouped(self.counts.done));
        for (count, word) in [
            (self.counts.already, "there already"),
            (self.counts.failed, "failed"),
            (self.counts.skipped, "skipped"),
            (self.counts.held, "held"),
        ] {
            if count > 0 {
                words = format!("{words} · {} {word}", grouped(count));
            }
        }
        words
    }
}
