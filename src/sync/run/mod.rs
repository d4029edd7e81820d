//! Runs: what is applied, and how that ends. Every face calls these and prints.
//!
//! [`propose`] makes a plan for a purpose and gives the lock back, so that a person may think;
//! [`reviewed`] applies what they agreed to. [`unattended`] does all of it by itself. Both take in what was
//! decided meanwhile, just before the first write, and end in a [`Report`]. A run's intents stand in
//! the journal before each call, the outcomes after it; what an interrupted run left open is looked up
//! by the next one.

pub(super) mod apply;
pub(super) mod context;
mod decided;
pub(super) mod driver;
mod holding;
pub(super) mod inverse;
pub(super) mod invitations;
pub(super) mod lease;
pub(super) mod outcome;
mod proposal;
pub(super) mod recovery;
mod report;
mod request;
mod retry;
mod reviewed;
mod unattended;
mod undo;
pub(super) mod writes;

pub use proposal::{Proposal, Purpose, propose};
pub use report::{FailureRow, Report};
pub use reviewed::{declined, nothing_to_do, other_machine, reviewed};
pub use unattended::{scheduled, unattended};
