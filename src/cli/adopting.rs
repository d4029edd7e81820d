//! `adopt`.

use super::applying::{Proposal, propose};
use super::error::CliError;
use super::json;
use super::output::{Exit, Output, counted};
use super::plan_text::guards_text;
use super::work::{Target, planned, printed};
use crate::plan::{Allowances, Kind, Mode};
use crate::sync::{self, Adoption, Planned, Progress, ReadOptions};
use crate::text::escape;
use std::fmt::Write as _;
use std::path::Path;

/// What was asked for.
pub struct Request<'a> {
    /// The group.
    pub group: &'a str,
    /// Only write the plan.
    pub out: Option<&'a Path>,
    /// Answer yes.
    pub yes: bool,
}

/// Shows who stays and who leaves, asks, and adopts.
pub async fn adopt(
    target: &Target,
    allowances: Allowances,
    request: &Request<'_>,
    output: &Output,
) -> Result<Exit, CliError> {
    let progress = Progress::default();
    let mut session = target
        .open(Mode::Attended, "adopt", &progress, output)
        .await?;
    let options = ReadOptions {
        admins: true,
        only_namesakes: true,
        ..target.read_options()
    };
    let mut planned = planned(
        &mut session,
        &options,
        Allowances::default(),
        &progress,
        output,
    )
    .await?;
    let adoption = sync::find_adoption(&mut session, &mut planned, request.group).await?;
    let mut text = preview(&planned, &adoption);
    text.push_str(&guards_text(&planned, output));
    planned.allow(allowances)?;
    if output.json {
        output.remark(&text);
    } else {
        output.answer(&text).map_err(printed)?;
    }
    if let Some(path) = request.out {
        sync::save(&session, &planned, Some(&adoption), path)?;
        let typed = if adoption.access {
            " Whoever applies it has to type the group's name, in a terminal."
        } else {
            ""
        };
        output.remark(&format!(
            "Saved to {}.{typed} Apply exactly this with: rollbook apply '{}'{}",
            path.display(),
            path.display(),
            target.options
        ));
        if output.json {
            json::print_plan(&planned, &session.profile.name).map_err(printed)?;
        }
        return Ok(Exit::Done);
    }
    let proposal = Proposal {
        adoption: Some(adoption),
        ..Proposal::default()
    };
    let allowed = planned.allowances.clone();
    propose(
        target,
        &mut session,
        &mut planned,
        proposal,
        allowed,
        request.yes,
        &progress,
        output,
    )
    .await
}

fn preview(planned: &Planned, adoption: &Adoption) -> String {
    let entra: Vec<String> = adoption
        .entra
        .iter()
        .filter_map(|id| planned.entra.find_group(id.as_str()))
        .map(|row| format!("“{}”", escape(planned.entra.group(row).name())))
        .collect();
    let (name, entra) = (escape(&adoption.name), entra.join(" and "));
    let mut text = if adoption.owned {
        format!("“{name}” is owned already, and mirrors Entra's {entra}.\n")
    } else {
        format!("Adopting “{name}”: from now on it mirrors Entra's {entra}.\n")
    };
    if adoption.access {
        text.push_str(
            "  ! Its members have access to a product and take seats: who leaves loses both.\n",
        );
    }
    let names = |kind: Kind| -> Vec<String> {
        planned
            .plan
            .operations
            .iter()
            .filter(|op| op.kind == kind)
            .filter_map(|op| planned.plan.row(&planned.inputs(), op).user)
            .map(|user| user.name)
            .collect()
    };
    for (mark, what, list) in [
        (
            "-",
            "to leave: linked, and not in Entra's group, or disabled",
            names(Kind::RemoveMember),
        ),
        ("+", "to be added", names(Kind::AddMember)),
        ("=", "to stay", adoption.stays.clone()),
        (
            "·",
            "to stay: unknown to Entra, or deactivated",
            adoption.unknown.clone(),
        ),
    ] {
        let mut list = list;
        list.sort();
        let _ = writeln!(
            text,
            "  {mark} {} {what}",
            counted(list.len() as u64, "member", "members")
        );
        for name in &list {
            let _ = writeln!(text, "      {}", escape(name));
        }
    }
    text
}
