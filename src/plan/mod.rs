//! What should be done, and in which order: pure.
//!
//! [`make`] takes both snapshots, what is known from before ([`Known`]), the settings and today's
//! date, and gives a [`Plan`]: the operations that bring Jira to the desired state, each with its
//! reason, what the guards hold, and everyone who is left out and why. The same input gives the
//! same plan. Nothing here knows HTTP, SQL, a terminal, a clock or async.

mod decision;
mod desired;
mod diff;
mod document;
mod estimate;
mod executor;
mod guards;
mod identity;
mod known;
mod leavers;
mod make;
mod matching;
mod names;
mod narrowing;
mod operation;
mod patterns;
mod people;
mod period;
mod question;
mod reason;
mod schedule;
mod scope;
mod settings;
mod shape;
mod step;
mod undo;
mod verification;

pub use decision::{Decision, RowDecision};
pub use desired::{Target, TargetState, class as group_class, groups_to_read, members_of, sources};
pub use document::{
    Complete, Document, DocumentError, GroupPair, GroupRef, GuardRow, LinkCounts, OperationRow,
    Pinned, Row, SeatRow, Summary, UserRef, read as read_document, write as write_document,
};
pub use estimate::{CallRates, time_for, time_to_apply};
pub use executor::Executor;
pub use guards::{Allowance, AllowanceError, Allowances, GuardCount, GuardName, Held};
pub use identity::settings_digest;
pub use known::{
    Baseline, Decisions, GroupLink, History, Known, Links, LookUp, LookUps, Measured, Ownership,
    Taken, TakenWhat,
};
pub use make::make;
pub use matching::{Matched, PendingLookUps, Recognition, pending_look_ups};
pub use names::name_in_jira;
pub use operation::{Kind, Operation, OperationId, Stage};
pub use patterns::{Patterns, Replace};
pub use people::{Standing, address, usable_address};
pub use period::Period;
pub use question::{Question, QuestionCode};
pub use reason::Reason;
pub use schedule::next_run;
pub use scope::{Unclear, closure, scope_sources, unclear_scope};
pub use settings::{
    EmailSource, GuardSettings, Invitations, Leavers, Names, OutOfScope, Provisioning, Scope,
    ScopeUsers, Settings,
};
pub use shape::{
    Conflict, Inputs, Mode, NewLink, PeopleCounts, Plan, SeatCount, Selection, Skipped, Subject,
};
pub use step::{Counts, Effect, Next, Outcome, Step};
pub use undo::{Undo, Write};
pub use verification::{Checks, Due, Verification, account_pages, checks, member_pages};
