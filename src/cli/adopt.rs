//! `adopt`.

use super::conversation::{Answers, agree};
use super::error::CliError;
use super::json;
use super::output::{Exit, Output, counted, printed};
use super::plan_text::guards_text;
use super::target::{Target, with_progress};
use crate::plan::{Allowances, Kind, Mode};
use crate::sync::run::{self, Purpose};
use crate::sync::{self, Adoption, Planned};
use crate::text::escape;
use std::fmt::Write as _;
use std::path::Path;

/// What was asked for.
pub(super) struct Request<'a> {
    /// The group.
    pub(super) group: &'a str,
    /// Whether members are only added.
    pub(super) add_only: bool,
    /// The group's name, where it gives access.
    pub(super) typed: Option<&'a str>,
    /// Only write the plan.
    pub(super) out: Option<&'a Path>,
    /// Answer yes.
    pub(super) yes: bool,
}

/// Shows who stays and who leaves, asks, and adopts.
pub(super) async fn adopt(
    target: &Target,
    allowances: Allowances,
    request: &Request<'_>,
    output: &Output,
) -> Result<Exit, CliError> {
    let mut session = target.open(Mode::Attended, "adopt", output).await?;
    let purpose = Purpose::Adopt {
        group: request.group.to_owned(),
        add_only: request.add_only,
    };
    let wanted = target.wanted();
    let mut proposal = with_progress(&mut session, output, async |session| {
        run::propose(session, purpose, &wanted).await
    })
    .await?;
    let text = preview(&proposal.planned, proposal.adoption.as_ref(), output);
    proposal.allow(&allowances)?;
    output.tell(&text).map_err(printed)?;
    let Some(path) = request.out else {
        let answers = Answers {
            yes: request.yes,
            typed: request.typed,
        };
        return agree(target, &mut session, proposal, allowances, answers, output).await;
    };
    let planned = &proposal.planned;
    sync::save(&session, planned, proposal.adoption.as_ref(), path)?;
    let typed = if proposal.adoption.is_some_and(|adoption| adoption.access) {
        " Whoever applies it has to type the group's name, in a terminal."
    } else {
        ""
    };
    target.tell_saved(path, typed, output);
    if output.json {
        json::print_plan(planned, &session.profile.name).map_err(printed)?;
    }
    Ok(Exit::Done)
}

fn preview(planned: &Planned, adoption: Option<&Adoption>, output: &Output) -> String {
    let mut text = adoption.map_or_else(String::new, |adoption| members(planned, adoption));
    text.push_str(&guards_text(planned, output));
    text
}

/// Who stays and who leaves by an adoption, by name.
pub(super) fn members(planned: &Planned, adoption: &Adoption) -> String {
    let entra: Vec<String> = adoption
        .entra
        .iter()
        .filter_map(|id| planned.entra.find_group(id.as_str()))
        .map(|row| format!("“{}”", escape(planned.entra.group(row).name())))
        .collect();
    let (name, entra) = (escape(&adoption.name), entra.join(" and "));
    let mut text = if adoption.add_only {
        format!(
            "Confirming “{name}”: from now on it gains the members of Entra's {entra}, and loses nobody.\n"
        )
    } else if adoption.owned {
        format!("“{name}” is owned already, and mirrors Entra's {entra}.\n")
    } else {
        format!("Adopting “{name}”: from now on it mirrors Entra's {entra}.\n")
    };
    if adoption.access {
        text.push_str(if adoption.add_only {
            "  ! Its members have access to a product and take seats.\n"
        } else {
            "  ! Its members have access to a product and take seats: who leaves loses both.\n"
        });
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
        if mark == "-" && adoption.add_only {
            continue;
        }
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
