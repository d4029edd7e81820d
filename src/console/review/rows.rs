//! Both directories as rows, side by side. Made once for a plan; what is on the screen is
//! looked up in the snapshots when it is drawn.

use crate::directory::{AccountKind, GroupClass, fold};
use crate::plan::{
    Kind, LeftOut, Operation, Question, QuestionCode, Reason, Stage, Standing, Subject,
    TargetState, group_class, members_of, shows_other_address,
};
use crate::sync::Planned;
use hashbrown::{HashMap, HashSet};

/// What a row says. The marks are told apart without colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::console) enum Mark {
    /// Needs the admin.
    Conflict,
    /// A link to be confirmed.
    Confirm,
    /// Jira lacks it.
    Create,
    /// Jira has too much.
    Remove,
    /// Linked, and something differs that Rollbook does not change.
    Differs,
    /// The same on both sides.
    Same,
    /// Takes no part.
    Out,
}

impl Mark {
    pub(in crate::console) const fn sign(self) -> &'static str {
        match self {
            Self::Conflict => "!",
            Self::Confirm => ">",
            Self::Create => "+",
            Self::Remove => "-",
            Self::Differs => "~",
            Self::Same => "=",
            Self::Out => "·",
        }
    }
}

/// Where the reason of a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::console) enum Why {
    None,
    /// Among those left out.
    Skipped(u32),
    /// Among the conflicts.
    Conflict(u32),
}

/// A person: rows of both snapshots, and what the plan does.
#[derive(Debug, Clone, Copy)]
pub(in crate::console) struct PersonRow {
    pub(in crate::console) person: Option<u32>,
    pub(in crate::console) account: Option<u32>,
    pub(in crate::console) mark: Mark,
    pub(in crate::console) why: Why,
    /// The operation that creates the person.
    pub(in crate::console) create: Option<u32>,
}

/// A group: rows of both snapshots, and what the plan does.
#[derive(Debug, Clone, Copy)]
pub(in crate::console) struct GroupRow {
    pub(in crate::console) entra: Option<u32>,
    pub(in crate::console) jira: Option<u32>,
    pub(in crate::console) target: Option<u32>,
    pub(in crate::console) mark: Mark,
    pub(in crate::console) why: Why,
    /// The operation that creates the group.
    pub(in crate::console) create: Option<u32>,
}

/// How far a suggested group is the same as its Entra group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::console) struct Overlap {
    /// People in both.
    pub(in crate::console) shared: u64,
    /// People in Entra's group.
    pub(in crate::console) entra: u64,
    /// Members of the Jira group.
    pub(in crate::console) jira: u64,
}

/// Numbers that an administrator should know, whatever the plan does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::console) struct Insights {
    /// People disabled in Entra whose Jira account is active.
    pub(in crate::console) still_active: u64,
    /// Seats that they hold, as far as access groups were read.
    pub(in crate::console) their_seats: u64,
    /// Active accounts of people on the tenant's domains that nobody in Entra stands for.
    pub(in crate::console) unknown: u64,
}

/// All rows of a plan.
#[derive(Debug, Default)]
pub(in crate::console) struct Rows {
    pub(in crate::console) people: Vec<PersonRow>,
    pub(in crate::console) groups: Vec<GroupRow>,
    /// How many people and groups are to be created, suspended, restored or removed.
    pub(in crate::console) creates: (u64, u64),
    /// Operations on memberships.
    pub(in crate::console) memberships: Vec<u32>,
    /// Operations on memberships of an account.
    pub(in crate::console) of_account: HashMap<u32, Vec<u32>>,
    /// Operations on memberships of a person who is to be created.
    pub(in crate::console) of_person: HashMap<u32, Vec<u32>>,
    /// How many members the plan adds and removes, by target.
    pub(in crate::console) of_target: HashMap<u32, (u64, u64)>,
    /// Overlap of suggested targets.
    pub(in crate::console) overlaps: HashMap<u32, Overlap>,
    pub(in crate::console) insights: Insights,
}

