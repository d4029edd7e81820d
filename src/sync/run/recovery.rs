//! After a run whose process died: what became of its last writes?

use super::context::reach;
use super::outcome::Proof;
use super::writes::accounts_of;
use crate::directory::{AccountId, GroupClass, GroupId, JiraChanges, JiraSnapshot, fold};
use crate::jira::JiraProgress;
use crate::plan::{Kind, Mode, Ownership};
use crate::store::{Found, LinkedHow, RunOutcome, Unfinished};
use crate::sync::error::SyncError;
use crate::sync::read::jira::read_rights;
use crate::sync::read::members::read_members;
use crate::sync::read::sides::{JiraSide, Snapshots};
use crate::sync::session::Session;
use std::sync::Arc;
use std::time::Duration;

/// For so long after the call a new account or group may not show yet, in seconds: Atlassian's
/// listings lag by some seconds.
const SHOWS: i64 = 10;
/// How often it is looked for meanwhile.
const AGAIN: Duration = Duration::from_secs(1);

/// Finds out what became of the writes of earlier runs whose outcome is unknown, so that what took
/// place is linked, owned and given back as if the run had gone on. Tells whether there was
/// anything to recover.
pub(in crate::sync) async fn recover(
    session: &mut Session,
    snapshots: &mut Snapshots,
) -> Result<bool, SyncError> {
    let interrupted = session.state.interrupted()?;
    let unfinished = session.state.unfinished()?;
    for write in &unfinished {
        let found = match write.kind {
            Kind::CreateGroup => recover_group(session, &mut snapshots.jira, write).await?,
            Kind::CreateUser => recover_person(session, snapshots, write).await?,
            Kind::RemoveUser => Some(Found {
                // Asked for by id: the listing keeps whoever is young.
                took_place: session
                    .jira
                    .by_ids(&[AccountId::new(&write.account_id)])
                    .await?
                    .is_empty(),
                ..Found::default()
            }),
            _ => shown(&snapshots.jira.snapshot, write).map(|took_place| Found {
                took_place,
                ..Found::default()
            }),
        };
        // What can't be told stays open for the next run.
        if let Some(found) = found {
            session.state.close(write, &found)?;
        }
    }
    for run in &interrupted {
        let counts = session.state.counted(run.number)?;
        session
            .state
            .end_run(run.number, RunOutcome::Failed, counts)?;
        let rest = match session.mode {
            Mode::Attended => "What is left stands in this plan: apply it to go on, or reject it.",
            Mode::Unattended => "It goes on now, as far as guards let it.",
        };
        session.progress.note(format!(
            "Run {} was interrupted after {} of its operations; what it did was looked up. {rest}",
            run.run_id,
            counts.done + counts.already
        ));
    }
    Ok(!interrupted.is_empty() || !unfinished.is_empty())
}

/// Looks something up until it is there, or until it would show if it was there.
async fn sought<T>(
    session: &Session,
    write: &Unfinished,
    look: impl AsyncFn() -> Result<Option<T>, SyncError>,
) -> Result<Option<T>, SyncError> {
    loop {
        let found = look().await?;
        if found.is_some() || i64::from(session.clock.seconds()) >= write.begun_at + SHOWS {
            return Ok(found);
        }
        tokio::select! {
            () = tokio::time::sleep(AGAIN) => {}
            // The next look says so.
            () = session.cancel.cancelled() => {}
        }
    }
}

