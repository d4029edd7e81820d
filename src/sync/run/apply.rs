//! Applying a plan: a run, from its links to its outcome.

use super::applied::Applied;
use super::driver::Driver;
use super::lease::{hold_lease, renew_lease, rival};
use crate::plan::{
    Counts, GuardCount, GuardName, Kind, Mode, Ownership, Standing, TargetState, address,
    settings_digest,
};
use crate::store::{Journal, LinkedHow, NewRun, RunKind, RunOutcome};
use crate::sync::error::SyncError;
use crate::sync::planned::Planned;
use crate::sync::progress::Stage;
use crate::sync::read::jira::YOUNG;
use crate::sync::session::Session;
use std::collections::HashSet;
use tokio::time::Instant;

/// What is to be applied.
#[derive(Debug)]
pub struct ApplyRequest {
    /// Indices of the operations, none of which a guard holds.
    pub chosen: Vec<u32>,
    /// How many operations guards hold.
    pub held: u64,
    /// Guards that held some of them before this plan was narrowed to the rest.
    pub held_before: Vec<GuardCount>,
    /// How many were cut out or are no longer needed.
    pub cut: u64,
    /// What kind of run it is.
    pub kind: RunKind,
    /// The id of the plan that was reviewed, where that is an earlier one.
    pub reviewed: Option<String>,
    /// Whether it was asked, or does not matter, who else applies to the site.
    pub take_over: bool,
}

impl ApplyRequest {
    /// Everything in a plan that no guard holds.
    #[must_use]
    pub fn everything(planned: &Planned, kind: RunKind) -> Self {
        Self {
            chosen: planned.plan.free().map(|(index, _)| index).collect(),
            held: planned.plan.held() as u64,
            held_before: Vec::new(),
            cut: planned.plan.orphaned,
            kind,
            reviewed: None,
            take_over: false,
        }
    }
}

/// Applies the chosen operations of a plan.
pub async fn apply(
    session: &mut Session,
    planned: &Planned,
    request: ApplyRequest,
) -> Result<Applied, SyncError> {
    let begun = Instant::now();
    let writes = !request.chosen.is_empty();
    if writes
        && !request.take_over
        && let Some(rival) = rival(session).await?
    {
        return Err(SyncError::Leased(rival));
    }
    _ = session.state.back_up()?;
    let digest = settings_digest(&planned.settings);
    let history = &planned.known.history;
    let reviewed = history.reviewed_settings.as_ref() == Some(&digest);
    if request.kind != RunKind::Undo && (session.mode == Mode::Attended || reviewed) {
        store_links(session, planned, request.kind)?;
    }
    let mut guards = planned.plan.guards.clone();
    for before in &request.held_before {
        if guards.iter().all(|guard| guard.name != before.name) {
            guards.push(*before);
        }
    }
    let (number, run_id) = session.state.begin_run(&NewRun {
        kind: request.kind,
        plan_id: request.reviewed.as_deref().unwrap_or(&planned.plan.id),
        guards: &guards,
        host: &session.owner.host,
        person: &session.owner.person,
        allowances: &planned.allowances,
        undoes: planned
            .undo
            .as_ref()
            .filter(|_| writes)
            .map(|undo| undo.run_id.as_str()),
    })?;
    if writes {
        hold_lease(session, true).await;
    }
    let journal = Journal::open(&session.state, number)?;
    let young = session.state.young_links(YOUNG)?;
    let young = young.iter();
    let young = young.filter_map(|link| planned.jira.find_account(link.account.as_str()));
    let young = young.collect();
    let mut driver = Driver::new(session, planned, &journal, &request.chosen, &young, begun);
    let result = tokio::select! {
        result = driver.run() => result,
        () = renew_lease(session, ) => Ok(()),
    };
    let (mut counts, failures) = (
        driver.executor.counts(),
        std::mem::take(&mut driver.failures),
    );
    let stopped_by = driver.stopped_by.take();
    let unwritable = std::mem::take(&mut driver.unwritable);
    let refused = std::mem::take(&mut driver.refused);
    let unknown = std::mem::take(&mut driver.unknown);
    drop(driver);
    journal.close()?;
    if writes {
        hold_lease(session, false).await;
    }
    counts.held = request.held;
    counts.skipped += request.cut;
    let state = &session.state;
    for (address, message) in refused {
        state.note_refused(&address, &message, &digest)?;
    }
    for account in unknown {
        state.doubt_account(&account)?;
    }
    for (group, message) in unwritable {
        state.note_unwritable(&group, &message)?;
    }
    let outcome = if session.cancel.is_cancelled() {
        RunOutcome::Cancelled
    } else if stopped_by.is_some() || result.is_err() {
        RunOutcome::Failed
    } else {
        let alarmed = guards.iter().any(|guard| guard.count == 0);
        outcome_of(counts, alarmed)
    };
    session.state.end_run(number, outcome, counts)?;
    result?;
    if !matches!(outcome, RunOutcome::Cancelled | RunOutcome::Failed) {
        ended_well(session, planned, request.kind, &digest)?;
    }
    session.progress.now(Stage::Idle);
    Ok(Applied {
        run_id,
        plan_id: request.reviewed.unwrap_or_else(|| planned.plan.id.clone()),
        outcome,
        counts,
        failures,
        stopped_by,
        seconds: session.begun.elapsed().as_secs_f64(),
    })
}

