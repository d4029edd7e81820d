//! Reading both sides: everything the first time, afterwards what changed, what is touched and a
//! rotating share.

use super::drift::Drift;
use super::entra::{EntraSide, read_entra};
use super::jira::{believe_suspended, read_jira};
use super::members::{read_members, unread};
use super::options::ReadOptions;
use super::sides::{JiraSide, Snapshots};
use super::verification::{check, touched};
use crate::directory::{AccountId, Doubt, EntraSnapshot, GroupClass, JiraSnapshot};
use crate::entra::EntraProgress;
use crate::jira::JiraProgress;
use crate::plan::{Known, Leavers, Taken, TakenWhat};
use crate::store::Mirrored;
use crate::sync::error::SyncError;
use crate::sync::progress::Stage;
use crate::sync::session::Session;
use std::sync::Arc;

/// How many people who seem to be deleted are asked for by id. Of more, a part is asked for: so
/// many removals are held by guards in any case.
const DELETIONS: usize = 400;

/// Reads both sides at the same time, then the members of those groups that plans speak of and
/// that were never read, and whatever Entra's changes or the last run touched. An incomplete
/// side comes back as such; a side that can't be read at all is an error.
pub(in crate::sync) async fn refresh(
    session: &mut Session,
    options: &ReadOptions,
    known: &mut Known,
) -> Result<Snapshots, SyncError> {
    let (listed, read) = (
        Arc::new(EntraProgress::default()),
        Arc::new(JiraProgress::default()),
    );
    session.progress.now(Stage::Reading {
        entra: listed.clone(),
        jira: read.clone(),
    });
    let (base_entra, base_jira, compared) = match recall(session) {
        // Everything is read; what was known only tells what somebody else changed.
        Some(base) if options.full => (None, None, Some(base)),
        Some(base) => (
            Some((base.entra, base.entra_notes)),
            Some((base.jira, base.verification)),
            None,
        ),
        None => (None, None, None),
    };
    let (entra, mut jira) = tokio::try_join!(
        read_entra(session, base_entra, &listed),
        read_jira(session, base_jira, &read, known)
    )?;
    let EntraSide {
        read: found,
        base: before,
        notes: entra_notes,
        said,
    } = entra;
    for line in said {
        session.progress.note(line);
    }
    let mut entra = found.snapshot;
    note_leavers(session, &entra, known)?;
    see_suspended(session, &entra, &mut jira, known).await?;
    let wanted = unread(session, options, &entra, &jira.snapshot, known);
    read_members(session, &mut jira, &wanted, &read).await?;
    if let Some(base) = compared {
        let written = session.state.written_after(base.verification.runs)?;
        jira.drift = Drift::between(&base.jira, &jira.snapshot, &written);
    }
    let touched = touched(before.as_deref(), &entra, &jira, known);
    check(session, &mut jira, &touched, &read).await?;
    confirm_deletions(session, options, &mut entra, &jira.snapshot, known).await?;
    let snapshots = Snapshots {
        entra: Arc::new(entra),
        jira,
        entra_notes,
        counted: found.counted,
        by_changes: found.by_changes,
    };
    keep(session, &snapshots)?;
    Ok(snapshots)
}

/// What is known from before.
fn recall(session: &mut Session) -> Option<Mirrored> {
    let before = session.mirror.rebuilt;
    let found = session.mirror.recall(&session.identity);
    if session.mirror.rebuilt && !before {
        session.progress.note(crate::sync::session::REBUILT);
    }
    found.filter(|base| base.entra.users.is_whole() && base.jira.is_whole())
}

/// Keeps account of who left Entra, by a listing that is to be believed.
fn note_leavers(
    session: &Session,
    entra: &EntraSnapshot,
    known: &mut Known,
) -> Result<(), SyncError> {
    if !entra.users.is_whole() {
        return Ok(());
    }
    let people = known.links.people().map(|(id, _)| id);
    let gone: Vec<&str> = people
        .filter(|id| {
            let row = entra.find_person(id);
            row.is_none_or(|row| !entra.person(row).enabled())
        })
        .collect();
    session.state.note_gone(&gone, session.clock.today())?;
    known.leavers = session.state.leavers()?;
    Ok(())
}

/// Sees whether those whom Rollbook suspended and who are back are suspended still, where Jira
/// shows them as active.
async fn see_suspended(
    session: &Session,
    entra: &EntraSnapshot,
    jira: &mut JiraSide,
    known: &Known,
) -> Result<(), SyncError> {
    let back = known.taken.iter().filter(|taken| {
        let person = entra.find_person(taken.entra.as_str());
        taken.what == TakenWhat::Suspended && person.is_some_and(|row| entra.person(row).enabled())
    });
    let accounts: Vec<AccountId> = back.map(|taken| taken.account.clone()).collect();
    believe_suspended(session, jira, &accounts).await.map(drop)
}

