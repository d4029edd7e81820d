//! Reading Entra: what changed, or everything.

use crate::directory::{Assigned, EntraSnapshot};
use crate::entra::{DeltaLinks, EntraProgress, EntraRead};
use crate::plan::{ScopeUsers, Unclear};
use crate::store::EntraNotes;
use crate::sync::error::SyncError;
use crate::sync::session::Session;
use crate::text::counted;
use std::collections::HashSet;
use std::sync::Arc;

/// Within this time Entra is read as a whole, in seconds: as long as a link to changes lives.
const WHOLE_WITHIN: u32 = 7 * 86400;

/// Entra's side as it was read.
pub(super) struct EntraSide {
    pub(super) read: EntraRead,
    /// What was known before, if only changes were read.
    pub(super) base: Option<Arc<EntraSnapshot>>,
    pub(super) notes: EntraNotes,
    /// What an administrator should know of it.
    pub(super) said: Vec<String>,
}

/// Reads what changed since `base`, or everything where that is not possible.
pub(super) async fn read_entra(
    session: &Session,
    base: Option<(Arc<EntraSnapshot>, EntraNotes)>,
    listed: &EntraProgress,
) -> Result<EntraSide, SyncError> {
    session.entra.authorize().await?;
    let reads_hidden = session.entra.reads_hidden().await;
    let assigned = assigned(session).await?;
    let mut said = Vec::new();
    let mut side = None;
    let mut whole_at = session.clock.seconds();
    if let Some((base, before)) = base
        && before.reads_hidden == reads_hidden
    {
        let links = DeltaLinks {
            users: before.users_link,
            groups: before.groups_link,
        };
        // Links of another address, such as another cloud's, are of no use here.
        let usable = |(users, groups): &(&str, &str)| {
            session.entra.owns(users) && session.entra.owns(groups)
        };
        // From time to time everything is read, whatever the changes said.
        let recent = session.clock.seconds().saturating_sub(before.whole_at) < WHOLE_WITHIN;
        if let Some(links) = links.both().filter(usable).filter(|_| recent) {
            match session.entra.changes(&base, links, listed).await? {
                Some(read) if read.snapshot.users.is_whole() => {
                    whole_at = before.whole_at;
                    side = Some((read, Some(base)));
                }
                read => {
                    let why = match read {
                        None => "Entra's links to what changed had ended",
                        Some(_) => "What Entra said that had changed does not add up",
                    };
                    let read = session.entra.everything(listed).await?;
                    said.push(compared(why, &base, &read.snapshot));
                    side = Some((read, Some(base)));
                }
            }
        }
    }
    let (mut read, base) = match side {
        Some(side) => side,
        None => (session.entra.everything(listed).await?, None),
    };
    read.snapshot.set_domains(&session.tenant.domains);
    read.snapshot.set_assigned(assigned);
    let notes = EntraNotes {
        users_link: read.links.users.clone(),
        groups_link: read.links.groups.clone(),
        reads_hidden,
        whole_at,
    };
    Ok(EntraSide {
        read,
        base,
        notes,
        said,
    })
}

/// Who is assigned to the enterprise application that the scope names. There is no delta of
/// it, so it is listed each time.
async fn assigned(session: &Session) -> Result<Option<Assigned>, SyncError> {
    let scope = &session.profile.settings.scope;
    if scope.users != ScopeUsers::Assigned {
        return Ok(None);
    }
    let app_id = scope.assigned_app_id.clone();
    match session.entra.assigned(&app_id).await {
        Ok(principals) => Ok(Some(Assigned { app_id, principals })),
        Err(error) if error.status() == Some(404) => {
            Err(SyncError::UnclearScope(Unclear::NoApplication(app_id)))
        }
        Err(error) => Err(error.into()),
    }
}

/// What a full read found against what was stored.
fn compared(why: &str, before: &EntraSnapshot, after: &EntraSnapshot) -> String {
    fn ids<'a>(ids: impl Iterator<Item = &'a str>) -> HashSet<&'a str> {
        ids.collect()
    }
    let people = |s| ids(EntraSnapshot::iter_people(s).map(|(_, person)| person.id()));
    let groups = |s| ids(EntraSnapshot::iter_groups(s).map(|(_, group)| group.id()));
    let (old, new) = (people(before), people(after));
    let (old_groups, new_groups) = (groups(before), groups(after));
    format!(
        "{why}: everything was read again and compared with what was known. {} new and {} gone; {} new and {} gone.",
        counted(new.difference(&old).count() as u64, "person", "people"),
        old.difference(&new).count(),
        counted(
            new_groups.difference(&old_groups).count() as u64,
            "group",
            "groups"
        ),
        old_groups.difference(&new_groups).count(),
    )
}
