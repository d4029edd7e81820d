//! Graph's JSON.

use crate::directory::{Gone, GroupFields, MemberKind, PersonFields};
use crate::http::{Headway, null_is_default, wait};
use serde::Deserialize;

pub(super) const USER_FIELDS: &str =
    "id,displayName,mail,userPrincipalName,accountEnabled,userType,assignedLicenses";
/// Without what some clouds answer 501 for.
pub(super) const USER_FIELDS_PLAIN: &str =
    "id,displayName,mail,userPrincipalName,accountEnabled,userType";
/// A group's own properties.
pub(super) const GROUP_FIELDS: &str =
    "id,displayName,groupTypes,securityEnabled,mailEnabled,visibility";

#[derive(Deserialize)]
pub(super) struct GraphPage<T> {
    pub(super) value: Vec<T>,
    #[serde(rename = "@odata.nextLink")]
    pub(super) next: Option<String>,
    #[serde(rename = "@odata.deltaLink")]
    pub(super) delta: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Removed {
    #[serde(default, deserialize_with = "null_is_default")]
    reason: String,
}

impl Removed {
    /// `changed` is a soft deletion; anything that is not known counts as one.
    pub(super) fn gone(&self) -> Gone {
        if self.reason == "deleted" {
            Gone::Forever
        } else {
            Gone::Soft
        }
    }
}

/// A property of an object in a round of changes: one that is not there did not change, one that is
/// null did.
#[derive(Default)]
enum Property<T> {
    #[default]
    Absent,
    Null,
    Is(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Property<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Null, Self::Is))
    }
}

impl<T> Property<T> {
    /// None where it is not there; `null` for one that is null.
    fn said<U>(self, null: U, is: impl FnOnce(T) -> U) -> Option<U> {
        match self {
            Self::Absent => None,
            Self::Null => Some(null),
            Self::Is(value) => Some(is(value)),
        }
    }
}

impl Property<String> {
    fn text(self) -> Option<String> {
        self.said(String::new(), |text| text)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GraphUser {
    pub(super) id: String,
    #[serde(default)]
    display_name: Property<String>,
    #[serde(default)]
    mail: Property<String>,
    #[serde(default)]
    user_principal_name: Property<String>,
    #[serde(default)]
    account_enabled: Option<bool>,
    #[serde(default)]
    user_type: Property<String>,
    #[serde(default)]
    assigned_licenses: Property<Vec<serde::de::IgnoredAny>>,
    #[serde(default, rename = "@removed")]
    pub(super) removed: Option<Removed>,
}

impl GraphUser {
    pub(super) fn fields(self) -> PersonFields {
        PersonFields {
            name: self.display_name.text(),
            mail: self.mail.text(),
            upn: self.user_principal_name.text(),
            enabled: self.account_enabled,
            guest: self.user_type.said(false, |kind| kind == "Guest"),
            licensed: self
                .assigned_licenses
                .said(false, |licences| !licences.is_empty()),
        }
    }
}

/// What is looked for among a group's types. The others are not kept, however many there are.
struct GroupTypes {
    unified: bool,
}

impl<'de> Deserialize<'de> for GroupTypes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Types;
        impl<'de> serde::de::Visitor<'de> for Types {
            type Value = GroupTypes;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a list of group types")
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(
                self,
                mut types: A,
            ) -> Result<GroupTypes, A::Error> {
                let mut unified = false;
                while let Some(kind) = types.next_element::<std::borrow::Cow<'_, str>>()? {
                    unified |= kind == "Unified";
                }
                Ok(GroupTypes { unified })
            }
        }
        deserializer.deserialize_seq(Types)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GraphGroup {
    pub(super) id: String,
    #[serde(default)]
    display_name: Option<String>,
    #[serde(default)]
    group_types: Option<GroupTypes>,
    #[serde(default)]
    mail_enabled: Option<bool>,
    #[serde(default)]
    visibility: Property<String>,
    #[serde(
        default,
        rename = "members@delta",
        deserialize_with = "null_is_default"
    )]
    pub(super) members: Vec<GraphMember>,
    #[serde(default, rename = "@removed")]
    pub(super) removed: Option<Removed>,
}

impl GraphGroup {
    /// Notes it, and every membership that is told with it.
    pub(super) fn note(&self, headway: &mut Headway) {
        headway.row(&self.id);
        for member in &self.members {
            headway.row((&self.id, &member.id, member.removed.is_some()));
        }
    }

    /// What is said of it. Any slice in which delta gives it may lack a property.
    pub(super) fn fields(&mut self, reads_hidden: bool) -> GroupFields {
        let hides = |visibility: String| visibility.eq_ignore_ascii_case("HiddenMembership");
        GroupFields {
            name: self.display_name.take(),
            unified: self.group_types.take().map(|types| types.unified),
            mail_enabled: self.mail_enabled,
            hidden: std::mem::take(&mut self.visibility)
                .said(false, |visibility| hides(visibility) && !reads_hidden),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct GraphMember {
    #[serde(default, rename = "@odata.type", deserialize_with = "null_is_default")]
    kind: String,
    pub(super) id: String,
    #[serde(default, rename = "@removed")]
    pub(super) removed: Option<Removed>,
}

impl GraphMember {
    /// Person or group; none for devices, contacts and service principals, which take no part.
    pub(super) fn kind(&self) -> Option<MemberKind> {
        match self.kind.as_str() {
            "#microsoft.graph.user" => Some(MemberKind::Person),
            "#microsoft.graph.group" => Some(MemberKind::Group),
            _ => None,
        }
    }

    /// Whether it is not said what kind of object it is, as of removed members at times.
    pub(super) fn is_untyped(&self) -> bool {
        self.kind.is_empty()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Assignment {
    pub(super) principal_id: String,
    #[serde(default)]
    pub(super) principal_type: Option<String>,
}

/// One answer of a batch.
#[derive(Deserialize)]
pub(super) struct Part {
    pub(super) id: String,
    pub(super) status: u16,
    #[serde(default)]
    pub(super) headers: serde_json::Map<String, serde_json::Value>,
    #[serde(default)]
    pub(super) body: serde_json::Value,
}

impl Part {
    /// What it asks to wait.
    pub(super) fn retry_after(&self) -> Option<std::time::Duration> {
        let value = self
            .headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("retry-after"))?
            .1;
        let seconds = value
            .as_f64()
            .or_else(|| value.as_str()?.trim().parse().ok())?;
        Some(wait(seconds))
    }
}

#[derive(Deserialize)]
pub(super) struct Batch {
    pub(super) responses: Vec<Part>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GraphOrganization {
    pub(super) id: String,
    #[serde(default)]
    pub(super) display_name: Option<String>,
    #[serde(default, deserialize_with = "null_is_default")]
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
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) password_credentials: Vec<PasswordCredential>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PasswordCredential {
    #[serde(default)]
    pub(super) end_date_time: Option<String>,
}
