//! Targets: the Jira groups that stand for Entra groups, and who belongs in them.

use super::inputs::Inputs;
use super::operation::{Kind, Operation, OperationId};
use super::scope::closure;
use crate::directory::{GroupClass, is_reserved};
use crate::text::look_alike;

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
    /// Whether somebody typed its name, since it gives access.
    pub typed: bool,
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
pub(super) fn is_protected_name(inputs: &Inputs<'_>, name: &str) -> bool {
    let listed = &inputs.settings.guards.protected_groups;
    is_reserved(name) || listed.iter().any(|other| look_alike(other, name))
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

/// The id of an operation of this plan.
pub(super) fn operation_id(inputs: &Inputs<'_>, targets: &[Target], op: &Operation) -> OperationId {
    let person = if matches!(op.kind, Kind::CreateGroup | Kind::DeleteGroup) {
        ""
    } else if let Some(person) = op.person() {
        inputs.entra.person(person).id()
    } else {
        // Who is gone from Entra keeps the id under which a decision was made.
        op.account().map_or("", |row| {
            let account = inputs.jira.account(row).id();
            let linked = inputs.known.links.person_of(account);
            linked.unwrap_or(account)
        })
    };
    let group = op.target().map_or(String::new(), |target| {
        let target = &targets[target as usize];
        match (target.entra.first(), target.jira) {
            // The Entra id outlives the group's creation: the id is the same before and after.
            (Some(row), _) => inputs.entra.group(*row).id().to_owned(),
            (None, Some(row)) => inputs.jira.group(row).id().to_owned(),
            (None, None) => target.name.clone(),
        }
    });
    OperationId::of(op.kind, person, &group)
}
