//! Accounts by their ids.

use super::JiraSnapshot;
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher as _;

/// The rows of a snapshot's accounts by their ids: worth making for as many look-ups as there are
/// accounts.
#[derive(Debug)]
pub struct AccountIndex<'a> {
    jira: &'a JiraSnapshot,
    hasher: DefaultHashBuilder,
    rows: HashTable<(u32, u32)>,
}

impl<'a> AccountIndex<'a> {
    /// The index of a snapshot.
    #[must_use]
    pub fn of(jira: &'a JiraSnapshot) -> Self {
        let mut index = Self {
            jira,
            hasher: DefaultHashBuilder::default(),
            rows: HashTable::with_capacity(jira.accounts()),
        };
        for (row, account) in jira.iter_accounts() {
            let hash = index.hasher.hash_one(account.id());
            // A part of the hash is kept, so that hardly any other id is looked at.
            let entry = ((hash >> 32) as u32, row);
            let again = |(_, row): &(u32, u32)| index.hasher.hash_one(jira.account(*row).id());
            index.rows.insert_unique(hash, entry, again);
        }
        index
    }

    /// The row of an account.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<u32> {
        let hash = self.hasher.hash_one(id);
        let part = (hash >> 32) as u32;
        let is = |(kept, row): &(u32, u32)| *kept == part && self.jira.account(*row).id() == id;
        self.rows.find(hash, is).map(|(_, row)| *row)
    }
}
