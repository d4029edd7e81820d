//! Taking back what a run did, as far as that is possible.

use super::desired::class;
use super::guards::Held;
use super::make::Draft;
use super::operation::{Kind, NONE, Operation, OperationId};
use super::reason::Reason;
use super::shape::{Skipped, Subject};
use crate::directory::{AccountId, EntraId, GroupClass, GroupId};
use hashbrown::{HashMap, HashSet};
use std::collections::BTreeSet;

/// A write that a run made, as its journal tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Operation id.
    pub id: OperationId,
    /// What it was.
    pub kind: Kind,
    /// Why it was made; none where that is known in words alone.
    pub reason: Option<Reason>,
    /// The person.
    pub entra: Option<EntraId>,
    /// The person's name.
    pub name: String,
    /// The account.
    pub account: Option<AccountId>,
    /// The group in Jira.
    pub group: Option<GroupId>,
    /// The group's name.
    pub group_name: String,
    /// Whether what it created was proven absent before.
    pub proven_new: bool,
}

/// A run that is to be taken back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Undo {
    /// Its id.
    pub run_id: String,
    /// What it did.
    pub writes: Vec<Write>,
    /// The groups that it created, with the members that this profile's runs put there: whoever
    /// else is in them was put there by somebody else.
    pub filled: HashMap<GroupId, BTreeSet<AccountId>>,
}

impl Undo {
    /// Ids of the groups that it is about.
    pub(super) fn groups(&self) -> impl Iterator<Item = &str> {
        let groups = self.writes.iter().filter_map(|write| write.group.as_ref());
        groups.map(GroupId::as_str)
    }
}

impl Draft<'_> {
    /// Puts the inverse of a run in the place of what a plan would do.
    pub(super) fn undo(&mut self, undo: &Undo) {
        self.operations.clear();
        self.conflicts.clear();
        self.skipped.clear();
        self.creating.clear();
        self.restoring.clear();
        self.unverified.clear();
        let mut inverse = Inverse {
            admins_known: self.admins_known(),
            draft: self,
            undo,
            gone: HashSet::new(),
            deleted: HashSet::new(),
            operations: Vec::new(),
        };
        inverse.restores();
        // What goes as a whole needs no removals one by one.
        for write in &undo.writes {
            inverse.whole(write);
        }
        for write in &undo.writes {
            inverse.part(write);
        }
        let mut operations = inverse.operations;
        // A run may have been journalled in any order; the plan's is fixed.
        operations.sort_by_key(|op| (op.kind.stage(), op.kind, op.target, op.account));
        operations.dedup();
        self.operations = operations;
    }
}

/// Why nothing is taken from anybody.
const UNKNOWN_ADMINS: &str = "it could not be read who is an administrator";

struct Inverse<'a, 'b> {
    /// Whether it could be read who is an administrator.
    admins_known: bool,
    draft: &'a mut Draft<'b>,
    undo: &'a Undo,
    /// Rows of the accounts that are removed.
    gone: HashSet<u32>,
    /// Rows of the groups that are deleted.
    deleted: HashSet<u32>,
    operations: Vec<Operation>,
}

impl Inverse<'_, '_> {
    fn push(&mut self, kind: Kind, account: u32, target: u32) {
        let person = match self.draft.matching.person_of.get(account as usize) {
            Some(person) => *person,
            None => NONE,
        };
        self.operations.push(Operation {
            kind,
            reason: Reason::Undone,
            held: Held::default(),
            person,
            account,
            target,
        });
    }

    fn stays(&mut self, write: &Write, why: &str) {
        let about_group = write.group.is_some();
        self.draft.skipped.push(Skipped {
            kind: if about_group {
                Subject::Group
            } else {
                Subject::Person
            },
            entra_id: write
                .entra
                .as_ref()
                .map_or(String::new(), |id| id.as_str().to_owned()),
            name: if about_group {
                write.group_name.clone()
            } else {
                write.name.clone()
            },
            reason: format!("can't be undone: {why}"),
        });
    }

    fn account(&self, write: &Write) -> Option<u32> {
        let id = write.account.as_ref()?;
        self.draft.inputs.jira.find_account(id.as_str())
    }

    fn group(&self, write: &Write) -> Option<u32> {
        let id = write.group.as_ref()?;
        self.draft.inputs.jira.find_group(id.as_str())
    }

