//! The stage of people: who is created or restored, who is left out, who is in conflict.

use super::address::{address, is_mailbox};
use super::conflict::Conflict;
use super::draft::Draft;
use super::guards::Held;
use super::left_out::{About, LeftOut};
use super::matching::Ambiguity;
use super::operation::{Kind, NONE, Operation};
use super::question::QuestionCode;
use super::reason::Reason;
use super::scope::Standing;
use super::settings::Invitations;
use crate::directory::{fold, folded};
use hashbrown::DefaultHashBuilder;
use std::hash::BuildHasher as _;

impl Draft<'_> {
    /// Says who is created, who is left out and who is in conflict.
    pub(super) fn people(&mut self) {
        for row in 0..self.inputs.entra.people() as u32 {
            match self.standing[row as usize] {
                Standing::InScope => self.person(row),
                standing => self.skip(About::Person(row), LeftOut::Standing(standing)),
            }
        }
        self.one_address_one_account();
    }

    /// Somebody in scope.
    fn person(&mut self, row: u32) {
        self.measured.users += 1;
        let account = self.matching.account_of[row as usize];
        if account != NONE {
            self.with_account(row, account);
        } else if let Some(ambiguity) = self.matching.ambiguous.get(&row) {
            let (code, candidates) = match ambiguity {
                Ambiguity::Candidates(rows) => (QuestionCode::SeveralAccounts, rows.clone()),
                Ambiguity::Shared(account) => (QuestionCode::AccountShared, vec![*account]),
                Ambiguity::Confirm(rows) => (QuestionCode::SamePerson, rows.clone()),
                Ambiguity::Different => {
                    return self.skip(About::Person(row), LeftOut::DifferentPerson);
                }
            };
            self.ask(Conflict::person(row, code, candidates));
        } else {
            self.without_account(row);
        }
    }

    fn with_account(&mut self, row: u32, account: u32) {
        if self.inputs.jira.account(account).active() {
            self.with_account += 1;
        } else if self.is_given_back(row, account) {
            self.with_account += 1;
            self.restoring.insert(account);
            self.operations.push(Operation {
                kind: Kind::RestoreUser,
                reason: Reason::Returned,
                held: Held::default(),
                person: row,
                account,
                target: NONE,
            });
        } else {
            let new = &self.inputs.known.new_accounts;
            let id = self.inputs.jira.account(account).id();
            let code = if new.contains(id) {
                QuestionCode::AccountNeverActive
            } else {
                QuestionCode::AccountDeactivated
            };
            self.ask(Conflict::person(row, code, vec![account]));
        }
    }

    fn without_account(&mut self, row: u32) {
        let inputs = self.inputs;
        let provisioning = &inputs.settings.provisioning;
        let person = inputs.entra.person(row);
        let mut skip = |why| self.aside.skip(About::Person(row), why);
        let Some(mail) = address(person, &provisioning.email_from) else {
            return skip(LeftOut::NoAddress);
        };
        if !provisioning.import_users {
            return skip(LeftOut::ImportUsersOff);
        }
        if !inputs.jira.users.is_whole() {
            return skip(LeftOut::UsersInDoubt);
        }
        if !is_mailbox(mail) {
            return skip(LeftOut::NoAddress);
        }
        let mail = fold(mail);
        if inputs.known.refused.contains_key(&mail) {
            let code = QuestionCode::CreationRefused;
            self.ask(Conflict::person(row, code, Vec::new()));
            return;
        }
        let gone = self.matching.account_gone.contains(&row);
        if gone && provisioning.invitations == Invitations::Silent {
            let code = QuestionCode::NeverLetIn;
            self.ask(Conflict::person(row, code, Vec::new()));
            return;
        }
        let looked_up = inputs.known.look_ups.get(&mail).is_some();
        if self.matching.hidden_left > 0 && !looked_up {
            self.unverified.insert(row);
        }
        self.creating.insert(row);
        self.operations.push(Operation {
            kind: Kind::CreateUser,
            reason: if gone {
                Reason::AccountGone
            } else if looked_up {
                Reason::NoAccountLookedUp
            } else {
                Reason::NoAccount
            },
            held: Held::default(),
            person: row,
            account: NONE,
            target: NONE,
        });
    }

    /// Two people with one address would become one account: neither is created.
    fn one_address_one_account(&mut self) {
        let inputs = self.inputs;
        let sources = &inputs.settings.provisioning.email_from;
        let mail = |row: u32| address(inputs.entra.person(row), sources).map(folded);
        let hasher = DefaultHashBuilder::default();
        let creating = self.creating.iter();
        // As hashes, since a first run may create everybody.
        let mut hashed: Vec<(u64, u32)> = creating
            .filter_map(|&row| Some((hasher.hash_one(&*mail(row)?), row)))
            .collect();
        hashed.sort_unstable();
        let mut shared = Vec::new();
        for same in hashed.chunk_by(|a, b| a.0 == b.0) {
            for &(_, row) in same.iter().filter(|_| same.len() > 1) {
                let own = mail(row);
                let others = same.iter().filter(|(_, other)| *other != row);
                if others.into_iter().any(|(_, other)| mail(*other) == own) {
                    shared.push(row);
                }
            }
        }
        shared.sort_unstable();
        for row in shared {
            self.creating.remove(&row);
            self.unverified.remove(&row);
            let code = QuestionCode::AddressShared;
            self.ask(Conflict::person(row, code, Vec::new()));
        }
        let creating = &self.creating;
        self.operations
            .retain(|op| op.kind != Kind::CreateUser || creating.contains(&op.person));
    }
}
