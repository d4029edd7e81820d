//! Reading all users and all groups with their members.

use super::client::{Entra, Tenant};
use super::error::EntraError;
use super::token::reads_hidden_membership;
use super::wire::{
    GROUP_FIELDS, GatheredGroup, Group, Member, Page, USER_FIELDS, USER_FIELDS_PLAIN, User,
};
use crate::directory::{
    Completeness, Doubt, EntraBuilder, EntraGroupRow, EntraPersonRow, EntraSnapshot, MemberKind,
};
use crate::http::Call;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

/// How often a listing is begun anew when Graph says that its continuation has ended.
const RESTARTS: u32 = 2;
/// Page sizes, tried in this order when Graph refuses one. 999 is the documented most.
const PAGE_SIZES: [&str; 3] = ["999", "500", "100"];
/// How many users that a listing lacks are asked for by id.
const ASKED_FOR: usize = 20;

/// The links that give the next changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeltaLinks {
    /// Of users.
    pub users: String,
    /// Of groups and their members.
    pub groups: String,
}

/// Rows received so far, for progress.
#[derive(Debug, Default)]
pub struct Listed {
    /// Users.
    pub users: AtomicU64,
    /// Groups, repeated slices included.
    pub groups: AtomicU64,
    /// Users of whom it was not said whether they are enabled.
    unsaid: AtomicU64,
}

impl Entra {
    /// Reads everything of this tenant.
    ///
    /// The change link of users is taken before they are listed, so that nothing between both is
    /// lost.
    pub async fn snapshot(
        &self,
        tenant: &Tenant,
        listed: &Listed,
    ) -> Result<(EntraSnapshot, DeltaLinks), EntraError> {
        self.authorize().await?;
        let builder = Mutex::new(EntraBuilder::default());
        let mut licences_known = true;
        let users = async {
            match self.users(&builder, listed, USER_FIELDS).await {
                // A property that this cloud does not have.
                Err(error) if error.status() == Some(501) => {
                    licences_known = false;
                    self.users(&builder, listed, USER_FIELDS_PLAIN).await
                }
                other => other,
            }
        };
        let (count, users, groups) =
            tokio::try_join!(self.user_count(), users, self.groups(&builder, listed))?;
        let mut builder = builder.into_inner().unwrap_or_else(PoisonError::into_inner);
        for domain in &tenant.domains {
            builder.domain(domain);
        }
        let mut snapshot = builder.finish();
        snapshot.licences_known = licences_known;
        snapshot.users = self.believe(&snapshot, count).await?;
        let unsaid = listed.unsaid.load(Relaxed);
        if unsaid > 0 {
            snapshot.users.doubt(Doubt::Unsaid { users: unsaid });
        }
        Ok((snapshot, DeltaLinks { users, groups }))
    }

    /// Whether the listing of users is whole. It ended without a further link, but so does one
    /// that was cut off: neither the tenant's own count nor the members of groups may contradict
    /// it.
    async fn believe(
        &self,
        snapshot: &EntraSnapshot,
        count: Option<u64>,
    ) -> Result<Completeness, EntraError> {
        let mut users = Completeness::Whole;
        let listed = snapshot.people() as u64;
        if let Some(counted) = count {
            // The count lags behind by some changes; a cut listing misses far more.
            let slack = 5.max(counted / 100);
            if listed + slack < counted {
                users.doubt(Doubt::CountDiffers { listed, counted });
            }
        }
        let absent: Vec<&str> = snapshot
            .unlisted()
            .iter()
            .map(crate::directory::EntraId::as_str)
            .collect();
        let found = self.existing(&absent, ASKED_FOR).await?;
        // A single one may have been created while the listing was read.
        if found > 1 {
            users.doubt(Doubt::ExistsUnlisted { found });
        }
        Ok(users)
    }

    /// The ids of a group's direct members, of any type, by its own listing.
    pub async fn members_of(&self, group: &str) -> Result<HashSet<String>, EntraError> {
        let endpoint = "/groups/{group-id}/members";
        let call = Call::get(endpoint, self.url(&["groups", group, "members"]))
            .query("$select", "id")
            .query("$top", PAGE_SIZES[0]);
        let mut page: Page<Member> = match self.get("list the members of a group", call).await {
            // Gone since it was listed: nobody is known to have left it.
            Err(EntraError::Refused { status: 404, .. }) => return Ok(HashSet::new()),
            other => other?,
        };
        let (mut seen, mut members) = (HashSet::new(), HashSet::new());
        loop {
            members.extend(page.value.into_iter().map(|member| member.id));
            match self.next(endpoint, "members", page.next, &mut seen).await? {
                Some(next) => page = next,
                None => return Ok(members),
            }
        }
    }

    /// How many of these users exist when they are asked for by id. Of more than `most` a part is
    /// asked for, spread evenly.
    pub async fn existing(&self, ids: &[&str], most: usize) -> Result<u64, EntraError> {
        let step = ids.len().div_ceil(most).max(1);
        let answers: Vec<bool> = stream::iter(ids.iter().step_by(step))
            .map(|id| self.exists(id))
            .buffer_unordered(8)
            .try_collect()
            .await?;
        Ok(answers.into_iter().filter(|exists| *exists).count() as u64)
    }

    /// The link that gives all changes of users from now on.
    async fn users_from_now(&self, fields: &str) -> Result<String, EntraError> {
        let call = Call::get("/users/delta", self.url(&["users", "delta"]))
            .query("$select", fields)
            .query("$deltatoken", "latest");
        let mut page: Page<serde::de::IgnoredAny> =
            self.get("follow changes of users", call).await?;
        let mut seen = HashSet::new();
        loop {
            if let Some(link) = page.delta {
                return Ok(link);
            }
            page = self
                .next("/users/delta", "users", page.next, &mut seen)
                .await?
                .ok_or(EntraError::NoDeltaLink { what: "users" })?;
        }
    }

