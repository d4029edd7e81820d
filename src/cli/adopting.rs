//! `adopt`.

use super::applying::carry_out;
use super::ask;
use super::output::{Exit, Output, counted};
use super::work::{Target, planned, printed};
use crate::directory::shown;
use crate::plan::{Allowances, Kind, Mode};
use crate::store::RunKind;
use crate::sync::{self, Adoption, ApplyRequest, Planned, Progress, SyncError};
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
) -> Result<Exit, SyncError> {
    let progress = Progress::default();
    let mut session = target.open(Mode::Attended, "adopt", &progress, output).await?;
    let mut planned = planned(&mut session, Allowances::default(), &progress, output).await?;
    sync::find_adoption(&mut planned, request.group)?;
    narrow(&mut planned, request.group)?;
    planned.allow(allowances)?;
    let adoption = sync::find_adoption(&mut planned, request.group)?;
    let text = preview(&planned, &adoption);
    if output.json {
        output.remark(&text);
    } else {
        output.answer(&text).map_err(printed)?;
    }
    if let Some(path) = request.out {
        sync::save(&session, &planned, Some(&adoption), path)?;
        output.remark(&format!("Saved to {}.", path.display()));
        return Ok(Exit::Done);
    }
    if adoption.access && !ask::typed_name(&adoption.name)? {
        output.remark("Nothing was adopted.");
        return Ok(Exit::Done);
    }
    if !request.yes && !ask::confirm(&format!("Adopt “{}”?", shown(&adoption.name)))? {
        output.remark("Nothing was adopted.");
        return Ok(Exit::Done);
    }
    session.adopt(&adoption)?;
    let operations = &planned.plan.operations;
    let free = |index: &u32| operations[*index as usize].held.is_empty();
    let chosen: Vec<u32> = adoption.operations.iter().copied().filter(free).collect();
    let apply = ApplyRequest {
        held: (adoption.operations.len() - chosen.len()) as u64,
        chosen,
        cut: 0,
        kind: RunKind::Adopt,
    };
    carry_out(&mut session, &planned, apply, &progress, output).await
}

/// Leaves only this group's operations in the plan, so that guards count what adopting it does.
fn narrow(planned: &mut Planned, group: &str) -> Result<(), SyncError> {
    let adoption = sync::find_adoption(planned, group)?;
    planned.settings.provisioning.import_users = false;
    planned.settings.provisioning.import_groups = false;
    planned.settings.provisioning.sync_memberships = true;
    planned.settings.provisioning.default_groups.clear();
    let keep: Vec<String> = adoption.pairs().into_iter().map(|p| p.entra_id).collect();
    let entra = &planned.entra;
    let others: Vec<String> = entra
        .iter_groups()
        .filter(|(_, g)| !keep.iter().any(|id| id == g.id()))
        .map(|(_, g)| g.id().to_owned())
        .collect();
    planned.again(|known| known.links.retain_groups(|id| !others.iter().any(|o| o == id)));
    Ok(())
}

fn preview(planned: &Planned, adoption: &Adoption) -> String {
    let mut text = format!(
        "Adopting “{}”: from now on it mirrors Entra.\n",
        shown(&adoption.name)
    );
    let names = |kind: Kind| -> Vec<String> {
        adoption
            .operations
            .iter()
            .map(|index| &planned.plan.operations[*index as usize])
            .filter(|op| op.kind == kind)
            .filter_map(|op| planned.plan.row(&planned.inputs(), op).user)
            .map(|user| user.name)
            .collect()
    };
    for (mark, what, list) in [
        ("=", "stay", adoption.stays.clone()),
        ("+", "are added", names(Kind::AddMember)),
        ("-", "leave: linked, and not in Entra's group", names(Kind::RemoveMember)),
        ("·", "stay, and are not from Entra", adoption.unknown.clone()),
    ] {
        let _ = writeln!(
            text,
            "  {mark} {} {what}",
            counted(list.len() as u64, "member", "members")
        );
        for name in &list {
            let _ = writeln!(text, "      {}", shown(name));
        }
    }
    text
}
