//! Running a command.

use super::args::{Command, Global};
use super::error::CliError;
use super::output::{Exit, Output};
use super::plan_text::plan_text;
use super::progress::Line;
use super::{adopting, applying, checking, export, history, json, keeping, undoing};
use crate::config::{self, Paths, Profile, Secrets, environment_applies};
use crate::plan::{Allowances, Mode};
use crate::sync::{self, Clock, Opening, Planned, Progress, ReadOptions, Session, SyncError};
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// What a command works on.
#[derive(Debug, Clone)]
pub struct Target {
    /// Folders.
    pub paths: Paths,
    /// Profile.
    pub profile: Profile,
    /// Its secrets; none for commands that only look at what is kept.
    pub secrets: Option<Secrets>,
    /// Whether everything is verified.
    pub full: bool,
    /// Tells the time.
    pub clock: Clock,
    /// Cancels it.
    pub cancel: CancellationToken,
    /// The options that led to it, to be repeated in commands that are suggested.
    pub options: String,
}

impl Target {
    fn load(
        global: &Global,
        clock: Clock,
        cancel: CancellationToken,
        secrets: bool,
    ) -> Result<Self, CliError> {
        let paths = Paths::new(global.config_dir.as_deref(), global.data_dir.as_deref())?;
        let (profile, only) = config::load(&paths, global.profile.as_deref())?;
        let environment = environment_applies(only, global.profile.is_some());
        let secrets = if secrets {
            Some(Secrets::find(&profile, &paths, environment)?)
        } else {
            None
        };
        Ok(Self {
            paths,
            profile,
            secrets,
            full: global.full,
            clock,
            cancel,
            options: options(global),
        })
    }

    /// Secrets, which every command that connects loads.
    pub(super) fn secrets(&self) -> Result<Secrets, CliError> {
        match &self.secrets {
            Some(secrets) => Ok(secrets.clone()),
            None => Ok(Secrets::find(&self.profile, &self.paths, false)?),
        }
    }

    /// What is wanted of a read, as far as the command line says.
    pub(super) fn read_options(&self) -> ReadOptions {
        ReadOptions {
            full: self.full,
            ..ReadOptions::default()
        }
    }

    /// Opens the session.
    pub(super) async fn open(
        &self,
        mode: Mode,
        doing: &str,
        progress: &Progress,
        output: &Output,
    ) -> Result<Session, CliError> {
        let session = Session::open(Opening {
            profile: self.profile.clone(),
            secrets: self.secrets()?,
            paths: &self.paths,
            mode,
            doing,
            cancel: self.cancel.clone().into(),
            progress: progress.clone(),
            clock: self.clock,
        })
        .await;
        tell_notes(progress, output);
        Ok(session?)
    }
}

/// Runs a command that works on a profile.
pub async fn run(
    command: Command,
    global: &Global,
    clock: Clock,
    cancel: CancellationToken,
) -> Result<Exit, CliError> {
    let output = Output::new(global.json, global.quiet, global.verbose);
    let allowances = Allowances::new(global.allow.iter().copied());
    let load = |secrets| Target::load(global, clock, cancel.clone(), secrets);
    match command {
        Command::Check => checking::check(&load(true)?, &output).await,
        Command::Plan {
            out,
            detailed_exitcode,
        } => {
            let target = load(true)?;
            plan(
                &target,
                allowances,
                out.as_deref(),
                detailed_exitcode,
                &output,
            )
            .await
        }
        Command::Apply { file, retry } => {
            let target = load(true)?;
            let from = match (file, retry) {
                (Some(file), _) => applying::From::File(file),
                (None, Some(run)) => applying::From::Failures(run),
                (None, None) => applying::From::Both,
            };
            applying::apply(&target, allowances, &from, global.yes, &output).await
        }
        Command::Undo { run, out } => {
            let target = load(true)?;
            undoing::undo(
                &target,
                allowances,
                &run,
                out.as_deref(),
                global.yes,
                &output,
            )
            .await
        }
        Command::Export { runs, format, out } => {
            export::export(&load(false)?, &runs, format, out.as_deref(), &output)
        }
        Command::Sync => applying::sync(&load(true)?, allowances, &output).await,
        Command::Adopt { group, out } => {
            let target = load(true)?;
            let request = adopting::Request {
                group: &group,
                out: out.as_deref(),
                yes: global.yes,
            };
            adopting::adopt(&target, allowances, &request, &output).await
        }
        Command::State { command } => keeping::state(&load(false)?, &command, &output),
        Command::Runs => history::runs(&load(false)?, &output),
        Command::Show { run } => history::show(&load(false)?, &run, &output),
        // Both are `main`'s: they need the simulator.
        Command::Demo { .. } | Command::Simulate(_) => Ok(Exit::Usage),
    }
}

