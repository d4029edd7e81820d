//! Places where text is entered.

use super::canvas::Canvas;
use super::theme::Tone;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use tui_input::{Input, InputRequest};

/// One line of text.
#[derive(Debug, Clone, Default)]
pub(super) struct TextField {
    input: Input,
}

impl From<&str> for TextField {
    fn from(text: &str) -> Self {
        Self {
            input: Input::new(text.to_owned()),
        }
    }
}

impl TextField {
    pub(super) fn text(&self) -> &str {
        self.input.value()
    }

    /// Takes a key that is meant for text. Says whether it was one.
    pub(super) fn key(&mut self, key: KeyEvent) -> bool {
        let Some(request) = request(key) else {
            return false;
        };
        self.input.handle(request);
        true
    }

    /// Pasted text: its first line that holds anything, since a field is one line.
    pub(super) fn paste(&mut self, text: &str) {
        for c in first_line(text) {
            self.input.handle(InputRequest::InsertChar(c));
        }
    }

    /// Draws the text into its columns. With the keys' focus it shows the cursor and scrolls.
    pub(super) fn draw(&self, canvas: &mut Canvas<'_>, at: (usize, usize), width: usize, on: bool) {
        let (x, y) = at;
        canvas.tint(x, y, width, Tone::Field);
        if !on {
            canvas.cell(x, y, width, self.text(), Tone::Field);
            return;
        }
        let scroll = self.input.visual_scroll(width.saturating_sub(1));
        let mut column = 0;
        let rest: String = self
            .text()
            .chars()
            .skip_while(|c| {
                column += unicode_width::UnicodeWidthChar::width(*c).unwrap_or(0);
                column <= scroll
            })
            .collect();
        canvas.cell(x, y, width, &rest, Tone::Field);
        canvas.cursor(x + self.input.visual_cursor().saturating_sub(scroll), y);
    }
}

/// The first line that holds anything, without tabs and the like.
fn first_line(text: &str) -> impl Iterator<Item = char> {
    text.trim()
        .lines()
        .next()
        .unwrap_or_default()
        .trim()
        .chars()
        .filter(|c| !c.is_control())
}

fn request(key: KeyEvent) -> Option<InputRequest> {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    let alt = key.modifiers.contains(KeyModifiers::ALT);
    Some(match key.code {
        KeyCode::Char(c) if !control && !alt => InputRequest::InsertChar(c),
        KeyCode::Char('w') if control => InputRequest::DeletePrevWord,
        KeyCode::Char('u') if control => InputRequest::DeleteLine,
        KeyCode::Char('a') if control => InputRequest::GoToStart,
        KeyCode::Char('e') if control => InputRequest::GoToEnd,
        KeyCode::Char('k') if control => InputRequest::DeleteTillEnd,
        KeyCode::Backspace if alt || control => InputRequest::DeletePrevWord,
        KeyCode::Backspace => InputRequest::DeletePrevChar,
        KeyCode::Delete => InputRequest::DeleteNextChar,
        KeyCode::Left if control => InputRequest::GoToPrevWord,
        KeyCode::Right if control => InputRequest::GoToNextWord,
        KeyCode::Left => InputRequest::GoToPrevChar,
        KeyCode::Right => InputRequest::GoToNextChar,
        KeyCode::Home => InputRequest::GoToStart,
        KeyCode::End => InputRequest::GoToEnd,
        _ => return None,
    })
}

/// A secret under entry. It is wiped from memory when it is dropped, and shown only on demand.
#[derive(Clone, Default)]
pub(super) struct SecretField {
    text: Zeroizing<String>,
    /// Whether it is shown while the field has the keys.
    pub(super) revealed: bool,
    /// Whether the next letter begins anew: nobody can edit what is not seen.
    fresh: bool,
}

impl std::fmt::Debug for SecretField {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretField(…)")
    }
}

impl SecretField {
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub(super) fn secret(&self) -> SecretString {
        SecretString::from(self.text.as_str())
    }

    /// For checks of its form only.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The field was entered: whatever is typed or pasted replaces what stands in it.
    pub(super) fn enter(&mut self) {
        self.fresh = true;
    }

    /// Shows or hides it; what is seen can be edited.
    pub(super) fn reveal(&mut self) {
        self.revealed = !self.revealed;
        self.fresh = false;
    }

    pub(super) fn clear(&mut self) {
        self.text = Zeroizing::default();
        self.revealed = false;
    }

    /// Takes a key that is meant for text. Says whether it was one.
    pub(super) fn key(&mut self, key: KeyEvent) -> bool {
        match request(key) {
            Some(InputRequest::InsertChar(c)) => {
                self.begin();
                self.push(c);
            }
            Some(InputRequest::DeletePrevChar) => {
                self.begin();
                self.text.pop();
            }
            Some(InputRequest::DeleteLine | InputRequest::DeletePrevWord) => self.clear(),
            Some(_) => {}
            None => return false,
        }
        true
    }

    pub(super) fn paste(&mut self, text: &str) {
        self.begin();
        for c in first_line(text) {
            self.push(c);
        }
    }

    fn begin(&mut self) {
        if std::mem::take(&mut self.fresh) {
            self.clear();
        }
    }

    fn push(&mut self, c: char) {
        // Growing by itself, a string would leave copies of the secret behind.
        if self.text.capacity() < self.text.len() + 4 {
            let mut larger = Zeroizing::new(String::with_capacity(512.max(self.text.len() * 2)));
            larger.push_str(&self.text);
            self.text = larger;
        }
        self.text.push(c);
    }

    pub(super) fn draw(&self, canvas: &mut Canvas<'_>, at: (usize, usize), width: usize, on: bool) {
        let (x, y) = at;
        canvas.tint(x, y, width, Tone::Field);
        let count = self.text.chars().count();
        let room = width.saturating_sub(1);
        if on && self.revealed {
            let skip = count.saturating_sub(room);
            let tail: Zeroizing<String> = Zeroizing::new(self.text.chars().skip(skip).collect());
            canvas.cell(x, y, width, &tail, Tone::Field);
        } else {
            canvas.cell(x, y, width, &"●".repeat(count.min(room)), Tone::Field);
        }
        if on {
            canvas.cursor(x + count.min(room), y);
        }
    }
}
