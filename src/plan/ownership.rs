//! How far a group of Jira's is Rollbook's.

use crate::directory::{EntraId, GroupId};

/// How far a linked group is Rollbook's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ownership {
    /// Confirmed by name: members are added, never removed. Should it give access, nobody is added
    /// before its name was typed.
    Confirmed,
    /// The same by somebody who typed its name, since it gives access.
    ConfirmedWithAccess,
    /// Created by Rollbook or adopted: it mirrors Entra. Should it come to give access, members
    /// are only added.
    Owned,
    /// Adopted by somebody who typed its name, since it gives access: it mirrors Entra.
    OwnedWithAccess,
}

impl Ownership {
    const fn of(owned: bool, typed: bool) -> Self {
        match (owned, typed) {
            (false, false) => Self::Confirmed,
            (false, true) => Self::ConfirmedWithAccess,
            (true, false) => Self::Owned,
            (true, true) => Self::OwnedWithAccess,
        }
    }

    /// What a group is that was adopted: one that gives access is only adopted by typing its name.
    #[must_use]
    pub const fn adopted(access: bool) -> Self {
        Self::of(true, access)
    }

    /// What a group is to which members are only added.
    #[must_use]
    pub const fn confirmed(access: bool) -> Self {
        Self::of(false, access)
    }

    /// Whether the group is Rollbook's, rather than only confirmed.
    #[must_use]
    pub const fn is_owned(self) -> bool {
        matches!(self, Self::Owned | Self::OwnedWithAccess)
    }

    /// Whether somebody typed its name, since it gives access.
    #[must_use]
    pub const fn is_typed(self) -> bool {
        matches!(self, Self::ConfirmedWithAccess | Self::OwnedWithAccess)
    }

    /// Of several Entra groups behind one, the most careful word.
    #[must_use]
    pub(super) const fn and(self, other: Self) -> Self {
        Self::of(
            self.is_owned() && other.is_owned(),
            self.is_typed() && other.is_typed(),
        )
    }

    /// What was said of a group by both words: it is only ever raised.
    #[must_use]
    pub const fn raised(self, other: Self) -> Self {
        Self::of(
            self.is_owned() || other.is_owned(),
            self.is_typed() || other.is_typed(),
        )
    }
}

/// The durable pair of an Entra group and a Jira group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupLink {
    /// Entra's group.
    pub entra: EntraId,
    /// Jira's group.
    pub group: GroupId,
    /// How far it is Rollbook's.
    pub ownership: Ownership,
}