/// How a run that nothing stopped ended; `alarmed` if a guard tripped that has nothing to hold.
const fn outcome_of(counts: Counts, alarmed: bool) -> RunOutcome {
    if counts.failed > 0 {
        RunOutcome::Partial
    } else if counts.held > 0 || alarmed {
        RunOutcome::Held
    } else if counts.done + counts.already == 0 {
        RunOutcome::Nothing
    } else {
        RunOutcome::Applied
    }
}

/// Keeps what a run proves that went to its end: who takes part, and that a person has seen these
/// settings at work.
fn ended_well(
    session: &mut Session,
    planned: &Planned,
    kind: RunKind,
    digest: &str,
) -> Result<(), SyncError> {
    if kind == RunKind::Undo {
        return Ok(());
    }
    let (entra, recognition) = (&planned.entra, &planned.plan.recognition);
    session.state.enrol(|id| {
        let row = entra.find_person(id);
        let row = row.filter(|row| recognition.standing(*row) == Standing::InScope)?;
        let address = address(entra.person(row), &planned.settings.provisioning.email_from);
        Some(address.unwrap_or_default().to_owned())
    })?;
    let whole = entra.users.is_whole() && planned.jira.is_whole();
    if session.mode == Mode::Attended && kind == RunKind::Attended && planned.retries.is_none() {
        if whole {
            session.state.reviewed(digest)?;
        } else if planned.known.history.reviewed_settings.as_deref() != Some(digest) {
            session.progress.note(
                "One side was not read to its end, so that this plan did not show everything: nothing is applied unattended until a whole one was reviewed."
                    .to_owned(),
            );
        }
        if planned.plan.source_shrank && planned.allowances.names(GuardName::SourceShrank) {
            session.state.measure(planned.plan.measured)?;
        }
    }
    Ok(())
}

/// Stores what the plan recognised: people, groups named explicitly, and, where the admin allowed
/// it, groups of the same name. Links write nothing to Jira.
fn store_links(session: &Session, planned: &Planned, kind: RunKind) -> Result<(), SyncError> {
    let (entra, jira) = (&planned.entra, &planned.jira);
    for link in &planned.plan.new_links {
        let (person, account) = (entra.person(link.person), jira.account(link.account));
        session.state.link_person(
            person.id(),
            account.id(),
            LinkedHow::from_match(link.how),
            account.email(),
            person.name(),
        )?;
    }
    if kind == RunKind::Adopt {
        return Ok(());
    }
    let confirms = planned.allowances.names(GuardName::UnconfirmedGroups);
    // Only what this plan shows is confirmed by it.
    let shown: HashSet<u32> = planned
        .plan
        .operations
        .iter()
        .filter(|op| op.kind == Kind::AddMember)
        .filter_map(crate::plan::Operation::target)
        .collect();
    for (index, target) in (0u32..).zip(&planned.plan.targets) {
        let Some(row) = target.jira else { continue };
        let ownership = match target.state {
            TargetState::Confirmed => Ownership::Confirmed,
            TargetState::Suggested if confirms && shown.contains(&index) => Ownership::Confirmed,
            TargetState::Owned => Ownership::Owned,
            TargetState::New | TargetState::Suggested => continue,
        };
        for group in &target.entra {
            session
                .state
                .link_group(entra.group(*group).id(), jira.group(row).id(), ownership)?;
        }
    }
    Ok(())
}
