//! A number for every id that was named, in the order in which they were named.

use hashbrown::HashMap;

#[derive(Default)]
pub(super) struct Keys(HashMap<Box<str>, u32>);

impl Keys {
    /// The number of an id; a new one if it was not named before.
    pub(super) fn of(&mut self, id: &str) -> u32 {
        if let Some(&key) = self.0.get(id) {
            return key;
        }
        let key = self.0.len() as u32;
        self.0.insert(id.into(), key);
        key
    }

    /// The number of an id that was named.
    pub(super) fn get(&self, id: &str) -> Option<u32> {
        self.0.get(id).copied()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, u32)> {
        self.0.iter().map(|(id, key)| (id.as_ref(), *key))
    }
}
