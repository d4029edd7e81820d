//! How calls to Jira fail.

use crate::http::{Answer, Failure, NoHeadway, said};
use serde_json::Value;

/// Who may make a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Needs {
    /// A site administrator.
    #[default]
    SiteAdmin,
    /// An administrator of the organization.
    OrganizationAdmin,
}

/// A refused call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What was asked for, e.g. “add a member”.
    pub what: &'static str,
    /// Whose call it is.
    pub needs: Needs,
    /// Status.
    pub status: u16,
    /// A code, where the answer has one.
    pub code: String,
    /// What the answer says, from whichever of the documented shapes it has.
    pub message: String,
    /// Whether the answer says why.
    pub explained: bool,
    /// The id that Atlassian's support asks for.
    pub request_id: String,
}

impl Refusal {
    /// Whether it says that no licence is left. The organization has a code for it; of Jira only the
    /// English text tells.
    #[must_use]
    pub fn is_about_licences(&self) -> bool {
        let message = self.message.to_ascii_lowercase();
        self.code.ends_with("409-3") || message.contains("licen") || message.contains("seat")
    }

    /// Whether it says that this machine's address is not let in; the status is not documented.
    pub(super) fn is_about_address(&self) -> bool {
        let message = self.message.to_ascii_lowercase();
        message.contains("ip address") && message.contains("allowed list")
    }

    /// Whether it says that the token lacks a scope.
    pub(super) fn is_about_scope(&self) -> bool {
        let message = self.message.to_ascii_lowercase();
        message.contains("scope does not match")
            || self.code.contains("INSUFFICIENT_SCOPE")
            || message.contains("insufficient_scope")
            || message.contains("insufficient scope")
    }

    pub(super) fn of(what: &'static str, answer: &Answer) -> Self {
        let (code, message) = explain(answer);
        Self {
            what,
            needs: Needs::default(),
            status: answer.status.as_u16(),
            code: said(&code),
            explained: message.is_some(),
            message: message.map_or_else(
                || "no explanation was given".to_owned(),
                |message| said(&message),
            ),
            request_id: request_id(answer),
        }
    }
}

/// The id that Atlassian's support asks for, empty if the answer bears none.
pub(super) fn request_id(answer: &Answer) -> String {
    let mut ids = ["atl-traceid", "x-arequestid", "x-request-id"]
        .into_iter()
        .map(|name| answer.header(name));
    said(ids.find(|id| !id.is_empty()).unwrap_or_default())
}

