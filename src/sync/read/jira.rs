//! Reading Jira: everything, or a share of it.

use super::members::read_members;
use super::sides::{Fresh, JiraSide};
use crate::directory::{
    AccountId, AccountKind, Completeness, Doubt, GroupClass, GroupId, JiraAccountRow, JiraBuilder,
    JiraChanges, JiraGroupRow, JiraSnapshot,
};
use crate::jira::{AccountRead, GroupsRead, JiraError, JiraProgress, Rights};
use crate::plan::{Due, Known, Verification};
use crate::sync::error::SyncError;
use crate::sync::problem::Problem;
use crate::sync::session::Session;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// For this long an account that Rollbook created may be missing from listings, in seconds.
/// Atlassian's listings lag by some seconds; a missing account is created a second time.
pub(in crate::sync) const YOUNG: i64 = 900;

/// Linked accounts that a listing lacks.
#[derive(Default)]
struct Missing {
    found: Vec<AccountRead>,
    gone: Vec<AccountId>,
    doubt: Option<Doubt>,
}

/// Reads a share of what was known before, or everything but the members.
pub(super) async fn read_jira(
    session: &Session,
    base: Option<(Arc<JiraSnapshot>, Verification)>,
    read: &JiraProgress,
    known: &Known,
) -> Result<JiraSide, SyncError> {
    match base {
        Some((base, verification)) => read_share(session, base, verification, read, known).await,
        None => read_whole(session, read, known).await,
    }
}

async fn read_whole(
    session: &Session,
    read: &JiraProgress,
    known: &Known,
) -> Result<JiraSide, SyncError> {
    let began = session.clock.seconds();
    let mut builder = JiraBuilder::default();
    builder.read_at(began);
    let listings = async {
        let users = session.jira.users(read, |row| builder.account(row));
        Ok::<_, SyncError>(tokio::try_join!(users, session.jira.groups(read))?)
    };
    let ((mut users, groups), rights) = tokio::try_join!(listings, rights(session, None))?;
    let missing = missing_links(session, known, |id| builder.holds(id)).await?;
    for account in &missing.found {
        builder.account(&account.row());
    }
    if let Some(doubt) = missing.doubt {
        users.completeness.doubt(doubt);
    }
    list(&mut builder, &groups, &rights, &session.state.unwritable()?);
    builder.me(me(session));
    let mut snapshot = builder.finish();
    snapshot.users = users.completeness;
    snapshot.group_list = groups.completeness;
    Ok(JiraSide {
        snapshot: Arc::new(snapshot),
        written: Arc::default(),
        verification: Verification {
            read_at: began,
            runs: session.state.last_run()?,
            pass_began: began,
            accounts_at: began,
            groups_at: began,
            ..Verification::default()
        },
        fresh: Fresh {
            since: began,
            accounts: true,
            groups: true,
            rights: true,
            ..Fresh::default()
        },
        drift: Vec::new(),
    })
}

pub(super) fn me(session: &Session) -> AccountId {
    session.jira.myself().id.clone()
}

async fn read_share(
    session: &Session,
    base: Arc<JiraSnapshot>,
    mut verification: Verification,
    read: &JiraProgress,
    known: &Known,
) -> Result<JiraSide, SyncError> {
    // Later than any earlier reading, also within the same second.
    let began = session.clock.seconds().max(verification.read_at + 1);
    let within = session.profile.limits.verify_within.duration();
    let written = session.state.written_after(verification.runs)?;
    let ended = session.state.ended_after(verification.runs)?;
    verification.runs = session.state.last_run()?;
    let due = verification.due(&base, began, within);
    let mut side = JiraSide {
        snapshot: base,
        written: Arc::new(written),
        verification,
        fresh: Fresh {
            since: began,
            ..Fresh::default()
        },
        drift: Vec::new(),
    };
    let members: Vec<GroupId> = due
        .members
        .iter()
        .map(|row| GroupId::new(side.snapshot.group(*row).id()))
        .collect();
    pass(session, &mut side, &due, read).await?;
    ask_again(session, &mut side, &ended.0, &ended.1).await?;
    if due.groups {
        list_groups(session, &mut side, read).await?;
    } else if !side.written.is_empty() || !ended.0.is_empty() {
        // What was written took seats, or gave some back.
        read_rights(session, &mut side).await?;
    }
    find_linked(session, &mut side, known).await?;
    let rows = members.iter();
    let rows: Vec<u32> = rows
        .filter_map(|id| side.snapshot.find_group(id.as_str()))
        .collect();
    read_members(session, &mut side, &rows, read).await?;
    Ok(side)
}

