//! Guards hold operations until the admin allows them by name and number.

use super::desired::{TargetState, class};
use super::make::{Draft, Mode, SeatCount};
use super::operation::{Kind, NONE, Operation};
use super::people::address;
use super::{GuardSettings, Inputs, Measured, identity};
use crate::directory::{GroupClass, GroupId, Seats, fold};
use hashbrown::{HashMap, HashSet};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// A guard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum GuardName {
    /// Nobody has applied a plan of this profile yet, and this run is unattended.
    FirstReview,
    /// Scope, names, identity, leavers or toggles changed since the last review.
    SettingsChanged,
    /// Many people would be created.
    NewPeople,
    /// People would be created who may have an account with a hidden e-mail.
    UnverifiedPeople,
    /// Many groups would be created.
    NewGroups,
    /// Groups matched by name only.
    UnconfirmedGroups,
    /// Many members would be added to one group.
    MembersAdded,
    /// Members would be added to a group that takes seats.
    AccessAdded,
    /// Many members would be removed.
    MembersRemoved,
    /// One group would lose all or a large part of its members.
    GroupEmptied,
    /// Many people would be taken off access.
    PeopleRemoved,
    /// Entra shows much less than it did.
    SourceShrank,
    /// Seats run out.
    Seats,
    /// Protected groups and accounts.
    Protected,
}

impl GuardName {
    /// Every guard, in the order of the table.
    pub const ALL: [Self; 14] = [
        Self::FirstReview,
        Self::SettingsChanged,
        Self::NewPeople,
        Self::UnverifiedPeople,
        Self::NewGroups,
        Self::UnconfirmedGroups,
        Self::MembersAdded,
        Self::AccessAdded,
        Self::MembersRemoved,
        Self::GroupEmptied,
        Self::PeopleRemoved,
        Self::SourceShrank,
        Self::Seats,
        Self::Protected,
    ];

    /// As contracts write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FirstReview => "first-review",
            Self::SettingsChanged => "settings-changed",
            Self::NewPeople => "new-people",
            Self::UnverifiedPeople => "unverified-people",
            Self::NewGroups => "new-groups",
            Self::UnconfirmedGroups => "unconfirmed-groups",
            Self::MembersAdded => "members-added",
            Self::AccessAdded => "access-added",
            Self::MembersRemoved => "members-removed",
            Self::GroupEmptied => "group-emptied",
            Self::PeopleRemoved => "people-removed",
            Self::SourceShrank => "source-shrank",
            Self::Seats => "seats",
            Self::Protected => "protected",
        }
    }

    /// What it says to the admin, in a few words.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::FirstReview => "nobody has applied a plan of this profile yet",
            Self::SettingsChanged => "settings changed since the last review",
            Self::NewPeople => "people to be created",
            Self::UnverifiedPeople => "people who may have an account that hides its e-mail",
            Self::NewGroups => "groups to be created",
            Self::UnconfirmedGroups => "memberships in groups matched by name only",
            Self::MembersAdded => "additions that enlarge a group a lot",
            Self::AccessAdded => "additions to groups that give access and take seats",
            Self::MembersRemoved => "removals from groups",
            Self::GroupEmptied => "removals that take much of a group away",
            Self::PeopleRemoved => "people to be taken out of groups that give access",
            Self::SourceShrank => "removals while Entra shows much less than it did",
            Self::Seats => "operations for which no seat is left",
            Self::Protected => "operations on what is never touched",
        }
    }

    /// Whether the admin can allow it by name and number.
    #[must_use]
    pub const fn allowable(self) -> bool {
        !matches!(
            self,
            Self::FirstReview | Self::SettingsChanged | Self::Protected
        )
    }

    /// Reads what [`GuardName::as_str`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|guard| guard.as_str() == text)
    }
}

impl fmt::Display for GuardName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The guards that hold an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Held(u16);

impl Held {
    /// Whether nothing holds it.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether this guard holds it.
    #[must_use]
    pub const fn by(self, guard: GuardName) -> bool {
        self.0 & (1 << guard as u16) != 0
    }

    /// The guards, in the order of the table.
    pub fn guards(self) -> impl Iterator<Item = GuardName> {
        GuardName::ALL.into_iter().filter(move |g| self.by(*g))
    }

    fn add(&mut self, guard: GuardName) {
        self.0 |= 1 << guard as u16;
    }

    fn join(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// A guard that tripped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuardCount {
    /// Which.
    pub name: GuardName,
    /// What it counts in this plan.
    pub count: u64,
    /// Its limit.
    pub limit: u64,
}

/// A guard's name and the number that the admin saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Which guard.
    pub name: GuardName,
    /// The count.
    pub count: u64,
}

