//! Which Jira groups stand for which Entra groups, and who belongs in them.

use super::names::{LONGEST, jira_name};
use super::scope::{closure, group_in_scope};
use super::shape::{Conflict, Skipped, Subject};
use super::{Inputs, Leavers, Ownership, TakenWhat};
use crate::directory::{EntraId, GroupClass, GroupId, Membership, fold, is_reserved};
use crate::text::escape;
use hashbrown::{HashMap, HashSet};
use std::collections::BTreeMap;

/// How a target stands to Jira.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TargetState {
    /// Jira lacks it: it is created, and then owned.
    New,
    /// A group of the same name that nobody confirmed yet.
    Suggested,
    /// Confirmed: members are added only.
    Confirmed,
    /// Created or adopted: mirrors Entra.
    Owned,
}

/// A Jira group that stands, or will stand, for one or several Entra groups.
#[derive(Debug, Clone)]
pub struct Target {
    /// The group's name in Jira.
    pub name: String,
    /// Rows of the Entra groups.
    pub entra: Vec<u32>,
    /// Row of the Jira group, none for a new one.
    pub jira: Option<u32>,
    /// How it stands.
    pub state: TargetState,
    /// Whether everyone who belongs in it is known. If not, nobody is removed.
    pub known: bool,
}

/// The Entra groups that bring people into a target, nested ones included.
#[must_use]
pub fn sources(inputs: &Inputs<'_>, target: &Target) -> Vec<u32> {
    closure(inputs.entra, &target.entra)
}

/// The people who belong into a target by Entra's word, nested groups flattened, sorted by row;
/// with each, whether only a nested group brings them. People out of scope are among them.
#[must_use]
pub fn members_of(inputs: &Inputs<'_>, target: &Target) -> Vec<(u32, bool)> {
    belonging(inputs, target).people
}

/// Whether the name alone forbids to touch a group.
fn is_protected_name(inputs: &Inputs<'_>, name: &str) -> bool {
    let listed = &inputs.settings.guards.protected_groups;
    is_reserved(name) || listed.iter().any(|other| fold(other) == fold(name))
}

/// What may be done with a Jira group, the admin's own list of protected groups included.
#[must_use]
pub fn class(inputs: &Inputs<'_>, row: u32) -> GroupClass {
    let group = inputs.jira.group(row);
    let listed = &inputs.settings.guards.protected_groups;
    if is_protected_name(inputs, group.name()) || listed.iter().any(|id| id == group.id()) {
        GroupClass::Protected
    } else {
        group.class()
    }
}

/// People of a target: person row, and whether only a nested group brings them.
pub(super) struct Belonging {
    pub(super) people: Vec<(u32, bool)>,
}

/// Everyone who belongs into a target by Entra's word, nested groups flattened, sorted by row.
pub(super) fn belonging(inputs: &Inputs<'_>, target: &Target) -> Belonging {
    let entra = inputs.entra;
    let groups = closure(entra, &target.entra);
    if let [group] = groups.as_slice() {
        // Sorted and distinct already.
        let people = entra.direct().of(*group).iter();
        return Belonging {
            people: people.map(|&person| (person, false)).collect(),
        };
    }
    let mut people: Vec<(u32, bool)> = Vec::new();
    for group in groups {
        let nested = !target.entra.contains(&group);
        people.extend(entra.direct().of(group).iter().map(|&p| (p, nested)));
    }
    people.sort_unstable();
    people.dedup_by_key(|(person, _)| *person);
    Belonging { people }
}

