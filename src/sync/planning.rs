//! Refresh, then plan.

use super::error::SyncError;
use super::progress::Stage;
use super::session::{Session, rates};
use crate::config::{Paths, Profile};
use crate::directory::{EntraSnapshot, JiraSnapshot, fold};
use crate::jira::Read;
use crate::plan::{
    self, Allowances, CallRates, Document, Inputs, Known, Mode, OperationRow, Plan, Reason,
    Selection, Settings, Undo, settings_digest,
};
use crate::store::{Listing, Mirror, State, StoreError};
use crate::sync::read::departures::confirm_departures;
use crate::sync::read::look_ups::{look_up, look_up_anew};
use crate::sync::read::members::read_members;
use crate::sync::read::refresh::{Snapshots, keep, refresh, settle_taken, tell_drift};
use crate::sync::read::verification::verify;
use crate::sync::run::recovery::recover;
use jiff::civil::Date;
use std::sync::Arc;

/// How often answers may lead to a plan that raises other questions.
const VERIFICATIONS: u32 = 4;

/// A plan together with everything it was made from.
#[derive(Debug, Clone)]
pub struct Planned {
    /// Entra's side.
    pub entra: Arc<EntraSnapshot>,
    /// Jira's side.
    pub jira: Arc<JiraSnapshot>,
    /// What was known from before.
    pub known: Known,
    /// Settings.
    pub settings: Settings,
    /// Date.
    pub today: Date,
    /// Whether a person confirms.
    pub mode: Mode,
    /// What is allowed.
    pub allowances: Allowances,
    /// Which operations are wanted.
    pub selection: Selection,
    /// The run of which it tries again what failed, and nothing else: agreeing to that is no review of
    /// the settings.
    pub retries: Option<String>,
    /// The run that is to be taken back, if this is an undo.
    pub undo: Option<Arc<Undo>>,
    /// How fast it would be applied with a person present.
    pub rates: CallRates,
    /// The plan.
    pub plan: Plan,
    /// What each listing proved.
    pub listings: Vec<Listing>,
    /// The number of the newest run when both sides were read; what later ones did is not in it.
    pub after_run: i64,
    /// When it was made, RFC 3339.
    pub created_at: String,
}

impl Planned {
    /// The plan's inputs.
    #[must_use]
    pub fn inputs(&self) -> Inputs<'_> {
        Inputs {
            entra: &self.entra,
            jira: &self.jira,
            known: &self.known,
            settings: &self.settings,
            today: self.today,
            mode: self.mode,
            allowances: &self.allowances,
            selection: &self.selection,
            undo: self.undo.as_deref(),
        }
    }

    /// How long applying what no guard holds takes, at the rate that a person's apply has.
    #[must_use]
    pub fn time_to_apply(&self) -> std::time::Duration {
        let free = self.plan.free().map(|(_, op)| op);
        plan::time_to_apply(free, &self.settings, self.rates)
    }

    /// The document without its operations.
    #[must_use]
    pub fn head(&self, profile: &str) -> Document {
        self.plan.head(&self.inputs(), profile, &self.created_at)
    }

    /// The operations as documents show them.
    pub fn rows(&self) -> impl Iterator<Item = OperationRow> {
        self.plan
            .operations
            .iter()
            .map(|op| self.plan.row(&self.inputs(), op))
    }

    /// Lets the admin allow what guards hold. Allowances that do not fit what the plan shows are
    /// refused, and nothing changes.
    pub fn allow(&mut self, allowances: Allowances) -> Result<(), SyncError> {
        self.allowances = Allowances::default();
        self.plan = plan::make(&self.inputs());
        allowances.check(&self.plan.guards)?;
        if !allowances.is_empty() {
            self.allowances = allowances;
            self.plan = plan::make(&self.inputs());
        }
        Ok(())
    }

    /// Plans again after `change` to what is known, from the same snapshots.
    pub fn again(&mut self, change: impl FnOnce(&mut Known)) {
        change(&mut self.known);
        self.plan = plan::make(&self.inputs());
    }

    /// Leaves only the wanted operations in the plan; guards count anew.
    pub fn narrow(&mut self, selection: Selection) {
        self.selection = selection;
        self.plan = plan::make(&self.inputs());
    }
}