/// Why an allowance is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AllowanceError {
    /// Not of the form `name=count`.
    #[error(
        "“{0}” is no allowance: write a guard's name and the number that the plan shows for it, such as new-people=263"
    )]
    Form(String),
    /// No such guard.
    #[error("there is no guard “{0}”")]
    Unknown(String),
    /// The guard can't be allowed.
    #[error("the guard “{0}” can't be allowed: {1}")]
    Never(GuardName, &'static str),
    /// The plan shows another number.
    #[error("“{name}={given}” was allowed, but this plan shows {shown} for it")]
    Other {
        /// Which.
        name: GuardName,
        /// What was given.
        given: u64,
        /// What the plan shows; 0 if the guard does not trip.
        shown: u64,
    },
}

impl FromStr for Allowance {
    type Err = AllowanceError;

    fn from_str(text: &str) -> Result<Self, AllowanceError> {
        let form = || AllowanceError::Form(text.to_owned());
        let (name, count) = text.split_once('=').ok_or_else(form)?;
        let guard = GuardName::parse(name.trim())
            .ok_or_else(|| AllowanceError::Unknown(name.trim().to_owned()))?;
        let count = count.trim().parse().map_err(|_| form())?;
        Ok(Self { name: guard, count })
    }
}

/// What the admin allows, by guard.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allowances(BTreeMap<GuardName, u64>);

impl Allowances {
    /// Collects allowances.
    #[must_use]
    pub fn new(allowances: impl IntoIterator<Item = Allowance>) -> Self {
        Self(allowances.into_iter().map(|a| (a.name, a.count)).collect())
    }