/// Works out the rows of a plan.
pub(in crate::console) fn rows(planned: &Planned) -> Rows {
    let mut rows = Rows::default();
    rows.memberships(planned);
    rows.people(planned);
    rows.groups(planned);
    rows.insights(planned);
    rows
}

/// Reasons by row of Entra's snapshot, of people or of groups.
fn reasons(planned: &Planned, subject: Subject) -> HashMap<u32, Why> {
    let inputs = planned.inputs();
    let mut found = HashMap::new();
    for (index, skipped) in (0u32..).zip(&planned.plan.skipped) {
        if skipped.kind(&inputs) == subject
            && let Some(row) = skipped.row(&inputs)
        {
            found.entry(row).or_insert(Why::Skipped(index));
        }
    }
    // A conflict says more than anything else about a row.
    for (index, conflict) in (0u32..).zip(&planned.plan.conflicts) {
        if conflict.kind == subject {
            found.insert(conflict.row, Why::Conflict(index));
        }
    }
    found
}

impl Rows {
    fn memberships(&mut self, planned: &Planned) {
        for (index, op) in (0u32..).zip(&planned.plan.operations) {
            match op.kind {
                Kind::CreateUser => self.creates.0 += 1,
                Kind::CreateGroup | Kind::DeleteGroup => self.creates.1 += 1,
                Kind::SuspendUser | Kind::RestoreUser | Kind::RemoveUser => {
                    self.creates.0 += 1;
                    if let Some(account) = op.account() {
                        self.of_account.entry(account).or_default().push(index);
                    }
                }
                Kind::AddMember | Kind::RemoveMember => {}
            }
            if !op.kind.is_membership() {
                continue;
            }
            self.memberships.push(index);
            if let Some(target) = op.target() {
                let (added, removed) = self.of_target.entry(target).or_default();
                *(if op.kind == Kind::AddMember {
                    added
                } else {
                    removed
                }) += 1;
            }
            if let Some(account) = op.account() {
                self.of_account.entry(account).or_default().push(index);
            } else if let Some(person) = op.person() {
                self.of_person.entry(person).or_default().push(index);
            }
        }
        self.memberships.sort_by_cached_key(|index| {
            let op = &planned.plan.operations[*index as usize];
            (
                group_of(planned, op).to_owned(),
                name_of(planned, op).to_owned(),
            )
        });
    }

    fn people(&mut self, planned: &Planned) {
        let (entra, jira) = (&planned.entra, &planned.jira);
        let recognition = &planned.plan.recognition;
        let why = reasons(planned, Subject::Person);
        let creates: HashMap<u32, u32> = (0u32..)
            .zip(&planned.plan.operations)
            .filter(|(_, op)| op.kind == Kind::CreateUser)
            .filter_map(|(index, op)| Some((op.person()?, index)))
            .collect();
        let sources = &planned.settings.provisioning.email_from;
        for (person, record) in entra.iter_people() {
            let account = recognition.account_of(person);
            let why = why.get(&person).copied().unwrap_or(Why::None);
            let create = creates.get(&person).copied();
            let mark = if recognition.to_confirm(person) {
                Mark::Confirm
            } else if matches!(why, Why::Conflict(_)) {
                Mark::Conflict
            } else if create.is_some() {
                Mark::Create
            } else if let Some(row) = account {
                let found = jira.account(row);
                let removed = self.of_account.get(&row).is_some_and(|ops| {
                    let removal = |op: &u32| {
                        planned.plan.operations[*op as usize].kind.stage() != Stage::Gives
                    };
                    ops.iter().any(removal)
                });
                let differs = fold(found.name()) != fold(record.name())
                    || shows_other_address(record, found.email(), sources)
                    || is_hired_again(planned, why);
                if removed {
                    Mark::Remove
                } else if recognition.standing(person) != Standing::InScope {
                    Mark::Out
                } else if differs {
                    Mark::Differs
                } else {
                    Mark::Same
                }
            } else {
                Mark::Out
            };
            self.people.push(PersonRow {
                person: Some(person),
                account,
                mark,
                why,
                create,
            });
        }
        for (account, _) in jira.iter_accounts() {
            if recognition.person_of(account).is_none() {
                let leaves = self.of_account.contains_key(&account);
                self.people.push(PersonRow {
                    person: None,
                    account: Some(account),
                    mark: if leaves { Mark::Remove } else { Mark::Out },
                    why: Why::None,
                    create: None,
                });
            }
        }
        self.people.sort_by_cached_key(|row| {
            let name = row.person.map_or_else(
                || row.account.map_or("", |row| jira.account(row).name()),
                |row| entra.person(row).name(),
            );
            (fold(name), row.person, row.account)
        });
    }

