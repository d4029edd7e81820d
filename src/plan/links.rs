//! Links: the durable pairs of both sides, which a million people may have.
//!
//! People's links stand as one text with rows into it, sorted by Entra id, and are shared by every copy of
//! a plan. What changes after that lies over it. Groups are few, and stand in a map.

use super::ownership::{GroupLink, Ownership};
use crate::directory::{AccountId, EntraId, GroupId};
use hashbrown::HashMap;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One pair in the text: the person's id, followed by the account's.
#[derive(Debug, Clone, Copy)]
struct Pair {
    start: u32,
    person: u16,
    account: u16,
}

/// People's links as they were read.
#[derive(Debug, Default)]
struct Table {
    text: String,
    /// Sorted by the person's id.
    pairs: Vec<Pair>,
    /// Places among the pairs, sorted by the account's id.
    by_account: Vec<u32>,
}

impl Table {
    fn person(&self, pair: Pair) -> &str {
        let start = pair.start as usize;
        &self.text[start..start + usize::from(pair.person)]
    }

    fn account(&self, pair: Pair) -> &str {
        let start = pair.start as usize + usize::from(pair.person);
        &self.text[start..start + usize::from(pair.account)]
    }

    /// Stores a pair; says whether there is room for it.
    fn push(&mut self, person: &str, account: &str) -> bool {
        let (Ok(start), Ok(person_len), Ok(account_len)) = (
            u32::try_from(self.text.len()),
            u16::try_from(person.len()),
            u16::try_from(account.len()),
        ) else {
            return false;
        };
        self.text.push_str(person);
        self.text.push_str(account);
        self.pairs.push(Pair {
            start,
            person: person_len,
            account: account_len,
        });
        true
    }

    fn sort(&mut self) {
        let mut pairs = std::mem::take(&mut self.pairs);
        pairs.sort_unstable_by(|a, b| self.person(*a).cmp(self.person(*b)));
        self.pairs = pairs;
        let mut places: Vec<u32> = (0..self.pairs.len() as u32).collect();
        let of = |place: &u32| self.account(self.pairs[*place as usize]);
        places.sort_unstable_by(|a, b| of(a).cmp(of(b)));
        self.by_account = places;
        self.text.shrink_to_fit();
        self.pairs.shrink_to_fit();
    }

    fn account_of(&self, person: &str) -> Option<&str> {
        let found = self
            .pairs
            .binary_search_by(|pair| self.person(*pair).cmp(person));
        found.ok().map(|at| self.account(self.pairs[at]))
    }

    fn person_of(&self, account: &str) -> Option<&str> {
        let pair = |place: u32| self.pairs[place as usize];
        let order = |place: &u32| self.account(pair(*place)).cmp(account);
        let found = self.by_account.binary_search_by(order);
        found.ok().map(|at| self.person(pair(self.by_account[at])))
    }
}

/// All links of a profile.
#[derive(Debug, Clone, Default)]
pub struct Links {
    read: Arc<Table>,
    /// People whose link changed since: their account now, or none.
    changed: BTreeMap<EntraId, Option<AccountId>>,
    /// Accounts whose person changed since: their person now, or none.
    holders: HashMap<AccountId, Option<EntraId>>,
    groups: BTreeMap<EntraId, GroupLink>,
}

