//! `demo --headless`: the main job from beginning to end.

use super::applying::summary;
use super::error::CliError;
use super::json;
use super::output::{Exit, Output, Tone, counted};
use super::plan_text::plan_text;
use super::work::{Target, planned, printed};
use crate::plan::{Allowance, Allowances, Mode};
use crate::store::{RunKind, RunOutcome};
use crate::sync::{self, Applied, ApplyRequest, Planned, Progress, Session};

/// Plans, shows what guards hold, applies with and without allowances, plans again.
pub async fn demo(target: &Target, output: &Output) -> Result<Exit, CliError> {
    let say = |text: &str| {
        if output.json {
            output.remark(text);
            Ok(())
        } else {
            output.answer(text).map_err(printed)
        }
    };
    let title = |number: u8, text: &str| {
        output.tone(Tone::Strong, &format!("\n━━ {number}. {text} ━━\n\n"))
    };
    say(&title(1, "The plan: what would be done, and why"))?;
    let progress = Progress::default();
    let mut session = target
        .open(Mode::Attended, "demo", &progress, output)
        .await?;
    let options = target.read_options();
    let mut plan = planned(
        &mut session,
        &options,
        Allowances::default(),
        &progress,
        output,
    )
    .await?;
    let site = session.profile.site.host();
    say(&plan_text(&plan, &session.profile.name, &site, output))?;

    say(&title(2, "Applied without allowing anything: guards hold"))?;
    say(&run(&mut session, &plan, output).await?.1)?;

    say(&title(3, "The rest, allowed by name and number"))?;
    plan = planned(
        &mut session,
        &options,
        Allowances::default(),
        &progress,
        output,
    )
    .await?;
    let allowed: Vec<Allowance> = plan
        .plan
        .guards
        .iter()
        .filter(|guard| guard.name.allowable())
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
    plan.allow(Allowances::new(allowed))?;
    let (applied, text) = run(&mut session, &plan, output).await?;
    say(&text)?;

    say(&title(4, "Planned again: nothing is left to do"))?;
    let again = planned(
        &mut session,
        &options,
        Allowances::default(),
        &progress,
        output,
    )
    .await?;
    let left = again.plan.operations.len();
    say(&format!(
        "  {}, {} recognised\n",
        counted(left as u64, "operation", "operations"),
        counted(again.plan.people_linked, "person", "people"),
    ))?;

    say(&title(5, "Summary"))?;
    let requests = session.requests();
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
        let document = json::applied(&plan, &applied, requests);
        output.document(&document).map_err(printed)?;
    }
    Ok(if left == 0 && applied.outcome == RunOutcome::Applied {
        Exit::Done
    } else {
        Exit::Failed
    })
}

async fn run(
    session: &mut Session,
    plan: &Planned,
    output: &Output,
) -> Result<(Applied, String), CliError> {
    let request = ApplyRequest::everything(plan, RunKind::Attended);
    let applied = sync::apply(session, plan, request).await?;
    let text = summary(session, plan, &applied, output);
    Ok((applied, text))
}
