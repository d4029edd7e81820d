//! How a run went, in text or as a document.

use super::error::CliError;
use super::json;
use super::output::{Exit, Output, Tone, counted, printed, wrap};
use crate::plan::GuardName;
use crate::store::RunOutcome;
use crate::sync::run::Report;
use crate::text::escape;
use std::fmt::Write as _;

/// How many failures are shown without `--verbose`.
const FAILURES: usize = 12;

/// Says how a run went; gives the code that says the same.
pub(super) fn tell(report: &Report, output: &Output) -> Result<Exit, CliError> {
    if output.json {
        output.document(&json::report(report)).map_err(printed)?;
    } else if !(output.quiet && is_nothing(report)) {
        output.answer(&summary(report, output)).map_err(printed)?;
    }
    if let Some(problem) = &report.stopped_by {
        output.remark(&format!("Stopped: {}\n  {}", problem.message, problem.hint));
    }
    Ok(exit(report))
}

/// Whether there is nothing that somebody would want to know.
fn is_nothing(report: &Report) -> bool {
    report.outcome == RunOutcome::Nothing
        && report.guards.is_empty()
        && report.doubts.is_empty()
        && report.stopped_by.is_none()
}

/// Of several: interrupted, failed, partly failed, held.
pub(super) fn exit(report: &Report) -> Exit {
    match report.outcome {
        RunOutcome::Cancelled => Exit::Interrupted,
        RunOutcome::Failed => Exit::Failed,
        RunOutcome::Partial => Exit::Partial,
        RunOutcome::Held => Exit::Held,
        RunOutcome::Applied | RunOutcome::Nothing => Exit::Done,
    }
}

/// A run in words.
pub(super) fn summary(report: &Report, output: &Output) -> String {
    let tone = match report.outcome {
        RunOutcome::Applied | RunOutcome::Nothing => Tone::Good,
        RunOutcome::Held | RunOutcome::Cancelled => Tone::Held,
        RunOutcome::Partial | RunOutcome::Failed => Tone::Bad,
    };
    let mut text = format!("\n{}\n", output.tone(tone, report.headline()));
    let _ = writeln!(text, "  {}", report.counts_in_words());
    let requests = report.requests;
    let _ = writeln!(
        text,
        "  {} to Entra and {} to Jira so far, {} repeated",
        counted(requests.entra, "request", "requests"),
        counted(requests.jira, "request", "requests"),
        requests.retries,
    );
    let run = report.run_id.as_deref().unwrap_or("none");
    let _ = writeln!(text, "  {:.1} s · run {run}", report.seconds);
    failures(&mut text, report, output);
    for line in held_lines(report) {
        for (at, part) in wrap(&line, output.width() - 4).iter().enumerate() {
            let indent = if at == 0 { "  " } else { "    " };
            let _ = writeln!(text, "{indent}{}", output.tone(Tone::Held, part));
        }
    }
    text
}

/// What guards hold, and how it can be let through. Before the first review nothing else matters.
fn held_lines(report: &Report) -> Vec<String> {
    if let Some(guard) = report.waits_for_review() {
        let why = guard.name.meaning();
        return vec![format!(
            "  {}: {why}. Review the plan and apply it once with `rollbook apply`; until then nothing is applied unattended.",
            guard.name
        )];
    }
    let line = |guard: &crate::plan::GuardCount| {
        let how = if guard.allowable {
            format!("--allow {}={}", guard.name, guard.count)
        } else if guard.name == GuardName::OrganizationKey {
            "needs a key that works".to_owned()
        } else if guard.name == GuardName::AccessAdded {
            guard.refusal().unwrap_or_default().to_owned()
        } else {
            "can't be allowed".to_owned()
        };
        format!("  held by {}: {} ({how})", guard.name, guard.words())
    };
    let doubts = report.doubts.iter();
    let doubts = doubts.map(|doubt| format!("  in doubt: {}", escape(&doubt.to_string())));
    report.guards.iter().map(line).chain(doubts).collect()
}

fn failures(text: &mut String, report: &Report, output: &Output) {
    let most = if output.verbose {
        report.failures.len()
    } else {
        FAILURES
    };
    for failure in report.failures.iter().take(most) {
        let what = format!("  ✗ {}", escape(&failure.what));
        let _ = writeln!(text, "{}", output.tone(Tone::Bad, &what));
        let words = format!("{} {}", failure.message, failure.advice);
        for line in wrap(&words, output.width() - 8) {
            let _ = writeln!(text, "      {line}");
        }
        if let Some(id) = &failure.request_id {
            let id = format!("      request-id: {}", escape(id));
            let _ = writeln!(text, "{}", output.tone(Tone::Dim, &id));
        }
    }
    let hidden = report.failures.len().saturating_sub(most);
    if let (1.., Some(run)) = (hidden, &report.run_id) {
        let _ = writeln!(text, "  … and {hidden} more: rollbook show {run}");
    }
    if !report.failures.is_empty() && report.run_id.is_some() {
        let _ = writeln!(text, "  Try again what failed: rollbook apply --retry last");
    }
}
