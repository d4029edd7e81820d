//! A rectangle of the screen to draw on. Whatever is put on it is made safe and cut to its place.

use super::theme::{Theme, Tone};
use crate::text::{fit, wrap};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Clear, Widget as _};
use unicode_width::UnicodeWidthStr as _;

/// A part of the screen, with positions counted from its own corner.
pub(super) struct Canvas<'a> {
    area: Rect,
    buffer: &'a mut Buffer,
    theme: Theme,
    cursor: &'a mut Option<(u16, u16)>,
}

impl<'a> Canvas<'a> {
    pub(super) fn new(
        buffer: &'a mut Buffer,
        theme: Theme,
        cursor: &'a mut Option<(u16, u16)>,
    ) -> Self {
        Self {
            area: buffer.area,
            buffer,
            theme,
            cursor,
        }
    }

    pub(super) fn width(&self) -> usize {
        usize::from(self.area.width)
    }

    pub(super) fn height(&self) -> usize {
        usize::from(self.area.height)
    }

    /// A part of this part; what lies outside is cut off.
    pub(super) fn part(&mut self, x: usize, y: usize, width: usize, height: usize) -> Canvas<'_> {
        let x = x.min(self.width());
        let y = y.min(self.height());
        let area = Rect {
            x: self.area.x + x as u16,
            y: self.area.y + y as u16,
            width: width.min(self.width() - x) as u16,
            height: height.min(self.height() - y) as u16,
        };
        Canvas {
            area,
            buffer: self.buffer,
            theme: self.theme,
            cursor: self.cursor,
        }
    }

    /// Puts text on a row, cut with an ellipsis at the right border. Gives the column behind it.
    pub(super) fn put(&mut self, x: usize, y: usize, text: &str, tone: Tone) -> usize {
        self.cell(x, y, self.width().saturating_sub(x), text, tone)
    }

    /// Puts text on a row into this many columns. Gives the column behind the text.
    pub(super) fn cell(
        &mut self,
        x: usize,
        y: usize,
        width: usize,
        text: &str,
        tone: Tone,
    ) -> usize {
        if y >= self.height() || x >= self.width() {
            return x;
        }
        let width = width.min(self.width() - x);
        let text = fit(text, width);
        let (column, row) = (self.area.x + x as u16, self.area.y + y as u16);
        self.buffer
            .set_stringn(column, row, text.as_ref(), width, self.theme.style(tone));
        x + text.width()
    }

    /// Puts text at the right border, `from` the right. Gives the column where it begins.
    pub(super) fn right(&mut self, from: usize, y: usize, text: &str, tone: Tone) -> usize {
        let x = self.width().saturating_sub(from + text.width());
        self.put(x, y, text, tone);
        x
    }

    /// Puts text over as many rows as it needs, at most to the lower border. Gives the row below.
    pub(super) fn paragraph(&mut self, x: usize, y: usize, text: &str, tone: Tone) -> usize {
        let mut y = y;
        for line in wrap(&crate::text::escape(text), self.width().saturating_sub(x)) {
            self.put(x, y, &line, tone);
            y += 1;
        }
        y
    }

    /// Draws over a row with a meaning of its own, such as the chosen one.
    pub(super) fn tint(&mut self, x: usize, y: usize, width: usize, tone: Tone) {
        if y >= self.height() || x >= self.width() {
            return;
        }
        let area = Rect {
            x: self.area.x + x as u16,
            y: self.area.y + y as u16,
            width: width.min(self.width() - x) as u16,
            height: 1,
        };
        self.buffer.set_style(area, self.theme.style(tone));
    }

    /// A rule across a row, with a title.
    pub(super) fn rule(&mut self, y: usize, title: &str) {
        let line = "─".repeat(self.width());
        self.put(0, y, &line, Tone::Dim);
        if !title.is_empty() {
            let end = self.put(2, y, &format!(" {title} "), Tone::Strong);
            debug_assert!(end <= self.width());
        }
    }

    /// A bar that is full at `done` of `total`; never full before everything is done.
    pub(super) fn bar(&mut self, x: usize, y: usize, width: usize, done: u64, total: u64) {
        let full = match done.saturating_mul(width as u64).checked_div(total) {
            None => 0,
            Some(_) if done >= total => width,
            Some(part) => (part as usize).min(width.saturating_sub(1)),
        };
        self.cell(x, y, full, &"━".repeat(full), Tone::Good);
        self.cell(
            x + full,
            y,
            width - full,
            &"╌".repeat(width - full),
            Tone::Dim,
        );
    }

    /// Puts the terminal's cursor here.
    pub(super) fn cursor(&mut self, x: usize, y: usize) {
        if x < self.width() && y < self.height() {
            *self.cursor = Some((self.area.x + x as u16, self.area.y + y as u16));
        }
    }

    /// Takes the terminal's cursor away again.
    pub(super) fn no_cursor(&mut self) {
        *self.cursor = None;
    }

    /// Empties the rectangle, and frames it with a title; gives its inside.
    pub(super) fn framed(&mut self, title: &str) -> Canvas<'_> {
        let (width, height) = (self.width(), self.height());
        // Styles add up: without this the colours of what lies beneath would shine through.
        Clear.render(self.area, self.buffer);
        if width < 2 || height < 2 {
            return self.part(0, 0, 0, 0);
        }
        let line = "─".repeat(width - 2);
        self.put(0, 0, &format!("╭{line}╮"), Tone::Dim);
        for y in 1..height - 1 {
            self.put(0, y, "│", Tone::Dim);
            self.put(width - 1, y, "│", Tone::Dim);
        }
        self.put(0, height - 1, &format!("╰{line}╯"), Tone::Dim);
        if !title.is_empty() {
            let title = fit(title, width.saturating_sub(6));
            self.put(2, 0, &format!(" {title} "), Tone::Strong);
        }
        self.part(2, 1, width.saturating_sub(4), height - 2)
    }
}

#[cfg(test)]
mod tests {
    use super::Canvas;
    use crate::console::theme::{Theme, Tone};
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;
    use ratatui::style::{Color, Style};

    #[test]
    fn nothing_shines_through_a_frame() {
        let area = Rect::new(0, 0, 12, 4);
        let mut buffer = Buffer::empty(area);
        let loud = Style::new().fg(Color::Black).bg(Color::Cyan);
        buffer.set_stringn(0, 1, "beneath here", 12, loud);
        let mut cursor = None;
        let mut canvas = Canvas::new(&mut buffer, Theme::Colour, &mut cursor);
        canvas.framed("").put(0, 0, "over", Tone::Plain);
        for x in 1..11 {
            let cell = &buffer[(x, 1)];
            assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset), "{x}");
        }
    }
}
