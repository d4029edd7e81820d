//! What a round of changes says of Entra.
//!
//! Changes are replayed, come in slices and in no order, and say only what changed. They are
//! gathered by id first; what they leave open or say in two ways is asked for, and only then the
//! next snapshot is made. Applying the same round twice gives the same snapshot.

use super::entra::{EntraSnapshot, MemberKind, find_departed};
use super::ids::is_id;
use super::{EntraId, GroupKind, Membership};
use std::collections::{BTreeMap, BTreeSet};

/// How an object is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gone {
    /// Soft-deleted: it may be restored, into the groups in which it stood.
    Soft,
    /// For good.
    Forever,
}

/// What is said of a person; none where nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PersonFields {
    /// `displayName`.
    pub name: Option<String>,
    /// `mail`, empty without a mailbox.
    pub mail: Option<String>,
    /// `userPrincipalName`.
    pub upn: Option<String>,
    /// `accountEnabled`.
    pub enabled: Option<bool>,
    /// `userType` is `Guest`.
    pub guest: Option<bool>,
    /// `assignedLicenses` is not empty.
    pub licensed: Option<bool>,
}

/// What is said of a group; none where nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupFields {
    /// `displayName`.
    pub name: Option<String>,
    /// `groupTypes` holds `Unified`.
    pub unified: Option<bool>,
    /// `mailEnabled`.
    pub mail_enabled: Option<bool>,
    /// Hides its members from this application.
    pub hidden: Option<bool>,
}

impl PersonFields {
    fn add(&mut self, later: Self) {
        newer(&mut self.name, later.name);
        newer(&mut self.mail, later.mail);
        newer(&mut self.upn, later.upn);
        newer(&mut self.enabled, later.enabled);
        newer(&mut self.guest, later.guest);
        newer(&mut self.licensed, later.licensed);
    }
}

impl GroupFields {
    /// The kind of a group of which nothing else is known than its former kind.
    #[must_use]
    pub fn kind(&self, before: Option<GroupKind>) -> GroupKind {
        let is = |said: Option<bool>, kind| said.unwrap_or(before == Some(kind));
        if is(self.unified, GroupKind::Microsoft365) {
            GroupKind::Microsoft365
        } else if is(self.mail_enabled, GroupKind::MailEnabled) {
            GroupKind::MailEnabled
        } else {
            GroupKind::Security
        }
    }

    /// Takes over what was said later.
    pub fn add(&mut self, later: Self) {
        newer(&mut self.name, later.name);
        newer(&mut self.unified, later.unified);
        newer(&mut self.mail_enabled, later.mail_enabled);
        newer(&mut self.hidden, later.hidden);
    }
}

fn newer<T>(place: &mut Option<T>, value: Option<T>) {
    if value.is_some() {
        *place = value;
    }
}

/// All that is said of one object.
#[derive(Debug, Clone, Default)]
pub(super) struct Said<F> {
    pub(super) fields: Option<F>,
    pub(super) gone: Option<Gone>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct EdgeChange {
    pub(super) kind: MemberKind,
    pub(super) removed: bool,
}

/// The changes of one round.
#[derive(Debug, Clone, Default)]
pub struct EntraChanges {
    pub(super) people: BTreeMap<EntraId, Said<PersonFields>>,
    pub(super) groups: BTreeMap<EntraId, Said<GroupFields>>,
    pub(super) edges: BTreeMap<EntraId, BTreeMap<EntraId, EdgeChange>>,
    /// Groups whose members are known from their own listing.
    pub(super) lists: BTreeMap<EntraId, BTreeMap<EntraId, MemberKind>>,
    /// Groups of one of whose members it was said that it came and that it went.
    unclear: BTreeSet<EntraId>,
    /// How many rows were left out because their ids are none.
    pub odd: u64,
}

/// What has to be asked for before a round can be believed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Questions {
    /// People of whom too little or two things are said.
    pub people: Vec<EntraId>,
    /// Groups of which too little or two things are said.
    pub groups: Vec<EntraId>,
    /// Groups whose own list of members is needed.
    pub lists: Vec<EntraId>,
}

impl Questions {
    /// Whether nothing has to be asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.people.is_empty() && self.groups.is_empty() && self.lists.is_empty()
    }
}

