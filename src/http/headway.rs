//! Whether a listing gets on. Services have been seen to give the same rows behind ever new links, or
//! empty pages without end; such a listing is an error, and is never read on for ever.

use hashbrown::{DefaultHashBuilder, HashSet};
use std::fmt;
use std::hash::{BuildHasher as _, Hash};

/// So many pages in a row that only repeat rows are borne: a row may move while it is listed.
const REPEATS: u32 = 20;
/// So many empty pages in a row are borne. Ten were recorded before a delta link, each with a link of
/// its own.
const EMPTY: u32 = 500;
/// Up to so many rows are remembered one by one.
const FEW: usize = 4096;
/// Bits for the rows of a longer listing. Two rows may share a bit, so that a new one is taken for a
/// repeated one; that all rows of many pages do so is out of the question.
const BITS: u64 = 1 << 26;

/// How a listing fails to get on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stuck {
    /// A link came twice.
    SameLink,
    /// Only rows that were there already.
    Repeats,
    /// Only empty pages.
    Empty,
}

/// A listing that does not get on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the listing of {what} does not end: {how}")]
pub struct NoHeadway {
    /// What is listed.
    pub what: &'static str,
    /// How it fails.
    pub how: Stuck,
}

impl fmt::Display for Stuck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SameLink => f.write_str("it gave the same link twice"),
            Self::Repeats => write!(f, "{REPEATS} pages in a row only repeated what had come"),
            Self::Empty => write!(f, "{EMPTY} pages in a row were empty"),
        }
    }
}

/// The rows that came so far.
#[derive(Debug)]
enum Seen {
    Few(HashSet<u64>),
    Many(Vec<u64>),
}

impl Seen {
    /// Notes a row by its hash; whether it is new.
    fn note(&mut self, hash: u64) -> bool {
        if let Self::Few(hashes) = self
            && hashes.len() >= FEW
        {
            let mut bits = vec![0; (BITS / 64) as usize];
            for hash in hashes.iter() {
                set(&mut bits, *hash);
            }
            *self = Self::Many(bits);
        }
        match self {
            Self::Few(hashes) => hashes.insert(hash),
            Self::Many(bits) => set(bits, hash),
        }
    }
}

/// Sets the bit of a hash; whether it was not set.
fn set(bits: &mut [u64], hash: u64) -> bool {
    let bit = hash % BITS;
    let (place, mask) = ((bit / 64) as usize, 1 << (bit % 64));
    let new = bits[place] & mask == 0;
    bits[place] |= mask;
    new
}

/// Watches over one listing.
#[derive(Debug)]
pub struct Headway {
    what: &'static str,
    hasher: DefaultHashBuilder,
    links: HashSet<String>,
    seen: Seen,
    rows: u64,
    new: u64,
    repeats: u32,
    empty: u32,
}

impl Headway {
    /// For a listing of this, such as `users`.
    #[must_use]
    pub fn of(what: &'static str) -> Self {
        Self {
            what,
            hasher: DefaultHashBuilder::default(),
            links: HashSet::new(),
            seen: Seen::Few(HashSet::new()),
            rows: 0,
            new: 0,
            repeats: 0,
            empty: 0,
        }
    }

    /// What is listed.
    #[must_use]
    pub const fn what(&self) -> &'static str {
        self.what
    }

    /// Notes a row of the present page: an id, or a membership.
    pub fn row(&mut self, row: impl Hash) {
        self.rows += 1;
        self.new += u64::from(self.seen.note(self.hasher.hash_one(row)));
    }

    /// Notes that the present page has come in whole, and that the listing goes on.
    pub fn page(&mut self) -> Result<(), NoHeadway> {
        let (rows, new) = (
            std::mem::take(&mut self.rows),
            std::mem::take(&mut self.new),
        );
        if rows == 0 {
            self.empty += 1;
        } else {
            self.empty = 0;
            self.repeats = if new > 0 { 0 } else { self.repeats + 1 };
        }
        if self.empty >= EMPTY {
            Err(self.stuck(Stuck::Empty))
        } else if self.repeats >= REPEATS {
            Err(self.stuck(Stuck::Repeats))
        } else {
            Ok(())
        }
    }

    /// Notes the link to the next page.
    pub fn link(&mut self, link: &str) -> Result<(), NoHeadway> {
        if self.links.insert(link.to_owned()) {
            Ok(())
        } else {
            Err(self.stuck(Stuck::SameLink))
        }
    }

    fn stuck(&self, how: Stuck) -> NoHeadway {
        let what = self.what;
        NoHeadway { what, how }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_listing_gets_on_and_its_repetition_does_not() {
        let mut listing = Headway::of("users");
        for page in 0..2000_u64 {
            // Pages overlap by half.
            (0..100).for_each(|row| listing.row(page * 50 + row));
            assert_eq!(listing.page(), Ok(()), "page {page}");
        }
        let mut pages = 0;
        let end = loop {
            (0..100_u64).for_each(|row| listing.row(pages % 7 * 50 + row));
            pages += 1;
            if let Err(end) = listing.page() {
                break end;
            }
        };
        assert_eq!((end.how, pages), (Stuck::Repeats, u64::from(REPEATS)));
    }

    #[test]
    fn ten_empty_pages_are_borne_and_no_end_of_them_is_not() {
        let mut listing = Headway::of("groups");
        (0..10).for_each(|_| listing.page().unwrap());
        listing.row("a group");
        listing.page().unwrap();
        let borne = (0..2 * EMPTY)
            .take_while(|_| listing.page().is_ok())
            .count();
        assert_eq!(borne as u32, EMPTY - 1);
    }

    #[test]
    fn a_link_leads_on_once() {
        let mut listing = Headway::of("groups");
        assert_eq!(listing.link("a"), Ok(()));
        assert_eq!(listing.link("b"), Ok(()));
        assert_eq!(
            listing.link("a").map_err(|end| end.how),
            Err(Stuck::SameLink)
        );
    }
}
