//! Before anybody is removed from a group: has this person really left it?

use super::error::SyncError;
use super::planning::Planned;
use super::session::Session;
use crate::directory::Doubt;
use crate::plan::{Kind, Reason, sources};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

/// How many groups are asked at a time.
const AT_ONCE: usize = 8;

impl Session {
    /// Asks the groups' own lists for those who seem to have left. Members come in slices all over
    /// the listing of groups, and a page that got lost there looks as if its members had left;
    /// nothing in that listing would tell. One contradiction, and nobody is removed.
    pub(super) async fn confirm_departures(
        &mut self,
        planned: &mut Planned,
    ) -> Result<(), SyncError> {
        let inputs = planned.inputs();
        let mut leaving: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
        for op in self.in_earnest(planned) {
            if let (Kind::RemoveMember, Reason::LeftGroup) = (op.kind, op.reason)
                && let (Some(target), Some(person)) = (op.target(), op.person())
            {
                leaving.entry(target).or_default().insert(person);
            }
        }
        let mut groups: BTreeMap<u32, HashSet<&str>> = BTreeMap::new();
        for (target, people) in &leaving {
            for group in sources(&inputs, &planned.plan.targets[*target as usize]) {
                let ids = people.iter().map(|row| planned.entra.person(*row).id());
                groups.entry(group).or_default().extend(ids);
            }
        }
        let contradicted: Vec<u64> = stream::iter(&groups)
            .map(|(group, people)| async {
                let id = planned.entra.group(*group).id();
                // Gone since it was listed: nobody is known to have left it.
                let members = self.entra.members_of(id).await?.unwrap_or_default();
                let members: HashSet<&str> = members.iter().map(|(id, _)| id.as_str()).collect();
                let still = people.iter().filter(|id| members.contains(**id)).count();
                Ok::<_, SyncError>(still as u64)
            })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        let people: u64 = contradicted.into_iter().sum();
        if people > 0 {
            self.mirror.forget()?;
            Arc::make_mut(&mut planned.entra)
                .users
                .doubt(Doubt::MembersContradicted { people });
            planned.again(|_| {});
        }
        Ok(())
    }
}