    /// Whether nothing is allowed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this guard is among them.
    #[must_use]
    pub fn names(&self, guard: GuardName) -> bool {
        self.0.contains_key(&guard)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = Allowance> {
        self.0
            .iter()
            .map(|(&name, &count)| Allowance { name, count })
    }

    fn covers(&self, guard: GuardCount) -> bool {
        guard.name.allowable() && self.0.get(&guard.name) == Some(&guard.count)
    }

    /// Checks the allowances against what a plan shows without them.
    pub fn check(&self, shown: &[GuardCount]) -> Result<(), AllowanceError> {
        for allowance in self.iter() {
            let name = allowance.name;
            match name {
                GuardName::Protected => {
                    return Err(AllowanceError::Never(name, "it is never touched"));
                }
                GuardName::FirstReview | GuardName::SettingsChanged => {
                    return Err(AllowanceError::Never(
                        name,
                        "review the plan with `rollbook apply` instead",
                    ));
                }
                _ => {}
            }
            let count = shown.iter().find(|g| g.name == name).map(|g| g.count);
            if count != Some(allowance.count) {
                return Err(AllowanceError::Other {
                    name,
                    given: allowance.count,
                    shown: count.unwrap_or(0),
                });
            }
        }
        Ok(())
    }
}

/// What guards found.
pub(super) struct Holding {
    pub(super) guards: Vec<GuardCount>,
    pub(super) seats: Vec<SeatCount>,
    pub(super) source_shrank: bool,
}

/// Marks what guards hold. What is allowed is not held.
pub(super) fn hold(draft: &mut Draft<'_>) -> Holding {
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
    let source_shrank = watch.source();
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

struct Watch<'a, 'b> {
    draft: &'a Draft<'b>,
    operations: &'a mut Vec<Operation>,
    guards: Vec<GuardCount>,
}

impl Watch<'_, '_> {
    fn inputs(&self) -> &Inputs<'_> {
        self.draft.inputs
    }

    fn numbers(&self) -> &GuardSettings {
        &self.draft.inputs.settings.guards
    }

    /// Notes a tripped guard and marks the operations at these places, unless it is allowed.
    fn trip(&mut self, name: GuardName, count: u64, limit: u64, places: &[usize]) {
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

    fn places(&self, wanted: impl Fn(&Operation) -> bool) -> Vec<usize> {
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
        self.trip(name, all.len() as u64, 0, &all);
    }

    fn creations(&mut self) {
        let people = self.places(|op| op.kind == Kind::CreateUser);
        let count = people.len() as u64;
        let numbers = self.numbers();
        let (limit, daily) = (numbers.new_people, numbers.new_people_per_day);
        let history = &self.draft.inputs.known.history;
        let over_day = self.unattended() && history.created_people + count > daily;
        if count > limit || over_day {
            self.trip(GuardName::NewPeople, count, limit, &people);
        }
        let unverified = self
            .places(|op| op.kind == Kind::CreateUser && self.draft.unverified.contains(&op.person));
        self.trip(
            GuardName::UnverifiedPeople,
            unverified.len() as u64,
            0,
            &unverified,
        );
        let groups = self.places(|op| op.kind == Kind::CreateGroup);
        let count = groups.len() as u64;
        let limit = self.numbers().new_groups;
        let before = if self.unattended() {
            history.created_groups
        } else {
            0
        };
        if before + count > limit {
            self.trip(GuardName::NewGroups, count, limit, &groups);
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
                listed.contains(&fold(account.id()))
                    || listed.contains(&fold(account.email()))
                    || (op.kind == Kind::RemoveMember
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
        self.trip(GuardName::Protected, places.len() as u64, 0, &places);
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
        let (most, percent) = (
            self.numbers().members_added,
            self.numbers().members_added_percent,
        );
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
            let size = inputs.jira.members().of(row).len() as u64;
            let before = self.lately(&inputs.known.history.added, row);
            let count = places.len() as u64 + before;
            if count > most && count * 100 > percent * size.saturating_sub(before) {
                added.extend_from_slice(&places);
            }
        }
        self.trip(
            GuardName::UnconfirmedGroups,
            unconfirmed.len() as u64,
            0,
            &unconfirmed,
        );
        self.trip(GuardName::AccessAdded, access.len() as u64, 0, &access);
        self.trip(GuardName::MembersAdded, added.len() as u64, most, &added);
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
        let count = removals.len() as u64 + before;
        if count > numbers.members_removed
            || count * 100 > numbers.members_removed_percent * (managed + before)
        {
            self.trip(
                GuardName::MembersRemoved,
                removals.len() as u64,
                numbers.members_removed,
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
                && count * 100 > numbers.group_emptied_percent * size;
            if count >= size || large {
                emptied.extend_from_slice(&places);
            }
        }
        self.trip(
            GuardName::GroupEmptied,
            emptied.len() as u64,
            numbers.group_emptied_percent,
            &emptied,
        );
    }

    /// People who would lose access.
    fn access_lost(&mut self) {
        let inputs = self.draft.inputs;
        let places = self.places(|op| {
            op.kind == Kind::RemoveMember
                && op
                    .target()
                    .and_then(|t| self.draft.targets[t as usize].jira)
                    .is_some_and(|row| class(inputs, row) == GroupClass::Access)
        });
        let people: HashSet<u32> = places.iter().map(|p| self.operations[*p].account).collect();
        let limit = self.numbers().people_removed;
        if people.len() as u64 > limit {
            self.trip(
                GuardName::PeopleRemoved,
                people.len() as u64,
                limit,
                &places,
            );
        }
    }

    /// Whether Entra shrank; holds all removals then.
    fn source(&mut self) -> bool {
        let Some(baseline) = self.inputs().known.history.baseline else {
            return false;
        };
        let percent = self.numbers().source_shrank_percent;
        let now = self.draft.measured;
        let shrank = shrunk(now, baseline, percent);
        if shrank {
            let removals = self.places(|op| op.kind == Kind::RemoveMember);
            self.trip(
                GuardName::SourceShrank,
                removals.len() as u64,
                percent,
                &removals,
            );
        }
        shrank
    }

    /// What needs something that is held is held by the same guards.
    fn dependants(&mut self) {
        let (mut people, mut groups) = (HashMap::new(), HashMap::new());
        for op in self.operations.iter() {
            match op.kind {
                Kind::CreateUser if !op.held.is_empty() => {
                    people.insert(op.person, op.held);
                }
                Kind::CreateGroup if !op.held.is_empty() => {
                    groups.insert(op.target, op.held);
                }
                _ => {}
            }
        }
        if people.is_empty() && groups.is_empty() {
            return;
        }
        for op in self.operations.iter_mut() {
            if op.kind != Kind::AddMember {
                continue;
            }
            if op.account == NONE
                && let Some(held) = people.get(&op.person)
            {
                op.held.join(*held);
            }
            if let Some(held) = groups.get(&op.target) {
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
        self.trip(GuardName::Seats, held.len() as u64, 0, &held);
        counts
    }
}

fn shrunk(now: Measured, baseline: Measured, percent: u64) -> bool {
    [
        (now.users, baseline.users),
        (now.groups, baseline.groups),
        (now.memberships, baseline.memberships),
    ]
    .into_iter()
    .any(|(now, before)| now * 100 < before * (100 - percent.min(100)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allowances_need_a_name_and_the_number_shown() {
        let shown = [GuardCount {
            name: GuardName::NewPeople,
            count: 263,
            limit: 25,
        }];
        let allow = |text: &str| Allowances::new([text.parse().unwrap()]).check(&shown);
        assert_eq!(allow("new-people=263"), Ok(()));
        assert!(allow("new-people=262").is_err());
        assert!(allow("new-groups=1").is_err());
        assert!(allow("new-groups=0").is_err());
        assert!(allow("protected=1").is_err());
        assert!("new-people".parse::<Allowance>().is_err());
        assert!("new-poeple=3".parse::<Allowance>().is_err());
    }

    #[test]
    fn every_guard_is_read_back() {
        for guard in GuardName::ALL {
            assert_eq!(GuardName::parse(guard.as_str()), Some(guard));
        }
    }

    #[test]
    fn a_tenth_less_is_a_shrunken_source() {
        let before = Measured {
            users: 100,
            groups: 10,
            memberships: 1000,
        };
        let now = |users| Measured { users, ..before };
        assert!(!shrunk(now(90), before, 10));
        assert!(shrunk(now(89), before, 10));
    }
}
