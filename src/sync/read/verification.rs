//! Before anything is planned or written on the strength of what was known: is it still so?

use super::drift::Drift;
use super::jira::{
    all_accounts, ask_again, believe_gone, believe_suspended, list_groups, read_rights,
};
use super::look_ups::search_all;
use super::members::{read_members, unread};
use super::sides::JiraSide;
use crate::directory::{AccountId, EntraSnapshot, GroupClass, GroupId, JiraChanges, fold};
use crate::jira::{IDS_AT_ONCE, JiraProgress};
use crate::plan::{Kind, Known, LookUp, Operation, Stage, address, checks, closure, member_pages};
use crate::sync::error::SyncError;
use crate::sync::planned::Planned;
use crate::sync::session::Session;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How many accounts are asked for their groups at a time.
const AT_ONCE: usize = 16;
/// Requests that reading all accounts takes beyond their pages, to be sure of the end.
const END_OF_LISTING: u64 = 3;
/// Groups on a page of their listing, at least.
const GROUPS_PAGE: u64 = 50;

/// What was read a short while ago is verified again if that takes no more requests than this.
/// Beyond it, what changed meanwhile is found by the writes themselves.
const WORTHWHILE: u64 = 50;

/// Memberships in question.
#[derive(Debug, Default)]
pub(super) struct Touched {
    pub(super) pairs: BTreeMap<GroupId, BTreeSet<AccountId>>,
    pub(super) many: BTreeSet<GroupId>,
}

/// Memberships that Entra's changes or the runs since the last read touched.
pub(super) fn touched(
    before: Option<&EntraSnapshot>,
    after: &EntraSnapshot,
    jira: &JiraSide,
    known: &Known,
) -> Touched {
    let site = &jira.snapshot;
    let mut touched = Touched::default();
    for (group, accounts) in &*jira.written {
        let row = site.find_group(group.as_str());
        let pages = row.map_or(0, |row| member_pages(site, row));
        if accounts.len() as u64 > pages {
            touched.many.insert(group.clone());
        } else {
            let accounts = accounts.keys().cloned().collect();
            touched.pairs.insert(group.clone(), accounts);
        }
    }
    if let Some(before) = before {
        of_entra(before, after, known, &mut touched.pairs);
    }
    touched
}

/// Finds out how these memberships stand, as cheaply as possible.
pub(super) async fn check(
    session: &Session,
    side: &mut JiraSide,
    touched: &Touched,
    read: &JiraProgress,
) -> Result<(), SyncError> {
    let mut open = BTreeMap::new();
    for (group, accounts) in &touched.pairs {
        let stale = side
            .snapshot
            .find_group(group.as_str())
            .is_some_and(|row| !side.is_fresh(row));
        let unasked = accounts.iter().filter(|a| !side.fresh.members.contains(*a));
        let unasked: BTreeSet<AccountId> = unasked.cloned().collect();
        if stale && !unasked.is_empty() {
            open.insert(group.clone(), unasked);
        }
    }
    let found = checks(&side.snapshot, &open, &touched.many);
    let mut groups = found.groups;
    groups.retain(|row| !side.is_fresh(*row));
    read_members(session, side, &groups, read).await?;
    ask_accounts(session, side, found.accounts).await
}

/// Requests that finding these out takes.
fn cost(side: &JiraSide, touched: &Touched) -> u64 {
    let found = checks(&side.snapshot, &touched.pairs, &touched.many);
    let groups = found.groups.iter().filter(|row| !side.is_fresh(**row));
    let pages: u64 = groups.map(|row| member_pages(&side.snapshot, *row)).sum();
    pages + found.accounts.len() as u64
}

