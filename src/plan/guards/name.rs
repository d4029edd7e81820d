//! The guards' names, and what they hold.

use std::fmt;

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
    /// Groups would be deleted.
    GroupsDeleted,
    /// The organization's key is missing or has ended.
    OrganizationKey,
    /// Protected groups and accounts.
    Protected,
}

impl GuardName {
    /// Every guard, in the order of the table.
    pub const ALL: [Self; 16] = [
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
        Self::GroupsDeleted,
        Self::OrganizationKey,
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
            Self::GroupsDeleted => "groups-deleted",
            Self::OrganizationKey => "organization-key",
            Self::Protected => "protected",
        }
    }

    /// What it says to the admin, in a few words.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::FirstReview => "nobody has applied a plan of this profile yet",
            Self::SettingsChanged => "settings changed since the last review",
            Self::NewPeople => "new people",
            Self::UnverifiedPeople => "people who may have an account that hides its e-mail",
            Self::NewGroups => "new groups",
            Self::UnconfirmedGroups => "memberships in groups matched by name only",
            Self::MembersAdded => "members to be added to groups that would grow a lot",
            Self::AccessAdded => "members to be added to groups that give access and take seats",
            Self::MembersRemoved => "to be removed from groups",
            Self::GroupEmptied => "to be removed from groups that would lose many",
            Self::PeopleRemoved => "people to be suspended, removed or taken off access",
            Self::SourceShrank => "removals while much less is in scope than in the last 7 days",
            Self::Seats => "operations for which no seat is left",
            Self::GroupsDeleted => "groups to be deleted for good",
            Self::OrganizationKey => "to wait for an organization API key that is accepted",
            Self::Protected => "operations on what is never touched",
        }
    }

    /// Whether the admin can allow it by name and number.
    #[must_use]
    pub const fn allowable(self) -> bool {
        !matches!(
            self,
            Self::FirstReview | Self::SettingsChanged | Self::OrganizationKey | Self::Protected
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

    pub(super) fn add(&mut self, guard: GuardName) {
        self.0 |= 1 << guard as u16;
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
}

impl GuardCount {
    /// What the number counts, after the number.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match (self.name, self.count) {
            (GuardName::SourceShrank, 0) => {
                "removals just now; but nothing is in scope any more, and there was within the last 7 days"
            }
            (name, _) => name.meaning(),
        }
    }

    /// The limit in words, such as `limit 25 %`; none for guards without one.
    #[must_use]
    pub fn limit_in_words(self) -> Option<String> {
        let percent = matches!(self.name, GuardName::GroupEmptied | GuardName::SourceShrank);
        let unit = if percent { " %" } else { "" };
        (self.limit > 0).then(|| format!("limit {}{unit}", self.limit))
    }
}

#[cfg(test)]
mod tests {
    use super::GuardName;

    #[test]
    fn every_guard_is_read_back() {
        for guard in GuardName::ALL {
            assert_eq!(GuardName::parse(guard.as_str()), Some(guard));
        }
    }
}
