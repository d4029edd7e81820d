//! Reading users, groups, members and products, and what each listing proves.

use super::client::Jira;
use super::error::JiraError;
use super::wire::{Group, Page, Picked, Role, User};
use crate::directory::{
    AccountId, Completeness, Doubt, GroupClass, GroupId, JiraAccountRow, Product, Seats, fold,
    is_id, is_reserved,
};
use crate::http::{Failure, Headway, Method, Repeat};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The largest page of users/search that is read, in bytes: 1,000 accounts of 4 KiB each.
const LARGEST: usize = 4 << 20;
/// Documented most of users/search.
const USERS_PAGE: u64 = 1000;
/// How many pages of one list are read at a time.
pub(super) const PAGES_AT_ONCE: usize = 8;
/// About 50 ids fit into the URL of user/bulk.
pub const IDS_AT_ONCE: usize = 50;
/// How often a page is asked for again when it contradicts another.
pub(super) const ASK_AGAIN: u32 = 3;

/// Rows received so far, for progress.
#[derive(Debug, Default)]
pub struct JiraProgress {
    /// Accounts.
    pub users: AtomicU64,
    /// Groups.
    pub groups: AtomicU64,
    /// Groups whose members are read.
    pub member_lists: AtomicU64,
    /// Groups whose members will be read.
    pub member_lists_of: AtomicU64,
}

/// An account as it was read.
#[derive(Debug, Clone)]
pub struct AccountRead(User);

impl AccountRead {
    /// An account that is known to exist although no listing shows it yet.
    #[must_use]
    pub fn created(row: &JiraAccountRow<'_>) -> Self {
        Self(User {
            account_id: row.id.to_owned(),
            display_name: Some(row.name.to_owned()),
            email_address: Some(row.email.to_owned()),
            active: Some(row.active),
            account_type: Some("atlassian".to_owned()),
        })
    }

    pub(super) fn of(user: User) -> Self {
        Self(user)
    }

    /// The row for a snapshot.
    #[must_use]
    pub fn row(&self) -> JiraAccountRow<'_> {
        self.0.row()
    }
}

/// The listing of users, or a part of it.
#[derive(Debug, Default)]
pub struct UsersRead {
    /// The row at which it goes on; none if it was read to its end.
    pub next_row: Option<u64>,
    /// Whether what was read is whole.
    pub completeness: Completeness,
}

/// The listing of groups.
#[derive(Debug, Default)]
pub struct GroupsRead {
    /// Groups: id and name.
    pub groups: Vec<(GroupId, String)>,
    /// Whether it is whole.
    pub completeness: Completeness,
}

/// Which groups may be changed, and which take seats.
#[derive(Debug, Default)]
pub struct Rights {
    protected: HashSet<String>,
    external: HashSet<String>,
    /// Why Jira does not tell which groups another system syncs.
    unknown: Option<JiraError>,
    roles: Vec<Role>,
}

impl Rights {
    /// The products of the site; `ids` gives the id of a group's name.
    #[must_use]
    pub fn products(&self, ids: &HashMap<&str, &str>) -> Vec<Product> {
        self.roles.iter().map(|role| product(role, ids)).collect()
    }

    /// How many groups another system syncs.
    #[must_use]
    pub fn external(&self) -> usize {
        self.external.len()
    }

    /// Why Jira does not tell which groups another system syncs; none where it does.
    #[must_use]
    pub fn external_unknown(&self) -> Option<&JiraError> {
        self.unknown.as_ref()
    }

    /// Adds groups that another system syncs.
    pub fn add_external(&mut self, ids: impl IntoIterator<Item = String>) {
        self.external.extend(ids);
    }

    /// The class of a group. `unwritable` are groups that were found unwritable before.
    #[must_use]
    pub fn class(
        &self,
        id: &str,
        name: &str,
        products: &[Product],
        unwritable: &HashSet<GroupId>,
    ) -> GroupClass {
        let gives_access = |product: &Product| {
            let mut groups = product.groups.iter().chain(&product.default_groups);
            groups.any(|group| group == id)
        };
        if self.protected.contains(id) || is_reserved(name) {
            GroupClass::Protected
        } else if self.external.contains(id) || unwritable.contains(id) {
            GroupClass::External
        } else if products.iter().any(gives_access) {
            GroupClass::Access
        } else {
            GroupClass::Ordinary
        }
    }
}

