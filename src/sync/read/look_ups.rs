//! Looking up people whose Jira account may hide its e-mail.

use super::jira::unknown;
use super::options::ReadOptions;
use super::sides::Snapshots;
use crate::directory::{AccountId, AccountKind, EntraId, fold};
use crate::jira::{ADDRESSES_AT_ONCE, AccountRead, JiraError, Organization};
use crate::plan::{Known, LookUp, Mode, address, pending_look_ups};
use crate::sync::error::SyncError;
use crate::sync::progress::Stage;
use crate::sync::session::Session;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use std::time::Duration;
use tokio::time::Instant;

/// How many searches are under way at a time.
const AT_ONCE: usize = 16;
/// How many people without an equal display name are looked up in one refresh. The rest stay
/// unverified, which a guard shows; they are looked up by the refreshes that follow.
const STRANGERS: usize = 300;
/// The same where somebody waits for the plan.
const STRANGERS_WHILE_WAITING: usize = 100;

/// Looks up, after more of Jira was read, whom that concerns: people of a name that an account has
/// which hides its e-mail; with the organization, which is asked for many at a time, everybody.
pub(in crate::sync) async fn look_up_anew(
    session: &mut Session,
    options: &ReadOptions,
    snapshots: &Snapshots,
    known: &mut Known,
) -> Result<(), SyncError> {
    let options = ReadOptions {
        only_namesakes: options.only_namesakes || session.organization.is_none(),
        ..options.clone()
    };
    look_up(session, &options, snapshots, known).await
}

/// Looks up who is left, politely: all user searches of a site share one limit. Answers are
/// remembered, also that nobody was found. Ends when no hidden account or no person is left.
pub(in crate::sync) async fn look_up(
    session: &mut Session,
    options: &ReadOptions,
    snapshots: &Snapshots,
    known: &mut Known,
) -> Result<(), SyncError> {
    let provisioning = &session.profile.settings.provisioning;
    if !(provisioning.import_users || provisioning.sync_memberships || options.ahead) {
        return Ok(());
    }
    let mut done = 0;
    // The organization is asked for many at a time, and shares no limit with the site's searches. It may
    // turn out to be unwilling on the way.
    let numbers = |session: &Session| {
        let polite = session.profile.limits.polite_rate.max(1) as usize;
        match (willing(session), session.mode) {
            (Some(_), _) => (ADDRESSES_AT_ONCE, usize::MAX),
            (None, Mode::Attended) => (polite, STRANGERS_WHILE_WAITING),
            (None, Mode::Unattended) => (polite, STRANGERS),
        }
    };
    let (_, most) = numbers(session);
    let mut strangers = if options.only_namesakes { most } else { 0 };
    let pending = |known: &Known| {
        pending_look_ups(
            &snapshots.entra,
            &snapshots.jira.snapshot,
            known,
            &session.profile.settings,
        )
    };
    let mut open = pending(known);
    loop {
        let (rate, most) = numbers(session);
        let batch: Vec<u32> = if open.namesakes.is_empty() {
            let room = most.saturating_sub(strangers).min(rate);
            let room = room.min(open.strangers.len());
            strangers += room;
            open.strangers.drain(..room).collect()
        } else {
            let room = rate.min(open.namesakes.len());
            open.namesakes.drain(..room).collect()
        };
        if batch.is_empty() {
            return Ok(());
        }
        let room = most.saturating_sub(strangers);
        let left = batch.len() + open.namesakes.len() + open.strangers.len().min(room);
        session.progress.now(Stage::LookingUp {
            done,
            total: done + left as u64,
        });
        let begun = Instant::now();
        let addresses: Vec<String> = batch
            .iter()
            .filter_map(|row| {
                let person = snapshots.entra.person(*row);
                address(person, &session.profile.settings.provisioning.email_from)
            })
            .map(fold)
            .collect();
        let answers = search_all(session, addresses).await?.answers;
        done += answers.len() as u64;
        session.mirror.remember(&answers)?;
        let found = answers
            .iter()
            .any(|(_, answer)| !answer.accounts.is_empty());
        for (address, answer) in answers {
            known.look_ups.remember(address, answer);
        }
        if found {
            // Who was found may have been the last who hides an address.
            open = pending(known);
        }
        if left > batch.len() && willing(session).is_none() {
            let next = begun + Duration::from_secs(1);
            tokio::select! {
                () = tokio::time::sleep_until(next) => {}
                () = session.cancel.cancelled() => return Err(SyncError::Cancelled),
            }
        }
    }
}

