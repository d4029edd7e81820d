//! What is known from before: links, ownership, decisions, look-ups, history.

use super::links::Links;
use super::operation::OperationId;
use super::pins::Pins;
use super::question::Question;
use super::reason::Reason;
use crate::directory::{AccountId, EntraId, GroupId};
use hashbrown::{HashMap, HashSet};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

/// What the admin said of one operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowDecision {
    /// Not now.
    Rejected {
        /// The reason that was rejected; none stands for every reason.
        reason: Option<Reason>,
    },
    /// Not until this is withdrawn.
    Ignored,
}

impl RowDecision {
    /// Whether it keeps an operation out that is planned for this reason.
    #[must_use]
    pub fn keeps_out(self, planned_for: Reason) -> bool {
        match self {
            Self::Ignored => true,
            Self::Rejected { reason } => reason.is_none_or(|said| said.is_ground_of(planned_for)),
        }
    }
}

/// Stored decisions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decisions {
    /// By operation.
    pub operations: HashMap<OperationId, RowDecision>,
    /// Entra groups that must not be taken for the Jira group of the same name.
    pub kept_apart: HashSet<(EntraId, GroupId)>,
    /// Accounts that a look-up found and that are not this person's.
    pub different: HashSet<(EntraId, AccountId)>,
    /// Questions that were answered with *leave alone*.
    pub left_alone: HashSet<Question>,
}

impl Decisions {
    /// Whether an account may stay as it is, although its person is disabled or Entra knows nobody
    /// for it.
    #[must_use]
    pub fn leaves_alone(&self, account: &str) -> bool {
        !self.left_alone.is_empty()
            && self
                .left_alone
                .contains(&Question::standing(&AccountId::new(account)))
    }
}

/// What a look-up found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LookUp {
    /// The accounts, none included.
    pub accounts: Vec<AccountId>,
    /// Whether they are those of exactly this address, as the organization knows it. What Jira
    /// itself finds may bear the address as a name.
    pub exact: bool,
}

/// Remembered answers of looking up people with hidden e-mails, by folded address.
#[derive(Debug, Clone, Default)]
pub struct LookUps {
    answers: BTreeMap<String, LookUp>,
}

impl LookUps {
    /// Remembers an answer.
    pub fn remember(&mut self, address: String, answer: LookUp) {
        self.answers.insert(address, answer);
    }

    /// The answer for a folded address, if it was looked up.
    #[must_use]
    pub fn get(&self, address: &str) -> Option<&LookUp> {
        self.answers.get(address)
    }

    /// All answers in the order of their addresses.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &LookUp)> {
        self.answers.iter().map(|(a, found)| (a.as_str(), found))
    }
}

/// How much there is in scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Measured {
    /// People.
    pub users: u64,
    /// Groups.
    pub groups: u64,
    /// Memberships.
    pub memberships: u64,
}

/// The highest measures of the last 7 days.
pub type Baseline = Measured;

/// What happened lately, for the guards.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// Whether a person has applied a plan of this profile.
    pub reviewed: bool,
    /// The digest of the settings that were reviewed then.
    pub reviewed_settings: Option<String>,
    /// The highest measures of the last 7 days, none if there is nothing to compare with.
    pub baseline: Option<Baseline>,
    /// What was in scope in the last snapshot that did not shrink, or was allowed to.
    pub latest: Option<Baseline>,
    /// People created unattended within 24 hours.
    pub created_people: u64,
    /// Groups created unattended within 24 hours.
    pub created_groups: u64,
    /// Members added unattended within 24 hours, by Jira group.
    pub added: HashMap<GroupId, u64>,
    /// Members removed unattended within 24 hours, by Jira group.
    pub removed: HashMap<GroupId, u64>,
    /// The same in all groups, without those who are disabled in Entra or deleted from it.
    pub removed_of_others: u64,
    /// Accounts that unattended runs took out of this group, or suspended or removed, within 24 hours.
    pub taken_off: Vec<(AccountId, Option<GroupId>)>,
    /// How often somebody else undid what this profile did, within a week, of operations that it repeated.
    pub undone: HashMap<OperationId, u64>,
    /// Groups that a run created and left unfinished within 24 hours: they are still being filled.
    pub unfinished_groups: HashSet<GroupId>,
}

/// What Rollbook took from a leaver, to be given back on return.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Taken {
    /// Who.
    pub entra: EntraId,
    /// Whose account.
    pub account: AccountId,
    /// What.
    pub what: TakenWhat,
}

/// Something that can be given back.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum TakenWhat {
    /// The account was suspended.
    Suspended,
    /// It was taken out of this group.
    Member(GroupId),
}

/// Everything that is known from before.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Links and ownership.
    pub links: Links,
    /// Decisions.
    pub decisions: Decisions,
    /// Look-ups of hidden e-mails.
    pub look_ups: LookUps,
    /// Which Entra groups the configuration means.
    pub pins: Pins,
    /// People whom Rollbook created.
    pub created: BTreeSet<EntraId>,
    /// People who are linked by a name alone, that of an account which hides its address: nothing is taken
    /// from anybody on the strength of that.
    pub by_name: HashSet<EntraId>,
    /// Accounts that it created and no listing has shown active yet.
    pub new_accounts: HashSet<AccountId>,
    /// People who were given a default group, and which.
    pub defaults_given: HashSet<(EntraId, GroupId)>,
    /// Folded addresses for which Jira refused lately to create a person, with its words.
    pub refused: HashMap<String, String>,
    /// Leavers: people who were enabled and in scope in an applied snapshot and whom Entra shows
    /// disabled or deleted since this day.
    pub leavers: BTreeMap<EntraId, Date>,
    /// What Rollbook took from leavers and has not given back, sorted.
    pub taken: Vec<Taken>,
    /// Linked accounts whose person had a protected address, also where the account hides its own.
    pub protected: HashSet<AccountId>,
    /// Whether the organization's key works.
    pub organization_key: bool,
    /// For the guards.
    pub history: History,
}
