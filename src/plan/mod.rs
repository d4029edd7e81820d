//! What should be done, and in which order: pure.
//!
//! [`make`] takes both snapshots, what is known from before ([`Known`]), the settings and today's
//! date, and gives a [`Plan`]: the operations that bring Jira to the desired state, each with its
//! reason, what the guards hold, and everyone who is left out and why. The same input gives the
//! same plan. Nothing here knows HTTP, SQL, a terminal, a clock or async.

mod address;
mod conflict;
mod decision;
mod document;
mod doubts;
mod draft;
mod estimate;
mod evidence;
mod executor;
mod groups;
mod guards;
mod identities;
mod identity;
mod inputs;
mod known;
mod leavers;
mod left_out;
mod let_through;
mod links;
mod make;
mod matching;
mod memberships;
mod names;
mod narrowing;
mod needs;
mod operation;
mod ownership;
mod pair_table;
mod patterns;
mod people;
mod percent;
mod period;
mod pins;
#[expect(
    clippy::module_inception,
    reason = "a plan's own file, among those that make it"
)]
mod plan;
mod question;
mod reason;
mod schedule;
mod scope;
mod seal;
mod settings;
mod target;
mod undo;
mod verification;
mod visible;

pub use address::{address, shows_other_address, usable_address};
pub use conflict::{Conflict, Subject};
pub use decision::Decision;
pub use document::{
    Complete, Document, DocumentError, GroupPair, GroupRef, GuardRow, LinkCounts, OperationRow,
    Pinned, Row, SeatRow, Summary, UserRef, read as read_document, write as write_document,
};
pub use doubts::{DoubtRow, ListingDoubt, Side};
pub use estimate::{CallRates, time_for, time_to_apply};
pub use evidence::{Evidence, evidence};
pub use executor::Executor;
pub use executor::protocol::{Counts, Effect, Next, Outcome, Step};
pub use groups::groups_to_read;
pub use guards::{Allowance, AllowanceError, Allowances, GuardCount, GuardName, Held};
pub use identity::settings_digest;
pub use inputs::{Inputs, Mode, Selection, Undo, Write};
pub use known::{
    Baseline, Decisions, History, Known, LookUp, LookUps, Measured, RowDecision, Taken, TakenWhat,
};
pub use left_out::{About, LeftOut, NoUndo, Skipped, Verdict};
pub use let_through::LetThrough;
pub use links::{Links, LinksBuilder};
pub use make::make;
pub use matching::{Matched, PendingLookUps, Recognition, pending_look_ups};
pub use names::Naming;
pub use needs::Givers;
pub use operation::{Kind, Operation, OperationId, Stage, hex};
pub use ownership::{GroupLink, Ownership};
pub use patterns::{Patterns, Replace};
pub use percent::Percent;
pub use period::Period;
pub use pins::Pins;
pub use plan::{NewLink, PeopleCounts, Plan, SeatCount};
pub use question::{Question, QuestionCode};
pub use reason::Reason;
pub use schedule::next_run;
pub use scope::{GroupList, GroupOut, Standing, Unclear, closure, scope_sources, unclear_scope};
pub use seal::PlanKey;
pub use settings::{
    EmailSource, GuardSettings, Invitations, Leavers, Names, OutOfScope, Provisioning, Scope,
    ScopeUsers, Settings,
};
pub use target::{Target, TargetState, class as group_class, members_of, sources};
pub use verification::{Checks, Due, Verification, account_pages, checks, member_pages};
