//! Two sorted lists of ids, walked through together: the rows of a snapshot, and the ids that
//! changes name.

use std::cmp::Ordering;

/// A row that stood before, or that changes speak of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Joined {
    /// A row of which nothing is said.
    Kept(u32),
    /// What is said of the id at this place of the changes, and its row, if it had one.
    Said(usize, Option<u32>),
}

/// Walks through `old` rows, sorted by `id`, and the sorted `changed` ids together, in the order
/// of the ids.
pub(super) fn merge_join<'a>(
    old: usize,
    id: impl Fn(u32) -> &'a str,
    changed: &[&str],
) -> Vec<Joined> {
    let mut joined = Vec::with_capacity(old + changed.len());
    let (mut row, mut at) = (0u32, 0);
    loop {
        let order = match ((row as usize) < old, changed.get(at)) {
            (false, None) => return joined,
            (true, None) => Ordering::Less,
            (false, Some(_)) => Ordering::Greater,
            (true, Some(changed)) => id(row).cmp(changed),
        };
        match order {
            Ordering::Less => joined.push(Joined::Kept(row)),
            Ordering::Equal => joined.push(Joined::Said(at, Some(row))),
            Ordering::Greater => joined.push(Joined::Said(at, None)),
        }
        row += u32::from(order != Ordering::Greater);
        at += usize::from(order != Ordering::Less);
    }
}

/// No row.
pub(super) const NOWHERE: u32 = u32::MAX;

/// Memberships after rows moved: the same order of ids, so that sorted lists stay sorted. Rows that
/// went nowhere are left out.
pub(super) fn moved(members: &[u32], to: &[u32]) -> Vec<u32> {
    members
        .iter()
        .map(|row| to[*row as usize])
        .filter(|row| *row != NOWHERE)
        .collect()
}
