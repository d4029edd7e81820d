//! Jira's side.

use super::{AccountId, Arena, Completeness, Memberships, Span};
use hashbrown::{HashMap, HashSet};

/// `accountType` of a Jira account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AccountKind {
    /// A person (`atlassian`).
    Person,
    /// An app or a bot (`app`).
    App,
    /// A portal customer (`customer`), or a type that is not known.
    Customer,
}

/// What may be done with a Jira group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GroupClass {
    /// Nothing speaks against changing it.
    Ordinary,
    /// Membership takes or gives a seat of a product.
    Access,
    /// Makes administrators, or is listed by the admin: never touched.
    Protected,
    /// Synced by another system, or found unwritable: never touched.
    External,
}

/// Names of groups that make administrators, whatever a listing says (reserved by Atlassian).
const RESERVED: [&str; 6] = [
    "site-admins",
    "org-admins",
    "administrators",
    "jira-administrators",
    "system-administrators",
    "atlassian-addons-admin",
];

/// Whether a group of this name makes administrators by its name alone.
#[must_use]
pub fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&super::fold(name).as_str())
}

/// A Jira account as the REST API describes it.
#[derive(Debug, Clone)]
pub struct JiraAccountRow<'a> {
    /// `accountId`.
    pub id: &'a str,
    /// `displayName`.
    pub name: &'a str,
    /// `emailAddress`; empty where the person hides it.
    pub email: &'a str,
    /// `active`.
    pub active: bool,
    /// `accountType`.
    pub kind: AccountKind,
}

/// A Jira group.
#[derive(Debug, Clone)]
pub struct JiraGroupRow<'a> {
    /// `groupId`.
    pub id: &'a str,
    /// Name.
    pub name: &'a str,
    /// Class.
    pub class: GroupClass,
}

/// A product of the site, from its application roles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// Key, e.g. `jira-software`.
    pub key: String,
    /// Name for people.
    pub name: String,
    /// Ids of the groups that take a seat.
    pub groups: Vec<String>,
    /// Ids of the groups that a new user of the product is put into.
    pub default_groups: Vec<String>,
    /// What is left.
    pub seats: Seats,
}

/// Seats of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seats {
    /// No limit.
    Unlimited,
    /// This many are free.
    Left(u64),
}

#[derive(Debug, Clone, Copy)]
struct Account {
    id: Span,
    name: Span,
    email: Span,
    active: bool,
    kind: AccountKind,
}

#[derive(Debug, Clone, Copy)]
struct Group {
    id: Span,
    name: Span,
    class: GroupClass,
    read: bool,
}

/// Jira's accounts, groups and memberships as read at one moment.
#[derive(Debug, Default, Clone)]
pub struct JiraSnapshot {
    arena: Arena,
    accounts: Vec<Account>,
    groups: Vec<Group>,
    members: Memberships,
    products: Vec<Product>,
    admins: Vec<u32>,
    me: Option<u32>,
    /// Whether the listing of users is whole.
    pub users: Completeness,
    /// Whether the listing of groups is whole.
    pub group_list: Completeness,
}

/// One account of a snapshot.
#[derive(Debug, Clone, Copy)]
pub struct JiraAccount<'a> {
    arena: &'a Arena,
    row: &'a Account,
}

impl<'a> JiraAccount<'a> {
    /// `accountId`.
    #[must_use]
    pub fn id(self) -> &'a str {
        self.arena.get(self.row.id)
    }
    /// Display name.
    #[must_use]
    pub fn name(self) -> &'a str {
        self.arena.get(self.row.name)
    }
    /// E-mail, empty where hidden.
    #[must_use]
    pub fn email(self) -> &'a str {
        self.arena.get(self.row.email)
    }
    /// Whether it is active.
    #[must_use]
    pub fn active(self) -> bool {
        self.row.active
    }
    /// Its kind.
    #[must_use]
    pub fn kind(self) -> AccountKind {
        self.row.kind
    }
    /// Whether this is a person's active account that hides its e-mail.
    #[must_use]
    pub fn hidden(self) -> bool {
        self.row.kind == AccountKind::Person && self.row.active && self.row.email.is_empty()
    }
}

/// One group of a snapshot.
#[derive(Debug, Clone, Copy)]
pub struct JiraGroup<'a> {
    arena: &'a Arena,
    row: &'a Group,
}

impl<'a> JiraGroup<'a> {
    /// `groupId`.
    #[must_use]
    pub fn id(self) -> &'a str {
        self.arena.get(self.row.id)
    }
    /// Name.
    #[must_use]
    pub fn name(self) -> &'a str {
        self.arena.get(self.row.name)
    }
    /// Class.
    #[must_use]
    pub fn class(self) -> GroupClass {
        self.row.class
    }
    /// Whether its members were read to the end.
    #[must_use]
    pub fn read(self) -> bool {
        self.row.read
    }
}

