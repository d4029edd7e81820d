//! The headless commands.
//!
//! Standard output holds the answer: text for people, plain when piped, or with `--json` one
//! document. Everything else goes to standard error.

mod adopt;
mod apply;
mod args;
mod ask;
mod check;
mod conversation;
mod demo;
mod dispatch;
mod error;
mod export;
mod help;
mod json;
mod output;
mod plan;
mod plan_aside;
mod plan_held;
mod plan_text;
mod progress;
mod report_text;
mod runs;
mod show;
mod state;
mod sync;
mod target;
mod undo;

pub use args::{Arguments, Command, Global, SimulateArguments};
pub use demo::demo;
pub use dispatch::run;
pub use error::CliError;
pub use help::command;
pub use output::{Colour, Exit, Output, report};
pub use target::Target;
