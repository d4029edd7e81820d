//! Graph's JSON.

use crate::directory::{GroupKind, Membership};
use serde::Deserialize;

pub(super) const USER_FIELDS: &str =
    "id,displayName,mail,userPrincipalName,accountEnabled,userType,assignedLicenses";
/// Without what some clouds answer 501 for.
pub(super) const USER_FIELDS_PLAIN: &str =
    "id,displayName,mail,userPrincipalName,accountEnabled,userType";
pub(super) const GROUP_FIELDS: &str =
    "id,displayName,groupTypes,securityEnabled,mailEnabled,visibility,members";

#[derive(Deserialize)]
pub(super) struct Page<T> {
    pub(super) value: Vec<T>,
    #[serde(rename = "@odata.nextLink")]
    pub(super) next: Option<String>,
    #[serde(rename = "@odata.deltaLink")]
    pub(super) delta: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Removed {}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct User {
    pub(super) id: String,
    #[serde(default)]
    pub(super) display_name: Option<String>,
    #[serde(default)]
    pub(super) mail: Option<String>,
    #[serde(default)]
    pub(super) user_principal_name: Option<String>,
    #[serde(default)]
    pub(super) account_enabled: Option<bool>,
    #[serde(default)]
    pub(super) user_type: Option<String>,
    #[serde(default)]
    pub(super) assigned_licenses: Option<Vec<serde::de::IgnoredAny>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Group {
    pub(super) id: String,
    #[serde(default)]
    pub(super) display_name: Option<String>,
    #[serde(default)]
    pub(super) group_types: Option<Vec<String>>,
    #[serde(default)]
    pub(super) mail_enabled: Option<bool>,
    #[serde(default)]
    pub(super) visibility: Option<String>,
    #[serde(default, rename = "members@delta")]
    pub(super) members: Vec<Member>,
    #[serde(default, rename = "@removed")]
    pub(super) removed: Option<Removed>,
}

#[derive(Deserialize)]
pub(super) struct Member {
    #[serde(default, rename = "@odata.type")]
    pub(super) kind: String,
    pub(super) id: String,
    #[serde(default, rename = "@removed")]
    pub(super) removed: Option<Removed>,
}

/// A group as gathered from the slices in which delta gives it: any of them may lack a property.
#[derive(Default)]
pub(super) struct GatheredGroup {
    pub(super) name: Option<String>,
    types: Option<Vec<String>>,
    mail_enabled: Option<bool>,
    visibility: Option<String>,
}

impl GatheredGroup {
    pub(super) fn take(&mut self, group: &mut Group) {
        fn newer<T>(place: &mut Option<T>, value: &mut Option<T>) {
            if value.is_some() {
                *place = value.take();
            }
        }
        newer(&mut self.name, &mut group.display_name);
        newer(&mut self.types, &mut group.group_types);
        newer(&mut self.mail_enabled, &mut group.mail_enabled);
        newer(&mut self.visibility, &mut group.visibility);
    }

    pub(super) fn kind(&self) -> GroupKind {
        let unified = self.types.iter().flatten().any(|t| t == "Unified");
        if unified {
            GroupKind::Microsoft365
        } else if self.mail_enabled == Some(true) {
            GroupKind::MailEnabled
        } else {
            GroupKind::Security
        }
    }

    pub(super) fn membership(&self, reads_hidden: bool) -> Membership {
        let hidden = self
            .visibility
            .as_deref()
            .is_some_and(|v| v.eq_ignore_ascii_case("HiddenMembership"));
        if hidden && !reads_hidden {
            Membership::Hidden
        } else {
            Membership::Known
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Organization {
    pub(super) id: String,
    #[serde(default)]
    pub(super) display_name: Option<String>,
    #[serde(default)]
    pub(super) verified_domains: Vec<Domain>,
}

#[derive(Deserialize)]
pub(super) struct Domain {
    pub(super) name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Application {
    #[serde(default)]
    pub(super) display_name: Option<String>,
    #[serde(default)]
    pub(super) password_credentials: Vec<PasswordCredential>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PasswordCredential {
    #[serde(default)]
    pub(super) end_date_time: Option<String>,
}
