//! `apply` and `sync`, and the conversation before anything is applied.

use super::error::CliError;
use super::output::{Exit, Output, Tone, counted, wrap};
use super::work::{Target, planned, printed, show, with_progress};
use super::{ask, json};
use crate::plan::{Allowance, Allowances, Document, GuardName, Mode};
use crate::store::{RunKind, RunOutcome};
use crate::sync::{
    self, Adoption, Applied, ApplyRequest, Planned, Progress, ReadOptions, Rival, Session,
};
use crate::text::{duration, escape};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How many failures are shown without `--verbose`.
const FAILURES: usize = 12;

/// How old a plan may be when somebody agrees to it.
const AGE: Duration = Duration::from_mins(10);

/// What is applied.
#[derive(Debug, Clone)]
pub enum From {
    /// What both directories lead to now.
    Both,
    /// A saved plan.
    File(PathBuf),
    /// What failed in a run.
    Failures(String),
}

/// What somebody is asked to agree to.
#[derive(Debug, Default)]
pub(super) struct Proposal {
    pub(super) adoption: Option<Adoption>,
    /// The saved plan that it is narrowed to.
    pub(super) saved: Option<Document>,
    /// How many operations of it are left out.
    pub(super) cut: u64,
}

/// `apply`, `apply FILE` and `apply --retry RUN`.
pub async fn apply(
    target: &Target,
    allowances: Allowances,
    from: &From,
    yes: bool,
    output: &Output,
) -> Result<Exit, CliError> {
    let mut proposal = Proposal::default();
    if let From::File(path) = from {
        proposal.saved = Some(sync::read_saved(
            path,
            &target.profile.name,
            target.clock.now(),
        )?);
    }
    let progress = Progress::default();
    let mut session = target
        .open(Mode::Attended, "apply", &progress, output)
        .await?;
    let options = ReadOptions {
        only_namesakes: !allowances.is_empty(),
        ..target.read_options()
    };
    let mut planned = match from {
        From::Failures(run) => {
            with_progress(&mut session, &progress, output, async |session| {
                sync::retry(session, &options, run).await
            })
            .await?
        }
        From::Both => {
            planned(
                &mut session,
                &options,
                Allowances::default(),
                &progress,
                output,
            )
            .await?
        }
        From::File(path) => {
            saved(
                &mut session,
                options,
                path,
                &mut proposal,
                &progress,
                output,
            )
            .await?
        }
    };
    if let (From::Failures(run), true) = (from, planned.plan.operations.is_empty()) {
        output.remark(&format!(
            "Of what failed in run {} nothing is left to be done.",
            escape(run)
        ));
        return nothing(&session, &planned, output);
    }
    if planned.plan.orphaned > 0 {
        output.remark(&format!(
            "Left out: {} whose person or group was not selected.",
            counted(planned.plan.orphaned, "membership", "memberships")
        ));
    }
    show(&session, &planned, output)?;
    propose(
        target,
        &mut session,
        &mut planned,
        proposal,
        allowances,
        yes,
        &progress,
        output,
    )
    .await
}

/// The plan that a saved one leads to now: nothing that it does not hold, and nothing that it holds
/// in another way.
async fn saved(
    session: &mut Session,
    mut options: ReadOptions,
    path: &Path,
    proposal: &mut Proposal,
    progress: &Progress,
    output: &Output,
) -> Result<Planned, CliError> {
    let Some(document) = &proposal.saved else {
        return Ok(planned(session, &options, Allowances::default(), progress, output).await?);
    };
    let pinned = document.pinned.as_ref();
    let adopts = pinned
        .map(|pinned| pinned.adopts.clone())
        .unwrap_or_default();
    let undoes = pinned.and_then(|pinned| pinned.undoes.clone());
    options.admins = !adopts.is_empty();
    let mut planned = match undoes {
        Some(run) => {
            with_progress(session, progress, output, async |session| {
                sync::undo(session, &options, &run).await
            })
            .await?
        }
        None => planned(session, &options, Allowances::default(), progress, output).await?,
    };
    if let Some(pair) = adopts.first() {
        let adoption = sync::find_adoption(session, &mut planned, &pair.group_id).await?;
        sync::same_adoption(&adoption, &adopts, path)?;
        proposal.adoption = Some(adoption);
    }
    let skipped = sync::narrow(session, &mut planned, document, path)?;
    if skipped.overtaken > 0 {
        output.remark(&format!(
            "Skipped: {} of the saved plan, no longer needed.",
            counted(skipped.overtaken, "operation", "operations")
        ));
    }
    if skipped.changed > 0 {
        output.remark(&format!(
            "Skipped: {} of the saved plan that would now touch another account, address or group. Make a new plan to review them.",
            counted(skipped.changed, "operation", "operations")
        ));
    }
    proposal.cut = skipped.cut + skipped.overtaken + skipped.changed;
    Ok(planned)
}

