//! What changed since a snapshot, by both change links.

use super::client::Entra;
use super::error::EntraError;
use super::listing::{ASKED_FOR, DeltaLinks, EntraProgress, EntraRead, RESTARTS, count_agrees};
use super::wire::{GROUP_FIELDS, GraphGroup, GraphPage, GraphUser, USER_FIELDS, USER_FIELDS_PLAIN};
use crate::directory::{
    Doubt, EntraChanges, EntraId, EntraSnapshot, GroupFields, MemberKind, PersonFields, Questions,
};
use crate::http::{Call, Headway};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::de::DeserializeOwned;
use std::sync::atomic::Ordering::Relaxed;

/// The direct members of a group.
type MemberIds = Vec<(EntraId, MemberKind)>;

/// How many objects are asked for at a time.
const AT_ONCE: usize = 8;
/// How often answers may raise new questions.
const ROUNDS: u32 = 4;

impl Entra {
    /// The tenant's side after everything that changed since `base`; none if the links have ended
    /// and everything has to be read.
    pub async fn changes(
        &self,
        base: &EntraSnapshot,
        links: (&str, &str),
        listed: &EntraProgress,
    ) -> Result<Option<EntraRead>, EntraError> {
        self.authorize().await?;
        let reads_hidden = self.reads_hidden().await;
        let users = self.round(
            ("users", "/users/delta"),
            links.0,
            |changes, user: GraphUser, headway| {
                headway.row((&user.id, user.removed.is_some()));
                listed.users.fetch_add(1, Relaxed);
                match &user.removed {
                    Some(removed) => changes.person_gone(&user.id, removed.gone()),
                    None => changes.person(&user.id.clone(), user.fields()),
                }
            },
        );
        let groups = self.round(
            ("groups", "/groups/delta"),
            links.1,
            |changes, group: GraphGroup, headway| {
                group.note(headway);
                listed.groups.fetch_add(1, Relaxed);
                take_group(changes, group, reads_hidden);
            },
        );
        let (counted, users, groups) = tokio::try_join!(self.user_count(), users, groups)?;
        let (Some((mut changes, users)), Some((of_groups, groups))) = (users, groups) else {
            return Ok(None);
        };
        changes.absorb(of_groups);
        let snapshot = if changes.is_empty() {
            Some(base.clone())
        } else {
            self.settle(base, &mut changes, reads_hidden).await?
        };
        let Some(snapshot) = snapshot else {
            return Ok(None);
        };
        let complete = self.complete(base, snapshot, &mut changes, reads_hidden);
        let Some(mut snapshot) = complete.await? else {
            return Ok(None);
        };
        let mut users_whole = count_agrees(&snapshot, counted);
        if changes.odd > 0 {
            users_whole.doubt(Doubt::OddIds { rows: changes.odd });
        }
        let open = changes.questions(base).people.len() as u64;
        if open > 0 {
            users_whole.doubt(Doubt::Unsaid { users: open });
        }
        snapshot.users = users_whole;
        Ok(Some(EntraRead {
            snapshot,
            links: DeltaLinks {
                users: Some(users),
                groups: Some(groups),
            },
            counted,
            by_changes: true,
        }))
    }

