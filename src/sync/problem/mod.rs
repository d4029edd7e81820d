//! Every error in words for an administrator: what happened, why, what to do, and the ids that
//! support will ask for.

mod kind;
mod local;
mod services;
mod value;

use crate::sync::error::{NotAdoptable, OriginChange, PlanRefused, SyncError};
use crate::text::escape;
pub use kind::ProblemKind;
pub use value::Problem;

impl From<&SyncError> for Problem {
    fn from(error: &SyncError) -> Self {
        match error {
            SyncError::Config(error) => local::config(error),
            SyncError::Store(error) => local::store(error),
            SyncError::Entra(error) => error.into(),
            SyncError::Jira(error) => error.into(),
            SyncError::Allowance(error) => Self::new(
                ProblemKind::Allowance,
                format!("Nothing was applied: {error}."),
                "Look at the plan again, and allow a guard by its name and the number that the plan shows for it, such as --allow new-people=12.",
            ),
            SyncError::NotAsReviewed => Self::new(
                ProblemKind::PlanRefused,
                "Nothing was applied: toggles, scope or names were changed since this plan was made.",
                "Read both directories again, and review the new plan.",
            ),
            SyncError::OtherAdoption => Self::new(
                ProblemKind::PlanRefused,
                "Nothing was applied: the Jira group would now mirror another Entra group than the one that was shown.",
                "Look at what it would mirror now, and decide again.",
            ),
            SyncError::UnclearScope(why) => Self::new(
                ProblemKind::Scope,
                format!(
                    "Who takes part can't be told: {}. Nothing was planned.",
                    escape(&why.to_string())
                ),
                "Correct the name in the configuration (an object id outlives renames), or give the application the permission that is missing.",
            ),
            SyncError::Client(cause) => Self::new(
                ProblemKind::Connection,
                format!("The HTTP client could not be started: {cause}."),
                "Check the proxy settings of this machine (HTTPS_PROXY) and its CA certificates.",
            ),
            SyncError::PlanFile { path, source } => Self::new(
                ProblemKind::PlanFile,
                format!("The plan file {} can't be used: {source}.", path.display()),
                "Check the path and its permissions.",
            ),
            SyncError::ExportFile { path, source } => Self::new(
                ProblemKind::ExportFile,
                format!(
                    "The export to {} can't be written: {source}.",
                    path.display()
                ),
                "Check the path, its permissions and the space on its disk, and export again.",
            ),
            SyncError::OriginsChanged(changes) => origins(changes),
            SyncError::PlanRefused { path, cause } => {
                refused_plan(&path.display().to_string(), cause)
            }
            SyncError::NotAdoptable { name, cause } => not_adoptable(&escape(name), cause),
            SyncError::Leased(rival) => Self::new(
                ProblemKind::Leased,
                format!("Nothing was applied: {}", rival.words()),
                if rival.active {
                    "Wait until that run has ended. To go on all the same, apply it yourself with `rollbook apply` or in the console, and answer that you take over."
                } else {
                    "Two machines with different settings would undo each other's work. Compare the settings; whoever is to go on applies a plan with `rollbook apply` or in the console, and takes over by that."
                },
            ),
            SyncError::UnknownRun(run) => Self::new(
                ProblemKind::UnknownRun,
                format!("There is no run “{}”.", escape(run)),
                "`rollbook runs` lists them.",
            ),
            SyncError::Cancelled => Self::new(
                ProblemKind::Cancelled,
                "Cancelled. Nothing was left half done.",
                "Start it again when you are ready.",
            ),
        }
    }
}

fn origins(changes: &[OriginChange]) -> Problem {
    let words: Vec<String> = changes.iter().map(OriginChange::words).collect();
    Problem::new(
        ProblemKind::OriginChanged,
        format!(
            "This profile's secrets would go to another address than before: {}. Nothing was sent there.",
            words.join("; ")
        ),
        "If that is right, say so: in the console, which asks, or with `rollbook check` in a terminal. If nobody of you changed it, somebody else edited config.toml: put the former address back.",
    )
}

fn refused_plan(path: &str, cause: &PlanRefused) -> Problem {
    Problem::new(
        ProblemKind::PlanRefused,
        format!("The plan in {path} is not applied: {cause}."),
        "Make a new one with `rollbook plan --out FILE`, review it, and apply that.",
    )
}

fn not_adoptable(name: &str, cause: &NotAdoptable) -> Problem {
    let message = match cause {
        NotAdoptable::MembershipsOff => {
            "Sync memberships is off in this profile: an adopted group would not be kept in step."
                .to_owned()
        }
        NotAdoptable::OtherName(given) => format!(
            "The group is called “{name}”, and --confirm says “{}”. Nothing was changed.",
            escape(given)
        ),
        NotAdoptable::NoGroup => format!("Jira has no group “{name}”."),
        NotAdoptable::NoCounterpart => format!(
            "The Jira group “{name}” stands for no Entra group in scope, or may not be touched: it can't be adopted."
        ),
        NotAdoptable::Unread => format!(
            "The members of “{name}” could not be read to the end: it can't be told who would leave."
        ),
    };
    let advice = match cause {
        NotAdoptable::MembershipsOff => {
            "Turn Sync memberships on in Provisioning, and adopt it then."
        }
        NotAdoptable::OtherName(_) => {
            "Its members have access and take seats: repeat its name exactly, as --confirm NAME."
        }
        NotAdoptable::Unread => "Try again in some minutes.",
        NotAdoptable::NoGroup | NotAdoptable::NoCounterpart => {
            "Name a Jira group as Jira shows it, or its groupId. `rollbook plan` lists the groups that stand for an Entra group."
        }
    };
    Problem::new(ProblemKind::Adopt, message, advice)
}
