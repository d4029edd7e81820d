//! One operation: the call, and what its answer means.

use super::planning::Planned;
use super::words::Problem;
use crate::directory::{AccountId, AccountKind, GroupId, fold};
use crate::jira::{Jira, JiraError, Written};
use crate::plan::{Kind, OperationRow, Outcome, ProductKey};
use crate::store::{Finished, JournalOutcome, Learnt};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// What an operation is about, with the ids that it needs now.
#[derive(Debug, Clone)]
pub(super) enum Job {
    /// Create a person.
    CreateUser { email: String },
    /// Create a group for these Entra groups.
    CreateGroup { name: String, entra: Vec<String> },
    /// Add a member.
    AddMember { group: GroupId, account: AccountId },
    /// Remove a member.
    RemoveMember { group: GroupId, account: AccountId },
}

/// How one step ended.
#[derive(Debug)]
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

/// What is known about accounts: from before the run, and from this run.
#[derive(Debug, Clone)]
pub(super) struct Census<'a> {
    pub(super) planned: &'a Planned,
    /// Accounts that this run gave to people, by account.
    pub(super) given: Arc<Mutex<HashMap<AccountId, String>>>,
}

impl Census<'_> {
    fn was_listed(&self, account: &AccountId) -> bool {
        self.planned.jira.find_account(account.as_str()).is_some()
    }

    /// Whether the account belongs to somebody else than this person.
    fn is_anothers(&self, account: &AccountId, entra: &str) -> bool {
        let linked = self
            .planned
            .known
            .links
            .person_of(account.as_str())
            .filter(|person| self.planned.entra.find_person(person.as_str()).is_some());
        let matched = self
            .planned
            .plan
            .new_links
            .iter()
            .filter(|link| self.planned.jira.account(link.account).id() == account.as_str())
            .any(|link| self.planned.entra.person(link.person).id() != entra);
        matched
            || linked.is_some_and(|person| person.as_str() != entra)
            || self
                .given()
                .get(account)
                .is_some_and(|person| person != entra)
    }

    fn given(&self) -> std::sync::MutexGuard<'_, HashMap<AccountId, String>> {
        // Insertions only: a panic can't leave it half changed.
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attempt {
    /// An operation that lacks something it needs. The executor's order rules it out; should it
    /// happen all the same, nothing is written.
    pub(super) fn impossible() -> Self {
        Self {
            finished: Some(Finished {
                outcome: JournalOutcome::Failed,
                learnt: Learnt::Nothing,
                status: None,
                code: None,
                message: Some("Something that it needs does not exist yet.".to_owned()),
                advice: Some("Make a new plan, and report this: it should not happen.".to_owned()),
                request_id: None,
            }),
            ..simple(Outcome::Failed)
        }
    }
}

pub(super) async fn write(
    jira: &Jira,
    row: &OperationRow,
    job: &Job,
    products: &[ProductKey],
    census: &Census<'_>,
    unclear_before: bool,
) -> Attempt {
    match job {
        Job::CreateUser { email } => match jira.create_user(email, products).await {
            Ok(created) => account(row, created.account, Some(created.status), census),
            Err(error) => creation_failed(&error),
        },
        Job::CreateGroup { name, entra } => match jira.create_group(name).await {
            Ok(id) => group(id, entra),
            // A name that is taken after an unclear attempt was taken by that attempt.
            Err(JiraError::Refused(r)) if r.status == 400 && unclear_before => {
                look_up_group(jira, name, entra).await
            }
            Err(error) => creation_failed(&error),
        },
        Job::AddMember { group, account } => membership(row, jira.add_member(group, account).await),
        Job::RemoveMember { group, account } => {
            membership(row, jira.remove_member(group, account).await)
        }
    }
}

/// Sees whether a creation whose outcome is unclear took place.
pub(super) async fn look_up(
    jira: &Jira,
    row: &OperationRow,
    job: &Job,
    census: &Census<'_>,
) -> Attempt {
    match job {
        Job::CreateUser { email } => match jira.search(email).await {
            Ok(found) => {
                let wanted = fold(email);
                let people: Vec<AccountId> = found
                    .iter()
                    .map(crate::jira::AccountRead::row)
                    .filter(|r| r.kind == AccountKind::Person)
                    .filter(|r| r.email.is_empty() || fold(r.email) == wanted)
                    .map(|r| AccountId::new(r.id))
                    .collect();
                match people.as_slice() {
                    [one] => account(row, one.clone(), None, census),
                    _ => simple(Outcome::Absent),
                }
            }
            Err(error) => still_unclear(&error),
        },
        Job::CreateGroup { name, entra } => look_up_group(jira, name, entra).await,
        // Memberships are safe to repeat and never unclear.
        Job::AddMember { .. } | Job::RemoveMember { .. } => simple(Outcome::Absent),
    }
}