/// Asks for what is held and for agreement, and applies.
#[expect(
    clippy::too_many_arguments,
    reason = "one conversation with everything that it is about"
)]
pub(super) async fn propose(
    target: &Target,
    session: &mut Session,
    planned: &mut Planned,
    proposal: Proposal,
    allowances: Allowances,
    yes: bool,
    progress: &Progress,
    output: &Output,
) -> Result<Exit, CliError> {
    let begun = Instant::now();
    let Proposal {
        adoption,
        saved,
        cut,
    } = &proposal;
    let reviewed = saved.as_ref().map(|document| document.plan_id.clone());
    let shown_before = |allowance: Allowance| {
        saved.as_ref().is_some_and(|document| {
            let mut guards = document.guards.iter();
            guards.any(|g| g.name == allowance.name.as_str() && g.count == allowance.count)
        })
    };
    let allowances = match saved {
        Some(_) => sync::as_reviewed(&allowances, shown_before, planned),
        None => allowances,
    };
    let asks = allowances.is_empty() && !yes;
    planned.allow(allowances)?;
    if asks && !planned.plan.guards.is_empty() {
        let typed = ask::allowances(&planned.plan.guards, &target.cancel).await?;
        planned.allow(Allowances::new(typed))?;
    }
    let nothing = planned.plan.operations.is_empty();
    if let Some(adoption) = adoption
        && adoption.access
        && !ask::typed_name(&adoption.name, &target.cancel).await?
    {
        return declined(session, planned, reviewed.as_deref(), output);
    }
    let mut took_over = false;
    if planned.plan.free().next().is_some()
        && let Some(rival) = sync::rival(session).await?
    {
        took_over = takes_over(target, &rival, yes, output).await?;
        if !took_over {
            return declined(session, planned, reviewed.as_deref(), output);
        }
    }
    if !yes && (adoption.is_some() || !nothing) {
        let question = question(session, planned);
        if !ask::confirm(&question, &target.cancel).await? {
            return declined(session, planned, reviewed.as_deref(), output);
        }
    }
    let mut cut = *cut;
    if begun.elapsed() > AGE {
        cut += look_again(session, planned, adoption.as_ref(), progress, output).await?;
    }
    let kind = if adoption.is_some() {
        RunKind::Adopt
    } else if planned.undo.is_some() {
        RunKind::Undo
    } else {
        RunKind::Attended
    };
    if let Some(adoption) = adoption {
        sync::adopt(session, adoption)?;
    }
    let mut request = ApplyRequest::everything(planned, kind);
    request.cut += cut;
    request.reviewed = reviewed;
    // Else it is asked once more, since agreeing took its time.
    request.take_over = took_over;
    carry_out(session, planned, request, progress, output).await
}

fn question(session: &Session, planned: &Planned) -> String {
    let count = planned.plan.free().count() as u64;
    if count == 0 {
        return "Everything is held, nothing would be applied. Note this plan as reviewed, so that `rollbook sync` may run?".to_owned();
    }
    format!(
        "{} {} to {}? It takes about {}.",
        if planned.undo.is_some() {
            "Take back: apply"
        } else {
            "Apply"
        },
        counted(count, "operation", "operations"),
        session.profile.site.host(),
        duration(planned.time_to_apply().as_secs().max(1))
    )
}

