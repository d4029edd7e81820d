//! Silent invitations through the organization.

use super::error::{JiraError, request_id};
use super::organization::{Organization, OrganizationPage};
use crate::directory::{AccountId, fold};
use crate::http::{Call, Failure, Method, Repeat, said};
use serde::Deserialize;
use serde_json::json;
use std::collections::HashMap;

/// Addresses in one invitation, as documented.
pub const INVITED_AT_ONCE: usize = 25;

/// What became of an invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invited {
    /// The accounts, by folded address.
    pub accounts: HashMap<String, AccountId>,
    /// Why others could not be invited, by folded address, as far as the answer says so.
    pub reasons: HashMap<String, String>,
    /// Status of the answer: 206 if some could not be invited.
    pub status: u16,
    /// For support.
    pub request_id: String,
}

#[derive(Deserialize)]
struct Invitation {
    #[serde(default)]
    email: String,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    results: Option<Vec<InvitationResult>>,
}

impl Invitation {
    /// Why it failed, if it did.
    fn reason(&self) -> Option<&str> {
        let results = self.results.iter().flatten();
        let mut parts = results.flat_map(|result| {
            let roles = result.role_assignment_result.iter().flatten();
            roles.chain(result.group_assignment_result.iter().flatten())
        });
        let failed = parts.find(|part| part.status.eq_ignore_ascii_case("ERROR"))?;
        Some(failed.status_reason.as_deref().unwrap_or_default())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InvitationResult {
    #[serde(default)]
    role_assignment_result: Option<Vec<AssignmentResult>>,
    #[serde(default)]
    group_assignment_result: Option<Vec<AssignmentResult>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AssignmentResult {
    #[serde(default)]
    status: String,
    #[serde(default)]
    status_reason: Option<String>,
}

impl Organization {
    /// Invites people without telling them, at most [`INVITED_AT_ONCE`], to these resources: without
    /// any, access comes from groups. Gives the accounts by
    /// address, folded; an address that is missing was not invited. Never repeated after an unclear
    /// answer.
    pub async fn invite(
        &self,
        addresses: &[String],
        resources: &[String],
    ) -> Result<Invited, JiraError> {
        let mut body = json!({ "emails": addresses, "sendNotification": false });
        if !resources.is_empty() {
            let rule = |ari: &String| json!({ "resource": ari, "role": "atlassian/user" });
            body["permissionRules"] = resources.iter().map(rule).collect();
        }
        let url = self
            .service
            .origin()
            .join(["admin", "v2", "orgs", &self.id, "users", "invite"]);
        let call = Call::new(
            Method::POST,
            "/v2/orgs/{orgId}/users/invite",
            url,
            Repeat::OnlyAfter429,
        )
        .json(body);
        let answer = self.answer("invite people", call).await?;
        let page: OrganizationPage<Invitation> = answer.json().ok_or_else(|| {
            JiraError::Http(Failure::Garbled {
                host: self.service.origin().host(),
                cause: "no list of invitations".to_owned(),
            })
        })?;
        let mut invited = Invited {
            accounts: HashMap::new(),
            reasons: HashMap::new(),
            status: answer.status.as_u16(),
            request_id: request_id(&answer),
        };
        for row in page.data {
            let address = fold(&row.email);
            match (&row.id, row.reason()) {
                (Some(id), None) if !id.is_empty() => {
                    invited.accounts.insert(address, AccountId::new(id));
                }
                (_, reason) => {
                    let reason = said(reason.unwrap_or_default());
                    invited.reasons.insert(address, reason);
                }
            }
        }
        Ok(invited)
    }
}
