//! Links of both tables as a plan recognised them, in one transaction.

use super::error::StoreError;
use super::group_links::link_group;
use super::people_links::{PersonLink, link_person};
use super::state::State;
use crate::plan::GroupLink;

impl State {
    /// Links people and groups as a plan recognised them, all of them or none: a first apply links
    /// everybody. Owned groups stay owned.
    pub fn link_recognised<'a>(
        &self,
        people: impl IntoIterator<Item = PersonLink<'a>>,
        groups: impl IntoIterator<Item = GroupLink>,
    ) -> Result<(), StoreError> {
        self.change(|change| {
            for link in people {
                let PersonLink {
                    entra,
                    account,
                    how,
                    email,
                    name,
                } = link;
                link_person(change, entra, account, how, email, name)?;
            }
            for link in groups {
                let (entra, group) = (link.entra.as_str(), link.group.as_str());
                link_group(change, entra, group, link.ownership)?;
            }
            Ok(())
        })
    }
}