impl Links {
    /// Links of people, each person and each account once.
    #[must_use]
    pub fn of_people<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut builder = LinksBuilder::default();
        for (person, account) in pairs {
            builder.person(person, account);
        }
        builder.finish()
    }

    /// Links a person to an account. Whoever held the account before is unlinked from it.
    pub fn person(&mut self, entra: EntraId, account: AccountId) {
        if let Some(before) = self.account_of(entra.as_str()).map(AccountId::new) {
            self.holders.insert(before, None);
        }
        if let Some(before) = self.person_of(account.as_str()).map(EntraId::new) {
            self.changed.insert(before, None);
        }
        self.holders.insert(account.clone(), Some(entra.clone()));
        self.changed.insert(entra, Some(account));
    }

    /// Unlinks a person.
    pub fn forget_person(&mut self, entra: &EntraId) {
        if let Some(account) = self.account_of(entra.as_str()).map(AccountId::new) {
            self.holders.insert(account, None);
            self.changed.insert(entra.clone(), None);
        }
    }

    /// The account of a person.
    #[must_use]
    pub fn account_of(&self, entra: &str) -> Option<&str> {
        match self.changed.get(entra) {
            Some(account) => account.as_ref().map(AccountId::as_str),
            None => self.read.account_of(entra),
        }
    }

    /// Who is linked to this account.
    #[must_use]
    pub fn person_of(&self, account: &str) -> Option<&str> {
        match self.holders.get(account) {
            Some(person) => person.as_ref().map(EntraId::as_str),
            None => self.read.person_of(account),
        }
    }

    /// All people's links, persons before accounts, in the order of the persons' ids.
    pub fn people(&self) -> impl Iterator<Item = (&str, &str)> {
        let read = self.read.as_ref();
        let mut pairs = read.pairs.iter().copied().peekable();
        let mut changed = self.changed.iter().peekable();
        std::iter::from_fn(move || {
            loop {
                let order = match (pairs.peek(), changed.peek()) {
                    (None, None) => return None,
                    (Some(_), None) => Ordering::Less,
                    (None, Some(_)) => Ordering::Greater,
                    (Some(pair), Some((id, _))) => read.person(*pair).cmp(id.as_str()),
                };
                if order == Ordering::Less {
                    let pair = pairs.next()?;
                    return Some((read.person(pair), read.account(pair)));
                }
                if order == Ordering::Equal {
                    pairs.next();
                }
                // A person who was unlinked is passed over.
                if let (id, Some(account)) = changed.next()? {
                    return Some((id.as_str(), account.as_str()));
                }
            }
        })
    }

    /// Links a group. Several Entra groups may be linked to one Jira group.
    pub fn group(&mut self, link: GroupLink) {
        self.groups.insert(link.entra.clone(), link);
    }

    /// Confirms that a Jira group stands for an Entra group. What is owned already stays owned.
    pub fn confirm(&mut self, entra: EntraId, group: GroupId) {
        let owned = self.groups.get(&entra);
        if owned.is_none_or(|link| link.group != group) {
            self.group(GroupLink {
                entra,
                group,
                ownership: Ownership::Confirmed,
            });
        }
    }

    /// Unlinks a group.
    pub fn forget_group(&mut self, entra: &EntraId) {
        self.groups.remove(entra);
    }

    /// The link of a group.
    #[must_use]
    pub fn group_of(&self, entra: &str) -> Option<&GroupLink> {
        self.groups.get(entra)
    }

    /// All groups' links, in the order of their Entra ids.
    pub fn groups(&self) -> impl Iterator<Item = &GroupLink> {
        self.groups.values()
    }

    /// Whether any linked group is owned.
    #[must_use]
    pub fn owns_any(&self) -> bool {
        self.groups.values().any(|link| link.ownership.is_owned())
    }
}

/// Two are the same if they hold the same pairs, however they came about.
impl PartialEq for Links {
    fn eq(&self, other: &Self) -> bool {
        self.groups == other.groups && self.people().eq(other.people())
    }
}

impl Eq for Links {}

/// Links as they are read, in any order.
#[derive(Debug, Default)]
pub struct LinksBuilder {
    table: Table,
    /// Pairs for which the table has no room.
    others: Vec<(EntraId, AccountId)>,
}

impl LinksBuilder {
    /// Adds a pair. Each person and each account comes once.
    pub fn person(&mut self, person: &str, account: &str) {
        if !self.table.push(person, account) {
            let pair = (EntraId::new(person), AccountId::new(account));
            self.others.push(pair);
        }
    }

    /// The links.
    #[must_use]
    pub fn finish(mut self) -> Links {
        self.table.sort();
        let mut links = Links {
            read: Arc::new(self.table),
            ..Links::default()
        };
        for (person, account) in self.others {
            links.person(person, account);
        }
        links
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u32) -> String {
        format!("{number:03}")
    }

    /// Changes lie over what was read as if they had been read.
    #[test]
    fn changes_are_as_good_as_what_was_read() {
        let mut random = 1_u32;
        let mut next = |most: u32| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (random >> 16) % most
        };
        for _ in 0..300 {
            let mut model: BTreeMap<String, String> = BTreeMap::new();
            for _ in 0..next(20) {
                let (person, account) = (id(next(20)), id(next(20)));
                model.retain(|_, held| *held != account);
                model.insert(person, account);
            }
            let pairs = model.iter().map(|(p, a)| (p.as_str(), a.as_str()));
            let mut links = Links::of_people(pairs);
            for _ in 0..next(20) {
                let (person, account) = (id(next(20)), id(next(20)));
                if next(3) == 0 {
                    model.remove(&person);
                    links.forget_person(&EntraId::new(&person));
                } else {
                    model.retain(|_, held| *held != account);
                    model.insert(person.clone(), account.clone());
                    links.person(EntraId::new(&person), AccountId::new(&account));
                }
                let wanted: Vec<(&str, &str)> = model
                    .iter()
                    .map(|(p, a)| (p.as_str(), a.as_str()))
                    .collect();
                assert_eq!(links.people().collect::<Vec<_>>(), wanted);
                for number in 0..20 {
                    let id = id(number);
                    let account = model.get(&id).map(String::as_str);
                    assert_eq!(links.account_of(&id), account);
                    let person = model.iter().find(|(_, account)| **account == id);
                    assert_eq!(
                        links.person_of(&id),
                        person.map(|(person, _)| person.as_str())
                    );
                }
                let again = model.iter().map(|(p, a)| (p.as_str(), a.as_str()));
                assert_eq!(links, Links::of_people(again));
            }
        }
    }
}
