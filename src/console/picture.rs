//! A screen as an SVG picture.

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};
use std::fmt::Write as _;
use unicode_width::UnicodeWidthStr as _;

/// Width and height of a cell, in pixels.
const CELL: (usize, usize) = (9, 19);
/// Space around, in pixels.
const MARGIN: usize = 14;
const PAPER: &str = "#16181d";
const INK: &str = "#d7dae0";
const DIM: &str = "#7f8694";

/// Draws a buffer as SVG, with the fonts of whoever looks at it.
#[must_use]
pub fn svg(buffer: &Buffer, title: &str) -> String {
    let (columns, rows) = (
        usize::from(buffer.area.width),
        usize::from(buffer.area.height),
    );
    let (width, height) = (columns * CELL.0 + 2 * MARGIN, rows * CELL.1 + 2 * MARGIN);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{}\">\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{PAPER}\"/>\n<g font-family=\"ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace\" font-size=\"15\" xml:space=\"preserve\">\n",
        escaped(title)
    );
    for row in 0..rows {
        let mut column = 0;
        while column < columns {
            let from = column;
            let look = look(buffer, column, row);
            let mut text = String::new();
            while column < columns && self::look(buffer, column, row) == look {
                let symbol = buffer[(column as u16, row as u16)].symbol();
                text.push_str(symbol);
                column += symbol.width().max(1);
            }
            span(&mut out, (from, row), column - from, &text, look);
        }
    }
    out.push_str("</g>\n</svg>\n");
    out
}

/// Ink, paper if any, weight and line of a cell.
type Look = (&'static str, Option<&'static str>, bool, bool);

fn look(buffer: &Buffer, column: usize, row: usize) -> Look {
    let cell = &buffer[(column as u16, row as u16)];
    let has = |modifier| cell.modifier.contains(modifier);
    let ink = match cell.fg {
        Color::Green => "#7ec98f",
        Color::Red => "#ef7d7d",
        Color::Yellow => "#e2c06d",
        Color::Cyan => "#6dc3dd",
        _ if has(Modifier::DIM) => DIM,
        _ => INK,
    };
    let (ink, paper) = if has(Modifier::REVERSED) {
        (PAPER, Some(if ink == DIM { INK } else { ink }))
    } else {
        (ink, None)
    };
    (ink, paper, has(Modifier::BOLD), has(Modifier::UNDERLINED))
}

fn span(out: &mut String, at: (usize, usize), columns: usize, text: &str, look: Look) {
    let (ink, paper, bold, underlined) = look;
    let (x, y) = (MARGIN + at.0 * CELL.0, MARGIN + at.1 * CELL.1);
    let width = columns * CELL.0;
    if let Some(paper) = paper {
        let _ = writeln!(
            out,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{}\" fill=\"{paper}\"/>",
            CELL.1
        );
    }
    if underlined {
        let _ = writeln!(
            out,
            "<rect x=\"{x}\" y=\"{}\" width=\"{width}\" height=\"1\" fill=\"{DIM}\"/>",
            y + CELL.1 - 2
        );
    }
    if text.trim().is_empty() {
        return;
    }
    let weight = if bold { " font-weight=\"bold\"" } else { "" };
    let _ = writeln!(
        out,
        "<text x=\"{x}\" y=\"{}\" textLength=\"{width}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{ink}\"{weight}>{}</text>",
        y + CELL.1 - 5,
        escaped(text)
    );
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
