//! Drawing the page of a person, group or adoption, and the list of filters.

use super::page::{Line, Page};
use crate::console::canvas::Canvas;
use crate::console::theme::Tone;
use crate::text::grouped;

/// How many of a page's lines fit.
pub(in crate::console) fn height(size: (u16, u16)) -> usize {
    usize::from(size.1).saturating_sub(8).max(1)
}

/// Draws a page over the screen.
pub(in crate::console) fn draw(page: &Page, canvas: &mut Canvas<'_>) {
    let mut inside = canvas.framed(&page.title);
    let mut y = 0;
    if !page.candidates.is_empty() {
        inside.put(
            0,
            y,
            "Which account is this person's? Enter takes it, n: it is somebody else's.",
            Tone::Info,
        );
        y += 1;
        for (at, candidate) in page.candidates.iter().enumerate() {
            let chosen = at == page.cursor;
            inside.put(0, y, if chosen { "▸" } else { " " }, Tone::Strong);
            inside.put(2, y, &candidate.words, Tone::Plain);
            if chosen {
                let width = inside.width();
                inside.tint(2, y, width, Tone::Chosen);
            }
            y += 1;
        }
    }
    if let Some(adoption) = &page.adoption {
        if adoption.access {
            let words = "Type the group's name, then enter:";
            let x = inside.put(0, y, words, Tone::Held) + 1;
            let room = inside.width().saturating_sub(x);
            page.typed.draw(&mut inside, (x, y), room, true);
        } else {
            inside.put(0, y, "Enter adopts it, esc leaves it as it is.", Tone::Info);
        }
        y += 1;
    }
    let bottom = inside.height();
    let mut shown = 0;
    for content in page.lines.iter().skip(page.scroll) {
        if y >= bottom {
            break;
        }
        y = page_line(content, &mut inside, y);
        shown += 1;
    }
    if page.lines.len() > page.scroll + shown {
        let more = format!(" {} more ↓ ", page.lines.len() - page.scroll - shown);
        let y = canvas.height() - 1;
        canvas.right(3, y, &more, Tone::Dim);
    }
}

/// Columns for notes at the right of both sides.
fn noted(width: usize) -> usize {
    (width / 3).min(60)
}

/// Columns of the left side; the right one begins three further on.
fn side(width: usize) -> usize {
    width.saturating_sub(noted(width) + 4) / 2
}

/// Draws a line; gives the row below it.
fn page_line(line: &Line, canvas: &mut Canvas<'_>, y: usize) -> usize {
    let width = canvas.width();
    match line {
        Line::Head(title) => canvas.rule(y, title),
        Line::Text(tone, text) => {
            let indent = text.len() - text.trim_start().len();
            let mut y = y;
            let safe = crate::text::escape(text);
            let parts = crate::text::wrap(&safe, width.saturating_sub(indent + 3));
            for (at, part) in parts.iter().enumerate() {
                canvas.put(1 + indent + usize::from(at > 0) * 2, y, part, *tone);
                y += 1;
            }
            return y;
        }
        Line::Record(left, right) => {
            let side = side(width);
            canvas.cell(1, y, side + 1, left, Tone::Plain);
            canvas.cell(side + 3, y, width - side - 3, right, Tone::Plain);
        }
        Line::Pair {
            left,
            mark,
            right,
            note,
            tone,
        } => {
            let noted = if note.is_empty() { 0 } else { noted(width) };
            let side = side(width);
            let wide = width.saturating_sub(side + 5 + noted);
            canvas.cell(1, y, side - 1, left, Tone::Plain);
            canvas.put(side + 1, y, mark, *tone);
            canvas.cell(side + 3, y, wide, right, Tone::Plain);
            canvas.cell(width - noted, y, noted, note, *tone);
        }
    }
    y + 1
}

/// Draws the filters to choose from.
pub(in crate::console) fn draw_filter(menu: &super::FilterMenu, canvas: &mut Canvas<'_>) {
    let mut inside = canvas.framed("Show");
    let rows = inside.height();
    let from = menu.cursor.saturating_sub(rows.saturating_sub(1));
    for (y, (at, (filter, count))) in menu
        .entries
        .iter()
        .enumerate()
        .skip(from)
        .take(rows)
        .enumerate()
    {
        inside.put(2, y, filter.name(), Tone::Plain);
        inside.right(0, y, &grouped(*count), Tone::Dim);
        if at == menu.cursor {
            inside.put(0, y, "▸", Tone::Strong);
            let width = inside.width();
            inside.tint(2, y, width, Tone::Chosen);
        }
    }
}
