//! Taking a run back, and trying again what failed in one.

use super::error::SyncError;
use super::planning::{Planned, plan};
use super::session::Session;
use crate::plan::{Allowances, Kind, Operation, OperationId, RowDecision, Selection, Undo, Write};
use crate::store::State;
use hashbrown::HashSet;
use std::sync::Arc;

/// The plan that takes a run back, as far as that is possible, from both directories as they are
/// now.
pub async fn undo(session: &mut Session, run: &str) -> Result<Planned, SyncError> {
    let unknown = || SyncError::UnknownRun(run.to_owned());
    let found = session.state.run(run)?.ok_or_else(unknown)?;
    if let Some(before) = session.state.undone_by(&found.run_id)? {
        session.notes.push(format!(
            "Run {} was taken back before, by run {before}. What stands of it now is what is shown.",
            found.run_id
        ));
    }
    session.notes.push(
        "Links and confirmed groups stay as they are: they write nothing to Jira.".to_owned(),
    );
    let undo = Arc::new(session.state.undo(found.number, &found.run_id)?);
    session.undo = Some(undo);
    let mut planned = plan(session, Allowances::default()).await?;
    // What was unclear of an interrupted run has been looked up meanwhile.
    let undo = session.state.undo(found.number, &found.run_id)?;
    planned.undo = Some(Arc::new(undo));
    planned.again(|_| {});
    session.confirm(&mut planned).await?;
    Ok(planned)
}

impl Session {
    /// Goes back to ordinary plans.
    pub fn forget_undo(&mut self) {
        self.undo = None;
    }
}

/// The plan with nothing but what failed in a run, and what depended on it. What refused then is
/// asked again.
pub async fn retry(session: &mut Session, run: &str) -> Result<Planned, SyncError> {
    let unknown = || SyncError::UnknownRun(run.to_owned());
    let found = session.state.run(run)?.ok_or_else(unknown)?;
    let failed = session.state.failed(found.number)?;
    session.state.forgive(found.number)?;
    let mut planned = plan(session, Allowances::default()).await?;
    let wanted = with_dependants(&planned, &failed);
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
    // Whoever is needed by those comes along: a group's first members may have to be created.
    let waiting: Vec<&Operation> = plan.operations.iter().filter(waits).collect();
    for op in waiting {
        wanted.insert(plan.operation_id(&inputs, op));
    }
    wanted
}

/// Stores what a run took back as rejected, so that no plan does it again. What was not taken back
/// after all is not rejected.
pub(super) fn reject(
    state: &State,
    planned: &Planned,
    undo: &Undo,
    done: &HashSet<u32>,
) -> Result<(), SyncError> {
    let jira = &planned.jira;
    // Accounts and groups of what stays as the run left it.
    let left: Vec<(Option<&str>, Option<&str>)> = (0u32..)
        .zip(&planned.plan.operations)
        .filter(|(index, _)| !done.contains(index))
        .map(|(_, op)| {
            let group = op
                .target()
                .and_then(|target| planned.plan.targets[target as usize].jira)
                .map(|row| jira.group(row).id());
            (op.account().map(|row| jira.account(row).id()), group)
        })
        .collect();
    let stands = |write: &Write| {
        let account = write
            .account
            .as_ref()
            .map(crate::directory::AccountId::as_str);
        let group = write.group.as_ref().map(crate::directory::GroupId::as_str);
        left.iter().any(|(other, in_group)| {
            // Whole accounts and groups cover their memberships.
            (other.is_none() || *other == account) && (in_group.is_none() || *in_group == group)
        })
    };
    let decisions: Vec<(OperationId, Option<RowDecision>)> = undo
        .writes
        .iter()
        .filter(|write| !stands(write))
        .map(|write| {
            let reason = write.reason.clone();
            (write.id.clone(), Some(RowDecision::Rejected { reason }))
        })
        .collect();
    Ok(state.decide_all(&decisions)?)
}