    async fn next<T: DeserializeOwned>(
        &self,
        endpoint: &'static str,
        what: &'static str,
        link: Option<String>,
        seen: &mut HashSet<String>,
    ) -> Result<Option<Page<T>>, EntraError> {
        let Some(link) = link else { return Ok(None) };
        let url = self.link(&link)?;
        if !seen.insert(link) {
            return Err(EntraError::EndlessLinks { what });
        }
        let what = match what {
            "users" => "list users",
            "members" => "list the members of a group",
            _ => "list groups",
        };
        Ok(Some(self.get(what, Call::get(endpoint, url)).await?))
    }

    async fn users(
        &self,
        builder: &Mutex<EntraBuilder>,
        listed: &Listed,
        fields: &str,
    ) -> Result<String, EntraError> {
        let link = self.users_from_now(fields).await?;
        let (mut restarts, mut size) = (0, 0);
        loop {
            match self
                .users_once(builder, listed, PAGE_SIZES[size], fields)
                .await
            {
                Err(error) if error.is_expired_page() && restarts < RESTARTS => restarts += 1,
                Err(EntraError::Refused {
                    status: 400,
                    ref code,
                    ..
                }) if code != "Directory_ExpiredPageToken" && size + 1 < PAGE_SIZES.len() => {
                    size += 1;
                }
                other => return other.map(|()| link),
            }
            lock(builder).forget_people();
            listed.users.store(0, Relaxed);
            listed.unsaid.store(0, Relaxed);
        }
    }

    async fn users_once(
        &self,
        builder: &Mutex<EntraBuilder>,
        listed: &Listed,
        size: &str,
        fields: &str,
    ) -> Result<(), EntraError> {
        let call = Call::get("/users", self.url(&["users"]))
            .query("$select", fields)
            .query("$top", size);
        let mut page: Page<User> = self.get("list users", call).await?;
        let mut seen = HashSet::new();
        loop {
            listed.users.fetch_add(page.value.len() as u64, Relaxed);
            {
                let mut builder = lock(builder);
                for user in &page.value {
                    if user.account_enabled.is_none() {
                        listed.unsaid.fetch_add(1, Relaxed);
                    }
                    builder.person(&EntraPersonRow {
                        id: &user.id,
                        name: user.display_name.as_deref().unwrap_or_default(),
                        mail: user.mail.as_deref().unwrap_or_default(),
                        upn: user.user_principal_name.as_deref().unwrap_or_default(),
                        // Selected, so that its absence says that it is not enabled.
                        enabled: user.account_enabled == Some(true),
                        guest: user.user_type.as_deref() == Some("Guest"),
                        licensed: user
                            .assigned_licenses
                            .as_ref()
                            .is_some_and(|licences| !licences.is_empty()),
                    });
                }
            }
            match self.next("/users", "users", page.next, &mut seen).await? {
                Some(next) => page = next,
                None => return Ok(()),
            }
        }
    }

    async fn groups(
        &self,
        builder: &Mutex<EntraBuilder>,
        listed: &Listed,
    ) -> Result<String, EntraError> {
        let mut restarts = 0;
        loop {
            match self.groups_once(builder, listed).await {
                Err(error) if error.is_expired_page() && restarts < RESTARTS => {
                    restarts += 1;
                    lock(builder).forget_groups();
                    listed.groups.store(0, Relaxed);
                }
                other => return other,
            }
        }
    }

    /// A full round of changes of groups. Members come in slices: the same group stands several
    /// times anywhere in the round, and any slice may lack its other properties.
    async fn groups_once(
        &self,
        builder: &Mutex<EntraBuilder>,
        listed: &Listed,
    ) -> Result<String, EntraError> {
        let reads_hidden = self
            .roles()
            .await
            .is_some_and(|roles| reads_hidden_membership(&roles));
        let call = Call::get("/groups/delta", self.url(&["groups", "delta"]))
            .query("$select", GROUP_FIELDS);
        let mut page: Page<Group> = self.get("list groups", call).await?;
        let mut seen = HashSet::new();
        let mut gathered: BTreeMap<String, GatheredGroup> = BTreeMap::new();
        loop {
            listed.groups.fetch_add(page.value.len() as u64, Relaxed);
            for mut group in page.value {
                if group.removed.is_some() {
                    gathered.remove(&group.id);
                    continue;
                }
                take_members(&mut lock(builder), &group);
                gathered
                    .entry(group.id.clone())
                    .or_default()
                    .take(&mut group);
            }
            if let Some(link) = page.delta {
                let mut builder = lock(builder);
                for (id, group) in &gathered {
                    builder.group(&EntraGroupRow {
                        id,
                        name: group.name.as_deref().unwrap_or_default(),
                        kind: group.kind(),
                        membership: group.membership(reads_hidden),
                    });
                }
                return Ok(link);
            }
            page = self
                .next("/groups/delta", "groups", page.next, &mut seen)
                .await?
                .ok_or(EntraError::NoDeltaLink { what: "groups" })?;
        }
    }
}

fn take_members(builder: &mut EntraBuilder, group: &Group) {
    for member in &group.members {
        let kind = match member.kind.as_str() {
            "#microsoft.graph.user" => MemberKind::Person,
            "#microsoft.graph.group" => MemberKind::Group,
            _ => continue,
        };
        builder.member(&group.id, &member.id, kind, member.removed.is_some());
    }
}

fn lock(builder: &Mutex<EntraBuilder>) -> std::sync::MutexGuard<'_, EntraBuilder> {
    // Pages are taken in whole or not at all; a panic in between ends the read anyway.
    builder.lock().unwrap_or_else(PoisonError::into_inner)
}