/// Goes on with the pass through the accounts. At its end, whoever it did not show is asked
/// for by id before being believed gone.
async fn pass(
    session: &Session,
    side: &mut JiraSide,
    due: &Due,
    read: &JiraProgress,
) -> Result<(), SyncError> {
    if due.account_pages == 0 {
        return Ok(());
    }
    let at = side.fresh.since;
    if side.verification.next_row == 0 {
        side.verification.pass_began = at;
    }
    let start = side.verification.next_row;
    let mut changes = JiraChanges::new(at);
    let users = session
        .jira
        .users_from(start, due.account_pages, read, |row| changes.account(row))
        .await?;
    if let Completeness::Doubtful(doubt) = users.completeness {
        Arc::make_mut(&mut side.snapshot).users.doubt(doubt);
        return Ok(());
    }
    side.verification.next_row = users.next_row.unwrap_or(0);
    if users.next_row.is_none() {
        let began = side.verification.pass_began;
        let absent: Vec<AccountId> = side
            .snapshot
            .iter_accounts()
            .filter(|(_, account)| account.seen() < began)
            .map(|(_, account)| AccountId::new(account.id()))
            .filter(|id| !changes.speaks_of(id))
            .collect();
        let exist = believe_gone(session, &mut changes, &absent).await?;
        side.snapshot = Arc::new(side.snapshot.after(&changes));
        // A few may have moved past the pass; many were never shown to it.
        if exist > 5.max(side.snapshot.accounts() / 100) {
            let missing = exist as u64;
            let doubt = Doubt::AccountsUnlisted { missing };
            Arc::make_mut(&mut side.snapshot).users.doubt(doubt);
            return Ok(());
        }
        side.verification.accounts_at = began;
        side.fresh.accounts = began >= side.fresh.since && start == 0;
        return Ok(());
    }
    side.snapshot = Arc::new(side.snapshot.after(&changes));
    Ok(())
}

/// Asks how these accounts stand, and whether these groups exist.
pub(super) async fn ask_again(
    session: &Session,
    side: &mut JiraSide,
    accounts: &[AccountId],
    groups: &[GroupId],
) -> Result<(), SyncError> {
    let mut changes = JiraChanges::new(side.fresh.since);
    believe_gone(session, &mut changes, accounts).await?;
    if !groups.is_empty() {
        let found = session.jira.groups_by_ids(groups).await?;
        let there: HashSet<&GroupId> = found.iter().map(|(id, _)| id).collect();
        for id in groups.iter().filter(|id| !there.contains(id)) {
            changes.group_gone(id);
        }
    }
    if !changes.is_empty() {
        side.snapshot = Arc::new(side.snapshot.after(&changes));
    }
    side.fresh.asked.extend(accounts.iter().cloned());
    Ok(())
}

/// Notes which of these accounts exist, and that the others are gone. Gives how many exist.
pub(super) async fn believe_gone(
    session: &Session,
    changes: &mut JiraChanges,
    absent: &[AccountId],
) -> Result<usize, SyncError> {
    if absent.is_empty() {
        return Ok(0);
    }
    let found = session.jira.by_ids(absent).await?;
    let there: HashSet<&str> = found.iter().map(|a| a.row().id).collect();
    let young: HashSet<AccountId> = session
        .state
        .young_links(YOUNG)?
        .into_iter()
        .map(|link| link.account)
        .collect();
    for id in absent {
        if !there.contains(id.as_str()) && !young.contains(id) {
            changes.account_gone(id);
        }
    }
    for account in &found {
        changes.account(&account.row());
    }
    Ok(found.len())
}

/// Reads all accounts anew.
pub(super) async fn all_accounts(
    session: &Session,
    side: &mut JiraSide,
    read: &JiraProgress,
) -> Result<(), SyncError> {
    side.verification.next_row = 0;
    let everything = Due {
        account_pages: u64::MAX,
        ..Due::default()
    };
    pass(session, side, &everything, read).await
}

