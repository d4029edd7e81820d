//! Drawing the summary before an apply.

use super::summary::{Summary, typed};
use crate::console::canvas::Canvas;
use crate::console::theme::Tone;
use crate::plan::{GuardCount, LetThrough};
use crate::text::{counted, escape, grouped, wrap};
use std::fmt::Write as _;

/// Columns of a guard's field, with its brackets.
const FIELD: usize = 12;

/// The summary's lines, and on which of them fields stand.
struct Lines {
    width: usize,
    lines: Vec<(usize, String, Tone)>,
    fields: Vec<(usize, usize)>,
}

impl Lines {
    fn push(&mut self, text: &str, tone: Tone, indent: usize) {
        for part in wrap(text, self.width.saturating_sub(indent)) {
            self.lines.push((indent, part, tone));
        }
    }

    /// A guard with the place for its field, its number and what it means.
    fn guard(&mut self, at: usize, guard: &GuardCount, text: &str, allowed: bool) {
        let limit = guard.limit_in_words();
        let limit = limit.map_or_else(String::new, |limit| format!(" ({limit})"));
        let state = if !guard.allowable {
            " · can't be allowed".to_owned()
        } else if allowed {
            " · allowed".to_owned()
        } else if !text.trim().is_empty() && !guard.count.to_string().starts_with(text.trim()) {
            format!(" · ✗ that is not {}", guard.count)
        } else {
            String::new()
        };
        let words = format!("{}: {}{limit}{state}", guard.name, guard.words());
        self.fields.push((self.lines.len(), at));
        let tone = if allowed {
            Tone::Good
        } else if state.contains('✗') {
            Tone::Bad
        } else {
            Tone::Plain
        };
        self.push(&words, tone, FIELD + 4);
    }
}

/// The lines above the names of those whom allowing lets through.
fn lines(summary: &Summary, width: usize) -> Lines {
    let mut lines = Lines {
        width,
        lines: Vec::new(),
        fields: Vec::new(),
    };
    if summary.accepted < summary.all {
        let words = format!(
            "{} of {} operations stay out: rejected, or in need of what was rejected",
            grouped(summary.all - summary.accepted),
            grouped(summary.all)
        );
        lines.push(&words, Tone::Dim, 0);
    }
    for line in summary.lines() {
        lines.push(&line, Tone::Plain, 0);
    }
    if summary.counts().0 == 0 {
        lines.push("Nothing would be done.", Tone::Plain, 0);
    }
    if !summary.guards.is_empty() {
        lines.lines.push((0, String::new(), Tone::Plain));
        lines.push(
            "Held by guards. To allow one, type its number:",
            Tone::Held,
            0,
        );
    }
    for (at, (guard, field)) in summary.guards.iter().enumerate() {
        lines.guard(at, guard, field.text(), typed(guard, field));
    }
    if !summary.let_through.is_empty() {
        lines.lines.push((0, String::new(), Tone::Plain));
        lines.push("What allowing lets through:", Tone::Held, 0);
    }
    lines
}

/// Columns between the border and a summary's text, on both sides together.
const BORDERS: usize = 4;
/// Columns that a name takes at least, with the gap before the next one.
const NAME: usize = 30;

/// The rows of the lists of names. A row that is not on screen is never built.
struct Names<'a> {
    summary: &'a Summary,
    width: usize,
}

impl Names<'_> {
    /// How many names stand in a row.
    fn a_row(&self) -> usize {
        (self.width / NAME).max(1)
    }

    /// How many rows a list takes, with its heading.
    fn rows_of(&self, list: &LetThrough) -> usize {
        1 + list.operations.len().div_ceil(self.a_row())
    }

    fn rows(&self) -> usize {
        let lists = self.summary.let_through.iter();
        lists.map(|(_, list)| self.rows_of(list)).sum()
    }

    /// Draws a row.
    fn draw(&self, mut row: usize, y: usize, canvas: &mut Canvas<'_>) {
        for (words, list) in &self.summary.let_through {
            let rows = self.rows_of(list);
            if row >= rows {
                row -= rows;
                continue;
            }
            let Some(row) = row.checked_sub(1) else {
                canvas.put(2, y, words, Tone::Plain);
                return;
            };
            let planned = &self.summary.planned;
            let inputs = planned.inputs();
            let (first, width) = (row * self.a_row(), (self.width - 4) / self.a_row());
            let here = list.operations.iter().skip(first).take(self.a_row());
            for (at, op) in here.enumerate() {
                let op = &planned.plan.operations[*op as usize];
                let name = escape(planned.plan.name(&inputs, op));
                canvas.cell(4 + at * width, y, width - 2, &name, Tone::Dim);
            }
            return;
        }
    }
}

