//! Taking back what a run did, as far as that is possible.

use super::draft::Draft;
use super::guards::Held;
use super::inputs::{Undo, Write};
use super::left_out::{About, Aside, LeftOut, NoUndo};
use super::operation::{Kind, NONE, Operation};
use super::reason::Reason;
use super::target::class;
use crate::directory::GroupClass;
use hashbrown::HashSet;
use std::collections::BTreeSet;

impl Draft<'_> {
    /// Puts the inverse of a run in the place of what a plan would do.
    pub(super) fn undo(&mut self, undo: &Undo) {
        self.operations.clear();
        self.aside = Aside::default();
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
        for write in (0u32..).zip(&undo.writes) {
            inverse.whole(write);
        }
        for write in (0u32..).zip(&undo.writes) {
            inverse.part(write);
        }
        let mut operations = inverse.operations;
        // A run may have been journalled in any order; the plan's is fixed.
        operations.sort_by_key(|op| (op.kind.stage(), op.kind, op.target, op.account));
        operations.dedup();
        self.operations = operations;
    }
}

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

    fn stays(&mut self, place: u32, why: NoUndo) {
        let aside = &mut self.draft.aside;
        aside.skip(About::Write(place), LeftOut::NoUndo(why));
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
    fn whole(&mut self, (place, write): (u32, &Write)) {
        let takes = matches!(write.kind, Kind::CreateUser | Kind::CreateGroup);
        if takes && !self.admins_known {
            return self.stays(place, NoUndo::AdminsUnknown);
        }
        match write.kind {
            Kind::CreateUser => {
                let Some(account) = self.account(write) else {
                    return self.stays(place, NoUndo::AccountGone);
                };
                if write.proven_new {
                    self.gone.insert(account);
                    self.push(Kind::RemoveUser, account, NONE);
                } else {
                    self.stays(place, NoUndo::NotProvenNew);
                }
            }
            Kind::CreateGroup => {
                let Some(row) = self.group(write) else {
                    return self.stays(place, NoUndo::GroupGone);
                };
                if let Some(why) = self.changed_by_others(row) {
                    return self.stays(place, why);
                }
                self.deleted.insert(row);
                let target = self.draft.target_of(row);
                self.push(Kind::DeleteGroup, NONE, target);
            }
            _ => {}
        }
    }

    /// Why a group that this profile created is somebody else's business by now.
    fn changed_by_others(&self, row: u32) -> Option<NoUndo> {
        let jira = self.draft.inputs.jira;
        let group = jira.group(row);
        if class(self.draft.inputs, row) != GroupClass::Ordinary {
            return Some(NoUndo::GroupChanged);
        }
        if !group.read() {
            return Some(NoUndo::CreatedUnread);
        }
        let nobody = BTreeSet::new();
        let filled = self.undo.filled.get(group.id()).unwrap_or(&nobody);
        let members = jira.members().of(row).iter();
        let others = members
            .filter(|member| !filled.contains(jira.account(**member).id()))
            .count();
        (others > 0).then_some(NoUndo::OthersInside)
    }

    /// Memberships, and accounts that were suspended or restored.
    fn part(&mut self, (place, write): (u32, &Write)) {
        let jira = self.draft.inputs.jira;
        match write.kind {
            Kind::CreateUser | Kind::CreateGroup => {}
            Kind::RemoveUser => {
                self.stays(place, NoUndo::UserRemoved);
            }
            Kind::DeleteGroup => self.stays(place, NoUndo::GroupDeleted),
            Kind::SuspendUser | Kind::RestoreUser => {
                let Some(account) = self.account(write) else {
                    return self.stays(place, NoUndo::AccountGone);
                };
                let active = jira.account(account).active();
                if write.kind == Kind::RestoreUser && active && !self.admins_known {
                    return self.stays(place, NoUndo::AdminsUnknown);
                }
                // Somebody else has undone it already otherwise.
                match write.kind {
                    Kind::SuspendUser if !active => self.push(Kind::RestoreUser, account, NONE),
                    Kind::RestoreUser if active => self.push(Kind::SuspendUser, account, NONE),
                    _ => {}
                }
            }
            Kind::AddMember | Kind::RemoveMember => self.membership(place, write),
        }
    }

    fn membership(&mut self, place: u32, write: &Write) {
        let jira = self.draft.inputs.jira;
        let Some(row) = self.group(write) else {
            return self.stays(place, NoUndo::GroupGone);
        };
        let Some(account) = self.account(write) else {
            return self.stays(place, NoUndo::AccountGone);
        };
        if self.deleted.contains(&row) || self.gone.contains(&account) {
            return;
        }
        if !jira.group(row).read() {
            return self.stays(place, NoUndo::MembersUnread);
        }
        let is_in = jira.members().contains(row, account);
        let added = write.kind == Kind::AddMember;
        if added != is_in {
            // Somebody else has undone it already.
            return;
        }
        if !added && !self.draft.is_active(account) {
            return self.stays(place, NoUndo::Deactivated);
        }
        if added && !self.admins_known {
            return self.stays(place, NoUndo::AdminsUnknown);
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
