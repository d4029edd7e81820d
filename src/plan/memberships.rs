//! Memberships: who is missing from a group, who has to leave it.

use super::draft::Draft;
use super::guards::Held;
use super::left_out::{About, LeftOut};
use super::operation::{Kind, NONE, Operation};
use super::reason::Reason;
use super::scope::Standing;
use super::settings::OutOfScope;
use super::target::{TargetState, belonging, class};
use crate::directory::{AccountKind, EntraId, GroupClass, GroupId, fold};
use hashbrown::HashMap;

/// Adds the operations on memberships: all additions, then all removals.
pub(super) fn memberships(draft: &mut Draft<'_>) {
    let mut removals = Vec::new();
    let admins_known = draft.admins_known();
    let mut wanted = Wanted::default();
    for index in 0..draft.targets.len() as u32 {
        wanted.collect(draft, index);
        if draft.inputs.settings.provisioning.sync_memberships {
            additions(draft, index, &wanted);
            if admins_known {
                removed(draft, index, &wanted, &mut removals);
            } else if draft.targets[index as usize].state == TargetState::Owned {
                let about = About::target(draft.inputs, &draft.targets[index as usize]);
                draft.skip(about, LeftOut::NobodyRemoved);
            }
        }
    }
    default_groups(draft);
    draft.give_back();
    draft.leave(&mut removals);
    draft.operations.append(&mut removals);
}

/// Who belongs in one group, kept between groups to reuse its memory.
#[derive(Default)]
struct Wanted {
    /// Account rows, sorted, each with its person and whether a nested group brings them.
    accounts: Vec<(u32, u32, bool)>,
    /// People whom this plan creates.
    created: Vec<(u32, bool)>,
}

impl Wanted {
    fn collect(&mut self, draft: &mut Draft<'_>, index: u32) {
        self.accounts.clear();
        self.created.clear();
        let people = belonging(draft.inputs, &draft.targets[index as usize]).people;
        for (person, nested) in people {
            if draft.standing[person as usize] != Standing::InScope {
                continue;
            }
            draft.measured.memberships += 1;
            let account = draft.matching.account_of[person as usize];
            if account != NONE {
                self.accounts.push((account, person, nested));
            } else if draft.creating.contains(&person) {
                self.created.push((person, nested));
            }
        }
        self.accounts.sort_unstable();
    }
}

fn reason(nested: bool) -> Reason {
    if nested {
        Reason::NestedMember
    } else {
        Reason::Member
    }
}

fn additions(draft: &mut Draft<'_>, index: u32, wanted: &Wanted) {
    let target = &draft.targets[index as usize];
    let jira = draft.inputs.jira;
    let add = |person, account, reason| Operation {
        kind: Kind::AddMember,
        reason,
        held: Held::default(),
        person,
        account,
        target: index,
    };
    let current: &[u32] = match target.jira {
        None if !jira.group_list.is_whole() => return,
        None => &[],
        Some(row) if !jira.group(row).read() => {
            let about = About::target(draft.inputs, target);
            draft.skip(about, LeftOut::MembersUnread);
            return;
        }
        Some(row) => jira.members().of(row),
    };
    // Both are sorted by account.
    let mut current = current.iter().peekable();
    for &(account, person, nested) in &wanted.accounts {
        while current.next_if(|member| **member < account).is_some() {}
        if current.peek() != Some(&&account) && draft.is_active(account) {
            draft.operations.push(add(person, account, reason(nested)));
        }
    }
    for &(person, nested) in &wanted.created {
        draft.operations.push(add(person, NONE, reason(nested)));
    }
}

