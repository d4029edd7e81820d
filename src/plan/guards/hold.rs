//! Counting, and marking what is held.

use super::name::{GuardCount, GuardName};
use crate::directory::{GroupClass, GroupId, Seats, fold};
use crate::plan::address::address;
use crate::plan::doubts::{ListingDoubt, Side};
use crate::plan::draft::Draft;
use crate::plan::identity;
use crate::plan::inputs::{Inputs, Mode};
use crate::plan::needs::Givers;
use crate::plan::operation::{Kind, Operation, Stage};
use crate::plan::plan::SeatCount;
use crate::plan::scope::Domains;
use crate::plan::settings::{GuardSettings, Invitations};
use crate::plan::target::{TargetState, class};
use hashbrown::{HashMap, HashSet};
use std::collections::BTreeMap;

/// What guards found.
pub(in crate::plan) struct Holding {
    pub(in crate::plan) guards: Vec<GuardCount>,
    pub(in crate::plan) seats: Vec<SeatCount>,
    pub(in crate::plan) source_shrank: bool,
}

/// Marks what guards hold. What is allowed is not held.
pub(in crate::plan) fn hold(draft: &mut Draft<'_>) -> Holding {
    let mut operations = std::mem::take(&mut draft.operations);
    let mut watch = Watch {
        draft,
        operations: &mut operations,
        guards: Vec::new(),
    };
    watch.reviews();
    watch.creations();
    watch.protected();
    watch.groups_grow();
    watch.groups_shrink();
    watch.access_lost();
    watch.groups_deleted();
    watch.organization_key();
    watch.doubts();
    // What is undone does not follow from what Entra shows.
    let source_shrank = watch.inputs().undo.is_none() && watch.source();
    // Once before the seats, so that what is held anyway takes none; once after, for what they hold.
    watch.dependants();
    let seats = watch.seats();
    watch.dependants();
    let mut guards = watch.guards;
    guards.sort_by_key(|guard| guard.name);
    draft.operations = operations;
    Holding {
        guards,
        seats,
        source_shrank,
    }
}

/// The operations while guards look at them.
pub(super) struct Watch<'a, 'b> {
    pub(super) draft: &'a Draft<'b>,
    operations: &'a mut Vec<Operation>,
    guards: Vec<GuardCount>,
}

