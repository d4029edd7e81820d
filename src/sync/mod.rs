//! The use cases: check, refresh, plan, apply, adopt.
//!
//! A [`Session`] is one profile with its lock, stores and clients. It drives what the pure modules
//! decide, and turns every error into words for an administrator in one place, [`Problem`].

mod adopt;
mod check;
mod clock;
mod error;
mod export;
mod origins;
mod planned;
mod planning;
mod problem;
mod progress;
mod read;
mod restore;
mod rival;
pub mod run;
mod saved;
mod session;
mod what_if;

pub use crate::http::Control;
pub use crate::plan::Side;
pub use adopt::{Adoption, consider as consider_adoption};
pub use check::{Finding, State as FindingState, check, check_side, last_read};
pub use clock::Clock;
pub use error::{NotAdoptable, OriginChange, SyncError};
pub use export::{ExportError, ExportForm, export, export_run, private_file};
pub use origins::{confirm_origins, refuse_unconfirmed};
pub use planned::Planned;
pub use planning::{Recalled, plan, recall};
pub use problem::{Problem, ProblemKind};
pub use progress::{Progress, Stage, StageKind, Traffic};
pub use read::ReadOptions;
pub use restore::restore;
pub use rival::Rival;
pub use saved::{SavedPlan, read_saved, save};
pub use session::{Opening, Requests, Session, who};
pub use what_if::{WhatIf, what_if};
