//! The settings that a plan depends on, as `config.toml` writes them.
//!
//! `provisioning`, `scope` and `names` are digested as JSON (`settings_digest`), and digests are
//! stored by states and leases and compared with. A key that is added later must therefore stay out
//! of the JSON while it has its default: `#[serde(default, skip_serializing_if = "…")]`. Otherwise
//! every profile would ask for another review after an update. A test holds golden digests.

use super::patterns::{Patterns, Replace};
use super::percent::Percent;
use super::period::Period;
use crate::directory::{GroupKind, ProductKey};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything of a profile that a plan depends on.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Settings {
    /// What is created and kept in step.
    pub provisioning: Provisioning,
    /// Which people and groups take part.
    pub scope: Scope,
    /// What an Entra group is called in Jira.
    pub names: Names,
    /// When operations are held.
    pub guards: GuardSettings,
}

/// Where a person's address is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum EmailSource {
    /// The mailbox's address.
    #[serde(rename = "mail")]
    Mail,
    /// The sign-in name.
    #[serde(rename = "userPrincipalName")]
    UserPrincipalName,
}

/// How new people are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Invitations {
    /// Jira's invitation, which can't be suppressed.
    #[default]
    Jira,
    /// The organization's silent invitation.
    Silent,
}

/// What happens to leavers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Leavers {
    /// Nothing beyond leaving owned groups.
    #[default]
    Keep,
    /// Out of the access groups: frees the seat.
    Access,
    /// Suspended through the organization.
    Suspend,
    /// Removed from the site.
    Remove,
}

/// What happens to the memberships of people who fell out of scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutOfScope {
    /// They keep them.
    #[default]
    Keep,
    /// They leave owned groups.
    Remove,
}

/// `[provisioning]`. Later keys are left out of its JSON while they have their default, as the module says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Provisioning {
    /// Create people that Jira lacks.
    pub import_users: bool,
    /// Create groups that Jira lacks.
    pub import_groups: bool,
    /// Keep confirmed and owned groups in step.
    pub sync_memberships: bool,
    /// Products for created people; empty: access comes from groups.
    pub products: Vec<ProductKey>,
    /// How they are told.
    pub invitations: Invitations,
    /// Where addresses are taken from, in this order.
    pub email_from: Vec<EmailSource>,
    /// Jira groups for every person that Rollbook created, once.
    pub default_groups: Vec<String>,
    /// What happens to leavers.
    pub leavers: Leavers,
    /// How long a leaver is left alone.
    pub grace: Period,
    /// What happens to memberships of people out of scope.
    pub out_of_scope: OutOfScope,
}

impl Default for Provisioning {
    fn default() -> Self {
        Self {
            import_users: false,
            import_groups: false,
            sync_memberships: false,
            products: Vec::new(),
            invitations: Invitations::Jira,
            email_from: vec![EmailSource::Mail, EmailSource::UserPrincipalName],
            default_groups: Vec::new(),
            leavers: Leavers::Keep,
            grace: Period::ZERO,
            out_of_scope: OutOfScope::Keep,
        }
    }
}

/// Which Entra users take part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScopeUsers {
    /// All of them.
    #[default]
    All,
    /// Those assigned to an enterprise application.
    Assigned,
    /// The members of some groups.
    MemberOf,
}

/// `[scope]`. Later keys are left out of its JSON while they have their default, as the module says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scope {
    /// Which users.
    pub users: ScopeUsers,
    /// With `assigned`: the enterprise application's client id.
    pub assigned_app_id: String,
    /// With `member-of`: Entra groups, by name or object id.
    pub member_of: Vec<String>,
    /// Members of these Entra groups take no part.
    pub exclude_members_of: Vec<String>,
    /// Addresses that take no part.
    pub exclude_emails: Patterns,
    /// Leave out people without a licence.
    pub licensed_only: bool,
    /// Let guests in.
    pub guests: bool,
    /// Let addresses outside the tenant's verified domains in.
    pub foreign_domains: bool,
    /// Domains that are ours besides the tenant's verified ones; needed where those can't be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub domains: Vec<String>,
    /// Groups that take part, by display name.
    pub include_groups: Patterns,
    /// Groups that don't, by display name.
    pub exclude_groups: Patterns,
    /// Kinds of groups that take part.
    pub group_kinds: Vec<GroupKind>,
}

impl Default for Scope {
    fn default() -> Self {
        Self {
            users: ScopeUsers::All,
            assigned_app_id: String::new(),
            member_of: Vec::new(),
            exclude_members_of: Vec::new(),
            exclude_emails: Patterns::nothing(),
            licensed_only: false,
            guests: false,
            foreign_domains: false,
            domains: Vec::new(),
            include_groups: Patterns::everything(),
            exclude_groups: Patterns::nothing(),
            group_kinds: vec![
                GroupKind::Security,
                GroupKind::MailEnabled,
                GroupKind::Microsoft365,
            ],
        }
    }
}

/// `[names]`. Later keys are left out of its JSON while they have their default, as the module says.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Names {
    /// Stands before every name that isn't mapped.
    pub prefix: String,
    /// Rules applied in order to every name that isn't mapped.
    pub replace: Vec<Replace>,
    /// Entra group name or object id → Jira group name.
    pub map: BTreeMap<String, String>,
}

/// `[guards]`: the numbers of the guards' table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GuardSettings {
    /// `new-people`: people a run.
    pub new_people: u64,
    /// `new-people`, unattended: people in 24 hours.
    pub new_people_per_day: u64,
    /// `new-groups`: groups a run.
    pub new_groups: u64,
    /// `members-added`: additions to one existing group.
    pub members_added: u64,
    /// `members-added`: and over this share of it.
    pub members_added_percent: Percent,
    /// `access-added`: additions to one access group whose name was typed, unattended in 24 hours.
    pub access_added: u64,
    /// `access-added`: and over this share of it.
    pub access_added_percent: Percent,
    /// `members-removed`: removals a run, leavers' apart.
    pub members_removed: u64,
    /// `members-removed`: and over this share of all managed memberships.
    pub members_removed_percent: Percent,
    /// `group-emptied`: share of one group's members.
    pub group_emptied_percent: Percent,
    /// `group-emptied`: and at least this many.
    pub group_emptied_at_least: u64,
    /// `people-removed`: people suspended, removed or taken off access.
    pub people_removed: u64,
    /// `people-removed`: and over this share of the linked people.
    pub people_removed_percent: Percent,
    /// `flapping`: so often somebody else undid the same within a week.
    pub flapping: u64,
    /// `source-shrank`: below the highest of the last 7 days.
    pub source_shrank_percent: Percent,
    /// Accounts that are never touched, by e-mail or accountId.
    pub protected_accounts: Vec<String>,
    /// Jira groups that are never touched, by name or groupId.
    pub protected_groups: Vec<String>,
}

impl Default for GuardSettings {
    fn default() -> Self {
        Self {
            new_people: 25,
            new_people_per_day: 50,
            new_groups: 10,
            members_added: 25,
            members_added_percent: Percent::whole(25),
            access_added: 10,
            access_added_percent: Percent::whole(1),
            members_removed: 25,
            members_removed_percent: Percent::hundredths(50),
            group_emptied_percent: Percent::whole(25),
            group_emptied_at_least: 3,
            people_removed: 5,
            people_removed_percent: Percent::hundredths(50),
            flapping: 2,
            source_shrank_percent: Percent::whole(10),
            protected_accounts: Vec::new(),
            protected_groups: Vec::new(),
        }
    }
}
