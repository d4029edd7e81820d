//! What edited settings would do, by the snapshot at hand.

use super::planned::Planned;
use crate::directory::{AccountKind, fold};
use crate::plan::{
    self, Allowances, Decisions, Inputs, LeftOut, Selection, Settings, Standing, Summary, Unclear,
    unclear_scope,
};
use hashbrown::HashSet;

/// What edited settings would do, by the snapshot at hand.
#[derive(Debug, Clone, Default)]
pub struct WhatIf {
    /// Operations by kind, with the settings as they are edited.
    pub counts: Summary,
    /// The same with all three toggles on.
    pub all_on: Summary,
    /// How many of them guards hold.
    pub held: u64,
    /// Conflicts.
    pub conflicts: u64,
    /// People to be created who were never looked up.
    pub unverified: u64,
    /// People and groups in scope.
    pub in_scope: (u64, u64),
    /// Names of some people who leave the scope.
    pub leaves: Vec<String>,
    /// How many leave it.
    pub leave: u64,
    /// What settings name that can't be used.
    pub notes: Vec<String>,
    /// How many of those who leave the scope are Jira administrators.
    pub admins: u64,
    /// How many people come into scope, and groups, against the plan on screen.
    pub enters: u64,
    /// Visible addresses in Jira that each source of addresses matches: mail, sign-in name.
    pub matches: [u64; 2],
}

/// How many names are shown of those who leave the scope.
const NAMES: usize = 5;

/// Plans with other settings. Nothing is read again.
pub fn what_if(
    planned: &Planned,
    decisions: &Decisions,
    settings: &Settings,
) -> Result<WhatIf, Unclear> {
    let mut known = planned.known.clone();
    known.decisions.operations.clone_from(&decisions.operations);
    if let Some(why) = unclear_scope(&planned.entra, settings, &planned.known.pins) {
        return Err(why);
    }
    let allowances = Allowances::default();
    let inputs = Inputs {
        entra: &planned.entra,
        jira: &planned.jira,
        known: &known,
        settings,
        today: planned.today,
        mode: plan::Mode::Attended,
        allowances: &allowances,
        selection: &Selection::Everything,
        undo: None,
    };
    let drafted = plan::make(&inputs);
    let mut on = settings.clone();
    let toggles = &mut on.provisioning;
    let all = toggles.import_users && toggles.import_groups && toggles.sync_memberships;
    (
        toggles.import_users,
        toggles.import_groups,
        toggles.sync_memberships,
    ) = (true, true, true);
    let all_on = if all {
        drafted.summary()
    } else {
        let settings = &on;
        plan::make(&Inputs { settings, ..inputs }).summary()
    };
    let mut answer = WhatIf {
        counts: drafted.summary(),
        all_on,
        held: drafted.held() as u64,
        conflicts: drafted.conflicts.len() as u64,
        unverified: drafted.unverified,
        in_scope: (drafted.measured.users, drafted.measured.groups),
        matches: matches(planned),
        ..WhatIf::default()
    };
    let (before, after) = (&planned.plan.recognition, &drafted.recognition);
    for (row, person) in planned.entra.iter_people() {
        let was = before.standing(row) == Standing::InScope;
        let is = after.standing(row) == Standing::InScope;
        if is && !was {
            answer.enters += 1;
        } else if was && !is {
            if let Some(account) = after.account_of(row)
                && planned.jira.is_admin(account)
            {
                answer.admins += 1;
            }
            answer.leaves.push(person.name().to_owned());
        }
    }
    answer.leave = answer.leaves.len() as u64;
    answer.leaves.truncate(NAMES);
    for skipped in &drafted.skipped {
        let about_default = matches!(
            skipped.why,
            LeftOut::DefaultGroupUnusable | LeftOut::DefaultGroupMirrored
        );
        if about_default {
            let (name, words) = (skipped.name(&inputs), skipped.words(&inputs));
            answer.notes.push(format!("“{name}”: {words}."));
        }
    }
    Ok(answer)
}

/// How many of Jira's visible addresses each source of addresses matches.
fn matches(planned: &Planned) -> [u64; 2] {
    let visible: HashSet<String> = planned
        .jira
        .iter_accounts()
        .filter(|(_, account)| account.kind() == AccountKind::Person)
        .filter(|(_, account)| !account.email().is_empty())
        .map(|(_, account)| fold(account.email()))
        .collect();
    let mut found = [0, 0];
    for (_, person) in planned.entra.iter_people() {
        found[0] += u64::from(visible.contains(&fold(person.mail())));
        found[1] += u64::from(visible.contains(&fold(person.upn())));
    }
    found
}
