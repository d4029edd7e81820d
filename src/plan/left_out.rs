//! Who is left out of a plan, and why: one code a row.
//!
//! A million people may be left out. A record holds rows and a code, and no text; names, ids and
//! sentences are made where a record is shown or written. What is left out is told, never acted on.

use super::address::address;
use super::conflict::{BY_NAME, Conflict, Subject, linked_address, sentence, subject_id};
use super::inputs::{Inputs, Write};
use super::names::{Naming, name_in_jira};
use super::operation::{Kind, NONE};
use super::question::QuestionCode;
use super::scope::{GroupOut, Standing};
use super::target::Target;
use crate::directory::Completeness;
use crate::text::{counted, escape};

/// The subject of a record. Places are rows of the snapshots, or of the inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum About {
    /// A person of Entra's.
    Person(u32),
    /// An account under its name in Jira, and its person, [`u32::MAX`] where Entra knows nobody.
    Account {
        /// Entra's row.
        person: u32,
        /// Jira's row.
        account: u32,
    },
    /// A group of Entra's under its name there.
    Group(u32),
    /// A group of Entra's under the name that it takes in Jira.
    Wanted(u32),
    /// A group that Jira lacks, by the name alone that an Entra group takes there.
    NewGroup(u32),
    /// A group of Entra's under the name that its Jira group has.
    Linked {
        /// Entra's row.
        entra: u32,
        /// Jira's row.
        jira: u32,
    },
    /// A group that only Jira and a link know.
    Gone {
        /// Place among the links of groups.
        link: u32,
        /// Jira's row.
        jira: u32,
    },
    /// A group that only Jira knows.
    JiraGroup(u32),
    /// A default group, by its place in the settings.
    DefaultGroup(u32),
    /// A write that is to be taken back, by its place in the undo.
    Write(u32),
}

impl About {
    /// A target, as it is named there.
    pub(super) fn target(inputs: &Inputs<'_>, target: &Target) -> Self {
        let naming = Naming::of(&inputs.settings.names, &inputs.known.pins);
        let is_wanted = |row: u32| naming.name(inputs.entra.group(row)).name == target.name;
        match (target.entra.first(), target.jira) {
            (Some(&entra), Some(jira)) if !is_wanted(entra) => Self::Linked { entra, jira },
            (Some(&entra), _) => Self::Wanted(entra),
            (None, jira) => Self::JiraGroup(jira.unwrap_or(NONE)),
        }
    }
}

/// What the admin said of operations that are cut out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// Not until that is withdrawn.
    Ignored,
    /// Not now.
    Rejected,
}

impl Verdict {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Ignored => "ignored",
            Self::Rejected => "rejected",
        }
    }
}

/// Why a write can't be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoUndo {
    /// Who is an administrator could not be read.
    AdminsUnknown,
    /// The account is gone.
    AccountGone,
    /// The account may have existed before.
    NotProvenNew,
    /// The group is gone.
    GroupGone,
    /// The group gives access by now, or may not be touched.
    GroupChanged,
    /// The members of a group that was created could not be read.
    CreatedUnread,
    /// Somebody else put members into the group.
    OthersInside,
    /// A removed account can only be invited again.
    UserRemoved,
    /// A deleted group stays deleted.
    GroupDeleted,
    /// The group's members could not be read.
    MembersUnread,
    /// The account is deactivated.
    Deactivated,
}

impl NoUndo {
    const fn as_str(self) -> &'static str {
        match self {
            Self::AdminsUnknown => "undo-admins-unknown",
            Self::AccountGone => "undo-account-gone",
            Self::NotProvenNew => "undo-not-proven-new",
            Self::GroupGone => "undo-group-gone",
            Self::GroupChanged => "undo-group-changed",
            Self::CreatedUnread => "undo-created-unread",
            Self::OthersInside => "undo-others-inside",
            Self::UserRemoved => "undo-user-removed",
            Self::GroupDeleted => "undo-group-deleted",
            Self::MembersUnread => "undo-members-unread",
            Self::Deactivated => "undo-deactivated",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::AdminsUnknown => "it could not be read who is an administrator",
            Self::AccountGone => "the account is not in Jira any more",
            Self::NotProvenNew => "nothing proves that the account did not exist before",
            Self::GroupGone => "the group is not in Jira any more",
            Self::GroupChanged => "the group has come to give access, or may not be touched",
            Self::CreatedUnread => "its members could not be read",
            Self::OthersInside => "somebody else put members into the group",
            Self::UserRemoved => "who was removed from the site has to be invited again",
            Self::GroupDeleted => "a deleted group can't be brought back",
            Self::MembersUnread => "the group's members could not be read",
            Self::Deactivated => "the account is deactivated",
        }
    }
}

