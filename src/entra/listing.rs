//! Reading all users and all groups with their members.

use super::client::Entra;
use super::error::EntraError;
use super::wire::{GROUP_FIELDS, GraphGroup, GraphPage, GraphUser, USER_FIELDS, USER_FIELDS_PLAIN};
use crate::directory::{
    Completeness, Doubt, EntraBuilder, EntraGroupRow, EntraId, EntraPersonRow, EntraSnapshot,
    GroupFields, MemberKind, Membership,
};
use crate::http::{Call, Headway};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

/// How often a listing is begun anew when Graph says that its continuation has ended.
pub(super) const RESTARTS: u32 = 2;
/// Page sizes, tried in this order when Graph refuses one. 999 is the documented most.
pub(super) const PAGE_SIZES: [&str; 3] = ["999", "500", "100"];
/// How many users that a listing lacks are asked for by id.
pub(super) const ASKED_FOR: usize = 20;

/// The links that give the next changes; none where this cloud does not tell changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeltaLinks {
    /// Of users.
    pub users: Option<String>,
    /// Of groups and their members.
    pub groups: Option<String>,
}

impl DeltaLinks {
    /// Both links, where both are there.
    #[must_use]
    pub fn both(&self) -> Option<(&str, &str)> {
        Some((self.users.as_deref()?, self.groups.as_deref()?))
    }
}

/// Rows received so far, for progress.
#[derive(Debug, Default)]
pub struct EntraProgress {
    /// Users.
    pub users: AtomicU64,
    /// Groups, repeated slices included.
    pub groups: AtomicU64,
    /// Users of whom it was not said whether they are enabled.
    unsaid: AtomicU64,
}

/// Entra's side as it was read.
#[derive(Debug, Clone)]
pub struct EntraRead {
    /// The snapshot.
    pub snapshot: EntraSnapshot,
    /// The links to the next changes.
    pub links: DeltaLinks,
    /// How many users the tenant counts, if it tells.
    pub counted: Option<u64>,
    /// Whether only changes were read.
    pub by_changes: bool,
}

impl Entra {
    /// Reads everything of this tenant, but for its domains.
    ///
    /// The change link of users is taken before they are listed, so that nothing between both is
    /// lost.
    pub async fn everything(&self, listed: &EntraProgress) -> Result<EntraRead, EntraError> {
        self.authorize().await?;
        // A round of changes may have counted before.
        listed.users.store(0, Relaxed);
        listed.unsaid.store(0, Relaxed);
        let builder = Mutex::new(EntraBuilder::default());
        let mut licences_known = true;
        let users = async {
            match self.users(&builder, listed, USER_FIELDS).await {
                // A property that this cloud does not have.
                Err(error) if error.status() == Some(501) => {
                    licences_known = false;
                    lock(&builder).forget_people();
                    listed.users.store(0, Relaxed);
                    listed.unsaid.store(0, Relaxed);
                    self.users(&builder, listed, USER_FIELDS_PLAIN).await
                }
                other => other,
            }
        };
        let (counted, of_groups, users, groups) = tokio::try_join!(
            self.user_count(),
            self.group_count(),
            users,
            self.groups(&builder, listed)
        )?;
        let (unsaid, all) = (listed.unsaid.load(Relaxed), listed.users.load(Relaxed));
        if all > 0 && unsaid == all {
            return Err(self.bare("users").await);
        }
        let builder = builder.into_inner().unwrap_or_else(PoisonError::into_inner);
        let odd = builder.odd();
        let mut snapshot = builder.finish();
        snapshot.licences_known = licences_known;
        snapshot.users = count_agrees(&snapshot, counted);
        if odd > 0 {
            snapshot.users.doubt(Doubt::OddIds { rows: odd });
        }
        let groups_listed = snapshot.groups() as u64;
        if let Some(counted) = of_groups
            && groups_listed + 1.max(counted / 100) < counted
        {
            // A page of groups that came empty looks as if it had nothing to say.
            let listed = groups_listed;
            snapshot
                .users
                .doubt(Doubt::GroupsDiffer { listed, counted });
        }
        let absent = snapshot.unlisted();
        let found = self.existing(&absent, ASKED_FOR).await?;
        // A single one may have been created while the listing was read.
        if found > 1 {
            snapshot.users.doubt(Doubt::ExistsUnlisted { found });
        }
        if unsaid > 0 {
            snapshot.users.doubt(Doubt::Unsaid { users: unsaid });
        }
        Ok(EntraRead {
            snapshot,
            links: DeltaLinks { users, groups },
            counted,
            by_changes: false,
        })
    }