/// Whether the person takes over from somebody else who applies to the site.
async fn takes_over(
    target: &Target,
    rival: &Rival,
    yes: bool,
    output: &Output,
) -> Result<bool, CliError> {
    output.remark(&rival.words());
    if yes {
        return Ok(true);
    }
    ask::confirm("Take over, and apply this all the same?", &target.cancel).await
}

/// Reads both sides again after a long time of thinking: of what was agreed to stays what is still
/// needed. Gives how many operations are left out.
async fn look_again(
    session: &mut Session,
    planned: &mut Planned,
    adoption: Option<&Adoption>,
    progress: &Progress,
    output: &Output,
) -> Result<u64, CliError> {
    output.remark("This plan has waited for a while: both directories are read again first.");
    let agreed = planned.clone();
    let free = agreed.plan.free();
    let rows: Vec<_> = free
        .map(|(_, op)| agreed.plan.row(&agreed.inputs(), op))
        .collect();
    let options = ReadOptions {
        undo: None,
        ..agreed.options.clone()
    };
    *planned = with_progress(session, progress, output, async |session| {
        if let Some(undo) = &agreed.undo {
            return sync::undo(session, &options, &undo.run_id).await;
        }
        let mut planned = sync::plan(session, &options, Allowances::default()).await?;
        if let Some(adoption) = adoption {
            let again = sync::find_adoption(session, &mut planned, adoption.group.as_str()).await?;
            let place = Path::new("what was agreed to");
            sync::same_adoption(&again, &adoption.pairs(), place)?;
        }
        Ok(planned)
    })
    .await?;
    planned.retries.clone_from(&agreed.retries);
    let matched = sync::carry_over(&rows, planned);
    let allowances = sync::as_reviewed(&agreed.allowances, |_| true, planned);
    planned.allow(allowances)?;
    let left = matched.overtaken + matched.changed;
    if left > 0 {
        output.remark(&format!(
            "Skipped: {} that changed meanwhile.",
            counted(left, "operation", "operations")
        ));
    }
    Ok(left)
}

/// There is nothing to apply, and so no run.
pub(super) fn nothing(
    session: &Session,
    planned: &Planned,
    output: &Output,
) -> Result<Exit, CliError> {
    if output.json {
        let id = &planned.plan.id;
        let document = json::declined(planned, id, "nothing", session.requests());
        output.document(&document).map_err(printed)?;
    }
    Ok(Exit::Done)
}

/// Somebody said no.
pub(super) fn declined(
    session: &Session,
    planned: &Planned,
    reviewed: Option<&str>,
    output: &Output,
) -> Result<Exit, CliError> {
    output.remark("Nothing was applied.");
    if output.json {
        let plan_id = reviewed.unwrap_or(&planned.plan.id);
        let document = json::declined(planned, plan_id, "cancelled", session.requests());
        output.document(&document).map_err(printed)?;
    }
    Ok(Exit::Done)
}

/// `sync`: unattended, never asks.
pub async fn sync(
    target: &Target,
    allowances: Allowances,
    output: &Output,
) -> Result<Exit, CliError> {
    let progress = Progress::default();
    let mut session = target
        .open(Mode::Unattended, "sync", &progress, output)
        .await?;
    let options = ReadOptions {
        only_namesakes: !allowances.is_empty(),
        ..target.read_options()
    };
    let planned = planned(&mut session, &options, allowances, &progress, output).await?;
    let request = ApplyRequest::everything(&planned, RunKind::Unattended);
    carry_out(&mut session, &planned, request, &progress, output).await
}

/// Applies and says how it went.
pub(super) async fn carry_out(
    session: &mut Session,
    planned: &Planned,
    request: ApplyRequest,
    progress: &Progress,
    output: &Output,
) -> Result<Exit, CliError> {
    let applied = with_progress(session, progress, output, async |session| {
        sync::apply(session, planned, request).await
    })
    .await?;
    if output.json {
        let document = json::applied(planned, &applied, session.requests());
        output.document(&document).map_err(printed)?;
    } else {
        output
            .answer(&summary(session, planned, &applied, output))
            .map_err(printed)?;
    }
    if let Some(problem) = &applied.stopped_by {
        output.remark(&format!("Stopped: {}\n  {}", problem.message, problem.hint));
    }
    Ok(exit(&applied))
}

