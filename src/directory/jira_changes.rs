//! What was read of Jira since a snapshot, and Jira's side after it.

use super::jira::{Account, GroupClass, JiraAccountRow, JiraGroupRecord, JiraSnapshot};
use super::members::MembershipsBuilder;
use super::merge_join::{Joined, NOWHERE, merge_join, moved};
use super::{AccountId, AccountKind, GroupId};
use std::collections::BTreeMap;
use std::sync::Arc;

/// An account as it was read.
#[derive(Debug, Clone)]
struct AccountFields {
    name: String,
    email: String,
    active: bool,
    kind: AccountKind,
}

/// The members of one group as they were read to the end.
#[derive(Debug, Clone, Default)]
pub struct MemberList {
    /// Rows of the accounts in the snapshot that this is read against.
    pub listed: Vec<u32>,
    /// Accounts that it does not hold.
    pub unlisted: Vec<AccountId>,
}

/// What was read.
#[derive(Debug, Clone, Default)]
pub struct JiraChanges {
    /// When, seconds since 1970.
    pub at: u32,
    accounts: BTreeMap<AccountId, Option<AccountFields>>,
    groups: BTreeMap<GroupId, Option<(String, GroupClass)>>,
    lists: BTreeMap<GroupId, MemberList>,
    edits: BTreeMap<GroupId, BTreeMap<AccountId, bool>>,
}

impl JiraChanges {
    /// Nothing yet, read at this time.
    #[must_use]
    pub fn new(at: u32) -> Self {
        Self {
            at,
            ..Self::default()
        }
    }

    /// Whether nothing was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty()
            && self.groups.is_empty()
            && self.lists.is_empty()
            && self.edits.is_empty()
    }

    /// An account as the service shows it now. Tells whether nothing was said of it before.
    pub fn account(&mut self, row: &JiraAccountRow<'_>) -> bool {
        let read = AccountFields {
            name: row.name.to_owned(),
            email: row.email.to_owned(),
            active: row.active,
            kind: row.kind,
        };
        let id = AccountId::new(row.id);
        self.accounts.insert(id, Some(read)).is_none()
    }

    /// Whether something is said of an account.
    #[must_use]
    pub fn speaks_of(&self, account: &AccountId) -> bool {
        self.accounts.contains_key(account)
    }

    /// An account is gone.
    pub fn account_gone(&mut self, id: &AccountId) {
        self.accounts.insert(id.clone(), None);
    }

    /// A group as the service shows it now.
    pub fn group(&mut self, id: &GroupId, name: &str, class: GroupClass) {
        self.groups
            .insert(id.clone(), Some((name.to_owned(), class)));
    }

    /// A group is gone.
    pub fn group_gone(&mut self, id: &GroupId) {
        self.groups.insert(id.clone(), None);
    }

    /// All members of a group.
    pub fn members(&mut self, group: GroupId, list: MemberList) {
        self.lists.insert(group, list);
    }

    /// Whether somebody is in a group, as far as that group was read before.
    pub fn member(&mut self, group: &GroupId, account: &AccountId, is_in: bool) {
        let edits = self.edits.entry(group.clone()).or_default();
        edits.insert(account.clone(), is_in);
    }
}

impl JiraSnapshot {
    /// This snapshot after what was read.
    #[must_use]
    pub fn after(&self, changes: &JiraChanges) -> Self {
        let mut made = Self {
            products: self.products.clone(),
            users: self.users.clone(),
            group_list: self.group_list.clone(),
            ..Self::default()
        };
        let (to, origins) = rows(self, changes, &mut made);
        let mut members = MembershipsBuilder::new(origins.len(), self.members.total());
        for (row, old) in (0u32..).zip(origins) {
            let id = GroupId::new(made.group(row).id());
            let mut set = match (changes.lists.get(&id), old) {
                (Some(list), _) => {
                    let mut set: Vec<u32> = moved(&list.listed, &to);
                    let unlisted = list.unlisted.iter();
                    set.extend(unlisted.filter_map(|id| made.find_account(id.as_str())));
                    set.sort_unstable();
                    set.dedup();
                    made.groups[row as usize].verified = changes.at.max(1);
                    set
                }
                (None, Some(old)) => moved(self.members.of(old), &to),
                (None, None) => Vec::new(),
            };
            if made.groups[row as usize].verified != 0 {
                for (account, is_in) in changes.edits.get(&id).into_iter().flatten() {
                    let Some(account) = made.find_account(account.as_str()) else {
                        continue;
                    };
                    match (set.binary_search(&account), is_in) {
                        (Err(at), true) => set.insert(at, account),
                        (Ok(at), false) => _ = set.remove(at),
                        _ => {}
                    }
                }
            }
            members.push(set);
        }
        made.members = members.finish();
        made.me = self
            .me
            .map(|row| to[row as usize])
            .filter(|row| *row != NOWHERE);
        made.find_admins();
        made
    }
}

