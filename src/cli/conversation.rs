//! What is asked before a person's plan is applied. Nothing is locked meanwhile.

use super::ask;
use super::error::CliError;
use super::output::{Exit, Output};
use super::report_text::{exit, tell};
use super::target::{Target, with_progress};
use crate::plan::Allowances;
use crate::sync::run::{self, Proposal};
use crate::sync::{NotAdoptable, Rival, Session, SyncError};
use crate::text::{counted, duration, escape};

/// What was answered beforehand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answers<'a> {
    /// The plain question, with yes.
    pub(super) yes: bool,
    /// The name of a group that gives access.
    pub(super) typed: Option<&'a str>,
}

impl From<bool> for Answers<'_> {
    fn from(yes: bool) -> Self {
        Self { yes, typed: None }
    }
}

/// Asks for what guards hold and for agreement; then what was agreed to is applied.
pub(super) async fn agree(
    target: &Target,
    session: &mut Session,
    mut proposal: Proposal,
    mut allowances: Allowances,
    answers: Answers<'_>,
    output: &Output,
) -> Result<Exit, CliError> {
    proposal.allow(&allowances)?;
    if allowances.is_empty() && !answers.yes && !proposal.planned.plan.guards.is_empty() {
        let typed = ask::allowances(&proposal.planned.plan.guards, &target.cancel).await?;
        allowances = Allowances::new(typed);
        proposal.allow(&allowances)?;
    }
    if !is_agreed(target, session, &mut proposal, answers, output).await? {
        output.remark("Nothing was applied.");
        tell_document(&run::declined(session, &proposal), output)?;
        return Ok(Exit::Done);
    }
    let wanted = target.wanted();
    let report = with_progress(session, output, async |session| {
        run::reviewed(session, proposal, &allowances, &wanted).await
    })
    .await?;
    tell(&report, output)
}

/// Whether the person agrees, to everything that they are asked.
async fn is_agreed(
    target: &Target,
    session: &mut Session,
    proposal: &mut Proposal,
    Answers { yes, typed }: Answers<'_>,
    output: &Output,
) -> Result<bool, CliError> {
    if let Some(adoption) = proposal.adoption.as_ref().filter(|a| a.access) {
        match typed {
            Some(typed) if typed == adoption.name => {}
            Some(typed) => {
                let name = adoption.name.clone();
                let cause = NotAdoptable::OtherName(typed.to_owned());
                return Err(SyncError::NotAdoptable { name, cause }.into());
            }
            None if !ask::typed_name(&adoption.name, &target.cancel).await? => return Ok(false),
            None => {}
        }
    }
    if let Some(rival) = run::other_machine(session, proposal).await? {
        if !takes_over(target, &rival, yes, output).await? {
            return Ok(false);
        }
        proposal.take_over = true;
    }
    if yes || (proposal.adoption.is_none() && proposal.planned.plan.operations.is_empty()) {
        return Ok(true);
    }
    ask::confirm(&question(session, proposal), &target.cancel).await
}

fn question(session: &Session, proposal: &Proposal) -> String {
    let planned = &proposal.planned;
    let count = planned.plan.free().count() as u64;
    if let (Some(adoption), 0) = (&proposal.adoption, count) {
        let verb = if adoption.add_only {
            "Confirm"
        } else {
            "Adopt"
        };
        return format!(
            "{verb} “{}”? Nobody joins or leaves by it now.",
            escape(&adoption.name)
        );
    }
    if count == 0 {
        return "Everything is held, nothing would be applied. Note this plan as reviewed, so that `rollbook sync` may run?".to_owned();
    }
    let verb = if planned.undo.is_some() {
        "Take back: apply"
    } else {
        "Apply"
    };
    format!(
        "{verb} {} to {}? It takes about {}.",
        counted(count, "operation", "operations"),
        session.profile.site.host(),
        duration(planned.time_to_apply().as_secs().max(1))
    )
}

/// Whether the person takes over from somebody else who applies to the site.
async fn takes_over(
    target: &Target,
    rival: &Rival,
    yes: bool,
    output: &Output,
) -> Result<bool, CliError> {
    output.remark(&rival.words());
    if yes {
        return Ok(true);
    }
    ask::confirm("Take over, and apply this all the same?", &target.cancel).await
}

/// There is nothing to apply, and so no run.
pub(super) fn nothing_to_do(
    session: &Session,
    proposal: &Proposal,
    output: &Output,
) -> Result<Exit, CliError> {
    let report = run::nothing_to_do(session, proposal);
    tell_document(&report, output)?;
    Ok(exit(&report))
}

fn tell_document(report: &run::Report, output: &Output) -> Result<(), CliError> {
    if output.json {
        let document = super::json::report(report);
        output.document(&document).map_err(super::output::printed)?;
    }
    Ok(())
}
