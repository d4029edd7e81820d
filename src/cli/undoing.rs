//! `undo`.

use super::applying::{Proposal, nothing, propose};
use super::error::CliError;
use super::json;
use super::output::{Exit, Output};
use super::work::{Target, printed, show, with_progress};
use crate::plan::{Allowances, Mode};
use crate::sync::{self, Progress, ReadOptions};
use std::path::Path;

/// Shows how a run would be taken back, asks, and does it.
pub async fn undo(
    target: &Target,
    allowances: Allowances,
    run: &str,
    out: Option<&Path>,
    yes: bool,
    output: &Output,
) -> Result<Exit, CliError> {
    let progress = Progress::default();
    let mut session = target
        .open(Mode::Attended, "undo", &progress, output)
        .await?;
    let options = ReadOptions {
        only_namesakes: true,
        ..target.read_options()
    };
    let mut planned = with_progress(&mut session, &progress, output, async |session| {
        sync::undo(session, &options, run).await
    })
    .await?;
    if let Some(path) = out {
        planned.allow(allowances)?;
        sync::save(&session, &planned, None, path)?;
        if output.json {
            json::print_plan(&planned, &session.profile.name).map_err(printed)?;
        } else {
            show(&session, &planned, output)?;
        }
        output.remark(&format!(
            "Saved to {}. Apply exactly this with: rollbook apply '{}'{}",
            path.display(),
            path.display(),
            target.options
        ));
        return Ok(Exit::Done);
    }
    show(&session, &planned, output)?;
    if planned.plan.operations.is_empty() {
        return nothing(&session, &planned, output);
    }
    let proposal = Proposal::default();
    let exit = propose(
        target,
        &mut session,
        &mut planned,
        proposal,
        allowances,
        yes,
        &progress,
        output,
    )
    .await?;
    if session.state.schedule_paused()?.is_some() {
        output.remark("The console's schedule is paused by this until somebody lets it go on there. What was taken back is stored as rejected: no plan does it again until that is withdrawn in the Review.");
    }
    Ok(exit)
}
