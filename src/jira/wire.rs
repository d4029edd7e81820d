//! Jira's JSON.

use crate::directory::{AccountKind, JiraAccountRow, is_id};
use crate::http::null_is_default;
use serde::Deserialize;
use std::borrow::Cow;

#[derive(Deserialize, Debug, Clone)]
#[serde(rename_all = "camelCase")]
pub(super) struct User {
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) account_id: String,
    #[serde(default)]
    pub(super) display_name: Option<String>,
    #[serde(default)]
    pub(super) email_address: Option<String>,
    #[serde(default)]
    pub(super) active: Option<bool>,
    #[serde(default)]
    pub(super) account_type: Option<String>,
}

impl User {
    /// Whether it is a record of somebody who was deleted, of which only this is left.
    pub(super) fn is_ghost(&self) -> bool {
        is_ghost(&self.account_id)
    }

    pub(super) fn kind(&self) -> AccountKind {
        match self.account_type.as_deref() {
            Some("atlassian") => AccountKind::Person,
            Some("app") => AccountKind::App,
            _ => AccountKind::Customer,
        }
    }

    pub(super) fn row(&self) -> JiraAccountRow<'_> {
        JiraAccountRow {
            id: &self.account_id,
            name: self.display_name.as_deref().unwrap_or_default(),
            email: self.email_address.as_deref().unwrap_or_default().trim(),
            active: self.active.unwrap_or(false),
            kind: self.kind(),
        }
    }
}

/// Whether an id stands for nobody: corrupted records of deleted users bear this one, and what is not
/// shaped like an id is none.
pub(super) fn is_ghost(id: &str) -> bool {
    id == "unknown" || !is_id(id)
}

/// Of a user no more than the id.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserId<'a> {
    #[serde(borrow, default)]
    account_id: Option<Borrowed<'a>>,
}

impl UserId<'_> {
    /// The id; empty where there is none.
    pub(super) fn id(&self) -> &str {
        self.account_id.as_ref().map_or("", |id| &id.0)
    }
}

#[derive(Deserialize)]
struct Borrowed<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page<T> {
    pub(super) values: Vec<T>,
    #[serde(default)]
    pub(super) is_last: Option<bool>,
    #[serde(default)]
    pub(super) total: Option<u64>,
}

#[derive(Deserialize, Clone, Debug)]
#[serde(rename_all = "camelCase")]
pub(super) struct Group {
    /// Empty where there is none: such a group can't be spoken of.
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) group_id: String,
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) name: String,
}

#[derive(Deserialize)]
pub(super) struct Picked {
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) groups: Vec<PickedGroup>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PickedGroup {
    #[serde(default)]
    pub(super) group_id: Option<String>,
    #[serde(default)]
    pub(super) managed_by: Option<String>,
}

#[derive(Deserialize, Debug)]
#[serde(rename_all = "camelCase")]
pub(super) struct Role {
    pub(super) key: String,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) group_details: Vec<Group>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) default_groups_details: Vec<Group>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) groups: Vec<String>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) default_groups: Vec<String>,
    #[serde(default)]
    pub(super) remaining_seats: Option<i64>,
    #[serde(default)]
    pub(super) has_unlimited_seats: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TenantInfo {
    pub(super) cloud_id: String,
}
