//! The headless commands.
//!
//! Standard output holds the answer: text for people, plain when piped, or with `--json` one
//! document. Everything else goes to standard error.

mod adopting;
mod applying;
mod args;
mod ask;
mod checking;
mod demo;
mod error;
mod export;
mod history;
mod json;
mod keeping;
mod output;
mod plan_text;
mod progress;
mod undoing;
mod work;

pub use args::{Arguments, Command, Global, SimulateArguments};
pub use demo::demo;
pub use error::CliError;
pub use output::{Exit, Output, report};
pub use work::{Target, run};
