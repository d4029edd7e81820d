//! What an Entra group is called in Jira.

use super::pins::{Mapped, Pins};
use super::settings::Names;
use crate::directory::EntraGroup;

/// The name that a group takes in Jira, and whether the admin mapped it explicitly.
pub(super) struct JiraName {
    pub(super) name: String,
    pub(super) explicit: bool,
}

/// Jira accepts names of up to 255 characters.
pub(super) const LONGEST: usize = 255;

/// The names that groups take in Jira.
#[derive(Debug)]
pub struct Naming<'a> {
    names: &'a Names,
    mapped: Mapped<'a>,
}

impl<'a> Naming<'a> {
    /// By these settings, as far as it is known which groups they mean.
    #[must_use]
    pub fn of(names: &'a Names, pins: &Pins) -> Self {
        let mapped = Mapped::of(&names.map, pins);
        Self { names, mapped }
    }

    /// What a group is called in Jira.
    #[must_use]
    pub fn in_jira(&self, group: EntraGroup<'_>) -> String {
        self.name(group).name
    }

    pub(super) fn name(&self, group: EntraGroup<'_>) -> JiraName {
        match self.mapped.name(group) {
            Some(name) => JiraName {
                name: name.trim().to_owned(),
                explicit: true,
            },
            None => by_rule(self.names, group),
        }
    }
}

fn by_rule(names: &Names, group: EntraGroup<'_>) -> JiraName {
    let replaced = names
        .replace
        .iter()
        .fold(group.name().to_owned(), |name, rule| rule.apply(&name));
    JiraName {
        name: format!("{}{}", names.prefix, replaced.trim())
            .trim()
            .to_owned(),
        explicit: false,
    }
}

/// What an Entra group is called in Jira.
pub(super) fn name_in_jira(names: &Names, pins: &Pins, group: EntraGroup<'_>) -> String {
    Naming::of(names, pins).name(group).name
}
