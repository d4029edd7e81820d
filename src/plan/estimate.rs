//! How long applying takes at a given pace.

use super::operation::{Kind, Operation, Stage};
use super::settings::{Invitations, Settings};
use std::time::Duration;

/// Calls a second that may be made to one endpoint.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CallRates {
    /// `GET` and `POST`.
    pub reads: f64,
    /// `PUT` and `DELETE`.
    pub deletes: f64,
}

/// Addresses in one silent invitation.
const INVITED_AT_ONCE: u64 = 25;

/// How long these operations take at this pace. Endpoints are called side by side, and the stages
/// one after another.
#[must_use]
pub fn time_to_apply<'a>(
    operations: impl Iterator<Item = &'a Operation>,
    settings: &Settings,
    rates: CallRates,
) -> Duration {
    let mut counts = [0_u64; Kind::ALL.len()];
    for op in operations {
        counts[op.kind as usize] += 1;
    }
    time_for(counts, settings, rates)
}

/// How long so many operations of each kind take, in the order of [`Kind::ALL`].
#[must_use]
pub fn time_for(
    mut counts: [u64; Kind::ALL.len()],
    settings: &Settings,
    rates: CallRates,
) -> Duration {
    if settings.provisioning.invitations == Invitations::Silent {
        let people = &mut counts[Kind::CreateUser as usize];
        *people = people.div_ceil(INVITED_AT_ONCE);
    }
    let seconds = |kind: Kind| {
        let rate = match kind {
            Kind::RemoveMember | Kind::RemoveUser | Kind::DeleteGroup => rates.deletes,
            _ => rates.reads,
        };
        u32::try_from(counts[kind as usize]).map_or(f64::MAX, f64::from) / rate.max(0.001)
    };
    let stages = [Stage::Gives, Stage::Takes, Stage::Ends].map(|stage| {
        let of_stage = Kind::ALL.into_iter().filter(|kind| kind.stage() == stage);
        of_stage.map(seconds).fold(0.0, f64::max)
    });
    Duration::try_from_secs_f64(stages.iter().sum::<f64>().ceil()).unwrap_or(Duration::MAX)
}