/// Of several: interrupted, failed, partly failed, held.
fn exit(applied: &Applied) -> Exit {
    match applied.outcome {
        RunOutcome::Cancelled => Exit::Interrupted,
        RunOutcome::Failed => Exit::Failed,
        RunOutcome::Partial => Exit::Partial,
        RunOutcome::Held => Exit::Held,
        RunOutcome::Applied | RunOutcome::Nothing => Exit::Done,
    }
}

/// A run in words.
pub(super) fn summary(
    session: &Session,
    planned: &Planned,
    applied: &Applied,
    output: &Output,
) -> String {
    let tone = match applied.outcome {
        RunOutcome::Applied | RunOutcome::Nothing => Tone::Good,
        RunOutcome::Held | RunOutcome::Cancelled => Tone::Held,
        RunOutcome::Partial | RunOutcome::Failed => Tone::Bad,
    };
    let mut text = format!("\n{}\n", output.tone(tone, applied.headline()));
    let requests = session.requests();
    let _ = writeln!(text, "  {}", applied.counts_in_words());
    let _ = writeln!(
        text,
        "  {} to Entra and {} to Jira so far, {} repeated",
        counted(requests.entra, "request", "requests"),
        counted(requests.jira, "request", "requests"),
        requests.retries,
    );
    let _ = writeln!(text, "  {:.1} s · run {}", applied.seconds, applied.run_id);
    failures(&mut text, applied, output);
    for line in held_lines(planned) {
        for (at, part) in wrap(&line, output.width() - 4).iter().enumerate() {
            let indent = if at == 0 { "  " } else { "    " };
            let _ = writeln!(text, "{indent}{}", output.tone(Tone::Held, part));
        }
    }
    text
}

/// What guards hold, and how it can be let through. Before the first review nothing else matters.
fn held_lines(planned: &Planned) -> Vec<String> {
    let guards = &planned.plan.guards;
    let review = guards
        .iter()
        .find(|g| matches!(g.name, GuardName::FirstReview | GuardName::SettingsChanged));
    if let Some(guard) = review {
        let why = guard.name.meaning();
        return vec![format!(
            "  {}: {why}. Review the plan and apply it once with `rollbook apply`; until then nothing is applied unattended.",
            guard.name
        )];
    }
    guards
        .iter()
        .map(|guard| {
            let how = if guard.name.allowable() {
                format!("--allow {}={}", guard.name, guard.count)
            } else if guard.name == GuardName::OrganizationKey {
                "needs a key that works".to_owned()
            } else {
                "can't be allowed".to_owned()
            };
            let (name, count) = (guard.name, guard.count);
            format!("  held by {name}: {count} {} ({how})", guard.meaning())
        })
        .collect()
}

fn failures(text: &mut String, applied: &Applied, output: &Output) {
    let most = if output.verbose {
        applied.failures.len()
    } else {
        FAILURES
    };
    for failure in applied.failures.iter().take(most) {
        let what = format!("  ✗ {}", escape(&failure.what));
        let _ = writeln!(text, "{}", output.tone(Tone::Bad, &what));
        for line in wrap(
            &format!("{} {}", failure.message, failure.advice),
            output.width() - 8,
        ) {
            let _ = writeln!(text, "      {line}");
        }
        if let Some(id) = &failure.request_id {
            let id = format!("      request-id: {}", escape(id));
            let _ = writeln!(text, "{}", output.tone(Tone::Dim, &id));
        }
    }
    let hidden = applied.failures.len().saturating_sub(most);
    if hidden > 0 {
        let _ = writeln!(
            text,
            "  … and {hidden} more: rollbook show {}",
            applied.run_id
        );
    }
}
