//! Questions on the terminal.

use super::error::CliError;
use super::output::wrap;
use crate::plan::{Allowance, GuardCount};
use crate::sync::SyncError;
use crate::text::escape;
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use tokio_util::sync::CancellationToken;

/// Whether there is somebody to ask.
pub fn is_possible() -> bool {
    io::stdin().is_terminal()
}

/// Asks and reads a line. Fails where there is no terminal; `instead` says what would answer it.
async fn ask(
    question: &str,
    instead: &'static str,
    cancel: &CancellationToken,
) -> Result<String, CliError> {
    if !is_possible() {
        return Err(CliError::NoTerminal { instead });
    }
    let width = terminal_size::terminal_size_of(io::stderr()).map_or(80, |(w, _)| usize::from(w.0));
    let question = wrap(question, width.saturating_sub(12)).join("\n");
    let _ = write!(io::stderr().lock(), "{question} ");
    let _ = io::stderr().lock().flush();
    // The thread that reads is left behind by a signal; the program ends without it.
    let read = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).map(|n| (n, line))
    });
    tokio::select! {
        () = cancel.cancelled() => Err(SyncError::Cancelled.into()),
        line = read => match line {
            Ok(Ok((n, line))) if n > 0 => Ok(line.trim().to_owned()),
            _ => Err(SyncError::Cancelled.into()),
        },
    }
}

/// A plain question. Anything but yes is no.
pub async fn confirm(question: &str, cancel: &CancellationToken) -> Result<bool, CliError> {
    let answer = ask(
        &format!("{question} [y/N]"),
        "Add --yes to answer it beforehand; guards still hold. Or run it in a terminal.",
        cancel,
    )
    .await?;
    Ok(matches!(answer.to_ascii_lowercase().as_str(), "y" | "yes"))
}

/// Lets the admin type the number of each guard that can be allowed. An empty line leaves it.
pub async fn allowances(
    guards: &[GuardCount],
    cancel: &CancellationToken,
) -> Result<Vec<Allowance>, CliError> {
    let mut allowed = Vec::new();
    if !is_possible() {
        return Ok(allowed);
    }
    for guard in guards.iter().filter(|guard| guard.allowable) {
        let question = format!(
            "{}: {}. Type {} to allow it, or nothing to leave it held:",
            guard.name,
            guard.words(),
            guard.count
        );
        let answer = ask(&question, "", cancel).await?;
        if answer == guard.count.to_string() {
            allowed.push(Allowance {
                name: guard.name,
                count: guard.count,
            });
        } else {
            let said = if answer.is_empty() {
                String::new()
            } else {
                format!("“{}” is not {}. ", escape(&answer), guard.count)
            };
            let _ = writeln!(io::stderr().lock(), "  {said}Left held.");
        }
    }
    Ok(allowed)
}

/// Lets the admin type a group's name.
pub async fn typed_name(name: &str, cancel: &CancellationToken) -> Result<bool, CliError> {
    let question = format!(
        "Membership of “{}” gives access and takes seats. Type the group's name to adopt it:",
        escape(name)
    );
    let answer = ask(
        &question,
        "An access group is only adopted by somebody who types its name: run it in a terminal, or add --confirm NAME.",
        cancel,
    )
    .await?;
    if answer != name {
        let _ = writeln!(io::stderr().lock(), "  That is not the group's name.");
    }
    Ok(answer == name)
}
