//! What a plan holds.

use super::conflict::Conflict;
use super::doubts::ListingDoubt;
use super::guards::GuardCount;
use super::known::Measured;
use super::left_out::Skipped;
use super::matching::{Matched, Recognition};
use super::operation::{Kind, Operation};
use super::target::Target;

/// A link that this plan found, to be stored when a person lets the plan be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewLink {
    /// Person row.
    pub person: u32,
    /// Account row.
    pub account: u32,
    /// How it was found.
    pub how: Matched,
}

/// Seats of one product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeatCount {
    /// Product key.
    pub product: String,
    /// Seats left, none for no limit.
    pub left: Option<u64>,
    /// Seats that this plan needs.
    pub needed: u64,
}

/// What becomes of the people in scope; the parts add up to the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PeopleCounts {
    /// In scope.
    pub in_scope: u64,
    /// They have an account.
    pub with_account: u64,
    /// The plan creates them.
    pub created: u64,
    /// In conflict.
    pub in_conflict: u64,
    /// Without an account, and not created, each for a reason.
    pub without: u64,
}

/// The operations that bring Jira to the desired state.
#[derive(Debug, Default, Clone)]
pub struct Plan {
    /// SHA-256, in hex, of the operations and all inputs.
    pub id: String,
    /// The operations, in a fixed order: people, groups, additions, removals.
    pub operations: Vec<Operation>,
    /// The groups that they speak of.
    pub targets: Vec<Target>,
    /// Guards that tripped, and what they count.
    pub guards: Vec<GuardCount>,
    /// What needs the admin.
    pub conflicts: Vec<Conflict>,
    /// Who is left out, and why.
    pub skipped: Vec<Skipped>,
    /// Listings that may not be whole.
    pub doubts: Vec<ListingDoubt>,
    /// Seats by product.
    pub seats: Vec<SeatCount>,
    /// Who is who, and who takes part.
    pub recognition: Recognition,
    /// Links found by this plan.
    pub new_links: Vec<NewLink>,
    /// The people in scope.
    pub people: PeopleCounts,
    /// How many people are linked or were recognised.
    pub people_linked: u64,
    /// How many groups are linked, confirmed by name or owned.
    pub groups_linked: u64,
    /// How many groups are suggested.
    pub groups_suggested: u64,
    /// How many people to be created were never looked up while hidden accounts are unresolved.
    pub unverified: u64,
    /// How much is in scope.
    pub measured: Measured,
    /// Operations that a selection cut out because something they need was cut out.
    pub orphaned: u64,
    /// Whether Entra shrank against the last 7 days, so that these measures prove nothing.
    pub source_shrank: bool,
}

impl Plan {
    /// Operations that no guard holds.
    pub fn free(&self) -> impl Iterator<Item = (u32, &Operation)> {
        (0u32..)
            .zip(&self.operations)
            .filter(|(_, operation)| operation.held.is_empty())
    }

    /// How many operations are of this kind.
    #[must_use]
    pub fn count(&self, kind: Kind) -> u64 {
        self.operations.iter().filter(|op| op.kind == kind).count() as u64
    }

    /// How many operations guards hold.
    #[must_use]
    pub fn held(&self) -> usize {
        self.operations
            .iter()
            .filter(|operation| !operation.held.is_empty())
            .count()
    }
}
