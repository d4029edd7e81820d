//! What a profile keeps on disk: `state.db`, which must never be lost, `mirror.db`, a cache, and
//! the lock that one process at a time holds.

mod audit;
mod backups;
mod database;
mod error;
mod journal;
mod leavers;
mod links;
mod lock;
mod mirror;
mod runs;
mod state;
mod undoing;

pub use audit::{AuditRow, COLUMNS as AUDIT_COLUMNS};
pub use backups::{Restored, restore};
pub use error::StoreError;
pub use journal::{Entry, Finished, Journal, JournalOutcome, Learnt};
pub use links::{LinkedHow, Written, YoungLink};
pub use lock::{Holder, Lock, Owner};
pub use mirror::{EntraNotes, Listing, Mirror, Mirrored};
pub use runs::{JournalRow, NewRun, Run, RunKind, RunOutcome};
pub use state::{Found, Identity, State, Unfinished};
