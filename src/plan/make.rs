//! From two snapshots to a plan.

use super::desired::{Target, targets};
use super::guards;
use super::matching::{Ambiguity, Matched, Matching, Recognition, recognise};
use super::operation::{Kind, NONE, Operation, OperationId};
use super::people::{Standing, address};
use super::scope::standings;
use super::shape::{Conflict, Inputs, NewLink, PeopleCounts, Plan, Skipped, Subject};
use super::{Invitations, Measured, diff, identity};
use crate::directory::{EntraId, fold};
use crate::text::escape;
use hashbrown::HashSet;

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
            linked.map_or(account, EntraId::as_str)
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

/// Works out a plan.
#[must_use]
pub fn make(inputs: &Inputs<'_>) -> Plan {
    let standing = standings(inputs.entra, inputs.settings);
    let matching = recognise(inputs.entra, inputs.jira, inputs.known, inputs.settings);
    let found = targets(inputs);
    let mut draft = Draft {
        inputs,
        standing,
        matching,
        creating: HashSet::new(),
        restoring: HashSet::new(),
        targets: found.list,
        operations: Vec::new(),
        conflicts: found.conflicts,
        skipped: found.skipped,
        unverified: HashSet::new(),
        measured: Measured::default(),
        with_account: 0,
        orphaned: 0,
    };
    draft.people();
    draft.groups();
    diff::memberships(&mut draft);
    match inputs.undo {
        Some(undo) => draft.undo(undo),
        None => draft.decided(),
    }
    draft.finish()
}

/// A plan in the making.
pub(super) struct Draft<'a> {
    pub(super) inputs: &'a Inputs<'a>,
    pub(super) standing: Vec<Standing>,
    pub(super) matching: Matching,
    /// People whom this plan creates.
    pub(super) creating: HashSet<u32>,
    /// Accounts that this plan restores.
    pub(super) restoring: HashSet<u32>,
    pub(super) targets: Vec<Target>,
    pub(super) operations: Vec<Operation>,
    pub(super) conflicts: Vec<Conflict>,
    pub(super) skipped: Vec<Skipped>,
    pub(super) unverified: HashSet<u32>,
    pub(super) measured: Measured,
    /// People in scope who have an active account.
    with_account: u64,
    /// Operations that were cut out because something they need was.
    pub(super) orphaned: u64,
}