/// Forgets what was taken from people who are back and have it again: somebody else gave it back.
/// Whatever is taken from them later is not Rollbook's doing.
pub(in crate::sync) fn settle_taken(
    session: &Session,
    snapshots: &Snapshots,
    known: &mut Known,
) -> Result<(), SyncError> {
    let (entra, jira) = (&snapshots.entra, &snapshots.jira.snapshot);
    let has_again = |taken: &Taken| {
        // The person themselves, or whoever has the account now.
        let holder = || entra.find_person(known.links.person_of(taken.account.as_str())?);
        let person = entra.find_person(taken.entra.as_str()).or_else(holder);
        let account = jira.find_account(taken.account.as_str());
        let (Some(person), Some(account)) = (person, account) else {
            return false;
        };
        let again = match &taken.what {
            TakenWhat::Suspended => jira.account(account).active(),
            TakenWhat::Member(group) => jira.find_group(group.as_str()).is_some_and(|group| {
                jira.group(group).read() && jira.members().contains(group, account)
            }),
        };
        entra.person(person).enabled() && again
    };
    let (settled, open): (Vec<Taken>, Vec<Taken>) =
        known.taken.iter().cloned().partition(has_again);
    known.taken = open;
    settled
        .iter()
        .try_for_each(|taken| Ok(session.state.forget_taken(taken)?))
}

/// Notes which of the accounts that Rollbook created have been active by now: should one of them be
/// deactivated later, somebody did that.
pub(in crate::sync) fn note_active(
    session: &Session,
    jira: &JiraSnapshot,
    known: &mut Known,
) -> Result<(), SyncError> {
    let is_active = |account: &AccountId| {
        let row = jira.find_account(account.as_str());
        row.is_some_and(|row| jira.account(row).active())
    };
    let active: Vec<AccountId> = known.new_accounts.extract_if(is_active).collect();
    if active.is_empty() {
        return Ok(());
    }
    Ok(session.state.note_active(&active)?)
}

/// Keeps both sides, if they are to be believed.
pub(in crate::sync) fn keep(session: &mut Session, snapshots: &Snapshots) -> Result<(), SyncError> {
    let (entra, jira) = (&snapshots.entra, &snapshots.jira);
    if !entra.users.is_whole() || !jira.snapshot.is_whole() {
        return Ok(());
    }
    let mirrored = Mirrored {
        entra: entra.clone(),
        jira: jira.snapshot.clone(),
        entra_notes: snapshots.entra_notes.clone(),
        verification: jira.verification.clone(),
        listings: snapshots.listings(session.clock.seconds()),
    };
    Ok(session.mirror.keep(&session.identity, &mirrored)?)
}

/// People who are missing from Entra's listing and would leave owned groups for that reason
/// are asked for by id before they are believed deleted.
async fn confirm_deletions(
    session: &Session,
    options: &ReadOptions,
    entra: &mut EntraSnapshot,
    jira: &JiraSnapshot,
    known: &Known,
) -> Result<(), SyncError> {
    let owned: Vec<u32> = if options.admins {
        // An adoption may make any of them owned.
        jira.iter_groups().map(|(row, _)| row).collect()
    } else {
        let links = known
            .links
            .groups()
            .filter(|link| link.ownership.is_owned());
        links
            .filter_map(|link| jira.find_group(link.group.as_str()))
            .collect()
    };
    let leavers = session.profile.settings.provisioning.leavers;
    let access = |account: u32| {
        jira.iter_groups().any(|(row, group)| {
            group.class() == GroupClass::Access && jira.members().contains(row, account)
        })
    };
    // Whether an account would be suspended, removed or taken off access for it.
    let loses = |account: u32| match leavers {
        Leavers::Keep => false,
        Leavers::Access => access(account),
        Leavers::Suspend => jira.account(account).active(),
        Leavers::Remove => true,
    };
    let missing: Vec<&str> = known
        .links
        .people()
        .filter(|(person, _)| entra.find_person(person).is_none())
        .filter(|(_, account)| {
            jira.find_account(account).is_some_and(|account| {
                loses(account)
                    || owned
                        .iter()
                        .any(|group| jira.members().contains(*group, account))
            })
        })
        .map(|(person, _)| person)
        .collect();
    if missing.is_empty() || !entra.users.is_whole() {
        return Ok(());
    }
    let found = session.entra.existing(&missing, DELETIONS).await?;
    if found > 0 {
        entra.users.doubt(Doubt::ExistsUnlisted { found });
    }
    Ok(())
}
