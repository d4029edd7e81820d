//! Jira's side.

use super::{Arena, Completeness, Memberships, Span};
use crate::text::looks;
use std::sync::{Arc, LazyLock};

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

/// How the names look that are reserved.
static RESERVED_LOOKS: LazyLock<Vec<String>> =
    LazyLock::new(|| RESERVED.into_iter().flat_map(looks).collect());

/// Whether a group of this name makes administrators by its name alone, or looks as if it did.
#[must_use]
pub fn is_reserved(name: &str) -> bool {
    looks(name)
        .iter()
        .any(|looks| RESERVED_LOOKS.contains(looks))
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
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Seats {
    /// No limit.
    Unlimited,
    /// This many are free.
    Left(u64),
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Account {
    pub(super) id: Span,
    pub(super) name: Span,
    pub(super) email: Span,
    pub(super) active: bool,
    pub(super) kind: AccountKind,
    pub(super) seen: u32,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct JiraGroupRecord {
    pub(super) id: Span,
    pub(super) name: Span,
    pub(super) class: GroupClass,
    /// 0: never.
    pub(super) verified: u32,
}

/// Jira's accounts, groups and memberships as read at one moment.
#[derive(Debug, Default, Clone)]
pub struct JiraSnapshot {
    pub(super) arena: Arc<Arena>,
    pub(super) accounts: Vec<Account>,
    pub(super) groups: Vec<JiraGroupRecord>,
    pub(super) members: Memberships,
    pub(super) products: Vec<Product>,
    pub(super) admins: Vec<u32>,
    pub(super) me: Option<u32>,
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
    /// When the service last showed it, seconds since 1970.
    #[must_use]
    pub fn seen(self) -> u32 {
        self.row.seen
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
    row: &'a JiraGroupRecord,
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
        self.row.verified != 0
    }
    /// When its members were last read to the end, seconds since 1970; 0 for never.
    #[must_use]
    pub fn verified(self) -> u32 {
        self.row.verified
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
    /// Gives every group its class anew, by its id and name.
    pub fn classify(&mut self, class: impl Fn(&str, &str) -> GroupClass) {
        for group in &mut self.groups {
            group.class = class(self.arena.get(group.id), self.arena.get(group.name));
        }
        self.find_admins();
    }
    /// Replaces the site's products.
    pub fn set_products(&mut self, products: Vec<Product>) {
        self.products = products;
    }
    /// Finds out who is in a group that makes administrators.
    pub(super) fn find_admins(&mut self) {
        self.admins.clear();
        for (row, group) in (0u32..).zip(&self.groups) {
            if group.class == GroupClass::Protected {
                self.admins.extend(self.members.of(row));
            }
        }
        self.admins.sort_unstable();
        self.admins.dedup();
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