/// The plan that created the group was made from a listing without one of that name, and its
/// members are only added once its creation is known: one that is there now, without members,
/// is ours. One with members may be somebody else's, and stays a suggestion.
async fn recover_group(
    session: &Session,
    side: &mut JiraSide,
    write: &Unfinished,
) -> Result<Option<Found>, SyncError> {
    let wanted = fold(&write.group_name);
    let listed = side
        .snapshot
        .iter_groups()
        .find(|(_, group)| fold(group.name()) == wanted)
        .map(|(_, group)| GroupId::new(group.id()));
    let found = if listed.is_some() {
        listed
    } else {
        let look = async || Ok(session.jira.group_named(&write.group_name).await?);
        sought(session, write, look).await?
    };
    let Some(id) = found else {
        return Ok(side.snapshot.group_list.is_whole().then(Found::default));
    };
    let empty = session
        .jira
        .members(&id, |_| None)
        .await?
        .is_some_and(|members| members.unlisted.is_empty());
    if empty && !write.group_entra.is_empty() {
        session
            .state
            .link_group(&write.group_entra, id.as_str(), Ownership::Owned)?;
    }
    if side.snapshot.find_group(id.as_str()).is_none() {
        let mut changes = JiraChanges::new(side.fresh.since);
        changes.group(&id, &write.group_name, GroupClass::Ordinary);
        side.snapshot = Arc::new(side.snapshot.after(&changes));
        read_rights(session, side).await?;
        let row = side.snapshot.find_group(id.as_str());
        read_members(session, side, row.as_slice(), &JiraProgress::default()).await?;
    }
    Ok(Some(Found {
        took_place: empty,
        group: empty.then(|| id.as_str().to_owned()),
        account: None,
    }))
}

async fn recover_person(
    session: &Session,
    snapshots: &mut Snapshots,
    write: &Unfinished,
) -> Result<Option<Found>, SyncError> {
    let did_not = Ok(Some(Found::default()));
    if write.email.is_empty() {
        return did_not;
    }
    let Some(person) = snapshots.entra.find_person(&write.entra_id) else {
        return Ok(snapshots.entra.users.is_whole().then(Found::default));
    };
    let person = snapshots.entra.person(person).name().to_owned();
    let look = async || {
        let mut found = accounts_of(reach(session), &write.email, &person).await?;
        Ok(if found.len() == 1 { found.pop() } else { None })
    };
    let Some(found) = sought(session, write, look).await? else {
        return did_not;
    };
    let account = found.account.row();
    let links = session.state.links()?;
    let holder = links.person_of(account.id);
    if holder.is_some_and(|person| person != write.entra_id) {
        return did_not;
    }
    let side = &mut snapshots.jira;
    let before = side.snapshot.find_account(account.id);
    let seen = before.map(|row| i64::from(side.snapshot.account(row).seen()));
    if holder.is_none() {
        // Nobody had this address when the run began, except who was seen before that.
        let how = match (seen.is_some_and(|seen| seen < write.begun_at), found.proof) {
            (false, _) => LinkedHow::Created,
            (true, Proof::Search) => LinkedHow::LookedUp,
            (true, Proof::New | Proof::Address) => LinkedHow::Email,
        };
        let (entra, email) = (write.entra_id.as_str(), write.email.as_str());
        session
            .state
            .link_person(entra, account.id, how, email, account.name)?;
    }
    if before.is_none() {
        let mut changes = JiraChanges::new(side.fresh.since);
        changes.account(&account);
        side.snapshot = Arc::new(side.snapshot.after(&changes));
    }
    Ok(Some(Found {
        took_place: true,
        account: Some(account.id.to_owned()),
        group: None,
    }))
}

/// Whether a write took place, as Jira's side shows it, which was read for that; none where it does
/// not tell.
fn shown(jira: &JiraSnapshot, write: &Unfinished) -> Option<bool> {
    let account = jira.find_account(&write.account_id);
    let group = jira.find_group(&write.group_id);
    match write.kind {
        Kind::AddMember | Kind::RemoveMember => {
            let (account, group) = (account?, group.filter(|row| jira.group(*row).read())?);
            let is_in = jira.members().contains(group, account);
            Some(is_in == (write.kind == Kind::AddMember))
        }
        Kind::SuspendUser => Some(!jira.account(account?).active()),
        Kind::RestoreUser => Some(jira.account(account?).active()),
        Kind::DeleteGroup => jira.group_list.is_whole().then_some(group.is_none()),
        Kind::CreateUser | Kind::CreateGroup | Kind::RemoveUser => None,
    }
}