    /// One round of changes of what this endpoint lists: what is said, and the next link. Nothing of a round counts before
    /// its end is reached.
    async fn round<T: DeserializeOwned>(
        &self,
        (what, endpoint): (&'static str, &'static str),
        link: &str,
        mut take: impl FnMut(&mut EntraChanges, T, &mut Headway),
    ) -> Result<Option<(EntraChanges, String)>, EntraError> {
        let mut restarts = 0;
        loop {
            let mut changes = EntraChanges::default();
            let mut headway = Headway::of(what);
            let mut next = Some(link.to_owned());
            let result = loop {
                let page: GraphPage<T> = match self.next(endpoint, next, &mut headway).await {
                    Ok(Some(page)) => page,
                    Ok(None) => break Err(EntraError::NoDeltaLink { what }),
                    Err(error) => break Err(error),
                };
                for object in page.value {
                    take(&mut changes, object, &mut headway);
                }
                if let Some(link) = page.delta {
                    break Ok(link);
                }
                next = page.next;
            };
            match result {
                Ok(link) => return Ok(Some((changes, link))),
                Err(error) if error.is_expired_page() && restarts < RESTARTS => restarts += 1,
                // A round may replay so much that it looks as if it did not get on.
                Err(EntraError::NoHeadway(_)) => return Ok(None),
                Err(error) if error.refuses_link() => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }

    /// Asks for what a round leaves open, and gives the next snapshot; none if something of it can't be
    /// told, so that everything has to be read.
    async fn settle(
        &self,
        base: &EntraSnapshot,
        changes: &mut EntraChanges,
        reads_hidden: bool,
    ) -> Result<Option<EntraSnapshot>, EntraError> {
        for _ in 0..ROUNDS {
            let questions = changes.questions(base);
            if questions.is_empty() {
                break;
            }
            if !self.ask(questions, changes, reads_hidden).await? {
                return Ok(None);
            }
        }
        Ok(Some(base.after(changes)))
    }

    /// Asks; whether everything could be told.
    async fn ask(
        &self,
        questions: Questions,
        changes: &mut EntraChanges,
        reads_hidden: bool,
    ) -> Result<bool, EntraError> {
        let people: Vec<(EntraId, Option<PersonFields>)> = stream::iter(questions.people)
            .map(|id| async move {
                let found = self.person(&id).await?;
                Ok::<_, EntraError>((id, found))
            })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        let mut shown = people
            .iter()
            .filter_map(|(_, found)| found.as_ref())
            .peekable();
        if shown.peek().is_some() && shown.all(|person| person.enabled.is_none()) {
            return Err(self.bare("users").await);
        }
        for (id, found) in people {
            changes.settle_person(&id, found);
        }
        let groups: Vec<(EntraId, Option<GroupFields>)> = stream::iter(questions.groups)
            .map(|id| async move {
                let found = self.one_group(&id, reads_hidden).await?;
                Ok::<_, EntraError>((id, found))
            })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        for (id, found) in groups {
            changes.settle_group(&id, found);
        }
        let lists: Vec<(EntraId, Option<MemberIds>)> = stream::iter(questions.lists)
            .map(|id| async move {
                let list = self.members_of(id.as_str()).await?;
                Ok::<_, EntraError>((id, list))
            })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        for (id, list) in lists {
            // Gone since, or not shown yet: it is not empty for that.
            let Some(list) = list else { return Ok(false) };
            changes.list(&id, list);
        }
        Ok(true)
    }

    /// Members of groups whom no listing holds are asked for by id, those that came up with these
    /// changes: they may be too young for the listing of users.
    async fn complete(
        &self,
        base: &EntraSnapshot,
        snapshot: EntraSnapshot,
        changes: &mut EntraChanges,
        reads_hidden: bool,
    ) -> Result<Option<EntraSnapshot>, EntraError> {
        let fresh = |now: Vec<&str>, before: &[&str]| -> Vec<EntraId> {
            let new = now
                .into_iter()
                .filter(|id| before.binary_search(id).is_err());
            new.take(ASKED_FOR).map(EntraId::new).collect()
        };
        let people = fresh(snapshot.unlisted(), &base.unlisted());
        let groups = fresh(snapshot.unlisted_groups(), &base.unlisted_groups());
        let mut found = false;
        for id in people {
            if let Some(fields) = self.person(&id).await? {
                changes.settle_person(&id, Some(fields));
                found = true;
            }
        }
        for id in groups {
            if let Some(fields) = self.one_group(&id, reads_hidden).await? {
                changes.settle_group(&id, Some(fields));
                let Some(list) = self.members_of(id.as_str()).await? else {
                    return Ok(None);
                };
                changes.list(&id, list);
                found = true;
            }
        }
        Ok(Some(if found { base.after(changes) } else { snapshot }))
    }

    /// A user by id; none if there is none.
    async fn person(&self, id: &EntraId) -> Result<Option<PersonFields>, EntraError> {
        let ask = |fields: &'static str| {
            let call = Call::get("/users/{user-id}", self.url(&["users", id.as_str()]));
            self.get::<GraphUser>("look up a user", call.query("$select", fields))
        };
        let mut found = ask(USER_FIELDS).await;
        if found.as_ref().err().and_then(EntraError::status) == Some(501) {
            found = ask(USER_FIELDS_PLAIN).await;
        }
        match found {
            Ok(user) => Ok(Some(user.fields())),
            Err(EntraError::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A group by id; none if there is none.
    pub(super) async fn one_group(
        &self,
        id: &EntraId,
        reads_hidden: bool,
    ) -> Result<Option<GroupFields>, EntraError> {
        let call = Call::get("/groups/{group-id}", self.url(&["groups", id.as_str()]))
            .query("$select", GROUP_FIELDS);
        match self.get::<GraphGroup>("look up a group", call).await {
            Ok(mut group) => Ok(Some(group.fields(reads_hidden))),
            Err(EntraError::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn take_group(changes: &mut EntraChanges, mut group: GraphGroup, reads_hidden: bool) {
    if let Some(removed) = &group.removed {
        changes.group_gone(&group.id, removed.gone());
        return;
    }
    for member in &group.members {
        match member.kind() {
            Some(kind) => changes.member(&group.id, &member.id, kind, member.removed.is_some()),
            // Its own list tells who is in it.
            None if member.is_untyped() => changes.ask_for_members(&group.id),
            None => {}
        }
    }
    let fields = group.fields(reads_hidden);
    changes.group(&group.id, fields);
}
