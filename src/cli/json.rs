//! The JSON documents of the commands.

use crate::plan::{Counts, GuardCount, Reason, write_document};
use crate::store::{JournalOutcome, JournalRow, Run, RunOutcome, StoredGuard};
use crate::sync::Planned;
use crate::sync::run::Report;
use serde_json::{Value, json};
use std::io::{self, BufWriter, Write as _};

/// Prints a plan, its operations one by one.
pub(super) fn print_plan(planned: &Planned, profile: &str) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    let written = write_document(planned.head(profile), planned.rows(), None, &mut out)
        .and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Guards.
#[must_use]
pub(super) fn guards(guards: &[GuardCount]) -> Value {
    guards
        .iter()
        .map(|g| {
            json!({"name": g.name.as_str(), "count": g.count, "limit": g.limit,
                "allowable": g.allowable})
        })
        .collect()
}

/// Counts.
#[must_use]
pub(super) fn counts(counts: Counts) -> Value {
    json!({"done": counts.done, "already": counts.already, "failed": counts.failed,
        "skipped": counts.skipped, "held": counts.held})
}

/// What `apply` and `sync` print.
#[must_use]
pub(super) fn report(report: &Report) -> Value {
    json!({
        "version": 1,
        "run_id": report.run_id,
        "plan_id": report.plan_id,
        "outcome": report.outcome.as_str(),
        "counts": counts(report.counts),
        "failures": report.failures,
        "guards": guards(&report.guards),
        "complete": report.complete,
        "doubts": report.doubts,
        "requests": report.requests,
        "seconds": (report.seconds * 1000.0).round() / 1000.0,
    })
}

/// A moment, RFC 3339.
#[must_use]
pub(super) fn moment(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds)
        .map(|t| t.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
        .unwrap_or_default()
}

/// A run in `runs`.
#[must_use]
pub(super) fn run(run: &Run) -> Value {
    json!({
        "run_id": run.run_id, "kind": run.kind.as_str(),
        "started_at": moment(run.started_at),
        "finished_at": run.finished_at.map(moment),
        "outcome": run.outcome.map(RunOutcome::as_str),
        "counts": counts(run.counts),
    })
}

/// A run in `show`.
#[must_use]
pub(super) fn run_in_full(
    found: &Run,
    allowed: &[(StoredGuard, u64)],
    held: &[(StoredGuard, u64)],
    journal: &[JournalRow],
) -> Value {
    let mut document = run(found);
    document["version"] = json!(1);
    document["plan_id"] = json!(found.plan_id);
    document["host"] = json!(found.host);
    document["person"] = json!(found.person);
    for (key, guards) in [("allowed", allowed), ("guards", held)] {
        document[key] = guards
            .iter()
            .map(|(name, count)| json!({"name": name.as_str(), "count": count}))
            .collect();
    }
    document["operations"] = journal
        .iter()
        .map(|row| {
            json!({
                "id": row.operation_id, "kind": row.kind.as_str(), "name": row.name, "email": row.email,
                "account_id": row.account_id, "group": row.group_name, "reason": row.reason,
                "reason_code": row.reason_code.map(Reason::as_str),
                "at": moment(row.intent_at), "outcome": row.outcome.map(JournalOutcome::as_str), "status": row.status,
                "code": row.code, "message": row.message, "advice": row.advice,
                "request_id": row.request_id,
            })
        })
        .collect();
    document
}
