//! After a run whose process died: what became of its last writes?

use super::error::SyncError;
use super::refresh::Snapshots;
use super::session::Session;
use crate::directory::{AccountId, AccountKind, GroupId, JiraSnapshot, fold};
use crate::plan::{Kind, Mode, Ownership};
use crate::store::{Found, LinkedHow, RunOutcome, Unfinished};

impl Session {
    /// Finds out what became of the writes of earlier runs whose outcome is unknown, so that what took
    /// place is linked, owned and given back as if the run had gone on. Tells whether there was
    /// anything to recover.
    pub(super) async fn recover(&mut self, snapshots: &Snapshots) -> Result<bool, SyncError> {
        let interrupted = self.state.interrupted()?;
        let unfinished = self.state.unfinished()?;
        for write in &unfinished {
            let found = match write.kind {
                Kind::CreateGroup => self.recover_group(snapshots, write).await?,
                Kind::CreateUser => self.recover_person(snapshots, write).await?,
                Kind::RemoveUser => Some(Found {
                    // Asked for by id: the listing keeps whoever is young.
                    took_place: self
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
                self.state.close(write, &found)?;
            }
        }
        for run in &interrupted {
            let counts = self.state.counted(run.number)?;
            self.state.end_run(run.number, RunOutcome::Failed, counts)?;
            let rest = match self.mode {
                Mode::Attended => {
                    "What is left stands in this plan: apply it to go on, or reject it."
                }
                Mode::Unattended => "It goes on now, as far as guards let it.",
            };
            self.notes.push(format!(
                "Run {} was interrupted after {} of its operations; what it did was looked up. {rest}",
                run.run_id,
                counts.done + counts.already
            ));
        }
        Ok(!interrupted.is_empty() || !unfinished.is_empty())
    }

    /// The plan that created the group was made from a listing without one of that name, and its
    /// members are only added once its creation is known: one that is there now, without members,
    /// is ours. One with members may be somebody else's, and stays a suggestion.
    async fn recover_group(
        &self,
        snapshots: &Snapshots,
        write: &Unfinished,
    ) -> Result<Option<Found>, SyncError> {
        let wanted = fold(&write.group_name);
        let jira = &snapshots.jira.snapshot;
        let listed = jira
            .iter_groups()
            .find(|(_, group)| fold(group.name()) == wanted)
            .map(|(_, group)| GroupId::new(group.id()));
        let found = match listed {
            Some(id) => Some(id),
            None => self.jira.group_named(&write.group_name).await?,
        };
        let Some(id) = found else {
            return Ok(jira.group_list.is_whole().then(Found::default));
        };
        let empty = self
            .jira
            .members(&id)
            .await?
            .is_some_and(|members| members.is_empty());
        if empty && !write.group_entra.is_empty() {
            self.state
                .link_group(&write.group_entra, id.as_str(), Ownership::Owned)?;
        }
        Ok(Some(Found {
            took_place: empty,
            group: empty.then(|| id.as_str().to_owned()),
            account: None,
        }))
    }

    async fn recover_person(
        &self,
        snapshots: &Snapshots,
        write: &Unfinished,
    ) -> Result<Option<Found>, SyncError> {
        if write.email.is_empty() {
            return Ok(Some(Found::default()));
        }
        if snapshots.entra.find_person(&write.entra_id).is_none() {
            return Ok(snapshots.entra.users.is_whole().then(Found::default));
        }
        let found = self.jira.search(&write.email).await?;
        let wanted = fold(&write.email);
        let people: Vec<_> = found
            .iter()
            .map(crate::jira::AccountRead::row)
            .filter(|row| row.kind == AccountKind::Person)
            .filter(|row| row.email.is_empty() || fold(row.email) == wanted)
            .collect();
        if let [account] = people.as_slice() {
            let links = self.state.links()?;
            if links.person_of(account.id).is_none() {
                self.state.link_person(
                    &write.entra_id,
                    account.id,
                    // It may have existed before: nothing proves that this run created it.
                    LinkedHow::LookedUp,
                    &write.email,
                    account.name,
                )?;
            }
        }
        // One that was there before is nobody's creation: nothing proves that it is new.
        let account = match people.as_slice() {
            [one] => Some(one.id.to_owned()),
            _ => None,
        };
        Ok(Some(Found {
            took_place: account.is_some(),
            account,
            group: None,
        }))
    }
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
