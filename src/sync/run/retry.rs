//! Trying again what failed in a run.

use crate::plan::{Allowances, Kind, Operation, OperationId, Selection};
use crate::sync::error::SyncError;
use crate::sync::planned::Planned;
use crate::sync::planning::plan;
use crate::sync::read::options::ReadOptions;
use crate::sync::session::Session;
use hashbrown::HashSet;

/// The plan with nothing but what failed in a run, and what depended on it. What refused then is
/// asked again.
pub(super) async fn retry(
    session: &mut Session,
    options: &ReadOptions,
    run: &str,
) -> Result<Planned, SyncError> {
    let unknown = || SyncError::UnknownRun(run.to_owned());
    let found = session.state.run(run)?.ok_or_else(unknown)?;
    session.state.forgive(found.number)?;
    let mut planned = plan(session, options, Allowances::default()).await?;
    // Only now: what was unclear of an interrupted run has been looked up meanwhile.
    let failed = session.state.failed(found.number)?;
    let wanted = with_dependants(&planned, &failed);
    planned.retries = Some(found.run_id.clone());
    planned.narrow(Selection::Operations(wanted));
    Ok(planned)
}

/// Operations of these ids, and the memberships that wait for a person or group among them.
fn with_dependants(planned: &Planned, ids: &HashSet<OperationId>) -> HashSet<OperationId> {
    let (plan, inputs) = (&planned.plan, planned.inputs());
    let (mut people, mut groups, mut accounts) = (HashSet::new(), HashSet::new(), HashSet::new());
    let mut wanted = HashSet::new();
    for op in &plan.operations {
        let id = plan.operation_id(&inputs, op);
        if !ids.contains(&id) {
            continue;
        }
        match op.kind {
            Kind::CreateUser => people.extend(op.person()),
            Kind::CreateGroup => groups.extend(op.target()),
            Kind::RestoreUser => accounts.extend(op.account()),
            _ => {}
        }
        wanted.insert(id);
    }
    let waits = |op: &&Operation| {
        let person = op.person().is_some_and(|row| people.contains(&row));
        let group = op.target().is_some_and(|target| groups.contains(&target));
        let account = op.account().is_some_and(|row| accounts.contains(&row));
        op.kind.is_membership() && ((op.account().is_none() && person) || group || account)
    };
    // People whom those wait for come along: a group's first members may have to be created.
    let waiting: Vec<&Operation> = plan.operations.iter().filter(waits).collect();
    for op in waiting {
        wanted.insert(plan.operation_id(&inputs, op));
    }
    wanted
}
