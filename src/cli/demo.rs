//! `demo --headless`: the main job from beginning to end.

use super::error::CliError;
use super::json;
use super::output::{Exit, Output, Tone, counted, printed};
use super::plan_text::plan_text;
use super::report_text::summary;
use super::target::{Target, with_progress};
use crate::plan::{Allowance, Allowances, Mode};
use crate::store::RunOutcome;
use crate::sync::Session;
use crate::sync::run::{self, Proposal, Purpose, Report};

/// Plans, shows what guards hold, applies with and without allowances, plans again.
pub async fn demo(target: &Target, output: &Output) -> Result<Exit, CliError> {
    let say = |text: &str| output.tell(text).map_err(printed);
    let title = |number: u8, text: &str| {
        output.tone(Tone::Strong, &format!("\n━━ {number}. {text} ━━\n\n"))
    };
    say(&title(1, "The plan: what would be done, and why"))?;
    let mut session = target.open(Mode::Attended, "demo", output).await?;
    let proposal = propose(target, &mut session, output).await?;
    let site = session.profile.site.host();
    let plan = &proposal.planned;
    say(&plan_text(plan, &session.profile.name, &site, output))?;

    say(&title(2, "Applied without allowing anything: guards hold"))?;
    let nothing = Allowances::default();
    let report = apply(target, &mut session, proposal, &nothing, output).await?;
    say(&summary(&report, output))?;

    say(&title(3, "The rest, allowed by name and number"))?;
    let proposal = propose(target, &mut session, output).await?;
    let guards = proposal.planned.plan.guards.iter();
    let allowed: Vec<Allowance> = guards
        .filter(|guard| guard.allowable)
        .map(|guard| Allowance {
            name: guard.name,
            count: guard.count,
        })
        .collect();
    for allowance in &allowed {
        say(&format!(
            "  --allow {}={}\n",
            allowance.name, allowance.count
        ))?;
    }
    let allowed = Allowances::new(allowed);
    let report = apply(target, &mut session, proposal, &allowed, output).await?;
    say(&summary(&report, output))?;

    say(&title(4, "Planned again: nothing is left to do"))?;
    let again = propose(target, &mut session, output).await?.planned;
    let left = again.plan.operations.len();
    say(&format!(
        "  {}, {} recognised\n",
        counted(left as u64, "operation", "operations"),
        counted(again.plan.people_linked, "person", "people"),
    ))?;

    say(&title(5, "Summary"))?;
    let requests = report.requests;
    say(&format!(
        "  {} in Entra, {} in scope · {} · {} left out with a reason\n  {} to Entra, {} to Jira in all\n\n",
        counted(again.entra.people() as u64, "person", "people"),
        again.plan.measured.users,
        counted(again.plan.conflicts.len() as u64, "conflict", "conflicts"),
        again.plan.skipped.len(),
        counted(requests.entra, "request", "requests"),
        counted(requests.jira, "request", "requests"),
    ))?;
    if output.json {
        output.document(&json::report(&report)).map_err(printed)?;
    }
    Ok(if left == 0 && report.outcome == RunOutcome::Applied {
        Exit::Done
    } else {
        Exit::Failed
    })
}

async fn propose(
    target: &Target,
    session: &mut Session,
    output: &Output,
) -> Result<Proposal, CliError> {
    let wanted = target.wanted();
    with_progress(session, output, async |session| {
        run::propose(session, Purpose::InStep, &wanted).await
    })
    .await
}

async fn apply(
    target: &Target,
    session: &mut Session,
    proposal: Proposal,
    allowances: &Allowances,
    output: &Output,
) -> Result<Report, CliError> {
    let wanted = target.wanted();
    with_progress(session, output, async |session| {
        run::reviewed(session, proposal, allowances, &wanted).await
    })
    .await
}
