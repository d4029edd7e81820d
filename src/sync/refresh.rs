//! Reading both sides.

use super::error::SyncError;
use super::progress::Stage;
use super::session::Session;
use crate::directory::{
    AccountId, AccountKind, Doubt, EntraSnapshot, GroupId, JiraAccountRow, JiraBuilder,
    JiraGroupRow, JiraSnapshot,
};
use crate::entra::{DeltaLinks, Listed};
use crate::jira::{AccountRead, GroupsRead, Read, UsersRead};
use crate::plan::{Allowances, Inputs, Known, Selection, groups_to_read};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// How many groups' members are read at a time.
const GROUPS_AT_ONCE: usize = 32;
/// How many people who seem to be deleted are asked for by id. Of more, a part is asked for: so
/// many removals are held by guards in any case.
const DELETIONS: usize = 400;
/// For this long an account that Rollbook created may be missing from listings, in seconds.
/// Atlassian's listings lag by some seconds; a missing account is created a second time.
const YOUNG: i64 = 900;

/// Both sides as read now.
#[derive(Debug)]
pub struct Snapshots {
    /// Entra's side.
    pub entra: EntraSnapshot,
    /// Jira's side.
    pub jira: JiraSnapshot,
}

/// Members of one group that was read to the end: rows of the accounts that the listing of users
/// holds, and whoever it lacks.
struct Members {
    group: u32,
    listed: Vec<u32>,
    unlisted: Vec<AccountRead>,
}

impl Session {
    /// Reads both sides at the same time, then the members of those groups that plans speak of.
    /// An incomplete side comes back as such; a side that can't be read at all is an error.
    pub(super) async fn refresh(&mut self, known: &Known) -> Result<Snapshots, SyncError> {
        let (listed, read) = (Arc::new(Listed::default()), Arc::new(Read::default()));
        self.progress.now(Stage::Reading {
            entra: listed.clone(),
            jira: read.clone(),
        });
        let unwritable = self.state.unwritable()?;
        let side = async { Ok::<_, SyncError>(self.entra.snapshot(&self.tenant, &listed).await?) };
        let other = async {
            let (users, groups) =
                tokio::try_join!(self.jira.users(&read), self.jira.groups(&unwritable, &read))?;
            let users = self.with_missing_links(users, known).await?;
            Ok::<_, SyncError>((users, groups))
        };
        let ((mut entra, links), (users, groups)) = tokio::try_join!(side, other)?;
        let bare = build(&users, &groups, None, &self.me());
        let mut settings = self.profile.settings.clone();
        settings.provisioning.sync_memberships |= self.ahead;
        let inputs = Inputs {
            entra: &entra,
            jira: &bare,
            known,
            settings: &settings,
            today: jiff::ZonedDateTime::now().date(),
            mode: self.mode,
            allowances: &Allowances::default(),
            selection: &Selection::Everything,
        };
        let wanted = groups_to_read(&inputs, self.admins);
        let members = self.members(&bare, &wanted, &read).await?;
        let jira = build(&users, &groups, Some((&bare, &members)), &self.me());
        drop((bare, members, users));
        self.confirm_deletions(&mut entra, &jira, known).await?;
        self.keep(&entra, &jira, &links)?;
        Ok(Snapshots { entra, jira })
    }

    fn keep(
        &mut self,
        entra: &EntraSnapshot,
        jira: &JiraSnapshot,
        links: &DeltaLinks,
    ) -> Result<(), SyncError> {
        if entra.users.is_whole() && jira.is_whole() {
            self.mirror
                .keep(entra, jira, (&links.users, &links.groups))?;
        }
        Ok(())
    }

    /// People who are missing from Entra's listing and would leave owned groups for that reason
    /// are asked for by id before they are believed deleted.
    async fn confirm_deletions(
        &self,
        entra: &mut EntraSnapshot,
        jira: &JiraSnapshot,
        known: &Known,
    ) -> Result<(), SyncError> {
        let owned: Vec<u32> = if self.admins {
            // An adoption may make any of them owned.
            jira.iter_groups().map(|(row, _)| row).collect()
        } else {
            let links = known
                .links
                .groups()
                .filter(|link| link.ownership.is_owned());
            links
                .filter_map(|link| jira.find_group(link.group.as_str()))
                .collect()
        };
        let missing: Vec<&str> = known
            .links
            .people()
            .filter(|(person, _)| entra.find_person(person.as_str()).is_none())
            .filter(|(_, account)| {
                jira.find_account(account.as_str()).is_some_and(|account| {
                    owned
                        .iter()
                        .any(|group| jira.members().contains(*group, account))
                })
            })
            .map(|(person, _)| person.as_str())
            .collect();
        if missing.is_empty() || !entra.users.is_whole() {
            return Ok(());
        }
        let found = self.entra.existing(&missing, DELETIONS).await?;
        if found > 0 {
            entra.users.doubt(Doubt::ExistsUnlisted { found });
        }
        Ok(())
    }

