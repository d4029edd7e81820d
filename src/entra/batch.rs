//! Groups and their members where Graph does not tell changes: `/groups`, and the members in
//! batches.

use super::client::Entra;
use super::error::EntraError;
use super::listing::{EntraProgress, Gathered, PAGE_SIZES, lock};
use super::wire::{Batch, GROUP_FIELDS, GraphGroup, GraphMember, GraphPage, Part};
use crate::directory::{EntraBuilder, EntraId, MemberKind};
use crate::http::{Call, Headway, Method, Repeat};
use futures_util::{TryStreamExt as _, stream};
use serde_json::json;
use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// Documented most of one batch.
const AT_ONCE: usize = 20;
/// How many batches are under way at a time.
const BATCHES: usize = 4;
/// How often one part of a batch is asked for again.
const TRIES: u32 = 5;

impl Entra {
    /// All groups with their direct members, without delta.
    pub(super) async fn groups_in_batches(
        &self,
        builder: &Mutex<EntraBuilder>,
        listed: &EntraProgress,
    ) -> Result<(), EntraError> {
        let reads_hidden = self.reads_hidden().await;
        let call = Call::get("/groups", self.url(&["groups"]))
            .query("$select", GROUP_FIELDS)
            .query("$top", PAGE_SIZES[0]);
        let mut page: GraphPage<GraphGroup> = self.get("list groups", call).await?;
        let (mut headway, mut gathered) = (Headway::of("groups"), Gathered::default());
        loop {
            listed.groups.fetch_add(page.value.len() as u64, Relaxed);
            for mut group in page.value {
                headway.row(&group.id);
                let fields = group.fields(reads_hidden);
                gathered.0.entry(group.id).or_default().add(fields);
            }
            match self.next("/groups", page.next, &mut headway).await? {
                Some(next) => page = next,
                None => break,
            }
        }
        if gathered.is_bare() {
            return Err(self.bare("groups").await);
        }
        gathered.hand_over(&mut lock(builder));
        let readable: Vec<&str> = gathered
            .0
            .iter()
            .filter(|(_, fields)| fields.hidden != Some(true))
            .map(|(id, _)| id.as_str())
            .collect();
        stream::iter(readable.chunks(AT_ONCE).map(Ok))
            .try_for_each_concurrent(BATCHES, |ids| self.members_in_batch(ids, builder))
            .await
    }

    /// The members of at most 20 groups. Each part has a status of its own: what is to be asked
    /// again is asked again, after as long as it says.
    async fn members_in_batch(
        &self,
        ids: &[&str],
        builder: &Mutex<EntraBuilder>,
    ) -> Result<(), EntraError> {
        let mut open: Vec<&str> = ids.to_vec();
        let mut tries = 0;
        while !open.is_empty() {
            let requests: Vec<serde_json::Value> = open
                .iter()
                .map(|id| {
                    let url = format!("/groups/{id}/members?$select=id&$top={}", PAGE_SIZES[0]);
                    json!({"id": id, "method": "GET", "url": url})
                })
                .collect();
            let call = Call::new(Method::POST, "/$batch", self.url(&["$batch"]), Repeat::Safe)
                .json(json!({ "requests": requests }));
            let batch: Batch = self
                .get("list the members of groups in a batch", call)
                .await?;
            let mut parts: HashMap<String, Part> = batch
                .responses
                .into_iter()
                .map(|part| (part.id.clone(), part))
                .collect();
            let (mut again, mut alone, mut wait) = (Vec::new(), Vec::new(), Duration::ZERO);
            for id in open {
                let Some(part) = parts.remove(id) else {
                    // A part without an answer.
                    again.push(id);
                    continue;
                };
                match part.status {
                    200 => {
                        if !self.take_part(id, part, builder).await? {
                            alone.push(id);
                        }
                    }
                    // Gone since it was listed, or made a moment ago.
                    404 => alone.push(id),
                    429 | 500 | 502 | 503 | 504 | 509 if tries < TRIES => {
                        let asked = part.retry_after();
                        wait = wait.max(asked.unwrap_or(Duration::from_secs(1 << tries)));
                        again.push(id);
                    }
                    status => return Err(self.refused_part(status, &part.body).await),
                }
            }
            open = again;
            tries += 1;
            if tries > TRIES {
                alone.append(&mut open);
            }
            for id in alone {
                self.members_alone(id, builder).await?;
            }
            if !open.is_empty() {
                self.patience(wait).await?;
            }
        }
        Ok(())
    }