impl EntraChanges {
    /// Whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.people.is_empty()
            && self.groups.is_empty()
            && self.edges.is_empty()
            && self.lists.is_empty()
    }

    /// Takes in what is said of other objects.
    pub fn absorb(&mut self, other: Self) {
        self.people.extend(other.people);
        self.groups.extend(other.groups);
        self.edges.extend(other.edges);
        self.lists.extend(other.lists);
        self.unclear.extend(other.unclear);
        self.odd += other.odd;
    }

    /// Whether these are ids. A row with others is left out, and counted.
    fn takes(&mut self, ids: &[&str]) -> bool {
        let all = ids.iter().all(|id| is_id(id));
        self.odd += u64::from(!all);
        all
    }

    /// Something is said of a person.
    pub fn person(&mut self, id: &str, fields: PersonFields) {
        if !self.takes(&[id]) {
            return;
        }
        let said = self.people.entry(EntraId::new(id)).or_default();
        said.fields.get_or_insert_default().add(fields);
    }

    /// A person is gone.
    pub fn person_gone(&mut self, id: &str, gone: Gone) {
        if !self.takes(&[id]) {
            return;
        }
        let said = self.people.entry(EntraId::new(id)).or_default();
        said.gone = Some(furthest(said.gone, gone));
    }

    /// What a person is when asked for by id; none if there is nobody. Settles whatever was said.
    pub fn settle_person(&mut self, id: &EntraId, found: Option<PersonFields>) {
        let said = self.people.entry(id.clone()).or_default();
        said.gone = match found {
            Some(_) => None,
            None => Some(said.gone.unwrap_or(Gone::Soft)),
        };
        said.fields = found;
    }

    /// Something is said of a group.
    pub fn group(&mut self, id: &str, fields: GroupFields) {
        if !self.takes(&[id]) {
            return;
        }
        let said = self.groups.entry(EntraId::new(id)).or_default();
        said.fields.get_or_insert_default().add(fields);
    }

    /// A group is gone.
    pub fn group_gone(&mut self, id: &str, gone: Gone) {
        if !self.takes(&[id]) {
            return;
        }
        let said = self.groups.entry(EntraId::new(id)).or_default();
        said.gone = Some(furthest(said.gone, gone));
    }

    /// What a group is when asked for by id; none if there is none.
    pub fn settle_group(&mut self, id: &EntraId, found: Option<GroupFields>) {
        let said = self.groups.entry(id.clone()).or_default();
        said.gone = match found {
            Some(_) => None,
            None => Some(said.gone.unwrap_or(Gone::Soft)),
        };
        said.fields = found;
    }

    /// A member came into a group, or left it.
    pub fn member(&mut self, group: &str, member: &str, kind: MemberKind, removed: bool) {
        if !self.takes(&[group, member]) {
            return;
        }
        let group = EntraId::new(group);
        let edges = self.edges.entry(group.clone()).or_default();
        let before = edges.insert(EntraId::new(member), EdgeChange { kind, removed });
        if before.is_some_and(|before| before.removed != removed) {
            self.unclear.insert(group);
        }
    }

    /// What is said of the members of a group can't be told apart: its own list is to be asked for.
    pub fn ask_for_members(&mut self, group: &str) {
        let group = EntraId::new(group);
        self.edges.entry(group.clone()).or_default();
        self.unclear.insert(group);
    }

    /// All direct members of a group, by its own listing. Settles whatever was said of them.
    pub fn list(&mut self, group: &EntraId, members: Vec<(EntraId, MemberKind)>) {
        self.unclear.remove(group);
        self.lists
            .insert(group.clone(), members.into_iter().collect());
    }

    /// What has to be asked for before these changes can be applied to `base`.
    #[must_use]
    pub fn questions(&self, base: &EntraSnapshot) -> Questions {
        let mut questions = Questions::default();
        let mut lists = self.unclear.clone();
        for (id, said) in &self.people {
            let new = base.find_person(id.as_str()).is_none();
            let Some(fields) = &said.fields else { continue };
            if said.gone.is_some() || (new && fields.enabled.is_none()) {
                questions.people.push(id.clone());
            }
            if new {
                // Restored: whether it came back into its groups is not always said.
                lists.extend(base.left_behind(id.as_str()).map(EntraId::new));
            }
        }
        for (id, said) in &self.groups {
            let new = base.find_group(id.as_str()).is_none();
            let Some(fields) = &said.fields else { continue };
            if said.gone.is_some() || (new && fields.name.is_none()) {
                questions.groups.push(id.clone());
            }
            let shown_now = base
                .find_group(id.as_str())
                .is_some_and(|row| base.group(row).membership() == Membership::Hidden);
            if shown_now && fields.hidden == Some(false) {
                // Its members were never told.
                lists.insert(id.clone());
            }
            if new && find_departed(&base.departed, id.as_str()).is_ok() {
                lists.insert(id.clone());
                lists.extend(base.left_behind(id.as_str()).map(EntraId::new));
            }
        }
        let open = |id: &EntraId| !self.lists.contains_key(id);
        questions.lists = lists.into_iter().filter(open).collect();
        questions
    }
}

fn furthest(before: Option<Gone>, now: Gone) -> Gone {
    match (before, now) {
        (Some(Gone::Forever), _) | (_, Gone::Forever) => Gone::Forever,
        _ => Gone::Soft,
    }
}