/// The options that lead to the same profile, as they would be typed.
fn options(global: &Global) -> String {
    let folder = |path: &Option<std::path::PathBuf>| Some(path.as_ref()?.display().to_string());
    [
        ("--profile", global.profile.clone()),
        ("--config-dir", folder(&global.config_dir)),
        ("--data-dir", folder(&global.data_dir)),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some(format!(" {name} '{}'", value?)))
    .collect()
}

/// Refreshes and plans, with progress.
pub(super) async fn planned(
    session: &mut Session,
    options: &ReadOptions,
    allowances: Allowances,
    progress: &Progress,
    output: &Output,
) -> Result<Planned, SyncError> {
    with_progress(session, progress, output, async |session| {
        sync::plan(session, options, allowances).await
    })
    .await
}

/// Does some work with progress, and tells what the session notes meanwhile.
pub(super) async fn with_progress<T, E>(
    session: &mut Session,
    progress: &Progress,
    output: &Output,
    work: impl AsyncFnOnce(&mut Session) -> Result<T, E>,
) -> Result<T, E> {
    let line = Line::show(progress, output);
    let result = work(session).await;
    drop(line);
    tell_notes(progress, output);
    result
}

fn tell_notes(progress: &Progress, output: &Output) {
    for note in progress.take_notes() {
        output.remark(&note);
    }
}

/// Shows a plan in text on the place for it: the answer, or a remark where the answer is JSON.
pub(super) fn show(session: &Session, planned: &Planned, output: &Output) -> Result<(), CliError> {
    let site = session.profile.site.host();
    let text = plan_text(planned, &session.profile.name, &site, output);
    if output.json {
        output.remark(&text);
        Ok(())
    } else {
        output.answer(&text).map_err(printed)
    }
}

/// Standard output can't be written.
pub(super) fn printed(source: std::io::Error) -> CliError {
    CliError::Output(source)
}

async fn plan(
    target: &Target,
    allowances: Allowances,
    out: Option<&Path>,
    detailed: bool,
    output: &Output,
) -> Result<Exit, CliError> {
    let progress = Progress::default();
    let mut session = target
        .open(Mode::Attended, "plan", &progress, output)
        .await?;
    let planned = planned(
        &mut session,
        &target.read_options(),
        allowances,
        &progress,
        output,
    )
    .await?;
    // Saved first: a file that can't be written is the only answer then.
    if let Some(path) = out {
        sync::save(&session, &planned, None, path)?;
    }
    if output.json {
        json::print_plan(&planned, &session.profile.name).map_err(printed)?;
    } else {
        show(&session, &planned, output)?;
    }
    if let Some(path) = out {
        output.remark(&format!(
            "Saved to {}. Apply exactly this with: rollbook apply '{}'{}",
            path.display(),
            path.display(),
            target.options
        ));
    }
    let changes = !planned.plan.operations.is_empty();
    Ok(if detailed && changes {
        Exit::Changes
    } else {
        Exit::Done
    })
}
