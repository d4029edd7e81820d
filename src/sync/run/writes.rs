//! One operation: its calls.

use super::context::{Census, Job, Reach};
use super::outcome::{
    Attempt, Proof, account, creation_failed, ended, good, group, membership, not_written, simple,
    still_unclear,
};
use crate::directory::{AccountId, AccountKind, GroupId, JiraAccountRow};
use crate::jira::{AccountRead, Jira, JiraError, Unwritten};
use crate::plan::{Evidence, OperationRow, Outcome, evidence};
use crate::store::{Learnt, Note};
use std::collections::BTreeSet;
use std::time::Duration;

/// How often a second read is made of what a first one may not show yet, and how long it is waited.
const LOOKS: u32 = 3;
const LAG: Duration = Duration::from_secs(1);

pub(super) async fn write(
    reach: Reach<'_>,
    row: &OperationRow,
    job: &Job,
    census: &Census<'_>,
    unclear_before: bool,
) -> Attempt {
    let jira = reach.jira;
    match job {
        Job::CreateUser { email } => match jira.create_user(email, reach.products).await {
            Ok(created) => {
                let proof = if created.status == 201 {
                    Proof::New
                } else {
                    Proof::Address
                };
                account(
                    row,
                    created.account,
                    proof,
                    Some(created.status),
                    &created.request_id,
                    census,
                )
            }
            // Atlassian has refused while the account was made, or was there: that is seen, so that
            // nobody is invited again and again.
            Err(JiraError::Refused(r)) if r.status == 400 && !r.is_about_licences() => {
                match proven(reach, email).await {
                    Some(id) => {
                        let (status, request) = (Some(r.status), r.request_id.as_str());
                        account(row, id, Proof::Address, status, request, census)
                    }
                    None => creation_failed(&JiraError::Refused(r)),
                }
            }
            Err(error) => creation_failed(&error),
        },
        Job::CreateGroup { name, entra } => match jira.create_group(name).await {
            Ok((id, written)) => group(id, entra, Some(written.status), &written.request_id),
            // A name that is taken after an unclear attempt was taken by that attempt.
            Err(JiraError::Refused(r)) if r.status == 400 && unclear_before => {
                look_up_group(jira, name, entra).await
            }
            Err(error) => creation_failed(&error),
        },
        Job::AddMember { group, account } => {
            let added = jira.add_member(group, account).await;
            let refused = added.as_ref().err().and_then(|e| e.error.refusal());
            if refused.is_some_and(|r| r.status == 404) && is_gone(jira, group, census).await {
                let mut attempt = membership(row, added);
                attempt.outcome = Outcome::GroupGone;
                if let Some(finished) = &mut attempt.finished {
                    finished.message = Some("The group is gone from Jira.".to_owned());
                    finished.advice =
                        Some("Make a new plan: it shows what becomes of its members.".to_owned());
                }
                return attempt;
            }
            let Some(refusal) = refused.filter(|refusal| refusal.status == 400) else {
                return membership(row, added);
            };
            // Whatever its words say: whoever is in the group is no reason to give it up.
            let by_us = added.as_ref().is_err_and(|e| e.may_have_happened);
            let expected = by_us || refusal.message.to_ascii_lowercase().contains("already");
            match is_member(jira, group, account, expected).await {
                Ok(true) => {
                    let id = refusal.request_id.as_str();
                    let outcome = if by_us {
                        Outcome::Done
                    } else {
                        Outcome::Already
                    };
                    good(outcome, Learnt::Nothing, Some(refusal.status), id)
                }
                Ok(false) if !expected => membership(row, added),
                // It can't be told: this one failed, and nothing is held against the group.
                _ => Attempt {
                    outcome: Outcome::Failed,
                    ..membership(row, added)
                },
            }
        }
        Job::RemoveMember { group, account } => {
            membership(row, jira.remove_member(group, account).await)
        }
        Job::SuspendUser { account } => suspend(reach, account, true).await,
        Job::RestoreUser { account } => suspend(reach, account, false).await,
        Job::RemoveUser { account } => ended(jira.remove_user(account).await),
        Job::DeleteGroup { group, filled } => delete_group(jira, group, filled).await,
    }
}

/// Whether a group that was there before the run is gone: 404 may also mean an account that does
/// not show yet. Asked once for a group that is there.
async fn is_gone(jira: &Jira, group: &GroupId, census: &Census<'_>) -> bool {
    let known = census.planned.jira.find_group(group.as_str()).is_some();
    if !known || census.there().contains(group) {
        return false;
    }
    match jira.groups_by_ids(std::slice::from_ref(group)).await {
        Ok(found) if found.is_empty() => true,
        Ok(_) => {
            census.there().insert(group.clone());
            false
        }
        // It can't be told: the account is waited for.
        Err(_) => false,
    }
}

