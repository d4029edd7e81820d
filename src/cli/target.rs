//! What a command works on, and how it connects.

use super::args::Global;
use super::ask;
use super::error::CliError;
use super::output::Output;
use super::progress::{Line, telling};
use crate::config::{self, Paths, Profile, Secrets, environment_applies};
use crate::plan::Mode;
use crate::store::State;
use crate::sync::{
    self, Clock, Control, Opening, OriginChange, Progress, ReadOptions, Session, Side, SyncError,
};
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// A profile with its secrets, and what the command line said of every command.
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
    /// Reads the configuration and picks the profile; with `secrets` also finds those.
    pub(super) fn load(
        global: &Global,
        clock: Clock,
        cancel: CancellationToken,
        secrets: bool,
    ) -> Result<Self, CliError> {
        let paths = Paths::new(global.config_dir.as_deref(), global.data_dir.as_deref())?;
        let (profile, only) = config::load(&paths, global.profile.as_deref())?;
        let environment = environment_applies(only, global.profile.is_some());
        let secrets = if secrets {
            let control = Control::from(cancel.clone());
            Some(Secrets::find(&profile, &paths, environment, &control)?)
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
        if let Some(secrets) = &self.secrets {
            return Ok(secrets.clone());
        }
        let control = Control::from(self.cancel.clone());
        Ok(Secrets::find(&self.profile, &self.paths, false, &control)?)
    }

    /// Opens the state without taking the lock: both commands only look. A profile that never ran has
    /// none, and none is made.
    pub(super) fn state(&self) -> Result<Option<State>, CliError> {
        let folder = self.paths.profile(&self.profile.name);
        if !folder.exists() {
            return Ok(None);
        }
        Ok(Some(State::open(&folder)?))
    }

    /// What is read.
    pub(super) fn wanted(&self) -> ReadOptions {
        ReadOptions {
            full: self.full,
            ..ReadOptions::default()
        }
    }

    /// Asks whether secrets may go to other addresses than before, if they would. Where nobody can be
    /// asked, they may not.
    pub(super) async fn confirm_origins(&self) -> Result<(), CliError> {
        let changes = match sync::refuse_unconfirmed(&self.profile, &self.paths, &Side::ALL) {
            Err(SyncError::OriginsChanged(changes)) => changes,
            other => return Ok(other?),
        };
        let words: Vec<String> = changes.iter().map(OriginChange::words).collect();
        let question = format!(
            "Since the last time, where this profile's secrets go was changed: {}. Send them there from now on?",
            words.join("; ")
        );
        if ask::is_possible() && ask::confirm(&question, &self.cancel).await? {
            return Ok(sync::confirm_origins(&self.profile, &self.paths)?);
        }
        Err(SyncError::OriginsChanged(changes).into())
    }

    /// Opens the session.
    pub(super) async fn open(
        &self,
        mode: Mode,
        doing: &str,
        output: &Output,
    ) -> Result<Session, CliError> {
        if mode == Mode::Attended {
            self.confirm_origins().await?;
        }
        let progress = Progress::default();
        let control = Control::from(self.cancel.clone());
        let opening = Session::open(Opening {
            profile: self.profile.clone(),
            secrets: self.secrets()?,
            paths: &self.paths,
            mode,
            doing,
            cancel: control.clone(),
            progress: progress.clone(),
            clock: self.clock,
        });
        let session = telling(&control, output, opening).await;
        tell_notes(&progress, output);
        Ok(session?)
    }

    /// Says where a plan was saved, and how it is applied.
    pub(super) fn tell_saved(&self, path: &Path, besides: &str, output: &Output) {
        let path = path.display();
        output.remark(&format!(
            "Saved to {path}.{besides} Apply exactly this with: rollbook apply '{path}'{}",
            self.options
        ));
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

/// Calls a use case with its progress on the terminal, and tells what it notes.
pub(super) async fn with_progress<T>(
    session: &mut Session,
    output: &Output,
    call: impl AsyncFnOnce(&mut Session) -> Result<T, SyncError>,
) -> Result<T, CliError> {
    let line = Line::show(&session.progress, output);
    let result = call(session).await;
    drop(line);
    tell_notes(&session.progress, output);
    Ok(result?)
}

fn tell_notes(progress: &Progress, output: &Output) {
    for note in progress.take_notes() {
        output.remark(&note);
    }
}