/// Rows of the Jira groups whose members a plan needs to know: those that stand for Entra groups,
/// default groups, and, where removals are possible or with `admins`, those that make
/// administrators.
#[must_use]
pub fn groups_to_read(inputs: &Inputs<'_>, admins: bool) -> Vec<u32> {
    let provisioning = &inputs.settings.provisioning;
    let mut rows: Vec<u32> = Vec::new();
    if provisioning.sync_memberships {
        rows.extend(targets(inputs).list.iter().filter_map(|target| target.jira));
    }
    let defaults: HashSet<String> = provisioning
        .default_groups
        .iter()
        .map(|name| fold(name))
        .collect();
    let leaving = provisioning.leavers != Leavers::Keep && !inputs.known.leavers.is_empty();
    let removes = admins || leaving || inputs.known.links.owns_any() || inputs.undo.is_some();
    for (row, group) in inputs.jira.iter_groups() {
        let needed = match group.class() {
            GroupClass::Protected => removes,
            GroupClass::Access => leaving && provisioning.leavers == Leavers::Access,
            _ => false,
        };
        if needed || defaults.contains(&fold(group.name())) {
            rows.push(row);
        }
    }
    let taken = inputs
        .known
        .taken
        .iter()
        .filter_map(|taken| match &taken.what {
            TakenWhat::Member(group) => Some(group.as_str()),
            TakenWhat::Suspended => None,
        });
    let undone = inputs.undo.iter().flat_map(|undo| undo.groups());
    rows.extend(
        taken
            .chain(undone)
            .filter_map(|id| inputs.jira.find_group(id)),
    );
    rows.sort_unstable();
    rows.dedup();
    rows
}

pub(super) struct Targets {
    pub(super) list: Vec<Target>,
    pub(super) conflicts: Vec<Conflict>,
    pub(super) skipped: Vec<Skipped>,
}

impl Targets {
    fn skip(&mut self, entra: &str, name: &str, reason: String) {
        self.skipped.push(Skipped {
            kind: Subject::Group,
            entra_id: entra.to_owned(),
            name: name.to_owned(),
            reason,
        });
    }

    fn conflict(&mut self, entra: &str, name: &str, reason: String, candidates: Vec<String>) {
        self.conflicts.push(Conflict {
            kind: Subject::Group,
            entra_id: entra.to_owned(),
            name: name.to_owned(),
            reason,
            candidates,
        });
    }
}

/// Whether everyone in these groups is known.
fn all_known(inputs: &Inputs<'_>, groups: &[u32]) -> bool {
    closure(inputs.entra, groups)
        .iter()
        .all(|g| inputs.entra.group(*g).membership() == Membership::Known)
}

/// Finds the targets: linked groups first, then explicit names, then names by rule.
pub(super) fn targets(inputs: &Inputs<'_>) -> Targets {
    let mut found = Targets {
        list: Vec::new(),
        conflicts: Vec::new(),
        skipped: Vec::new(),
    };
    let claimed = linked(inputs, &mut found);
    by_name(inputs, &mut found, &claimed);
    found
}

