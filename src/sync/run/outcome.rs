//! How one step of an operation ended: what an answer means.

use super::context::{Census, Reach};
use crate::directory::{AccountId, GroupId};
use crate::jira::{How, JiraError, Unwritten, Written};
use crate::plan::{Kind, OperationRow, Outcome};
use crate::store::{Finished, JournalOutcome, Learnt, LinkedHow, Note};
use crate::sync::problem::Problem;
use tokio::sync::OnceCell;

/// How one step ended.
#[derive(Debug, Clone)]
pub(super) struct Attempt {
    pub(super) outcome: Outcome,
    /// What the journal keeps; none while the operation is not settled.
    pub(super) finished: Option<Finished>,
    /// An account that exists now.
    pub(super) account: Option<AccountId>,
    /// A group that exists now.
    pub(super) group: Option<GroupId>,
    /// The error, for a systemic failure.
    pub(super) error: Option<JiraError>,
    /// Whether it stays unclear whether an earlier call took place: the journal's row stays open.
    pub(super) unclear: bool,
}

impl Attempt {
    /// An operation that lacks something it needs. The executor's order rules it out; should it
    /// happen all the same, nothing is written.
    pub(super) fn impossible() -> Self {
        Self::noted(Note::Lacking)
    }

    /// A failure of this operation alone, of which only Rollbook has something to say.
    pub(super) fn noted(note: Note) -> Self {
        Self {
            finished: Some(Finished {
                note: Some(note),
                ..Finished::plain(JournalOutcome::Failed)
            }),
            ..simple(Outcome::Failed)
        }
    }

    /// A failure of this operation alone, without an answer behind it.
    pub(super) fn refused(message: &str, advice: &str) -> Self {
        Self {
            finished: Some(Finished {
                message: Some(message.to_owned()),
                advice: Some(advice.to_owned()),
                ..Finished::plain(JournalOutcome::Failed)
            }),
            ..simple(Outcome::Failed)
        }
    }

    /// After a refusal of one group for lack of permission: is it only that group, or is this account
    /// no site admin any more? Asked beside the driver, which goes on meanwhile.
    pub(super) async fn judge(&mut self, reach: Reach<'_>, admin: &OnceCell<bool>) {
        let forbidden = self.error.as_ref().and_then(JiraError::refusal);
        if self.outcome != Outcome::GroupRefused || forbidden.is_none_or(|r| r.status != 403) {
            return;
        }
        match admin.get_or_try_init(|| reach.jira.is_site_admin()).await {
            Ok(true) => {}
            Ok(false) => self.outcome = Outcome::Systemic,
            // It can't be told: this operation failed, and nothing is held against the group.
            Err(_) => self.outcome = Outcome::Failed,
        }
    }

    /// With what the answer said.
    pub(super) fn answered(mut self, status: Option<u16>, request_id: &str) -> Self {
        if let Some(finished) = &mut self.finished {
            finished.status = status;
            finished.request_id = known_id(request_id);
        }
        self
    }
}

/// A write that concerns nobody but its own account or group.
pub(super) fn ended(result: Result<Written, Unwritten>) -> Attempt {
    match result {
        Ok(written) => well(&written),
        Err(unwritten) => not_written(&unwritten),
    }
}

/// A look-up that failed: the creation stays unclear, and the next run looks it up.
pub(super) fn still_unclear(error: &JiraError) -> Attempt {
    Attempt {
        unclear: true,
        ..failed(error)
    }
}

pub(super) fn simple(outcome: Outcome) -> Attempt {
    Attempt {
        outcome,
        finished: None,
        account: None,
        group: None,
        error: None,
        unclear: false,
    }
}

pub(super) fn known_id(request_id: &str) -> Option<String> {
    (!request_id.is_empty()).then(|| request_id.to_owned())
}

pub(super) fn good(
    outcome: Outcome,
    learnt: Learnt,
    status: Option<u16>,
    request_id: &str,
) -> Attempt {
    let journalled = if outcome == Outcome::Already {
        JournalOutcome::Already
    } else {
        JournalOutcome::Done
    };
    Attempt {
        finished: Some(Finished {
            learnt,
            status,
            request_id: known_id(request_id),
            ..Finished::plain(journalled)
        }),
        ..simple(outcome)
    }
}

pub(super) fn well(written: &Written) -> Attempt {
    let outcome = match written.how {
        How::Done => Outcome::Done,
        How::Already => Outcome::Already,
    };
    good(
        outcome,
        Learnt::Nothing,
        Some(written.status),
        &written.request_id,
    )
}

/// An account that exists after a creation. It counts as *already* if it was in the listing
/// before, whatever the status says.
/// What is known of an account that a call gave, or a look-up after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    /// The call created it.
    New,
    /// A service says that it has the address.
    Address,
    /// A search found it, and its name can't have led to it.
    Search,
}

