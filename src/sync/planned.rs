//! A plan with everything that it was made from.

use super::error::SyncError;
use super::read::options::ReadOptions;
use super::read::sides::{Reading, Snapshots};
use crate::directory::{EntraSnapshot, JiraSnapshot};
use crate::plan::{
    self, Allowance, Allowances, CallRates, Complete, Document, DoubtRow, Inputs, Known, Mode,
    OperationRow, Plan, Selection, Settings, Undo,
};
use crate::store::Listing;
use jiff::Timestamp;
use jiff::civil::Date;
use std::sync::Arc;

/// A plan together with everything it was made from.
#[derive(Debug, Clone)]
pub struct Planned {
    /// Entra's side.
    pub entra: Arc<EntraSnapshot>,
    /// Jira's side.
    pub jira: Arc<JiraSnapshot>,
    /// What the read of both sides proved. A plan that is recalled from the mirror has none.
    pub(super) reading: Option<Arc<Reading>>,
    /// What was wanted of the read.
    pub options: ReadOptions,
    /// What was known from before.
    pub known: Known,
    /// The settings that it was made with.
    pub settings: Settings,
    /// The day that grace periods are counted to.
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
    /// What optional sources would not tell.
    pub unknown: Vec<String>,
    /// The number of the newest run when both sides were read; what later ones did is not in it.
    pub after_run: i64,
    /// When it was made, RFC 3339.
    pub created_at: String,
    /// When both sides were read.
    pub read_at: Timestamp,
    /// The session that read them, by its begin; none where they were remembered.
    pub(super) read_by: Option<tokio::time::Instant>,
}

impl Planned {
    /// Which sides were read to their end.
    #[must_use]
    pub fn complete(&self) -> Complete {
        Complete {
            entra: self.entra.users.is_whole(),
            jira: self.jira.is_whole(),
        }
    }

    /// Listings that may not be whole.
    #[must_use]
    pub fn doubts(&self) -> Vec<DoubtRow> {
        let doubts = self.plan.doubts.iter();
        doubts.map(|doubt| doubt.row(&self.inputs())).collect()
    }

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

    /// Plans from what it holds now, the links joined to its snapshots.
    pub(super) fn make(&mut self) {
        self.known.links = self.known.links.joined_to(&self.entra, &self.jira);
        self.plan = plan::make(&self.inputs());
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
        Document {
            unknown: self.unknown.clone(),
            ..self.plan.head(&self.inputs(), profile, &self.created_at)
        }
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
        if !self.allowances.is_empty() {
            self.allowances = Allowances::default();
            self.make();
        }
        allowances.check(&self.plan.guards)?;
        if !allowances.is_empty() {
            self.allowances = allowances;
            self.make();
        }
        Ok(())
    }

    /// Lets the admin allow what is left of what guards held: an allowance of the whole allows the part.
    /// `shown` says whether this number was shown for the guard.
    pub(super) fn allow_what_is_left(
        &mut self,
        allowances: &Allowances,
        shown: impl Fn(Allowance) -> bool,
    ) -> Result<(), SyncError> {
        self.allowances = Allowances::default();
        self.make();
        let left = |name| self.plan.guards.iter().find(|guard| guard.name == name);
        let left = allowances.iter().filter_map(|allowance| {
            let shown = shown(allowance);
            match left(allowance.name) {
                Some(guard) if shown && guard.count < allowance.count => Some(Allowance {
                    count: guard.count,
                    ..allowance
                }),
                None if shown => None,
                _ => Some(allowance),
            }
        });
        let left = Allowances::new(left.collect::<Vec<_>>());
        self.allow(left)
    }

    /// Plans again after `change` to what is known, from the same snapshots.
    pub fn again(&mut self, change: impl FnOnce(&mut Known)) {
        change(&mut self.known);
        self.make();
    }

    /// Leaves only the wanted operations in the plan; guards count anew.
    pub fn narrow(&mut self, selection: Selection) {
        self.selection = selection;
        self.make();
    }

    /// Both sides with what was read of them, to go on reading. The plan keeps its own until they are
    /// given back with [`Self::rests_on`]: its rows are theirs.
    pub(super) fn snapshots(&self) -> Option<Snapshots> {
        let reading = Reading::clone(self.reading.as_ref()?);
        Some(Snapshots::join(
            self.entra.clone(),
            self.jira.clone(),
            reading,
        ))
    }

    /// Takes both sides as they are known now, and plans again if they are other ones. Tells whether
    /// they are.
    pub(super) fn rests_on(&mut self, snapshots: Snapshots) -> bool {
        let (entra, jira, reading) = snapshots.split();
        let same = Arc::ptr_eq(&self.entra, &entra) && Arc::ptr_eq(&self.jira, &jira);
        (self.entra, self.jira) = (entra, jira);
        self.reading = Some(Arc::new(reading));
        if !same {
            self.make();
        }
        !same
    }
}
