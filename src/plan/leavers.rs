//! Leavers: what is taken from people who left, and given back to those who return.

use super::conflict::Conflict;
use super::draft::Draft;
use super::guards::Held;
use super::known::TakenWhat;
use super::left_out::{About, LeftOut};
use super::matching::Ambiguity;
use super::operation::{Kind, NONE, Operation};
use super::question::QuestionCode;
use super::reason::Reason;
use super::scope::Standing;
use super::settings::Leavers;
use super::target::{TargetState, class};
use crate::directory::{AccountKind, GroupClass};
use hashbrown::HashSet;

/// Somebody who left.
struct Leaver {
    /// Row in Entra; [`NONE`] where Entra knows them no more.
    person: u32,
    account: u32,
    reason: Reason,
}

impl Draft<'_> {
    /// Accounts and targets of the operations of a kind.
    fn pairs(operations: &[Operation], kind: Kind) -> HashSet<(u32, u32)> {
        let of_kind = operations.iter().filter(|op| op.kind == kind);
        of_kind.map(|op| (op.account, op.target)).collect()
    }

    fn unread(&mut self, row: u32) {
        self.aside
            .skip(About::JiraGroup(row), LeftOut::AccessUnread);
    }

    /// Those who left, whose grace is over, and who have an account still.
    fn leavers(&mut self) -> Vec<Leaver> {
        let inputs = self.inputs;
        let grace = inputs.settings.provisioning.grace.duration().as_secs();
        // Nobody leaves on the strength of an incomplete listing.
        if self.observes() || !inputs.entra.users.is_whole() || !self.admins_known() {
            return Vec::new();
        }
        // Nobody leaves either whose account may be somebody else's.
        let mut in_question: HashSet<u32> = HashSet::new();
        for ambiguity in self.matching.ambiguous.values() {
            match ambiguity {
                Ambiguity::Candidates(rows) | Ambiguity::Confirm(rows) => in_question.extend(rows),
                Ambiguity::Shared(row) => _ = in_question.insert(*row),
                Ambiguity::Different => {}
            }
        }
        // People whom the admin left alone stay as they are.
        let decisions = &inputs.known.decisions;
        let (mut leavers, mut by_name) = (Vec::new(), Vec::new());
        for (id, since) in &inputs.known.leavers {
            let days = u64::try_from((inputs.today - *since).get_days());
            if days.map_or(true, |days| days * 86400 < grace) {
                continue;
            }
            let person = inputs.entra.find_person(id.as_str());
            let reason = match person {
                Some(row) if inputs.entra.person(row).enabled() => continue,
                Some(_) => Reason::LeaverDisabled,
                None => Reason::LeaverDeleted,
            };
            let account = inputs.known.links.account_of(id.as_str());
            let Some(account) = account.and_then(|id| inputs.jira.find_account(id)) else {
                continue;
            };
            let person = person.unwrap_or(NONE);
            // A rehired person may have taken over the account of their former object.
            let holder = self.matching.person_of[account as usize];
            if inputs.jira.account(account).kind() == AccountKind::Person
                && holder == person
                && !in_question.contains(&account)
                && !decisions.leaves_alone(inputs.jira.account(account).id())
            {
                let leaver = Leaver {
                    person,
                    account,
                    reason,
                };
                if inputs.known.by_name.contains(id) {
                    by_name.push(leaver);
                } else {
                    leavers.push(leaver);
                }
            }
        }
        for leaver in by_name {
            self.ask_for_link(&leaver);
        }
        leavers
    }

    /// Nothing is taken from an account for which a name alone speaks.
    fn ask_for_link(&mut self, leaver: &Leaver) {
        let &Leaver {
            person, account, ..
        } = leaver;
        if person == NONE {
            let about = About::Account { person, account };
            self.aside.skip(about, LeftOut::LinkedByName);
        } else {
            let code = QuestionCode::LinkedByName;
            self.ask(Conflict::person(person, code, vec![account]));
        }
    }

    /// What leavers lose: out of the access groups among the removals, or suspended or removed after
    /// them.
    pub(super) fn leave(&mut self, removals: &mut Vec<Operation>) {
        let leavers = self.inputs.settings.provisioning.leavers;
        if leavers != Leavers::Keep && !self.inputs.known.leavers.is_empty() && !self.admins_known()
        {
            let mut groups = self.inputs.jira.iter_groups();
            let unread = groups.find(|(_, g)| g.class() == GroupClass::Protected && !g.read());
            let row = unread.map_or(NONE, |(row, _)| row);
            self.aside
                .skip(About::JiraGroup(row), LeftOut::AdminsUnread);
        }
        let kind = match leavers {
            Leavers::Keep => return,
            Leavers::Access => return self.leave_access(removals),
            Leavers::Suspend => Kind::SuspendUser,
            Leavers::Remove => Kind::RemoveUser,
        };
        for leaver in self.leavers() {
            let active = self.inputs.jira.account(leaver.account).active();
            if active || kind == Kind::RemoveUser {
                removals.push(Operation {
                    kind,
                    reason: leaver.reason,
                    held: Held::default(),
                    person: leaver.person,
                    account: leaver.account,
                    target: NONE,
                });
            }
        }
    }

    fn leave_access(&mut self, removals: &mut Vec<Operation>) {
        let leavers = self.leavers();
        if leavers.is_empty() {
            return;
        }
        let inputs = self.inputs;
        let already = Self::pairs(removals, Kind::RemoveMember);
        for (row, group) in inputs.jira.iter_groups() {
            if class(inputs, row) != GroupClass::Access {
                continue;
            }
            if !group.read() {
                self.unread(row);
                continue;
            }
            let members = inputs.jira.members();
            let losing: Vec<&Leaver> = leavers
                .iter()
                .filter(|leaver| inputs.jira.account(leaver.account).active())
                .filter(|leaver| members.contains(row, leaver.account))
                .collect();
            if losing.is_empty() {
                continue;
            }
            let target = self.target_of(row);
            removals.extend(
                losing
                    .into_iter()
                    .filter(|leaver| !already.contains(&(leaver.account, target)))
                    .map(|leaver| Operation {
                        kind: Kind::RemoveMember,
                        reason: leaver.reason,
                        held: Held::default(),
                        person: leaver.person,
                        account: leaver.account,
                        target,
                    }),
            );
        }
    }

    /// Memberships that Rollbook took from people who are back.
    pub(super) fn give_back(&mut self) {
        let inputs = self.inputs;
        if inputs.known.taken.is_empty() || self.observes() {
            return;
        }
        let mut already = Self::pairs(&self.operations, Kind::AddMember);
        for taken in &inputs.known.taken {
            let TakenWhat::Member(group) = &taken.what else {
                continue;
            };
            let person = inputs.entra.find_person(taken.entra.as_str());
            let account = inputs.jira.find_account(taken.account.as_str());
            let row = inputs.jira.find_group(group.as_str());
            let (Some(person), Some(account), Some(row)) = (person, account, row) else {
                continue;
            };
            let back = self.standing[person as usize] == Standing::InScope
                && self.matching.account_of[person as usize] == account
                && self.is_active(account);
            let usable = matches!(
                class(inputs, row),
                GroupClass::Access | GroupClass::Ordinary
            );
            if !back || !usable || inputs.jira.members().contains(row, account) {
                continue;
            }
            if !inputs.jira.group(row).read() {
                self.unread(row);
                continue;
            }
            let target = self.target_of(row);
            // Who belongs in a group that mirrors Entra is Entra's word alone.
            let mirrored = self.targets[target as usize].state == TargetState::Owned;
            if !mirrored && already.insert((account, target)) {
                self.operations.push(Operation {
                    kind: Kind::AddMember,
                    reason: Reason::Returned,
                    held: Held::default(),
                    person,
                    account,
                    target,
                });
            }
        }
    }
}
