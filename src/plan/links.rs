//! Links: the durable pairs of both sides, which a million people may have.
//!
//! People's links are rows of the two snapshots that they are joined to; only a pair of which either
//! end is in neither stands as text. All copies of a plan share both. What changes after that lies over
//! it. Groups are few, and stand in a map.

use super::operation::NONE;
use super::ownership::GroupLink;
use super::pair_table::PairTable;
use crate::directory::{AccountId, AccountIndex, EntraId, EntraSnapshot, JiraSnapshot};
use hashbrown::HashMap;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Pairs of which both ends are in two snapshots.
#[derive(Debug)]
struct Joined {
    entra: Arc<EntraSnapshot>,
    jira: Arc<JiraSnapshot>,
    rows: LinkRows,
}

/// Who has which account, by rows of two snapshots; [`NONE`] where there is no link.
#[derive(Debug, Clone)]
pub(super) struct LinkRows {
    /// By the row of the person.
    pub(super) account_of: Vec<u32>,
    /// By the row of the account.
    pub(super) person_of: Vec<u32>,
}

impl LinkRows {
    fn none(entra: &EntraSnapshot, jira: &JiraSnapshot) -> Self {
        Self {
            account_of: vec![NONE; entra.people()],
            person_of: vec![NONE; jira.accounts()],
        }
    }

    pub(super) fn pair(&mut self, person: u32, account: u32) {
        self.account_of[person as usize] = account;
        self.person_of[account as usize] = person;
    }
}

impl Joined {
    fn account_of(&self, person: &str) -> Option<&str> {
        let row = self.rows.account_of[self.entra.find_person(person)? as usize];
        (row != NONE).then(|| self.jira.account(row).id())
    }

    fn person_of(&self, account: &str) -> Option<&str> {
        let row = self.rows.person_of[self.jira.find_account(account)? as usize];
        (row != NONE).then(|| self.entra.person(row).id())
    }

    /// In the order of the persons' ids.
    fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.entra.iter_people().zip(&self.rows.account_of);
        pairs
            .filter(|(_, account)| **account != NONE)
            .map(|((_, person), account)| (person.id(), self.jira.account(*account).id()))
    }
}

/// Two lists of pairs, both in the order of the persons' ids, as one. Of a person whom both name, the
/// second list's pair counts.
fn merged<'a>(
    first: impl Iterator<Item = (&'a str, &'a str)>,
    second: impl Iterator<Item = (&'a str, Option<&'a str>)>,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    let (mut first, mut second) = (first.peekable(), second.peekable());
    std::iter::from_fn(move || {
        loop {
            let Some((person, _)) = second.peek() else {
                return first.next();
            };
            if let Some(pair) = first.next_if(|(other, _)| other < person) {
                return Some(pair);
            }
            first.next_if(|(other, _)| other == person);
            // A person who was unlinked is passed over.
            if let (person, Some(account)) = second.next()? {
                return Some((person, account));
            }
        }
    })
}