    fn groups(&mut self, planned: &Planned) {
        let (entra, jira) = (&planned.entra, &planned.jira);
        let why = reasons(planned, Subject::Group);
        let creates: HashMap<u32, u32> = (0u32..)
            .zip(&planned.plan.operations)
            .filter(|(_, op)| matches!(op.kind, Kind::CreateGroup | Kind::DeleteGroup))
            .filter_map(|(index, op)| Some((op.target()?, index)))
            .collect();
        let deleted: HashSet<u32> = planned
            .plan
            .operations
            .iter()
            .filter(|op| op.kind == Kind::DeleteGroup)
            .filter_map(Operation::target)
            .collect();
        let (mut seen_entra, mut seen_jira) = (HashSet::new(), HashSet::new());
        for (index, target) in (0u32..).zip(&planned.plan.targets) {
            seen_jira.extend(target.jira);
            for &group in &target.entra {
                seen_entra.insert(group);
                let renamed =
                    target.jira.is_some() && fold(entra.group(group).name()) != fold(&target.name);
                self.groups.push(GroupRow {
                    entra: Some(group),
                    jira: target.jira,
                    target: Some(index),
                    mark: match target.state {
                        _ if deleted.contains(&index) => Mark::Remove,
                        TargetState::New => Mark::Create,
                        TargetState::Suggested => Mark::Confirm,
                        TargetState::Confirmed | TargetState::Owned if renamed => Mark::Differs,
                        TargetState::Confirmed | TargetState::Owned => Mark::Same,
                    },
                    why: why.get(&group).copied().unwrap_or(Why::None),
                    create: creates.get(&index).copied(),
                });
            }
            if target.state == TargetState::Suggested {
                self.overlaps.insert(index, overlap(planned, index));
            }
        }
        for (group, _) in entra.iter_groups() {
            if seen_entra.contains(&group) {
                continue;
            }
            let why = why.get(&group).copied().unwrap_or(Why::None);
            let candidate = match why {
                Why::Conflict(index) => jira_candidate(planned, index),
                Why::Skipped(_) | Why::None => None,
            };
            seen_jira.extend(candidate);
            self.groups.push(GroupRow {
                entra: Some(group),
                jira: candidate,
                target: None,
                mark: if matches!(why, Why::Conflict(_)) {
                    Mark::Conflict
                } else {
                    Mark::Out
                },
                why,
                create: None,
            });
        }
        for (group, _) in jira.iter_groups() {
            if !seen_jira.contains(&group) {
                self.groups.push(GroupRow {
                    entra: None,
                    jira: Some(group),
                    target: None,
                    mark: Mark::Out,
                    why: Why::None,
                    create: None,
                });
            }
        }
        let overlaps = &self.overlaps;
        self.groups.sort_by_cached_key(|row| {
            let name = row.entra.map_or_else(
                || row.jira.map_or("", |row| jira.group(row).name()),
                |row| entra.group(row).name(),
            );
            // Suggestions by their evidence, the strongest first; the rest by name.
            let shared = row
                .target
                .and_then(|target| overlaps.get(&target))
                .map_or(0, |overlap| overlap.shared);
            (std::cmp::Reverse(shared), fold(name), row.entra, row.jira)
        });
    }

