//! Ids of both sides. They are opaque text: Jira's account ids have several shapes
//! (`557058:…`, 24 hex digits, UUIDs), and none is parsed.

use std::borrow::Cow;
use std::fmt;

/// Most characters of an id.
const LONGEST: usize = 128;

/// Whether a text is shaped like an id of either side. What is not is no id, whatever a service says: ids
/// stand in the paths of calls.
#[must_use]
pub fn is_id(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'_' | b'-');
    (1..=LONGEST).contains(&text.len()) && text.bytes().all(plain)
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
        )]
        pub struct $name(Box<str>);

        impl $name {
            /// Wraps an id as the service gave it.
            #[must_use]
            pub fn new(id: &str) -> Self {
                Self(id.into())
            }

            /// The id as the service gave it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

id!(
    /// The object id of an Entra user or group.
    EntraId
);
id!(
    /// The accountId of a Jira account, at most 128 characters.
    AccountId
);
id!(
    /// The groupId of a Jira group.
    GroupId
);

/// A name or address as it is compared: trimmed and case-folded.
#[must_use]
pub fn fold(text: &str) -> String {
    folded(text).into_owned()
}

/// The same without a copy where it is written like that already, as most addresses are.
#[must_use]
pub fn folded(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    if !text.is_ascii() {
        Cow::Owned(text.to_lowercase())
    } else if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}