impl Draft<'_> {
    /// Says who is created, who is left out and who is in conflict.
    fn people(&mut self) {
        let inputs = self.inputs;
        for (row, person) in inputs.entra.iter_people() {
            let standing = self.standing[row as usize];
            let mut skip = |reason: String| {
                self.skipped.push(Skipped {
                    kind: Subject::Person,
                    entra_id: person.id().to_owned(),
                    name: person.name().to_owned(),
                    reason,
                });
            };
            if standing != Standing::InScope {
                skip(standing.to_string());
                continue;
            }
            self.measured.users += 1;
            let account = self.matching.account_of[row as usize];
            if account != NONE {
                if inputs.jira.account(account).active() {
                    self.with_account += 1;
                } else if self.is_given_back(row, account) {
                    self.with_account += 1;
                    self.restoring.insert(account);
                    self.operations.push(Operation {
                        kind: Kind::RestoreUser,
                        reason: super::Reason::Returned,
                        held: guards::Held::default(),
                        person: row,
                        account,
                        target: NONE,
                    });
                } else {
                    let id = inputs.jira.account(account).id().to_owned();
                    let reason = "its account was deactivated in Jira and is not reactivated: if that is wrong, restore it at admin.atlassian.com";
                    self.conflict(row, reason, vec![id]);
                }
                continue;
            }
            if let Some(ambiguity) = self.matching.ambiguous.get(&row).cloned() {
                self.ambiguous(row, &ambiguity);
                continue;
            }
            let Some(mail) = address(person, &inputs.settings.provisioning.email_from) else {
                skip("no address that Jira could use".to_owned());
                continue;
            };
            if !inputs.settings.provisioning.import_users {
                skip("no account in Jira, and Import users is off".to_owned());
                continue;
            }
            if let crate::directory::Completeness::Doubtful(doubt) = &inputs.jira.users {
                skip(format!(
                    "not created, since Jira's listing is in doubt: {doubt}"
                ));
                continue;
            }
            if let Some(words) = inputs.known.refused.get(&fold(mail)) {
                let reason = format!(
                    "Jira refused to create this person, and is not asked again for a week: {}",
                    escape(words)
                );
                self.conflict(row, &reason, Vec::new());
                continue;
            }
            let silent = inputs.settings.provisioning.invitations == Invitations::Silent;
            if silent && self.matching.account_gone.contains(&row) {
                let reason = "their account is not on the site, although they were linked to it: invited silently, and never let in, or removed by somebody. Let them in at admin.atlassian.com, or set invitations = \"jira\"";
                self.conflict(row, reason, Vec::new());
                continue;
            }
            let looked_up = inputs.known.look_ups.get(&fold(mail)).is_some();
            if self.matching.hidden_left > 0 && !looked_up {
                self.unverified.insert(row);
            }
            self.creating.insert(row);
            self.operations.push(Operation {
                kind: Kind::CreateUser,
                reason: if self.matching.account_gone.contains(&row) {
                    super::Reason::AccountGone
                } else if looked_up {
                    super::Reason::NoAccountLookedUp
                } else {
                    super::Reason::NoAccount
                },
                held: guards::Held::default(),
                person: row,
                account: NONE,
                target: NONE,
            });
        }
        self.one_address_one_account();
    }

    /// Two people with one address would become one account: neither is created.
    fn one_address_one_account(&mut self) {
        let inputs = self.inputs;
        let sources = &inputs.settings.provisioning.email_from;
        let mut by_address: hashbrown::HashMap<String, Vec<u32>> = hashbrown::HashMap::new();
        for &row in &self.creating {
            if let Some(mail) = address(inputs.entra.person(row), sources) {
                by_address.entry(fold(mail)).or_default().push(row);
            }
        }
        let mut shared: Vec<u32> = by_address
            .into_values()
            .filter(|rows| rows.len() > 1)
            .flatten()
            .collect();
        shared.sort_unstable();
        for row in shared {
            self.creating.remove(&row);
            self.unverified.remove(&row);
            self.conflict(
                row,
                "another person in Entra has the same address",
                Vec::new(),
            );
        }
        let creating = &self.creating;
        self.operations
            .retain(|op| op.kind != Kind::CreateUser || creating.contains(&op.person));
    }

    fn conflict(&mut self, row: u32, reason: &str, candidates: Vec<String>) {
        let person = self.inputs.entra.person(row);
        self.conflicts.push(Conflict {
            kind: Subject::Person,
            entra_id: person.id().to_owned(),
            name: person.name().to_owned(),
            reason: reason.to_owned(),
            candidates,
        });
    }

    fn ambiguous(&mut self, row: u32, ambiguity: &Ambiguity) {
        let jira = self.inputs.jira;
        let ids = |rows: &[u32]| {
            rows.iter()
                .map(|r| jira.account(*r).id().to_owned())
                .collect()
        };
        match ambiguity {
            Ambiguity::Candidates(rows) => {
                self.conflict(row, "several Jira accounts have this address", ids(rows));
            }
            Ambiguity::Shared(account) => self.conflict(
                row,
                "several people in Entra fit the same Jira account",
                ids(&[*account]),
            ),
            Ambiguity::Confirm(rows) => {
                let names: Vec<_> = rows
                    .iter()
                    .map(|r| escape(jira.account(*r).name()))
                    .collect();
                let reason = format!(
                    "Jira finds an account for this address that hides its e-mail and has another name ({}). If it is the same person, confirm the link in the console's Review, or let them show their e-mail",
                    names.join(", ")
                );
                self.conflict(row, &reason, ids(rows));
            }
        }
    }

    /// Creations of groups.
    fn groups(&mut self) {
        let whole = self.inputs.jira.group_list.is_whole();
        let mut refused = Vec::new();
        for (index, target) in (0u32..).zip(&self.targets) {
            self.measured.groups += target.entra.len() as u64;
            if target.jira.is_some() {
                continue;
            }
            if whole {
                self.operations.push(Operation {
                    kind: Kind::CreateGroup,
                    reason: super::Reason::NoGroup,
                    held: guards::Held::default(),
                    person: NONE,
                    account: NONE,
                    target: index,
                });
            } else {
                refused.push(index);
            }
        }
        for index in refused {
            let target = &self.targets[index as usize];
            for row in &target.entra {
                let group = self.inputs.entra.group(*row);
                self.skipped.push(Skipped {
                    kind: Subject::Group,
                    entra_id: group.id().to_owned(),
                    name: group.name().to_owned(),
                    reason: "not created, since Jira's listing of groups is in doubt".to_owned(),
                });
            }
        }
    }

    /// What becomes of the people in scope.
    fn people_counts(&self) -> PeopleCounts {
        let in_conflict = self
            .conflicts
            .iter()
            .filter(|conflict| conflict.kind == Subject::Person)
            .count() as u64;
        let created = self.creating.len() as u64;
        PeopleCounts {
            in_scope: self.measured.users,
            with_account: self.with_account,
            created,
            in_conflict,
            without: self
                .measured
                .users
                .saturating_sub(self.with_account + created + in_conflict),
        }
    }

    fn finish(mut self) -> Plan {
        let inputs = self.inputs;
        let id = identity::plan_id(inputs, &self.matching, &self.targets, &self.operations);
        let people = self.people_counts();
        self.narrow();
        let created = self
            .operations
            .iter()
            .filter(|op| op.kind == Kind::CreateUser);
        self.creating = created.map(|op| op.person).collect();
        let guards::Holding {
            guards,
            seats,
            source_shrank,
        } = guards::hold(&mut self);
        let unverified = self
            .unverified
            .iter()
            .filter(|row| self.creating.contains(*row))
            .count() as u64;
        let new_links: Vec<NewLink> = (0u32..)
            .zip(&self.matching.how)
            .filter_map(|(person, how)| match how {
                Some(how) if *how != Matched::Link => Some(NewLink {
                    person,
                    account: self.matching.account_of[person as usize],
                    how: *how,
                }),
                _ => None,
            })
            .collect();
        let confirm = self
            .matching
            .ambiguous
            .iter()
            .filter(|(_, ambiguity)| matches!(ambiguity, Ambiguity::Confirm(_)))
            .map(|(person, _)| *person)
            .collect();
        let people_linked = self.matching.how.iter().flatten().count() as u64;
        let count = |suggested: bool| {
            self.targets
                .iter()
                .filter(|t| {
                    t.jira.is_some() && (t.state == super::TargetState::Suggested) == suggested
                })
                .map(|t| t.entra.len() as u64)
                .sum()
        };
        Plan {
            id,
            guards,
            seats,
            people,
            people_linked,
            groups_linked: count(false),
            groups_suggested: count(true),
            unverified,
            source_shrank,
            new_links,
            recognition: Recognition {
                standing: self.standing,
                account_of: self.matching.account_of,
                person_of: self.matching.person_of,
                confirm,
                hidden_left: self.matching.hidden_left as u64,
            },
            measured: self.measured,
            orphaned: self.orphaned,
            conflicts: self.conflicts,
            skipped: self.skipped,
            operations: self.operations,
            targets: self.targets,
        }
    }
}
