//! Doubts: listings that may not be whole, and what follows is held by a guard of their side.

use super::guards::GuardName;
use super::inputs::Inputs;
use super::left_out::{LeftOut, Skipped};
use crate::directory::{Completeness, Doubt};
use serde::{Deserialize, Serialize};
use std::fmt;

/// One of the two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Entra.
    Entra,
    /// Jira.
    Jira,
}

impl Side {
    /// Both sides.
    pub const ALL: [Self; 2] = [Self::Entra, Self::Jira];

    /// The guard that trips when a listing of this side is in doubt.
    pub(super) const fn guard(self) -> GuardName {
        match self {
            Self::Entra => GuardName::EntraIncomplete,
            Self::Jira => GuardName::JiraIncomplete,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Entra => "Entra",
            Self::Jira => "Jira",
        })
    }
}

/// A listing that may not be whole, in a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DoubtRow {
    /// Whose it is.
    pub side: Side,
    /// `users`, `groups` or `members`.
    pub listing: String,
    /// Why, in words.
    pub reason: String,
}

impl fmt::Display for DoubtRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}'s {}: {}", self.side, self.listing, self.reason)
    }
}

/// A listing that may not be whole, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListingDoubt {
    /// Entra's listing of users, or what it shows of groups.
    Entra(Doubt),
    /// Jira's listing of accounts.
    Accounts(Doubt),
    /// Jira's listing of groups.
    Groups(Doubt),
    /// The members of one group in Jira that this plan speaks of.
    Members(Skipped),
}

impl ListingDoubt {
    /// Its side.
    #[must_use]
    pub const fn side(&self) -> Side {
        match self {
            Self::Entra(_) => Side::Entra,
            Self::Accounts(_) | Self::Groups(_) | Self::Members(_) => Side::Jira,
        }
    }

    const fn listing(&self) -> &'static str {
        match self {
            Self::Entra(Doubt::GroupsDiffer { .. }) | Self::Groups(_) => "groups",
            Self::Entra(Doubt::MembersContradicted { .. }) | Self::Members(_) => "members",
            Self::Entra(_) | Self::Accounts(_) => "users",
        }
    }

    /// As documents show it.
    #[must_use]
    pub fn row(&self, inputs: &Inputs<'_>) -> DoubtRow {
        DoubtRow {
            side: self.side(),
            listing: self.listing().to_owned(),
            reason: match self {
                Self::Entra(doubt) | Self::Accounts(doubt) | Self::Groups(doubt) => {
                    doubt.to_string()
                }
                Self::Members(group) => {
                    format!("“{}”: {}", group.name(inputs), group.words(inputs))
                }
            },
        }
    }
}

fn doubt(listing: &Completeness) -> Option<Doubt> {
    match listing {
        Completeness::Whole => None,
        Completeness::Doubtful(doubt) => Some(doubt.clone()),
    }
}

/// The listings that may not be whole. What is undone does not follow from what Entra shows, nor from
/// other groups than those of its own writes, which say for themselves why they stay.
pub(super) fn doubts(inputs: &Inputs<'_>, left_out: &[Skipped]) -> Vec<ListingDoubt> {
    let mut doubts = Vec::new();
    if inputs.undo.is_none() {
        doubts.extend(doubt(&inputs.entra.users).map(ListingDoubt::Entra));
    }
    doubts.extend(doubt(&inputs.jira.users).map(ListingDoubt::Accounts));
    doubts.extend(doubt(&inputs.jira.group_list).map(ListingDoubt::Groups));
    if inputs.undo.is_none() {
        let unread = left_out.iter().filter(|skipped| {
            matches!(
                skipped.why,
                LeftOut::MembersUnread | LeftOut::AccessUnread | LeftOut::AdminsUnread
            )
        });
        doubts.extend(unread.copied().map(ListingDoubt::Members));
    }
    doubts
}