/// Lists all groups anew, with their classes.
pub(super) async fn list_groups(
    session: &Session,
    side: &mut JiraSide,
    read: &JiraProgress,
) -> Result<(), SyncError> {
    let groups = async { Ok::<_, SyncError>(session.jira.groups(read).await?) };
    let (groups, rights) = tokio::try_join!(groups, rights(session, Some(&side.snapshot)))?;
    if let Completeness::Doubtful(doubt) = groups.completeness {
        Arc::make_mut(&mut side.snapshot).group_list.doubt(doubt);
        return Ok(());
    }
    let mut changes = JiraChanges::new(side.fresh.since);
    let listed: HashSet<&GroupId> = groups.groups.iter().map(|(id, _)| id).collect();
    for (_, group) in side.snapshot.iter_groups() {
        let id = GroupId::new(group.id());
        if !listed.contains(&id) {
            changes.group_gone(&id);
        }
    }
    for (id, name) in &groups.groups {
        changes.group(id, name, crate::directory::GroupClass::Ordinary);
    }
    side.snapshot = Arc::new(side.snapshot.after(&changes));
    classify(session, side, &rights)?;
    side.verification.groups_at = side.fresh.since;
    side.fresh.groups = true;
    Ok(())
}

/// What is told of an optional source that would not answer.
pub(super) fn unknown(what: &str, error: &JiraError) -> String {
    let problem = Problem::from(error);
    format!("Unknown: {what}. {} {}", problem.message, problem.hint)
}

/// Which groups may be changed and which take seats, by Jira and by the organization.
pub(super) async fn rights(
    session: &Session,
    before: Option<&JiraSnapshot>,
) -> Result<Rights, SyncError> {
    let mut rights = session.jira.rights().await?;
    if let Some(error) = rights.external_unknown() {
        let what = "which groups another system syncs, as Jira's picker would tell";
        session.progress.unknown(unknown(what, error));
    }
    let Some(organization) = &session.organization else {
        return Ok(rights);
    };
    if organization.is_willing() {
        match organization.synced_groups().await {
            Ok(groups) => {
                rights.add_external(groups);
                return Ok(rights);
            }
            // Jira itself tells of most of them.
            Err(error) if error.is_unwillingness() => {
                let what = "which groups another system syncs, but as far as Jira tells";
                session.progress.unknown(unknown(what, &error));
            }
            Err(error) => return Err(error.into()),
        }
    }
    // What it told before is not forgotten for its silence.
    let refused = session.state.once_unwritable()?;
    let groups = before.iter().flat_map(|before| before.iter_groups());
    let external = groups.filter(|(_, group)| {
        group.class() == GroupClass::External && !refused.contains(group.id())
    });
    rights.add_external(external.map(|(_, group)| group.id().to_owned()));
    Ok(rights)
}

/// Reads anew which groups may be changed and which take seats.
pub(in crate::sync) async fn read_rights(
    session: &Session,
    side: &mut JiraSide,
) -> Result<(), SyncError> {
    let rights = rights(session, Some(&side.snapshot)).await?;
    classify(session, side, &rights)
}

fn classify(session: &Session, side: &mut JiraSide, rights: &Rights) -> Result<(), SyncError> {
    let unwritable = session.state.unwritable()?;
    let products = {
        let groups = side.snapshot.iter_groups();
        let ids: HashMap<&str, &str> = groups.map(|(_, g)| (g.name(), g.id())).collect();
        rights.products(&ids)
    };
    let snapshot = Arc::make_mut(&mut side.snapshot);
    snapshot.classify(|id, name| rights.class(id, name, &products, &unwritable));
    snapshot.set_products(products);
    side.fresh.rights = true;
    Ok(())
}

/// Linked accounts and groups that the snapshot lacks: created since, or gone. Who was found to
/// be gone is not asked for again before everything else is.
async fn find_linked(
    session: &Session,
    side: &mut JiraSide,
    known: &Known,
) -> Result<(), SyncError> {
    let at = side.fresh.since;
    let within = session.profile.limits.verify_within.duration().as_secs();
    side.verification
        .gone
        .retain(|_, since| u64::from(at.saturating_sub(*since)) < within);
    let missing = {
        let gone = &side.verification.gone;
        let settled = |id: &str| side.snapshot.find_account(id).is_some() || gone.contains_key(id);
        missing_links(session, known, settled).await?
    };
    let gone = &side.verification.gone;
    let wanted: Vec<GroupId> = known
        .links
        .groups()
        .map(|link| &link.group)
        .filter(|id| side.snapshot.find_group(id.as_str()).is_none())
        .filter(|id| !gone.contains_key(id.as_str()))
        .cloned()
        .collect();
    let groups = if wanted.is_empty() || side.fresh.groups {
        Vec::new()
    } else {
        session.jira.groups_by_ids(&wanted).await?
    };
    let there: HashSet<&str> = groups.iter().map(|(id, _)| id.as_str()).collect();
    let absent = wanted
        .iter()
        .map(GroupId::as_str)
        .filter(|id| !there.contains(id));
    let absent = absent.chain(missing.gone.iter().map(AccountId::as_str));
    side.verification
        .gone
        .extend(absent.map(|id| (id.to_owned(), at)));
    if missing.found.is_empty() && groups.is_empty() {
        return Ok(());
    }
    let mut changes = JiraChanges::new(at);
    for account in &missing.found {
        changes.account(&account.row());
    }
    for (id, name) in &groups {
        changes.group(id, name, crate::directory::GroupClass::Ordinary);
    }
    side.snapshot = Arc::new(side.snapshot.after(&changes));
    if !groups.is_empty() {
        read_rights(session, side).await?;
    }
    Ok(())
}