/// How far a summary can be scrolled in an overlay of this width and height.
pub(in crate::console) fn last_row(summary: &Summary, (width, height): (usize, usize)) -> usize {
    let width = width.saturating_sub(BORDERS);
    let rows = lines(summary, width).lines.len() + Names { summary, width }.rows();
    rows.saturating_sub(height.saturating_sub(4))
}

/// Draws the summary before an apply.
pub(in crate::console) fn draw(summary: &Summary, site: &str, canvas: &mut Canvas<'_>) {
    let title = match (&summary.planned.undo, &summary.planned.retries) {
        (Some(undo), _) => format!("Take back run {} at {site}?", undo.run_id),
        (None, Some(run)) => format!("Try again what failed in run {run} at {site}?"),
        (None, None) => format!("Apply to {site}?"),
    };
    let mut inside = canvas.framed(&title);
    let width = inside.width();
    let rows = inside.height().saturating_sub(2);
    let place = &mut inside.part(0, 0, width, rows + 1);
    shown(summary, &lines(summary, width), place, rows);
    button(summary, &mut inside.part(0, rows + 1, width, 1));
}

/// The lines that fit; the one with the keys is always in sight.
fn shown(summary: &Summary, lines: &Lines, canvas: &mut Canvas<'_>, rows: usize) {
    let focus = lines
        .fields
        .iter()
        .find(|(_, at)| *at == summary.focus)
        .map_or(0, |(line, _)| *line);
    let needed = if summary.on_button() {
        0
    } else {
        (focus + 2).saturating_sub(rows)
    };
    let width = canvas.width();
    let names = Names { summary, width };
    let all = lines.lines.len() + names.rows();
    let scroll = summary.scroll.max(needed).min(all.saturating_sub(rows));
    for y in 0..rows {
        match lines.lines.get(scroll + y) {
            Some((indent, text, tone)) => {
                canvas.put(*indent, y, text, *tone);
            }
            None => names.draw(scroll + y - lines.lines.len(), y, canvas),
        }
    }
    for (line, at) in &lines.fields {
        let Some(y) = line.checked_sub(scroll).filter(|y| *y < rows) else {
            continue;
        };
        let (guard, field) = &summary.guards[*at];
        if guard.allowable {
            let on = summary.focus == *at;
            canvas.put(0, y, if on { "▸" } else { " " }, Tone::Strong);
            canvas.put(2, y, "[", Tone::Dim);
            field.draw(canvas, (3, y), FIELD - 2, on);
            canvas.put(FIELD + 1, y, "]", Tone::Dim);
        }
    }
    if all > rows + scroll {
        canvas.right(0, rows, "page-down: more ↓", Tone::Dim);
    }
}

fn button(summary: &Summary, canvas: &mut Canvas<'_>) {
    let (free, held) = summary.counts();
    let narrow = canvas.width() < 44;
    let mut words = match (free, narrow) {
        (0, _) if summary.planned.undo.is_some() => "Take back nothing".to_owned(),
        (0, false) => "Note this plan as reviewed, apply nothing".to_owned(),
        (0, true) => "Only note as reviewed".to_owned(),
        (_, false) => format!("Apply {}", counted(free, "operation", "operations")),
        (_, true) => format!("Apply {}", grouped(free)),
    };
    if held > 0 && (free > 0 || !narrow) {
        let _ = write!(words, ", leave {} held", grouped(held));
    }
    let button = format!("[ {words} ]");
    if summary.on_button() {
        canvas.put(0, 0, "▸", Tone::Strong);
        canvas.put(2, 0, &button, Tone::Chosen);
    } else {
        canvas.put(2, 0, &button, Tone::Strong);
    }
}
