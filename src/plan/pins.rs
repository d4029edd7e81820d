//! Which Entra groups the configuration means.
//!
//! Everybody may give a group any display name. So a name in the configuration means the one group that
//! bore it when a plan was first reviewed: it is pinned to that group's id. A text that is shaped like an
//! id is only an id, whatever a group may be called.

use super::settings::Settings;
use crate::directory::{EntraGroup, EntraId, EntraSnapshot, fold};
use hashbrown::HashMap;
use std::collections::BTreeMap;

/// Names in the configuration, folded, with the groups that they mean.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pins {
    groups: BTreeMap<String, EntraId>,
}

/// What a text in the configuration means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meant {
    /// This group, by its row.
    Group(u32),
    /// None that Entra has.
    None,
    /// Several groups bear the name, and none of them is pinned: their ids.
    Several(Vec<String>),
}

impl Pins {
    /// Pins as they were stored.
    #[must_use]
    pub fn of(pins: impl IntoIterator<Item = (String, EntraId)>) -> Self {
        Self {
            groups: pins.into_iter().collect(),
        }
    }

    /// The group that a name is pinned to.
    pub(super) fn group(&self, name: &str) -> Option<&EntraId> {
        self.groups.get(&fold(name))
    }

    /// Folded names with the groups that they mean, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &EntraId)> {
        self.groups.iter().map(|(name, id)| (name.as_str(), id))
    }

    /// The pins that a review makes of these settings: those that were made before for names that are
    /// still there, and every other name that one group alone bears.
    #[must_use]
    pub fn made(&self, entra: &EntraSnapshot, settings: &Settings) -> Self {
        let names = configured(settings).filter(|name| !is_object_id(name));
        let named = Named::of(entra);
        let made = names.filter_map(|name| {
            if let Some(id) = self.group(name) {
                return Some((fold(name), id.clone()));
            }
            match named.means(entra, self, name) {
                Meant::Group(row) => Some((fold(name), EntraId::new(entra.group(row).id()))),
                Meant::None | Meant::Several(_) => None,
            }
        });
        Self {
            groups: made.collect(),
        }
    }

    /// Whether a group bears a name that the configuration gives to another one.
    pub(super) fn is_impostor(&self, settings: &Settings, group: EntraGroup<'_>) -> bool {
        let Some(meant) = self.group(group.name()) else {
            return false;
        };
        let own = fold(group.name());
        meant.as_str() != group.id() && configured(settings).any(|name| fold(name) == own)
    }
}

/// Entra groups that the configuration names by names or ids; globs are no names.
fn configured(settings: &Settings) -> impl Iterator<Item = &str> {
    let scope = &settings.scope;
    let lists = scope.member_of.iter().chain(&scope.exclude_members_of);
    lists
        .chain(settings.names.map.keys())
        .map(|name| name.trim())
}

/// Whether a text is shaped like an object id.
pub(super) fn is_object_id(text: &str) -> bool {
    let parts: Vec<&str> = text.trim().split('-').collect();
    parts.len() == 5
        && parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts
            .iter()
            .all(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Groups by their folded names.
pub(super) struct Named(HashMap<String, Vec<u32>>);

impl Named {
    pub(super) fn of(entra: &EntraSnapshot) -> Self {
        let mut named: HashMap<String, Vec<u32>> = HashMap::new();
        for (row, group) in entra.iter_groups() {
            named.entry(fold(group.name())).or_default().push(row);
        }
        Self(named)
    }

    /// What a text in the configuration means.
    pub(super) fn means(&self, entra: &EntraSnapshot, pins: &Pins, text: &str) -> Meant {
        let text = text.trim();
        let by_id = |id: &str| entra.find_group(id).map_or(Meant::None, Meant::Group);
        if is_object_id(text) {
            return match by_id(text) {
                // Graph writes ids in small letters.
                Meant::None => by_id(&text.to_ascii_lowercase()),
                found => found,
            };
        }
        if let Some(id) = pins.group(text) {
            return by_id(id.as_str());
        }
        match self.0.get(&fold(text)).map(Vec::as_slice) {
            None | Some([]) => Meant::None,
            Some([row]) => Meant::Group(*row),
            Some(rows) => {
                let ids = rows.iter().map(|row| entra.group(*row).id().to_owned());
                Meant::Several(ids.collect())
            }
        }
    }
}

/// Groups that the configuration maps to names in Jira, by their ids or, before they are pinned, by their
/// names.
#[derive(Debug, Default)]
pub(super) struct Mapped<'a> {
    by_id: HashMap<String, &'a str>,
    by_name: HashMap<String, &'a str>,
}

impl<'a> Mapped<'a> {
    pub(super) fn of(map: &'a BTreeMap<String, String>, pins: &Pins) -> Self {
        let mut mapped = Self::default();
        for (key, name) in map {
            if is_object_id(key) {
                mapped.by_id.insert(key.trim().to_ascii_lowercase(), name);
            } else if let Some(id) = pins.group(key) {
                mapped.by_id.entry(id.as_str().to_owned()).or_insert(name);
            } else {
                mapped.by_name.insert(fold(key), name);
            }
        }
        mapped
    }

    /// The name in Jira to which a group is mapped.
    pub(super) fn name(&self, group: EntraGroup<'_>) -> Option<&'a str> {
        if self.by_id.is_empty() && self.by_name.is_empty() {
            return None;
        }
        let by_id = self.by_id.get(&group.id().to_ascii_lowercase());
        by_id
            .or_else(|| self.by_name.get(&fold(group.name())))
            .copied()
    }
}
