//! What a membership needs of other operations: that its person or group is created, or its account
//! restored.

use super::operation::{Kind, NONE, Operation};
use hashbrown::HashMap;

/// Operations that create or restore, each with something that is known of it.
#[derive(Debug, Clone)]
pub struct Givers<T> {
    people: HashMap<u32, T>,
    groups: HashMap<u32, T>,
    restored: HashMap<u32, T>,
}

impl<T> Default for Givers<T> {
    fn default() -> Self {
        Self {
            people: HashMap::new(),
            groups: HashMap::new(),
            restored: HashMap::new(),
        }
    }
}

impl<T> Givers<T> {
    /// Notes an operation, if memberships may need it.
    pub fn note(&mut self, op: &Operation, known: T) {
        match op.kind {
            Kind::CreateUser => _ = self.people.insert(op.person, known),
            Kind::CreateGroup => _ = self.groups.insert(op.target, known),
            Kind::RestoreUser => _ = self.restored.insert(op.account, known),
            _ => {}
        }
    }

    /// What is known of the noted operations that a membership needs.
    pub fn needed_by(&self, op: &Operation) -> impl Iterator<Item = &T> {
        let membership = op.kind.is_membership();
        let person = (op.account == NONE).then(|| self.people.get(&op.person));
        let group = self.groups.get(&op.target);
        let needed = [person.flatten(), group, self.restored.get(&op.account)];
        needed.into_iter().flatten().filter(move |_| membership)
    }

    /// Whether a membership needs an operation that was not noted. `new` says whether Jira lacks
    /// its group, `inactive` whether its account is to be restored first.
    pub(super) fn lacks(&self, op: &Operation, new: bool, inactive: bool) -> bool {
        op.kind.is_membership()
            && ((op.account == NONE && !self.people.contains_key(&op.person))
                || (new && !self.groups.contains_key(&op.target))
                || (inactive && !self.restored.contains_key(&op.account)))
    }
}

impl Givers<()> {
    /// Those of these operations that create or restore.
    pub(super) fn of<'a>(operations: impl IntoIterator<Item = &'a Operation>) -> Self {
        let mut givers = Self::default();
        for op in operations {
            givers.note(op, ());
        }
        givers
    }
}
