//! How calls to Entra fail.

use crate::http::{Failure, NoHeadway, null_is_default, said};
use serde::Deserialize;
use serde_json::Value;

/// What a refused token request means. Chosen from the AADSTS number, which Microsoft changes at
/// will: [`TokenProblem::Other`] is the fallback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenProblem {
    /// 7000215, 70002: wrong secret, often its ID instead of its Value.
    WrongSecret,
    /// 7000222: the secret has ended.
    ExpiredSecret,
    /// 700016, 700011: no such application in this tenant.
    UnknownClient,
    /// 7000112, 70001: the application is disabled.
    ApplicationDisabled,
    /// 90002: no such tenant.
    UnknownTenant,
    /// 900023: the tenant is neither a GUID nor a domain.
    MalformedTenant,
    /// 90038, 900382, 900432, 500011: another national cloud.
    OtherCloud,
    /// 700027, 50012: the certificate does not fit.
    Certificate,
    /// 53003, 530032: Conditional Access or tenant policy.
    Blocked,
    /// 65001, 650056, 90094: no admin consent.
    NoConsent,
    /// 90055, 90006, 90012, 90024, 90033, 90090, 50000: busy.
    Busy,
    /// Anything else.
    Other,
}

impl TokenProblem {
    fn of(code: u64) -> Self {
        match code {
            7_000_215 | 70_002 => Self::WrongSecret,
            7_000_222 => Self::ExpiredSecret,
            700_016 | 700_011 => Self::UnknownClient,
            7_000_112 | 70_001 => Self::ApplicationDisabled,
            90_002 => Self::UnknownTenant,
            900_023 => Self::MalformedTenant,
            90_038 | 900_382 | 900_432 | 500_011 => Self::OtherCloud,
            700_027 | 50_012 => Self::Certificate,
            53_003 | 530_032 => Self::Blocked,
            65_001 | 650_056 | 90_094 => Self::NoConsent,
            90_055 | 90_006 | 90_012 | 90_024 | 90_033 | 90_090 | 50_000 => Self::Busy,
            _ => Self::Other,
        }
    }
}

