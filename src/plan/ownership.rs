//! How far a group of Jira's is Rollbook's.

use crate::directory::{EntraId, GroupId};

/// How far a linked group is Rollbook's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ownership {
    /// Confirmed by name: members are added, never removed.
    Confirmed,
    /// Created by Rollbook or adopted: it mirrors Entra. Should it come to give access, members
    /// are only added.
    Owned,
    /// Adopted by somebody who typed its name, since it gives access: it mirrors Entra.
    OwnedWithAccess,
}

impl Ownership {
    /// What a group is that was adopted: one that gives access is only adopted by typing its name.
    #[must_use]
    pub const fn adopted(access: bool) -> Self {
        if access {
            Self::OwnedWithAccess
        } else {
            Self::Owned
        }
    }

    /// Whether the group is Rollbook's, rather than only confirmed.
    #[must_use]
    pub const fn is_owned(self) -> bool {
        matches!(self, Self::Owned | Self::OwnedWithAccess)
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
