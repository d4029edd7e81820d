//! Applying what a person agreed to, and nothing else.

use super::apply::{ApplyRequest, apply};
use super::decided::take_in_decisions;
use super::lease::rival;
use super::proposal::{Proposal, Purpose, make};
use super::report::Report;
use crate::plan::{Allowances, GuardCount, OperationRow, settings_digest};
use crate::store::RunOutcome;
use crate::sync::error::SyncError;
use crate::sync::planned::Planned;
use crate::sync::read::options::ReadOptions;
use crate::sync::rival::Rival;
use crate::sync::saved::{carry_over, same_adoption};
use crate::sync::session::Session;
use crate::text::counted;
use std::path::Path;

/// How old a plan may be when somebody agrees to it, in seconds. An older one is read again.
const FRESH: i64 = 600;

/// Applies what was agreed to, as far as it is still needed. The lock is taken again: what was read
/// by another session, is older than ten minutes, or was overtaken by a run, is read again first, and
/// the fresh plan is narrowed to what was agreed to. What guards held then stays held, also where less
/// of it is left now.
///
/// Allowances that do not fit what was shown are refused, and nothing is applied.
pub async fn reviewed(
    session: &mut Session,
    mut proposal: Proposal,
    allowances: &Allowances,
    wanted: &ReadOptions,
) -> Result<Report, SyncError> {
    let settings = settings_digest(&session.profile.settings);
    if settings_digest(&proposal.planned.settings) != settings {
        return Err(SyncError::NotAsReviewed);
    }
    proposal.allow(allowances)?;
    session.hold()?;
    let mut agreed = Agreed {
        held: 0,
        held_before: Vec::new(),
        cut: proposal.left_out.total(),
        plan_id: proposal.plan_id().to_owned(),
    };
    if is_stale(session, &proposal.planned)? {
        read_again(session, &mut proposal, &mut agreed, wanted).await?;
    }
    take_in_decisions(session, &mut proposal.planned, proposal.adoption.as_ref()).await?;
    let kind = proposal.kind();
    let mut request = ApplyRequest::everything(&proposal.planned, kind);
    request.take_over = proposal.take_over;
    request.cut += agreed.cut;
    request.held += agreed.held;
    request.held_before = agreed.held_before;
    request.reviewed = Some(agreed.plan_id);
    request.adoption = proposal.adoption;
    apply(session, &proposal.planned, request).await
}

/// Who else applies to this site, or did lately with other settings, where the proposal would write
/// something.
pub async fn other_machine(
    session: &mut Session,
    proposal: &Proposal,
) -> Result<Option<Rival>, SyncError> {
    if proposal.planned.plan.free().next().is_none() {
        return Ok(None);
    }
    rival(session).await
}

/// Nothing is applied, since there is nothing to do.
#[must_use]
pub fn nothing_to_do(session: &Session, proposal: &Proposal) -> Report {
    ended_before(session, proposal, RunOutcome::Nothing)
}

/// Nothing is applied, since somebody said no.
#[must_use]
pub fn declined(session: &Session, proposal: &Proposal) -> Report {
    ended_before(session, proposal, RunOutcome::Cancelled)
}

fn ended_before(session: &Session, proposal: &Proposal, outcome: RunOutcome) -> Report {
    let (planned, kind) = (&proposal.planned, proposal.kind());
    Report {
        plan_id: proposal.plan_id().to_owned(),
        ..Report::nothing_begun(planned, kind, outcome, session.requests())
    }
}

/// What is left of an agreement where the plan is made again.
struct Agreed {
    /// How many operations were held when it was agreed to.
    held: u64,
    /// By which guards.
    held_before: Vec<GuardCount>,
    /// How many operations are left out.
    cut: u64,
    /// The plan that was agreed to.
    plan_id: String,
}

/// Whether a plan is too old to be applied as it is.
fn is_stale(session: &Session, planned: &Planned) -> Result<bool, SyncError> {
    let age = session.clock.now().as_second() - planned.read_at.as_second();
    let overtaken = session.state.last_run()? != planned.after_run;
    Ok(overtaken || !(0..=FRESH).contains(&age) || planned.read_by != Some(session.begun))
}

/// Makes the plan anew, and narrows it to what was agreed to.
async fn read_again(
    session: &mut Session,
    proposal: &mut Proposal,
    agreed: &mut Agreed,
    wanted: &ReadOptions,
) -> Result<(), SyncError> {
    let before = proposal.planned.clone();
    if before.read_by == Some(session.begun) {
        let words = "This plan has waited for a while: both directories are read again first.";
        session.progress.note(words.to_owned());
    }
    let rows: Vec<OperationRow> = before
        .plan
        .free()
        .map(|(_, op)| before.plan.row(&before.inputs(), op))
        .collect();
    let mut wanted = wanted.clone();
    wanted.only_namesakes |= !before.allowances.is_empty();
    let purpose = again(proposal);
    let mut fresh = make(session, purpose, &wanted).await?;
    if let (Some(now), Some(then)) = (&fresh.adoption, &proposal.adoption) {
        same_adoption(now, &then.pairs(), Path::new("what was agreed to"))?;
    }
    fresh.planned.retries.clone_from(&before.retries);
    let matched = carry_over(&rows, &mut fresh.planned);
    for (count, what) in [
        (matched.overtaken, "no longer needed"),
        (
            matched.changed,
            "left out: they would now touch another account, address or group",
        ),
    ] {
        if count > 0 {
            let operations = counted(count, "reviewed operation", "reviewed operations");
            session.progress.note(format!("{operations} {what}."));
        }
    }
    fresh
        .planned
        .allow_what_is_left(&before.allowances, |_| true)?;
    // Guards that still count what they held are in the fresh plan only for what was agreed to.
    let held = before.plan.guards.iter();
    agreed.held_before = held.copied().collect();
    agreed.held = before.plan.held() as u64;
    agreed.cut += matched.overtaken + matched.changed;
    proposal.planned = fresh.planned;
    Ok(())
}

/// What the plan is made for again. The rows that were agreed to narrow it afterwards, so that a saved
/// plan's file isn't needed any more.
fn again(proposal: &Proposal) -> Purpose {
    match (&proposal.purpose, &proposal.adoption) {
        (_, Some(adoption)) => Purpose::Adopt(adoption.group.as_str().to_owned()),
        (Purpose::Saved(_), None) => match &proposal.planned.undo {
            Some(undo) => Purpose::Undo(undo.run_id.clone()),
            None => Purpose::InStep,
        },
        (purpose, None) => purpose.clone(),
    }
}