impl JiraSnapshot {
    /// How many accounts of any kind.
    #[must_use]
    pub fn accounts(&self) -> usize {
        self.accounts.len()
    }
    /// How many groups.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.groups.len()
    }
    /// An account by row; rows are in the order of their ids.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn account(&self, row: u32) -> JiraAccount<'_> {
        JiraAccount {
            arena: &self.arena,
            row: &self.accounts[row as usize],
        }
    }
    /// A group by row; rows are in the order of their ids.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn group(&self, row: u32) -> JiraGroup<'_> {
        JiraGroup {
            arena: &self.arena,
            row: &self.groups[row as usize],
        }
    }
    /// All accounts.
    pub fn iter_accounts(&self) -> impl Iterator<Item = (u32, JiraAccount<'_>)> {
        (0..self.accounts.len() as u32).map(|row| (row, self.account(row)))
    }
    /// All groups.
    pub fn iter_groups(&self) -> impl Iterator<Item = (u32, JiraGroup<'_>)> {
        (0..self.groups.len() as u32).map(|row| (row, self.group(row)))
    }
    /// The row of an account.
    #[must_use]
    pub fn find_account(&self, id: &str) -> Option<u32> {
        self.accounts
            .binary_search_by(|a| self.arena.get(a.id).cmp(id))
            .ok()
            .map(|row| row as u32)
    }
    /// The row of a group.
    #[must_use]
    pub fn find_group(&self, id: &str) -> Option<u32> {
        self.groups
            .binary_search_by(|g| self.arena.get(g.id).cmp(id))
            .ok()
            .map(|row| row as u32)
    }
    /// Who is in which group, of those groups whose members were read.
    #[must_use]
    pub fn members(&self) -> &Memberships {
        &self.members
    }
    /// The site's products.
    #[must_use]
    pub fn products(&self) -> &[Product] {
        &self.products
    }
    /// Whether this account is a member of a group that makes administrators. Only known when
    /// those groups' members were read.
    #[must_use]
    pub fn is_admin(&self, account: u32) -> bool {
        self.admins.binary_search(&account).is_ok()
    }
    /// The account that Rollbook signs in with.
    #[must_use]
    pub fn me(&self) -> Option<u32> {
        self.me
    }
    /// Whether both listings are whole.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.users.is_whole() && self.group_list.is_whole()
    }
    /// Bytes of text held.
    #[must_use]
    pub fn text_bytes(&self) -> usize {
        self.arena.bytes()
    }
}

/// Builds a snapshot from pages whose rows may repeat.
#[derive(Default)]
pub struct JiraBuilder {
    arena: Arena,
    /// Every id that was named, of accounts and of groups, with its key.
    ids: HashMap<Box<str>, u32>,
    accounts: HashMap<u32, Account>,
    groups: HashMap<u32, Group>,
    members: Vec<(u32, u32)>,
    read: HashSet<u32>,
    products: Vec<Product>,
    me: Option<AccountId>,
}

impl JiraBuilder {
    fn key(&mut self, id: &str) -> u32 {
        if let Some(&key) = self.ids.get(id) {
            return key;
        }
        let key = self.ids.len() as u32;
        self.ids.insert(id.into(), key);
        key
    }

    /// Adds an account; a repeated row changes nothing.
    pub fn account(&mut self, row: &JiraAccountRow<'_>) {
        let key = self.key(row.id);
        if self.accounts.contains_key(&key) {
            return;
        }
        let account = Account {
            id: self.arena.push(row.id),
            name: self.arena.push(row.name),
            email: self.arena.push(row.email),
            active: row.active,
            kind: row.kind,
        };
        self.accounts.insert(key, account);
    }

    /// Adds a group; a repeated row changes nothing.
    pub fn group(&mut self, row: &JiraGroupRow<'_>) {
        let key = self.key(row.id);
        if self.groups.contains_key(&key) {
            return;
        }
        let group = Group {
            id: self.arena.push(row.id),
            name: self.arena.push(row.name),
            class: row.class,
            read: false,
        };
        self.groups.insert(key, group);
    }

    /// Says that an account is a member of a group.
    pub fn member(&mut self, group: &str, account: &str) {
        let pair = (self.key(group), self.key(account));
        self.members.push(pair);
    }

    /// Says that a group's members were read to the end.
    pub fn group_read(&mut self, group: &str) {
        let key = self.key(group);
        self.read.insert(key);
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
        let account_keys = arena.sorted(self.accounts.iter().map(|(&k, a)| (k, a.id)).collect());
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
        let groups: Vec<Group> = group_keys
            .iter()
            .map(|key| Group {
                read: self.read.contains(key),
                ..self.groups[key]
            })
            .collect();
        let pairs: Vec<(u32, u32)> = self
            .members
            .into_iter()
            .map(|(group, account)| (group_row[group as usize], account_row[account as usize]))
            .filter(|(group, account)| *group != none && *account != none)
            .collect();
        let mut admins: Vec<u32> = pairs
            .iter()
            .filter(|(group, _)| groups[*group as usize].class == GroupClass::Protected)
            .map(|&(_, account)| account)
            .collect();
        admins.sort_unstable();
        admins.dedup();
        let me = self
            .me
            .and_then(|id| self.ids.get(id.as_str()))
            .map(|key| account_row[*key as usize])
            .filter(|row| *row != none);
        JiraSnapshot {
            accounts: account_keys.iter().map(|key| self.accounts[key]).collect(),
            members: Memberships::from_pairs(groups.len(), pairs),
            groups,
            arena,
            products: self.products,
            admins,
            me,
            users: Completeness::Whole,
            group_list: Completeness::Whole,
        }
    }
}