impl Watch<'_, '_> {
    pub(super) fn inputs(&self) -> &Inputs<'_> {
        self.draft.inputs
    }

    pub(super) fn numbers(&self) -> &GuardSettings {
        &self.draft.inputs.settings.guards
    }

    /// Notes a tripped guard with the table's limit, and marks the operations at these places, unless it
    /// is allowed.
    pub(super) fn trip(&mut self, name: GuardName, count: u64, places: &[usize]) {
        self.trip_at(name, count, name.limit(self.numbers()), places);
    }

    /// The same with a limit that is lower just now than the table's.
    fn trip_at(&mut self, name: GuardName, count: u64, limit: u64, places: &[usize]) {
        if count == 0 {
            return;
        }
        let guard = GuardCount { name, count, limit };
        if self.draft.inputs.allowances.covers(guard) {
            return;
        }
        self.guards.push(guard);
        for &place in places {
            self.operations[place].held.add(name);
        }
    }

    /// Notes a guard that has something to say although there is nothing to hold just now.
    pub(super) fn alarm(&mut self, name: GuardName) {
        let limit = name.limit(self.numbers());
        let guard = GuardCount {
            name,
            count: 0,
            limit,
        };
        if !self.draft.inputs.allowances.covers(guard) {
            self.guards.push(guard);
        }
    }

    pub(super) fn places(&self, wanted: impl Fn(&Operation) -> bool) -> Vec<usize> {
        self.operations
            .iter()
            .enumerate()
            .filter(|(_, op)| wanted(op))
            .map(|(place, _)| place)
            .collect()
    }

    fn unattended(&self) -> bool {
        self.draft.inputs.mode == Mode::Unattended
    }

    fn reviews(&mut self) {
        if !self.unattended() {
            return;
        }
        let history = &self.draft.inputs.known.history;
        let digest = identity::settings_digest(self.draft.inputs.settings);
        let name = if !history.reviewed {
            GuardName::FirstReview
        } else if history.reviewed_settings.as_ref() != Some(&digest) {
            GuardName::SettingsChanged
        } else {
            return;
        };
        let all = self.places(|_| true);
        // A change of what takes part waits for a review, and that is told even if it changes nothing.
        if all.is_empty() && name == GuardName::SettingsChanged && !self.draft.observes() {
            self.alarm(name);
        }
        self.trip(name, all.len() as u64, &all);
    }

    fn creations(&mut self) {
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

    /// Groups and accounts that are never touched. Targets leave protected groups out already;
    /// this is the second lock on the same door.
    fn protected(&mut self) {
        let inputs = self.draft.inputs;
        let listed: HashSet<String> = self
            .numbers()
            .protected_accounts
            .iter()
            .map(|text| fold(text))
            .collect();
        let places = self.places(|op| {
            let group = op
                .target()
                .and_then(|t| self.draft.targets[t as usize].jira)
                .map(|row| class(inputs, row));
            if matches!(group, Some(GroupClass::Protected | GroupClass::External)) {
                return true;
            }
            let by_account = op.account().is_some_and(|row| {
                let account = inputs.jira.account(row);
                inputs.known.protected.contains(account.id())
                    || listed.contains(&fold(account.id()))
                    || listed.contains(&fold(account.email()))
                    || (op.kind.stage() != Stage::Gives
                        && (inputs.jira.me() == Some(row) || inputs.jira.is_admin(row)))
            });
            let by_person = op.person().is_some_and(|row| {
                address(
                    inputs.entra.person(row),
                    &inputs.settings.provisioning.email_from,
                )
                .is_some_and(|mail| listed.contains(&fold(mail)))
            });
            by_account || by_person
        });
        self.trip(GuardName::Protected, places.len() as u64, &places);
    }

    fn by_target(&self, kind: Kind) -> BTreeMap<u32, Vec<usize>> {
        let mut found: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (place, op) in self.operations.iter().enumerate() {
            if op.kind == kind {
                found.entry(op.target).or_default().push(place);
            }
        }
        found
    }

    fn groups_grow(&mut self) {
        let inputs = self.draft.inputs;
        let most = GuardName::MembersAdded.limit(self.numbers());
        let percent = self.numbers().members_added_percent;
        let (mut unconfirmed, mut access, mut added) = (Vec::new(), Vec::new(), Vec::new());
        for (index, places) in self.by_target(Kind::AddMember) {
            let target = &self.draft.targets[index as usize];
            let Some(row) = target.jira else { continue };
            if target.state == TargetState::Suggested {
                unconfirmed.extend_from_slice(&places);
            }
            if class(inputs, row) == GroupClass::Access {
                access.extend_from_slice(&places);
            }
            let history = &inputs.known.history;
            if history
                .unfinished_groups
                .contains(inputs.jira.group(row).id())
            {
                // It is new: an interrupted run created it, and is gone on with.
                continue;
            }
            let size = inputs.jira.members().of(row).len() as u64;
            let before = self.lately(&history.added, row);
            let count = places.len() as u64 + before;
            if count > most && count * 100 > percent * size.saturating_sub(before) {
                added.extend_from_slice(&places);
            }
        }
        self.trip(
            GuardName::UnconfirmedGroups,
            unconfirmed.len() as u64,
            &unconfirmed,
        );
        self.trip(GuardName::AccessAdded, access.len() as u64, &access);
        self.trip(GuardName::MembersAdded, added.len() as u64, &added);
    }

    /// What unattended runs did to this group within 24 hours.
    fn lately(&self, counts: &HashMap<GroupId, u64>, row: u32) -> u64 {
        if self.unattended() {
            counts
                .get(self.draft.inputs.jira.group(row).id())
                .copied()
                .unwrap_or(0)
        } else {
            0
        }
    }

    fn groups_shrink(&mut self) {
        let inputs = self.draft.inputs;
        let numbers = self.numbers().clone();
        let removals = self.places(|op| op.kind == Kind::RemoveMember);
        let removed = &inputs.known.history.removed;
        let before: u64 = if self.unattended() {
            removed.values().sum()
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
        // The absolute number or the share, whichever is reached first.
        let share = numbers.members_removed_percent * (managed + before) / 100;
        let limit = GuardName::MembersRemoved.limit(&numbers).min(share);
        if removals.len() as u64 + before > limit {
            self.trip_at(
                GuardName::MembersRemoved,
                removals.len() as u64,
                limit,
                &removals,
            );
        }
        let mut emptied = Vec::new();
        for (index, places) in self.by_target(Kind::RemoveMember) {
            let Some(row) = self.draft.targets[index as usize].jira else {
                continue;
            };
            let before = self.lately(removed, row);
            let size = inputs.jira.members().of(row).len() as u64 + before;
            let count = places.len() as u64 + before;
            let large = count >= numbers.group_emptied_at_least
                && count * 100 > GuardName::GroupEmptied.limit(&numbers) * size;
            if count >= size || large {
                emptied.extend_from_slice(&places);
            }
        }
        self.trip(GuardName::GroupEmptied, emptied.len() as u64, &emptied);
    }

    /// People who would be suspended, removed or taken off access.
    fn access_lost(&mut self) {
        let inputs = self.draft.inputs;
        let places = self.places(|op| match op.kind {
            Kind::SuspendUser | Kind::RemoveUser => true,
            Kind::RemoveMember => op
                .target()
                .and_then(|t| self.draft.targets[t as usize].jira)
                .is_some_and(|row| class(inputs, row) == GroupClass::Access),
            _ => false,
        });
        let people: HashSet<u32> = places.iter().map(|p| self.operations[*p].account).collect();
        let limit = GuardName::PeopleRemoved.limit(self.numbers());
        let before: u64 = if self.unattended() {
            let access = inputs.jira.iter_groups().map(|(row, _)| row);
            access
                .filter(|row| class(inputs, *row) == GroupClass::Access)
                .map(|row| self.lately(&inputs.known.history.removed, row))
                .sum::<u64>()
                + inputs.known.history.people_removed
        } else {
            0
        };
        if people.len() as u64 + before > limit {
            self.trip(GuardName::PeopleRemoved, people.len() as u64, &places);
        }
    }

    fn groups_deleted(&mut self) {
        let places = self.places(|op| op.kind == Kind::DeleteGroup);
        self.trip(GuardName::GroupsDeleted, places.len() as u64, &places);
    }

    /// What a doubtful listing stands in the way of is not even planned.
    fn doubts(&mut self) {
        let mut sides: Vec<Side> = self.draft.doubts.iter().map(ListingDoubt::side).collect();
        sides.sort_unstable();
        sides.dedup();
        for side in sides {
            self.alarm(side.guard());
        }
    }

    /// What needs the organization's key, while there is none that works.
    fn organization_key(&mut self) {
        let inputs = self.draft.inputs;
        if inputs.known.organization_key {
            return;
        }
        let silent = inputs.settings.provisioning.invitations == Invitations::Silent;
        let places = self.places(|op| match op.kind {
            Kind::SuspendUser | Kind::RestoreUser => true,
            Kind::CreateUser => silent,
            _ => false,
        });
        self.trip(GuardName::OrganizationKey, places.len() as u64, &places);
    }

    /// What needs something that is held is held by the same guards.
    fn dependants(&mut self) {
        let mut waiting = Givers::default();
        for op in self.operations.iter().filter(|op| !op.held.is_empty()) {
            waiting.note(op, op.held);
        }
        for op in self.operations.iter_mut() {
            let needs = *op;
            for held in waiting.needed_by(&needs) {
                op.held.join(*held);
            }
        }
    }

    /// Counts seats by product and holds from the point where they run out. What nothing else
    /// holds takes its seats first.
    fn seats(&mut self) -> Vec<SeatCount> {
        let inputs = self.draft.inputs;
        let mut counts = Vec::new();
        let mut held = Vec::new();
        for product in inputs.jira.products() {
            let given = inputs
                .settings
                .provisioning
                .products
                .iter()
                .any(|key| key.as_str() == product.key);
            let takers = self.places(|op| match op.kind {
                Kind::CreateUser => given,
                Kind::AddMember => op
                    .target()
                    .and_then(|t| self.draft.targets[t as usize].jira)
                    .is_some_and(|row| {
                        let id = inputs.jira.group(row).id();
                        product.groups.iter().any(|group| group == id)
                    }),
                _ => false,
            });
            let left = match product.seats {
                Seats::Unlimited => None,
                Seats::Left(left) => Some(left),
            };
            if let Some(left) = left {
                let (free, waiting): (Vec<usize>, Vec<usize>) = takers
                    .iter()
                    .partition(|place| self.operations[**place].held.is_empty());
                held.extend(free.into_iter().chain(waiting).skip(left as usize));
            }
            if !takers.is_empty() {
                counts.push(SeatCount {
                    product: product.key.clone(),
                    left,
                    needed: takers.len() as u64,
                });
            }
        }
        held.sort_unstable();
        held.dedup();
        self.trip(GuardName::Seats, held.len() as u64, &held);
        counts
    }
}
