//! From two snapshots to a plan: the stages, in their order.

use super::conflict::Subject;
use super::doubts::doubts;
use super::draft::Draft;
use super::groups::targets;
use super::guards;
use super::identity;
use super::inputs::Inputs;
use super::known::Measured;
use super::left_out::{About, LeftOut};
use super::matching::{Ambiguity, Matched, Recognition, recognise};
use super::memberships::memberships;
use super::operation::Kind;
use super::plan::{NewLink, PeopleCounts, Plan};
use super::question::QuestionCode;
use super::scope::{Standing, standings};
use super::target::TargetState;
use hashbrown::HashSet;

/// Works out a plan.
#[must_use]
pub fn make(inputs: &Inputs<'_>) -> Plan {
    let standing = standings(inputs.entra, inputs.settings, &inputs.known.pins);
    let matching = recognise(
        inputs.entra,
        inputs.jira,
        inputs.known,
        inputs.settings,
        &standing,
    );
    let found = targets(inputs);
    let mut draft = Draft {
        inputs,
        standing,
        matching,
        creating: HashSet::new(),
        restoring: HashSet::new(),
        targets: found.list,
        operations: Vec::new(),
        aside: found.aside,
        unverified: HashSet::new(),
        measured: Measured::default(),
        with_account: 0,
        doubts: Vec::new(),
        orphaned: 0,
    };
    draft.people();
    draft.identities();
    draft.groups();
    memberships(&mut draft);
    match inputs.undo {
        Some(undo) => draft.undo(undo),
        None => draft.decided(),
    }
    finish(draft)
}

/// What becomes of the people in scope.
fn people_counts(draft: &Draft<'_>) -> PeopleCounts {
    let in_conflict = draft
        .aside
        .conflicts
        .iter()
        .filter(|conflict| {
            conflict.kind == Subject::Person
                && draft.standing[conflict.row as usize] == Standing::InScope
        })
        .count() as u64;
    let created = draft.creating.len() as u64;
    PeopleCounts {
        in_scope: draft.measured.users,
        with_account: draft.with_account,
        created,
        in_conflict,
        without: draft
            .measured
            .users
            .saturating_sub(draft.with_account + created + in_conflict),
    }
}

/// People for whom a look-up found accounts that the admin has to confirm.
fn to_confirm(draft: &Draft<'_>) -> HashSet<u32> {
    let ambiguous = draft.matching.ambiguous.iter();
    let mut people: HashSet<u32> = ambiguous
        .filter(|(_, ambiguity)| matches!(ambiguity, Ambiguity::Confirm(_)))
        .map(|(person, _)| *person)
        .collect();
    if !people.is_empty() && !draft.inputs.known.decisions.left_alone.is_empty() {
        let alone = LeftOut::LeftAlone(QuestionCode::SamePerson);
        for skipped in draft.aside.skipped.iter().filter(|row| row.why == alone) {
            if let About::Person(row) = skipped.about {
                people.remove(&row);
            }
        }
    }
    people
}

fn finish(mut draft: Draft<'_>) -> Plan {
    let inputs = draft.inputs;
    let id = identity::plan_id(inputs, &draft.matching, &draft.targets, &draft.operations);
    let people = people_counts(&draft);
    draft.narrow();
    let created = draft
        .operations
        .iter()
        .filter(|op| op.kind == Kind::CreateUser);
    draft.creating = created.map(|op| op.person).collect();
    draft.doubts = doubts(inputs, &draft.aside.skipped);
    let guards::Holding {
        guards,
        seats,
        source_shrank,
    } = guards::hold(&mut draft);
    let unverified = draft
        .unverified
        .iter()
        .filter(|row| draft.creating.contains(*row))
        .count() as u64;
    let new_links: Vec<NewLink> = (0u32..)
        .zip(&draft.matching.how)
        .filter_map(|(person, how)| match how {
            Some(how) if *how != Matched::Link => Some(NewLink {
                person,
                account: draft.matching.account_of[person as usize],
                how: *how,
            }),
            _ => None,
        })
        .collect();
    let confirm = to_confirm(&draft);
    let people_linked = draft.matching.how.iter().flatten().count() as u64;
    let count = |suggested: bool| {
        draft
            .targets
            .iter()
            .filter(|t| t.jira.is_some() && (t.state == TargetState::Suggested) == suggested)
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
            standing: draft.standing,
            account_of: draft.matching.account_of,
            person_of: draft.matching.person_of,
            confirm,
            hidden_left: draft.matching.hidden_left as u64,
        },
        measured: draft.measured,
        orphaned: draft.orphaned,
        conflicts: draft.aside.conflicts,
        skipped: draft.aside.skipped,
        doubts: draft.doubts,
        operations: draft.operations,
        targets: draft.targets,
    }
}
