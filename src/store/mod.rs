//! What a profile keeps on disk: `state.db`, which must never be lost, `mirror.db`, a cache, and
//! the lock that one process at a time holds.
//!
//! `state.rs` holds the handle of `state.db`; each of its tables has a file with an `impl State`, and
//! no table knows another one. What changes several tables at once stands above them: `record.rs`
//! stores what an administrator decides, `settle.rs` what follows from an operation's outcome,
//! `journal_writer.rs` what a run writes down. Only codes are stored; words are made when a row is
//! read. Nothing here decides anything.

mod audit;
mod backups;
mod codes;
mod copies;
mod database;
mod decisions;
mod error;
mod files;
mod group_links;
mod group_pins;
mod identity;
mod journal;
mod journal_writer;
mod lock;
mod measures;
mod mirror;
mod new_accounts;
mod origins;
mod owner;
mod people_links;
mod plan_key;
mod recognised;
mod record;
mod refusals;
mod runs;
mod settle;
mod state;
mod taken;
mod undo;
mod unfinished;

pub use audit::{AuditRow, COLUMNS as AUDIT_COLUMNS};
pub use backups::{Restored, restore};
pub use error::{StoreError, UnknownWord};
pub use files::{claim, create_private, private_folder};
pub use identity::Identity;
pub use journal::{JournalOutcome, JournalRow, Note, Written};
pub use journal_writer::{Entry, Finished, Journal, Learnt};
pub use lock::{Holder, Lock};
pub use mirror::{EntraNotes, Listing, Mirror, Mirrored};
pub use origins::Origins;
pub use owner::Owner;
pub use people_links::{LinkedHow, PersonLink, YoungLink};
pub use record::{PutBack, Replaced};
pub use runs::{NewRun, Run, RunKind, RunOutcome, StoredGuard};
pub use state::State;
pub use unfinished::{Found, Unfinished};
