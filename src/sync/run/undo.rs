//! Taking a run back.

use crate::plan::{Allowances, Kind};
use crate::sync::error::SyncError;
use crate::sync::planned::Planned;
use crate::sync::planning::{confirm, plan};
use crate::sync::read::options::ReadOptions;
use crate::sync::session::Session;
use std::sync::Arc;

/// The plan that takes a run back, as far as that is possible, from both directories as they are
/// now.
pub(super) async fn undo(
    session: &mut Session,
    options: &ReadOptions,
    run: &str,
) -> Result<Planned, SyncError> {
    let unknown = || SyncError::UnknownRun(run.to_owned());
    let found = session.state.run(run)?.ok_or_else(unknown)?;
    if let Some(before) = &found.undone_by {
        session.progress.note(format!(
            "Run {} was taken back before, by run {before}. What stands of it now is what is shown.",
            found.run_id
        ));
    }
    session.progress.note(
        "Links and confirmed groups stay as they are: they write nothing to Jira.".to_owned(),
    );
    let undo = Arc::new(session.state.undo(found.number, &found.run_id)?);
    let options = ReadOptions {
        undo: Some(undo),
        ..options.clone()
    };
    let mut planned = plan(session, &options, Allowances::default()).await?;
    // What was unclear of an interrupted run has been looked up meanwhile.
    let undo = session.state.undo(found.number, &found.run_id)?;
    planned.undo = Some(Arc::new(undo));
    planned.again(|_| {});
    confirm(session, &mut planned).await?;
    if planned.plan.count(Kind::RemoveUser) > 0 {
        session.progress.note(
            "Invitations that were sent can't be called back; creating these people again sends new ones."
                .to_owned(),
        );
    }
    Ok(planned)
}
