//! `runs` and `show`.

use super::error::CliError;
use super::json;
use super::output::{Exit, Output, Tone, cell, wrap};
use super::work::{Target, printed};
use crate::plan::Kind;
use crate::store::{JournalRow, Run, State};
use crate::sync::SyncError;
use crate::text::escape;
use serde_json::json;
use std::fmt::Write as _;

/// Opens the state without taking the lock: both commands only look. A profile that never ran has
/// none, and none is made.
pub(super) fn state(target: &Target) -> Result<Option<State>, CliError> {
    let folder = target.paths.profile(&target.profile.name);
    if !folder.exists() {
        return Ok(None);
    }
    Ok(Some(State::open(&folder)?))
}

/// Lists runs.
pub fn runs(target: &Target, output: &Output) -> Result<Exit, CliError> {
    let runs = match state(target)? {
        Some(state) => state.runs()?,
        None => Vec::new(),
    };
    if output.json {
        let rows: Vec<serde_json::Value> = runs.iter().map(json::run).collect();
        let document = json!({"version": 1, "runs": rows});
        output.document(&document).map_err(printed)?;
        return Ok(Exit::Done);
    }
    if runs.is_empty() {
        output.answer("No runs yet.\n").map_err(printed)?;
        return Ok(Exit::Done);
    }
    let mut text = format!(
        "{}\n",
        output.tone(
            Tone::Strong,
            "run, by its begin    kind       outcome    done  there  failed  skipped  held"
        )
    );
    for run in &runs {
        let c = run.counts;
        let outcome = run.outcome.as_deref().unwrap_or("unfinished");
        let _ = writeln!(
            text,
            "{} {} {} {:>5} {:>6} {:>7} {:>8} {:>5}",
            cell(&run.run_id, 20),
            cell(&run.kind, 10),
            cell(outcome, 9),
            c.done,
            c.already,
            c.failed,
            c.skipped,
            c.held
        );
    }
    output.answer(&text).map_err(printed)?;
    Ok(Exit::Done)
}

/// Shows one run.
pub fn show(target: &Target, run_id: &str, output: &Output) -> Result<Exit, CliError> {
    let unknown = || SyncError::UnknownRun(run_id.to_owned());
    let state = state(target)?.ok_or_else(unknown)?;
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
    allowed: &[(String, u64)],
    held: &[(String, u64)],
    journal: &[JournalRow],
    output: &Output,
) -> String {
    let mut text = String::new();
    let title = format!("Run {}", run.run_id);
    let _ = writeln!(text, "{}", output.tone(Tone::Strong, &title));
    let _ = writeln!(
        text,
        "  {} by {} on {}, {} to {}",
        run.kind,
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
        run.outcome.as_deref().unwrap_or("unfinished"),
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
fn verb(kind: &str) -> &str {
    match Kind::parse(kind) {
        Some(Kind::CreateUser) => "create person",
        Some(Kind::CreateGroup) => "create group",
        Some(Kind::AddMember) => "add to",
        Some(Kind::RemoveMember) => "remove from",
        Some(Kind::SuspendUser) => "suspend",
        Some(Kind::RestoreUser) => "restore",
        Some(Kind::RemoveUser) => "remove",
        Some(Kind::DeleteGroup) => "delete group",
        None => kind,
    }
}

fn operation(text: &mut String, row: &JournalRow, output: &Output) {
    let (mark, tone) = match row.outcome.as_deref() {
        Some("done") => ("✓", Tone::Good),
        Some("already") => ("=", Tone::Dim),
        Some("not-made") => ("·", Tone::Dim),
        Some(_) => ("✗", Tone::Bad),
        None => ("?", Tone::Held),
    };
    let name = row.name.as_deref().unwrap_or_default();
    let group = row.group_name.as_deref().unwrap_or_default();
    let (names, groups) = (output.width() * 24 / 100, output.width() * 26 / 100);
    let rest = output.width().saturating_sub(names + groups + 20);
    let reason = cell(&row.reason, rest);
    let _ = writeln!(
        text,
        "  {} {} {} {} {}",
        output.tone(tone, mark),
        cell(verb(&row.kind), 13),
        cell(name, names),
        cell(group, groups),
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