/// Removals from an owned group. They touch linked accounts of people only, and nobody whom an
/// incomplete listing may merely have left out.
fn removed(draft: &Draft<'_>, index: u32, wanted: &Wanted, removals: &mut Vec<Operation>) {
    let target = &draft.targets[index as usize];
    let inputs = draft.inputs;
    let Some(row) = target.jira else { return };
    if target.state != TargetState::Owned
        || !target.known
        || !inputs.entra.users.is_whole()
        || !inputs.jira.group(row).read()
    {
        return;
    }
    let mut belong = wanted.accounts.iter().peekable();
    for &account in inputs.jira.members().of(row) {
        while belong.next_if(|entry| entry.0 < account).is_some() {}
        if belong.peek().is_some_and(|entry| entry.0 == account) {
            continue;
        }
        let found = inputs.jira.account(account);
        // Accounts that Rollbook suspended are removed too. Otherwise, suspending one while its removal
        // is held would drop that removal from the plan.
        let touched = draft.is_active(account) || draft.is_suspended(account);
        if found.kind() != AccountKind::Person || !touched {
            continue;
        }
        let person = draft.matching.person_of[account as usize];
        let reason = if person == NONE {
            if !draft.matching.orphaned.contains(&account) {
                continue;
            }
            Reason::Deleted
        } else {
            match draft.standing[person as usize] {
                Standing::InScope => Reason::LeftGroup,
                Standing::Disabled => Reason::Disabled,
                _ if inputs.settings.provisioning.out_of_scope == OutOfScope::Remove => {
                    Reason::OutOfScope
                }
                _ => continue,
            }
        };
        // Skips accounts that the admin chose to leave alone.
        let gone = matches!(reason, Reason::Disabled | Reason::Deleted);
        if gone && inputs.known.decisions.leaves_alone(found.id()) {
            continue;
        }
        removals.push(Operation {
            kind: Kind::RemoveMember,
            reason,
            held: Held::default(),
            person,
            account,
            target: index,
        });
    }
}

/// Default groups, once for everyone whom Rollbook created or creates now. They stand among the
/// targets with no Entra group behind them.
fn default_groups(draft: &mut Draft<'_>) {
    let names = &draft.inputs.settings.provisioning.default_groups;
    let mut people: Vec<u32> = draft.creating.iter().copied().collect();
    for person in &draft.inputs.known.created {
        let row = draft.inputs.entra.find_person(person.as_str());
        people.extend(row.filter(|row| {
            let account = draft.matching.account_of[*row as usize];
            account != NONE
                && draft.standing[*row as usize] == Standing::InScope
                && draft.is_active(account)
        }));
    }
    people.sort_unstable();
    if !draft.inputs.settings.provisioning.import_users || names.is_empty() || people.is_empty() {
        return;
    }
    let jira = draft.inputs.jira;
    let by_name: HashMap<String, u32> = jira
        .iter_groups()
        .map(|(row, group)| (fold(group.name()), row))
        .collect();
    for (place, name) in (0u32..).zip(names) {
        let about = About::DefaultGroup(place);
        let row = by_name.get(&fold(name)).copied();
        let usable = row.filter(|row| {
            matches!(
                class(draft.inputs, *row),
                GroupClass::Ordinary | GroupClass::Access
            )
        });
        let Some(row) = usable.filter(|row| jira.group(*row).read()) else {
            draft.skip(about, LeftOut::DefaultGroupUnusable);
            continue;
        };
        let index = draft.target_of(row);
        if draft.targets[index as usize].state == TargetState::Owned {
            draft.skip(about, LeftOut::DefaultGroupMirrored);
            continue;
        }
        let already: hashbrown::HashSet<u32> = draft
            .operations
            .iter()
            .filter(|op| op.kind == Kind::AddMember && op.target == index)
            .map(|op| op.person)
            .collect();
        let group = GroupId::new(jira.group(row).id());
        for &person in people.iter().filter(|p| !already.contains(*p)) {
            let account = draft.matching.account_of[person as usize];
            let id = EntraId::new(draft.inputs.entra.person(person).id());
            if draft
                .inputs
                .known
                .defaults_given
                .contains(&(id, group.clone()))
                || (account != NONE && jira.members().contains(row, account))
            {
                continue;
            }
            draft.operations.push(Operation {
                kind: Kind::AddMember,
                reason: Reason::DefaultGroup,
                held: Held::default(),
                person,
                account,
                target: index,
            });
        }
    }
}
