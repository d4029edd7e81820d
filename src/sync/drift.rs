//! What somebody else changed in Jira since it was known, with who and when.

use super::error::SyncError;
use super::jira_side::JiraSide;
use super::session::Session;
use crate::directory::{AccountId, AccountKind, GroupId, JiraSnapshot, fold, shown};
use crate::jira::AuditRecord;
use std::collections::HashSet;

/// How many are told one by one.
pub(super) const SHOWN: usize = 20;

/// A membership that was changed by somebody else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Drift {
    /// The group.
    pub group: GroupId,
    /// Its name.
    pub group_name: String,
    /// The account.
    pub account: AccountId,
    /// Its name.
    pub account_name: String,
    /// Whether it came into the group, rather than left it.
    pub came: bool,
    /// When the membership was last known, seconds since 1970.
    pub known_at: u32,
    /// Who did it, and when, if the audit records tell.
    pub by: Option<(String, String)>,
}

impl Drift {
    /// What differs between the members that were known of a group and these, sorted.
    pub(super) fn of_list(jira: &JiraSnapshot, group: u32, now: &[u32]) -> Vec<Self> {
        let row = jira.group(group);
        if !row.read() {
            return Vec::new();
        }
        let before = jira.members().of(group);
        let gone = before.iter().filter(|a| now.binary_search(a).is_err());
        let came = now.iter().filter(|a| before.binary_search(a).is_err());
        gone.map(|account| (account, false))
            .chain(came.map(|account| (account, true)))
            .filter(|(account, _)| jira.account(**account).kind() == AccountKind::Person)
            .map(|(account, came)| Self::of(jira, group, *account, came))
            .collect()
    }

    pub(super) fn of(jira: &JiraSnapshot, group: u32, account: u32, came: bool) -> Self {
        let (group, account) = (jira.group(group), jira.account(account));
        Self {
            group: GroupId::new(group.id()),
            group_name: group.name().to_owned(),
            account: AccountId::new(account.id()),
            account_name: account.name().to_owned(),
            came,
            known_at: group.verified(),
            by: None,
        }
    }

    /// The drift in a sentence.
    pub(super) fn words(&self) -> String {
        let what = if self.came {
            "was put into"
        } else {
            "was taken out of"
        };
        let by = match &self.by {
            Some((who, when)) => format!(" by {} on {}", shown(who), shown(when)),
            None => " by somebody else; the audit records don't tell who".to_owned(),
        };
        format!(
            "{} {what} “{}” in Jira{by}.",
            shown(&self.account_name),
            shown(&self.group_name)
        )
    }

    /// Whether an audit record tells of it.
    fn is_told_by(&self, record: &AuditRecord) -> bool {
        let summary = record.summary.to_ascii_lowercase();
        let fits = if self.came {
            summary.contains("added")
        } else {
            summary.contains("removed")
        };
        let about = |id: &str, name: &str| {
            record.about.iter().any(|(other, other_name)| {
                other == id || (!name.is_empty() && fold(other_name) == fold(name))
            })
        };
        fits && summary.contains("group")
            && about(self.group.as_str(), &self.group_name)
            && about(self.account.as_str(), &self.account_name)
    }
}

impl Session {
    /// Leaves out what runs of this profile wrote, keeps what concerns linked groups, and asks the
    /// audit records for who and when.
    pub(super) async fn explain(
        &self,
        drift: &mut Vec<Drift>,
        jira: &JiraSide,
    ) -> Result<(), SyncError> {
        let links = self.state.links()?;
        let linked: HashSet<&GroupId> = links.groups().map(|link| &link.group).collect();
        drift.retain(|row| linked.contains(&row.group));
        let Some(since) = drift.iter().map(|row| row.known_at).min() else {
            return Ok(());
        };
        let mut foreign = Vec::with_capacity(drift.len());
        for row in drift.drain(..) {
            let since = i64::from(row.known_at) - 60;
            let ours = self.state.last_write(&row.group, &row.account, since)?;
            if ours != Some(row.came) {
                foreign.push(row);
            }
        }
        *drift = foreign;
        if drift.is_empty() {
            return Ok(());
        }
        let since = jiff::Timestamp::from_second(i64::from(since) - 60)
            .map(|at| at.strftime("%Y-%m-%dT%H:%M:%S.000+0000").to_string())
            .unwrap_or_default();
        let Some(records) = self.jira.audit(&since).await? else {
            return Ok(());
        };
        for row in drift {
            if let Some(record) = records.iter().find(|record| row.is_told_by(record)) {
                let account = jira.snapshot.find_account(&record.author);
                let who = account.map_or(record.author.as_str(), |row| {
                    jira.snapshot.account(row).name()
                });
                let when = record.created.get(..16).unwrap_or(&record.created);
                row.by = Some((who.to_owned(), when.replace('T', " ")));
            }
        }
        Ok(())
    }
}