    fn insights(&mut self, planned: &Planned) {
        for row in &self.people {
            let Some(account) = row.account else { continue };
            if is_still_active(planned, row) {
                self.insights.still_active += 1;
                self.insights.their_seats += seats_of(planned, account);
            } else if is_unknown(planned, row) {
                self.insights.unknown += 1;
            }
        }
    }
}

/// The Jira group that a conflict about a group is about.
fn jira_candidate(planned: &Planned, conflict: u32) -> Option<u32> {
    let conflict = &planned.plan.conflicts[conflict as usize];
    // Those who want one name are groups of Entra's.
    let in_jira = conflict.code != QuestionCode::GroupNamesCollide;
    conflict.candidates.first().copied().filter(|_| in_jira)
}

/// Whether Entra disabled this person, who can still sign in to Jira and was not said to stay so.
pub(in crate::console) fn is_still_active(planned: &Planned, row: &PersonRow) -> bool {
    can_sign_in(planned, row).is_some() && !is_left_alone(planned, row)
}

/// The person, if Entra disabled them and their account is active.
pub(in crate::console) fn can_sign_in(planned: &Planned, row: &PersonRow) -> Option<u32> {
    let active = planned.jira.account(row.account?).active();
    row.person
        .filter(|person| active && !planned.entra.person(*person).enabled())
}

/// The question of a row, and whether it is left alone.
pub(in crate::console) fn question(planned: &Planned, why: Why) -> Option<(Question, bool)> {
    let (plan, inputs) = (&planned.plan, planned.inputs());
    match why {
        Why::None => None,
        Why::Conflict(index) => {
            let conflict = plan.conflicts.get(index as usize)?;
            Some((conflict.question(&inputs), false))
        }
        Why::Skipped(index) => {
            let skipped = plan.skipped.get(index as usize)?;
            let LeftOut::LeftAlone(code) = skipped.why else {
                return None;
            };
            // Code and subject are enough to withdraw it.
            let id = skipped.entra_id(&inputs)?;
            Some((Question::new(code, id, []), true))
        }
    }
}

fn is_skipped_for(planned: &Planned, why: Why, code: LeftOut) -> bool {
    let Why::Skipped(index) = why else {
        return false;
    };
    let skipped = planned.plan.skipped.get(index as usize);
    skipped.is_some_and(|skipped| skipped.why == code)
}

/// Whether the admin said that the accounts in question are other people's.
pub(in crate::console) fn is_different(planned: &Planned, row: &PersonRow) -> bool {
    let different = &planned.known.decisions.different;
    is_skipped_for(planned, row.why, LeftOut::DifferentPerson)
        || (is_skipped_for(planned, row.why, LeftOut::FormerAddress)
            && row.person.is_some_and(|person| {
                let id = planned.entra.person(person).id();
                different.iter().any(|(person, _)| person.as_str() == id)
            }))
}

/// Whether somebody's account is linked anew to an object of theirs that is new in Entra.
pub(in crate::console) fn is_hired_again(planned: &Planned, why: Why) -> bool {
    is_skipped_for(planned, why, LeftOut::HiredAgain)
}

/// Whether a person's row was answered for good.
pub(in crate::console) fn is_person_answered(planned: &Planned, row: &PersonRow) -> bool {
    is_left_alone(planned, row)
        || is_different(planned, row)
        || question(planned, row.why).is_some_and(|(_, left)| left)
}

/// Whether a group's row was answered for good.
pub(in crate::console) fn is_group_answered(planned: &Planned, row: &GroupRow) -> bool {
    is_kept_apart(planned, row) || question(planned, row.why).is_some_and(|(_, left)| left)
}

