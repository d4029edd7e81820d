//! Reading the members of groups.

use super::client::Jira;
use super::error::JiraError;
use super::listing::{ASK_AGAIN, AccountRead, PAGES_AT_ONCE};
use super::wire::{Page, User, UserId, is_ghost};
use crate::directory::GroupId;
use crate::http::Headway;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use std::collections::HashSet;

/// Documented most of group/member.
const MEMBERS_PAGE: u64 = 50;

/// The members of a group, each once.
#[derive(Debug, Default)]
pub struct MembersRead {
    /// Rows of those that are known, sorted. A large site has millions of memberships, of which
    /// nothing else is kept.
    pub listed: Vec<u32>,
    /// The others.
    pub unlisted: Vec<AccountRead>,
    /// How many records of deleted people there are among them, of whom nothing is known.
    ghosts: u64,
}

impl MembersRead {
    /// Adds what another page holds.
    fn add(&mut self, page: Self) {
        self.listed.extend(page.listed);
        self.unlisted.extend(page.unlisted);
        self.ghosts += page.ghosts;
    }

    fn note(&self, headway: &mut Headway) {
        self.listed.iter().for_each(|row| headway.row(row));
        let others = self.unlisted.iter();
        others.for_each(|account| headway.row(account.row().id));
    }

    /// Leaves each member once.
    fn distinct(mut self) -> Self {
        self.listed.sort_unstable();
        self.listed.dedup();
        let mut seen = HashSet::new();
        self.unlisted
            .retain(|account| seen.insert(account.row().id.to_owned()));
        self
    }
}

/// The most members that a group may have by Atlassian's hard limits is 290,000: a total above this is
/// not believed.
const MOST: u64 = 1_000_000;

/// A page of members.
struct MembersPage {
    members: MembersRead,
    rows: u64,
    last: bool,
    total: Option<u64>,
}

impl MembersPage {
    /// Reads a page. `known` gives the rows of known accounts: of those no more than the id is read.
    fn parse(body: &[u8], known: impl Fn(&str) -> Option<u32>) -> serde_json::Result<Self> {
        let page: Page<UserId<'_>> = serde_json::from_slice(body)?;
        let known = |id: &str| known(id).filter(|_| !is_ghost(id));
        let rows = page.values.iter().map(|user| known(user.id()));
        let mut members = MembersRead {
            listed: rows.flatten().collect(),
            unlisted: Vec::new(),
            ghosts: page.values.iter().filter(|u| is_ghost(u.id())).count() as u64,
        };
        if members.listed.len() < page.values.len() {
            let whole: Page<User> = serde_json::from_slice(body)?;
            let users = whole.values.into_iter().filter(|user| !user.is_ghost());
            let others = users.filter(|user| known(&user.account_id).is_none());
            members.unlisted.extend(others.map(AccountRead::of));
        }
        Ok(Self {
            members,
            rows: page.values.len() as u64,
            last: page.is_last == Some(true) || page.values.is_empty(),
            total: page.total,
        })
    }
}

impl Jira {
    /// The members of one group; none if the group is gone, or if its pages never add up to the
    /// total that they give. `known` gives the rows of known accounts.
    pub async fn members(
        &self,
        group: &GroupId,
        known: impl Fn(&str) -> Option<u32>,
    ) -> Result<Option<MembersRead>, JiraError> {
        for _ in 0..=ASK_AGAIN {
            match self.members_once(group, &known).await {
                Ok(Some(members)) => return Ok(Some(members)),
                Ok(None) => {}
                Err(JiraError::Refused(refusal)) if refusal.status == 404 => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    async fn members_page(
        &self,
        group: &GroupId,
        at: u64,
        known: impl Fn(&str) -> Option<u32>,
    ) -> Result<MembersPage, JiraError> {
        self.get_as(
            "list the members of a group",
            "/rest/api/3/group/member",
            &["group", "member"],
            &[
                ("groupId", group.as_str()),
                ("includeInactiveUsers", "true"),
                ("startAt", &at.to_string()),
                ("maxResults", &MEMBERS_PAGE.to_string()),
            ],
            |body| MembersPage::parse(body, &known),
        )
        .await
    }

    async fn members_once(
        &self,
        group: &GroupId,
        known: impl Fn(&str) -> Option<u32>,
    ) -> Result<Option<MembersRead>, JiraError> {
        let first = self.members_page(group, 0, &known).await?;
        let total = first.total;
        let (mut at, mut last) = (first.rows, first.last);
        let mut members = first.members;
        if !last
            && at == MEMBERS_PAGE
            && let Some(total) = total.filter(|total| *total <= MOST)
        {
            // Full pages: the others can be read at the same time.
            let starts = (1..total.div_ceil(MEMBERS_PAGE)).map(|page| page * MEMBERS_PAGE);
            let pages: Vec<MembersPage> = stream::iter(starts)
                .map(|start| self.members_page(group, start, &known))
                .buffered(PAGES_AT_ONCE)
                .try_collect()
                .await?;
            for page in pages {
                at += page.rows;
                last = page.last;
                members.add(page.members);
            }
        }
        let mut headway = Headway::of("members");
        while !last {
            let page = self.members_page(group, at, &known).await?;
            page.members.note(&mut headway);
            headway.page()?;
            at += page.rows;
            last = page.last;
            members.add(page.members);
        }
        let members = members.distinct();
        let received = (members.listed.len() + members.unlisted.len()) as u64 + members.ghosts;
        let short = total.is_some_and(|total| received < total);
        Ok((!short).then_some(members))
    }
}
