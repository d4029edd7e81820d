//! The page of one run.

use crate::console::canvas::Canvas;
use crate::console::clerk::RunInFull;
use crate::console::text::{moment, operation_words};
use crate::console::theme::Tone;
use crate::store::{JournalOutcome, JournalRow, RunOutcome};
use crate::text::wrap;

/// A run with its operations, failures first.
#[derive(Debug)]
pub(in crate::console) struct RunPage {
    pub(in crate::console) run_id: String,
    /// Whether it wrote something.
    pub(in crate::console) wrote: bool,
    /// Whether something failed.
    pub(in crate::console) failed: bool,
    title: String,
    pub(in crate::console) lines: Vec<(Tone, String)>,
    pub(in crate::console) scroll: usize,
}

impl RunPage {
    pub(in crate::console) fn new(full: RunInFull) -> Self {
        let RunInFull {
            run,
            allowed,
            held,
            journal,
        } = full;
        let mut lines = Vec::new();
        let mut say = |tone, text: String| lines.push((tone, text));
        let ended = run
            .finished_at
            .map_or_else(|| "not ended".to_owned(), moment);
        say(
            Tone::Plain,
            format!(
                "{} by {} on {}, {} to {ended}",
                run.kind.as_str(),
                run.person,
                run.host,
                moment(run.started_at)
            ),
        );
        for words in run.undo_words() {
            say(Tone::Held, words);
        }
        let c = run.counts;
        let outcome = run.outcome.map_or(
            "unfinished: the next run goes on from here",
            RunOutcome::as_str,
        );
        say(
            Tone::Strong,
            format!(
                "{outcome}: {} done · {} there already · {} failed · {} skipped · {} held",
                c.done, c.already, c.failed, c.skipped, c.held
            ),
        );
        for (guard, count) in &allowed {
            say(Tone::Good, format!("allowed: {guard}={count}"));
        }
        for (guard, count) in held.iter().filter(|held| !allowed.contains(held)) {
            say(Tone::Held, format!("held by {guard}: {count}"));
        }
        say(Tone::Plain, String::new());
        let failed = |row: &&JournalRow| row.outcome == Some(JournalOutcome::Failed);
        for row in journal.iter().filter(failed) {
            say(Tone::Bad, format!("✗ {}", operation_words(row)));
            if let Some(message) = &row.message {
                say(Tone::Plain, format!("    {message}"));
            }
            if let Some(advice) = &row.advice {
                say(Tone::Plain, format!("    {advice}"));
            }
            if let Some(id) = &row.request_id {
                say(Tone::Dim, format!("    request-id: {id}"));
            }
        }
        for row in journal.iter().filter(|row| !failed(row)) {
            let (mark, tone) = match row.outcome {
                Some(JournalOutcome::Done) => ("✓", Tone::Good),
                Some(JournalOutcome::Already) => ("=", Tone::Dim),
                Some(_) => ("·", Tone::Dim),
                None => ("?", Tone::Held),
            };
            say(
                tone,
                format!("{mark} {}: {}", operation_words(row), row.reason),
            );
        }
        if journal.is_empty() {
            say(Tone::Dim, "Nothing was written to Jira.".to_owned());
        } else {
            say(
                Tone::Dim,
                "✓ done, = there already, ✗ failed, · not begun, ? outcome unknown".to_owned(),
            );
        }
        Self {
            wrote: journal
                .iter()
                .any(|row| row.outcome == Some(JournalOutcome::Done)),
            failed: journal.iter().any(|row| failed(&row)),
            title: format!("Run {}", run.run_id),
            run_id: run.run_id,
            lines,
            scroll: 0,
        }
    }

    /// The page as text.
    pub(in crate::console) fn text(&self) -> String {
        let mut text = format!("{}\n", self.title);
        for (_, line) in &self.lines {
            text.push_str(&crate::text::escape(line));
            text.push('\n');
        }
        text
    }
}

/// Draws the page.
pub(in crate::console) fn draw(run: &RunPage, canvas: &mut Canvas<'_>) {
    let mut inside = canvas.framed(&run.title);
    let (width, height) = (inside.width(), inside.height());
    let (mut y, mut shown) = (0, 0);
    for (tone, text) in run.lines.iter().skip(run.scroll) {
        if y >= height {
            break;
        }
        shown += 1;
        let safe = crate::text::escape(text);
        let indent = text.len() - text.trim_start().len();
        let parts = wrap(&safe, width.saturating_sub(indent + 2));
        if parts.is_empty() {
            y += 1;
        }
        for (at, part) in parts.iter().enumerate() {
            let x = if at == 0 { indent } else { indent + 2 };
            inside.put(x, y, part, *tone);
            y += 1;
        }
    }
    if y > height || run.lines.len() > run.scroll + shown {
        let bottom = canvas.height() - 1;
        canvas.right(3, bottom, " more ↓ ", Tone::Dim);
    }
}
