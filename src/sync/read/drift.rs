//! What somebody else changed in Jira since it was known, with who and when.

use crate::directory::{AccountId, AccountIndex, AccountKind, GroupId, JiraSnapshot, fold};
use crate::jira::AuditRecord;
use crate::store::Written;
use crate::sync::error::SyncError;
use crate::sync::session::Session;
use crate::text::{escape, grouped};
use std::collections::HashSet;

/// How many are told one by one.
const SHOWN: usize = 20;

/// What an audit record tells of a change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Told {
    /// Who did it, if it says so.
    pub who: Option<String>,
    /// When.
    pub when: String,
}

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
    pub by: Option<Told>,
}

impl Drift {
    /// What differs between the members that were known of a group and these, sorted, but for what
    /// runs of this profile wrote.
    pub(super) fn of_list(
        jira: &JiraSnapshot,
        group: u32,
        now: &[u32],
        written: &Written,
    ) -> Vec<Self> {
        if !jira.group(group).read() {
            return Vec::new();
        }
        let before = jira.members().of(group);
        let gone = before.iter().filter(|a| now.binary_search(a).is_err());
        let came = now.iter().filter(|a| before.binary_search(a).is_err());
        gone.map(|account| (account, false))
            .chain(came.map(|account| (account, true)))
            .filter_map(|(account, came)| Self::of(jira, group, *account, came, written))
            .collect()
    }

    /// What differs in groups whose members were known before and are known now.
    pub(super) fn between(
        before: &JiraSnapshot,
        now: &JiraSnapshot,
        written: &Written,
    ) -> Vec<Self> {
        let mut drift = Vec::new();
        let accounts = AccountIndex::of(before);
        for (group, shown) in before.iter_groups().filter(|(_, group)| group.read()) {
            let row = now.find_group(shown.id());
            let Some(row) = row.filter(|row| now.group(*row).read()) else {
                continue;
            };
            let members = now.members().of(row).iter();
            let ids = members.map(|account| now.account(*account).id());
            // Accounts that are new altogether were put into no group that was known of them.
            let mut known: Vec<u32> = ids.filter_map(|id| accounts.find(id)).collect();
            known.sort_unstable();
            drift.extend(Self::of_list(before, group, &known, written));
        }
        drift
    }

    /// A membership that is no longer as it was known; none if a run of this profile did that, or
    /// if it is not a person's.
    pub(super) fn of(
        jira: &JiraSnapshot,
        group: u32,
        account: u32,
        came: bool,
        written: &Written,
    ) -> Option<Self> {
        let (group, account) = (jira.group(group), jira.account(account));
        let ours = written.get(group.id()).and_then(|w| w.get(account.id()));
        if ours == Some(&came) || account.kind() != AccountKind::Person {
            return None;
        }
        Some(Self {
            group: GroupId::new(group.id()),
            group_name: group.name().to_owned(),
            account: AccountId::new(account.id()),
            account_name: account.name().to_owned(),
            came,
            known_at: group.verified(),
            by: None,
        })
    }

    /// The drift in a sentence.
    pub(super) fn words(&self) -> String {
        let what = if self.came {
            "was put into"
        } else {
            "was taken out of"
        };
        let by = match &self.by {
            Some(Told {
                who: Some(who),
                when,
            }) => format!(" by {} on {}", escape(who), escape(when)),
            Some(Told { who: None, when }) => format!(
                " by somebody else on {}; the audit record doesn't tell who",
                escape(when)
            ),
            None => " by somebody else; the audit records don't tell who".to_owned(),
        };
        format!(
            "{} {what} “{}” in Jira{by}.",
            escape(&self.account_name),
            escape(&self.group_name)
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
        // Groups stand in the records by name, with or without an id of their own; people by id,
        // so that nobody is taken for a namesake.
        let about = |id: &str, name: &str| {
            record.about.iter().any(|(other, other_name)| {
                let named = !name.is_empty() && fold(other_name) == fold(name);
                other == id || (named && (other.is_empty() || fold(other) == fold(name)))
            })
        };
        fits && summary.contains("group")
            && about(self.group.as_str(), &self.group_name)
            && about(self.account.as_str(), &self.account_name)
    }
}

/// What is told where the audit records can't be read.
const AUDIT_UNKNOWN: &str = "Unknown: who changed memberships in Jira by hand. Its audit records, which an account with the right to administer Jira may read, were not to be had.";

/// Keeps what concerns linked groups, and asks the audit records for who and when.
async fn explain(
    session: &Session,
    drift: &mut Vec<Drift>,
    jira: &JiraSnapshot,
) -> Result<(), SyncError> {
    let links = session.state.links()?;
    let linked: HashSet<&GroupId> = links.groups().map(|link| &link.group).collect();
    drift.retain(|row| linked.contains(&row.group));
    let Some(since) = drift.iter().map(|row| row.known_at).min() else {
        return Ok(());
    };
    let since = jiff::Timestamp::from_second(i64::from(since) - 60)
        .map(|at| at.strftime("%Y-%m-%dT%H:%M:%S.000+0000").to_string())
        .unwrap_or_default();
    let Some(records) = session.jira.audit(&since).await? else {
        session.progress.unknown(AUDIT_UNKNOWN);
        return Ok(());
    };
    for row in drift {
        if let Some(record) = records.iter().find(|record| row.is_told_by(record)) {
            let account = jira.find_account(&record.author);
            let who = account.map_or(record.author.as_str(), |row| jira.account(row).name());
            let when = record.created.get(..16).unwrap_or(&record.created);
            row.by = Some(Told {
                // Most records of memberships bear no author.
                who: (!who.is_empty()).then(|| who.to_owned()),
                when: when.replace('T', " "),
            });
        }
    }
    Ok(())
}

/// Tells of memberships that somebody else changed in Jira since they were known, with who and
/// when, if the audit records tell.
pub(in crate::sync) async fn tell_drift(
    session: &mut Session,
    mut drift: Vec<Drift>,
    jira: &JiraSnapshot,
) -> Result<(), SyncError> {
    if drift.is_empty() {
        return Ok(());
    }
    drift.sort();
    drift.dedup();
    explain(session, &mut drift, jira).await?;
    let shown = drift.iter().take(SHOWN).map(Drift::words);
    shown.for_each(|line| session.progress.note(line));
    if drift.len() > SHOWN {
        session.progress.note(format!(
            "… and {} more memberships that were changed in Jira by somebody else.",
            grouped((drift.len() - SHOWN) as u64)
        ));
    }
    Ok(())
}
