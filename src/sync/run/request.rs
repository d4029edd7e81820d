//! What is to be applied of a plan.

use super::holding::Holding;
use crate::store::RunKind;
use crate::sync::adopt::Adoption;
use crate::sync::planned::Planned;

/// What is to be applied.
#[derive(Debug)]
pub(super) struct ApplyRequest {
    /// Indices of the operations, none of which a guard holds.
    pub(super) chosen: Vec<u32>,
    /// What guards hold, also what they held of it before this plan was narrowed to the rest.
    pub(super) holding: Holding,
    /// How many were cut out or are no longer needed.
    pub(super) cut: u64,
    /// What kind of run it is.
    pub(super) kind: RunKind,
    /// The id of the plan that was reviewed: this one, or an earlier one.
    pub(super) plan_id: String,
    /// Whether somebody agreed to go on although another machine applies to the site.
    pub(super) take_over: bool,
    /// The group that is adopted by it.
    pub(super) adoption: Option<Adoption>,
}

impl ApplyRequest {
    /// Everything in a plan that no guard holds.
    #[must_use]
    pub(super) fn everything(planned: &Planned, kind: RunKind) -> Self {
        Self {
            chosen: planned.plan.free().map(|(index, _)| index).collect(),
            holding: Holding::of(planned),
            cut: planned.plan.orphaned,
            kind,
            plan_id: planned.plan.id.clone(),
            take_over: false,
            adoption: None,
        }
    }
}
