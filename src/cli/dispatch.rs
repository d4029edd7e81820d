//! From the command line to the command.

use super::args::{Command, Global};
use super::error::CliError;
use super::output::{Exit, Output};
use super::target::Target;
use super::{adopt, apply, check, export, plan, runs, show, state, sync, undo};
use crate::plan::Allowances;
use crate::sync::Clock;
use tokio_util::sync::CancellationToken;

/// Runs a command that works on a profile.
pub async fn run(
    command: Command,
    global: &Global,
    clock: Clock,
    cancel: CancellationToken,
) -> Result<Exit, CliError> {
    let output = Output::new(global.json, global.quiet, global.verbose, global.color);
    let allowances = Allowances::new(global.allow.iter().copied());
    let load = |secrets| Target::load(global, clock, cancel.clone(), secrets);
    match command {
        Command::Check => check::check(&load(true)?, &output).await,
        Command::Plan {
            out,
            detailed_exitcode,
        } => {
            let target = load(true)?;
            let request = plan::Request {
                out: out.as_deref(),
                detailed: detailed_exitcode,
            };
            plan::plan(&target, allowances, &request, &output).await
        }
        Command::Apply { file, retry } => {
            let yes = global.yes;
            let request = apply::Request { file, retry, yes };
            apply::apply(&load(true)?, allowances, request, &output).await
        }
        Command::Undo { run, out } => {
            let target = load(true)?;
            let request = undo::Request {
                run: &run,
                out: out.as_deref(),
                yes: global.yes,
            };
            undo::undo(&target, allowances, &request, &output).await
        }
        Command::Export { runs, format, out } => {
            export::export(&load(false)?, &runs, format, out.as_deref(), &output)
        }
        Command::Sync => sync::sync(&load(true)?, allowances, &output).await,
        Command::Adopt {
            group,
            add_only,
            confirm,
            out,
        } => {
            let target = load(true)?;
            let request = adopt::Request {
                group: &group,
                add_only,
                typed: confirm.as_deref(),
                out: out.as_deref(),
                yes: global.yes,
            };
            adopt::adopt(&target, allowances, &request, &output).await
        }
        Command::State { command } => state::state(&load(false)?, &command, &output),
        Command::Runs => runs::runs(&load(false)?, &output),
        Command::Show { run } => show::show(&load(false)?, &run, &output),
        // Both are `main`'s: they need the simulator.
        Command::Demo { .. } | Command::Simulate(_) => Ok(Exit::Usage),
    }
}
