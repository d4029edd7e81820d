//! `apply`, `apply FILE` and `apply --retry RUN`.

use super::adopt::members;
use super::conversation::{agree, nothing_to_do};
use super::error::CliError;
use super::output::{Exit, Output, printed};
use super::plan_text::show;
use super::target::{Target, with_progress};
use crate::plan::{Allowances, Mode};
use crate::sync::read_saved;
use crate::sync::run::{self, Purpose};
use crate::text::{counted, escape};
use std::path::PathBuf;

/// What was asked for.
pub(super) struct Request {
    /// Exactly this saved plan.
    pub(super) file: Option<PathBuf>,
    /// Only what failed in this run.
    pub(super) retry: Option<String>,
    /// Answer yes.
    pub(super) yes: bool,
}

/// Shows a plan, asks, and applies it.
pub(super) async fn apply(
    target: &Target,
    allowances: Allowances,
    request: Request,
    output: &Output,
) -> Result<Exit, CliError> {
    let purpose = match (request.file, request.retry) {
        // A plan that is refused is refused before anything is read.
        (Some(path), _) => Purpose::Saved(Box::new(read_saved(
            path,
            &target.profile.name,
            target.state()?.as_ref(),
            target.clock.now(),
        )?)),
        (None, Some(run)) => Purpose::Retry(run),
        (None, None) => Purpose::InStep,
    };
    let mut session = target.open(Mode::Attended, "apply", output).await?;
    let mut wanted = target.wanted();
    wanted.only_namesakes = !allowances.is_empty();
    let proposal = with_progress(&mut session, output, async |session| {
        run::propose(session, purpose, &wanted).await
    })
    .await?;
    let plan = &proposal.planned.plan;
    if let (Purpose::Retry(run), true) = (&proposal.purpose, plan.operations.is_empty()) {
        let words = format!("Run {} left nothing that is still to be done.", escape(run));
        output.remark(&words);
        return nothing_to_do(&session, &proposal, output);
    }
    if plan.orphaned > 0 {
        output.remark(&format!(
            "Left out: {} whose person or group was not selected.",
            counted(plan.orphaned, "membership", "memberships")
        ));
    }
    if let Some(adoption) = &proposal.adoption {
        let text = members(&proposal.planned, adoption);
        output.tell(&text).map_err(printed)?;
    }
    show(&session, &proposal.planned, output)?;
    agree(
        target,
        &mut session,
        proposal,
        allowances,
        request.yes.into(),
        output,
    )
    .await
}
