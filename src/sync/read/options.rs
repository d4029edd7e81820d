//! What is wanted of a read.

use crate::plan::Undo;
use std::sync::Arc;

/// What a read and the plan that it leads to are for. By default as little is read as an ordinary
/// plan needs.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// Reads everything again, whatever is known.
    pub full: bool,
    /// Also verifies operations that guards hold, since somebody may allow them. Always so where a
    /// person confirms, and where something is allowed.
    pub held_too: bool,
    /// Reads who is an administrator although no group is owned yet: an adoption needs to know.
    pub admins: bool,
    /// Also reads what settings that are off now would need, so that they can be tried out.
    pub ahead: bool,
    /// Only looks up people whose display name equals a hidden account's. What an admin allowed by
    /// number must not change under their hands.
    pub only_namesakes: bool,
    /// The run that is to be taken back: the groups that it touched are read, too.
    pub undo: Option<Arc<Undo>>,
}
