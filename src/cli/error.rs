//! How a command fails: as its use case does, or for want of a terminal or an output.

use crate::config::ConfigError;
use crate::plan::AllowanceError;
use crate::store::StoreError;
use crate::sync::{Problem, ProblemKind, SyncError};

/// Anything that ends a command.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The use case failed.
    #[error(transparent)]
    Sync(#[from] SyncError),
    /// There is nobody to ask.
    #[error("this needs an answer, and there is no terminal to ask on")]
    NoTerminal {
        /// What would have answered it.
        instead: &'static str,
    },
    /// The console can't open without a terminal.
    #[error("the console needs a terminal, and there is none")]
    NoConsole,
    /// The terminal can't be used.
    #[error("the terminal can't be used: {0}")]
    Terminal(std::io::Error),
    /// Standard output can't be written.
    #[error("standard output can't be written: {0}")]
    Output(std::io::Error),
    /// The simulated organisation can't start.
    #[error("{what}: {cause}")]
    Simulator {
        /// What can't be done.
        what: String,
        /// Why.
        cause: String,
    },
}

impl From<ConfigError> for CliError {
    fn from(error: ConfigError) -> Self {
        Self::Sync(error.into())
    }
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        Self::Sync(error.into())
    }
}

impl From<AllowanceError> for CliError {
    fn from(error: AllowanceError) -> Self {
        Self::Sync(error.into())
    }
}

impl From<&CliError> for Problem {
    fn from(error: &CliError) -> Self {
        match error {
            CliError::Sync(error) => error.into(),
            CliError::NoTerminal { instead } => Self::plain(
                ProblemKind::NoTerminal,
                "This needs an answer, and there is no terminal to ask on. Nothing was applied."
                    .to_owned(),
                instead,
            ),
            CliError::NoConsole => Self::plain(
                ProblemKind::NoTerminal,
                "The console needs a terminal, and there is none here.".to_owned(),
                "Without one there are commands: `rollbook --help` lists them, and `rollbook demo --headless` shows the main job.",
            ),
            CliError::Terminal(cause) => Self::plain(
                ProblemKind::Terminal,
                format!("The terminal can't be used: {cause}."),
                "Check TERM and the connection, and start again. What was under way is in the journal: the next run goes on from there.",
            ),
            CliError::Output(cause) => Self::plain(
                ProblemKind::Output,
                format!("Standard output can't be written: {cause}."),
                "See what reads it, such as a pipe that was closed or a full disk. What was applied until then is in the journal: `rollbook runs` shows it.",
            ),
            CliError::Simulator { what, cause } => Self::plain(
                ProblemKind::Start,
                format!("Sorry, {what}: {cause}."),
                "Correct that, and start again.",
            ),
        }
    }
}
