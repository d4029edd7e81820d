//! The use cases: check, refresh, plan, apply, adopt.
//!
//! A [`Session`] is one profile with its lock, stores and clients. It drives what the pure modules
//! decide, and turns every error into words for an administrator in one place, [`Problem`].

mod adopt;
mod apply;
mod attempt;
mod audit;
mod check;
mod departures;
mod drift;
mod drive;
mod entra_side;
mod error;
mod invite;
mod jira_members;
mod jira_side;
mod lease;
mod listings;
mod look_up;
mod planning;
mod progress;
mod recover;
mod refresh;
mod saved;
mod session;
mod undo;
mod verify;
mod words;
mod writes;

pub use crate::http::Control;
pub use adopt::{Adoption, consider as consider_adoption, find as find_adoption};
pub use apply::{Applied, ApplyRequest, FailureRow, Requests, apply};
pub use audit::{ExportForm, export, private_file};
pub use check::{Finding, Side, State as FindingState, check, check_side, last_read};
pub use error::SyncError;
pub use lease::Rival;
pub use planning::{Planned, Recalled, confirm, plan, recall};
pub use progress::{Progress, Stage, StageKind, Traffic};
pub use refresh::Snapshots;
pub use saved::{Matched, as_reviewed, carry_over, narrow, read_saved, same_adoption, save};
pub use session::{Opening, Session, who};
pub use undo::{retry, undo};
pub use words::Problem;
