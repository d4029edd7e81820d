//! Looking up people whose Jira account may hide its e-mail.

use super::error::SyncError;
use super::progress::Stage;
use super::refresh::Snapshots;
use super::session::Session;
use crate::directory::{AccountId, AccountKind, fold};
use crate::jira::JiraError;
use crate::plan::{Known, address, pending_look_ups};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use std::time::Duration;
use tokio::time::Instant;

/// How many people without an equal display name are looked up in one refresh. The rest stay
/// unverified, which a guard shows; they are looked up by the refreshes that follow.
const STRANGERS: usize = 300;

impl Session {
    /// From the next refresh on, only looks up people whose display name equals a hidden
    /// account's: what an admin allowed by number must not change under their hands.
    pub fn looks_up_namesakes_only(&mut self) {
        self.only_namesakes = true;
    }

    /// Looks up who is left, politely: all user searches of a site share one limit. Answers are
    /// remembered, also that nobody was found. Ends when no hidden account or no person is left.
    pub(super) async fn look_up(
        &mut self,
        snapshots: &Snapshots,
        known: &mut Known,
    ) -> Result<(), SyncError> {
        let provisioning = &self.profile.settings.provisioning;
        if !(provisioning.import_users || provisioning.sync_memberships || self.ahead) {
            return Ok(());
        }
        let rate = self.profile.limits.polite_rate.max(1) as usize;
        let mut done = 0;
        let mut strangers = if self.only_namesakes { STRANGERS } else { 0 };
        loop {
            let pending = pending_look_ups(
                &snapshots.entra,
                &snapshots.jira,
                known,
                &self.profile.settings,
            );
            let namesakes = pending.namesakes;
            let batch: Vec<u32> = if namesakes.is_empty() {
                let room = STRANGERS.saturating_sub(strangers).min(rate);
                strangers += room.min(pending.strangers.len());
                pending.strangers.iter().copied().take(room).collect()
            } else {
                namesakes.iter().copied().take(rate).collect()
            };
            if batch.is_empty() {
                return Ok(());
            }
            let room = STRANGERS.saturating_sub(strangers);
            let left = batch.len().max(namesakes.len()) + pending.strangers.len().min(room);
            self.progress.now(Stage::LookingUp {
                done,
                total: done + left as u64,
            });
            let begun = Instant::now();
            let addresses: Vec<String> = batch
                .iter()
                .filter_map(|row| {
                    let person = snapshots.entra.person(*row);
                    address(person, &self.profile.settings.provisioning.email_from)
                })
                .map(fold)
                .collect();
            let jira = &self.jira;
            let answers: Vec<(String, Vec<AccountId>)> = stream::iter(addresses)
                .map(|address| async move {
                    let found = jira.search(&address).await?;
                    let people = found
                        .iter()
                        .map(crate::jira::AccountRead::row)
                        .filter(|row| row.kind == AccountKind::Person)
                        .map(|row| AccountId::new(row.id))
                        .collect();
                    Ok::<_, JiraError>((address, people))
                })
                .buffer_unordered(rate)
                .try_collect()
                .await?;
            done += answers.len() as u64;
            self.mirror.remember(&answers)?;
            for (address, accounts) in answers {
                known.look_ups.remember(address, accounts);
            }
            if left > batch.len() {
                let next = begun + Duration::from_secs(1);
                tokio::select! {
                    () = tokio::time::sleep_until(next) => {}
                    () = self.cancel.cancelled() => return Err(SyncError::Cancelled),
                }
            }
        }
    }
}
