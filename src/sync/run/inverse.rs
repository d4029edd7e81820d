//! What an undo's operations take back.

use crate::directory::{AccountId, GroupId};
use crate::plan::{Kind, OperationId, Reason};
use crate::sync::planned::Planned;
use hashbrown::HashMap;

/// What each operation of an undo takes back: the run's operations, and why they were made. They are
/// rejected with it, so that no plan does them again.
pub(super) fn taken_back(planned: &Planned) -> HashMap<u32, Vec<(OperationId, Option<Reason>)>> {
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
            let taken = (write.id, write.reason);
            found.entry(*index).or_default().push(taken);
        }
    }
    found
}
