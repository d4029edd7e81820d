//! The table of the guards, and what they hold.
//!
//! A row of the table says everything of a guard but its rule: its name, what it tells the admin,
//! whether it can be allowed, and from which number on it holds. Nothing else lists the guards.

use crate::plan::percent::Percent;
use crate::plan::settings::GuardSettings as Numbers;
use crate::text::grouped;
use std::fmt;

/// From which number on a guard holds.
#[derive(Debug, Clone, Copy)]
enum Limit {
    /// From the first on.
    Any,
    /// More than so many operations, people or groups.
    Count(fn(&Numbers) -> u64),
    /// More than such a share.
    Percent(fn(&Numbers) -> Percent),
    /// So many times or more.
    Times(fn(&Numbers) -> u64),
}

/// What the table says of one guard.
#[derive(Debug)]
struct Row {
    guard: GuardName,
    name: &'static str,
    meaning: &'static str,
    /// What it says, as a whole, when there is nothing to hold just now, if that is something else.
    at_zero: Option<&'static str>,
    /// Why it can't be allowed, if it can't.
    refusal: Option<&'static str>,
    limit: Limit,
}

/// Makes the enum and the table from the same rows, so that they can't differ.
macro_rules! guards {
    ($($(#[$doc:meta])* $guard:ident {
        name: $name:literal,
        meaning: $meaning:literal,
        at_zero: $at_zero:expr,
        refusal: $refusal:expr,
        limit: $limit:expr,
    })*) => {
        /// A guard.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum GuardName {
            $($(#[$doc])* $guard,)*
        }

        /// The guards, in the order in which they are shown.
        static TABLE: &[Row] = &[$(Row {
            guard: GuardName::$guard,
            name: $name,
            meaning: $meaning,
            at_zero: $at_zero,
            refusal: $refusal,
            limit: $limit,
        },)*];

        impl GuardName {
            /// Every guard, in the order of the table.
            pub const ALL: [Self; [$(GuardName::$guard),*].len()] = [$(Self::$guard),*];
        }
    };
}

const REVIEW_INSTEAD: Option<&str> = Some("review the plan with `rollbook apply` instead");

guards! {
    /// Nobody has applied a plan of this profile yet, and this run is unattended.
    FirstReview {
        name: "first-review",
        meaning: "nobody has applied a plan of this profile yet",
        at_zero: None,
        refusal: REVIEW_INSTEAD,
        limit: Limit::Any,
    }
    /// Scope, names, identity, leavers or toggles changed since the last review.
    SettingsChanged {
        name: "settings-changed",
        meaning: "settings changed since the last review",
        at_zero: None,
        refusal: REVIEW_INSTEAD,
        limit: Limit::Any,
    }
    /// Many people would be created.
    NewPeople {
        name: "new-people",
        meaning: "new people",
        at_zero: None,
        refusal: None,
        limit: Limit::Count(|numbers| numbers.new_people),
    }
    /// People would be created who may have an account with a hidden e-mail.
    UnverifiedPeople {
        name: "unverified-people",
        meaning: "people who may have an account that hides its e-mail",
        at_zero: None,
        refusal: None,
        limit: Limit::Any,
    }
    /// Which domains are ours is unknown.
    UnknownDomains {
        name: "unknown-domains",
        meaning: "people to create while it can't be told which domains are yours",
        at_zero: None,
        refusal: Some("name your domains under scope.domains, or give the application Directory.Read.All, with which it reads the tenant's"),
        limit: Limit::Any,
    }
    /// Many groups would be created.
    NewGroups {
        name: "new-groups",
        meaning: "new groups",
        at_zero: None,
        refusal: None,
        limit: Limit::Count(|numbers| numbers.new_groups),
    }
    /// Groups matched by name only.
    UnconfirmedGroups {
        name: "unconfirmed-groups",
        meaning: "memberships in groups matched by name only",
        at_zero: None,
        refusal: None,
        limit: Limit::Any,
    }
    /// Many members would be added to one group.
    MembersAdded {
        name: "members-added",
        meaning: "members to be added to groups that would grow a lot",
        at_zero: None,
        refusal: None,
        limit: Limit::Count(|numbers| numbers.members_added),
    }
    /// Members would be added to a group that takes seats.
    AccessAdded {
        name: "access-added",
        meaning: "members to be added to groups that give access and take seats",
        at_zero: None,
        refusal: None,
        limit: Limit::Count(|numbers| numbers.access_added),
    }
    /// Many members would be removed.
    MembersRemoved {
        name: "members-removed",
        meaning: "to be removed from groups",
        at_zero: None,
        refusal: None,
        limit: Limit::Count(|numbers| numbers.members_removed),
    }
    /// One group would lose all or a large part of its members.
    GroupEmptied {
        name: "group-emptied",
        meaning: "to be removed from groups that would lose many",
        at_zero: None,
        refusal: None,
        limit: Limit::Percent(|numbers| numbers.group_emptied_percent),
    }
    /// Many people would be taken off access.
    PeopleRemoved {
        name: "people-removed",
        meaning: "people to be suspended, removed or taken off access",
        at_zero: None,
        refusal: None,
        limit: Limit::Count(|numbers| numbers.people_removed),
    }
    /// Somebody else undoes the same again and again.
    Flapping {
        name: "flapping",
        meaning: "operations that somebody else undid again and again within a week",
        at_zero: None,
        refusal: None,
        limit: Limit::Times(|numbers| numbers.flapping),
    }
    /// Entra shows much less than it did.
    SourceShrank {
        name: "source-shrank",
        meaning: "removals while much less is in scope than in the last 7 days",
        at_zero: Some(
            "nothing is in scope any more, and there was within the last 7 days; nobody would be removed just now",
        ),
        refusal: None,
        limit: Limit::Percent(|numbers| numbers.source_shrank_percent),
    }
    /// Seats run out.
    Seats {
        name: "seats",
        meaning: "operations for which no seat is left",
        at_zero: None,
        refusal: None,
        limit: Limit::Any,
    }
    /// Groups would be deleted.
    GroupsDeleted {
        name: "groups-deleted",
        meaning: "groups to be deleted for good",
        at_zero: None,
        refusal: None,
        limit: Limit::Any,
    }
    /// The organization's key is missing or has ended.
    OrganizationKey {
        name: "organization-key",
        meaning: "to wait for an organization API key that is accepted",
        at_zero: None,
        refusal: Some("enter a key that works, or choose other settings"),
        limit: Limit::Any,
    }
    /// A listing of Entra may not be whole.
    EntraIncomplete {
        name: "entra-incomplete",
        meaning: "to wait until all of Entra is read",
        at_zero: Some("a listing of Entra may not be whole, so that nobody is removed"),
        refusal: Some("read Entra again"),
        limit: Limit::Any,
    }
    /// A listing of Jira may not be whole.
    JiraIncomplete {
        name: "jira-incomplete",
        meaning: "to wait until all of Jira is read",
        at_zero: Some(
            "a listing of Jira may not be whole, so that nothing is written that depends on it",
        ),
        refusal: Some("read Jira again"),
        limit: Limit::Any,
    }
    /// Protected groups and accounts.
    Protected {
        name: "protected",
        meaning: "operations on what is never touched",
        at_zero: None,
        refusal: Some("it is never touched"),
        limit: Limit::Any,
    }
}

impl GuardName {
    fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }

    /// As contracts write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.row().name
    }

    /// What it says to the admin, in a few words.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        self.row().meaning
    }

    /// The number up to which it lets through what it counts; 0 where it holds from the first on.
    #[must_use]
    pub(super) fn limit(self, numbers: &Numbers) -> u64 {
        match self.row().limit {
            Limit::Any => 0,
            Limit::Count(of) | Limit::Times(of) => of(numbers),
            Limit::Percent(of) => of(numbers).floor(),
        }
    }

    /// Why the admin can't allow it; none where they can.
    #[must_use]
    pub fn refusal(self) -> Option<&'static str> {
        self.row().refusal
    }

    /// Whether the admin can allow it by name and number.
    #[must_use]
    pub fn allowable(self) -> bool {
        self.refusal().is_none()
    }

    /// Reads what [`GuardName::as_str`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let row = TABLE.iter().find(|row| row.name == text)?;
        Some(row.guard)
    }
}