impl Jira {
    /// All accounts of the site, given to `take` as they come.
    pub async fn users(
        &self,
        read: &JiraProgress,
        mut take: impl FnMut(&JiraAccountRow<'_>) -> bool,
    ) -> Result<UsersRead, JiraError> {
        let me = self.myself().id.as_str();
        let mut listed = false;
        let take = |row: &JiraAccountRow<'_>| {
            listed |= row.id == me;
            take(row)
        };
        let mut found = self.users_from(0, u64::MAX, read, take).await?;
        if !listed {
            found.completeness.doubt(Doubt::AdminMissing);
        }
        Ok(found)
    }

    /// At most `pages` pages of accounts from this row on, given to `take` as they come: a large
    /// site's would take much memory. It tells whether an account is new in this listing.
    ///
    /// users/search is a bare array without a total. Its rows may repeat and its pages run short,
    /// so it goes on by the rows received, and an empty page is its end. A page in the middle can
    /// come back empty too: rows behind the end are asked for once more.
    pub async fn users_from(
        &self,
        start: u64,
        pages: u64,
        read: &JiraProgress,
        mut take: impl FnMut(&JiraAccountRow<'_>) -> bool,
    ) -> Result<UsersRead, JiraError> {
        let mut found = UsersRead::default();
        let (mut new, mut headway) = (0, Headway::of("users"));
        let (mut at, mut size, mut again) = (start, USERS_PAGE, 0);
        let (mut got, mut last) = (0, 0);
        while got < pages {
            let page = match self.users_page(at, size).await {
                // It took over 10 s: half as much at a time.
                Err(JiraError::Refused(r)) if r.status == 409 && size > 10 => {
                    size /= 2;
                    continue;
                }
                other => other?,
            };
            if page.is_empty() {
                let beyond = !self.users_page(at + 1, size).await?.is_empty()
                    || (got > 1 && !self.users_page(at + last, size).await?.is_empty());
                if !beyond {
                    return Ok(found);
                }
                again += 1;
                headway.page()?;
                if again > ASK_AGAIN {
                    found.completeness.doubt(Doubt::EmptyPageInside { at });
                    return Ok(found);
                }
                continue;
            }
            last = page.len() as u64;
            got += 1;
            at += last;
            for user in &page {
                headway.row(&user.account_id);
            }
            let odd = |user: &&User| !user.account_id.is_empty() && !is_id(&user.account_id);
            let rows = page.iter().filter(odd).count() as u64;
            if rows > 0 {
                found.completeness.doubt(Doubt::OddIds { rows });
            }
            headway.page()?;
            let users = page.iter().filter(|user| !user.is_ghost());
            new += users.filter(|user| take(&user.row())).count() as u64;
            read.users.store(new, Relaxed);
        }
        found.next_row = Some(at);
        Ok(found)
    }

    async fn users_page(&self, at: u64, size: u64) -> Result<Vec<User>, JiraError> {
        let call = self.call(
            Method::GET,
            "/rest/api/3/users/search",
            &["users", "search"],
            &[
                ("startAt", &at.to_string()),
                ("maxResults", &size.to_string()),
            ],
            Repeat::Safe,
        );
        Ok(self.send("list users", &call.up_to(LARGEST)).await?.0)
    }

    /// All groups.
    pub async fn groups(&self, read: &JiraProgress) -> Result<GroupsRead, JiraError> {
        let found = self.group_pages(&[]).await?;
        read.groups.store(found.groups.len() as u64, Relaxed);
        Ok(found)
    }

    /// Those of these groups that exist.
    pub async fn groups_by_ids(
        &self,
        ids: &[GroupId],
    ) -> Result<Vec<(GroupId, String)>, JiraError> {
        let mut found = Vec::new();
        for chunk in ids.chunks(IDS_AT_ONCE) {
            let query: Vec<(&str, &str)> =
                chunk.iter().map(|id| ("groupId", id.as_str())).collect();
            let wanted: HashSet<&str> = chunk.iter().map(GroupId::as_str).collect();
            let listing = self.group_pages(&query).await?;
            if let Completeness::Doubtful(doubt) = &listing.completeness {
                // What it does not show may be there all the same.
                return Err(JiraError::Http(Failure::Garbled {
                    host: "Jira".to_owned(),
                    cause: doubt.to_string(),
                }));
            }
            let groups = listing.groups.into_iter();
            found.extend(groups.filter(|(id, _)| wanted.contains(id.as_str())));
        }
        Ok(found)
    }

    /// Which groups may be changed, and which take seats.
    pub async fn rights(&self) -> Result<Rights, JiraError> {
        let (site_admin, admin, roles, external) = tokio::try_join!(
            self.group_pages(&[("accessType", "site-admin")]),
            self.group_pages(&[("accessType", "admin")]),
            self.roles(),
            async {
                match self.external().await {
                    // The picker is another way to tell what writing would tell.
                    Err(error) if !error.is_unwillingness() => Err(error),
                    told => Ok(told),
                }
            },
        )?;
        // An administrators' group that went unseen would be taken for an ordinary one.
        for listing in [&site_admin, &admin] {
            if let Completeness::Doubtful(doubt) = &listing.completeness {
                return Err(JiraError::AdminsUnknown(doubt.to_string()));
            }
        }
        let protected = site_admin.groups.into_iter().chain(admin.groups);
        let (external, unknown) = match external {
            Ok(external) => (external, None),
            Err(error) => (HashSet::new(), Some(error)),
        };
        Ok(Rights {
            protected: protected.map(|(id, _)| id.as_str().to_owned()).collect(),
            external,
            unknown,
            roles,
        })
    }

    /// The groups that an account is in; none if there is no such account. Not paged.
    pub async fn groups_of(&self, account: &AccountId) -> Result<Option<Vec<GroupId>>, JiraError> {
        let result: Result<Vec<Group>, JiraError> = self
            .get(
                "list the groups of an account",
                "/rest/api/3/user/groups",
                &["user", "groups"],
                &[("accountId", account.as_str())],
            )
            .await;
        match result {
            Ok(groups) => Ok(Some(
                groups
                    .iter()
                    .filter(|group| !group.group_id.is_empty())
                    .map(|group| GroupId::new(&group.group_id))
                    .collect(),
            )),
            Err(JiraError::Refused(refusal)) if refusal.status == 404 => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// group/bulk to `isLast`; its largest page is undocumented, so it goes on by the rows
    /// received.
    async fn group_pages(&self, filter: &[(&str, &str)]) -> Result<GroupsRead, JiraError> {
        let mut found = GroupsRead::default();
        let (mut seen, mut headway) = (HashSet::new(), Headway::of("groups"));
        let (mut at, mut again, mut idless) = (0, 0, HashSet::new());
        loop {
            let start = at.to_string();
            let mut query = vec![("startAt", start.as_str()), ("maxResults", "1000")];
            query.extend_from_slice(filter);
            let page: Page<Group> = self
                .get(
                    "list groups",
                    "/rest/api/3/group/bulk",
                    &["group", "bulk"],
                    &query,
                )
                .await?;
            let rows = page.values.len() as u64;
            at += rows;
            for group in page.values {
                headway.row((&group.group_id, &group.name));
                if group.group_id.is_empty() {
                    // A group without an id can't be spoken of.
                    idless.insert(group.name);
                    continue;
                }
                if !is_id(&group.group_id) {
                    found.completeness.doubt(Doubt::OddIds { rows: 1 });
                    idless.insert(group.name);
                    continue;
                }
                let id = GroupId::new(&group.group_id);
                if seen.insert(id.clone()) {
                    found.groups.push((id, group.name));
                }
            }
            let received = (found.groups.len() + idless.len()) as u64;
            let short = page.total.is_some_and(|total| received < total);
            headway.page()?;
            if rows > 0 && page.is_last != Some(true) {
                continue;
            }
            if !short {
                return Ok(found);
            }
            // It says that it is at its end, and that there is more.
            again += 1;
            if again > ASK_AGAIN {
                found.completeness.doubt(Doubt::TotalDiffers {
                    received,
                    total: page.total.unwrap_or_default(),
                });
                return Ok(found);
            }
        }
    }

    async fn roles(&self) -> Result<Vec<Role>, JiraError> {
        self.get(
            "read the products and their seats",
            "/rest/api/3/applicationrole",
            &["applicationrole"],
            &[],
        )
        .await
    }

    /// Groups that another system syncs. The picker shows as many groups as the site lets it.
    async fn external(&self) -> Result<HashSet<String>, JiraError> {
        let picked: Picked = self
            .get(
                "find groups managed elsewhere",
                "/rest/api/3/groups/picker",
                &["groups", "picker"],
                &[("maxResults", "1000")],
            )
            .await?;
        Ok(picked
            .groups
            .into_iter()
            .filter(|group| group.managed_by.as_deref() == Some("EXTERNAL"))
            .filter_map(|group| group.group_id)
            .collect())
    }

    /// Those of these accounts that exist on the site.
    pub async fn by_ids(&self, ids: &[AccountId]) -> Result<Vec<AccountRead>, JiraError> {
        let chunks: Vec<&[AccountId]> = ids.chunks(IDS_AT_ONCE).collect();
        let pages: Vec<Page<Option<User>>> = stream::iter(chunks)
            .map(|chunk| async move {
                let mut query: Vec<(&str, &str)> = vec![("maxResults", "50")];
                query.extend(chunk.iter().map(|id| ("accountId", id.as_str())));
                self.get(
                    "look up accounts",
                    "/rest/api/3/user/bulk",
                    &["user", "bulk"],
                    &query,
                )
                .await
            })
            .buffer_unordered(PAGES_AT_ONCE)
            .try_collect()
            .await?;
        Ok(pages
            .into_iter()
            .flat_map(|page| page.values)
            .flatten()
            .filter(|user| !user.is_ghost())
            .map(AccountRead)
            .collect())
    }

    /// Active accounts that Jira finds for an address. It also finds names that begin with it, and
    /// people who hide their e-mail.
    pub async fn search(&self, address: &str) -> Result<Vec<AccountRead>, JiraError> {
        let users: Vec<User> = self
            .get(
                "look up an address",
                "/rest/api/3/user/search",
                &["user", "search"],
                &[("query", address), ("maxResults", "50")],
            )
            .await?;
        let users = users.into_iter().filter(|user| !user.is_ghost());
        Ok(users.map(AccountRead).collect())
    }

    /// The group of this name.
    pub async fn group_named(&self, name: &str) -> Result<Option<GroupId>, JiraError> {
        let found = self.group_pages(&[("groupName", name)]).await?;
        let mut groups = found.groups.into_iter();
        Ok(groups
            .find(|(_, other)| fold(other) == fold(name))
            .map(|(id, _)| id))
    }

    /// Whether the account that signs in is in a group that makes site administrators; nothing
    /// else proves it beforehand.
    pub async fn is_site_admin(&self) -> Result<bool, JiraError> {
        let mine = self.groups_of(&self.myself().id).await?;
        let admins = self.group_pages(&[("accessType", "site-admin")]).await?;
        let ids: HashSet<GroupId> = admins.groups.into_iter().map(|(id, _)| id).collect();
        Ok(mine.into_iter().flatten().any(|group| ids.contains(&group)))
    }
}

fn product(role: &Role, ids: &HashMap<&str, &str>) -> Product {
    let of = |details: &[Group], names: &[String]| -> Vec<String> {
        if details.is_empty() {
            names
                .iter()
                .filter_map(|name| ids.get(name.as_str()))
                .map(|id| (*id).to_owned())
                .collect()
        } else {
            let ids = details.iter().map(|group| group.group_id.clone());
            ids.filter(|id| !id.is_empty()).collect()
        }
    };
    let seats = match (role.has_unlimited_seats, role.remaining_seats) {
        (Some(true), _) | (_, None) => Seats::Unlimited,
        // Jira writes -1 for no limit.
        (_, Some(left)) => u64::try_from(left).map_or(Seats::Unlimited, Seats::Left),
    };
    Product {
        key: role.key.clone(),
        name: role.name.clone().unwrap_or_else(|| role.key.clone()),
        groups: of(&role.group_details, &role.groups),
        default_groups: of(&role.default_groups_details, &role.default_groups),
        seats,
    }
}