/// Reads both sides, recognises people, and plans.
pub async fn plan(session: &mut Session, allowances: Allowances) -> Result<Planned, SyncError> {
    session.held_too = session.mode == Mode::Attended || !allowances.is_empty();
    let mut known = known(&session.state, &session.mirror, &session.profile.settings)?;
    known.organization_key = session.organization.is_some();
    let mut snapshots = refresh(session, &mut known).await?;
    let settings = &session.profile.settings;
    if let Some(why) = plan::unclear_scope(&snapshots.entra, settings) {
        return Err(SyncError::UnclearScope(why.to_string()));
    }
    if recover(session, &mut snapshots).await? {
        known.links = session.state.links()?;
        known.created = session.state.created()?;
        known.history = session.state.history()?;
        known.taken = session.state.taken()?;
        known.decisions = session.state.decisions()?;
    }
    settle_taken(session, &snapshots, &mut known)?;
    look_up(session, &snapshots, &mut known).await?;
    session.progress.now(Stage::Planning);
    let mut planned = Planned {
        entra: snapshots.entra.clone(),
        jira: snapshots.jira.snapshot.clone(),
        known,
        settings: session.profile.settings.clone(),
        today: jiff::ZonedDateTime::now().date(),
        mode: session.mode,
        allowances: Allowances::default(),
        selection: Selection::Everything,
        retries: None,
        undo: None,
        rates: attended_rates(&session.profile),
        plan: Plan::default(),
        listings: Vec::new(),
        after_run: snapshots.jira.verification.runs,
        created_at: jiff::Timestamp::now()
            .strftime("%Y-%m-%dT%H:%M:%SZ")
            .to_string(),
    };
    planned.plan = plan::make(&planned.inputs());
    verified(session, &mut snapshots, &mut planned).await?;
    confirm_departures(session, &mut planned).await?;
    snapshots.entra = planned.entra.clone();
    tell_drift(session, &mut snapshots.jira).await?;
    planned.listings = snapshots.listings();
    session.snapshots = Some(snapshots);
    planned.allow(allowances)?;
    if planned.entra.users.is_whole() && !planned.plan.source_shrank {
        session.state.measure(planned.plan.measured)?;
    }
    session.progress.now(Stage::Idle);
    Ok(planned)
}

fn attended_rates(profile: &Profile) -> CallRates {
    let rates = rates(profile, Mode::Attended);
    CallRates {
        reads: rates.reads,
        deletes: rates.deletes,
    }
}

/// Reads the members of a Jira group, named or by its id, unless this session has read them.
pub(super) async fn read_group_anew(
    session: &mut Session,
    planned: &mut Planned,
    name: &str,
) -> Result<(), SyncError> {
    let wanted = fold(name);
    let Some(mut snapshots) = session.snapshots.take() else {
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
        read_members(session, side, &[row], &Read::default()).await?;
        planned.jira = side.snapshot.clone();
        planned.again(|_| {});
    }
    session.snapshots = Some(snapshots);
    Ok(())
}

/// Verifies what a plan rests on that was changed after it was made, such as by decisions that let go
/// of what guards held.
pub async fn confirm(session: &mut Session, planned: &mut Planned) -> Result<(), SyncError> {
    if let Some(mut snapshots) = session.snapshots.take() {
        verified(session, &mut snapshots, planned).await?;
        session.snapshots = Some(snapshots);
    }
    confirm_departures(session, planned).await
}

/// Everything that is known from before.
fn known(state: &State, mirror: &Mirror, settings: &Settings) -> Result<Known, StoreError> {
    Ok(Known {
        links: state.links()?,
        decisions: state.decisions()?,
        look_ups: mirror.look_ups()?,
        created: state.created()?,
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
pub fn recall(profile: &Profile, paths: &Paths) -> Option<Recalled> {
    let folder = paths.profile(&profile.name);
    // Neither is made where there was none.
    let mut mirror = Mirror::peek(&folder)?;
    let state = State::open(&folder).ok()?;
    let mirrored = mirror.recall(&state.identity().ok()??)?;
    // A scope that can't be worked out is told by the next read.
    if plan::unclear_scope(&mirrored.entra, &profile.settings).is_some() {
        return None;
    }
    let read_at = mirrored.verification.read_at;
    let overtaken = state.wrote_after(mirrored.verification.runs).ok()?;
    let mut planned = Planned {
        entra: mirrored.entra,
        jira: mirrored.jira,
        known: known(&state, &mirror, &profile.settings).ok()?,
        settings: profile.settings.clone(),
        today: jiff::ZonedDateTime::now().date(),
        mode: Mode::Attended,
        allowances: Allowances::default(),
        selection: Selection::Everything,
        retries: None,
        undo: None,
        rates: attended_rates(profile),
        plan: Plan::default(),
        listings: mirrored.listings,
        after_run: mirrored.verification.runs,
        created_at: jiff::Timestamp::from_second(i64::from(read_at))
            .ok()?
            .strftime("%Y-%m-%dT%H:%M:%SZ")
            .to_string(),
    };
    planned.plan = plan::make(&planned.inputs());
    Some(Recalled {
        planned,
        read_at,
        overtaken,
    })
}

/// Verifies what the plan rests on, and plans anew, until nothing has to be asked.
async fn verified(
    session: &mut Session,
    snapshots: &mut Snapshots,
    planned: &mut Planned,
) -> Result<(), SyncError> {
    let mut changed = false;
    for _ in 0..VERIFICATIONS {
        let verified = verify(session, planned, &mut snapshots.jira).await?;
        if !verified.asked {
            break;
        }
        changed = true;
        planned.jira = snapshots.jira.snapshot.clone();
        for (address, answer) in verified.answers {
            planned.known.look_ups.remember(address, answer);
        }
        // Accounts that were not known before may hide the address of somebody.
        look_up_anew(session, snapshots, &mut planned.known).await?;
        planned.again(|_| {});
    }
    if changed {
        keep(session, snapshots)?;
    }
    Ok(())
}
