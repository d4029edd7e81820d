//! What the simulated tenant and site hold.

use super::faults::Faults;
use super::ignore_case::is_same;
use super::limiter::Limiter;
use super::scenario::{Organization, Services};
use super::wire::Logged;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

/// A user in Entra.
#[derive(Debug, Clone)]
pub struct EntraUser {
    /// Object id.
    pub id: String,
    /// Display name.
    pub name: String,
    /// `mail`.
    pub mail: Option<String>,
    /// `userPrincipalName`.
    pub upn: String,
    /// `accountEnabled`.
    pub enabled: bool,
    /// `userType`; null on old synced accounts.
    pub user_type: Option<String>,
    /// Whether it has licences.
    pub licensed: bool,
    pub(super) changed: u64,
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Member {
    /// A user.
    User(String),
    /// A nested group.
    Group(String),
    /// A device.
    Device(String),
    /// A contact.
    Contact(String),
}

impl Member {
    pub(super) fn id(&self) -> &str {
        match self {
            Self::User(id) | Self::Group(id) | Self::Device(id) | Self::Contact(id) => id,
        }
    }

    pub(super) fn odata_type(&self) -> &'static str {
        match self {
            Self::User(_) => "#microsoft.graph.user",
            Self::Group(_) => "#microsoft.graph.group",
            Self::Device(_) => "#microsoft.graph.device",
            Self::Contact(_) => "#microsoft.graph.orgContact",
        }
    }
}

/// A group in Entra.
#[derive(Debug, Clone)]
pub struct EntraGroup {
    /// Object id.
    pub id: String,
    /// Display name.
    pub name: String,
    /// `groupTypes`.
    pub types: Vec<String>,
    /// `securityEnabled`.
    pub security: bool,
    /// `mailEnabled`.
    pub mail: bool,
    /// `visibility`.
    pub visibility: Option<String>,
    /// Direct members.
    pub members: BTreeSet<Member>,
    pub(super) changed: u64,
}

/// A membership that was added or removed, for delta.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) version: u64,
    pub(super) group: String,
    pub(super) member: Member,
    pub(super) added: bool,
}

/// A round of changes that is being paged through.
#[derive(Debug, Clone)]
pub(super) struct Round {
    pub(super) users: bool,
    pub(super) until: u64,
    pub(super) entries: Vec<Entry>,
}

/// An object in a round.
#[derive(Debug, Clone)]
pub(super) enum Entry {
    /// A user's or group's present properties, and members added or removed.
    Object {
        id: String,
        members: Vec<(Member, bool)>,
        described: bool,
    },
    /// Gone.
    Removed { id: String, reason: &'static str },
    /// An empty page.
    Gap,
}

/// The Entra tenant.
#[derive(Debug)]
pub struct Tenant {
    /// Tenant id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Verified domains.
    pub domains: Vec<String>,
    /// Client id of the app registration.
    pub client_id: String,
    /// The secret's Value.
    pub secret: String,
    /// The secret's ID, which people paste by mistake.
    pub secret_id: String,
    /// Users by id.
    pub users: BTreeMap<String, EntraUser>,
    /// Groups by id.
    pub groups: BTreeMap<String, EntraGroup>,
    pub(super) tokens: HashMap<String, (Instant, bool)>,
    pub(super) version: u64,
    pub(super) changes: Vec<Change>,
    pub(super) removed: Vec<(u64, bool, String, &'static str)>,
    /// Soft-deleted users, with the groups in which they stood.
    pub(super) deleted_users: BTreeMap<String, (EntraUser, Vec<String>)>,
    /// Soft-deleted groups, with the groups in which they were nested.
    pub(super) deleted_groups: BTreeMap<String, (EntraGroup, Vec<String>)>,
    /// Users and groups assigned to enterprise applications, by client id.
    pub assigned: BTreeMap<String, Vec<Member>>,
    pub(super) rounds: HashMap<u64, Round>,
    pub(super) oldest_delta: u64,
}

/// `accountType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountType {
    /// A person.
    Atlassian,
    /// An app.
    App,
    /// A portal customer.
    Customer,
}

impl AccountType {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Atlassian => "atlassian",
            Self::App => "app",
            Self::Customer => "customer",
        }
    }
}

/// An account in Jira.
#[derive(Debug, Clone)]
pub struct Account {
    /// `accountId`.
    pub id: String,
    /// Display name.
    pub name: String,
    /// The real e-mail, whether it is shown or not.
    pub email: String,
    /// Whether the e-mail is hidden.
    pub hidden: bool,
    /// Whether it is active.
    pub active: bool,
    /// Its type.
    pub kind: AccountType,
    /// How often it was created by a call.
    pub created: u32,
    pub(super) visible_at: Instant,
}

/// A group in Jira.
#[derive(Debug, Clone)]
pub struct SiteGroup {
    /// `groupId`.
    pub id: String,
    /// Name.
    pub name: String,
    /// Members by accountId.
    pub members: BTreeSet<String>,
    /// `site-admin` or `admin` for groups that make administrators.
    pub access_type: Option<&'static str>,
    /// Synced by another system, and marked so.
    pub external: bool,
    /// Refuses writes without being marked.
    pub locked: bool,
    /// Whether a call created it.
    pub created: bool,
}

/// A product and its seats.
#[derive(Debug, Clone)]
pub struct Product {
    /// Key.
    pub key: &'static str,
    /// Name.
    pub name: &'static str,
    /// Groups whose members take a seat, by groupId.
    pub groups: Vec<String>,
    /// Seats; none for no limit.
    pub seats: Option<usize>,
}

