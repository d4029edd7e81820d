//! A number for every id that was named, in the order in which they were named.

use super::{Arena, Span};
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher as _;

/// Ids with their numbers. Their text stands in an arena, which is always the same one.
#[derive(Default)]
pub(super) struct Keys {
    spans: Vec<Span>,
    numbers: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Keys {
    /// The number of an id; a new one if it was not named before.
    pub(super) fn of(&mut self, arena: &mut Arena, id: &str) -> u32 {
        if let Some(key) = self.get(arena, id) {
            return key;
        }
        let key = self.spans.len() as u32;
        self.spans.push(arena.push(id));
        let (spans, hasher) = (&self.spans, &self.hasher);
        let again = |key: &u32| hasher.hash_one(arena.get(spans[*key as usize]));
        self.numbers.insert_unique(hasher.hash_one(id), key, again);
        key
    }

    /// The number of an id that was named.
    pub(super) fn get(&self, arena: &Arena, id: &str) -> Option<u32> {
        let is = |key: &u32| arena.get(self.spans[*key as usize]) == id;
        self.numbers.find(self.hasher.hash_one(id), is).copied()
    }

    /// Where the id of this number stands.
    pub(super) fn span(&self, key: u32) -> Span {
        self.spans[key as usize]
    }

    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }
}