/// All links of a profile.
#[derive(Debug, Clone, Default)]
pub struct Links {
    joined: Option<Arc<Joined>>,
    /// Pairs that are not joined.
    loose: Arc<PairTable>,
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
        if let Some(account) = self.changed.get(entra) {
            return account.as_ref().map(AccountId::as_str);
        }
        let joined = self.joined.as_ref().and_then(|j| j.account_of(entra));
        joined.or_else(|| self.loose.account_of(entra))
    }

    /// Who is linked to this account.
    #[must_use]
    pub fn person_of(&self, account: &str) -> Option<&str> {
        if let Some(person) = self.holders.get(account) {
            return person.as_ref().map(EntraId::as_str);
        }
        let joined = self.joined.as_ref().and_then(|j| j.person_of(account));
        joined.or_else(|| self.loose.person_of(account))
    }

    /// All people's links, persons before accounts, in the order of the persons' ids.
    pub fn people(&self) -> impl Iterator<Item = (&str, &str)> {
        let changed = self.changed.iter();
        let changed = changed.map(|(id, to)| (id.as_str(), to.as_ref().map(AccountId::as_str)));
        merged(self.stored(), changed)
    }

    /// The same without what changed since.
    fn stored(&self) -> impl Iterator<Item = (&str, &str)> {
        let joined = self.joined.iter().flat_map(|joined| joined.iter());
        let loose = self.loose.iter();
        merged(
            joined,
            loose.map(|(person, account)| (person, Some(account))),
        )
    }

    /// The same links as rows of these snapshots, as far as both ends are in them.
    #[must_use]
    pub fn joined_to(&self, entra: &Arc<EntraSnapshot>, jira: &Arc<JiraSnapshot>) -> Self {
        if self.changed.is_empty() && self.joined_with(entra, jira).is_some() {
            return self.clone();
        }
        let (rows, others) = self.rows(entra, jira);
        let mut loose = LinksBuilder::default();
        for (person, account) in others {
            loose.person(person, account);
        }
        Self {
            joined: Some(Arc::new(Joined {
                entra: entra.clone(),
                jira: jira.clone(),
                rows: rows.into_owned(),
            })),
            groups: self.groups.clone(),
            ..loose.finish()
        }
    }

    /// What is joined, if it is to these very snapshots.
    fn joined_with(&self, entra: &EntraSnapshot, jira: &JiraSnapshot) -> Option<&Joined> {
        self.joined.as_deref().filter(|j| {
            std::ptr::eq(j.entra.as_ref(), entra) && std::ptr::eq(j.jira.as_ref(), jira)
        })
    }

    /// The links as rows of these snapshots, and those of which either end is in neither.
    pub(super) fn rows(
        &self,
        entra: &EntraSnapshot,
        jira: &JiraSnapshot,
    ) -> (Cow<'_, LinkRows>, Vec<(&str, &str)>) {
        if let Some(joined) = self.joined_with(entra, jira)
            && self.changed.is_empty()
        {
            return (Cow::Borrowed(&joined.rows), self.loose.iter().collect());
        }
        let mut rows = LinkRows::none(entra, jira);
        let mut others = Vec::new();
        let mut links = self.people().peekable();
        if links.peek().is_none() {
            return (Cow::Owned(rows), others);
        }
        let accounts = AccountIndex::of(jira);
        // Links and people stand in the order of their ids: both are walked through together.
        let mut people = entra.iter_people().peekable();
        for (id, account) in links {
            while people.next_if(|(_, person)| person.id() < id).is_some() {}
            let person = people.next_if(|(_, person)| person.id() == id);
            match (person, accounts.find(account)) {
                (Some((person, _)), Some(account)) => rows.pair(person, account),
                _ => others.push((id, account)),
            }
        }
        (Cow::Owned(rows), others)
    }

    /// Links a group. Several Entra groups may be linked to one Jira group.
    pub fn group(&mut self, link: GroupLink) {
        self.groups.insert(link.entra.clone(), link);
    }

    /// Links a group, or raises what was said of the same one before.
    pub fn raise(&mut self, link: GroupLink) {
        let before = self.groups.get(&link.entra);
        let before = before.filter(|before| before.group == link.group);
        let ownership = before.map_or(link.ownership, |b| b.ownership.raised(link.ownership));
        self.group(GroupLink { ownership, ..link });
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
    table: PairTable,
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
            loose: Arc::new(self.table),
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
    use crate::directory::{
        AccountKind, EntraBuilder, EntraPersonRow, JiraAccountRow, JiraBuilder,
    };

    fn id(number: u32) -> String {
        format!("{number:03}")
    }

    /// Two snapshots, each of some of the ids.
    fn sides(mut holds: impl FnMut() -> bool) -> (Arc<EntraSnapshot>, Arc<JiraSnapshot>) {
        let (mut entra, mut jira) = (EntraBuilder::default(), JiraBuilder::default());
        for id in (0..20).map(id) {
            if holds() {
                entra.person(&EntraPersonRow {
                    id: &id,
                    name: "",
                    mail: "",
                    upn: "",
                    enabled: true,
                    guest: false,
                    licensed: true,
                });
            }
            if holds() {
                jira.account(&JiraAccountRow {
                    id: &id,
                    name: "",
                    email: "",
                    active: true,
                    kind: AccountKind::Person,
                });
            }
        }
        (Arc::new(entra.finish()), Arc::new(jira.finish()))
    }

    /// Changes lie over what was read as if they had been read, and it does not matter to which
    /// snapshots the links are joined.
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
                if next(4) == 0 {
                    let (entra, jira) = sides(|| next(3) > 0);
                    links = links.joined_to(&entra, &jira);
                    let (rows, others) = links.rows(&entra, &jira);
                    let paired = rows.account_of.iter().filter(|row| **row != NONE);
                    assert_eq!(paired.count() + others.len(), model.len());
                }
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
