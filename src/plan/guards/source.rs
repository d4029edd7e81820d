//! Whether what Entra shows shrank too much to be believed.

use super::hold::Watch;
use super::name::GuardName;
use crate::plan::known::Measured;
use crate::plan::operation::Stage;
use crate::plan::percent::Percent;

impl Watch<'_, '_> {
    /// Whether Entra shrank; holds all removals and leavers then.
    pub(super) fn source(&mut self) -> bool {
        let Some(baseline) = self.inputs().known.history.baseline else {
            return false;
        };
        let percent = self.numbers().source_shrank_percent;
        let now = self.draft.measured;
        let shrank = shrunk(now, baseline, percent);
        if shrank {
            let removals = self.places(|op| op.kind.stage() != Stage::Gives);
            // Where everything is gone at once, even the groups that would lose members are.
            let latest = self.inputs().known.history.latest;
            if removals.is_empty() && latest.is_some_and(|latest| emptied(now, latest)) {
                self.alarm(GuardName::SourceShrank);
            }
            self.trip(GuardName::SourceShrank, removals.len() as u64, &removals);
        }
        shrank
    }
}

fn emptied(now: Measured, before: Measured) -> bool {
    (now.users == 0 && before.users > 0) || (now.groups == 0 && before.groups > 0)
}

fn shrunk(now: Measured, baseline: Measured, percent: Percent) -> bool {
    [
        (now.users, baseline.users),
        (now.groups, baseline.groups),
        (now.memberships, baseline.memberships),
    ]
    .into_iter()
    .any(|(now, before)| percent.is_exceeded(before.saturating_sub(now), before))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_less_is_a_shrunken_source() {
        let before = Measured {
            users: 100,
            groups: 10,
            memberships: 1000,
        };
        let now = |users| Measured { users, ..before };
        assert!(!shrunk(now(90), before, Percent::whole(10)));
        assert!(shrunk(now(89), before, Percent::whole(10)));
    }
}
