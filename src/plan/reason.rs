//! Why an operation is in a plan: a code, and the words made of it.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Why an operation is in the plan. Its code is what is stored and compared; its words are only
/// shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// No account with this person's address.
    NoAccount,
    /// The same, and Jira was asked for the address.
    NoAccountLookedUp,
    /// The account that the person was linked to is gone from Jira.
    AccountGone,
    /// No group of this name.
    NoGroup,
    /// A direct member of the Entra group.
    Member,
    /// A member by way of a nested group.
    NestedMember,
    /// A default group of people whom Rollbook creates.
    DefaultGroup,
    /// No longer a member of the Entra group.
    LeftGroup,
    /// Disabled in Entra.
    Disabled,
    /// Deleted from Entra.
    Deleted,
    /// Out of scope, and `out_of_scope` says to remove.
    OutOfScope,
    /// A leaver: was in scope, and is disabled in Entra now.
    LeaverDisabled,
    /// A leaver: was in scope, and is deleted from Entra now.
    LeaverDeleted,
    /// Enabled in Entra again: gets back what Rollbook took.
    Returned,
    /// Takes back what a run did.
    Undone,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 15] = [
        Self::NoAccount,
        Self::NoAccountLookedUp,
        Self::AccountGone,
        Self::NoGroup,
        Self::Member,
        Self::NestedMember,
        Self::DefaultGroup,
        Self::LeftGroup,
        Self::Disabled,
        Self::Deleted,
        Self::OutOfScope,
        Self::LeaverDisabled,
        Self::LeaverDeleted,
        Self::Returned,
        Self::Undone,
    ];

    /// The code, as it is stored and as documents write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoAccount => "no-account",
            Self::NoAccountLookedUp => "no-account-looked-up",
            Self::AccountGone => "account-gone",
            Self::NoGroup => "no-group",
            Self::Member => "member",
            Self::NestedMember => "nested-member",
            Self::DefaultGroup => "default-group",
            Self::LeftGroup => "left-group",
            Self::Disabled => "disabled",
            Self::Deleted => "deleted",
            Self::OutOfScope => "out-of-scope",
            Self::LeaverDisabled => "leaver-disabled",
            Self::LeaverDeleted => "leaver-deleted",
            Self::Returned => "returned",
            Self::Undone => "undone",
        }
    }

    /// Reads what [`Reason::as_str`] writes.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == code)
    }

    /// Whether a rejection for one reason stands for the other. How it is known that there is no account
    /// is not another reason to create one.
    #[must_use]
    pub fn is_ground_of(self, other: Self) -> bool {
        const NO_ACCOUNT: [Reason; 3] = [
            Reason::NoAccount,
            Reason::NoAccountLookedUp,
            Reason::AccountGone,
        ];
        self == other || (NO_ACCOUNT.contains(&self) && NO_ACCOUNT.contains(&other))
    }

    /// Whether something is taken from a leaver for it, to be given back on return.
    #[must_use]
    pub const fn is_leaver(self) -> bool {
        matches!(self, Self::LeaverDisabled | Self::LeaverDeleted)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoAccount => "in scope, and Jira shows no account with this address",
            Self::NoAccountLookedUp => {
                "in scope, and Jira has no account with this address (looked up)"
            }
            Self::AccountGone => {
                "in scope, and the account linked to this person is gone from Jira"
            }
            Self::NoGroup => "in scope, and Jira has no group of this name",
            Self::Member => "member of the Entra group",
            Self::NestedMember => "member of the Entra group through a nested group",
            Self::DefaultGroup => "default group for people whom Rollbook creates",
            Self::LeftGroup => "no longer a member of the Entra group",
            Self::Disabled => "disabled in Entra",
            Self::Deleted => "deleted from Entra",
            Self::OutOfScope => "out of scope",
            Self::LeaverDisabled => "leaver: disabled in Entra",
            Self::LeaverDeleted => "leaver: deleted from Entra",
            Self::Returned => "enabled in Entra again, and Rollbook had taken it",
            Self::Undone => "takes back what a run did",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Reason;

    #[test]
    fn every_reason_is_read_back() {
        for reason in Reason::ALL {
            assert_eq!(Reason::parse(reason.as_str()), Some(reason));
            let json = serde_json::to_string(&reason).unwrap();
            assert_eq!(json, format!("\"{}\"", reason.as_str()));
        }
    }
}
