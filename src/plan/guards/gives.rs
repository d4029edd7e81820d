//! Guards of what is created and given.

use super::hold::Watch;
use super::name::GuardName;
use crate::directory::GroupClass;
use crate::plan::operation::Kind;
use crate::plan::reason::Reason;
use crate::plan::scope::Domains;
use crate::plan::target::{TargetState, class};

impl Watch<'_, '_> {
    pub(super) fn creations(&mut self) {
        let people = self.places(|op| op.kind == Kind::CreateUser);
        let count = people.len() as u64;
        let numbers = self.numbers();
        let daily = numbers.new_people_per_day;
        let limit = GuardName::NewPeople.limit(numbers);
        let history = &self.draft.inputs.known.history;
        let over_day = self.unattended() && history.created_people + count > daily;
        if count > limit || over_day {
            self.trip(GuardName::NewPeople, count, &people);
        }
        let unverified = self
            .places(|op| op.kind == Kind::CreateUser && self.draft.unverified.contains(&op.person));
        self.trip(
            GuardName::UnverifiedPeople,
            unverified.len() as u64,
            &unverified,
        );
        if Domains::of(self.draft.inputs.entra, self.draft.inputs.settings).are_unknown() {
            self.trip(GuardName::UnknownDomains, people.len() as u64, &people);
        }
        let groups = self.places(|op| op.kind == Kind::CreateGroup);
        let count = groups.len() as u64;
        let limit = GuardName::NewGroups.limit(self.numbers());
        let before = if self.unattended() {
            history.created_groups
        } else {
            0
        };
        if before + count > limit {
            self.trip(GuardName::NewGroups, count, &groups);
        }
    }

    pub(super) fn groups_grow(&mut self) {
        let inputs = self.draft.inputs;
        let numbers = self.numbers().clone();
        let (mut unconfirmed, mut added) = (Vec::new(), Vec::new());
        let (mut untyped, mut access) = (Vec::new(), Vec::new());
        for (index, places) in self.by_target(Kind::AddMember) {
            let target = &self.draft.targets[index as usize];
            let Some(row) = target.jira else { continue };
            let gives_access = class(inputs, row) == GroupClass::Access;
            if target.state == TargetState::Suggested && !gives_access {
                unconfirmed.extend_from_slice(&places);
            }
            let history = &inputs.known.history;
            let size = inputs.jira.members().of(row).len() as u64;
            let before = self.lately(&history.added, row);
            let size_before = size.saturating_sub(before);
            if gives_access {
                // What the configuration names, and what is given back or taken back, needs no other
                // word than that.
                let is_named = |place: &usize| {
                    let reason = self.operations[*place].reason;
                    let named = [Reason::DefaultGroup, Reason::Returned, Reason::Undone];
                    target.typed || named.contains(&reason)
                };
                let (named, others): (Vec<usize>, Vec<usize>) =
                    places.iter().copied().partition(is_named);
                untyped.extend(others);
                let count = named.len() as u64 + before;
                if count > numbers.access_added
                    && numbers.access_added_percent.is_exceeded(count, size_before)
                {
                    access.extend(named);
                }
            }
            let unfinished = history
                .unfinished_groups
                .contains(inputs.jira.group(row).id());
            // A group that an interrupted run created is new: it is gone on with.
            let count = places.len() as u64 + before;
            if !unfinished
                && count > numbers.members_added
                && numbers
                    .members_added_percent
                    .is_exceeded(count, size_before)
            {
                added.extend_from_slice(&places);
            }
        }
        self.trip(
            GuardName::UnconfirmedGroups,
            unconfirmed.len() as u64,
            &unconfirmed,
        );
        self.access_added(&access, &untyped);
        self.trip(GuardName::MembersAdded, added.len() as u64, &added);
    }
}