    /// Takes the members of a part; whether it could be read. In the field parts came as pages or text.
    async fn take_part(
        &self,
        group: &str,
        part: Part,
        builder: &Mutex<EntraBuilder>,
    ) -> Result<bool, EntraError> {
        let Ok(first) = serde_json::from_value::<GraphPage<GraphMember>>(part.body) else {
            return Ok(false);
        };
        for (id, kind) in self.all_members(first).await? {
            lock(builder).member(group, id.as_str(), kind, false);
        }
        Ok(true)
    }

    /// Asks for the members of a group of which a batch did not tell them. Where nothing is found they
    /// are unknown: a group that was made a moment ago is not empty for that.
    async fn members_alone(
        &self,
        group: &str,
        builder: &Mutex<EntraBuilder>,
    ) -> Result<(), EntraError> {
        match self.members_of(group).await? {
            Some(members) => {
                for (id, kind) in members {
                    lock(builder).member(group, id.as_str(), kind, false);
                }
            }
            None => lock(builder).members_unknown(group),
        }
        Ok(())
    }

    /// The direct members of a group, by its own listing; none if the group is gone. Objects of
    /// other kinds are left out.
    pub async fn members_of(
        &self,
        group: &str,
    ) -> Result<Option<Vec<(EntraId, MemberKind)>>, EntraError> {
        let call = Call::get(
            "/groups/{group-id}/members",
            self.url(&["groups", group, "members"]),
        )
        .query("$select", "id")
        .query("$top", PAGE_SIZES[0]);
        match self.get("list the members of a group", call).await {
            Err(EntraError::Refused { status: 404, .. }) => Ok(None),
            first => self.all_members(first?).await.map(Some),
        }
    }

    async fn all_members(
        &self,
        mut page: GraphPage<GraphMember>,
    ) -> Result<Vec<(EntraId, MemberKind)>, EntraError> {
        let (mut headway, mut members) = (Headway::of("members"), Vec::new());
        loop {
            page.value.iter().for_each(|member| headway.row(&member.id));
            members.extend(
                page.value
                    .iter()
                    .filter_map(|member| Some((EntraId::new(&member.id), member.kind()?))),
            );
            let endpoint = "/groups/{group-id}/members";
            match self.next(endpoint, page.next, &mut headway).await? {
                Some(next) => page = next,
                None => return Ok(members),
            }
        }
    }

    /// The principals assigned to an enterprise application, sorted: users, and groups, whose
    /// members are meant. There is no delta of it.
    pub async fn assigned(&self, app_id: &str) -> Result<Vec<EntraId>, EntraError> {
        let endpoint = "/servicePrincipals(appId='{appId}')/appRoleAssignedTo";
        let segment = format!("servicePrincipals(appId='{app_id}')");
        let call = Call::get(endpoint, self.url(&[&segment, "appRoleAssignedTo"]))
            .query("$top", PAGE_SIZES[0]);
        let what = "list who is assigned to the application";
        let mut page: GraphPage<super::wire::Assignment> = self.get(what, call).await?;
        let (mut headway, mut principals) = (Headway::of("assignments"), Vec::new());
        loop {
            page.value
                .iter()
                .for_each(|assignment| headway.row(&assignment.principal_id));
            principals.extend(page.value.into_iter().filter_map(|assignment| {
                let takes_part = assignment
                    .principal_type
                    .is_none_or(|kind| kind == "User" || kind == "Group");
                takes_part.then(|| EntraId::new(&assignment.principal_id))
            }));
            match self.next(endpoint, page.next, &mut headway).await? {
                Some(next) => page = next,
                None => break,
            }
        }
        principals.sort();
        principals.dedup();
        Ok(principals)
    }
}
