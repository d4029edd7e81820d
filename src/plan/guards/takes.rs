//! Guards of what is taken away, and of what somebody else keeps undoing.

use super::hold::Watch;
use super::name::GuardName;
use crate::directory::GroupClass;
use crate::plan::operation::{Kind, Operation};
use crate::plan::reason::Reason;
use crate::plan::target::{TargetState, class, operation_id};
use hashbrown::HashSet;

impl Watch<'_, '_> {
    /// Whether something is taken from somebody who left: it follows from that alone, however much of it
    /// there is.
    fn is_leavers(&self, op: &Operation) -> bool {
        let inputs = self.draft.inputs;
        let leavers = &inputs.known.leavers;
        let left = || {
            let person = op.person().map(|row| inputs.entra.person(row).id());
            let linked = || {
                let account = inputs.jira.account(op.account()?).id();
                inputs.known.links.person_of(account)
            };
            let id = person.or_else(linked);
            id.is_some_and(|id| leavers.keys().any(|leaver| leaver.as_str() == id))
        };
        op.reason.is_leaver() || (matches!(op.reason, Reason::Disabled | Reason::Deleted) && left())
    }

    pub(super) fn groups_shrink(&mut self) {
        let inputs = self.draft.inputs;
        let numbers = self.numbers().clone();
        let history = &inputs.known.history;
        let removals = self.places(|op| op.kind == Kind::RemoveMember && !self.is_leavers(op));
        let before = if self.unattended() {
            history.removed_of_others
        } else {
            0
        };
        let managed: u64 = self
            .draft
            .targets
            .iter()
            .filter(|target| target.state == TargetState::Owned)
            .filter_map(|target| target.jira)
            .map(|row| inputs.jira.members().of(row).len() as u64)
            .sum();
        let share = numbers.members_removed_percent.of(managed + before);
        let limit = GuardName::MembersRemoved.limit(&numbers).max(share);
        if removals.len() as u64 + before > limit {
            let count = removals.len() as u64;
            self.trip_at(GuardName::MembersRemoved, count, limit, &removals);
        }
        let mut emptied = Vec::new();
        for (index, places) in self.by_target(Kind::RemoveMember) {
            let Some(row) = self.draft.targets[index as usize].jira else {
                continue;
            };
            let before = self.lately(&history.removed, row);
            let size = inputs.jira.members().of(row).len() as u64 + before;
            let count = places.len() as u64 + before;
            let large = count >= numbers.group_emptied_at_least
                && numbers.group_emptied_percent.is_exceeded(count, size);
            if count >= size || large {
                emptied.extend_from_slice(&places);
            }
        }
        self.trip(GuardName::GroupEmptied, emptied.len() as u64, &emptied);
    }

    /// People who would be suspended, removed or taken off access, each counted once.
    pub(super) fn access_lost(&mut self) {
        let inputs = self.draft.inputs;
        let is_access = |row: u32| class(inputs, row) == GroupClass::Access;
        let places = self.places(|op| match op.kind {
            Kind::SuspendUser | Kind::RemoveUser => true,
            Kind::RemoveMember => op
                .target()
                .and_then(|t| self.draft.targets[t as usize].jira)
                .is_some_and(is_access),
            _ => false,
        });
        let accounts = places.iter().map(|p| self.operations[*p].account);
        let people: HashSet<&str> = accounts.map(|row| inputs.jira.account(row).id()).collect();
        let mut all = people.clone();
        if self.unattended() {
            let taken = inputs.known.history.taken_off.iter();
            let lost = taken.filter(|(_, group)| match group {
                None => true,
                Some(group) => inputs
                    .jira
                    .find_group(group.as_str())
                    .is_some_and(is_access),
            });
            all.extend(lost.map(|(account, _)| account.as_str()));
        }
        let numbers = self.numbers();
        let linked = inputs.known.links.people().count() as u64;
        let share = numbers.people_removed_percent.of(linked);
        let limit = GuardName::PeopleRemoved.limit(numbers).max(share);
        if all.len() as u64 > limit {
            let count = people.len() as u64;
            self.trip_at(GuardName::PeopleRemoved, count, limit, &places);
        }
    }

    pub(super) fn groups_deleted(&mut self) {
        let places = self.places(|op| op.kind == Kind::DeleteGroup);
        self.trip(GuardName::GroupsDeleted, places.len() as u64, &places);
    }

    /// What this profile did again and again within a week, and somebody else undid each time.
    pub(super) fn flapping(&mut self) {
        let inputs = self.draft.inputs;
        let undone = &inputs.known.history.undone;
        if undone.is_empty() || inputs.undo.is_some() {
            return;
        }
        let often = GuardName::Flapping.limit(self.numbers());
        let places = self.places(|op| {
            let id = operation_id(inputs, &self.draft.targets, op);
            undone.get(&id).is_some_and(|times| *times >= often)
        });
        self.trip(GuardName::Flapping, places.len() as u64, &places);
    }
}
