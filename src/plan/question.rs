//! Rows that ask for somebody, by code, subject and candidates.

use crate::directory::AccountId;

/// What a row asks. The code is what is stored; the words are made where it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QuestionCode {
    /// Accounts were found by a look-up: are they this person's?
    SamePerson,
    /// Several Jira accounts have the person's address.
    SeveralAccounts,
    /// Several people in Entra fit the same account.
    AccountShared,
    /// Another person in Entra has the same address, and neither has an account.
    AddressShared,
    /// The person's account was deactivated in Jira.
    AccountDeactivated,
    /// The person's account, which Rollbook created, has never been active.
    AccountNeverActive,
    /// The linked account bears a former address, and another account bears the person's present one.
    AddressElsewhere,
    /// Somebody who left, whose account is theirs by a name alone.
    LinkedByName,
    /// Jira refused to create the person.
    CreationRefused,
    /// Invited silently, and not on the site.
    NeverLetIn,
    /// A Jira group of the same name, which nobody confirmed.
    SameGroup,
    /// The Jira group is protected.
    GroupProtected,
    /// Another system manages the Jira group.
    GroupExternal,
    /// A Jira group has a name that looks the same, and is another one.
    GroupLooksAlike,
    /// The configuration means another group by this name.
    GroupNameMeansAnother,
    /// The group's name in Jira would be empty or too long.
    GroupName,
    /// Several Entra groups would have one name in Jira.
    GroupNamesCollide,
    /// The Jira group of this name is linked to another Entra group.
    GroupLinkedElsewhere,
    /// A group of this name would make administrators: it is never created.
    GroupNameProtected,
    /// An account on a standing list: its person is disabled in Entra, or nobody in Entra stands for
    /// it.
    StandingList,
}

impl QuestionCode {
    /// Every code.
    pub const ALL: [Self; 20] = [
        Self::SamePerson,
        Self::SeveralAccounts,
        Self::AccountShared,
        Self::AddressShared,
        Self::AccountDeactivated,
        Self::AccountNeverActive,
        Self::AddressElsewhere,
        Self::LinkedByName,
        Self::CreationRefused,
        Self::NeverLetIn,
        Self::SameGroup,
        Self::GroupProtected,
        Self::GroupExternal,
        Self::GroupLooksAlike,
        Self::GroupNameMeansAnother,
        Self::GroupName,
        Self::GroupNamesCollide,
        Self::GroupLinkedElsewhere,
        Self::GroupNameProtected,
        Self::StandingList,
    ];

    /// The code, as it is stored and as documents write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SamePerson => "same-person",
            Self::SeveralAccounts => "several-accounts",
            Self::AccountShared => "account-shared",
            Self::AddressShared => "address-shared",
            Self::AccountDeactivated => "account-deactivated",
            Self::AccountNeverActive => "account-never-active",
            Self::AddressElsewhere => "address-elsewhere",
            Self::LinkedByName => "linked-by-name",
            Self::CreationRefused => "creation-refused",
            Self::NeverLetIn => "never-let-in",
            Self::SameGroup => "same-group",
            Self::GroupProtected => "group-protected",
            Self::GroupExternal => "group-external",
            Self::GroupLooksAlike => "group-looks-alike",
            Self::GroupNameMeansAnother => "group-name-means-another",
            Self::GroupName => "group-name",
            Self::GroupNamesCollide => "group-names-collide",
            Self::GroupLinkedElsewhere => "group-linked-elsewhere",
            Self::GroupNameProtected => "group-name-protected",
            Self::StandingList => "standing-list",
        }
    }

    /// Reads what [`QuestionCode::as_str`] writes.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|found| found.as_str() == code)
    }
}

/// One row's question. Two questions are the same if code, subject and candidates are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Question {
    code: QuestionCode,
    subject: Box<str>,
    candidates: Box<str>,
}

impl Question {
    /// Asks `code` of the person, group or account with the id `subject`; `candidates` are the ids that
    /// come into question, in any order.
    #[must_use]
    pub fn new<'a>(
        code: QuestionCode,
        subject: &str,
        candidates: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let mut candidates: Vec<&str> = candidates.into_iter().collect();
        candidates.sort_unstable();
        candidates.dedup();
        Self {
            code,
            subject: subject.into(),
            candidates: candidates.join(" ").into(),
        }
    }

    /// The question that a standing list asks of an account.
    #[must_use]
    pub fn standing(account: &AccountId) -> Self {
        Self::new(QuestionCode::StandingList, account.as_str(), [])
    }

    /// A question as it is stored: candidates sorted and parted by a blank.
    #[must_use]
    pub fn stored(code: QuestionCode, subject: &str, candidates: &str) -> Self {
        Self {
            code,
            subject: subject.into(),
            candidates: candidates.into(),
        }
    }

    /// What it asks.
    #[must_use]
    pub const fn code(&self) -> QuestionCode {
        self.code
    }

    /// The id that it is about: one of Entra's, or an account's.
    #[must_use]
    pub const fn subject(&self) -> &str {
        &self.subject
    }

    /// The ids that come into question, sorted and parted by a blank.
    #[must_use]
    pub const fn candidates(&self) -> &str {
        &self.candidates
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_read_back() {
        for code in QuestionCode::ALL {
            assert_eq!(QuestionCode::parse(code.as_str()), Some(code));
        }
    }

    #[test]
    fn candidates_count_whatever_their_order() {
        let ask = |ids: [&str; 2]| Question::new(QuestionCode::SeveralAccounts, "p", ids);
        assert_eq!(ask(["a", "b"]), ask(["b", "a"]));
        assert_ne!(ask(["a", "b"]), ask(["a", "c"]));
    }
}