/// The organization, as long as it lets itself be searched.
fn willing(session: &Session) -> Option<&Organization> {
    let organization = session.organization.as_ref();
    organization.filter(|organization| organization.is_willing())
}

/// Asks the organization whether leavers for whose accounts a name alone speaks have the addresses under
/// which they are linked: then something may be taken from them.
pub(in crate::sync) async fn prove_links(
    session: &Session,
    known: &mut Known,
) -> Result<(), SyncError> {
    let by_name = known.by_name.iter();
    let left = by_name.filter(|person| known.leavers.contains_key(person.as_str()));
    let left = left.cloned().collect();
    let Some(organization) = willing(session).filter(|_| !known.by_name.is_empty()) else {
        return Ok(());
    };
    let links = session.state.addresses_of(&left)?;
    if links.is_empty() {
        return Ok(());
    }
    let addresses: Vec<String> = links.iter().map(|(.., email)| email.clone()).collect();
    let users = match organization.users(&addresses).await {
        Err(error) if error.is_unwillingness() => {
            let what = "whether accounts of leavers that hide their addresses are theirs";
            session.progress.unknown(unknown(what, &error));
            return Ok(());
        }
        users => users?,
    };
    let is_told = |(_, account, email): &&(EntraId, AccountId, String)| {
        let mut users = users.iter();
        users.any(|user| user.account == *account && fold(&user.email) == fold(email))
    };
    let proven: Vec<&EntraId> = links.iter().filter(is_told).map(|link| &link.0).collect();
    session.state.prove_links(proven.iter().copied())?;
    for person in proven {
        known.by_name.remove(person);
    }
    Ok(())
}

/// Who has these folded addresses: by the organization, which knows all addresses, or by
/// Jira's own search.
pub(super) async fn search_all(
    session: &Session,
    addresses: Vec<String>,
) -> Result<Found, SyncError> {
    if let Some(organization) = willing(session) {
        let users = match organization.users(&addresses).await {
            Err(error) if error.is_unwillingness() => {
                let what =
                    "whose hidden addresses are whose, but as far as Jira's own search tells";
                session.progress.unknown(unknown(what, &error));
                return by_search(session, addresses).await;
            }
            users => users?,
        };
        let ids: Vec<AccountId> = users.iter().map(|user| user.account.clone()).collect();
        let answers = addresses
            .into_iter()
            .map(|address| {
                let own = users.iter().filter(|user| fold(&user.email) == address);
                let accounts = own.map(|user| user.account.clone()).collect();
                let exact = true;
                (address, LookUp { accounts, exact })
            })
            .collect();
        // The organization also knows people who have no access to this site.
        let accounts = session.jira.by_ids(&ids).await?;
        return Ok(Found { accounts, answers });
    }
    by_search(session, addresses).await
}

/// Who has these folded addresses, by Jira's own search.
async fn by_search(session: &Session, addresses: Vec<String>) -> Result<Found, SyncError> {
    let jira = &session.jira;
    let rows: Vec<(String, Vec<AccountRead>)> = stream::iter(addresses)
        .map(|address| async move {
            let mut found = jira.search(&address).await?;
            found.retain(|account| account.row().kind == AccountKind::Person);
            Ok::<_, JiraError>((address, found))
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    let mut found = Found::default();
    for (address, accounts) in rows {
        let ids = accounts.iter().map(|a| AccountId::new(a.row().id));
        let answer = LookUp {
            accounts: ids.collect(),
            exact: false,
        };
        found.answers.push((address, answer));
        found.accounts.extend(accounts);
    }
    Ok(found)
}

/// What looking up addresses gave.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The accounts, as the site shows them.
    pub(super) accounts: Vec<AccountRead>,
    /// The answer for each folded address.
    pub(super) answers: Vec<(String, LookUp)>,
}