/// A refused token request.
#[derive(Debug, Clone)]
pub struct TokenRefusal {
    /// What it means.
    pub problem: TokenProblem,
    /// `error`, e.g. `invalid_client`.
    pub error: String,
    /// The AADSTS number, if one was given.
    pub code: Option<u64>,
    /// First line of `error_description`.
    pub description: String,
    /// `trace_id`.
    pub trace_id: String,
    /// `correlation_id`.
    pub correlation_id: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct TokenErrorBody {
    #[serde(deserialize_with = "null_is_default")]
    error: String,
    #[serde(deserialize_with = "null_is_default")]
    error_description: String,
    #[serde(deserialize_with = "null_is_default")]
    error_codes: Vec<u64>,
    #[serde(deserialize_with = "null_is_default")]
    trace_id: String,
    #[serde(deserialize_with = "null_is_default")]
    correlation_id: String,
}

impl TokenRefusal {
    /// Reads the body of a refused token request.
    pub(super) fn parse(status: u16, body: &[u8]) -> Self {
        let body: TokenErrorBody = serde_json::from_slice(body).unwrap_or_default();
        let in_text = || {
            let digits: String = body
                .error_description
                .strip_prefix("AADSTS")?
                .chars()
                .take_while(char::is_ascii_digit)
                .collect();
            digits.parse().ok()
        };
        // Of several codes the one that says more counts.
        let told = body.error_codes.iter().copied();
        let known = |code: &u64| TokenProblem::of(*code) != TokenProblem::Other;
        let vague = |code: &u64| *code == 70_002;
        let code = told
            .clone()
            .find(|code| known(code) && !vague(code))
            .or_else(|| told.clone().find(known))
            .or_else(|| told.clone().next())
            .or_else(in_text);
        let first = body.error_description.lines().next().unwrap_or_default();
        // The ids are given on their own.
        let first = first.split(" Trace ID:").next().unwrap_or_default().trim();
        Self {
            problem: match code {
                Some(code) => TokenProblem::of(code),
                None if status >= 500 => TokenProblem::Busy,
                None => TokenProblem::Other,
            },
            description: if first.is_empty() {
                format!("status {status} without an explanation")
            } else {
                said(first)
            },
            error: said(&body.error),
            code,
            trace_id: said(&body.trace_id),
            correlation_id: said(&body.correlation_id),
        }
    }
}

/// A call to Entra that failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EntraError {
    /// No usable answer.
    #[error(transparent)]
    Http(#[from] Failure),
    /// No token.
    #[error("Entra gave no token: {}", .0.description)]
    Token(Box<TokenRefusal>),
    /// Graph refused a call.
    #[error("Graph refused to {what}: {status} {code}: {message}")]
    Refused {
        /// What was asked for, e.g. “list users”.
        what: &'static str,
        /// Status.
        status: u16,
        /// `error.code`, may be empty.
        code: String,
        /// `error.message`.
        message: String,
        /// `request-id`.
        request_id: String,
        /// `client-request-id`.
        client_request_id: String,
        /// The permissions in the token, none if it could not be decoded.
        roles: Option<Vec<String>>,
    },
    /// A listing does not get on, so that it would never end.
    #[error(transparent)]
    NoHeadway(#[from] NoHeadway),
    /// What is listed comes as ids alone: the application may not read it.
    #[error("Graph gave ids of {what} and nothing else")]
    BareIds {
        /// Users or groups.
        what: &'static str,
        /// The permissions in the token, none if it could not be decoded.
        roles: Option<Vec<String>>,
    },
    /// A listing of changes ended without the link that says it is whole.
    #[error("Graph ended the listing of {what} without a delta link")]
    NoDeltaLink {
        /// Users or groups.
        what: &'static str,
    },
    /// `/organization` was empty.
    #[error("Graph gave no organization for this tenant")]
    NoOrganization,
}

/// Graph's error, read field by field: any of them may be missing, null or of another shape, and what
/// is there is shown.
#[derive(Debug, Default)]
pub(super) struct GraphError {
    pub(super) code: String,
    pub(super) message: String,
    pub(super) request_id: String,
}

impl GraphError {
    /// The error in a body.
    pub(super) fn of(body: &Value) -> Self {
        let error = body.get("error").unwrap_or(body);
        let text = |value: &Value, name: &str| {
            let field = value.get(name).and_then(Value::as_str);
            said(field.unwrap_or_default())
        };
        let inner = ["innerError", "innererror"];
        let inner = inner.iter().find_map(|name| error.get(name));
        Self {
            code: text(error, "code"),
            message: text(error, "message"),
            request_id: inner.map_or_else(String::new, |inner| text(inner, "request-id")),
        }
    }

    pub(super) fn request_id(&self) -> &str {
        &self.request_id
    }
}

impl EntraError {
    /// Whether Graph says that a listing's continuation has ended and it must begin anew.
    #[must_use]
    pub fn is_expired_page(&self) -> bool {
        matches!(self, Self::Refused { status: 400, code, .. } if code == "Directory_ExpiredPageToken")
    }

    /// Whether Graph does not take a change link any more, for whatever reason, so that everything
    /// must be read. 410 is documented; in the field links were refused with several codes of 400. What
    /// is no word on the link is the token's, the permission's or the limit's.
    #[must_use]
    pub fn refuses_link(&self) -> bool {
        let status = self.status().unwrap_or_default();
        (400..500).contains(&status) && !matches!(status, 401 | 403 | 429)
    }

    /// Whether Graph says that this cloud has no such call.
    #[must_use]
    pub fn is_unsupported(&self) -> bool {
        matches!(self.status(), Some(400 | 404 | 405 | 501)) && !self.is_expired_page()
    }

    /// The status of a refusal.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn of_an_error_whatever_is_there_is_taken() {
        let whole =
            json!({"error": {"code": "A", "message": "b", "innererror": {"request-id": "c"}}});
        let error = GraphError::of(&whole);
        let told = (&*error.code, &*error.message, error.request_id());
        assert_eq!(told, ("A", "b", "c"));
        let nulls = json!({"error": {"code": null, "message": "b", "innerError": null}});
        let error = GraphError::of(&nulls);
        let told = (&*error.code, &*error.message, error.request_id());
        assert_eq!(told, ("", "b", ""));
        assert_eq!(GraphError::of(&json!({"error": null})).message, "");
    }

    #[test]
    fn of_several_codes_the_one_that_says_more_counts() {
        let of = |codes: serde_json::Value| {
            let body = json!({"error": "invalid_client", "error_description": "AADSTS70002: no.",
                "error_codes": codes, "trace_id": null});
            TokenRefusal::parse(401, body.to_string().as_bytes())
        };
        assert_eq!(of(json!([70002, 50012])).problem, TokenProblem::Certificate);
        assert_eq!(of(json!([50012, 70002])).problem, TokenProblem::Certificate);
        assert_eq!(
            of(json!([1, 7_000_222])).problem,
            TokenProblem::ExpiredSecret
        );
        assert_eq!(of(json!([70002])).problem, TokenProblem::WrongSecret);
        // Without a list the text tells.
        assert_eq!(of(json!(null)).problem, TokenProblem::WrongSecret);
    }
}