    /// Accounts that are restored count as active: their memberships are given back after that.
    fn restores(&mut self) {
        let suspended = self
            .undo
            .writes
            .iter()
            .filter(|w| w.kind == Kind::SuspendUser);
        let accounts: Vec<u32> = suspended.filter_map(|write| self.account(write)).collect();
        let jira = self.draft.inputs.jira;
        let inactive = accounts
            .into_iter()
            .filter(|row| !jira.account(*row).active());
        self.draft.restoring.extend(inactive);
    }

    /// Accounts and groups that a run created.
    fn whole(&mut self, write: &Write) {
        let takes = matches!(write.kind, Kind::CreateUser | Kind::CreateGroup);
        if takes && !self.admins_known {
            return self.stays(write, UNKNOWN_ADMINS);
        }
        match write.kind {
            Kind::CreateUser => {
                let Some(account) = self.account(write) else {
                    return self.stays(write, "the account is not in Jira any more");
                };
                if write.proven_new {
                    self.gone.insert(account);
                    self.push(Kind::RemoveUser, account, NONE);
                } else {
                    self.stays(
                        write,
                        "nothing proves that the account did not exist before",
                    );
                }
            }
            Kind::CreateGroup => {
                let Some(row) = self.group(write) else {
                    return self.stays(write, "the group is not in Jira any more");
                };
                if let Some(why) = self.changed_by_others(row) {
                    return self.stays(write, why);
                }
                self.deleted.insert(row);
                let target = self.draft.target_of(row);
                self.push(Kind::DeleteGroup, NONE, target);
            }
            _ => {}
        }
    }

    /// Why a group that this profile created is somebody else's business by now.
    fn changed_by_others(&self, row: u32) -> Option<&'static str> {
        let jira = self.draft.inputs.jira;
        let group = jira.group(row);
        if class(self.draft.inputs, row) != GroupClass::Ordinary {
            return Some("the group has come to give access, or may not be touched");
        }
        if !group.read() {
            return Some("its members could not be read");
        }
        let nobody = BTreeSet::new();
        let filled = self.undo.filled.get(group.id()).unwrap_or(&nobody);
        let members = jira.members().of(row).iter();
        let others = members
            .filter(|member| !filled.contains(jira.account(**member).id()))
            .count();
        (others > 0).then_some("somebody else put members into the group")
    }

    /// Memberships, and accounts that were suspended or restored.
    fn part(&mut self, write: &Write) {
        let jira = self.draft.inputs.jira;
        match write.kind {
            Kind::CreateUser | Kind::CreateGroup => {}
            Kind::RemoveUser => {
                self.stays(
                    write,
                    "who was removed from the site has to be invited again",
                );
            }
            Kind::DeleteGroup => self.stays(write, "a deleted group can't be brought back"),
            Kind::SuspendUser | Kind::RestoreUser => {
                let Some(account) = self.account(write) else {
                    return self.stays(write, "the account is not in Jira any more");
                };
                let active = jira.account(account).active();
                if write.kind == Kind::RestoreUser && active && !self.admins_known {
                    return self.stays(write, UNKNOWN_ADMINS);
                }
                // Somebody else has undone it already otherwise.
                match write.kind {
                    Kind::SuspendUser if !active => self.push(Kind::RestoreUser, account, NONE),
                    Kind::RestoreUser if active => self.push(Kind::SuspendUser, account, NONE),
                    _ => {}
                }
            }
            Kind::AddMember | Kind::RemoveMember => self.membership(write),
        }
    }

    fn membership(&mut self, write: &Write) {
        let jira = self.draft.inputs.jira;
        let Some(row) = self.group(write) else {
            return self.stays(write, "the group is not in Jira any more");
        };
        let Some(account) = self.account(write) else {
            return self.stays(write, "the account is not in Jira any more");
        };
        if self.deleted.contains(&row) || self.gone.contains(&account) {
            return;
        }
        if !jira.group(row).read() {
            return self.stays(write, "the group's members could not be read");
        }
        let is_in = jira.members().contains(row, account);
        let added = write.kind == Kind::AddMember;
        if added != is_in {
            // Somebody else has undone it already.
            return;
        }
        if !added && !self.draft.is_active(account) {
            return self.stays(write, "the account is deactivated");
        }
        if added && !self.admins_known {
            return self.stays(write, UNKNOWN_ADMINS);
        }
        let target = self.draft.target_of(row);
        let kind = if added {
            Kind::RemoveMember
        } else {
            Kind::AddMember
        };
        self.push(kind, account, target);
    }
}
