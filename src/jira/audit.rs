//! Jira's audit records: who changed a group's members, and when.

use super::client::Jira;
use super::error::JiraError;
use crate::http::Failure;
use serde::Deserialize;

/// Documented default and most of one page.
const PAGE: usize = 1000;
/// How many pages are read: who looks for more than this looks into Jira's own audit log.
const PAGES: usize = 5;

/// One record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditRecord {
    /// When, as Jira writes it.
    pub created: String,
    /// accountId of who did it, empty where Jira does not tell.
    pub author: String,
    /// E.g. `User added to group`.
    pub summary: String,
    /// Ids and names of everything that the record is about.
    pub about: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct Records {
    #[serde(default)]
    records: Vec<Record>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    #[serde(default)]
    created: Option<String>,
    #[serde(default)]
    author_account_id: Option<String>,
    #[serde(default)]
    author_key: Option<String>,
    #[serde(default)]
    summary: Option<String>,
    #[serde(default)]
    object_item: Option<Item>,
    #[serde(default)]
    associated_items: Option<Vec<Item>>,
}

#[derive(Deserialize)]
struct Item {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    name: Option<String>,
}

impl Jira {
    /// The audit records since a moment, the newest first, as far as a few pages reach; none where
    /// they can't be read, which many accounts may not.
    pub async fn audit(&self, since: &str) -> Result<Option<Vec<AuditRecord>>, JiraError> {
        let mut all = Vec::new();
        for page in 0..PAGES {
            let offset = (page * PAGE).to_string();
            let result: Result<Records, JiraError> = self
                .get(
                    "read the audit records",
                    "/rest/api/3/auditing/record",
                    &["auditing", "record"],
                    &[("from", since), ("offset", &offset), ("limit", "1000")],
                )
                .await;
            let records = match result {
                Ok(found) => found.records,
                Err(JiraError::Http(Failure::Cancelled)) => {
                    return Err(JiraError::Http(Failure::Cancelled));
                }
                // Who changed something is good to know; that it was changed is known without.
                Err(error) => {
                    tracing::warn!(%error, "the audit records can't be read");
                    return Ok(None);
                }
            };
            let last = records.len() < PAGE;
            all.extend(records.into_iter().map(AuditRecord::from));
            if last {
                break;
            }
        }
        Ok(Some(all))
    }
}

impl From<Record> for AuditRecord {
    fn from(record: Record) -> Self {
        let items = record.associated_items.into_iter().flatten();
        let about = record.object_item.into_iter().chain(items);
        Self {
            created: record.created.unwrap_or_default(),
            author: record
                .author_account_id
                .or(record.author_key)
                .unwrap_or_default(),
            summary: record.summary.unwrap_or_default(),
            about: about
                .map(|item| (item.id.unwrap_or_default(), item.name.unwrap_or_default()))
                .collect(),
        }
    }
}
