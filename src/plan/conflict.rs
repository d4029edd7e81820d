//! Conflicts: what can't be decided without the admin.
//!
//! A conflict is a code with rows of the snapshots. Its words and ids are made where it is shown or
//! written, so that rewording a sentence changes nothing that is stored, and a conflict without
//! candidates costs a few bytes.

use super::address::address;
use super::inputs::Inputs;
use super::names::{LONGEST, name_in_jira};
use super::question::{Question, QuestionCode};
use crate::directory::fold;
use crate::text::escape;

/// What a row of the plan is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// A person.
    Person,
    /// A group.
    Group,
}

impl Subject {
    /// As contracts write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Group => "group",
        }
    }
}

/// A person or group that can't be decided without the admin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// Whether it is about a person or a group.
    pub kind: Subject,
    /// The person's or group's row in Entra's snapshot.
    pub row: u32,
    /// What it asks.
    pub code: QuestionCode,
    /// Rows that come into question: Jira's accounts for a person, Jira's groups for a group, and
    /// Entra's groups where several want one name.
    pub candidates: Vec<u32>,
}

impl Conflict {
    pub(super) const fn person(row: u32, code: QuestionCode, candidates: Vec<u32>) -> Self {
        Self {
            kind: Subject::Person,
            row,
            code,
            candidates,
        }
    }

    pub(super) const fn group(row: u32, code: QuestionCode, candidates: Vec<u32>) -> Self {
        Self {
            kind: Subject::Group,
            row,
            code,
            candidates,
        }
    }

    /// The Entra id of what it is about.
    #[must_use]
    pub fn entra_id<'a>(&self, inputs: &Inputs<'a>) -> &'a str {
        subject_id(inputs, self.kind, self.row)
    }

    /// Entra's name of what it is about.
    #[must_use]
    pub fn name<'a>(&self, inputs: &Inputs<'a>) -> &'a str {
        match self.kind {
            Subject::Person => inputs.entra.person(self.row).name(),
            Subject::Group => inputs.entra.group(self.row).name(),
        }
    }

    /// Ids of the accounts or groups that come into question.
    pub fn candidate_ids<'a>(&self, inputs: &Inputs<'a>) -> impl Iterator<Item = &'a str> {
        let (entra, jira, kind, code) = (inputs.entra, inputs.jira, self.kind, self.code);
        self.candidates.iter().map(move |row| match (kind, code) {
            (Subject::Person, _) => jira.account(*row).id(),
            (Subject::Group, QuestionCode::GroupNamesCollide) => entra.group(*row).id(),
            (Subject::Group, _) => jira.group(*row).id(),
        })
    }

    /// Why it needs the admin, in words.
    #[must_use]
    pub fn words(&self, inputs: &Inputs<'_>) -> String {
        sentence(inputs, self.code, self.row, &self.candidates)
    }

    /// What is asked, in the form in which an answer is stored.
    #[must_use]
    pub fn question(&self, inputs: &Inputs<'_>) -> Question {
        Question::new(self.code, self.entra_id(inputs), self.candidate_ids(inputs))
    }
}

/// The id of a row of Entra's snapshot.
pub(super) fn subject_id<'a>(inputs: &Inputs<'a>, kind: Subject, row: u32) -> &'a str {
    match kind {
        Subject::Person => inputs.entra.person(row).id(),
        Subject::Group => inputs.entra.group(row).id(),
    }
}

/// What is said of somebody who left and is linked by a name alone.
pub(super) const BY_NAME: &str = "they left, and a name alone speaks for their account, which hides its address: nothing is taken from it until somebody confirms the link in the console's Review, or the organization's API does";