/// The Jira site.
#[derive(Debug)]
pub struct Site {
    /// cloudId.
    pub cloud_id: String,
    /// Organization id.
    pub organization_id: String,
    /// Organization key.
    pub organization_key: String,
    /// The admin's accountId.
    pub admin: String,
    /// The admin's e-mail.
    pub admin_email: String,
    /// The API token.
    pub token: String,
    /// Accounts by id.
    pub accounts: BTreeMap<String, Account>,
    /// Order of the listing.
    pub(super) order: Vec<String>,
    /// From then on every account is visible.
    pub(super) all_visible: Instant,
    /// Groups by id.
    pub groups: BTreeMap<String, SiteGroup>,
    /// Products.
    pub products: Vec<Product>,
    /// User properties by account and key.
    pub properties: BTreeMap<(String, String), String>,
    pub(super) suspended: BTreeSet<String>,
    /// Accounts that another system provisions.
    pub synced: BTreeSet<String>,
    /// What was done by hand, the oldest first.
    pub(super) audit: Vec<Audit>,
}

/// A membership that somebody changed by hand.
#[derive(Debug, Clone)]
pub(super) struct Audit {
    pub(super) group: (String, String),
    pub(super) account: String,
    pub(super) author: String,
    pub(super) added: bool,
}

/// Everything that the simulator holds.
#[derive(Debug)]
pub struct World {
    /// Its origin.
    pub origin: String,
    /// Entra.
    pub entra: Tenant,
    /// Jira.
    pub jira: Site,
    /// Faults; may be changed while it runs.
    pub faults: Faults,
    /// Behaviour.
    pub services: Services,
    /// What it was seeded from.
    pub organization: Organization,
    /// All requests so far.
    pub log: Vec<Logged>,
    pub(super) limiter: Limiter,
    pub(super) random: fastrand::Rng,
    pub(super) jira_requests: u64,
}

impl World {
    /// An Entra group of this name.
    #[must_use]
    pub fn entra_group(&self, name: &str) -> Option<&EntraGroup> {
        self.entra.groups.values().find(|group| group.name == name)
    }

    /// A Jira group of this name.
    #[must_use]
    pub fn jira_group(&self, name: &str) -> Option<&SiteGroup> {
        self.jira
            .groups
            .values()
            .find(|group| group.name.to_lowercase() == name.to_lowercase())
    }

    /// All users of a group, nested groups included.
    #[must_use]
    pub fn flattened(&self, group: &str) -> BTreeSet<String> {
        let (mut users, mut seen, mut open) =
            (BTreeSet::new(), BTreeSet::new(), vec![group.to_owned()]);
        while let Some(id) = open.pop() {
            if !seen.insert(id.clone()) {
                continue;
            }
            for member in self
                .entra
                .groups
                .get(&id)
                .into_iter()
                .flat_map(|g| &g.members)
            {
                match member {
                    Member::User(user) => _ = users.insert(user.clone()),
                    Member::Group(nested) => open.push(nested.clone()),
                    Member::Device(_) | Member::Contact(_) => {}
                }
            }
        }
        users
    }

    /// The address that a user has in Jira, if it is one that may be created: enabled, a member,
    /// with an address under a verified domain.
    #[must_use]
    pub fn importable(&self, user: &EntraUser) -> Option<String> {
        let usable = |text: &str| {
            let (local, domain) = text.rsplit_once('@')?;
            let good = !local.contains("#EXT#") && !domain.ends_with(".onmicrosoft.com");
            good.then(|| text.trim().to_lowercase())
        };
        let address = user
            .mail
            .as_deref()
            .and_then(usable)
            .or_else(|| usable(&user.upn))?;
        let domain = address.rsplit_once('@')?.1.to_owned();
        let verified = self
            .entra
            .domains
            .iter()
            .any(|d| d.to_lowercase() == domain);
        let guest = user.user_type.as_deref() == Some("Guest");
        (user.enabled && !guest && verified).then_some(address)
    }

    /// Adds an account to Jira.
    pub fn add_account(&mut self, account: Account) {
        self.jira.all_visible = self.jira.all_visible.max(account.visible_at);
        self.jira.order.push(account.id.clone());
        self.jira.accounts.insert(account.id.clone(), account);
    }

    /// Accounts of people by their real e-mail, folded.
    #[must_use]
    pub fn accounts_of(&self, email: &str) -> Vec<&Account> {
        let wanted = email.to_lowercase();
        self.jira
            .accounts
            .values()
            .filter(|a| a.kind == AccountType::Atlassian && is_same(&a.email, &wanted))
            .collect()
    }

    /// An account that is visible from now on.
    #[must_use]
    pub fn account(id: &str, name: &str, email: &str, kind: AccountType) -> Account {
        Account {
            id: id.to_owned(),
            name: name.to_owned(),
            email: email.to_owned(),
            hidden: false,
            active: true,
            kind,
            created: 0,
            visible_at: Instant::now()
                .checked_sub(Duration::from_secs(1))
                .unwrap_or_else(Instant::now),
        }
    }

    /// Requests whose path holds `part`.
    #[must_use]
    pub fn requests(&self, method: &str, part: &str) -> usize {
        self.log
            .iter()
            .filter(|r| r.method == method && r.path.contains(part))
            .count()
    }

    /// Requests that could change Jira.
    #[must_use]
    pub fn writes(&self) -> usize {
        self.log
            .iter()
            .filter(|r| r.method != "GET" && !r.path.ends_with("/token"))
            // The organization is asked by POST.
            .filter(|r| !r.path.ends_with("/search"))
            .count()
    }
}
