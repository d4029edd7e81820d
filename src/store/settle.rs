//! What follows from an operation's outcome in the tables beside the journal.
//!
//! What would be lost with the process is written down before a call: what is taken from a leaver,
//! and what an undo rejects. Once the outcome is known, what did not happen is withdrawn, and what
//! is gone or given back is forgotten.

use super::journal::JournalOutcome;
use super::{decisions, group_links, people_links, taken};
use crate::plan::{Kind, OperationId};
use rusqlite::Connection;

/// An operation whose outcome is known.
pub(super) struct Settled<'a> {
    pub(super) operation: OperationId,
    pub(super) kind: Kind,
    /// Empty where it is about none.
    pub(super) account: &'a str,
    /// Empty where it is about none.
    pub(super) group: &'a str,
}

/// Keeps account of what is gone or given back, and withdraws what was written down before a call
/// that turned out to have done nothing.
pub(super) fn settle(
    connection: &Connection,
    run: i64,
    of: &Settled<'_>,
    outcome: JournalOutcome,
    may_have_happened: bool,
) -> rusqlite::Result<()> {
    match outcome {
        JournalOutcome::Done => done(connection, of),
        JournalOutcome::Already => {
            // What was so already was not taken; but it is given back, or gone, all the same.
            not_taken(connection, run, of)?;
            done(connection, of)
        }
        JournalOutcome::Failed if may_have_happened => Ok(()),
        JournalOutcome::Failed | JournalOutcome::NotMade => {
            not_taken(connection, run, of)?;
            decisions::withdraw_undone(connection, run, of.operation)
        }
    }
}

/// Nothing was taken by this write after all.
fn not_taken(connection: &Connection, run: i64, of: &Settled<'_>) -> rusqlite::Result<()> {
    if !matches!(of.kind, Kind::SuspendUser | Kind::RemoveMember) {
        return Ok(());
    }
    taken::not_taken(connection, run, of.account, of.group)
}

/// Forgets what was given back, and what is gone.
fn done(connection: &Connection, of: &Settled<'_>) -> rusqlite::Result<()> {
    match of.kind {
        Kind::RestoreUser | Kind::AddMember => taken::given_back(connection, of.account, of.group),
        Kind::RemoveUser => {
            people_links::forget_account(connection, of.account)?;
            taken::forget_account(connection, of.account)
        }
        Kind::DeleteGroup => {
            group_links::forget_group(connection, of.group)?;
            taken::forget_group(connection, of.group)
        }
        Kind::CreateUser | Kind::CreateGroup | Kind::RemoveMember | Kind::SuspendUser => Ok(()),
    }
}
