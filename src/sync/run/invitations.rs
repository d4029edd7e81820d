//! Silent invitations: many in one call, each with an outcome of its own.

use super::context::Census;
use super::outcome::{Attempt, account, creation_failed, failed};
use crate::directory::fold;
use crate::jira::{Invited, JiraError, Needs, Organization, Refusal};
use crate::plan::{OperationRow, Outcome};
use crate::text::escape;

/// Somebody to invite: the operation, and the address.
pub(super) type Invitee<'a> = (&'a OperationRow, &'a str);

/// Invites people without telling them, in one call. Gives an attempt for each.
pub(super) async fn invite(
    organization: &Organization,
    people: &[Invitee<'_>],
    census: &Census<'_>,
) -> Vec<Attempt> {
    let mut attempts = Vec::with_capacity(people.len());
    // From the last to the first.
    let mut batches = vec![people];
    while let Some(batch) = batches.pop() {
        let addresses: Vec<String> = batch.iter().map(|(_, email)| (*email).to_owned()).collect();
        match organization.invite(&addresses).await {
            Ok(invited) => {
                let each = batch.iter().map(|one| became(one, &invited, census));
                attempts.extend(each);
            }
            // One bad address is no reason to refuse the others: halves, until it stands alone.
            Err(JiraError::Refused(r)) if r.status == 400 && batch.len() > 1 => {
                let (first, second) = batch.split_at(batch.len() / 2);
                batches.extend([second, first]);
            }
            Err(error) => attempts.extend(batch.iter().map(|_| match &error {
                // Nobody can be invited without a paid plan, or by whoever may not.
                JiraError::Refused(r) if matches!(r.status, 402 | 403) => Attempt {
                    outcome: Outcome::NoKey,
                    ..failed(&error)
                },
                error => creation_failed(error),
            })),
        }
    }
    attempts
}

/// What became of one who was invited.
fn became((row, email): &Invitee<'_>, invited: &Invited, census: &Census<'_>) -> Attempt {
    let (status, request) = (Some(invited.status), invited.request_id.as_str());
    let address = fold(email);
    if let Some(id) = invited.accounts.get(&address) {
        return account(row, id.clone(), true, status, request, census);
    }
    let reason = invited.reasons.get(&address).map_or("", String::as_str);
    let message = if reason.is_empty() {
        "The organization did not invite this address.".to_owned()
    } else {
        let reason = escape(reason.trim_end_matches('.'));
        format!("The organization did not invite this address: {reason}.")
    };
    Attempt {
        error: Some(JiraError::Refused(Box::new(Refusal {
            needs: Needs::OrganizationAdmin,
            what: "invite people",
            status: invited.status,
            code: String::new(),
            message: message.clone(),
            explained: true,
            request_id: request.to_owned(),
        }))),
        ..Attempt::refused(
            &message,
            "See whether the address is right and the organization lets its domain in.",
        )
        .answered(status, request)
    }
}
