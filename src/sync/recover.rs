//! After a run whose process died: what became of its last writes?

use super::error::SyncError;
use super::refresh::Snapshots;
use super::session::Session;
use crate::directory::{AccountKind, fold};
use crate::plan::{Kind, Ownership};
use crate::store::{LinkedHow, RunOutcome, Unfinished};

impl Session {
    /// Looks up the creations of earlier runs whose outcome is unknown, so that what took place is
    /// linked and owned as if the run had gone on. Tells whether there was anything to recover.
    ///
    /// The plan that created a group was made from a listing without a group of that name: one
    /// that is there now is ours.
    pub(super) async fn recover(&mut self, snapshots: &Snapshots) -> Result<bool, SyncError> {
        let interrupted = self.state.interrupted()?;
        let unfinished = self.state.unfinished()?;
        for write in &unfinished {
            let took_place = match write.kind {
                Kind::CreateGroup => self.recover_group(snapshots, write)?,
                _ => self.recover_person(snapshots, write).await?,
            };
            self.state.close(write, took_place)?;
        }
        for run in &interrupted {
            let counts = self.state.counted(run.number)?;
            self.state.end_run(run.number, RunOutcome::Failed, counts)?;
            self.notes.push(format!(
                "Run {} was interrupted after {} of its operations; what it did was looked up, and this plan goes on from there.",
                run.run_id,
                counts.done + counts.already
            ));
        }
        Ok(!interrupted.is_empty() || !unfinished.is_empty())
    }

    fn recover_group(&self, snapshots: &Snapshots, write: &Unfinished) -> Result<bool, SyncError> {
        let wanted = fold(&write.group_name);
        let found = snapshots
            .jira
            .iter_groups()
            .find(|(_, group)| fold(group.name()) == wanted);
        if let Some((_, group)) = found
            && !write.group_entra.is_empty()
        {
            self.state
                .link_group(&write.group_entra, group.id(), Ownership::Owned)?;
        }
        Ok(found.is_some())
    }

    async fn recover_person(
        &self,
        snapshots: &Snapshots,
        write: &Unfinished,
    ) -> Result<bool, SyncError> {
        if write.email.is_empty() || snapshots.entra.find_person(&write.entra_id).is_none() {
            return Ok(false);
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
                    LinkedHow::Created,
                    &write.email,
                    account.name,
                )?;
            }
        }
        Ok(people.len() == 1)
    }
}