/// Targets of linked groups. Gives the Entra groups that are settled by it, and the Jira groups
/// that are taken.
fn linked(inputs: &Inputs<'_>, found: &mut Targets) -> Claimed {
    let mut claimed = Claimed::default();
    let mut by_group: BTreeMap<&GroupId, (Vec<u32>, Ownership, bool)> = BTreeMap::new();
    for link in inputs.known.links.groups() {
        let Some(jira_row) = inputs.jira.find_group(link.group.as_str()) else {
            continue;
        };
        claimed.jira.insert(jira_row);
        let entry =
            by_group
                .entry(&link.group)
                .or_insert((Vec::new(), Ownership::OwnedWithAccess, true));
        // Of several Entra groups behind one, the most careful word counts.
        entry.1 = match (entry.1, link.ownership) {
            (Ownership::Confirmed, _) | (_, Ownership::Confirmed) => Ownership::Confirmed,
            (Ownership::Owned, _) | (_, Ownership::Owned) => Ownership::Owned,
            _ => Ownership::OwnedWithAccess,
        };
        let row = inputs.entra.find_group(link.entra.as_str());
        let name = inputs.jira.group(jira_row).name();
        let frozen = match row {
            None => Some("its Entra group is gone".to_owned()),
            Some(row) => group_in_scope(inputs.entra.group(row), inputs.settings)
                .err()
                .map(|why| format!("its Entra group is out of scope: {why}")),
        };
        if let Some(row) = row {
            claimed.entra.insert(row);
        }
        if let Some(why) = frozen {
            entry.2 = false;
            found.skip(
                link.entra.as_str(),
                name,
                format!("frozen, keeps its members: {why}"),
            );
        } else if let Some(row) = row {
            entry.0.push(row);
            let wanted = jira_name(&inputs.settings.names, inputs.entra.group(row)).name;
            if fold(&wanted) != fold(name) {
                let reason =
                    "stays linked, under its former name in Jira: Jira can't rename a group"
                        .to_owned();
                found.skip(link.entra.as_str(), inputs.entra.group(row).name(), reason);
            }
        }
    }
    for (group, (entra, ownership, whole)) in by_group {
        let Some(row) = inputs.jira.find_group(group.as_str()) else {
            continue;
        };
        if entra.is_empty() {
            continue;
        }
        let jira_group = inputs.jira.group(row);
        if let Some(why) = untouchable(class(inputs, row)) {
            for g in &entra {
                let g = inputs.entra.group(*g);
                found.conflict(
                    g.id(),
                    g.name(),
                    why.to_owned(),
                    vec![jira_group.id().to_owned()],
                );
            }
            continue;
        }
        let gives_access = class(inputs, row) == GroupClass::Access;
        if gives_access && ownership == Ownership::Owned {
            let g = inputs.entra.group(entra[0]);
            let reason = "it gives access to a product now: members are only added, until it is adopted by typing its name";
            found.skip(g.id(), jira_group.name(), reason.to_owned());
        }
        found.list.push(Target {
            name: jira_group.name().to_owned(),
            known: whole && all_known(inputs, &entra),
            entra,
            jira: Some(row),
            state: match ownership {
                Ownership::OwnedWithAccess => TargetState::Owned,
                Ownership::Owned if !gives_access => TargetState::Owned,
                Ownership::Owned | Ownership::Confirmed => TargetState::Confirmed,
            },
        });
    }
    claimed
}

/// What is settled before names are looked at.
#[derive(Default)]
struct Claimed {
    entra: HashSet<u32>,
    jira: HashSet<u32>,
}

fn untouchable(class: GroupClass) -> Option<&'static str> {
    match class {
        GroupClass::Protected => {
            Some("the Jira group of this name is protected and is never touched")
        }
        GroupClass::External => {
            Some("the Jira group of this name is managed by another system and is never touched")
        }
        GroupClass::Ordinary | GroupClass::Access => None,
    }
}

/// Targets of groups that no link settles, by the name that they take in Jira.
fn by_name(inputs: &Inputs<'_>, found: &mut Targets, claimed: &Claimed) {
    let mut wanted: BTreeMap<String, Vec<(u32, String, bool)>> = BTreeMap::new();
    for (row, group) in inputs.entra.iter_groups() {
        if claimed.entra.contains(&row) {
            continue;
        }
        if let Err(why) = group_in_scope(group, inputs.settings) {
            found.skip(group.id(), group.name(), why.to_owned());
            continue;
        }
        let name = jira_name(&inputs.settings.names, group);
        if name.name.is_empty() || name.name.chars().count() > LONGEST {
            let reason = format!("its name in Jira would be empty or over {LONGEST} characters");
            found.conflict(group.id(), group.name(), reason, Vec::new());
            continue;
        }
        wanted
            .entry(fold(&name.name))
            .or_default()
            .push((row, name.name, name.explicit));
    }
    let mut existing: HashMap<String, u32> = HashMap::with_capacity(inputs.jira.groups());
    for (row, group) in inputs.jira.iter_groups() {
        existing.entry(fold(group.name())).or_insert(row);
    }
    for (folded, claims) in wanted {
        one_name(
            inputs,
            found,
            claimed,
            existing.get(&folded).copied(),
            claims,
        );
    }
}

