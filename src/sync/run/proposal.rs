//! What a person is asked to agree to: a plan, what it is for, and how it is made again.
//!
//! A proposal is made twice at most: when it is shown, and once more where the answer came late or
//! another run came between. Both go through [`propose`], so that what is applied was made in the
//! same way as what was shown. No lock is held when it returns: a person may think for as long as
//! they like.

use super::retry::retry;
use super::undo::undo;
use crate::plan::{Allowance, Allowances};
use crate::store::RunKind;
use crate::sync::adopt::{Adoption, find};
use crate::sync::error::{PlanRefused, SyncError};
use crate::sync::planned::Planned;
use crate::sync::planning::plan;
use crate::sync::read::options::ReadOptions;
use crate::sync::saved::{Matched, SavedPlan, narrow_to_saved, same_adoption};
use crate::sync::session::Session;
use crate::text::counted;

/// What a plan is for.
#[derive(Debug, Clone)]
pub enum Purpose {
    /// To bring Jira into step.
    InStep,
    /// The same, but nothing that this saved plan doesn't hold.
    Saved(Box<SavedPlan>),
    /// To try again what failed in this run.
    Retry(String),
    /// To take this run back.
    Undo(String),
    /// To let this Jira group mirror Entra, or only gain members from it.
    Adopt {
        /// By name or groupId.
        group: String,
        /// Whether members are only added.
        add_only: bool,
    },
}

impl Purpose {
    /// The Jira group that is adopted, if one is, and whether members are only added to it.
    fn adopts(&self) -> Option<(&str, bool)> {
        match self {
            Self::Adopt { group, add_only } => Some((group, *add_only)),
            Self::Saved(saved) => {
                let pinned = saved.document.pinned.as_ref()?;
                Some((pinned.adopts.first()?.group_id.as_str(), pinned.add_only))
            }
            Self::InStep | Self::Retry(_) | Self::Undo(_) => None,
        }
    }

    /// The run that is taken back, if one is.
    fn undoes(&self) -> Option<&str> {
        match self {
            Self::Undo(run) => Some(run),
            Self::Saved(saved) => saved.document.pinned.as_ref()?.undoes.as_deref(),
            Self::InStep | Self::Retry(_) | Self::Adopt { .. } => None,
        }
    }
}

/// A plan that waits for a person's word.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// The plan.
    pub planned: Planned,
    /// What it is for.
    pub purpose: Purpose,
    /// The group that it adopts.
    pub adoption: Option<Adoption>,
    /// Whether the person goes on although another machine applies to the site.
    pub take_over: bool,
    /// How many operations of a saved plan are left out, and why.
    pub(super) left_out: Matched,
}

impl Proposal {
    /// The proposal that a plan on the screen is.
    #[must_use]
    pub fn of(planned: Planned) -> Self {
        let purpose = match (&planned.undo, &planned.retries) {
            (Some(undo), _) => Purpose::Undo(undo.run_id.clone()),
            (None, Some(run)) => Purpose::Retry(run.clone()),
            (None, None) => Purpose::InStep,
        };
        Self {
            planned,
            purpose,
            adoption: None,
            take_over: false,
            left_out: Matched::default(),
        }
    }

    /// Lets the admin allow what guards hold. A number of a saved plan counts for what is left of it.
    /// Allowances that do not fit what was shown are refused, and nothing changes.
    pub fn allow(&mut self, allowances: &Allowances) -> Result<(), SyncError> {
        match &self.purpose {
            Purpose::Saved(saved) => {
                let shown = |allowance: Allowance| {
                    let mut guards = saved.document.guards.iter();
                    guards.any(|guard| {
                        guard.name == allowance.name.as_str() && guard.count == allowance.count
                    })
                };
                self.planned.allow_what_is_left(allowances, shown)
            }
            _ => self.planned.allow(allowances.clone()),
        }
    }

    /// The id of the plan that was reviewed.
    pub(super) fn plan_id(&self) -> &str {
        match &self.purpose {
            Purpose::Saved(saved) => &saved.document.plan_id,
            _ => &self.planned.plan.id,
        }
    }

    pub(super) fn kind(&self) -> RunKind {
        if self.adoption.is_some() {
            RunKind::Adopt
        } else if self.planned.undo.is_some() {
            RunKind::Undo
        } else {
            RunKind::Attended
        }
    }
}

/// Reads both sides and plans for a purpose. The lock is taken, and given back before this returns.
pub async fn propose(
    session: &mut Session,
    purpose: Purpose,
    wanted: &ReadOptions,
) -> Result<Proposal, SyncError> {
    session.hold()?;
    let proposal = make(session, purpose, wanted).await;
    session.release();
    proposal
}

/// The same while the lock is held.
pub(super) async fn make(
    session: &mut Session,
    purpose: Purpose,
    wanted: &ReadOptions,
) -> Result<Proposal, SyncError> {
    let mut wanted = wanted.clone();
    wanted.admins |= purpose.adopts().is_some();
    // These plans create nobody, or only whom a run tried to create.
    wanted.only_namesakes |= matches!(purpose, Purpose::Adopt { .. } | Purpose::Undo(_));
    let mut planned = match (&purpose, purpose.undoes()) {
        (_, Some(run)) => undo(session, &wanted, run).await?,
        (Purpose::Retry(run), _) => retry(session, &wanted, run).await?,
        _ => plan(session, &wanted, Allowances::default()).await?,
    };
    let mut adoption = match purpose.adopts() {
        Some((group, add_only)) => Some(find(session, &mut planned, group, add_only).await?),
        None => None,
    };
    let mut left_out = Matched::default();
    if let Purpose::Saved(saved) = &purpose {
        if let (Some(adoption), Some(pinned)) = (&adoption, &saved.document.pinned)
            && !same_adoption(adoption, &pinned.adopts)
        {
            return Err(SyncError::PlanRefused {
                path: saved.path.clone(),
                cause: PlanRefused::OtherAdoption,
            });
        }
        left_out = narrow_to_saved(session, &mut planned, saved)?;
        // Who was cut out of it stays.
        if let Some(adoption) = &mut adoption {
            adoption.look_again(&planned);
        }
        tell_left_out(session, left_out);
    }
    Ok(Proposal {
        planned,
        purpose,
        adoption,
        take_over: false,
        left_out,
    })
}

/// Tells what of a saved plan is left out, but for what was cut out by hand.
fn tell_left_out(session: &mut Session, left_out: Matched) {
    if left_out.overtaken > 0 {
        session.progress.note(format!(
            "Skipped: {} of the saved plan, no longer needed.",
            counted(left_out.overtaken, "operation", "operations")
        ));
    }
    if left_out.changed > 0 {
        session.progress.note(format!(
            "Skipped: {} of the saved plan that would now touch another account, address or group. Make a new plan to review them.",
            counted(left_out.changed, "operation", "operations")
        ));
    }
}