/// Why a person or group is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LeftOut {
    /// The person takes no part.
    Standing(Standing),
    /// The person has no address that Jira could use.
    NoAddress,
    /// People are not created.
    ImportUsersOff,
    /// Jira's listing of accounts is in doubt, so that nobody is created.
    UsersInDoubt,
    /// The linked account shows an address under which Entra does not know the person.
    FormerAddress,
    /// The person's former object is gone from Entra, and their account is linked to the new one.
    HiredAgain,
    /// Somebody left and is gone from Entra, and a name alone speaks for their account.
    LinkedByName,
    /// The admin said that all accounts in question are other people's.
    DifferentPerson,
    /// The admin let a conflict stand as it is.
    LeftAlone(QuestionCode),
    /// The admin's word on one operation.
    Decided(Verdict, Kind),
    /// The admin's word on memberships of a group.
    Memberships {
        /// The word.
        verdict: Verdict,
        /// What they are.
        kind: Kind,
        /// How many.
        count: u32,
    },
    /// The group takes no part.
    GroupOut(GroupOut),
    /// The Entra group of a linked group is gone.
    FrozenGone,
    /// The Entra group of a linked group takes no part any more.
    FrozenOut(GroupOut),
    /// Jira knows the group by the name that it had.
    FormerName,
    /// An owned group came to give access.
    GivesAccess,
    /// The admin keeps it apart from the Jira group of the same name.
    KeptApart,
    /// Groups are not created.
    ImportGroupsOff,
    /// A group of this name may give access to another product: a person creates it.
    ProductName,
    /// Jira's listing of groups is in doubt, so that none is created.
    GroupsInDoubt,
    /// Some members in Entra are unknown.
    MembersUnknown,
    /// The members in Jira could not be read.
    MembersUnread,
    /// The same of a group that gives access, out of which leavers would be taken.
    AccessUnread,
    /// The same of a group that makes administrators, while there are leavers.
    AdminsUnread,
    /// Nobody is removed, since administrators are unknown.
    NobodyRemoved,
    /// A default group that Jira lacks or that is never touched.
    DefaultGroupUnusable,
    /// A default group that mirrors an Entra group.
    DefaultGroupMirrored,
    /// A write that can't be taken back.
    NoUndo(NoUndo),
}

impl LeftOut {
    /// The code, as documents write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standing(standing) => standing.as_str(),
            Self::NoAddress => "no-address",
            Self::ImportUsersOff => "import-users-off",
            Self::UsersInDoubt => "users-in-doubt",
            Self::FormerAddress => "former-address",
            Self::HiredAgain => "hired-again",
            Self::LinkedByName => "linked-by-name",
            Self::DifferentPerson => "different-person",
            Self::LeftAlone(_) => "left-alone",
            Self::Decided(verdict, _) | Self::Memberships { verdict, .. } => verdict.as_str(),
            Self::GroupOut(why) => why.as_str(),
            Self::FrozenGone => "frozen-gone",
            Self::FrozenOut(_) => "frozen-out-of-scope",
            Self::FormerName => "former-name",
            Self::GivesAccess => "gives-access",
            Self::KeptApart => "kept-apart",
            Self::ImportGroupsOff => "import-groups-off",
            Self::ProductName => "product-name",
            Self::GroupsInDoubt => "groups-in-doubt",
            Self::MembersUnknown => "members-unknown",
            Self::MembersUnread => "members-unread",
            Self::AccessUnread => "access-unread",
            Self::AdminsUnread => "admins-unread",
            Self::NobodyRemoved => "nobody-removed",
            Self::DefaultGroupUnusable => "default-group-unusable",
            Self::DefaultGroupMirrored => "default-group-mirrored",
            Self::NoUndo(why) => why.as_str(),
        }
    }

    /// Whether the words are the same for everyone who is left out for it.
    #[must_use]
    pub const fn is_same_for_all(self) -> bool {
        !matches!(self, Self::LeftAlone(_) | Self::FormerAddress)
    }

    /// Whether it tells what became of somebody who takes part all the same.
    #[must_use]
    pub const fn is_told_only(self) -> bool {
        matches!(self, Self::FormerAddress | Self::HiredAgain)
    }
}

/// A person or group that is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Skipped {
    /// Its subject.
    pub about: About,
    /// Why.
    pub why: LeftOut,
}

// A million of them are kept.
const _: () = assert!(size_of::<Skipped>() <= 20);

fn write<'a>(inputs: &Inputs<'a>, place: u32) -> Option<&'a Write> {
    inputs.undo?.writes.get(place as usize)
}