/// A call to Jira that failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum JiraError {
    /// No usable answer.
    #[error(transparent)]
    Http(#[from] Failure),
    /// 401 on the site and on the gateway, or in the middle of a run.
    #[error("Jira does not accept the e-mail and API token")]
    BadCredentials {
        /// For support.
        request_id: String,
    },
    /// 401: the token is good, and lacks a scope.
    #[error("the token lacks the scope to {what}")]
    MissingScope {
        /// What was asked for.
        what: &'static str,
        /// What the answer says.
        message: String,
        /// For support.
        request_id: String,
    },
    /// The organization lets in certain addresses of the network only, and not this machine's.
    #[error("this machine's address is not on the allowlist")]
    NotAllowed {
        /// What the answer says.
        message: String,
        /// For support.
        request_id: String,
    },
    /// What was entered is a password.
    #[error("Jira takes API tokens, and no passwords")]
    Password {
        /// For support.
        request_id: String,
    },
    /// 200 with a header that says that nobody is signed in: the answer is empty for that reason.
    #[error("Jira answered as if nobody had signed in")]
    NotSignedIn {
        /// For support.
        request_id: String,
    },
    /// Jira wants a captcha to be solved.
    #[error("Jira wants the account to log in once in a browser")]
    Captcha,
    /// The site tells no cloudId.
    #[error("{host} is no Jira Cloud site")]
    NotASite {
        /// Host.
        host: String,
    },
    /// It can't be told which groups make administrators.
    #[error("Jira's listing of the groups that make administrators never added up: {0}")]
    AdminsUnknown(String),
    /// A listing does not get on, so that it would never end.
    #[error(transparent)]
    NoHeadway(#[from] NoHeadway),
    /// The organization key is not accepted.
    #[error("the organization does not accept the key")]
    OrganizationKey {
        /// For support.
        request_id: String,
    },
    /// The key is of other organizations, or of several of which none is named.
    #[error("the organization key is not of this organization")]
    OtherOrganization {
        /// The configured id, may be empty.
        wanted: String,
        /// Ids of the key's organizations.
        found: Vec<String>,
    },
    /// It can't be told in which directory an account is.
    #[error("the account is in {} directories of the organization", .found.len())]
    UnclearDirectory {
        /// Ids of the directories.
        found: Vec<String>,
    },
    /// The call was refused.
    #[error("Jira refused to {}: {} {}", .0.what, .0.status, .0.message)]
    Refused(Box<Refusal>),
}

/// A write that failed, or of which nobody knows.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{error}")]
pub struct Unwritten {
    /// How it ended.
    pub error: JiraError,
    /// Whether it may have taken place all the same: no answer tells, or an earlier attempt of the
    /// same write ended without one.
    pub may_have_happened: bool,
}

impl Unwritten {
    /// A refusal, by an answer that tells whether attempts before it ended without one.
    pub(super) const fn refused(error: JiraError, answer: &Answer) -> Self {
        Self {
            error,
            may_have_happened: answer.after_unclear || answer.status.as_u16() >= 500,
        }
    }

    /// It failed before the write was tried.
    pub(super) const fn before(error: JiraError) -> Self {
        Self {
            error,
            may_have_happened: false,
        }
    }
}

impl From<JiraError> for Unwritten {
    fn from(error: JiraError) -> Self {
        Self {
            may_have_happened: matches!(&error, JiraError::Http(f) if f.may_have_happened()),
            error,
        }
    }
}

impl From<Failure> for Unwritten {
    fn from(failure: Failure) -> Self {
        JiraError::from(failure).into()
    }
}

impl JiraError {
    /// The same, for a call that only an administrator of the organization may make.
    pub(super) fn needing_organization_admin(mut self) -> Self {
        if let Self::Refused(refusal) = &mut self {
            refusal.needs = Needs::OrganizationAdmin;
        }
        self
    }

    /// Whether the service answered, and would not: what is optional is unknown then, and no more.
    #[must_use]
    pub fn is_unwillingness(&self) -> bool {
        match self {
            Self::Refused(refusal) => (400..500).contains(&refusal.status),
            Self::OrganizationKey { .. }
            | Self::MissingScope { .. }
            | Self::NotAllowed { .. }
            | Self::Password { .. } => true,
            Self::Http(Failure::Unavailable { status, .. }) => (400..500).contains(status),
            _ => false,
        }
    }

    /// The refusal, if it is one.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }
}

/// Code and message from the error shapes that Atlassian's services use.
fn explain(answer: &Answer) -> (String, Option<String>) {
    let Some(body) = answer.json::<Value>() else {
        let text = answer.text();
        // A page of HTML says nothing to an administrator.
        let text = Some(text.trim()).filter(|text| !text.is_empty() && !text.starts_with('<'));
        return (String::new(), text.map(str::to_owned));
    };
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let mut parts: Vec<String> = Vec::new();
    let mut code = String::new();
    if let Some(Value::Array(messages)) = body.get("errorMessages") {
        parts.extend(messages.iter().map(text));
    }
    match body.get("errors") {
        Some(Value::Object(fields)) => parts.extend(fields.values().map(text)),
        Some(Value::Array(errors)) => {
            for error in errors {
                let at = |name| error.get(name).map(text).unwrap_or_default();
                if code.is_empty() {
                    code = at("code");
                }
                let detail = at("detail");
                parts.push(if detail.is_empty() {
                    at("title")
                } else {
                    detail
                });
            }
        }
        _ => {}
    }
    if parts.is_empty() {
        parts.extend(body.get("message").map(text));
    }
    if code.is_empty() {
        code = body
            .get("code")
            .or_else(|| body.get("key"))
            .map(text)
            .unwrap_or_default();
    }
    parts.retain(|part| !part.is_empty());
    (code, (!parts.is_empty()).then(|| parts.join("; ")))
}
