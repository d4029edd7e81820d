//! The stage of groups: which Jira groups stand for which Entra groups, and which are created.

use super::conflict::Conflict;
use super::draft::Draft;
use super::guards::Held;
use super::inputs::{Inputs, Mode};
use super::known::TakenWhat;
use super::left_out::{About, Aside, LeftOut};
use super::names::{LONGEST, Naming};
use super::operation::{Kind, NONE, Operation};
use super::ownership::Ownership;
use super::question::{Question, QuestionCode};
use super::reason::Reason;
use super::scope::{closure, group_in_scope};
use super::settings::Leavers;
use super::target::{Target, TargetState, class, is_protected_name};
use crate::directory::{EntraId, GroupClass, GroupId, Membership, fold};
use crate::text::looks;
use hashbrown::{HashMap, HashSet};
use std::collections::BTreeMap;

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

/// The targets, and what kept groups from becoming one.
#[derive(Default)]
pub(super) struct Targets {
    pub(super) list: Vec<Target>,
    pub(super) aside: Aside,
}

/// Whether everyone in these groups is known.
fn all_known(inputs: &Inputs<'_>, groups: &[u32]) -> bool {
    closure(inputs.entra, groups)
        .iter()
        .all(|g| inputs.entra.group(*g).membership() == Membership::Known)
}

/// Finds the targets: linked groups first, then explicit names, then names by rule.
pub(super) fn targets(inputs: &Inputs<'_>) -> Targets {
    let mut found = Targets::default();
    let naming = Naming::of(&inputs.settings.names, &inputs.known.pins);
    let claimed = linked(inputs, &naming, &mut found);
    by_name(inputs, &naming, &mut found, &claimed);
    found
}

