//! `show`.

use super::error::CliError;
use super::json;
use super::output::{Exit, Output, Tone, printed, wrap};
use super::target::Target;
use crate::plan::Kind;
use crate::store::{JournalOutcome, JournalRow, Run, RunOutcome, StoredGuard};
use crate::sync::SyncError;
use crate::text::escape;
use std::fmt::Write as _;

/// Shows one run.
pub(super) fn show(target: &Target, run_id: &str, output: &Output) -> Result<Exit, CliError> {
    let unknown = || SyncError::UnknownRun(run_id.to_owned());
    let state = target.state()?.ok_or_else(unknown)?;
    let run = state.run(run_id)?.ok_or_else(unknown)?;
    let allowed = state.allowed(run.number)?;
    let held = state.held(run.number)?;
    let journal = state.journal(run.number)?;
    if output.json {
        let document = json::run_in_full(&run, &allowed, &held, &journal);
        output.document(&document).map_err(printed)?;
    } else {
        output
            .answer(&text(&run, &allowed, &held, &journal, output))
            .map_err(printed)?;
    }
    Ok(Exit::Done)
}

fn text(
    run: &Run,
    allowed: &[(StoredGuard, u64)],
    held: &[(StoredGuard, u64)],
    journal: &[JournalRow],
    output: &Output,
) -> String {
    let mut text = String::new();
    let title = format!("Run {}", run.run_id);
    let _ = writeln!(text, "{}", output.tone(Tone::Strong, &title));
    let _ = writeln!(
        text,
        "  {} by {} on {}, {} to {}",
        run.kind.as_str(),
        escape(&run.person),
        escape(&run.host),
        json::moment(run.started_at),
        run.finished_at.map_or_else(|| "…".to_owned(), json::moment)
    );
    for words in run.undo_words() {
        let _ = writeln!(text, "  {words}");
    }
    let c = run.counts;
    let _ = writeln!(
        text,
        "  {}: {} done · {} there already · {} failed · {} skipped · {} held",
        run.outcome.map_or("unfinished", RunOutcome::as_str),
        c.done,
        c.already,
        c.failed,
        c.skipped,
        c.held
    );
    for (guard, count) in allowed {
        let _ = writeln!(text, "  allowed: {guard}={count}");
    }
    for (guard, count) in held {
        let _ = writeln!(text, "  held by {guard}: {count}");
    }
    if !journal.is_empty() {
        let legend = "  ✓ done   = there already   ✗ failed   · not begun   ? outcome unknown";
        let _ = writeln!(text, "\n{}", output.tone(Tone::Dim, legend));
    }
    for row in journal {
        operation(&mut text, row, output);
    }
    text
}

/// A kind of operation in words, before the names of whom and where.
const fn verb(kind: Kind) -> &'static str {
    match kind {
        Kind::CreateUser => "create person",
        Kind::CreateGroup => "create group",
        Kind::AddMember => "add to",
        Kind::RemoveMember => "remove from",
        Kind::SuspendUser => "suspend",
        Kind::RestoreUser => "restore",
        Kind::RemoveUser => "remove",
        Kind::DeleteGroup => "delete group",
    }
}

fn operation(text: &mut String, row: &JournalRow, output: &Output) {
    let (mark, tone) = match row.outcome {
        Some(JournalOutcome::Done) => ("✓", Tone::Good),
        Some(JournalOutcome::Already) => ("=", Tone::Dim),
        Some(JournalOutcome::NotMade) => ("·", Tone::Dim),
        Some(JournalOutcome::Failed) => ("✗", Tone::Bad),
        None => ("?", Tone::Held),
    };
    let name = row.name.as_deref().unwrap_or_default();
    let group = row.group_name.as_deref().unwrap_or_default();
    let (names, groups) = (output.width() * 24 / 100, output.width() * 26 / 100);
    let rest = output.width().saturating_sub(names + groups + 20);
    let reason = output.cell(&row.reason, rest);
    let _ = writeln!(
        text,
        "  {} {} {} {} {}",
        output.tone(tone, mark),
        output.cell(verb(row.kind), 13),
        output.cell(name, names),
        output.cell(group, groups),
        output.tone(Tone::Dim, reason.trim_end())
    );
    let Some(message) = &row.message else { return };
    let advice = row.advice.as_deref().unwrap_or_default();
    for line in wrap(&format!("{} {advice}", escape(message)), output.width() - 8) {
        let _ = writeln!(text, "      {line}");
    }
    if let Some(id) = &row.request_id {
        let _ = writeln!(text, "      request-id: {}", escape(id));
    }
}
