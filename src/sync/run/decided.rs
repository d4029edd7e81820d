//! Decisions that were made while a run read, or while a person was asked.

use super::request::ApplyRequest;
use crate::plan::OperationRow;
use crate::sync::adopt::Adoption;
use crate::sync::error::SyncError;
use crate::sync::planned::Planned;
use crate::sync::saved::unchanged;
use crate::sync::session::Session;
use crate::text::counted;

/// What is told of operations that are decided otherwise by now.
pub(super) const REJECTED: &str = "left out: rejected or decided otherwise meanwhile";

/// Takes in what was decided since the plan was made. Of what is to be applied, that stays which these
/// decisions leave as it is: for the same person and account, in the same group. Nothing is added, and
/// nothing that a guard held is let go, although there may be less of it now: that is for a plan that
/// is confirmed against both sides and shown.
pub(super) fn take_in_decisions(
    session: &Session,
    planned: &mut Planned,
    request: &mut ApplyRequest,
) -> Result<(), SyncError> {
    let (decisions, mut links) = (session.state.decisions()?, session.state.links()?);
    // An adoption that was agreed to is stored with the run.
    for link in request.adoption.iter().flat_map(Adoption::links) {
        links.group(link);
    }
    if links == planned.known.links && decisions == planned.known.decisions {
        return Ok(());
    }
    let inputs = planned.inputs();
    let chosen = request.chosen.iter().map(|index| {
        let op = &planned.plan.operations[*index as usize];
        planned.plan.row(&inputs, op)
    });
    let chosen: Vec<OperationRow> = chosen.collect();
    planned.again(|known| {
        known.decisions = decisions;
        known.links = links;
    });
    let wanted = chosen.iter().map(|row| (&row.id, row)).collect();
    let (same, _) = unchanged(planned, &wanted);
    let (plan, inputs) = (&planned.plan, planned.inputs());
    let operations = (0u32..).zip(&plan.operations);
    let before = request.chosen.len();
    request.chosen = operations
        .filter(|(_, op)| same.contains(&plan.operation_id(&inputs, op)))
        .map(|(index, _)| index)
        .collect();
    let left_out = (before - request.chosen.len()) as u64;
    if left_out > 0 {
        request.cut += left_out;
        let operations = counted(left_out, "operation", "operations");
        session.progress.note(format!("{operations} {REJECTED}."));
    }
    request.holding.left_in(planned);
    Ok(())
}
