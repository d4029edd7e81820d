//! Applying what a person agreed to, and nothing else.

use super::apply::apply;
use super::decided::REJECTED;
use super::holding::Holding;
use super::lease::rival;
use super::proposal::{Proposal, Purpose, make};
use super::report::Report;
use super::request::ApplyRequest;
use crate::plan::{Allowances, OperationRow, settings_digest};
use crate::store::RunOutcome;
use crate::sync::error::SyncError;
use crate::sync::planned::Planned;
use crate::sync::read::options::ReadOptions;
use crate::sync::rival::Rival;
use crate::sync::saved::{carry_over, same_adoption};
use crate::sync::session::Session;
use crate::text::counted;

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
    let plan_id = proposal.plan_id().to_owned();
    let (mut holding, mut cut) = (Holding::default(), proposal.left_out.total());
    if let Some(why) = stale(session, &proposal.planned)? {
        if let Some(words) = why.words() {
            session.progress.note(words);
        }
        holding = Holding::of(&proposal.planned);
        cut += read_again(session, &mut proposal, &mut holding, wanted).await?;
    }
    let mut request = ApplyRequest::everything(&proposal.planned, proposal.kind());
    request.take_over = proposal.take_over;
    request.cut += cut;
    request.holding = request.holding.and(holding);
    request.plan_id = plan_id;
    request.adoption = proposal.adoption;
    apply(session, &mut proposal.planned, request).await
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

/// Nothing is applied, since there is nothing to do. A guard may be told all the same.
#[must_use]
pub fn nothing_to_do(session: &Session, proposal: &Proposal) -> Report {
    let outcome = if proposal.planned.plan.guards.is_empty() {
        RunOutcome::Nothing
    } else {
        RunOutcome::Held
    };
    ended_before(session, proposal, outcome)
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

/// Why a plan can't be applied as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stale {
    /// A run was begun after it was made.
    Overtaken,
    /// A backup of the state was restored.
    Restored,
    /// It was made long ago.
    Waited,
    /// It stood on a screen: other sessions may have come between.
    Shown,
}

impl Stale {
    /// The words for it, where whoever agreed doesn't know it already.
    const fn words(self) -> Option<&'static str> {
        Some(match self {
            Self::Overtaken => "Another run came between: both directories are read again first.",
            Self::Restored => {
                "The state of this profile was restored meanwhile: both directories are read again first."
            }
            Self::Waited => {
                "This plan has waited for a while: both directories are read again first."
            }
            Self::Shown => return None,
        })
    }
}

fn stale(session: &Session, planned: &Planned) -> Result<Option<Stale>, SyncError> {
    let age = session.clock.now().as_second() - planned.read_at.as_second();
    let last = session.state.last_run()?;
    Ok(if last > planned.after_run {
        Some(Stale::Overtaken)
    } else if last < planned.after_run {
        Some(Stale::Restored)
    } else if planned.read_by != Some(session.begun) {
        Some(Stale::Shown)
    } else if (0..=FRESH).contains(&age) {
        None
    } else {
        Some(Stale::Waited)
    })
}

/// Makes the plan anew, and narrows it to what was agreed to. Of what is held, that stays which is still
/// needed. Gives the number of operations that are left out.
async fn read_again(
    session: &mut Session,
    proposal: &mut Proposal,
    holding: &mut Holding,
    wanted: &ReadOptions,
) -> Result<u64, SyncError> {
    let before = proposal.planned.clone();
    let rows: Vec<OperationRow> = before
        .plan
        .free()
        .map(|(_, op)| before.plan.row(&before.inputs(), op))
        .collect();
    let mut wanted = wanted.clone();
    wanted.only_namesakes |= !before.allowances.is_empty();
    let purpose = again(proposal);
    let mut fresh = make(session, purpose, &wanted).await?;
    if let (Some(now), Some(then)) = (&fresh.adoption, &proposal.adoption)
        && !same_adoption(now, &then.pairs())
    {
        return Err(SyncError::OtherAdoption);
    }
    holding.left_in(&fresh.planned);
    let matched = carry_over(&rows, &mut fresh.planned);
    let decided = &fresh.planned.known.decisions.operations;
    let rejected = rows.iter().filter(|row| {
        let said = decided.get(&row.id);
        said.is_some_and(|said| row.reason_code.is_none_or(|reason| said.keeps_out(reason)))
    });
    let rejected = (rejected.count() as u64).min(matched.overtaken);
    for (count, what) in [
        (matched.overtaken - rejected, "no longer needed"),
        (rejected, REJECTED),
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
    proposal.planned = fresh.planned;
    Ok(matched.overtaken + matched.changed)
}

/// What the plan is made for again: the group and the run that were found, whatever names them now. The
/// rows that were agreed to narrow it afterwards, so that a saved plan's file isn't needed any more.
fn again(proposal: &Proposal) -> Purpose {
    let planned = &proposal.planned;
    if let Some(adoption) = &proposal.adoption {
        Purpose::Adopt {
            group: adoption.group.as_str().to_owned(),
            add_only: adoption.add_only,
        }
    } else if let Some(undo) = &planned.undo {
        Purpose::Undo(undo.run_id.clone())
    } else if let Some(run) = &planned.retries {
        Purpose::Retry(run.clone())
    } else {
        Purpose::InStep
    }
}