impl Skipped {
    /// Whether it is about a person or a group.
    #[must_use]
    pub fn kind(&self, inputs: &Inputs<'_>) -> Subject {
        let is_person = match self.about {
            About::Person(_) | About::Account { .. } => true,
            About::Write(place) => write(inputs, place).is_some_and(|write| write.group.is_none()),
            _ => false,
        };
        if is_person {
            Subject::Person
        } else {
            Subject::Group
        }
    }

    /// Its row among Entra's people or groups; none where Entra doesn't know it.
    #[must_use]
    pub fn row(&self, inputs: &Inputs<'_>) -> Option<u32> {
        match self.about {
            About::Person(row) | About::Group(row) | About::Wanted(row) => Some(row),
            About::Account { person, .. } => (person != NONE).then_some(person),
            About::Linked { entra, .. } => Some(entra),
            About::Write(place) => {
                let write = write(inputs, place).filter(|write| write.group.is_none())?;
                inputs.entra.find_person(write.entra.as_ref()?.as_str())
            }
            About::NewGroup(_)
            | About::Gone { .. }
            | About::JiraGroup(_)
            | About::DefaultGroup(_) => None,
        }
    }

    /// The Entra id, where it has one.
    #[must_use]
    pub fn entra_id<'a>(&self, inputs: &Inputs<'a>) -> Option<&'a str> {
        match self.about {
            About::Gone { link, .. } => {
                let link = inputs.known.links.groups().nth(link as usize)?;
                Some(link.entra.as_str())
            }
            About::Write(place) => Some(write(inputs, place)?.entra.as_ref()?.as_str()),
            _ => {
                let row = self.row(inputs)?;
                Some(subject_id(inputs, self.kind(inputs), row))
            }
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self, inputs: &Inputs<'_>) -> String {
        let (entra, jira) = (inputs.entra, inputs.jira);
        match self.about {
            About::Person(row) => entra.person(row).name().to_owned(),
            About::Account { account, .. } => jira.account(account).name().to_owned(),
            About::Group(row) => entra.group(row).name().to_owned(),
            About::Wanted(row) | About::NewGroup(row) => {
                let (names, pins) = (&inputs.settings.names, &inputs.known.pins);
                name_in_jira(names, pins, entra.group(row))
            }
            About::JiraGroup(NONE) => String::new(),
            About::Linked { jira: row, .. }
            | About::Gone { jira: row, .. }
            | About::JiraGroup(row) => jira.group(row).name().to_owned(),
            About::DefaultGroup(place) => {
                let names = &inputs.settings.provisioning.default_groups;
                names.get(place as usize).cloned().unwrap_or_default()
            }
            About::Write(place) => write(inputs, place).map_or(String::new(), |write| {
                if write.group.is_some() {
                    write.group_name.clone()
                } else {
                    write.name.clone()
                }
            }),
        }
    }

    /// Why, in words.
    #[must_use]
    pub fn words(&self, inputs: &Inputs<'_>) -> String {
        match self.why {
            LeftOut::Standing(standing) => standing.to_string(),
            LeftOut::UsersInDoubt => {
                let why = "not created, since Jira's listing is in doubt";
                match &inputs.jira.users {
                    Completeness::Doubtful(doubt) => format!("{why}: {doubt}"),
                    Completeness::Whole => why.to_owned(),
                }
            }
            LeftOut::LeftAlone(code) => self.left_alone(inputs, code),
            LeftOut::Decided(verdict, kind) => {
                format!("{} by the admin: {}", verdict.as_str(), kind.as_str())
            }
            LeftOut::Memberships {
                verdict,
                kind,
                count,
            } => {
                let what = counted(u64::from(count), "membership", "memberships");
                let verb = if kind == Kind::AddMember {
                    "add"
                } else {
                    "remove"
                };
                format!("{} by the admin: {what} to {verb}", verdict.as_str())
            }
            LeftOut::GroupOut(why) => why.to_string(),
            LeftOut::FrozenOut(why) => {
                format!("frozen, keeps its members: its Entra group is out of scope: {why}")
            }
            LeftOut::NoUndo(why) => format!("can't be undone: {}", why.words()),
            LeftOut::FormerAddress => self.former_address(inputs),
            why => fixed(why).to_owned(),
        }
    }

    fn former_address(&self, inputs: &Inputs<'_>) -> String {
        let row = self.row(inputs).unwrap_or(NONE);
        let sources = &inputs.settings.provisioning.email_from;
        format!(
            "stays linked: the account shows the address {}, and Entra says {} by now. An address belongs to the Atlassian account: its owner changes it, or the organization",
            escape(linked_address(inputs, row)),
            escape(address(inputs.entra.person(row), sources).unwrap_or_default())
        )
    }

    /// What the admin let stand. A question that was answered with other accounts before may be
    /// stored as well: the one with the most accounts is the latest.
    fn left_alone(&self, inputs: &Inputs<'_>, code: QuestionCode) -> String {
        let row = self.row(inputs).unwrap_or(NONE);
        let mut candidates = Vec::new();
        if code == QuestionCode::SamePerson {
            let id = inputs.entra.person(row).id();
            for question in &inputs.known.decisions.left_alone {
                if question.code() != code || question.subject() != id {
                    continue;
                }
                let ids = question.candidates().split(' ');
                let rows = ids.map(|id| inputs.jira.find_account(id));
                let rows: Option<Vec<u32>> = rows.collect();
                let longer = |rows: &Vec<u32>| (rows.len(), rows) > (candidates.len(), &candidates);
                if let Some(rows) = rows.filter(longer) {
                    candidates = rows;
                }
            }
        }
        format!(
            "left alone, as the admin decided: {}",
            sentence(inputs, code, row, &candidates)
        )
    }
}