    /// Ids came, and nothing else of what was selected.
    pub(super) async fn bare(&self, what: &'static str) -> EntraError {
        let roles = self.roles().await;
        EntraError::BareIds { what, roles }
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

    /// The link that gives all changes of users from now on; none where there is no such thing.
    async fn users_from_now(&self, fields: &str) -> Result<Option<String>, EntraError> {
        let call = Call::get("/users/delta", self.url(&["users", "delta"]))
            .query("$select", fields)
            .query("$deltatoken", "latest");
        let first = self.get("follow changes of users", call).await;
        let mut page: GraphPage<serde::de::IgnoredAny> = match first {
            Err(error) if error.is_unsupported() => return Ok(None),
            other => other?,
        };
        let (mut headway, mut rows) = (Headway::of("users"), 0);
        loop {
            // Whatever they are: where all users are listed first, they end.
            for _ in &page.value {
                rows += 1;
                headway.row(rows);
            }
            if let Some(link) = page.delta {
                return Ok(Some(link));
            }
            page = self
                .next("/users/delta", page.next, &mut headway)
                .await?
                .ok_or(EntraError::NoDeltaLink { what: "users" })?;
        }
    }

    /// The page behind a link, if there is one, and if the listing gets on.
    pub(super) async fn next<T: DeserializeOwned>(
        &self,
        endpoint: &'static str,
        link: Option<String>,
        headway: &mut Headway,
    ) -> Result<Option<GraphPage<T>>, EntraError> {
        let Some(link) = link else { return Ok(None) };
        let url = self.link(&link)?;
        headway.page()?;
        headway.link(&link)?;
        let what = match headway.what() {
            "users" => "list users",
            "members" => "list the members of a group",
            "assignments" => "list who is assigned to the application",
            _ => "list groups",
        };
        Ok(Some(self.get(what, Call::get(endpoint, url)).await?))
    }

    async fn users(
        &self,
        builder: &Mutex<EntraBuilder>,
        listed: &EntraProgress,
        fields: &str,
    ) -> Result<Option<String>, EntraError> {
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
        listed: &EntraProgress,
        size: &str,
        fields: &str,
    ) -> Result<(), EntraError> {
        let call = Call::get("/users", self.url(&["users"]))
            .query("$select", fields)
            .query("$top", size);
        let mut page: GraphPage<GraphUser> = self.get("list users", call).await?;
        let mut headway = Headway::of("users");
        loop {
            listed.users.fetch_add(page.value.len() as u64, Relaxed);
            {
                let mut builder = lock(builder);
                for user in page.value {
                    headway.row(&user.id);
                    let id = user.id.clone();
                    let said = user.fields();
                    if said.enabled.is_none() {
                        listed.unsaid.fetch_add(1, Relaxed);
                    }
                    builder.person(&EntraPersonRow {
                        id: &id,
                        name: said.name.as_deref().unwrap_or_default(),
                        mail: said.mail.as_deref().unwrap_or_default(),
                        upn: said.upn.as_deref().unwrap_or_default(),
                        // Selected, so that its absence says that it is not enabled.
                        enabled: said.enabled == Some(true),
                        guest: said.guest == Some(true),
                        licensed: said.licensed == Some(true),
                    });
                }
            }
            match self.next("/users", page.next, &mut headway).await? {
                Some(next) => page = next,
                None => return Ok(()),
            }
        }
    }

    async fn groups(
        &self,
        builder: &Mutex<EntraBuilder>,
        listed: &EntraProgress,
    ) -> Result<Option<String>, EntraError> {
        let (mut restarts, mut by_delta) = (0, true);
        loop {
            let result = if by_delta {
                self.groups_once(builder, listed).await
            } else {
                self.groups_in_batches(builder, listed)
                    .await
                    .map(|()| Some(None))
            };
            match result {
                Ok(Some(link)) => return Ok(link),
                // This cloud does not tell changes of groups.
                Ok(None) => by_delta = false,
                Err(error) if error.is_expired_page() && restarts < RESTARTS => restarts += 1,
                Err(error) => return Err(error),
            }
            lock(builder).forget_groups();
            listed.groups.store(0, Relaxed);
        }
    }

    /// A full round of changes of groups, and the link to the next; none where there is no such
    /// thing. Members come in slices: the same group stands several times anywhere in the round,
    /// and any slice may lack its other properties.
    async fn groups_once(
        &self,
        builder: &Mutex<EntraBuilder>,
        listed: &EntraProgress,
    ) -> Result<Option<Option<String>>, EntraError> {
        let reads_hidden = self.reads_hidden().await;
        let call = Call::get("/groups/delta", self.url(&["groups", "delta"]))
            .query("$select", &format!("{GROUP_FIELDS},members"));
        let mut page: GraphPage<GraphGroup> = match self.get("list groups", call).await {
            Err(error) if error.is_unsupported() => return Ok(None),
            other => other?,
        };
        let mut headway = Headway::of("groups");
        let mut gathered = Gathered::default();
        loop {
            listed.groups.fetch_add(page.value.len() as u64, Relaxed);
            for mut group in page.value {
                group.note(&mut headway);
                if group.removed.is_some() {
                    gathered.0.remove(&group.id);
                    continue;
                }
                take_members(&mut lock(builder), &group);
                let fields = group.fields(reads_hidden);
                gathered.0.entry(group.id).or_default().add(fields);
            }
            if let Some(link) = page.delta {
                self.name_the_nameless(&mut gathered, reads_hidden).await?;
                if gathered.is_bare() {
                    return Err(self.bare("groups").await);
                }
                gathered.hand_over(&mut lock(builder));
                return Ok(Some(Some(link)));
            }
            page = self
                .next("/groups/delta", page.next, &mut headway)
                .await?
                .ok_or(EntraError::NoDeltaLink { what: "groups" })?;
        }
    }
}

impl Entra {
    /// Groups of which only members were told are asked for by id.
    async fn name_the_nameless(
        &self,
        gathered: &mut Gathered,
        reads_hidden: bool,
    ) -> Result<(), EntraError> {
        let nameless: Vec<EntraId> = gathered
            .0
            .iter()
            .filter(|(_, group)| group.name.is_none())
            .map(|(id, _)| EntraId::new(id))
            .take(ASKED_FOR)
            .collect();
        for id in nameless {
            match self.one_group(&id, reads_hidden).await? {
                Some(fields) => gathered.0.entry(id.to_string()).or_default().add(fields),
                None => _ = gathered.0.remove(id.as_str()),
            }
        }
        Ok(())
    }
}

/// Groups as they are gathered from several slices.
#[derive(Default)]
pub(super) struct Gathered(pub(super) BTreeMap<String, GroupFields>);

impl Gathered {
    /// Whether there are groups, and of none of them a name.
    pub(super) fn is_bare(&self) -> bool {
        !self.0.is_empty() && self.0.values().all(|group| group.name.is_none())
    }