impl fmt::Display for GuardName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why additions to access groups can't be allowed as long as nobody typed the group's name.
const TYPE_IT: &str =
    "confirm the group itself with `rollbook adopt GROUP --add-only`, which asks for its name";

/// The bit of what no allowance lets go, whatever guard holds it.
const FOR_GOOD: u32 = 1 << 31;

/// The guards that hold an operation, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct Held(u32);

const _: () = assert!(
    GuardName::ALL.len() < u32::BITS as usize,
    "every guard needs a bit of its own, and one is left"
);

impl Held {
    /// Whether nothing holds it.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether this guard holds it.
    #[must_use]
    pub const fn by(self, guard: GuardName) -> bool {
        self.0 & (1 << guard as u32) != 0
    }

    /// The guards, in the order of the table.
    pub fn guards(self) -> impl Iterator<Item = GuardName> {
        GuardName::ALL.into_iter().filter(move |g| self.by(*g))
    }

    pub(super) fn add(&mut self, guard: GuardName) {
        self.0 |= 1 << guard as u32;
    }

    /// Holds it by a guard that could be allowed, but not for this.
    pub(super) fn add_for_good(&mut self, guard: GuardName) {
        self.add(guard);
        self.0 |= FOR_GOOD;
    }

    /// Whether nothing would hold it if these guards were allowed.
    #[must_use]
    pub fn is_freed_by(self, allowed: impl Fn(GuardName) -> bool) -> bool {
        self.0 & FOR_GOOD == 0
            && self
                .guards()
                .all(|guard| guard.allowable() && allowed(guard))
    }