/// Reads the groups of accounts.
async fn ask_accounts(
    session: &Session,
    side: &mut JiraSide,
    accounts: Vec<AccountId>,
) -> Result<(), SyncError> {
    if accounts.is_empty() {
        return Ok(());
    }
    let answers: Vec<(AccountId, Option<Vec<GroupId>>)> = stream::iter(accounts)
        .map(|account| async move {
            let groups = session.jira.groups_of(&account).await?;
            Ok::<_, SyncError>((account, groups))
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    let jira = &side.snapshot;
    let mut changes = JiraChanges::new(side.fresh.since);
    let mut unknown = Vec::new();
    for (account, groups) in answers {
        side.fresh.members.insert(account.clone());
        let Some(groups) = groups else {
            unknown.push(account);
            continue;
        };
        let Some(row) = jira.find_account(account.as_str()) else {
            continue;
        };
        let is_in: BTreeSet<u32> = groups
            .iter()
            .filter_map(|group| jira.find_group(group.as_str()))
            .collect();
        for (group, shown) in jira.iter_groups().filter(|(_, group)| group.read()) {
            let (was, is) = (jira.members().contains(group, row), is_in.contains(&group));
            if was != is {
                changes.member(&GroupId::new(shown.id()), &account, is);
                let drift = Drift::of(jira, group, row, is, &side.written);
                side.drift.extend(drift);
            }
        }
    }
    // An account that Jira knows no groups of is looked up before it is believed gone.
    believe_gone(session, &mut changes, &unknown).await?;
    if !changes.is_empty() {
        side.snapshot = Arc::new(jira.after(&changes));
    }
    Ok(())
}

/// Verifies what the operations of a plan rest on, as far as it was not read in this session.
pub(in crate::sync) async fn verify(
    session: &mut Session,
    planned: &Planned,
    side: &mut JiraSide,
) -> Result<Verified, SyncError> {
    let mut verified = Verified::default();
    if in_earnest(planned).next().is_none() {
        return Ok(verified);
    }
    let read = JiraProgress::default();
    if !side.fresh.rights {
        read_rights(session, side).await?;
        verified.asked = true;
    }
    verify_people(session, planned, side, &mut verified, &read).await?;
    if verify_groups(session, planned, side, &read).await? {
        verified.asked = true;
        // A group that was not known may stand for one of Entra's.
        let new = unread(
            session,
            &planned.options,
            &planned.entra,
            &side.snapshot,
            &planned.known,
        );
        read_members(session, side, &new, &read).await?;
    }
    verified.asked |= verify_targets(session, planned, side).await?;
    verified.asked |= verify_accounts(session, planned, side).await?;
    let mut touched = in_question(planned, side);
    let recent = |group: &GroupId| {
        let row = side.snapshot.find_group(group.as_str());
        row.is_some_and(|row| side.is_recent(side.snapshot.group(row).verified()))
    };
    if cost(side, &touched) > WORTHWHILE {
        touched.pairs.retain(|group, _| !recent(group));
        touched.many.retain(|group| !recent(group));
        // What is deleted can't be brought back.
        touched.many.extend(deleted(planned));
    }
    let before = (side.fresh.members.len(), fresh_groups(side));
    check(session, side, &touched, &read).await?;
    verified.asked |= before != (side.fresh.members.len(), fresh_groups(side));
    Ok(verified)
}

/// Are the groups still there whose members would change?
async fn verify_targets(
    session: &Session,
    planned: &Planned,
    side: &mut JiraSide,
) -> Result<bool, SyncError> {
    if side.fresh.groups {
        return Ok(false);
    }
    let targets: BTreeSet<GroupId> = in_earnest(planned)
        .filter_map(|op| planned.plan.targets[op.target()? as usize].jira)
        .map(|row| GroupId::new(planned.jira.group(row).id()))
        .filter(|id| {
            let row = side.snapshot.find_group(id.as_str());
            row.is_some_and(|row| !side.is_fresh(row)) && !side.fresh.asked_groups.contains(id)
        })
        .collect();
    if targets.is_empty() {
        return Ok(false);
    }
    let targets: Vec<GroupId> = targets.into_iter().collect();
    ask_again(session, side, &[], &targets).await?;
    side.fresh.asked_groups.extend(targets);
    Ok(true)
}

/// Do the accounts that would be suspended, restored, removed or put into groups still stand as they
/// did?
async fn verify_accounts(
    session: &Session,
    planned: &Planned,
    side: &mut JiraSide,
) -> Result<bool, SyncError> {
    let account = |op: &Operation| Some(AccountId::new(planned.jira.account(op.account()?).id()));
    let unasked = |id: &AccountId| !side.fresh.accounts && !side.fresh.asked.contains(id);
    let ends = |op: &&Operation| {
        let kind = op.kind;
        matches!(
            kind,
            Kind::SuspendUser | Kind::RestoreUser | Kind::RemoveUser
        )
    };
    let mut accounts: BTreeSet<AccountId> = in_earnest(planned)
        .filter(ends)
        .filter_map(account)
        .filter(unasked)
        .collect();
    // Who was deactivated meanwhile is put into nothing.
    let joining: BTreeSet<AccountId> = in_earnest(planned)
        .filter(|op| op.kind == Kind::AddMember)
        .filter_map(account)
        .filter(unasked)
        .collect();
    let cost = joining.len().div_ceil(IDS_AT_ONCE) as u64;
    if cost <= WORTHWHILE || !side.is_recent(side.verification.accounts_at) {
        accounts.extend(joining);
    }
    let asked = !accounts.is_empty();
    if asked {
        let accounts: Vec<AccountId> = accounts.into_iter().collect();
        ask_again(session, side, &accounts, &[]).await?;
    }
    let kinds = [Kind::SuspendUser, Kind::RestoreUser];
    let suspends = in_earnest(planned).filter(|op| kinds.contains(&op.kind));
    let suspended: Vec<AccountId> = suspends
        .filter_map(account)
        .filter(|id| !side.fresh.asked_organization.contains(id))
        .collect();
    let changed = believe_suspended(session, side, &suspended).await?;
    side.fresh.asked_organization.extend(suspended);
    Ok(asked || changed)
}

/// Do the people who would be created have an account by now?
async fn verify_people(
    session: &mut Session,
    planned: &Planned,
    side: &mut JiraSide,
    verified: &mut Verified,
    read: &JiraProgress,
) -> Result<(), SyncError> {
    let sources = &planned.settings.provisioning.email_from;
    let creations = in_earnest(planned);
    let addresses: Vec<String> = creations
        .filter(|op| op.kind == Kind::CreateUser)
        .filter_map(|op| address(planned.entra.person(op.person()?), sources))
        .map(fold)
        .filter(|address| !side.fresh.addresses.contains(address))
        .collect();
    if side.fresh.accounts || addresses.is_empty() {
        return Ok(());
    }
    let pages = crate::plan::account_pages(&side.snapshot) + END_OF_LISTING;
    if pages.min(addresses.len() as u64) > WORTHWHILE
        && side.is_recent(side.verification.accounts_at)
    {
        return Ok(());
    }
    verified.asked = true;
    if pages <= addresses.len() as u64 {
        all_accounts(session, side, read).await?;
        side.fresh.addresses.extend(addresses);
        return Ok(());
    }
    side.fresh.addresses.extend(addresses.iter().cloned());
    let found = search_all(session, addresses).await?;
    let mut changes = JiraChanges::new(side.fresh.since);
    for account in &found.accounts {
        changes.account(&account.row());
    }
    session.mirror.remember(&found.answers)?;
    verified.answers.extend(found.answers);
    if !changes.is_empty() {
        side.snapshot = Arc::new(side.snapshot.after(&changes));
    }
    Ok(())
}

/// Are there groups by now of the names that would be created?
async fn verify_groups(
    session: &Session,
    planned: &Planned,
    side: &mut JiraSide,
    read: &JiraProgress,
) -> Result<bool, SyncError> {
    let creations = in_earnest(planned);
    let names: Vec<String> = creations
        .filter(|op| op.kind == Kind::CreateGroup)
        .filter_map(|op| Some(planned.plan.targets[op.target()? as usize].name.clone()))
        .filter(|name| !side.fresh.names.contains(&fold(name)))
        .collect();
    if side.fresh.groups || names.is_empty() {
        return Ok(false);
    }
    let pages = (side.snapshot.groups() as u64).div_ceil(GROUPS_PAGE);
    if pages.min(names.len() as u64) > WORTHWHILE && side.is_recent(side.verification.groups_at) {
        return Ok(false);
    }
    if pages <= names.len() as u64 {
        list_groups(session, side, read).await?;
        return Ok(true);
    }
    let mut changes = JiraChanges::new(side.fresh.since);
    for name in names {
        if let Some(id) = session.jira.group_named(&name).await? {
            changes.group(&id, &name, GroupClass::Ordinary);
        }
        side.fresh.names.insert(fold(&name));
    }
    if !changes.is_empty() {
        side.snapshot = Arc::new(side.snapshot.after(&changes));
        read_rights(session, side).await?;
    }
    Ok(true)
}

/// What was found out before a plan is believed.
#[derive(Debug, Default)]
pub(in crate::sync) struct Verified {
    /// Whether anything had to be asked, so that the plan is to be made anew.
    pub(in crate::sync) asked: bool,
    /// Addresses that were looked up.
    pub(in crate::sync) answers: Vec<(String, LookUp)>,
}

/// The operations that may be applied: where nobody allows anything, those that no guard holds.
/// After held ones were let go, the plan has to be confirmed again.
pub(super) fn in_earnest(planned: &Planned) -> impl Iterator<Item = &Operation> {
    let held_too = planned.options.held_too;
    let operations = planned.plan.operations.iter();
    operations.filter(move |op| held_too || op.held.is_empty())
}

/// The groups that a plan deletes.
fn deleted(planned: &Planned) -> impl Iterator<Item = GroupId> {
    let deletions = in_earnest(planned);
    deletions
        .filter(|op| op.kind == Kind::DeleteGroup)
        .filter_map(|op| planned.plan.targets[op.target()? as usize].jira)
        .map(|row| GroupId::new(planned.jira.group(row).id()))
}

/// The memberships that a plan's operations speak of, and, before anybody is removed, those of the
/// groups that make administrators.
fn in_question(planned: &Planned, side: &JiraSide) -> Touched {
    let mut touched = Touched {
        many: deleted(planned).collect(),
        ..Touched::default()
    };
    let mut removes = false;
    for op in in_earnest(planned) {
        removes |= op.kind.stage() != Stage::Gives;
        let (Some(account), Some(target)) = (op.account(), op.target()) else {
            continue;
        };
        if let Some(group) = planned.plan.targets[target as usize].jira {
            let group = GroupId::new(planned.jira.group(group).id());
            let account = AccountId::new(planned.jira.account(account).id());
            touched.pairs.entry(group).or_default().insert(account);
        }
    }
    if removes {
        let admins = side
            .snapshot
            .iter_groups()
            .filter(|(_, group)| group.class() == GroupClass::Protected);
        let admins = admins.map(|(_, group)| GroupId::new(group.id()));
        touched.many.extend(admins);
    }
    touched
}

fn fresh_groups(side: &JiraSide) -> usize {
    (0..side.snapshot.groups() as u32)
        .filter(|row| side.is_fresh(*row))
        .count()
}

/// Linked people whose membership in linked groups differs between two snapshots of Entra, and
/// those of whom anything else changed, in all linked groups.
fn of_entra(
    before: &EntraSnapshot,
    after: &EntraSnapshot,
    known: &Known,
    pairs: &mut BTreeMap<GroupId, BTreeSet<AccountId>>,
) {
    let moved = Moved::between(before, after);
    for link in known.links.groups() {
        let old = people_of(before, link.entra.as_str());
        let new = people_of(after, link.entra.as_str());
        let to = |row: &u32| moved.to[*row as usize];
        let stays: Vec<u32> = old.iter().map(to).filter(|row| *row != u32::MAX).collect();
        let left = old
            .iter()
            .filter(|row| new.binary_search(&to(row)).is_err());
        let came = new
            .iter()
            .filter(|row| moved.changed[**row as usize] || stays.binary_search(row).is_err());
        let ids = left
            .map(|row| before.person(*row).id())
            .chain(came.map(|row| after.person(*row).id()));
        let accounts: BTreeSet<AccountId> = ids
            .filter_map(|id| known.links.account_of(id))
            .map(AccountId::new)
            .collect();
        if !accounts.is_empty() {
            pairs
                .entry(link.group.clone())
                .or_default()
                .extend(accounts);
        }
    }
}

/// Everyone in a group, nested groups included: sorted rows.
fn people_of(snapshot: &EntraSnapshot, group: &str) -> Vec<u32> {
    let root = snapshot.find_group(group);
    let groups = closure(snapshot, root.as_slice());
    let mut people: Vec<u32> = groups
        .iter()
        .flat_map(|group| snapshot.direct().of(*group))
        .copied()
        .collect();
    people.sort_unstable();
    people.dedup();
    people
}

/// Where people's rows went from one snapshot to the next, and of whom anything changed.
struct Moved {
    /// By old row; `u32::MAX` for who is gone.
    to: Vec<u32>,
    /// By new row.
    changed: Vec<bool>,
}

impl Moved {
    fn between(before: &EntraSnapshot, after: &EntraSnapshot) -> Self {
        let mut moved = Self {
            to: vec![u32::MAX; before.people()],
            changed: vec![true; after.people()],
        };
        let mut next = 0;
        for (row, old) in before.iter_people() {
            while (next as usize) < after.people() && after.person(next).id() < old.id() {
                next += 1;
            }
            if (next as usize) == after.people() || after.person(next).id() != old.id() {
                continue;
            }
            let new = after.person(next);
            moved.to[row as usize] = next;
            moved.changed[next as usize] = old.enabled() != new.enabled()
                || old.guest() != new.guest()
                || old.licensed() != new.licensed()
                || old.mail() != new.mail()
                || old.upn() != new.upn();
        }
        moved
    }
}
