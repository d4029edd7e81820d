//! How a listing knows that it is whole, and what makes it doubtful.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Whether a listing may be believed to lack what it does not show.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Completeness {
    /// Read to its end, and nothing speaks against it.
    #[default]
    Whole,
    /// Something is missing from it, or may be.
    Doubtful(Doubt),
}

impl Completeness {
    /// Whether the listing is whole.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        matches!(self, Self::Whole)
    }

    /// Makes the listing doubtful; the first doubt stays.
    pub fn doubt(&mut self, doubt: Doubt) {
        if self.is_whole() {
            *self = Self::Doubtful(doubt);
        }
    }
}

/// Why a listing is not believed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Doubt {
    /// Entra counts more users than the listing held.
    CountDiffers {
        /// Users in the listing.
        listed: u64,
        /// Users that `/users/$count` gave.
        counted: u64,
    },
    /// Entra counts more groups than the listing held.
    GroupsDiffer {
        /// Groups in the listing.
        listed: u64,
        /// Groups that `/groups/$count` gave.
        counted: u64,
    },
    /// Users exist in Entra, asked for by id, which the listing did not hold.
    ExistsUnlisted {
        /// How many of those asked for exist.
        found: u64,
    },
    /// People whom the listing of groups no longer shows in a group, and whom the group's own
    /// listing still holds.
    MembersContradicted {
        /// How many.
        people: u64,
    },
    /// Users of whom it was not said whether they are enabled.
    Unsaid {
        /// How many.
        users: u64,
    },
    /// A page in the middle of a Jira listing was empty although more rows follow.
    EmptyPageInside {
        /// The row at which it was empty.
        at: u64,
    },
    /// Accounts that exist, asked for by id, which the listing of users did not hold.
    AccountsUnlisted {
        /// How many.
        missing: u64,
    },
    /// Group members that the listing of users did not hold.
    MembersUnlisted {
        /// How many.
        missing: u64,
    },
    /// The account that Rollbook signs in with is missing from the listing.
    AdminMissing,
    /// Rows whose ids are not shaped like ids: they were left out.
    OddIds {
        /// How many.
        rows: u64,
    },
    /// The listing holds another number of rows than it says.
    TotalDiffers {
        /// Rows received.
        received: u64,
        /// What the listing's pages gave as total.
        total: u64,
    },
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OddIds { rows } => {
                write!(f, "{rows} rows bear ids that are none, and were left out")
            }
            Self::CountDiffers { listed, counted } => write!(
                f,
                "the listing of users ended after {listed}, but the tenant counts {counted}"
            ),
            Self::GroupsDiffer { listed, counted } => write!(
                f,
                "the listing of groups ended after {listed}, but the tenant counts {counted}"
            ),
            Self::ExistsUnlisted { found } => write!(
                f,
                "{found} users exist when asked for by id, but the listing of users left them out"
            ),
            Self::MembersContradicted { people } => write!(
                f,
                "{people} people seem to have left groups, but the groups' own lists still hold them"
            ),
            Self::Unsaid { users } => write!(
                f,
                "of {users} users the listing does not say whether they are enabled"
            ),
            Self::EmptyPageInside { at } => write!(
                f,
                "the listing of users gave an empty page at row {at}, although more rows follow it"
            ),
            Self::AccountsUnlisted { missing } => write!(
                f,
                "{missing} accounts exist when asked for by id, but the listing of users left them out"
            ),
            Self::MembersUnlisted { missing } => write!(
                f,
                "{missing} members of groups are missing from the listing of users"
            ),
            Self::AdminMissing => f.write_str(
                "the listing of users lacks the very account that Rollbook signs in with",
            ),
            Self::TotalDiffers { received, total } => write!(
                f,
                "the listing gave {received} rows where it says that there are {total}"
            ),
        }
    }
}
