//! Runs: everything that writes to Jira.
//!
//! A run applies a plan: its intent stands in the journal before each call, the outcome after it.
//! What an interrupted run left open is looked up by the next one.

pub(super) mod applied;
pub(super) mod apply;
pub(super) mod context;
pub(super) mod driver;
pub(super) mod inverse;
pub(super) mod invitations;
pub(super) mod lease;
pub(super) mod outcome;
pub(super) mod recovery;
pub(super) mod retry;
pub(super) mod undo;
pub(super) mod writes;

pub use applied::{Applied, FailureRow};
pub use apply::{ApplyRequest, apply};
pub use lease::rival;
pub use retry::retry;
pub use undo::undo;
