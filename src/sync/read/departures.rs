//! Before anybody is removed from a group: has this person really left it?

use super::verification::in_earnest;
use crate::directory::{Doubt, EntraId, MemberKind};
use crate::plan::{Kind, Reason, scope_sources, sources};
use crate::sync::error::SyncError;
use crate::sync::planned::Planned;
use crate::sync::session::Session;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

/// How many groups are asked at a time.
const AT_ONCE: usize = 8;

/// Asks the groups' own lists for those who seem to have left them, or to have fallen out of scope
/// with them. Members come in slices all over the listing of groups, and a page that got lost there
/// looks as if its members had left, people or nested groups; nothing in that listing would tell.
/// One contradiction, and nobody is removed.
pub(in crate::sync) async fn confirm_departures(
    session: &mut Session,
    planned: &mut Planned,
) -> Result<(), SyncError> {
    let inputs = planned.inputs();
    let entra = &planned.entra;
    // By target; those who fell out of scope stand apart.
    let mut leaving: BTreeMap<Option<u32>, BTreeSet<u32>> = BTreeMap::new();
    for op in in_earnest(planned) {
        let (Kind::RemoveMember, Some(person)) = (op.kind, op.person()) else {
            continue;
        };
        match op.reason {
            Reason::LeftGroup => _ = leaving.entry(op.target()).or_default().insert(person),
            Reason::OutOfScope => _ = leaving.entry(None).or_default().insert(person),
            _ => {}
        }
    }
    let mut groups: BTreeMap<u32, HashSet<&str>> = BTreeMap::new();
    for (target, people) in &leaving {
        let from = match target {
            Some(target) => sources(&inputs, &planned.plan.targets[*target as usize]),
            None => scope_sources(entra, &planned.settings, &planned.known.pins),
        };
        for group in from {
            let ids = people.iter().map(|row| entra.person(*row).id());
            groups.entry(group).or_default().extend(ids);
        }
    }
    let contradicted: Vec<u64> = stream::iter(&groups)
        .map(|(group, people)| async {
            let id = entra.group(*group).id();
            // Gone since it was listed: nobody is known to have left it.
            let members = session.entra.members_of(id).await?.unwrap_or_default();
            let nested = entra.nested().of(*group);
            let contradicts = |(id, kind): &&(EntraId, MemberKind)| match kind {
                MemberKind::Person => people.contains(id.as_str()),
                // People may have come in through it.
                MemberKind::Group => entra
                    .find_group(id.as_str())
                    .is_some_and(|row| !nested.contains(&row)),
            };
            let still = members.iter().filter(contradicts).count();
            Ok::<_, SyncError>(still as u64)
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    let people: u64 = contradicted.into_iter().sum();
    if people > 0 {
        session.mirror.forget()?;
        Arc::make_mut(&mut planned.entra)
            .users
            .doubt(Doubt::MembersContradicted { people });
        planned.again(|_| {});
    }
    Ok(())
}
