//! The run that nobody confirms: the schedule's, a trigger's, `sync`.

use super::apply::apply;
use super::report::Report;
use super::request::ApplyRequest;
use crate::plan::Allowances;
use crate::store::{RunKind, RunOutcome};
use crate::sync::error::SyncError;
use crate::sync::planned::Planned;
use crate::sync::planning::plan;
use crate::sync::read::options::ReadOptions;
use crate::sync::session::Session;

/// Reads both sides and applies what guards let through. Decisions that were stored before the first
/// write count. `hold_back` is asked when both sides are read and nothing is written yet: whether
/// somebody is deciding just now. Gives the plan too, to be shown.
pub async fn unattended(
    session: &mut Session,
    hold_back: impl Fn() -> bool,
    allowances: &Allowances,
    wanted: &ReadOptions,
) -> Result<(Report, Planned), SyncError> {
    session.hold()?;
    let mut wanted = wanted.clone();
    wanted.only_namesakes |= !allowances.is_empty();
    let mut planned = plan(session, &wanted, allowances.clone()).await?;
    if hold_back() {
        let words = "Somebody decides in the Review: nothing was applied. It is tried again when they are done.";
        session.progress.note(words.to_owned());
        let (kind, outcome) = (RunKind::Unattended, RunOutcome::Nothing);
        let report = Report::nothing_begun(&planned, kind, outcome, session.requests());
        return Ok((report, planned));
    }
    let request = ApplyRequest::everything(&planned, RunKind::Unattended);
    let report = apply(session, &mut planned, request).await?;
    Ok((report, planned))
}
