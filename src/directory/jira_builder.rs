//! Jira's side from pages whose rows may repeat.

use super::jira::{Account, JiraAccountRow, JiraGroupRecord, JiraGroupRow, JiraSnapshot, Product};
use super::keys::Keys;
use super::{AccountId, Arena, Completeness, Memberships};
use hashbrown::HashMap;
use std::sync::Arc;

/// Builds a snapshot from pages whose rows may repeat.
#[derive(Default)]
pub struct JiraBuilder {
    arena: Arena,
    /// Every id that was named, of accounts and of groups, with its key.
    ids: Keys,
    /// By the number of their id; none where it is no account's.
    accounts: Vec<Option<Account>>,
    groups: HashMap<u32, JiraGroupRecord>,
    members: Vec<(u32, u32)>,
    read: HashMap<u32, u32>,
    at: u32,
    products: Vec<Product>,
    me: Option<AccountId>,
}

impl JiraBuilder {
    /// From now on, what is added was read at this time, seconds since 1970.
    pub fn read_at(&mut self, at: u32) {
        self.at = at;
    }

    /// Adds an account; a repeated row changes nothing. Tells whether it is new.
    pub fn account(&mut self, row: &JiraAccountRow<'_>) -> bool {
        if self.holds(row.id) {
            return false;
        }
        let key = self.ids.of(&mut self.arena, row.id);
        let account = Account {
            id: self.ids.span(key),
            name: self.arena.push(row.name),
            email: self.arena.push(row.email),
            active: row.active,
            kind: row.kind,
            seen: self.at,
        };
        if self.accounts.len() <= key as usize {
            self.accounts.resize(key as usize + 1, None);
        }
        self.accounts[key as usize] = Some(account);
        true
    }

    /// Whether an account was added.
    #[must_use]
    pub fn holds(&self, account: &str) -> bool {
        let key = self.ids.get(&self.arena, account);
        key.is_some_and(|key| matches!(self.accounts.get(key as usize), Some(Some(_))))
    }

    /// Adds a group; a repeated row changes nothing.
    pub fn group(&mut self, row: &JiraGroupRow<'_>) {
        let key = self.ids.of(&mut self.arena, row.id);
        if self.groups.contains_key(&key) {
            return;
        }
        let group = JiraGroupRecord {
            id: self.ids.span(key),
            name: self.arena.push(row.name),
            class: row.class,
            verified: 0,
        };
        self.groups.insert(key, group);
    }

    /// Says that an account is a member of a group.
    pub fn member(&mut self, group: &str, account: &str) {
        let group = self.ids.of(&mut self.arena, group);
        let pair = (group, self.ids.of(&mut self.arena, account));
        self.members.push(pair);
    }

    /// Says that a group's members were read to the end.
    pub fn group_read(&mut self, group: &str) {
        let key = self.ids.of(&mut self.arena, group);
        self.read.insert(key, self.at.max(1));
    }

    /// The site's products.
    pub fn products(&mut self, products: Vec<Product>) {
        self.products = products;
    }

    /// The account that Rollbook signs in with.
    pub fn me(&mut self, id: AccountId) {
        self.me = Some(id);
    }

    /// The snapshot.
    #[must_use]
    pub fn finish(self) -> JiraSnapshot {
        let arena = self.arena;
        let listed = self.accounts.iter().enumerate();
        let listed = listed.filter_map(|(key, account)| Some((key as u32, account.as_ref()?.id)));
        let account_keys = arena.sorted(listed.collect());
        let group_keys = arena.sorted(self.groups.iter().map(|(&k, g)| (k, g.id)).collect());
        let none = u32::MAX;
        let rows = |keys: &[u32]| {
            let mut rows = vec![none; self.ids.len()];
            for (row, &key) in (0u32..).zip(keys) {
                rows[key as usize] = row;
            }
            rows
        };
        let (account_row, group_row) = (rows(&account_keys), rows(&group_keys));
        let groups: Vec<JiraGroupRecord> = group_keys
            .iter()
            .map(|key| JiraGroupRecord {
                verified: self.read.get(key).copied().unwrap_or(0),
                ..self.groups[key]
            })
            .collect();
        let pairs: Vec<(u32, u32)> = self
            .members
            .into_iter()
            .map(|(group, account)| (group_row[group as usize], account_row[account as usize]))
            .filter(|(group, account)| *group != none && *account != none)
            .collect();
        let me = self
            .me
            .and_then(|id| self.ids.get(&arena, id.as_str()))
            .map(|key| account_row[key as usize])
            .filter(|row| *row != none);
        let mut snapshot = JiraSnapshot {
            accounts: account_keys
                .iter()
                .filter_map(|key| self.accounts[*key as usize])
                .collect(),
            members: Memberships::from_pairs(groups.len(), pairs),
            groups,
            arena: Arc::new(arena),
            products: self.products,
            admins: Vec::new(),
            me,
            users: Completeness::Whole,
            group_list: Completeness::Whole,
        };
        snapshot.find_admins();
        snapshot
    }
}
