//! What an Entra group is called in Jira.

use super::settings::Names;
use crate::directory::EntraGroup;

/// The name that a group takes in Jira, and whether the admin mapped it explicitly.
pub(super) struct JiraName {
    pub(super) name: String,
    pub(super) explicit: bool,
}

/// Jira accepts names of up to 255 characters.
pub(super) const LONGEST: usize = 255;

pub(super) fn jira_name(names: &Names, group: EntraGroup<'_>) -> JiraName {
    let mapped = names
        .map
        .get(group.id())
        .or_else(|| names.map.get(group.name()));
    if let Some(name) = mapped {
        return JiraName {
            name: name.trim().to_owned(),
            explicit: true,
        };
    }
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
#[must_use]
pub fn name_in_jira(names: &Names, group: EntraGroup<'_>) -> String {
    jira_name(names, group).name
}
