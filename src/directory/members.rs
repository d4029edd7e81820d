//! Memberships as offsets plus sorted row numbers.

/// For each group row the sorted, distinct rows of its members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Memberships {
    pub(super) offsets: Vec<u32>,
    pub(super) members: Vec<u32>,
}

impl Default for Memberships {
    fn default() -> Self {
        Self {
            offsets: vec![0],
            members: Vec::new(),
        }
    }
}

impl Memberships {
    /// Builds the table for `groups` groups from (group, member) pairs in any order.
    #[must_use]
    pub fn from_pairs(groups: usize, mut pairs: Vec<(u32, u32)>) -> Self {
        pairs.sort_unstable();
        pairs.dedup();
        let mut offsets = Vec::with_capacity(groups + 1);
        let mut members = Vec::with_capacity(pairs.len());
        let mut at = 0;
        offsets.push(0);
        for group in 0..groups as u32 {
            while let Some(&(g, member)) = pairs.get(at) {
                if g != group {
                    break;
                }
                members.push(member);
                at += 1;
            }
            offsets.push(members.len() as u32);
        }
        Self { offsets, members }
    }

    /// The members of one group row, sorted; empty for a row that does not exist.
    #[must_use]
    pub fn of(&self, group: u32) -> &[u32] {
        let group = group as usize;
        match (self.offsets.get(group), self.offsets.get(group + 1)) {
            (Some(&from), Some(&to)) => &self.members[from as usize..to as usize],
            _ => &[],
        }
    }

    /// Whether `member` is in `group`.
    #[must_use]
    pub fn contains(&self, group: u32, member: u32) -> bool {
        self.of(group).binary_search(&member).is_ok()
    }

    /// All memberships of all groups.
    #[must_use]
    pub fn total(&self) -> usize {
        self.members.len()
    }
}

/// Builds the table group by group, each with its sorted members.
pub(super) struct MembershipsBuilder {
    offsets: Vec<u32>,
    members: Vec<u32>,
}

impl MembershipsBuilder {
    pub(super) fn new(groups: usize, members: usize) -> Self {
        let mut offsets = Vec::with_capacity(groups + 1);
        offsets.push(0);
        Self {
            offsets,
            members: Vec::with_capacity(members),
        }
    }

    /// The members of the next group: sorted and distinct.
    pub(super) fn push(&mut self, members: impl IntoIterator<Item = u32>) {
        self.members.extend(members);
        self.offsets.push(self.members.len() as u32);
    }

    pub(super) fn finish(self) -> Memberships {
        Memberships {
            offsets: self.offsets,
            members: self.members,
        }
    }
}