/// Targets of linked groups. Gives the Entra groups that are settled by it, and the Jira groups
/// that are taken.
fn linked(inputs: &Inputs<'_>, naming: &Naming<'_>, found: &mut Targets) -> Claimed {
    let mut claimed = Claimed::default();
    let mut by_group: BTreeMap<&GroupId, (Vec<u32>, Ownership, bool)> = BTreeMap::new();
    for (place, link) in (0u32..).zip(inputs.known.links.groups()) {
        let Some(jira_row) = inputs.jira.find_group(link.group.as_str()) else {
            continue;
        };
        claimed.jira.insert(jira_row);
        let entry =
            by_group
                .entry(&link.group)
                .or_insert((Vec::new(), Ownership::OwnedWithAccess, true));
        // Of several Entra groups behind one, the most careful word counts.
        entry.1 = entry.1.and(link.ownership);
        let row = inputs.entra.find_group(link.entra.as_str());
        let name = inputs.jira.group(jira_row).name();
        let Some(row) = row else {
            entry.2 = false;
            let about = About::Gone {
                link: place,
                jira: jira_row,
            };
            found.aside.skip(about, LeftOut::FrozenGone);
            continue;
        };
        claimed.entra.insert(row);
        if let Err(why) = group_in_scope(inputs.entra.group(row), inputs.settings) {
            entry.2 = false;
            let about = About::Linked {
                entra: row,
                jira: jira_row,
            };
            found.aside.skip(about, LeftOut::FrozenOut(why));
            continue;
        }
        entry.0.push(row);
        let wanted = naming.name(inputs.entra.group(row)).name;
        if fold(&wanted) != fold(name) {
            found.aside.skip(About::Group(row), LeftOut::FormerName);
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
        if let Some(code) = untouchable(class(inputs, row)) {
            for &group in &entra {
                let conflict = Conflict::group(group, code, vec![row]);
                found.aside.ask(inputs, conflict);
            }
            continue;
        }
        let gives_access = class(inputs, row) == GroupClass::Access;
        if gives_access && ownership == Ownership::Owned {
            let about = About::Linked {
                entra: entra[0],
                jira: row,
            };
            found.aside.skip(about, LeftOut::GivesAccess);
        }
        found.list.push(Target {
            name: jira_group.name().to_owned(),
            known: whole && all_known(inputs, &entra),
            entra,
            jira: Some(row),
            state: if ownership.is_owned() && (ownership.is_typed() || !gives_access) {
                TargetState::Owned
            } else {
                TargetState::Confirmed
            },
            typed: ownership.is_typed(),
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

fn untouchable(class: GroupClass) -> Option<QuestionCode> {
    match class {
        GroupClass::Protected => Some(QuestionCode::GroupProtected),
        GroupClass::External => Some(QuestionCode::GroupExternal),
        GroupClass::Ordinary | GroupClass::Access => None,
    }
}

/// Targets of groups that no link settles, by the name that they take in Jira.
fn by_name(inputs: &Inputs<'_>, naming: &Naming<'_>, found: &mut Targets, claimed: &Claimed) {
    let mut wanted: BTreeMap<String, Vec<(u32, String, bool)>> = BTreeMap::new();
    for (row, group) in inputs.entra.iter_groups() {
        if claimed.entra.contains(&row) {
            continue;
        }
        if let Err(why) = group_in_scope(group, inputs.settings) {
            found.aside.skip(About::Group(row), LeftOut::GroupOut(why));
            continue;
        }
        if inputs.known.pins.is_impostor(inputs.settings, group) {
            let conflict = Conflict::group(row, QuestionCode::GroupNameMeansAnother, Vec::new());
            found.aside.ask(inputs, conflict);
            continue;
        }
        let name = naming.name(group);
        if name.name.is_empty() || name.name.chars().count() > LONGEST {
            let conflict = Conflict::group(row, QuestionCode::GroupName, Vec::new());
            found.aside.ask(inputs, conflict);
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
    let is_new = |folded: &String| !existing.contains_key(folded);
    let by_looks = if wanted.keys().any(is_new) {
        groups_by_looks(inputs)
    } else {
        HashMap::new()
    };
    for (folded, claims) in wanted {
        let jira = existing.get(&folded).copied();
        let alike = match (jira, claims.first()) {
            (None, Some((_, name, _))) => {
                let mut looks = looks(name).into_iter();
                looks.find_map(|looks| by_looks.get(&looks).copied())
            }
            _ => None,
        };
        let place = Place { jira, alike };
        one_name(inputs, found, claimed, place, claims);
    }
}

/// Jira's groups by the looks of their names.
fn groups_by_looks(inputs: &Inputs<'_>) -> HashMap<String, u32> {
    let groups = inputs.jira.iter_groups();
    groups
        .flat_map(|(row, group)| looks(group.name()).map(|looks| (looks, row)))
        .collect()
}

/// What Jira has under a name.
#[derive(Clone, Copy)]
struct Place {
    /// The group of that name.
    jira: Option<u32>,
    /// Where there is none, one of a name that looks the same.
    alike: Option<u32>,
}

/// Names that other products' groups have. Members of such a group may have access to the product.
const OTHER_PRODUCTS: [&str; 5] = [
    "confluence-",
    "bitbucket-",
    "opsgenie-",
    "statuspage-",
    "trello-",
];

fn is_another_products(name: &str) -> bool {
    let own = looks(name);
    OTHER_PRODUCTS.into_iter().any(|product| {
        let product = looks(product);
        own.iter()
            .zip(&product)
            .any(|(own, product)| own.starts_with(product))
    })
}

/// Settles the Entra groups that want the same name in Jira.
fn one_name(
    inputs: &Inputs<'_>,
    found: &mut Targets,
    claimed: &Claimed,
    place: Place,
    claims: Vec<(u32, String, bool)>,
) {
    let explicit = claims.iter().any(|claim| claim.2);
    let rivals: Vec<u32> = claims.iter().map(|claim| claim.0).collect();
    let (claims, losers) = if explicit {
        claims.into_iter().partition(|claim| claim.2)
    } else if claims.len() > 1 {
        (Vec::new(), claims)
    } else {
        (claims, Vec::new())
    };
    for (row, ..) in losers {
        let conflict = Conflict::group(row, QuestionCode::GroupNamesCollide, rivals.clone());
        found.aside.ask(inputs, conflict);
    }
    if let Some((_, name, _)) = claims.first() {
        let rows: Vec<u32> = claims.iter().map(|claim| claim.0).collect();
        settle(inputs, found, claimed, place, name.clone(), rows, explicit);
    }
}

/// Settles Entra groups that stand for one name together: alone, or by explicit names.
fn settle(
    inputs: &Inputs<'_>,
    found: &mut Targets,
    claimed: &Claimed,
    place: Place,
    name: String,
    rows: Vec<u32>,
    explicit: bool,
) {
    let Place { jira, alike } = place;
    let ask = |found: &mut Targets, code: QuestionCode, candidate: Option<u32>| {
        for row in &rows {
            let conflict = Conflict::group(*row, code, candidate.into_iter().collect());
            found.aside.ask(inputs, conflict);
        }
    };
    let skip = |found: &mut Targets, why: LeftOut| {
        for row in &rows {
            found.aside.skip(About::Group(*row), why);
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
            ask(found, QuestionCode::GroupLinkedElsewhere, jira);
            return;
        }
        Some(group) => {
            if let Some(code) = untouchable(class(inputs, group)) {
                ask(found, code, jira);
                return;
            }
            if explicit {
                TargetState::Confirmed
            } else if let Some(why) = answered(inputs, rows[0], group) {
                found.aside.skip(About::Group(rows[0]), why);
                return;
            } else {
                TargetState::Suggested
            }
        }
        None if !inputs.settings.provisioning.import_groups => {
            skip(found, LeftOut::ImportGroupsOff);
            return;
        }
        None if is_protected_name(inputs, &name) => {
            ask(found, QuestionCode::GroupNameProtected, None);
            return;
        }
        None if alike.is_some() => {
            ask(found, QuestionCode::GroupLooksAlike, alike);
            return;
        }
        None if inputs.mode == Mode::Unattended && is_another_products(&name) => {
            skip(found, LeftOut::ProductName);
            return;
        }
        None => TargetState::New,
    };
    let known = all_known(inputs, &rows);
    if !known {
        skip(found, LeftOut::MembersUnknown);
    }
    found.list.push(Target {
        name,
        entra: rows,
        jira,
        state,
        typed: false,
        known,
    });
}

/// What the admin said of a group that is suggested by its name, if that leaves it out.
fn answered(inputs: &Inputs<'_>, entra: u32, group: u32) -> Option<LeftOut> {
    let decisions = &inputs.known.decisions;
    let (entra, group) = (
        inputs.entra.group(entra).id(),
        inputs.jira.group(group).id(),
    );
    let pair = (EntraId::new(entra), GroupId::new(group));
    if decisions.kept_apart.contains(&pair) {
        return Some(LeftOut::KeptApart);
    }
    let code = QuestionCode::SameGroup;
    let question = Question::new(code, entra, [group]);
    let alone = decisions.left_alone.contains(&question);
    alone.then_some(LeftOut::LeftAlone(code))
}

impl Draft<'_> {
    /// Creations of groups.
    pub(super) fn groups(&mut self) {
        let whole = self.inputs.jira.group_list.is_whole();
        for (index, target) in (0u32..).zip(&self.targets) {
            self.measured.groups += target.entra.len() as u64;
            if target.jira.is_some() {
                continue;
            }
            if whole {
                self.operations.push(Operation {
                    kind: Kind::CreateGroup,
                    reason: Reason::NoGroup,
                    held: Held::default(),
                    person: NONE,
                    account: NONE,
                    target: index,
                });
            } else {
                for row in &target.entra {
                    self.aside.skip(About::Group(*row), LeftOut::GroupsInDoubt);
                }
            }
        }
    }
}