    pub(super) fn join(&mut self, other: Self) {
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
    /// Whether anything of it can be allowed.
    pub allowable: bool,
}

impl GuardCount {
    /// What the number counts, after the number; the whole where there is no number.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        let row = self.name.row();
        row.at_zero
            .filter(|_| self.count == 0)
            .unwrap_or(row.meaning)
    }

    /// The number, if there is anything to hold just now.
    #[must_use]
    pub fn number(self) -> Option<String> {
        (self.count > 0).then(|| grouped(self.count))
    }

    /// Why nothing of it can be allowed; none where something can.
    #[must_use]
    pub fn refusal(self) -> Option<&'static str> {
        match self.name.refusal() {
            None if !self.allowable => Some(TYPE_IT),
            refusal => refusal,
        }
    }

    /// What it counts, with the number.
    #[must_use]
    pub fn words(self) -> String {
        let number = self.number().map(|number| number + " ");
        format!("{}{}", number.unwrap_or_default(), self.meaning())
    }

    /// The limit in words, such as `limit 25 %`; none for guards without one.
    #[must_use]
    pub fn limit_in_words(self) -> Option<String> {
        match self.name.row().limit {
            _ if self.limit == 0 => None,
            Limit::Any => None,
            Limit::Count(_) => Some(format!("limit {}", self.limit)),
            Limit::Times(_) => Some(format!("limit {} times within a week", self.limit)),
            Limit::Percent(_) => Some(format!("limit {} %", self.limit)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_table_has_a_row_for_every_guard_in_their_order() {
        assert_eq!(TABLE.len(), GuardName::ALL.len());
        for (at, (row, guard)) in TABLE.iter().zip(GuardName::ALL).enumerate() {
            assert_eq!((row.guard, guard as usize), (guard, at));
            assert_eq!(GuardName::parse(guard.as_str()), Some(guard));
        }
    }

    #[test]
    fn no_two_guards_share_a_name() {
        let names: BTreeSet<&str> = TABLE.iter().map(|row| row.name).collect();
        assert_eq!(names.len(), TABLE.len());
    }
}