async fn look_up_group(jira: &Jira, name: &str, entra: &[String]) -> Attempt {
    match jira.group_named(name).await {
        Ok(Some(id)) => group(id, entra),
        Ok(None) => simple(Outcome::Absent),
        Err(error) => still_unclear(&error),
    }
}

/// A look-up that failed: the creation stays unclear, and the next run looks it up.
fn still_unclear(error: &JiraError) -> Attempt {
    Attempt {
        unclear: true,
        ..failed(error)
    }
}

fn simple(outcome: Outcome) -> Attempt {
    Attempt {
        outcome,
        finished: None,
        account: None,
        group: None,
        error: None,
        unclear: false,
    }
}

fn good(outcome: Outcome, learnt: Learnt, status: Option<u16>) -> Attempt {
    Attempt {
        finished: Some(Finished {
            outcome: if outcome == Outcome::Already {
                JournalOutcome::Already
            } else {
                JournalOutcome::Done
            },
            learnt,
            status,
            code: None,
            message: None,
            advice: None,
            request_id: None,
        }),
        ..simple(outcome)
    }
}

/// An account that exists after a creation. It counts as *already* if it was in the listing
/// before, whatever the status says.
fn account(row: &OperationRow, id: AccountId, status: Option<u16>, census: &Census<'_>) -> Attempt {
    let entra = row
        .user
        .as_ref()
        .and_then(|u| u.entra_id.as_deref())
        .unwrap_or_default();
    if census.is_anothers(&id, entra) {
        return Attempt {
            finished: Some(Finished {
                outcome: JournalOutcome::Failed,
                learnt: Learnt::Nothing,
                status,
                code: None,
                message: Some(
                    "Jira gave an account that is linked to another person of Entra.".to_owned(),
                ),
                advice: Some(
                    "Two people in Entra seem to share one address: look at both.".to_owned(),
                ),
                request_id: None,
            }),
            ..simple(Outcome::Failed)
        };
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
        proven_new: !listed && status == Some(201),
    };
    Attempt {
        account: Some(id),
        ..good(outcome, learnt, status)
    }
}

fn group(id: GroupId, entra: &[String]) -> Attempt {
    let learnt = Learnt::Group {
        group_id: id.as_str().to_owned(),
        entra: entra.to_vec(),
    };
    Attempt {
        group: Some(id),
        ..good(Outcome::Done, learnt, None)
    }
}

fn creation_failed(error: &JiraError) -> Attempt {
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
        // Whoever may not create one may create none.
        JiraError::Refused(r) if r.status == 403 => Attempt {
            outcome: Outcome::Systemic,
            ..failed(error)
        },
        _ => failed(error),
    }
}

fn membership(row: &OperationRow, result: Result<Written, JiraError>) -> Attempt {
    match result {
        Ok(Written::Done) => good(Outcome::Done, Learnt::Nothing, None),
        Ok(Written::Already) => good(Outcome::Already, Learnt::Nothing, None),
        Err(JiraError::Refused(r)) if r.status == 404 && row.kind == Kind::AddMember => Attempt {
            // Kept in case that it stays invisible.
            finished: failed(&JiraError::Refused(r)).finished,
            ..simple(Outcome::NotVisible)
        },
        Err(JiraError::Refused(r)) if matches!(r.status, 400 | 403) => Attempt {
            outcome: if r.is_about_licences() {
                Outcome::Failed
            } else {
                Outcome::GroupRefused
            },
            ..failed(&JiraError::Refused(r))
        },
        Err(error) => failed(&error),
    }
}

/// A failure of this operation alone, or of everything.
fn failed(error: &JiraError) -> Attempt {
    if matches!(error, JiraError::Http(crate::http::Failure::Cancelled)) {
        return simple(Outcome::NotMade);
    }
    let problem = Problem::from(error);
    let refusal = error.refusal();
    let systemic = matches!(
        error,
        JiraError::BadCredentials { .. } | JiraError::NotSignedIn { .. } | JiraError::Captcha
    ) || matches!(
        error,
        JiraError::Http(
            crate::http::Failure::Connect { .. }
                | crate::http::Failure::Tls { .. }
                | crate::http::Failure::AskedToWait { .. }
        )
    );
    Attempt {
        outcome: if systemic {
            Outcome::Systemic
        } else {
            Outcome::Failed
        },
        finished: Some(Finished {
            outcome: JournalOutcome::Failed,
            learnt: Learnt::Nothing,
            status: refusal.map(|r| r.status),
            code: refusal.map(|r| r.code.clone()).filter(|c| !c.is_empty()),
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
