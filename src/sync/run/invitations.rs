//! Silent invitations: many in one call, each with an outcome of its own.

use super::context::{Census, Reach};
use super::outcome::{Attempt, Proof, account, creation_failed, failed};
use crate::directory::fold;
use crate::jira::{Invited, JiraError, Needs, Organization, Refusal, Resource, resources_of};
use crate::plan::{OperationRow, Outcome};
use crate::text::escape;
use tokio::sync::OnceCell;

/// Somebody to invite: the operation, and the address.
pub(super) type Invitee<'a> = (&'a OperationRow, &'a str);

/// The resources of the products that new people get, read once a run.
pub(super) type Resources = OnceCell<Vec<Resource>>;

/// What the products for new people are called as resources; an attempt that says why not, where that
/// can't be told.
async fn resources(
    organization: &Organization,
    reach: Reach<'_>,
    known: &Resources,
) -> Result<Vec<String>, Attempt> {
    if reach.products.is_empty() {
        return Ok(Vec::new());
    }
    let known = known.get_or_try_init(|| organization.resources(reach.site));
    let known = known.await.map_err(|error| match &error {
        error if error.is_unwillingness() => Attempt {
            outcome: Outcome::NoKey,
            ..failed(error)
        },
        error => failed(error),
    })?;
    let (found, missing) = resources_of(reach.products, known);
    if missing.is_empty() {
        Ok(found)
    } else {
        Err(Attempt::refused(
            &format!(
                "The organization knows no product {} on this site, so that nobody is invited to it.",
                missing.join(", ")
            ),
            "Correct provisioning.products, or leave it empty and let access come from groups.",
        ))
    }
}

/// Invites people without telling them, in one call. Gives an attempt for each.
pub(super) async fn invite(
    organization: &Organization,
    people: &[Invitee<'_>],
    reach: Reach<'_>,
    known: &Resources,
    census: &Census<'_>,
) -> Vec<Attempt> {
    let resources = match resources(organization, reach, known).await {
        Ok(resources) => resources,
        Err(why) => return people.iter().map(|_| why.clone()).collect(),
    };
    let mut attempts = Vec::with_capacity(people.len());
    // From the last to the first.
    let mut batches = vec![people];
    while let Some(batch) = batches.pop() {
        let addresses: Vec<String> = batch.iter().map(|(_, email)| (*email).to_owned()).collect();
        match organization.invite(&addresses, &resources).await {
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
        return account(row, id.clone(), Proof::New, status, request, census);
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
