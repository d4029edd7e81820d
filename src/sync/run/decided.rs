//! Decisions that were made while a run read, or while a person was asked.

use crate::sync::adopt::Adoption;
use crate::sync::error::SyncError;
use crate::sync::planned::Planned;
use crate::sync::planning::confirm;
use crate::sync::session::Session;

/// Takes in what was decided since the plan was made. What keeps rows out counts at once, links too.
/// What was withdrawn counts from the next run on: nothing enters a plan that was not confirmed against
/// both sides. With some rows gone, guards may let go of others, so that these are confirmed again.
pub(super) async fn take_in_decisions(
    session: &mut Session,
    planned: &mut Planned,
    adoption: Option<&Adoption>,
) -> Result<(), SyncError> {
    let (decided, mut links) = (session.state.decisions()?, session.state.links()?);
    // An adoption that was agreed to is stored with the run.
    for link in adoption.into_iter().flat_map(Adoption::links) {
        links.group(link);
    }
    let known = &planned.known;
    if links == known.links && known.decisions.hold_all_of(&decided) {
        return Ok(());
    }
    let allowances = planned.allowances.clone();
    planned.again(|known| {
        known.decisions.join(decided);
        known.links = links;
    });
    // Whoever allowed the whole allowed what is left of it.
    planned.allow_what_is_left(&allowances, |_| true)?;
    confirm(session, planned).await
}
