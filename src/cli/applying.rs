//! `apply` and `sync`.

use super::output::{Exit, Output, Tone, counted, wrap};
use super::progress::Line;
use super::work::{Target, planned, printed, show};
use super::{ask, json};
use crate::directory::shown;
use crate::plan::{Allowances, GuardName, Mode};
use crate::store::{RunKind, RunOutcome};
use crate::sync::{self, Applied, ApplyRequest, Planned, Progress, Session, SyncError};
use std::fmt::Write as _;
use std::path::Path;

/// How many failures are shown without `--verbose`.
const FAILURES: usize = 12;

/// Everything in the plan that no guard holds.
pub(super) fn everything(planned: &Planned, kind: RunKind) -> ApplyRequest {
    ApplyRequest {
        chosen: planned.plan.free().map(|(index, _)| index).collect(),
        held: planned.plan.held() as u64,
        held_before: Vec::new(),
        cut: 0,
        kind,
        reviewed: None,
    }
}

/// `apply` and `apply FILE`.
pub async fn apply(
    target: &Target,
    allowances: Allowances,
    file: Option<&Path>,
    yes: bool,
    output: &Output,
) -> Result<Exit, SyncError> {
    let saved = match file {
        Some(path) => Some((path, sync::read_saved(path, &target.profile.name)?)),
        None => None,
    };
    let progress = Progress::default();
    let mut session = target
        .open(Mode::Attended, "apply", &progress, output)
        .await?;
    if !allowances.is_empty() {
        session.looks_up_namesakes_only();
    }
    let adopts = saved
        .as_ref()
        .and_then(|(_, document)| document.pinned.as_ref())
        .map(|pinned| pinned.adopts.clone())
        .unwrap_or_default();
    if !adopts.is_empty() {
        session.reads_admins();
    }
    let mut planned = planned(&mut session, Allowances::default(), &progress, output).await?;
    let adoption = match (&saved, adopts.first()) {
        (Some((path, _)), Some(pair)) => {
            let adoption = sync::find_adoption(&mut session, &mut planned, &pair.group_id).await?;
            sync::same_adoption(&adoption, &adopts, path)?;
            Some(adoption)
        }
        _ => None,
    };
    let mut skipped = sync::Matched::default();
    if let Some((path, document)) = &saved {
        skipped = sync::narrow(&session, &mut planned, document, path)?;
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
    }
    show(&session, &planned, output)?;
    let allowances = match &saved {
        Some((_, document)) => sync::as_reviewed(
            &allowances,
            |allowance| {
                document.guards.iter().any(|guard| {
                    guard.name == allowance.name.as_str() && guard.count == allowance.count
                })
            },
            &planned,
        ),
        None => allowances,
    };
    let asks = allowances.is_empty() && !yes;
    planned.allow(allowances)?;
    if asks && !planned.plan.guards.is_empty() {
        let typed = ask::allowances(&planned.plan.guards, &target.cancel).await?;
        planned.allow(Allowances::new(typed))?;
    }
    let mut request = everything(&planned, RunKind::Attended);
    request.cut = skipped.cut + skipped.overtaken + skipped.changed;
    request.reviewed = saved.as_ref().map(|(_, document)| document.plan_id.clone());
    if let Some(adoption) = &adoption
        && adoption.access
        && !ask::typed_name(&adoption.name, &target.cancel).await?
    {
        return declined(&session, &planned, request.reviewed.as_deref(), output);
    }
    if !yes && (adoption.is_some() || !planned.plan.operations.is_empty()) {
        let question = if request.chosen.is_empty() {
            "Everything is held, nothing would be applied. Note this plan as reviewed, so that `rollbook sync` may run?".to_owned()
        } else {
            format!(
                "Apply {} to {}?",
                counted(request.chosen.len() as u64, "operation", "operations"),
                session.profile.site.host()
            )
        };
        if !ask::confirm(&question, &target.cancel).await? {
            return declined(&session, &planned, request.reviewed.as_deref(), output);
        }
    }
    if let Some(adoption) = &adoption {
        session.adopt(adoption)?;
        request.kind = RunKind::Adopt;
    }
    carry_out(&mut session, &planned, request, &progress, output).await
}

/// Somebody said no.
pub(super) fn declined(
    session: &Session,
    planned: &Planned,
    reviewed: Option<&str>,
    output: &Output,
) -> Result<Exit, SyncError> {
    output.remark("Nothing was applied.");
    if output.json {
        let plan_id = reviewed.unwrap_or(&planned.plan.id);
        let document = json::declined(planned, plan_id, session.requests());
        output.document(&document).map_err(printed)?;
    }
    Ok(Exit::Done)
}

/// `sync`: unattended, never asks.
pub async fn sync(
    target: &Target,
    allowances: Allowances,
    output: &Output,
) -> Result<Exit, SyncError> {
    let progress = Progress::default();
    let mut session = target
        .open(Mode::Unattended, "sync", &progress, output)
        .await?;
    if !allowances.is_empty() {
        session.looks_up_namesakes_only();
    }
    let planned = planned(&mut session, allowances, &progress, output).await?;
    let request = everything(&planned, RunKind::Unattended);
    carry_out(&mut session, &planned, request, &progress, output).await
}

/// Applies and says how it went.
pub(super) async fn carry_out(
    session: &mut Session,
    planned: &Planned,
    request: ApplyRequest,
    progress: &Progress,
    output: &Output,
) -> Result<Exit, SyncError> {
    let line = Line::show(progress, output);
    let applied = sync::apply(session, planned, request).await;
    drop(line);
    let applied = applied?;
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
            } else {
                "can't be allowed".to_owned()
            };
            let (name, count) = (guard.name, guard.count);
            format!("  held by {name}: {count} {} ({how})", name.meaning())
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
        let what = format!("  ✗ {}", shown(&failure.what));
        let _ = writeln!(text, "{}", output.tone(Tone::Bad, &what));
        for line in wrap(
            &format!("{} {}", failure.message, failure.advice),
            output.width() - 8,
        ) {
            let _ = writeln!(text, "      {line}");
        }
        if let Some(id) = &failure.request_id {
            let id = format!("      request-id: {}", shown(id));
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
