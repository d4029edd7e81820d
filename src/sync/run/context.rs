//! What the calls of an operation are made with: clients, ids, and what this run learnt.

use crate::directory::{AccountId, GroupId, ProductKey};
use crate::http::Origin;
use crate::jira::{Jira, Organization};
use crate::plan::Invitations;
use crate::sync::planned::Planned;
use crate::sync::session::Session;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

/// What an operation is about, with the ids that it needs now.
#[derive(Debug, Clone)]
pub(super) enum Job {
    /// Create a person.
    CreateUser { email: String },
    /// Create a group for these Entra groups.
    CreateGroup { name: String, entra: Vec<String> },
    /// Add a member.
    AddMember { group: GroupId, account: AccountId },
    /// Remove a member.
    RemoveMember { group: GroupId, account: AccountId },
    /// Suspend an account.
    SuspendUser { account: AccountId },
    /// Restore it.
    RestoreUser { account: AccountId },
    /// Remove an account from the site.
    RemoveUser { account: AccountId },
    /// Delete a group, unless somebody else than these is in it.
    DeleteGroup {
        group: GroupId,
        filled: BTreeSet<AccountId>,
    },
}

/// The clients and settings that operations are carried out with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach<'a> {
    pub(super) jira: &'a Jira,
    pub(super) organization: Option<&'a Organization>,
    /// Whether people are invited without being told.
    pub(super) silent: bool,
    /// Products for new people.
    pub(super) products: &'a [ProductKey],
    /// The site.
    pub(super) site: &'a Origin,
}

/// The clients and settings of this session.
pub(super) fn reach(session: &Session) -> Reach<'_> {
    let provisioning = &session.profile.settings.provisioning;
    Reach {
        jira: &session.jira,
        organization: session.organization.as_ref(),
        silent: provisioning.invitations == Invitations::Silent,
        products: &provisioning.products,
        site: &session.profile.site,
    }
}

/// What is known about accounts: from before the run, and from this run.
#[derive(Debug, Clone)]
pub(super) struct Census<'a> {
    pub(super) planned: &'a Planned,
    /// Accounts that this run gave to people, by account.
    pub(super) given: Arc<Mutex<HashMap<AccountId, String>>>,
    /// Groups that were seen to be there although an addition met 404.
    pub(super) there: Arc<Mutex<HashSet<GroupId>>>,
}

impl Census<'_> {
    pub(super) fn was_listed(&self, account: &AccountId) -> bool {
        self.planned.jira.find_account(account.as_str()).is_some()
    }

    /// Whether the account belongs to somebody else than this person.
    pub(super) fn is_anothers(&self, account: &AccountId, entra: &str) -> bool {
        let linked = self
            .planned
            .known
            .links
            .person_of(account.as_str())
            .filter(|person| self.planned.entra.find_person(person).is_some());
        let matched = self
            .planned
            .plan
            .new_links
            .iter()
            .filter(|link| self.planned.jira.account(link.account).id() == account.as_str())
            .any(|link| self.planned.entra.person(link.person).id() != entra);
        matched
            || linked.is_some_and(|person| person != entra)
            || self
                .given()
                .get(account)
                .is_some_and(|person| person != entra)
    }

    pub(super) fn given(&self) -> std::sync::MutexGuard<'_, HashMap<AccountId, String>> {
        // Insertions only: a panic can't leave it half changed.
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn there(&self) -> std::sync::MutexGuard<'_, HashSet<GroupId>> {
        // The same holds here.
        self.there.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
