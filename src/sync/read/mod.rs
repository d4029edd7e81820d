//! Reading both sides, and asking again before anything rests on what was read.
//!
//! A read gives both snapshots with what each listing proved. What was read a while ago is asked
//! for again before anybody is created, suspended or removed on its strength. Nothing here writes
//! to either side.

pub(super) mod departures;
pub(super) mod drift;
pub(super) mod entra;
pub(super) mod jira;
pub(super) mod listings;
pub(super) mod look_ups;
pub(super) mod members;
pub(super) mod options;
pub(super) mod refresh;
pub(super) mod sides;
pub(super) mod verification;

pub use options::ReadOptions;
