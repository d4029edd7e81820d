//! Progress on standard error, where somebody looks at it.

use super::output::Output;
use crate::sync::{Control, Progress, Stage};
use crate::text::cell;
use crate::text::escape;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::task::JoinHandle;

/// One line that is overwritten a few times a second until it is dropped.
pub struct Line(Option<JoinHandle<()>>);

impl Line {
    /// Shows progress if standard error is a terminal.
    pub fn show(progress: &Progress, output: &Output) -> Self {
        if output.quiet || !io::stderr().is_terminal() {
            return Self(None);
        }
        let watch = progress.watch();
        Self(Some(tokio::spawn(async move {
            let mut ticks = tokio::time::interval(Duration::from_millis(200));
            loop {
                ticks.tick().await;
                let text = words(&watch.borrow());
                // A line that wraps could not be overwritten.
                let width = terminal_size::terminal_size_of(io::stderr())
                    .map_or(80, |(width, _)| usize::from(width.0));
                let text = cell(&text, width.saturating_sub(1));
                let text = text.trim_end();
                let _ = write!(io::stderr().lock(), "\r\u{1b}[K{text}");
                let _ = io::stderr().lock().flush();
            }
        })))
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Some(task) = self.0.take() {
            task.abort();
            let _ = write!(io::stderr().lock(), "\r\u{1b}[K");
        }
    }
}

/// Tells whose answer is waited for, while `work` goes on.
pub(super) async fn telling<T>(
    control: &Control,
    output: &Output,
    work: impl Future<Output = T>,
) -> T {
    let mut awaited = control.awaited();
    tokio::pin!(work);
    loop {
        tokio::select! {
            result = &mut work => return result,
            Ok(()) = awaited.changed() => {
                let host = awaited.borrow_and_update().clone();
                if let Some(host) = host {
                    output.remark(&format!("Waiting for an answer from {} …", escape(&host)));
                }
            }
        }
    }
}

fn words(stage: &Stage) -> String {
    match stage {
        Stage::Idle => String::new(),
        Stage::Connecting => "Signing in …".to_owned(),
        Stage::Reading { entra, jira } => format!(
            "Reading … Entra {} people, {} groups · Jira {} accounts, members of {}/{} groups",
            entra.users.load(Relaxed),
            entra.groups.load(Relaxed),
            jira.users.load(Relaxed),
            jira.member_lists.load(Relaxed),
            jira.member_lists_of.load(Relaxed),
        ),
        Stage::LookingUp { done, total } => {
            format!("Looking up people whose account may hide its e-mail … {done}/{total}")
        }
        Stage::Planning => "Planning …".to_owned(),
        Stage::Applying { counts, total } => format!(
            "Applying … {}/{total} done, {} failed",
            counts.done + counts.already,
            counts.failed
        ),
    }
}