/// Gives where each old row of an account went, and the old row of each new group.
fn rows(
    base: &JiraSnapshot,
    changes: &JiraChanges,
    made: &mut JiraSnapshot,
) -> (Vec<u32>, Vec<Option<u32>>) {
    if changes.accounts.is_empty() && changes.groups.is_empty() {
        // Members alone, as after each first listing: the text of a large site is not copied.
        made.arena = base.arena.clone();
        made.accounts.clone_from(&base.accounts);
        made.groups.clone_from(&base.groups);
        let stays = (0..base.accounts.len() as u32).collect();
        return (stays, (0..base.groups.len() as u32).map(Some).collect());
    }
    let to = accounts(base, changes, made);
    (to, groups(base, changes, made))
}

/// Gives where each old row went.
fn accounts(base: &JiraSnapshot, changes: &JiraChanges, made: &mut JiraSnapshot) -> Vec<u32> {
    let said: Vec<_> = changes.accounts.iter().collect();
    let ids: Vec<&str> = said.iter().map(|(id, _)| id.as_str()).collect();
    let mut to = vec![NOWHERE; base.accounts.len()];
    made.accounts.reserve(base.accounts.len() + ids.len());
    for row in merge_join(base.accounts.len(), |row| base.account(row).id(), &ids) {
        let (old, read) = match row {
            Joined::Kept(row) => (Some(row), None),
            Joined::Said(at, old) => match said[at].1 {
                None => continue,
                Some(read) => (old, Some((ids[at], read))),
            },
        };
        if let Some(old) = old {
            to[old as usize] = made.accounts.len() as u32;
        }
        let arena = Arc::make_mut(&mut made.arena);
        let account = match (read, old) {
            (Some((id, read)), _) => Account {
                id: arena.push(id),
                name: arena.push(&read.name),
                email: arena.push(&read.email),
                active: read.active,
                kind: read.kind,
                seen: changes.at,
            },
            (None, Some(old)) => {
                let shown = base.account(old);
                Account {
                    id: arena.push(shown.id()),
                    name: arena.push(shown.name()),
                    email: arena.push(shown.email()),
                    ..base.accounts[old as usize]
                }
            }
            (None, None) => continue,
        };
        made.accounts.push(account);
    }
    to
}

/// Gives the old row of each new group.
fn groups(base: &JiraSnapshot, changes: &JiraChanges, made: &mut JiraSnapshot) -> Vec<Option<u32>> {
    let said: Vec<_> = changes.groups.iter().collect();
    let ids: Vec<&str> = said.iter().map(|(id, _)| id.as_str()).collect();
    let mut origins = Vec::with_capacity(base.groups.len() + ids.len());
    for row in merge_join(base.groups.len(), |row| base.group(row).id(), &ids) {
        let (old, id, name, class) = match row {
            Joined::Kept(row) => {
                let group = base.group(row);
                (Some(row), group.id(), group.name(), group.class())
            }
            Joined::Said(at, old) => match said[at].1 {
                None => continue,
                Some((name, class)) => (old, ids[at], name.as_str(), *class),
            },
        };
        let arena = Arc::make_mut(&mut made.arena);
        let group = JiraGroupRecord {
            id: arena.push(id),
            name: arena.push(name),
            class,
            verified: old.map_or(0, |old| base.groups[old as usize].verified),
        };
        made.groups.push(group);
        origins.push(old);
    }
    origins
}
