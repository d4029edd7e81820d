//! Standard output and standard error.

use super::error::CliError;
use crate::sync::Problem;
use crate::text::{cell, json_safe, padded};
pub use crate::text::{counted, wrap_whole as wrap};
use serde_json::json;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write};

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
    /// Whether it is read on a terminal, whose lines have an end.
    terminal: bool,
    width: usize,
}

/// When text is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Colour {
    /// On a terminal that has colours, without `NO_COLOR`.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
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
    pub fn new(json: bool, quiet: bool, verbose: bool, colour: Colour) -> Self {
        let terminal = io::stdout().is_terminal();
        let plain = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty())
            || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let colour = match colour {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => terminal && !plain,
        };
        Self {
            json,
            quiet,
            verbose,
            colour: colour && !json,
            terminal,
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

    /// Text in a column of this width. On a terminal it is cut where it is longer; a file or another
    /// program gets all of it.
    #[must_use]
    pub fn cell(&self, text: &str, width: usize) -> String {
        if self.terminal {
            cell(text, width)
        } else {
            padded(text, width)
        }
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
        self.answer(&format!("{}\n", json_safe(&value.to_string())))
    }

    /// Writes text that belongs to the answer, and is a remark where the answer is a document.
    pub fn tell(&self, text: &str) -> io::Result<()> {
        if self.json {
            self.remark(text);
            return Ok(());
        }
        self.answer(text)
    }

    /// Writes a remark.
    pub fn remark(&self, text: &str) {
        if !self.quiet {
            // Standard error may be closed; a remark is not worth failing for.
            let _ = writeln!(io::stderr().lock(), "{text}");
        }
    }
}

/// Standard output can't be written.
pub(super) fn printed(source: io::Error) -> CliError {
    CliError::Output(source)
}

/// Reports a problem: with `--json` as the document on standard output, otherwise in words on
/// standard error.
pub fn report(problem: &Problem, as_json: bool) {
    if as_json {
        let document = json!({"version": 1, "error": {
            "kind": problem.kind.as_str(), "message": problem.message, "hint": problem.hint, "ids": problem.ids}});
        let document = document.to_string();
        let _ = writeln!(io::stdout().lock(), "{}", json_safe(&document));
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
