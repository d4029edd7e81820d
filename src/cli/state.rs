//! `state backup` and `state restore`.

use super::args::StateCommand;
use super::error::CliError;
use super::output::{Exit, Output, printed};
use super::target::Target;
use crate::store::State;
use crate::sync;
use serde_json::json;
use std::fmt::Write as _;

/// Backs up a profile's state, or restores it.
pub(super) fn state(
    target: &Target,
    command: &StateCommand,
    output: &Output,
) -> Result<Exit, CliError> {
    let folder = target.paths.profile(&target.profile.name);
    let (document, text) = match command {
        StateCommand::Backup if !folder.join("state.born").exists() => {
            let text = "There is nothing to back up: this profile has not run yet.\n".to_owned();
            (json!({"version": 1, "backup": null}), text)
        }
        StateCommand::Backup => {
            let copy = State::open(&folder)?.back_up()?;
            let text = format!("Backed up to {}.\n", copy.display());
            (json!({"version": 1, "backup": copy}), text)
        }
        StateCommand::Restore { file } => {
            let restored = sync::restore(&folder, file.as_deref(), target.clock)?;
            let mut text = format!("Restored from {}.\n", restored.from.display());
            if let Some(aside) = &restored.aside {
                let _ = writeln!(text, "What was there is now {}.", aside.display());
            }
            text.push_str("The next run reads both directories as a whole.\n");
            let document =
                json!({"version": 1, "restored": restored.from, "aside": restored.aside});
            (document, text)
        }
    };
    if output.json {
        output.document(&document).map_err(printed)?;
    } else {
        output.answer(&text).map_err(printed)?;
    }
    Ok(Exit::Done)
}
