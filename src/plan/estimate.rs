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
    /// Operations a second that earlier runs came to, in the order of [`Kind::ALL`]: whatever the site
    /// bears, and whoever else uses it.
    pub measured: [Option<f64>; Kind::ALL.len()],
}

/// How long it takes until the last account that was created can be put into groups, in seconds: new
/// accounts show after some of them.
const NEW_ACCOUNTS: f64 = 6.0;

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
    let invites = counts[Kind::CreateUser as usize] > 0;
    let waits = invites && counts[Kind::AddMember as usize] > 0;
    if settings.provisioning.invitations == Invitations::Silent {
        let people = &mut counts[Kind::CreateUser as usize];
        *people = people.div_ceil(INVITED_AT_ONCE);
    }
    let seconds = |kind: Kind| {
        let rate = match kind {
            Kind::RemoveMember | Kind::RemoveUser | Kind::DeleteGroup => rates.deletes,
            _ => rates.reads,
        };
        let rate = rates.measured[kind as usize].map_or(rate, |measured| measured.min(rate));
        u32::try_from(counts[kind as usize]).map_or(f64::MAX, f64::from) / rate.max(0.001)
    };
    let stages = [Stage::Gives, Stage::Takes, Stage::Ends].map(|stage| {
        let of_stage = Kind::ALL.into_iter().filter(|kind| kind.stage() == stage);
        of_stage.map(seconds).fold(0.0, f64::max)
    });
    let waits = if waits { NEW_ACCOUNTS } else { 0.0 };
    let seconds = stages.iter().sum::<f64>() + waits;
    Duration::try_from_secs_f64(seconds.ceil()).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_earlier_runs_came_to_and_new_accounts_count() {
        let mut rates = CallRates {
            reads: 95.0,
            deletes: 47.5,
            measured: [None; Kind::ALL.len()],
        };
        let settings = Settings::default();
        let mut counts = [0; Kind::ALL.len()];
        counts[Kind::AddMember as usize] = 950;
        let time = |counts, rates| time_for(counts, &settings, rates).as_secs();
        assert_eq!(time(counts, rates), 10);
        counts[Kind::CreateUser as usize] = 95;
        assert_eq!(time(counts, rates), 16);
        rates.measured[Kind::AddMember as usize] = Some(19.0);
        assert_eq!(time(counts, rates), 56);
        // The pace that is allowed now is not passed, however fast it once was.
        rates.measured[Kind::AddMember as usize] = Some(1000.0);
        assert_eq!(time(counts, rates), 16);
    }
}