/// What a code says of a row of Entra's snapshot. The candidates are the accounts in question, and
/// matter for `SamePerson` and `SeveralAccounts`.
pub(super) fn sentence(
    inputs: &Inputs<'_>,
    code: QuestionCode,
    row: u32,
    candidates: &[u32],
) -> String {
    let words = match code {
        QuestionCode::SamePerson => return same_person(inputs, candidates),
        QuestionCode::CreationRefused => return refused(inputs, row),
        QuestionCode::AddressElsewhere => return elsewhere(inputs, row),
        QuestionCode::GroupNamesCollide => return names_collide(inputs, row),
        QuestionCode::GroupName => {
            return format!("its name in Jira would be empty or over {LONGEST} characters");
        }
        QuestionCode::SeveralAccounts if candidates.len() == 1 => {
            "several Jira accounts have this address, and all but one are somebody else's: is that one theirs?"
        }
        QuestionCode::SeveralAccounts => "several Jira accounts have this address",
        QuestionCode::AccountShared => "several people in Entra fit the same Jira account",
        QuestionCode::AddressShared => "another person in Entra has the same address",
        QuestionCode::AccountDeactivated => {
            "its account was deactivated in Jira and is not reactivated: if that is wrong, restore it at admin.atlassian.com"
        }
        QuestionCode::AccountNeverActive => {
            "its account, which Rollbook created, has been deactivated ever since: Jira does so where the account that signs in for Rollbook is no site admin, or where somebody has to approve new accounts. See admin.atlassian.com, and activate it there"
        }
        QuestionCode::LinkedByName => BY_NAME,
        QuestionCode::NeverLetIn => {
            "their account is not on the site, although they were linked to it: invited silently, and never let in, or removed by somebody. Let them in at admin.atlassian.com, or set invitations = \"jira\""
        }
        QuestionCode::GroupLooksAlike => {
            "Jira has a group whose name looks the same and is another one: this one is never created. Rename it, or map it to a name of its own (names.map)"
        }
        QuestionCode::GroupNameMeansAnother => {
            "the configuration names another group by this name, which bore it when it was reviewed: nothing of this one counts. Rename one of them, or name both by object id"
        }
        QuestionCode::SameGroup => {
            "Jira has a group of the same name, and nobody confirmed that it is this one"
        }
        QuestionCode::GroupProtected => {
            "the Jira group of this name is protected and is never touched"
        }
        QuestionCode::GroupExternal => {
            "the Jira group of this name is managed by another system and is never touched"
        }
        QuestionCode::GroupLinkedElsewhere => {
            "the Jira group of this name is linked to another Entra group"
        }
        QuestionCode::GroupNameProtected => {
            "a group of this name makes administrators or is protected: it is never created"
        }
        QuestionCode::StandingList => {
            "its person is disabled in Entra, or nobody in Entra stands for it"
        }
    };
    words.to_owned()
}

fn same_person(inputs: &Inputs<'_>, candidates: &[u32]) -> String {
    let names = candidates.iter();
    let names: Vec<_> = names
        .map(|account| escape(inputs.jira.account(*account).name()))
        .collect();
    format!(
        "Jira finds an account for this address that hides its e-mail and has another name ({}). If it is the same person, confirm the link in the console's Review, or let them show their e-mail",
        names.join(", ")
    )
}

fn refused(inputs: &Inputs<'_>, row: u32) -> String {
    let sources = &inputs.settings.provisioning.email_from;
    let refused = address(inputs.entra.person(row), sources)
        .and_then(|mail| inputs.known.refused.get(&fold(mail)));
    format!(
        "Jira refused to create this person, and is not asked again for a week: {}",
        escape(refused.map_or("", String::as_str))
    )
}

fn elsewhere(inputs: &Inputs<'_>, row: u32) -> String {
    let sources = &inputs.settings.provisioning.email_from;
    format!(
        "the account linked to this person shows the address {}, and another account bears {}, their address in Entra: until somebody says which of them is theirs, the link counts",
        escape(linked_address(inputs, row)),
        escape(address(inputs.entra.person(row), sources).unwrap_or_default())
    )
}

/// The address that the account shows which is linked to a person.
pub(super) fn linked_address<'a>(inputs: &Inputs<'a>, row: u32) -> &'a str {
    let account = inputs.known.links.account_of(inputs.entra.person(row).id());
    let account = account.and_then(|id| inputs.jira.find_account(id));
    account.map_or("", |row| inputs.jira.account(row).email())
}

fn names_collide(inputs: &Inputs<'_>, row: u32) -> String {
    let (group, names) = (inputs.entra.group(row), &inputs.settings.names);
    format!(
        "several Entra groups would be called “{}” in Jira: map them by object id under names.map (this one is {})",
        escape(&name_in_jira(names, &inputs.known.pins, group)),
        group.id()
    )
}
