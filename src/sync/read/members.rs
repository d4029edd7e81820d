//! Reading the members of Jira's groups.

use super::drift::Drift;
use super::options::ReadOptions;
use super::sides::JiraSide;
use crate::directory::{AccountId, Doubt, GroupId, JiraChanges, MemberList};
use crate::directory::{EntraSnapshot, JiraSnapshot};
use crate::jira::{AccountRead, JiraProgress};
use crate::plan::{Allowances, Inputs, Known, Selection, groups_to_read};
use crate::sync::error::SyncError;
use crate::sync::session::Session;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// How many groups' members are read at a time.
const GROUPS_AT_ONCE: usize = 32;

/// Members of one group that was read to the end: rows of the accounts that the snapshot holds,
/// and whoever it lacks.
struct Members {
    group: u32,
    listed: Vec<u32>,
    unlisted: Vec<AccountRead>,
}

/// Reads the members of these groups. What differs from what was known is drift.
pub(in crate::sync) async fn read_members(
    session: &Session,
    side: &mut JiraSide,
    wanted: &[u32],
    read: &JiraProgress,
) -> Result<(), SyncError> {
    if wanted.is_empty() {
        return Ok(());
    }
    let jira = &side.snapshot;
    read.member_lists_of.fetch_add(wanted.len() as u64, Relaxed);
    let lists: Vec<Option<Members>> = stream::iter(wanted.iter().copied())
        .map(|row| async move {
            let id = GroupId::new(jira.group(row).id());
            let found = session.jira.members(&id).await?;
            read.member_lists.fetch_add(1, Relaxed);
            // Only row numbers are kept: a large site has millions of memberships.
            Ok::<_, SyncError>(found.map(|accounts| {
                let mut members = Members {
                    group: row,
                    listed: Vec::with_capacity(accounts.len()),
                    unlisted: Vec::new(),
                };
                for account in accounts {
                    match jira.find_account(account.row().id) {
                        Some(row) => members.listed.push(row),
                        None => members.unlisted.push(account),
                    }
                }
                members
            }))
        })
        .buffer_unordered(GROUPS_AT_ONCE)
        .try_collect()
        .await?;
    let mut changes = JiraChanges::new(side.fresh.since);
    let mut unlisted = HashSet::new();
    for mut list in lists.into_iter().flatten() {
        for account in &list.unlisted {
            changes.account(&account.row());
            unlisted.insert(account.row().id.to_owned());
        }
        list.listed.sort_unstable();
        side.drift.extend(Drift::of_list(
            jira,
            list.group,
            &list.listed,
            &side.written,
        ));
        changes.members(
            GroupId::new(jira.group(list.group).id()),
            MemberList {
                listed: list.listed,
                unlisted: list
                    .unlisted
                    .iter()
                    .map(|a| AccountId::new(a.row().id))
                    .collect(),
            },
        );
    }
    // A few may have been created since.
    let cut = side.fresh.accounts && unlisted.len() > 3.max(jira.accounts() / 100);
    side.snapshot = Arc::new(jira.after(&changes));
    if cut {
        Arc::make_mut(&mut side.snapshot)
            .users
            .doubt(Doubt::MembersUnlisted {
                missing: unlisted.len() as u64,
            });
    }
    Ok(())
}

/// The groups whose members a plan needs and that were never read.
pub(super) fn unread(
    session: &Session,
    options: &ReadOptions,
    entra: &EntraSnapshot,
    jira: &JiraSnapshot,
    known: &Known,
) -> Vec<u32> {
    let mut settings = session.profile.settings.clone();
    settings.provisioning.sync_memberships |= options.ahead;
    let inputs = Inputs {
        entra,
        jira,
        known,
        settings: &settings,
        today: session.clock.today(),
        mode: session.mode,
        allowances: &Allowances::default(),
        selection: &Selection::Everything,
        undo: options.undo.as_deref(),
    };
    let mut rows = groups_to_read(&inputs, options.admins);
    rows.retain(|row| !jira.group(*row).read());
    rows
}
