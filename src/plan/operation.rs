//! One write to Jira, with its reason.

use super::guards::Held;
use super::reason::Reason;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Creates and invites a person.
    CreateUser,
    /// Creates a group.
    CreateGroup,
    /// Puts an account into a group.
    AddMember,
    /// Takes an account out of a group.
    RemoveMember,
    /// Suspends an account in the whole organization.
    SuspendUser,
    /// Lets a suspended account in again.
    RestoreUser,
    /// Removes an account from the site.
    RemoveUser,
    /// Deletes a group; only an undo does.
    DeleteGroup,
}

/// When operations of a kind run: each stage begins when the one before it is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Whatever creates or gives.
    Gives,
    /// Removals from groups.
    Takes,
    /// Leavers, and groups that are deleted.
    Ends,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::CreateUser,
        Self::CreateGroup,
        Self::AddMember,
        Self::RemoveMember,
        Self::SuspendUser,
        Self::RestoreUser,
        Self::RemoveUser,
        Self::DeleteGroup,
    ];

    /// When it runs.
    #[must_use]
    pub const fn stage(self) -> Stage {
        match self {
            Self::CreateUser | Self::CreateGroup | Self::AddMember | Self::RestoreUser => {
                Stage::Gives
            }
            Self::RemoveMember => Stage::Takes,
            Self::SuspendUser | Self::RemoveUser | Self::DeleteGroup => Stage::Ends,
        }
    }

    /// Whether it is about somebody in a group.
    #[must_use]
    pub const fn is_membership(self) -> bool {
        matches!(self, Self::AddMember | Self::RemoveMember)
    }

    /// As contracts write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CreateUser => "create_user",
            Self::CreateGroup => "create_group",
            Self::AddMember => "add_member",
            Self::RemoveMember => "remove_member",
            Self::SuspendUser => "suspend_user",
            Self::RestoreUser => "restore_user",
            Self::RemoveUser => "remove_user",
            Self::DeleteGroup => "delete_group",
        }
    }

    /// What it does to whom and where, in words.
    #[must_use]
    pub fn describe(self, person: &str, group: &str) -> String {
        match self {
            Self::CreateUser => format!("create {person}"),
            Self::CreateGroup => format!("create group {group}"),
            Self::AddMember => format!("add {person} to {group}"),
            Self::RemoveMember => format!("remove {person} from {group}"),
            Self::SuspendUser => format!("suspend {person}"),
            Self::RestoreUser => format!("restore {person}"),
            Self::RemoveUser => format!("remove {person} from the site"),
            Self::DeleteGroup => format!("delete group {group}"),
        }
    }

    /// Reads what [`Kind::as_str`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Bytes in hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble)]);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

/// The name of an operation: the same in every plan that holds it, made of its kind and the ids
/// that it touches. Written as 16 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct OperationId(u64);

impl OperationId {
    /// Makes the id from the kind and what it touches.
    #[must_use]
    pub fn of(kind: Kind, person: &str, group: &str) -> Self {
        let mut hash = Sha256::new();
        for part in [kind.as_str(), person, group] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let hash = hash.finalize();
        let bytes = hash.iter().take(8);
        Self(bytes.fold(0, |id, byte| id << 8 | u64::from(*byte)))
    }

    /// Reads what is written of an id; none where it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let id = u64::from_str_radix(text, 16).ok();
        id.filter(|_| digits && text.len() == 16).map(Self)
    }
}

impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OperationId({self})")
    }
}

impl From<OperationId> for String {
    fn from(id: OperationId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for OperationId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("“{text}” is no operation's id"))
    }
}

/// Stands for “none” where a row number is expected.
pub(super) const NONE: u32 = u32::MAX;

/// An operation as a plan keeps it: row numbers into the snapshots and the plan's targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    /// What it does.
    pub kind: Kind,
    /// Why.
    pub reason: Reason,
    /// Which guards hold it.
    pub held: Held,
    pub(super) person: u32,
    pub(super) account: u32,
    pub(super) target: u32,
}

impl Operation {
    /// The person's row in Entra's snapshot; none where the person is gone from Entra.
    #[must_use]
    pub fn person(&self) -> Option<u32> {
        (self.person != NONE).then_some(self.person)
    }

    /// The account's row in Jira's snapshot; none where this plan creates it.
    #[must_use]
    pub fn account(&self) -> Option<u32> {
        (self.account != NONE).then_some(self.account)
    }

    /// The index of the group among the plan's targets.
    #[must_use]
    pub fn target(&self) -> Option<u32> {
        (self.target != NONE).then_some(self.target)
    }
}
