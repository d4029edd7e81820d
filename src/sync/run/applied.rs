//! How a run ended, for people and for programs.

use crate::plan::Counts;
use crate::store::RunOutcome;
use crate::sync::problem::Problem;
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

/// How a run ended.
#[derive(Debug)]
pub struct Applied {
    /// Its id.
    pub run_id: String,
    /// The plan that was reviewed.
    pub plan_id: String,
    /// Outcome.
    pub outcome: RunOutcome,
    /// Counts.
    pub counts: Counts,
    /// What failed.
    pub failures: Vec<FailureRow>,
    /// What stopped the run, if something did.
    pub stopped_by: Option<Problem>,
    /// How long it took since the session was opened, reading included.
    pub seconds: f64,
}

impl Applied {
    /// How it ended, in a sentence.
    #[must_use]
    pub fn headline(&self) -> &'static str {
        match self.outcome {
            RunOutcome::Applied => "Applied.",
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