/// The words of the codes that need no data.
const fn fixed(why: LeftOut) -> &'static str {
    match why {
        LeftOut::NoAddress => "no address that Jira could use",
        LeftOut::ImportUsersOff => "no account in Jira, and Import users is off",
        LeftOut::HiredAgain => {
            "hired again: their former object is gone from Entra, and the account with this address is linked to the new one"
        }
        LeftOut::LinkedByName => BY_NAME,
        LeftOut::DifferentPerson => {
            "the accounts that came into question are other people's, as the admin decided"
        }
        LeftOut::FrozenGone => "frozen, keeps its members: its Entra group is gone",
        LeftOut::FormerName => {
            "stays linked, under its former name in Jira: Jira can't rename a group"
        }
        LeftOut::GivesAccess => {
            "it gives access to a product now: members are only added, until it is adopted by typing its name"
        }
        LeftOut::KeptApart => "kept apart from the Jira group of the same name",
        LeftOut::ImportGroupsOff => "Jira has no group of this name, and Import groups is off",
        LeftOut::ProductName => {
            "a group of this name may give access to another product: it is created only by somebody who applies the plan"
        }
        LeftOut::GroupsInDoubt => "not created, since Jira's listing of groups is in doubt",
        LeftOut::MembersUnknown => {
            "some of its members are unknown: it, or a group in it, hides its membership (Member.Read.Hidden shows it) or is missing from the listing"
        }
        LeftOut::MembersUnread => "its members in Jira could not be read to the end",
        LeftOut::AccessUnread => {
            "gives access, and its members in Jira could not be read: leavers stay in it"
        }
        LeftOut::AdminsUnread => {
            "makes administrators, and its members could not be read: leavers stay as they are"
        }
        LeftOut::NobodyRemoved => {
            "nobody is removed from it, since it could not be read who is an administrator"
        }
        LeftOut::DefaultGroupUnusable => {
            "a default group (provisioning.default_groups) that Jira lacks or that is never touched"
        }
        LeftOut::DefaultGroupMirrored => {
            "a default group that mirrors an Entra group: its members come from there"
        }
        LeftOut::Standing(_)
        | LeftOut::UsersInDoubt
        | LeftOut::LeftAlone(_)
        | LeftOut::FormerAddress
        | LeftOut::Decided(..)
        | LeftOut::Memberships { .. }
        | LeftOut::GroupOut(_)
        | LeftOut::FrozenOut(_)
        | LeftOut::NoUndo(_) => "",
    }
}

/// What is not decided, and what is left out, while a plan is made.
#[derive(Default)]
pub(super) struct Aside {
    pub(super) conflicts: Vec<Conflict>,
    pub(super) skipped: Vec<Skipped>,
}

impl Aside {
    pub(super) fn skip(&mut self, about: About, why: LeftOut) {
        self.skipped.push(Skipped { about, why });
    }

    /// Notes a conflict, unless the admin let it stand. Gives whether it is one.
    pub(super) fn ask(&mut self, inputs: &Inputs<'_>, conflict: Conflict) -> bool {
        let answered = &inputs.known.decisions.left_alone;
        if answered.is_empty() || !answered.contains(&conflict.question(inputs)) {
            self.conflicts.push(conflict);
            return true;
        }
        let about = match conflict.kind {
            Subject::Person => About::Person(conflict.row),
            Subject::Group => About::Group(conflict.row),
        };
        self.skip(about, LeftOut::LeftAlone(conflict.code));
        false
    }
}
