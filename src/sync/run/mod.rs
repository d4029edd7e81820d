//! Runs: everything that writes to Jira.
//!
//! A run applies a plan: its intent stands in the journal before each call, the outcome after it.
//! What an interrupted run left open is looked up by the next one.

pub(super) mod apply;
pub(super) mod driver;
pub(super) mod invitations;
pub(super) mod lease;
pub(super) mod outcome;
pub(super) mod recovery;
pub(super) mod undo;
pub(super) mod writes;

pub use apply::{Applied, ApplyRequest, FailureRow, apply};
pub use lease::{Rival, rival};
pub use undo::{retry, undo};