    pub(super) fn hand_over(&self, builder: &mut EntraBuilder) {
        for (id, group) in &self.0 {
            builder.group(&EntraGroupRow {
                id,
                name: group.name.as_deref().unwrap_or_default(),
                kind: group.kind(None),
                membership: if group.hidden == Some(true) {
                    Membership::Hidden
                } else {
                    Membership::Known
                },
            });
        }
    }
}

/// Whether the listing of users is whole by the tenant's own count. It ended without a further
/// link, but so does one that was cut off.
pub(super) fn count_agrees(snapshot: &EntraSnapshot, counted: Option<u64>) -> Completeness {
    let mut users = Completeness::Whole;
    let listed = snapshot.people() as u64;
    if let Some(counted) = counted {
        // The count lags behind by some changes; a cut listing misses far more.
        let slack = 5.max(counted / 100);
        if listed + slack < counted {
            users.doubt(Doubt::CountDiffers { listed, counted });
        }
    }
    users
}

fn take_members(builder: &mut EntraBuilder, group: &GraphGroup) {
    for member in &group.members {
        let removed = member.removed.is_some();
        // The kind of somebody who is no longer in it does not matter.
        let untyped = Some(MemberKind::Person).filter(|_| removed && member.is_untyped());
        if let Some(kind) = member.kind().or(untyped) {
            builder.member(&group.id, &member.id, kind, removed);
        } else if member.is_untyped() {
            builder.members_unknown(&group.id);
        }
    }
}

pub(super) fn lock(builder: &Mutex<EntraBuilder>) -> std::sync::MutexGuard<'_, EntraBuilder> {
    // Pages are taken in whole or not at all; a panic in between ends the read anyway.
    builder.lock().unwrap_or_else(PoisonError::into_inner)
}
