//! The run that nobody confirms: the schedule's, a trigger's, `sync`.

use super::apply::apply;
use super::report::Report;
use super::request::ApplyRequest;
use crate::plan::Allowances;
use crate::store::RunKind;
use crate::sync::error::SyncError;
use crate::sync::planned::Planned;
use crate::sync::planning::plan;
use crate::sync::read::options::ReadOptions;
use crate::sync::session::Session;

/// Reads both sides and applies what guards let through. Decisions that were stored before the first
/// write count. Gives the plan too, to be shown.
pub async fn unattended(
    session: &mut Session,
    allowances: &Allowances,
    wanted: &ReadOptions,
) -> Result<(Report, Planned), SyncError> {
    let mut planned = read(session, allowances, wanted).await?;
    let report = carry_out(session, &mut planned).await?;
    Ok((report, planned))
}

/// The same beside somebody who may be deciding: `hold_back` is asked when both sides are read and
/// nothing is written yet. If they are, nothing is applied, and there is no report.
pub async fn scheduled(
    session: &mut Session,
    hold_back: impl Fn() -> bool,
    wanted: &ReadOptions,
) -> Result<(Option<Report>, Planned), SyncError> {
    let mut planned = read(session, &Allowances::default(), wanted).await?;
    if hold_back() {
        return Ok((None, planned));
    }
    let report = carry_out(session, &mut planned).await?;
    Ok((Some(report), planned))
}

async fn read(
    session: &mut Session,
    allowances: &Allowances,
    wanted: &ReadOptions,
) -> Result<Planned, SyncError> {
    session.hold()?;
    let mut wanted = wanted.clone();
    wanted.only_namesakes |= !allowances.is_empty();
    plan(session, &wanted, allowances.clone()).await
}

async fn carry_out(session: &mut Session, planned: &mut Planned) -> Result<Report, SyncError> {
    let request = ApplyRequest::everything(planned, RunKind::Unattended);
    apply(session, planned, request).await
}