/// Whether the admin keeps an Entra group apart from the Jira group of its name.
pub(in crate::console) fn is_kept_apart(planned: &Planned, row: &GroupRow) -> bool {
    let (Some(entra), None) = (row.entra, row.target) else {
        return false;
    };
    let apart = &planned.known.decisions.kept_apart;
    let entra = planned.entra.group(entra).id();
    apart.iter().any(|(id, _)| id.as_str() == entra)
}

/// Whether the admin said of an account on a standing list that it may stay as it is.
pub(in crate::console) fn is_left_alone(planned: &Planned, row: &PersonRow) -> bool {
    let decisions = &planned.known.decisions;
    row.account
        .is_some_and(|account| decisions.leaves_alone(planned.jira.account(account).id()))
}

/// Whether this is an active account on one of the tenant's domains that nobody in Entra stands
/// for.
pub(in crate::console) fn is_unknown(planned: &Planned, row: &PersonRow) -> bool {
    let (None, Some(account)) = (row.person, row.account) else {
        return false;
    };
    let account = planned.jira.account(account);
    let ours = account.email().rsplit_once('@').is_some_and(|(_, domain)| {
        let domain = fold(domain);
        let listed = planned.settings.scope.domains.iter();
        planned.entra.domains().binary_search(&domain).is_ok()
            || listed.map(|name| fold(name)).any(|name| name == domain)
    });
    account.active()
        && account.kind() == AccountKind::Person
        && ours
        && !is_left_alone(planned, row)
}

fn seats_of(planned: &Planned, account: u32) -> u64 {
    let jira = &planned.jira;
    let takes = |group: &String| {
        jira.find_group(group)
            .is_some_and(|row| jira.members().contains(row, account))
    };
    let products = jira.products().iter();
    products
        .filter(|product| product.groups.iter().any(takes))
        .count() as u64
}

fn overlap(planned: &Planned, target: u32) -> Overlap {
    let target = &planned.plan.targets[target as usize];
    let people = members_of(&planned.inputs(), target);
    let Some(row) = target.jira else {
        return Overlap::default();
    };
    let members = planned.jira.members();
    let shared = people.iter().filter(|(person, _)| {
        let account = planned.plan.recognition.account_of(*person);
        account.is_some_and(|account| members.contains(row, account))
    });
    Overlap {
        shared: shared.count() as u64,
        entra: people.len() as u64,
        jira: members.of(row).len() as u64,
    }
}

/// The name of an operation's person.
pub(in crate::console) fn name_of<'a>(planned: &'a Planned, op: &Operation) -> &'a str {
    op.person().map_or_else(
        || {
            op.account()
                .map_or("", |row| planned.jira.account(row).name())
        },
        |row| planned.entra.person(row).name(),
    )
}

/// The name of an operation's group.
pub(in crate::console) fn group_of<'a>(planned: &'a Planned, op: &Operation) -> &'a str {
    op.target().map_or("", |target| {
        planned.plan.targets[target as usize].name.as_str()
    })
}

/// A class of Jira groups in words.
pub(in crate::console) fn class_words(planned: &Planned, jira: u32) -> &'static str {
    match group_class(&planned.inputs(), jira) {
        GroupClass::Ordinary => "ordinary",
        GroupClass::Access => "gives access",
        GroupClass::Protected => "protected",
        GroupClass::External => "another system's",
    }
}

/// A reason in a few words, for a column.
pub(in crate::console) const fn short(reason: Reason) -> &'static str {
    match reason {
        Reason::NoAccount | Reason::NoAccountLookedUp | Reason::AccountGone => "create",
        Reason::NoGroup => "create group",
        Reason::Member => "member",
        Reason::NestedMember => "nested member",
        Reason::DefaultGroup => "default group",
        Reason::LeftGroup => "left the group",
        Reason::Disabled => "disabled",
        Reason::Deleted => "deleted",
        Reason::OutOfScope => "out of scope",
        Reason::LeaverDisabled | Reason::LeaverDeleted => "leaver",
        Reason::Returned => "is back",
        Reason::Undone => "undo",
    }
}
