//! `undo`.

use super::conversation::{agree, nothing_to_do};
use super::error::CliError;
use super::json;
use super::output::{Exit, Output, printed};
use super::plan_text::show;
use super::target::{Target, with_progress};
use crate::plan::{Allowances, Mode};
use crate::sync::{self, run, run::Purpose};
use std::path::Path;

/// What was asked for.
pub(super) struct Request<'a> {
    /// The run.
    pub(super) run: &'a str,
    /// Only write the plan.
    pub(super) out: Option<&'a Path>,
    /// Answer yes.
    pub(super) yes: bool,
}

/// Shows how a run would be taken back, asks, and does it.
pub(super) async fn undo(
    target: &Target,
    allowances: Allowances,
    request: &Request<'_>,
    output: &Output,
) -> Result<Exit, CliError> {
    let mut session = target.open(Mode::Attended, "undo", output).await?;
    let purpose = Purpose::Undo(request.run.to_owned());
    let wanted = target.wanted();
    let mut proposal = with_progress(&mut session, output, async |session| {
        run::propose(session, purpose, &wanted).await
    })
    .await?;
    if let Some(path) = request.out {
        proposal.allow(&allowances)?;
        let planned = &proposal.planned;
        sync::save(&session, planned, None, path)?;
        if output.json {
            json::print_plan(planned, &session.profile.name).map_err(printed)?;
        } else {
            show(&session, planned, output)?;
        }
        target.tell_saved(path, "", output);
        return Ok(Exit::Done);
    }
    show(&session, &proposal.planned, output)?;
    if proposal.planned.plan.operations.is_empty() {
        return nothing_to_do(&session, &proposal, output);
    }
    let yes = request.yes;
    let exit = agree(
        target,
        &mut session,
        proposal,
        allowances,
        yes.into(),
        output,
    )
    .await?;
    if session.state.schedule_paused()?.is_some() {
        output.remark("The console's schedule is paused by this until somebody lets it go on there. What was taken back is stored as rejected: no plan does it again until that is withdrawn in the Review.");
    }
    Ok(exit)
}
