//! From two snapshots to a plan.

use super::desired::{Target, targets};
use super::guards;
use super::matching::{Ambiguity, Matched, Matching, Recognition, recognise};
use super::operation::{Kind, NONE, Operation, OperationId};
use super::people::{Standing, address};
use super::scope::standings;
use super::shape::{Conflict, Inputs, NewLink, PeopleCounts, Plan, Selection, Skipped, Subject};
use super::{Invitations, Measured, RowDecision, diff, identity};
use crate::directory::{EntraId, counted, fold, shown};
use hashbrown::HashSet;
use std::collections::BTreeMap;

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
    orphaned: u64,
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
                    let reason = "its account was deactivated in Jira and is not reactivated";
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
                    shown(words)
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
                    .map(|r| shown(jira.account(*r).name()))
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

    /// Takes out what the admin rejected or ignores, and what depends on it.
    fn decided(&mut self) {
        let decisions = &self.inputs.known.decisions.operations;
        if decisions.is_empty() {
            return;
        }
        let (mut people, mut groups) = (HashSet::new(), HashSet::new());
        let mut restored = HashSet::new();
        let (inputs, targets) = (self.inputs, &self.targets);
        let mut skipped = Vec::new();
        let mut memberships: BTreeMap<(u32, Kind, &str), u64> = BTreeMap::new();
        self.operations.retain(|op| {
            let id = operation_id(inputs, targets, op);
            let word = match decisions.get(&id) {
                Some(RowDecision::Ignored) => "ignored",
                Some(RowDecision::Rejected { reason }) if op.reason.is(reason) => "rejected",
                _ => return true,
            };
            let name = match op.kind {
                Kind::CreateUser => {
                    people.insert(op.person);
                    inputs.entra.person(op.person).name()
                }
                Kind::CreateGroup => {
                    groups.insert(op.target);
                    targets[op.target as usize].name.as_str()
                }
                Kind::RestoreUser => {
                    restored.insert(op.account);
                    inputs.jira.account(op.account).name()
                }
                Kind::SuspendUser | Kind::RemoveUser => inputs.jira.account(op.account).name(),
                Kind::AddMember | Kind::RemoveMember | Kind::DeleteGroup => {
                    targets[op.target as usize].name.as_str()
                }
            };
            if op.kind.is_membership() {
                *memberships
                    .entry((op.target, op.kind, word))
                    .or_insert(0_u64) += 1;
                return false;
            }
            skipped.push(Skipped {
                kind: if op.target == NONE {
                    Subject::Person
                } else {
                    Subject::Group
                },
                entra_id: op
                    .person()
                    .map_or("", |row| inputs.entra.person(row).id())
                    .to_owned(),
                name: name.to_owned(),
                reason: format!("{word} by the admin: {}", op.kind.as_str()),
            });
            false
        });
        self.operations.retain(|op| {
            let orphaned = (op.account == NONE && people.contains(&op.person))
                || groups.contains(&op.target)
                || restored.contains(&op.account);
            !(op.kind.is_membership() && orphaned)
        });
        for ((target, kind, word), count) in memberships {
            let target = &targets[target as usize];
            let verb = if kind == Kind::AddMember {
                "add"
            } else {
                "remove"
            };
            let what = counted(count, "membership", "memberships");
            let entra = target.entra.first();
            skipped.push(Skipped {
                kind: Subject::Group,
                entra_id: entra.map_or(String::new(), |row| {
                    inputs.entra.group(*row).id().to_owned()
                }),
                name: target.name.clone(),
                reason: format!("{word} by the admin: {what} to {verb}"),
            });
        }
        self.creating.retain(|row| !people.contains(row));
        self.restoring.retain(|row| !restored.contains(row));
        self.skipped.append(&mut skipped);
    }

    /// Memberships whose person or group is created or restored by an operation that was cut out
    /// go with it.
    fn orphans(&mut self) {
        let (mut people, mut groups) = (HashSet::new(), HashSet::new());
        let mut restored = HashSet::new();
        for op in &self.operations {
            match op.kind {
                Kind::CreateUser => _ = people.insert(op.person),
                Kind::CreateGroup => _ = groups.insert(op.target),
                Kind::RestoreUser => _ = restored.insert(op.account),
                _ => {}
            }
        }
        let (targets, restoring) = (&self.targets, &self.restoring);
        let before = self.operations.len();
        self.operations.retain(|op| {
            let new = op
                .target()
                .is_some_and(|t| targets[t as usize].jira.is_none());
            let fits = (op.account != NONE || people.contains(&op.person))
                && (!new || groups.contains(&op.target))
                && (!restoring.contains(&op.account) || restored.contains(&op.account));
            !op.kind.is_membership() || fits
        });
        self.orphaned = (before - self.operations.len()) as u64;
    }

    /// Leaves only what is wanted.
    fn narrow(&mut self) {
        let (inputs, targets) = (self.inputs, &self.targets);
        match inputs.selection {
            Selection::Everything => {}
            Selection::Group(group) => {
                self.operations.retain(|op| {
                    op.kind.is_membership()
                        && op.account != NONE
                        && op
                            .target()
                            .and_then(|t| targets[t as usize].jira)
                            .is_some_and(|row| inputs.jira.group(row).id() == group.as_str())
                });
                self.orphans();
            }
            Selection::Operations(wanted) => {
                self.operations
                    .retain(|op| wanted.contains(&operation_id(inputs, targets, op)));
                self.orphans();
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
