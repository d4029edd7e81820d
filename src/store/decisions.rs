//! The tables of what an administrator decided: `decisions` on operations, `kept_apart`,
//! `different_people` and `questions_left_alone`.

use super::codes::code;
use super::database::now;
use super::error::StoreError;
use super::state::State;
use crate::directory::{AccountId, EntraId, GroupId};
use crate::plan::{Decisions, OperationId, Question, Reason, RowDecision};
use rusqlite::{Connection, Row, params};

fn row_decision(row: &Row<'_>) -> rusqlite::Result<(OperationId, RowDecision)> {
    let reason: Option<Reason> = row.get(2)?;
    let decision = code(row.get_ref(1)?, "decision", |word| match word {
        "rejected" => Some(RowDecision::Rejected { reason }),
        "ignored" => Some(RowDecision::Ignored),
        _ => None,
    });
    Ok((row.get(0)?, decision.map_err(rusqlite::Error::from)?))
}

impl State {
    /// All decisions.
    pub fn decisions(&self) -> Result<Decisions, StoreError> {
        let operations = self.rows(
            "SELECT operation_id, verdict, reason_code FROM decisions",
            [],
            row_decision,
        )?;
        let apart = self.rows("SELECT entra_id, group_id FROM kept_apart", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
        let alone = self.rows(
            "SELECT code, subject, candidates FROM questions_left_alone",
            [],
            |row| {
                let (subject, candidates): (String, String) = (row.get(1)?, row.get(2)?);
                Ok(Question::stored(row.get(0)?, &subject, &candidates))
            },
        )?;
        let different = self.rows(
            "SELECT entra_id, account_id FROM different_people",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok(Decisions {
            different: different.into_iter().collect(),
            left_alone: alone.into_iter().collect(),
            operations: operations.into_iter().collect(),
            kept_apart: apart.into_iter().collect(),
        })
    }
}

/// Stores what was said of an operation, or that it is accepted. It is nobody's but the admin's from
/// then on: no run withdraws it any more.
pub(super) fn decide(
    connection: &Connection,
    id: OperationId,
    decision: Option<RowDecision>,
) -> rusqlite::Result<()> {
    let (verdict, reason) = match decision {
        Some(RowDecision::Rejected { reason }) => ("rejected", reason),
        Some(RowDecision::Ignored) => ("ignored", None),
        None => {
            return connection
                .prepare_cached("DELETE FROM decisions WHERE operation_id = ?1")?
                .execute([id])
                .map(drop);
        }
    };
    connection
        .prepare_cached(
            "INSERT INTO decisions (operation_id, verdict, reason_code, at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET verdict = ?2, reason_code = ?3, at = ?4, run = NULL,
             undone_by = NULL",
        )?
        .execute(params![id, verdict, reason, now()])
        .map(drop)
}

/// Rejects what an undo takes back by this operation of its run.
pub(super) fn reject_undone(
    connection: &Connection,
    run: i64,
    undone_by: OperationId,
    id: OperationId,
    reason: Option<Reason>,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO decisions (operation_id, verdict, reason_code, at, run, undone_by)
             VALUES (?1, 'rejected', ?2, ?3, ?4, ?5)
             -- What is ignored stays so; a rejection for another reason has lapsed.
             ON CONFLICT DO UPDATE SET reason_code = ?2, at = ?3, run = ?4, undone_by = ?5
             WHERE verdict = 'rejected' AND reason_code IS NOT NULL
             AND reason_code IS NOT ?2",
        )?
        .execute(params![id, reason, now(), run, undone_by])
        .map(drop)
}

/// Withdraws what was rejected along with this operation of a run.
pub(super) fn withdraw_undone(
    connection: &Connection,
    run: i64,
    undone_by: OperationId,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM decisions WHERE run = ?1 AND undone_by = ?2")?
        .execute(params![run, undone_by])
        .map(drop)
}

/// Leaves a question alone, or lets its subject be asked again, whatever the candidates were.
pub(super) fn leave_alone(
    connection: &Connection,
    question: &Question,
    alone: bool,
) -> rusqlite::Result<()> {
    let (code, subject, candidates) = (question.code(), question.subject(), question.candidates());
    if alone {
        connection
            .prepare_cached(
                "INSERT INTO questions_left_alone VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            )?
            .execute(params![code, subject, candidates, now()])
    } else {
        connection
            .prepare_cached("DELETE FROM questions_left_alone WHERE code = ?1 AND subject = ?2")?
            .execute(params![code, subject])
    }
    .map(drop)
}

pub(super) fn keep_apart(
    connection: &Connection,
    entra: &EntraId,
    group: &GroupId,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT INTO kept_apart VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")?
        .execute(params![entra, group, now()])
        .map(drop)
}

pub(super) fn bring_together(
    connection: &Connection,
    entra: &EntraId,
    group: &GroupId,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM kept_apart WHERE entra_id = ?1 AND group_id = ?2")?
        .execute(params![entra, group])
        .map(drop)
}

/// Forgets all that an Entra group is kept apart from.
pub(super) fn ask_of_group(connection: &Connection, entra: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM kept_apart WHERE entra_id = ?1")?
        .execute([entra])
        .map(drop)
}

/// Notes that an account is not this person's.
pub(super) fn tell_apart(
    connection: &Connection,
    person: &EntraId,
    account: &AccountId,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT INTO different_people VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")?
        .execute(params![person, account, now()])
        .map(drop)
}

/// Forgets that an account is not this person's.
pub(super) fn take_for_same(
    connection: &Connection,
    person: &EntraId,
    account: &AccountId,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM different_people WHERE entra_id = ?1 AND account_id = ?2")?
        .execute(params![person, account])
        .map(drop)
}

/// Forgets which accounts are not this person's.
pub(super) fn ask_of_person(connection: &Connection, person: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM different_people WHERE entra_id = ?1")?
        .execute([person])
        .map(drop)
}
