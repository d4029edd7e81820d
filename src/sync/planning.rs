//! Refresh, then plan.

use super::error::SyncError;
use super::progress::Stage;
use super::session::Session;
use crate::directory::{EntraSnapshot, JiraSnapshot};
use crate::plan::{
    self, Allowances, Document, Inputs, Known, Mode, OperationRow, Plan, Reason, Selection,
    Settings, settings_digest,
};
use jiff::civil::Date;
use std::sync::Arc;

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
    /// The plan.
    pub plan: Plan,
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
        }
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
    let mut known = Known {
        links: session.state.links()?,
        decisions: session.state.decisions()?,
        look_ups: session.mirror.look_ups()?,
        created: session.state.created()?,
        defaults_given: session.state.given(&Reason::DefaultGroup.to_string())?,
        refused: session
            .state
            .refused(&settings_digest(&session.profile.settings))?,
        history: session.state.history()?,
    };
    let snapshots = session.refresh(&known).await?;
    let settings = &session.profile.settings;
    if let Some(why) = plan::unclear_scope(&snapshots.entra, settings) {
        return Err(SyncError::UnclearScope(why));
    }
    if session.recover(&snapshots).await? {
        known.links = session.state.links()?;
        known.created = session.state.created()?;
        known.history = session.state.history()?;
    }
    session.look_up(&snapshots, &mut known).await?;
    session.progress.now(Stage::Planning);
    let mut planned = Planned {
        entra: Arc::new(snapshots.entra),
        jira: Arc::new(snapshots.jira),
        known,
        settings: session.profile.settings.clone(),
        today: jiff::ZonedDateTime::now().date(),
        mode: session.mode,
        allowances: Allowances::default(),
        selection: Selection::Everything,
        plan: Plan::default(),
        created_at: jiff::Timestamp::now()
            .strftime("%Y-%m-%dT%H:%M:%SZ")
            .to_string(),
    };
    planned.plan = plan::make(&planned.inputs());
    session.confirm_departures(&mut planned).await?;
    planned.allow(allowances)?;
    if planned.entra.users.is_whole() && !planned.plan.source_shrank {
        session.state.measure(planned.plan.measured)?;
    }
    session.progress.now(Stage::Idle);
    Ok(planned)
}
