//! What the executor says and is told: steps, outcomes, counts.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What to do with an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Call the service.
    Write,
    /// See whether a call whose outcome is unclear took place.
    LookUp,
}

/// One thing to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Index of the operation in the plan.
    pub operation: u32,
    /// What to do.
    pub effect: Effect,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Do these, at once.
    Do(Vec<Step>),
    /// Nothing before this time or before an outcome is recorded, whichever is first.
    Wait(Option<Duration>),
    /// Everything is settled.
    Done,
}

/// How a step went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Done,
    /// There was nothing to do: it was so already.
    Already,
    /// The account is not visible yet.
    NotVisible,
    /// Nobody knows whether the call took place.
    Unclear,
    /// A look-up found no trace of the call.
    Absent,
    /// It failed; what depends on it can't be done.
    Failed,
    /// The group can't be written by this admin: nothing more is tried on it.
    GroupRefused,
    /// The group is gone: nothing more is tried on it.
    GroupGone,
    /// No licence is left: nothing more is created, or put into this group.
    NoSeat,
    /// The organization's key is not accepted: nothing more of this kind is tried.
    NoKey,
    /// Nothing can succeed any more: authorization lost, site down.
    Systemic,
    /// The call was not made, since the run was cancelled.
    NotMade,
}

/// How many operations ended in which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Done.
    pub done: u64,
    /// It was so already.
    pub already: u64,
    /// Failed.
    pub failed: u64,
    /// Skipped, since something they need failed, was cut out or did not run.
    pub skipped: u64,
    /// Held by guards.
    pub held: u64,
}
