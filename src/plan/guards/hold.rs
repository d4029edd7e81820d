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
use crate::plan::settings::{GuardSettings, Invitations};
use crate::plan::target::class;
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
    watch.flapping();
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
    pub(super) operations: &'a mut Vec<Operation>,
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
    pub(super) fn trip_at(&mut self, name: GuardName, count: u64, limit: u64, places: &[usize]) {
        if count == 0 {
            return;
        }
        let guard = GuardCount {
            name,
            count,
            limit,
            allowable: name.allowable(),
        };
        if self.draft.inputs.allowances.covers(guard) {
            return;
        }
        self.guards.push(guard);
        for &place in places {
            self.operations[place].held.add(name);
        }
    }

    /// Notes `access-added`: additions to groups whose name was typed, over their number, which can be
    /// allowed; and those to all others, which only typing it lets go.
    pub(super) fn access_added(&mut self, typed: &[usize], untyped: &[usize]) {
        let name = GuardName::AccessAdded;
        let guard = |count: usize, allowable: bool| GuardCount {
            name,
            count: count as u64,
            limit: name.limit(self.numbers()),
            allowable,
        };
        let whole = guard(typed.len() + untyped.len(), !typed.is_empty());
        let rest = guard(untyped.len(), false);
        let allowed = whole.allowable && self.draft.inputs.allowances.covers(whole);
        let shown = if allowed { rest } else { whole };
        if shown.count == 0 {
            return;
        }
        self.guards.push(shown);
        if !allowed {
            for &place in typed {
                self.operations[place].held.add(name);
            }
        }
        for &place in untyped {
            self.operations[place].held.add_for_good(name);
        }
    }

    /// Notes a guard that has something to say although there is nothing to hold just now.
    pub(super) fn alarm(&mut self, name: GuardName) {
        let limit = name.limit(self.numbers());
        let guard = GuardCount {
            name,
            count: 0,
            limit,
            allowable: name.allowable(),
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

    pub(super) fn unattended(&self) -> bool {
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

    pub(super) fn by_target(&self, kind: Kind) -> BTreeMap<u32, Vec<usize>> {
        let mut found: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (place, op) in self.operations.iter().enumerate() {
            if op.kind == kind {
                found.entry(op.target).or_default().push(place);
            }
        }
        found
    }

    /// What unattended runs did to this group within 24 hours.
    pub(super) fn lately(&self, counts: &HashMap<GroupId, u64>, row: u32) -> u64 {
        if self.unattended() {
            counts
                .get(self.draft.inputs.jira.group(row).id())
                .copied()
                .unwrap_or(0)
        } else {
            0
        }
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