/// Deletes a group that nobody else has come to use: that is read once more just before, since it
/// can't be taken back.
async fn delete_group(jira: &Jira, group: &GroupId, filled: &BTreeSet<AccountId>) -> Attempt {
    let others = match others_in(jira, group, filled).await {
        Ok(others) => others,
        Err(error) => {
            return not_written(&Unwritten {
                error,
                may_have_happened: false,
            });
        }
    };
    match others {
        Some(0) => ended(jira.delete_group(group).await),
        Some(_) => Attempt::noted(Note::GroupInUse),
        None => Attempt::noted(Note::MembersUnclear),
    }
}

/// How many are in a group beside these; nobody in one that is gone. None if that can't be told.
async fn others_in(
    jira: &Jira,
    group: &GroupId,
    these: &BTreeSet<AccountId>,
) -> Result<Option<usize>, JiraError> {
    let Some(members) = jira.members(group, |_| None).await? else {
        let there = jira.groups_by_ids(std::slice::from_ref(group)).await?;
        return Ok(there.is_empty().then_some(0));
    };
    let ids = members
        .unlisted
        .iter()
        .map(|member| AccountId::new(member.row().id));
    Ok(Some(ids.filter(|id| !these.contains(id)).count()))
}

/// The one account that has this address for sure: it shows it, or the organization says so.
async fn proven(reach: Reach<'_>, email: &str) -> Option<AccountId> {
    let mut found = accounts_of(reach, email, "").await.ok()?;
    found.retain(|found| found.proof == Proof::Address);
    let [one] = found.as_slice() else { return None };
    Some(one.id())
}

/// Whether Jira shows the account in the group. Reads may lag behind a write by a second.
async fn is_member(
    jira: &Jira,
    group: &GroupId,
    account: &AccountId,
    expected: bool,
) -> Result<bool, JiraError> {
    let looks = if expected { LOOKS } else { 1 };
    for look in 1..=looks {
        let groups = jira.groups_of(account).await?;
        if groups.is_some_and(|groups| groups.contains(group)) {
            return Ok(true);
        }
        if look < looks {
            jira.pause(LAG).await?;
        }
    }
    Ok(false)
}

async fn suspend(reach: Reach<'_>, account: &AccountId, suspended: bool) -> Attempt {
    match reach.organization {
        Some(organization) => ended(organization.suspend(account, suspended).await),
        None => Attempt {
            outcome: Outcome::NoKey,
            ..Attempt::noted(Note::NoOrganizationKey)
        },
    }
}

/// Sees whether a creation whose outcome is unclear took place.
pub(super) async fn look_up(
    reach: Reach<'_>,
    row: &OperationRow,
    job: &Job,
    census: &Census<'_>,
) -> Attempt {
    match job {
        Job::CreateUser { email } => {
            let name = row.user.as_ref().map_or("", |user| user.name.as_str());
            match accounts_of(reach, email, name).await {
                Ok(people) => match people.as_slice() {
                    [one] => account(row, one.id(), one.proof, None, "", census),
                    _ => simple(Outcome::Absent),
                },
                Err(error) => still_unclear(&error),
            }
        }
        Job::CreateGroup { name, entra } => look_up_group(reach.jira, name, entra).await,
        // Everything else is safe to repeat and never unclear.
        _ => simple(Outcome::Absent),
    }
}

/// An account that was found for an address.
pub(super) struct AccountFound {
    pub(super) account: AccountRead,
    pub(super) proof: Proof,
}

impl AccountFound {
    fn id(&self) -> AccountId {
        AccountId::new(self.account.row().id)
    }
}

/// The accounts of the address of somebody of this name. The organization knows it exactly, also of people
/// whom the site does not show yet; Jira also finds whoever hides it. Whom a name may have led to is not
/// among them.
pub(super) async fn accounts_of(
    reach: Reach<'_>,
    email: &str,
    person: &str,
) -> Result<Vec<AccountFound>, JiraError> {
    if let Some(organization) = reach.organization.filter(|_| reach.silent) {
        let found = organization.users(&[email.to_owned()]).await?;
        let rows = found.iter().map(|user| AccountFound {
            account: AccountRead::created(&JiraAccountRow {
                id: user.account.as_str(),
                name: email,
                email,
                active: true,
                kind: AccountKind::Person,
            }),
            proof: Proof::Address,
        });
        return Ok(rows.collect());
    }
    let found = reach.jira.search(email).await?;
    let proven = found.into_iter().filter_map(|account| {
        let row = account.row();
        let evidence = evidence(email, person, row.kind, row.name, row.email);
        let proof = if evidence == Evidence::Shown {
            Proof::Address
        } else {
            Proof::Search
        };
        evidence
            .is_by_address()
            .then_some(AccountFound { account, proof })
    });
    Ok(proven.collect())
}

async fn look_up_group(jira: &Jira, name: &str, entra: &[String]) -> Attempt {
    match jira.group_named(name).await {
        Ok(Some(id)) => group(id, entra, None, ""),
        Ok(None) => simple(Outcome::Absent),
        Err(error) => still_unclear(&error),
    }
}
