//! Accounts by their visible addresses.

use super::address::address_at;
use super::settings::EmailSource;
use crate::directory::{AccountKind, EntraSnapshot, JiraSnapshot, folded};
use hashbrown::{DefaultHashBuilder, HashSet, HashTable};
use std::borrow::Cow;
use std::hash::BuildHasher as _;

/// People's accounts by the addresses that they show, as far as somebody in question has that
/// address. No text is copied: a first read may hold a million addresses on either side.
pub(super) struct Visible<'a> {
    entra: &'a EntraSnapshot,
    hasher: DefaultHashBuilder,
    /// A part of the hash, and the number of the address.
    numbers: HashTable<(u32, u32)>,
    /// Where the address of each number stands.
    places: Vec<(u32, EmailSource)>,
    /// Numbers of addresses with the rows of accounts that show them, sorted.
    shown: Vec<(u32, u32)>,
}

impl<'a> Visible<'a> {
    /// The accounts for these people.
    pub(super) fn of(
        entra: &'a EntraSnapshot,
        jira: &JiraSnapshot,
        people: &[u32],
        sources: &[EmailSource],
    ) -> Self {
        let mut visible = Self {
            entra,
            hasher: DefaultHashBuilder::default(),
            numbers: HashTable::with_capacity(people.len()),
            places: Vec::new(),
            shown: Vec::new(),
        };
        let places = people
            .iter()
            .flat_map(|row| sources.iter().map(|s| (*row, *s)));
        for place in places {
            visible.want(place);
        }
        if visible.places.is_empty() {
            return visible;
        }
        // Nearly all accounts are linked: what can't be wanted by its length is not looked at.
        let lengths = visible
            .places
            .iter()
            .filter_map(|place| visible.text(*place));
        let lengths: HashSet<usize> = lengths.map(|text| text.len()).collect();
        for (row, account) in jira.iter_accounts() {
            let email = account.email().trim();
            if account.kind() != AccountKind::Person
                || email.is_empty()
                || (email.is_ascii() && !lengths.contains(&email.len()))
            {
                continue;
            }
            if let Some(number) = visible.number(&folded(email)) {
                visible.shown.push((number, row));
            }
        }
        visible.shown.sort_unstable();
        visible
    }

    /// Whether no account shows any address in question.
    pub(super) fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }

    /// The accounts that show the address of a person in question, in the order of their rows.
    pub(super) fn accounts(&self, address: &str) -> impl Iterator<Item = u32> {
        let number = self.number(&folded(address));
        let shown = number.map_or(&[][..], |number| {
            let from = self.shown.partition_point(|(other, _)| *other < number);
            let after = self.shown.partition_point(|(other, _)| *other <= number);
            &self.shown[from..after]
        });
        shown.iter().map(|(_, account)| *account)
    }

    fn text(&self, (person, source): (u32, EmailSource)) -> Option<Cow<'a, str>> {
        address_at(self.entra.person(person), source).map(folded)
    }

    fn number(&self, folded: &str) -> Option<u32> {
        let hash = self.hasher.hash_one(folded);
        let is = |(part, number): &(u32, u32)| {
            let place = self.places[*number as usize];
            *part == (hash >> 32) as u32 && self.text(place).is_some_and(|text| text == folded)
        };
        self.numbers.find(hash, is).map(|(_, number)| *number)
    }

    fn want(&mut self, place: (u32, EmailSource)) {
        let Some(text) = self.text(place) else { return };
        if self.number(&text).is_some() {
            return;
        }
        let hash = self.hasher.hash_one(&*text);
        let entry = ((hash >> 32) as u32, self.places.len() as u32);
        self.places.push(place);
        let (places, hasher, entra) = (&self.places, &self.hasher, self.entra);
        let again = |(_, number): &(u32, u32)| {
            let (person, source) = places[*number as usize];
            let text = address_at(entra.person(person), source).map(folded);
            hasher.hash_one(&*text.unwrap_or_default())
        };
        self.numbers.insert_unique(hash, entry, again);
    }
}
