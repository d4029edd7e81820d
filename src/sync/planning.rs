//! Refresh, then plan.

use super::clock::{Clock, stamp};
use super::error::SyncError;
use super::planned::Planned;
use super::progress::Stage;
use super::read::departures::confirm_departures;
use super::read::drift::tell_drift;
use super::read::look_ups::{look_up, look_up_anew, prove_links};
use super::read::members::read_members;
use super::read::options::ReadOptions;
use super::read::refresh::{keep, note_active, refresh, settle_taken};
use super::read::sides::Snapshots;
use super::read::verification::verify;
use super::run::recovery::recover;
use super::session::{Session, rates};
use crate::config::{Paths, Profile};
use crate::directory::fold;
use crate::jira::JiraProgress;
use crate::plan::{
    self, Allowances, CallRates, Known, Mode, Plan, Reason, Selection, Settings, settings_digest,
};
use crate::store::{Mirror, State, StoreError};
use jiff::Timestamp;
use std::sync::Arc;

/// How often answers may lead to a plan that raises other questions.
const VERIFICATIONS: u32 = 4;

/// Reads both sides, recognises people, and plans.
pub async fn plan(
    session: &mut Session,
    options: &ReadOptions,
    allowances: Allowances,
) -> Result<Planned, SyncError> {
    let mut options = options.clone();
    options.held_too |= session.mode == Mode::Attended || !allowances.is_empty();
    let mut known = known(&session.state, &session.mirror, &session.profile.settings)?;
    known.organization_key = session.organization.is_some();
    let mut snapshots = refresh(session, &options, &mut known).await?;
    let settings = &session.profile.settings;
    if let Some(why) = plan::unclear_scope(&snapshots.entra, settings, &known.pins) {
        return Err(SyncError::UnclearScope(why));
    }
    if recover(session, &mut snapshots).await? {
        known.links = session.state.links()?;
        known.created = session.state.created()?;
        known.new_accounts = session.state.new_accounts()?;
        known.by_name = session.state.linked_by_name()?;
        known.history = session.state.history()?;
        known.taken = session.state.taken()?;
        known.decisions = session.state.decisions()?;
    }
    settle_taken(session, &snapshots, &mut known)?;
    note_active(session, &snapshots.jira.snapshot, &mut known)?;
    look_up(session, &options, &snapshots, &mut known).await?;
    prove_links(session, &mut known).await?;
    session.progress.now(Stage::Planning);
    let mut planned = first_plan(session, options, snapshots, known)?;
    verified(session, &mut planned).await?;
    confirm_departures(session, &mut planned).await?;
    if let Some(reading) = &mut planned.reading {
        let drift = Arc::make_mut(reading).take_drift();
        tell_drift(session, drift, &planned.jira).await?;
    }
    planned.listings = planned.snapshots().map_or_else(Vec::new, |snapshots| {
        snapshots.listings(session.clock.seconds())
    });
    planned.unknown = session.progress.unknowns();
    planned.allow(allowances)?;
    if planned.entra.users.is_whole() && !planned.plan.source_shrank {
        session.state.measure(planned.plan.measured)?;
    }
    session.progress.now(Stage::Idle);
    Ok(planned)
}

/// The plan that both sides lead to before anything of it is verified.
fn first_plan(
    session: &Session,
    options: ReadOptions,
    snapshots: Snapshots,
    known: Known,
) -> Result<Planned, StoreError> {
    let after_run = snapshots.jira.verification.runs;
    let (entra, jira, reading) = snapshots.split();
    let mut planned = Planned {
        entra,
        jira,
        reading: Some(Arc::new(reading)),
        options,
        known,
        settings: session.profile.settings.clone(),
        today: session.clock.today(),
        mode: session.mode,
        allowances: Allowances::default(),
        selection: Selection::Everything,
        retries: None,
        undo: None,
        rates: attended_rates(&session.profile, &session.state)?,
        plan: Plan::default(),
        listings: Vec::new(),
        unknown: Vec::new(),
        after_run,
        read_at: session.clock.now(),
        read_by: Some(session.begun),
        created_at: session.clock.stamp(),
    };
    planned.make();
    Ok(planned)
}

fn attended_rates(profile: &Profile, state: &State) -> Result<CallRates, StoreError> {
    let rates = rates(profile, Mode::Attended);
    Ok(CallRates {
        reads: rates.reads,
        deletes: rates.deletes,
        measured: state.measured_rates()?,
    })
}

