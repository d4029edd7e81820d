//! `plan`.

use super::error::CliError;
use super::json;
use super::output::{Exit, Output, printed};
use super::plan_text::show;
use super::target::{Target, with_progress};
use crate::plan::{Allowances, Mode};
use crate::sync::{self};
use std::path::Path;

/// What was asked for.
pub(super) struct Request<'a> {
    /// Save the plan to this file.
    pub(super) out: Option<&'a Path>,
    /// Whether changes have an exit code of their own.
    pub(super) detailed: bool,
}

/// Reads both sides and shows what would be done.
pub(super) async fn plan(
    target: &Target,
    allowances: Allowances,
    request: &Request<'_>,
    output: &Output,
) -> Result<Exit, CliError> {
    let mut session = target.open(Mode::Attended, "plan", output).await?;
    let wanted = target.wanted();
    let planned = with_progress(&mut session, output, async |session| {
        sync::plan(session, &wanted, allowances).await
    })
    .await?;
    // Saved first: a file that can't be written is the only answer then.
    if let Some(path) = request.out {
        sync::save(&session, &planned, None, path)?;
    }
    if output.json {
        json::print_plan(&planned, &session.profile.name).map_err(printed)?;
    } else {
        show(&session, &planned, output)?;
    }
    if let Some(path) = request.out {
        target.tell_saved(path, "", output);
    }
    Ok(if request.detailed && !planned.plan.operations.is_empty() {
        Exit::Changes
    } else {
        Exit::Done
    })
}