/// Settles the Entra groups that want the same name in Jira.
fn one_name(
    inputs: &Inputs<'_>,
    found: &mut Targets,
    claimed: &Claimed,
    jira: Option<u32>,
    claims: Vec<(u32, String, bool)>,
) {
    let explicit = claims.iter().any(|claim| claim.2);
    let ids = |claims: &[(u32, String, bool)]| -> Vec<String> {
        claims
            .iter()
            .map(|claim| inputs.entra.group(claim.0).id().to_owned())
            .collect()
    };
    let rivals = ids(&claims);
    let (claims, losers) = if explicit {
        claims.into_iter().partition(|claim| claim.2)
    } else if claims.len() > 1 {
        (Vec::new(), claims)
    } else {
        (claims, Vec::new())
    };
    for (row, name, _) in losers {
        let group = inputs.entra.group(row);
        let reason = format!(
            "several Entra groups would be called “{}” in Jira: map them by object id under names.map (this one is {})",
            escape(&name),
            group.id()
        );
        found.conflict(group.id(), group.name(), reason, rivals.clone());
    }
    if let Some((_, name, _)) = claims.first() {
        let rows: Vec<u32> = claims.iter().map(|claim| claim.0).collect();
        settle(inputs, found, claimed, jira, name.clone(), rows, explicit);
    }
}

/// Settles Entra groups that stand for one name together: alone, or by explicit names.
fn settle(
    inputs: &Inputs<'_>,
    found: &mut Targets,
    claimed: &Claimed,
    jira: Option<u32>,
    name: String,
    rows: Vec<u32>,
    explicit: bool,
) {
    let refuse = |found: &mut Targets, reason: &str, group: u32| {
        for row in &rows {
            let g = inputs.entra.group(*row);
            let candidate = inputs.jira.group(group).id().to_owned();
            found.conflict(g.id(), g.name(), reason.to_owned(), vec![candidate]);
        }
    };
    let state = match jira {
        Some(group) if claimed.jira.contains(&group) => {
            // Another group mapped explicitly onto the name of one that is linked: their union.
            let linked = found.list.iter_mut().find(|t| t.jira == Some(group));
            if let Some(target) = linked.filter(|_| explicit) {
                target.entra.extend(&rows);
                target.entra.sort_unstable();
                target.known = target.known && all_known(inputs, &rows);
                return;
            }
            refuse(
                found,
                "the Jira group of this name is linked to another Entra group",
                group,
            );
            return;
        }
        Some(group) => {
            if let Some(why) = untouchable(class(inputs, group)) {
                refuse(found, why, group);
                return;
            }
            if explicit {
                TargetState::Confirmed
            } else if kept_apart(inputs, rows[0], group) {
                let g = inputs.entra.group(rows[0]);
                let reason = "kept apart from the Jira group of the same name".to_owned();
                found.skip(g.id(), g.name(), reason);
                return;
            } else {
                TargetState::Suggested
            }
        }
        None if !inputs.settings.provisioning.import_groups => {
            for row in &rows {
                let g = inputs.entra.group(*row);
                found.skip(
                    g.id(),
                    g.name(),
                    "Jira has no group of this name, and Import groups is off".to_owned(),
                );
            }
            return;
        }
        None if is_protected_name(inputs, &name) => {
            for row in &rows {
                let g = inputs.entra.group(*row);
                let reason = "a group of this name makes administrators or is protected: it is never created";
                found.conflict(g.id(), g.name(), reason.to_owned(), Vec::new());
            }
            return;
        }
        None => TargetState::New,
    };
    let known = all_known(inputs, &rows);
    if !known {
        for row in &rows {
            let g = inputs.entra.group(*row);
            found.skip(
                g.id(),
                g.name(),
                "some of its members are unknown: it, or a group in it, hides its membership (Member.Read.Hidden shows it) or is missing from the listing"
                    .to_owned(),
            );
        }
    }
    found.list.push(Target {
        name,
        entra: rows,
        jira,
        state,
        known,
    });
}

fn kept_apart(inputs: &Inputs<'_>, entra: u32, group: u32) -> bool {
    let pair = (
        EntraId::new(inputs.entra.group(entra).id()),
        GroupId::new(inputs.jira.group(group).id()),
    );
    inputs.known.decisions.kept_apart.contains(&pair)
}