/// Reads the members of a Jira group, named or by its id, unless they were read for this plan.
pub(super) async fn read_group_anew(
    session: &mut Session,
    planned: &mut Planned,
    name: &str,
) -> Result<(), SyncError> {
    let wanted = fold(name);
    let Some(mut snapshots) = planned.snapshots() else {
        return Ok(());
    };
    let side = &mut snapshots.jira;
    let row = side
        .snapshot
        .iter_groups()
        .find(|(_, group)| group.id() == name || fold(group.name()) == wanted)
        .map(|(row, _)| row)
        .filter(|row| !side.snapshot.group(*row).read() || !side.is_fresh(*row));
    if let Some(row) = row {
        read_members(session, side, &[row], &JiraProgress::default()).await?;
        planned.rests_on(snapshots);
    }
    Ok(())
}

/// Verifies what a plan rests on that was changed after it was made, such as by decisions that let go
/// of what guards held. What the session that read it has asked already is not asked again.
pub async fn confirm(session: &mut Session, planned: &mut Planned) -> Result<(), SyncError> {
    verified(session, planned).await?;
    confirm_departures(session, planned).await
}

/// Everything that is known from before.
fn known(state: &State, mirror: &Mirror, settings: &Settings) -> Result<Known, StoreError> {
    Ok(Known {
        links: state.links()?,
        decisions: state.decisions()?,
        look_ups: mirror.look_ups()?,
        pins: state.group_pins()?,
        created: state.created()?,
        new_accounts: state.new_accounts()?,
        by_name: state.linked_by_name()?,
        defaults_given: state.given(Reason::DefaultGroup)?,
        refused: state.refused(&settings_digest(settings))?,
        history: state.history()?,
        leavers: state.leavers()?,
        taken: state.taken()?,
        protected: {
            let listed = settings.guards.protected_accounts.iter();
            state.linked_under(&listed.map(|text| fold(text)).collect())?
        },
        // Without a connection nothing speaks against it.
        organization_key: true,
    })
}

/// What both sides lead to as they were read last.
#[derive(Debug, Clone)]
pub struct Recalled {
    /// The plan.
    pub planned: Planned,
    /// When both sides were read, in seconds since 1970.
    pub read_at: u32,
    /// Whether something was applied after that.
    pub overtaken: bool,
}

/// The plan that both sides lead to as they were read last; none without a mirror that fits the
/// state. Asks nobody, writes nothing, and takes no lock.
#[must_use]
pub fn recall(profile: &Profile, paths: &Paths, clock: Clock) -> Option<Recalled> {
    let folder = paths.profile(&profile.name);
    // Neither is made where there was none.
    let mut mirror = Mirror::peek(&folder)?;
    let state = State::open(&folder).ok()?;
    let mirrored = mirror.recall(&state.identity().ok()??)?;
    // A scope that can't be worked out is told by the next read.
    let pins = state.group_pins().ok()?;
    if plan::unclear_scope(&mirrored.entra, &profile.settings, &pins).is_some() {
        return None;
    }
    let read_at = mirrored.verification.read_at;
    let overtaken = state.wrote_after(mirrored.verification.runs).ok()?;
    let mut planned = Planned {
        entra: mirrored.entra,
        jira: mirrored.jira,
        reading: None,
        options: ReadOptions::default(),
        known: known(&state, &mirror, &profile.settings).ok()?,
        settings: profile.settings.clone(),
        today: clock.today(),
        mode: Mode::Attended,
        allowances: Allowances::default(),
        selection: Selection::Everything,
        retries: None,
        undo: None,
        rates: attended_rates(profile, &state).ok()?,
        plan: Plan::default(),
        listings: mirrored.listings,
        unknown: Vec::new(),
        after_run: mirrored.verification.runs,
        read_at: Timestamp::from_second(i64::from(read_at)).ok()?,
        read_by: None,
        created_at: stamp(Timestamp::from_second(i64::from(read_at)).ok()?),
    };
    planned.make();
    Some(Recalled {
        planned,
        read_at,
        overtaken,
    })
}

/// Verifies what the plan rests on, and plans anew, until nothing has to be asked. What fails on the
/// way leaves the plan as it was before, with what was read for it.
async fn verified(session: &mut Session, planned: &mut Planned) -> Result<(), SyncError> {
    let Some(mut snapshots) = planned.snapshots() else {
        return Ok(());
    };
    let mut changed = false;
    for _ in 0..VERIFICATIONS {
        let verified = verify(session, planned, &mut snapshots.jira).await?;
        if !verified.asked {
            break;
        }
        changed = true;
        for (address, answer) in verified.answers {
            planned.known.look_ups.remember(address, answer);
        }
        // Accounts that were not known before may hide the address of somebody.
        look_up_anew(session, &planned.options, &snapshots, &mut planned.known).await?;
        if !planned.rests_on(snapshots.clone()) {
            planned.again(|_| {});
        }
    }
    if changed {
        keep(session, &snapshots)?;
    }
    planned.rests_on(snapshots);
    Ok(())
}