pub(super) fn account(
    row: &OperationRow,
    id: AccountId,
    proof: Proof,
    status: Option<u16>,
    request_id: &str,
    census: &Census<'_>,
) -> Attempt {
    let entra = row
        .user
        .as_ref()
        .and_then(|u| u.entra_id.as_deref())
        .unwrap_or_default();
    if census.is_anothers(&id, entra) {
        return Attempt::noted(Note::AccountOfAnother).answered(status, request_id);
    }
    census.given().insert(id.clone(), entra.to_owned());
    let listed = census.was_listed(&id);
    let outcome = if listed {
        Outcome::Already
    } else {
        Outcome::Done
    };
    let learnt = Learnt::Account {
        account_id: id.as_str().to_owned(),
        proven_new: !listed && proof == Proof::New,
        // Only what did not exist before counts as created.
        how: match (outcome, proof) {
            (Outcome::Done, _) => LinkedHow::Created,
            (_, Proof::Search) => LinkedHow::LookedUp,
            _ => LinkedHow::Email,
        },
    };
    Attempt {
        account: Some(id),
        ..good(outcome, learnt, status, request_id)
    }
}

pub(super) fn group(
    id: GroupId,
    entra: &[String],
    status: Option<u16>,
    request_id: &str,
) -> Attempt {
    let learnt = Learnt::Group {
        group_id: id.as_str().to_owned(),
        entra: entra.to_vec(),
    };
    Attempt {
        group: Some(id),
        ..good(Outcome::Done, learnt, status, request_id)
    }
}

pub(super) fn creation_failed(error: &JiraError) -> Attempt {
    match error {
        JiraError::Http(failure) if failure.may_have_happened() => Attempt {
            finished: None,
            error: Some(error.clone()),
            ..simple(Outcome::Unclear)
        },
        JiraError::Refused(r) if r.status >= 500 => Attempt {
            error: Some(error.clone()),
            ..simple(Outcome::Unclear)
        },
        JiraError::Refused(r) if r.is_about_licences() => Attempt {
            outcome: Outcome::NoSeat,
            ..failed(error)
        },
        // An account that may not create one person may create none.
        JiraError::Refused(r) if r.status == 403 => Attempt {
            outcome: Outcome::Systemic,
            ..failed(error)
        },
        _ => failed(error),
    }
}

pub(super) fn membership(row: &OperationRow, result: Result<Written, Unwritten>) -> Attempt {
    let unwritten = match result {
        Ok(written) => return well(&written),
        Err(unwritten) => unwritten,
    };
    let attempt = not_written(&unwritten);
    match unwritten.error.refusal() {
        Some(r) if r.status == 404 && row.kind == Kind::AddMember => Attempt {
            // Kept in case that it stays invisible.
            finished: attempt.finished,
            ..simple(Outcome::NotVisible)
        },
        Some(r) if matches!(r.status, 400 | 403) => Attempt {
            outcome: if r.is_about_licences() {
                Outcome::NoSeat
            } else {
                Outcome::GroupRefused
            },
            ..attempt
        },
        _ => attempt,
    }
}

/// A write that failed: this one alone, or everything.
pub(super) fn not_written(unwritten: &Unwritten) -> Attempt {
    let mut attempt = failed(&unwritten.error);
    if let Some(finished) = &mut attempt.finished {
        finished.unclear = unwritten.may_have_happened;
    }
    attempt
}

/// A failure of this operation alone, or of everything.
pub(super) fn failed(error: &JiraError) -> Attempt {
    if matches!(error, JiraError::Http(crate::http::Failure::Cancelled)) {
        return simple(Outcome::NotMade);
    }
    let problem = Problem::from(error);
    let refusal = error.refusal();
    let systemic = matches!(
        error,
        JiraError::BadCredentials { .. }
            | JiraError::NotSignedIn { .. }
            | JiraError::NotAllowed { .. }
            | JiraError::MissingScope { .. }
            | JiraError::Password { .. }
            | JiraError::Captcha
    ) || matches!(
        error,
        JiraError::Http(
            crate::http::Failure::Connect { .. }
                | crate::http::Failure::Unavailable { .. }
                | crate::http::Failure::Tls { .. }
                | crate::http::Failure::AskedToWait { .. }
        )
    );
    Attempt {
        outcome: if systemic {
            Outcome::Systemic
        } else if matches!(error, JiraError::OrganizationKey { .. }) {
            Outcome::NoKey
        } else {
            Outcome::Failed
        },
        finished: Some(Finished {
            outcome: JournalOutcome::Failed,
            unclear: match error {
                JiraError::Http(failure) => failure.may_have_happened(),
                error => error.refusal().is_some_and(|r| r.status >= 500),
            },
            learnt: Learnt::Nothing,
            status: refusal.map(|r| r.status),
            code: refusal.map(|r| r.code.clone()).filter(|c| !c.is_empty()),
            note: None,
            message: Some(problem.message),
            advice: Some(problem.hint),
            request_id: problem.ids.get("request-id").cloned(),
        }),
        account: None,
        group: None,
        error: Some(error.clone()),
        unclear: false,
    }
}
