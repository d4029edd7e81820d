//! Reading the members of Jira's groups.

use super::drift::Drift;
use super::options::ReadOptions;
use super::sides::JiraSide;
use crate::directory::{AccountId, AccountIndex, Doubt, GroupId, JiraChanges, MemberList};
use crate::directory::{EntraSnapshot, JiraSnapshot};
use crate::jira::{JiraProgress, MembersRead};
use crate::plan::{Allowances, Inputs, Known, Selection, groups_to_read};
use crate::sync::error::SyncError;
use crate::sync::session::Session;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// How many groups' members are read at a time.
const GROUPS_AT_ONCE: usize = 32;

/// Up to so many groups accounts are searched for in the listing.
const FEW: usize = 16;

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
    // For a few groups an index is not worth its making.
    let index = (wanted.len() > FEW).then(|| AccountIndex::of(jira));
    let find = |id: &str| match &index {
        Some(index) => index.find(id),
        None => jira.find_account(id),
    };
    let find = &find;
    let lists: Vec<(u32, Option<MembersRead>)> = stream::iter(wanted.iter().copied())
        .map(|row| async move {
            let id = GroupId::new(jira.group(row).id());
            let found = session.jira.members(&id, find).await?;
            read.member_lists.fetch_add(1, Relaxed);
            Ok::<_, SyncError>((row, found))
        })
        .buffer_unordered(GROUPS_AT_ONCE)
        .try_collect()
        .await?;
    let mut changes = JiraChanges::new(side.fresh.since);
    let mut unlisted = HashSet::new();
    for (group, list) in lists {
        let Some(list) = list else { continue };
        for account in &list.unlisted {
            changes.account(&account.row());
            unlisted.insert(account.row().id.to_owned());
        }
        let drift = Drift::of_list(jira, group, &list.listed, &side.written);
        side.drift.extend(drift);
        let others = list.unlisted.iter();
        let list = MemberList {
            listed: list.listed,
            unlisted: others.map(|a| AccountId::new(a.row().id)).collect(),
        };
        changes.members(GroupId::new(jira.group(group).id()), list);
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
