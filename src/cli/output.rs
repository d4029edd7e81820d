//! Standard output and standard error.

use crate::directory::shown;
use crate::sync::Problem;
use serde_json::json;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Done, or nothing to do.
    Done,
    /// Something was held.
    Held,
    /// Some operations failed.
    Partial,
    /// It failed.
    Failed,
    /// Wrong usage.
    Usage,
    /// There are changes (`plan --detailed-exitcode`).
    Changes,
    /// Interrupted by the keyboard or a lost line.
    Interrupted,
    /// Terminated.
    Terminated,
}

impl Exit {
    /// The code.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Held => 3,
            Self::Partial => 4,
            Self::Changes => 5,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }
}

/// Where answers and remarks go.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    /// Whether the answer is one JSON document.
    pub json: bool,
    /// Whether remarks are left out.
    pub quiet: bool,
    /// Whether every row is shown.
    pub verbose: bool,
    colour: bool,
    width: usize,
}

/// What a piece of text stands for; each has its own mark, so that colour only repeats it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// A heading.
    Strong,
    /// An aside.
    Dim,
    /// Something is added, or good.
    Good,
    /// Something is removed, or bad.
    Bad,
    /// Something is held, or to be known.
    Held,
}

impl Output {
    /// Looks at the terminal.
    #[must_use]
    pub fn new(json: bool, quiet: bool, verbose: bool) -> Self {
        let terminal = io::stdout().is_terminal();
        let plain = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        Self {
            json,
            quiet,
            verbose,
            colour: terminal && !json && !plain,
            width: terminal_size::terminal_size_of(io::stdout())
                .map_or(100, |(width, _)| usize::from(width.0))
                .clamp(60, 240),
        }
    }

    /// How many columns text may take.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Text in a tone; plain when piped.
    #[must_use]
    pub fn tone(&self, tone: Tone, text: &str) -> String {
        if !self.colour || text.is_empty() {
            return text.to_owned();
        }
        let code = match tone {
            Tone::Strong => "1",
            Tone::Dim => "2",
            Tone::Good => "32",
            Tone::Bad => "31",
            Tone::Held => "33",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }

    /// Writes the answer. A reader who went away ends the program quietly, as `head` expects.
    pub fn answer(&self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other,
        }
    }

    /// Writes a document as the answer.
    pub fn document(&self, value: &serde_json::Value) -> io::Result<()> {
        self.answer(&format!("{value}\n"))
    }

    /// Writes a remark.
    pub fn remark(&self, text: &str) {
        if !self.quiet {
            // Standard error may be closed; a remark is not worth failing for.
            let _ = writeln!(io::stderr().lock(), "{text}");
        }
    }
}

/// Reports a problem: with `--json` as the document on standard output, otherwise in words on
/// standard error.
pub fn report(problem: &Problem, as_json: bool) {
    if as_json {
        let document = json!({"version": 1, "error": {
            "kind": problem.kind, "message": problem.message, "hint": problem.hint, "ids": problem.ids}});
        let _ = writeln!(io::stdout().lock(), "{document}");
        return;
    }
    let width = terminal_size::terminal_size_of(io::stderr())
        .map_or(94, |(width, _)| usize::from(width.0).clamp(60, 120));
    let mut text = String::new();
    let message = format!("rollbook: {}", problem.message);
    for (at, line) in wrap(&message, width - 2).iter().enumerate() {
        let _ = writeln!(text, "{}{line}", if at == 0 { "" } else { "  " });
    }
    for line in wrap(&problem.hint, width - 2) {
        let _ = writeln!(text, "  {line}");
    }
    for (name, value) in &problem.ids {
        let _ = writeln!(text, "  {name}: {value}");
    }
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Breaks text at blanks into lines of at most this many columns.
#[must_use]
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && line.width() + 1 + word.width() > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// A name from a directory, made safe, cut or filled to exactly this many columns.
#[must_use]
pub fn cell(text: &str, width: usize) -> String {
    let safe = shown(text);
    let mut out = String::new();
    if safe.width() <= width {
        out.push_str(&safe);
    } else {
        let mut used = 0;
        for c in safe.chars() {
            let w = c.width().unwrap_or(0);
            if used + w + 1 > width {
                break;
            }
            used += w;
            out.push(c);
        }
        out.push('…');
    }
    let fill = width.saturating_sub(out.width());
    out.extend(std::iter::repeat_n(' ', fill));
    out
}

/// “1 person”, “2 people”.
#[must_use]
pub fn counted(count: u64, one: &str, many: &str) -> String {
    let digits = count.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{grouped} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_never_move_the_layout() {
        for name in [
            "",
            "Ada",
            "a very long name indeed",
            "王小明王小明王小明",
            "\u{1b}[31mred",
        ] {
            assert_eq!(cell(name, 12).width(), 12, "{name}");
        }
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(counted(1, "person", "people"), "1 person");
        assert_eq!(counted(1_234_567, "person", "people"), "1,234,567 people");
    }
}