/// Linked accounts that a listing lacks are looked up by id before they are believed gone. One
/// that Rollbook created a moment ago is believed to exist whatever the listing says.
async fn missing_links(
    session: &Session,
    known: &Known,
    listed: impl Fn(&str) -> bool,
) -> Result<Missing, SyncError> {
    let missing: Vec<AccountId> = known
        .links
        .people()
        .map(|(_, account)| account)
        .filter(|account| !listed(account))
        .map(AccountId::new)
        .collect();
    if missing.is_empty() {
        return Ok(Missing::default());
    }
    let mut found = session.jira.by_ids(&missing).await?;
    let back: HashSet<String> = found.iter().map(|a| a.row().id.to_owned()).collect();
    let mut gone: HashSet<AccountId> = missing
        .iter()
        .filter(|id| !back.contains(id.as_str()))
        .cloned()
        .collect();
    let young = session.state.young_links(YOUNG)?;
    let mut doubt = None;
    // Many who exist and were not listed: the listing was cut off.
    if found.len() > 1 && found.len() * 100 > known.links.people().count() {
        let ids: HashSet<&str> = young.iter().map(|link| link.account.as_str()).collect();
        let old = found.iter().filter(|a| !ids.contains(a.row().id)).count();
        if old > 1 {
            doubt = Some(Doubt::AccountsUnlisted {
                missing: old as u64,
            });
        }
    }
    for link in young {
        let id = link.account.as_str();
        if missing.contains(&link.account) && !back.contains(id) {
            gone.remove(&link.account);
            found.push(AccountRead::created(&JiraAccountRow {
                id,
                name: &link.name,
                email: &link.email,
                active: true,
                kind: AccountKind::Person,
            }));
        }
    }
    Ok(Missing {
        found,
        gone: gone.into_iter().collect(),
        doubt,
    })
}

/// Notes those of these accounts as inactive whom the organization suspended, although Jira shows
/// them as active. Tells whether there were any.
pub(super) async fn believe_suspended(
    session: &Session,
    jira: &mut JiraSide,
    accounts: &[AccountId],
) -> Result<bool, SyncError> {
    let active = |id: &&AccountId| {
        let row = jira.snapshot.find_account(id.as_str());
        row.is_some_and(|row| jira.snapshot.account(row).active())
    };
    let shown: Vec<AccountId> = accounts.iter().filter(active).cloned().collect();
    let Some(organization) = session.organization.as_ref().filter(|_| !shown.is_empty()) else {
        return Ok(false);
    };
    let suspended = match organization.suspended(&shown).await {
        Err(error) if error.is_unwillingness() => {
            let what = "whether accounts that Rollbook suspended are suspended still";
            session.progress.unknown(unknown(what, &error));
            return Ok(false);
        }
        suspended => suspended?,
    };
    if suspended.is_empty() {
        return Ok(false);
    }
    let mut changes = JiraChanges::new(jira.fresh.since);
    for id in &suspended {
        let row = jira.snapshot.find_account(id.as_str());
        if let Some(account) = row.map(|row| jira.snapshot.account(row)) {
            changes.account(&JiraAccountRow {
                id: account.id(),
                name: account.name(),
                email: account.email(),
                active: false,
                kind: account.kind(),
            });
        }
    }
    jira.snapshot = Arc::new(jira.snapshot.after(&changes));
    Ok(true)
}

/// Adds the groups of a listing, with their classes.
fn list(
    builder: &mut JiraBuilder,
    groups: &GroupsRead,
    rights: &Rights,
    unwritable: &HashSet<GroupId>,
) {
    let ids: HashMap<&str, &str> = groups
        .groups
        .iter()
        .map(|(id, name)| (name.as_str(), id.as_str()))
        .collect();
    let products = rights.products(&ids);
    for (id, name) in &groups.groups {
        builder.group(&JiraGroupRow {
            id: id.as_str(),
            name,
            class: rights.class(id.as_str(), name, &products, unwritable),
        });
    }
    builder.products(products);
}
