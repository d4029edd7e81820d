//! Taking a run back.

use crate::directory::{AccountId, GroupId};
use crate::plan::{Allowances, Kind, OperationId, Reason};
use crate::sync::error::SyncError;
use crate::sync::planned::Planned;
use crate::sync::planning::{confirm, plan};
use crate::sync::read::options::ReadOptions;
use crate::sync::session::Session;
use hashbrown::HashMap;
use std::sync::Arc;

/// The plan that takes a run back, as far as that is possible, from both directories as they are
/// now.
pub(super) async fn undo(
    session: &mut Session,
    options: &ReadOptions,
    run: &str,
) -> Result<Planned, SyncError> {
    let unknown = || SyncError::UnknownRun(run.to_owned());
    let found = session.state.run(run)?.ok_or_else(unknown)?;
    if let Some(before) = &found.undone_by {
        session.progress.note(format!(
            "Run {} was taken back before, by run {before}. What stands of it now is what is shown.",
            found.run_id
        ));
    }
    session.progress.note(
        "Links and confirmed groups stay as they are: they write nothing to Jira.".to_owned(),
    );
    let undo = Arc::new(session.state.undo(found.number, &found.run_id)?);
    let options = ReadOptions {
        undo: Some(undo),
        ..options.clone()
    };
    let mut planned = plan(session, &options, Allowances::default()).await?;
    // What was unclear of an interrupted run has been looked up meanwhile.
    let undo = session.state.undo(found.number, &found.run_id)?;
    planned.undo = Some(Arc::new(undo));
    planned.again(|_| {});
    confirm(session, &mut planned).await?;
    if planned.plan.count(Kind::RemoveUser) > 0 {
        session.progress.note(
            "Invitations that were sent can't be called back; creating these people again sends new ones."
                .to_owned(),
        );
    }
    Ok(planned)
}

/// What each operation of an undo takes back: the run's operations, and why they were made. They are
/// rejected with it, so that no plan does them again.
pub(in crate::sync) fn taken_back(
    planned: &Planned,
) -> HashMap<u32, Vec<(OperationId, Option<Reason>)>> {
    let mut found: HashMap<u32, Vec<(OperationId, Option<Reason>)>> = HashMap::new();
    let Some(undo) = &planned.undo else {
        return found;
    };
    let jira = &planned.jira;
    // By kind, account and group.
    let operations: HashMap<(Kind, &str, &str), u32> = (0u32..)
        .zip(&planned.plan.operations)
        .map(|(index, op)| {
            let account = op.account().map_or("", |row| jira.account(row).id());
            let group = op
                .target()
                .and_then(|target| planned.plan.targets[target as usize].jira)
                .map_or("", |row| jira.group(row).id());
            ((op.kind, account, group), index)
        })
        .collect();
    for write in &undo.writes {
        let account = write.account.as_ref().map_or("", AccountId::as_str);
        let group = write.group.as_ref().map_or("", GroupId::as_str);
        // A membership goes by itself, with its account or with its group.
        let inverse: &[(Kind, &str, &str)] = match write.kind {
            Kind::CreateUser => &[(Kind::RemoveUser, account, "")],
            Kind::CreateGroup => &[(Kind::DeleteGroup, "", group)],
            Kind::AddMember => &[
                (Kind::RemoveMember, account, group),
                (Kind::RemoveUser, account, ""),
                (Kind::DeleteGroup, "", group),
            ],
            Kind::RemoveMember => &[(Kind::AddMember, account, group)],
            Kind::SuspendUser => &[(Kind::RestoreUser, account, "")],
            Kind::RestoreUser => &[(Kind::SuspendUser, account, "")],
            Kind::RemoveUser | Kind::DeleteGroup => &[],
        };
        if let Some(index) = inverse.iter().find_map(|key| operations.get(key)) {
            let taken = (write.id.clone(), write.reason);
            found.entry(*index).or_default().push(taken);
        }
    }
    found
}