    fn me(&self) -> AccountId {
        self.jira.myself().id.clone()
    }

    /// Linked accounts that the listing lacks are looked up by id before they are believed gone.
    /// One that Rollbook created a moment ago is believed to exist whatever the listing says.
    async fn with_missing_links(
        &self,
        mut users: UsersRead,
        known: &Known,
    ) -> Result<UsersRead, SyncError> {
        let seen: HashSet<&str> = users.accounts.iter().map(|a| a.row().id).collect();
        let missing: Vec<AccountId> = known
            .links
            .people()
            .map(|(_, account)| account)
            .filter(|account| !seen.contains(account.as_str()))
            .cloned()
            .collect();
        if missing.is_empty() {
            return Ok(users);
        }
        let found = self.jira.by_ids(&missing).await?;
        let back: HashSet<String> = found.iter().map(|a| a.row().id.to_owned()).collect();
        // Many who exist and were not listed: the listing was cut off.
        if found.len() > 1 && found.len() * 100 > known.links.people().count() {
            let young: HashSet<AccountId> = self
                .state
                .young_links(YOUNG)?
                .into_iter()
                .map(|link| link.account)
                .collect();
            let old = found
                .iter()
                .filter(|a| !young.contains(&AccountId::new(a.row().id)))
                .count();
            if old > 1 {
                users.completeness.doubt(Doubt::MembersUnlisted {
                    missing: old as u64,
                });
            }
        }
        users.accounts.extend(found);
        for link in self.state.young_links(YOUNG)? {
            let id = link.account.as_str();
            if missing.contains(&link.account) && !back.contains(id) {
                users.accounts.push(AccountRead::created(&JiraAccountRow {
                    id,
                    name: &link.name,
                    email: &link.email,
                    active: true,
                    kind: AccountKind::Person,
                }));
            }
        }
        Ok(users)
    }

    async fn members(
        &self,
        jira: &JiraSnapshot,
        wanted: &[u32],
        read: &Read,
    ) -> Result<Vec<Members>, SyncError> {
        read.member_lists_of.store(wanted.len() as u64, Relaxed);
        let members: Vec<Option<Members>> = stream::iter(wanted.iter().copied())
            .map(|row| async move {
                let id = GroupId::new(jira.group(row).id());
                let found = self.jira.members(&id).await?;
                read.member_lists.fetch_add(1, Relaxed);
                // Only row numbers are kept: a large site has millions of memberships.
                Ok::<_, SyncError>(found.map(|accounts| {
                    let mut members = Members {
                        group: row,
                        listed: Vec::with_capacity(accounts.len()),
                        unlisted: Vec::new(),
                    };
                    for account in accounts {
                        match jira.find_account(account.row().id) {
                            Some(row) => members.listed.push(row),
                            None => members.unlisted.push(account),
                        }
                    }
                    members
                }))
            })
            .buffer_unordered(GROUPS_AT_ONCE)
            .try_collect()
            .await?;
        let members = members.into_iter().flatten().collect();
        Ok(members)
    }
}

/// Builds the snapshot; with members, they are given as rows of one that was built without.
/// Members whom the listing of users did not hold are evidence that it was cut off, unless they
/// are a few, who may have been created since.
fn build(
    users: &UsersRead,
    groups: &GroupsRead,
    members: Option<(&JiraSnapshot, &[Members])>,
    me: &AccountId,
) -> JiraSnapshot {
    let mut builder = JiraBuilder::default();
    for account in &users.accounts {
        builder.account(&account.row());
    }
    for (id, name, class) in &groups.groups {
        builder.group(&JiraGroupRow {
            id: id.as_str(),
            name,
            class: *class,
        });
    }
    let mut unlisted = HashSet::new();
    if let Some((bare, lists)) = members {
        for list in lists {
            let group = bare.group(list.group).id();
            builder.group_read(group);
            for account in &list.listed {
                builder.member(group, bare.account(*account).id());
            }
            for account in &list.unlisted {
                let row = account.row();
                unlisted.insert(row.id);
                builder.account(&row);
                builder.member(group, row.id);
            }
        }
    }
    builder.products(groups.products.clone());
    builder.me(me.clone());
    let mut snapshot = builder.finish();
    snapshot.users = users.completeness.clone();
    snapshot.group_list = groups.completeness.clone();
    if unlisted.len() > 3.max(users.accounts.len() / 100) {
        snapshot.users.doubt(Doubt::MembersUnlisted {
            missing: unlisted.len() as u64,
        });
    }
    snapshot
}
