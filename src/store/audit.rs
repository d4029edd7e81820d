//! Every write, with who made it: for an audit.

use super::error::StoreError;
use super::journal::{outcome_words, reason_words};
use super::state::State;
use rusqlite::Row;
use rusqlite::types::ValueRef;
use serde_json::Value;

/// One write: what each of [`COLUMNS`] says of it; numbers, texts or nothing.
pub type AuditRow = Vec<Value>;

/// What an audit tells of a write. Times are seconds since 1970, UTC.
pub const COLUMNS: [&str; 24] = [
    "run",
    "run_kind",
    "host",
    "person",
    "begun_at",
    "ended_at",
    "operation_id",
    "operation",
    "entra_id",
    "account_id",
    "email",
    "name",
    "group_entra_id",
    "group_id",
    "group",
    "reason",
    "outcome",
    "proven_new",
    "status",
    "code",
    "message",
    "advice",
    "request_id",
    "reason_code",
];

/// Where the columns stand whose words are made when they are read.
const REASON: usize = 15;
const MESSAGE: usize = 20;
const ADVICE: usize = 21;

impl State {
    /// The writes of a run, in the order in which they were begun.
    pub fn audit(&self, number: i64) -> Result<Vec<AuditRow>, StoreError> {
        self.rows(
            "SELECT r.run_id, r.kind, r.host, r.person, j.intent_at, j.outcome_at, j.operation_id,
             j.kind, j.entra_id, j.account_id, j.email, j.name, j.group_entra, j.group_id,
             j.group_name, j.reason, j.outcome, j.proven_new, j.status, j.code, j.message,
             j.advice, j.request_id, j.reason_code, j.note
             FROM journal j JOIN runs r ON r.number = j.run WHERE j.run = ?1
             ORDER BY j.intent_at, j.kind, j.group_name, j.name, j.operation_id",
            [number],
            audit_row,
        )
    }
}

fn audit_row(row: &Row<'_>) -> rusqlite::Result<AuditRow> {
    let mut values = (0..COLUMNS.len())
        .map(|at| {
            Ok(match row.get_ref(at)? {
                ValueRef::Integer(number) => Value::from(number),
                ValueRef::Text(text) => Value::from(String::from_utf8_lossy(text).into_owned()),
                // The journal holds nothing else.
                _ => Value::Null,
            })
        })
        .collect::<rusqlite::Result<AuditRow>>()?;
    let (message, advice) = outcome_words((row.get(MESSAGE)?, row.get(ADVICE)?), row.get("note")?);
    let reason = reason_words(row.get(REASON)?, row.get("reason_code")?);
    values[REASON] = Value::from(reason);
    values[MESSAGE] = Value::from(message);
    values[ADVICE] = Value::from(advice);
    Ok(values)
}
