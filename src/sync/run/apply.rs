//! Applying a plan: a run, from its links to its outcome.

use super::decided::take_in_decisions;
use super::driver::{Driver, Unwritable};
use super::lease::{hold_lease, renew_lease, rival};
use super::report::{FailureRow, Report};
use super::request::ApplyRequest;
use crate::directory::{EntraId, GroupClass, GroupId};
use crate::plan::{
    Counts, GroupLink, GuardName, Kind, LeftOut, Mode, Operation, Ownership, Standing, TargetState,
    address, group_class, settings_digest,
};
use crate::store::{Journal, LinkedHow, NewRun, PersonLink, RunKind, RunOutcome, State};
use crate::sync::error::SyncError;
use crate::sync::planned::Planned;
use crate::sync::problem::Problem;
use crate::sync::progress::Stage;
use crate::sync::read::jira::YOUNG;
use crate::sync::session::Session;
use crate::text::escape;
use std::collections::{HashMap, HashSet};
use tokio::time::Instant;

/// Applies the chosen operations of a plan. Decisions are read when the run begins, and once more where
/// somebody stored one while the lease was taken: right before the first write.
pub(super) async fn apply(
    session: &mut Session,
    planned: &mut Planned,
    mut request: ApplyRequest,
) -> Result<Report, SyncError> {
    let begun = Instant::now();
    if !request.chosen.is_empty()
        && !request.take_over
        && let Some(rival) = rival(session).await?
    {
        return Err(SyncError::Leased(rival));
    }
    let digest = settings_digest(&planned.settings);
    let (number, run_id) = begin(session, planned, &mut request, &digest)?;
    let writes = !request.chosen.is_empty();
    if writes {
        let begun_with = session.state.version()?;
        hold_lease(session, true).await;
        if session.state.version()? != begun_with {
            take_in_decisions(session, planned, &mut request)?;
        }
    }
    let driven = drive(session, planned, number, &request.chosen, begun).await;
    if writes {
        hold_lease(session, false).await;
    }
    let mut driven = driven?;
    driven.counts.held = request.holding.count();
    driven.counts.skipped += request.cut;
    driven.learn(&session.state, &digest)?;
    let outcome = if session.cancel.is_cancelled() {
        RunOutcome::Cancelled
    } else if driven.stopped_by.is_some() || driven.result.is_err() {
        RunOutcome::Failed
    } else {
        let guards = request.holding.guards();
        let alarmed = guards.iter().any(|guard| guard.count == 0);
        outcome_of(driven.counts, alarmed)
    };
    session.state.end_run(number, outcome, driven.counts)?;
    if session.mode == Mode::Attended {
        session.state.measure_rates(number)?;
    }
    driven.result?;
    if !matches!(outcome, RunOutcome::Cancelled | RunOutcome::Failed) {
        ended_well(session, planned, request.kind, &digest)?;
    }
    session.progress.now(Stage::Idle);
    Ok(Report {
        run_id: Some(run_id),
        plan_id: request.plan_id,
        kind: request.kind,
        outcome,
        counts: driven.counts,
        failures: driven.failures,
        guards: request.holding.guards().to_vec(),
        complete: planned.complete(),
        doubts: planned.doubts(),
        stopped_by: driven.stopped_by,
        requests: session.requests(),
        seconds: session.worked().as_secs_f64(),
    })
}

/// Backs the state up, takes decisions in, stores what the plan recognised, and writes down that the run
/// begins.
fn begin(
    session: &Session,
    planned: &mut Planned,
    request: &mut ApplyRequest,
    digest: &str,
) -> Result<(i64, String), SyncError> {
    _ = session.state.back_up()?;
    take_in_decisions(session, planned, request)?;
    if let Some(adoption) = &request.adoption {
        session.state.record(&adoption.decisions())?;
    }
    let history = &planned.known.history;
    let reviewed = history.reviewed_settings.as_deref() == Some(digest);
    if request.kind != RunKind::Undo && (session.mode == Mode::Attended || reviewed) {
        store_links(session, planned, request.kind)?;
    }
    let undo = planned.undo.as_ref();
    let undo = undo.filter(|_| !request.chosen.is_empty());
    Ok(session.state.begin_run(&NewRun {
        kind: request.kind,
        plan_id: &request.plan_id,
        guards: request.holding.guards(),
        host: &session.owner.host,
        person: &session.owner.person,
        allowances: &planned.allowances,
        undoes: undo.map(|undo| undo.run_id.as_str()),
    })?)
}

/// What came of the operations.
struct Driven {
    counts: Counts,
    failures: Vec<FailureRow>,
    stopped_by: Option<Problem>,
    unwritable: HashMap<GroupId, Unwritable>,
    refused: HashMap<String, String>,
    unknown: Vec<String>,
    /// Whether the journal could be written.
    result: Result<(), SyncError>,
}

impl Driven {
    /// Notes what refused, so that it is left alone for a while.
    fn learn(&mut self, state: &State, digest: &str) -> Result<(), SyncError> {
        for (address, message) in self.refused.drain() {
            state.note_refused(&address, &message, digest)?;
        }
        for account in self.unknown.drain(..) {
            state.doubt_account(&account)?;
        }
        // Several groups that may not be written are a right that is missing.
        let forbidden = self.unwritable.values().filter(|group| group.forbidden);
        let right_is_missing = forbidden.count() > 1;
        for (id, group) in self.unwritable.drain() {
            if !(group.forbidden && right_is_missing) {
                state.note_unwritable(&id, &group.message)?;
            }
        }
        Ok(())
    }
}

/// Carries the operations out, each with its intent and its outcome in the journal.
async fn drive(
    session: &Session,
    planned: &Planned,
    number: i64,
    chosen: &[u32],
    begun: Instant,
) -> Result<Driven, SyncError> {
    let journal = Journal::open(&session.state, number)?;
    let young = session.state.young_links(YOUNG)?;
    let young = young.iter();
    let young = young.filter_map(|link| planned.jira.find_account(link.account.as_str()));
    let young = young.collect();
    let mut driver = Driver::new(session, planned, &journal, chosen, &young, begun);
    let result = tokio::select! {
        result = driver.run() => result,
        () = renew_lease(session) => Ok(()),
    };
    let driven = Driven {
        counts: driver.executor.counts(),
        failures: std::mem::take(&mut driver.failures),
        stopped_by: driver.stopped_by.take(),
        unwritable: std::mem::take(&mut driver.unwritable),
        refused: std::mem::take(&mut driver.refused),
        unknown: std::mem::take(&mut driver.unknown),
        result,
    };
    drop(driver);
    journal.close()?;
    Ok(driven)
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
    let known = planned.known.history.reviewed_settings.as_deref() == Some(digest);
    let reviews =
        session.mode == Mode::Attended && kind == RunKind::Attended && planned.retries.is_none();
    if whole && (reviews || known) {
        let pins = planned.known.pins.made(entra, &planned.settings);
        session.state.pin_groups(&pins)?;
    }
    if reviews {
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
    for told in planned
        .plan
        .skipped
        .iter()
        .filter(|row| row.why == LeftOut::HiredAgain)
    {
        let inputs = planned.inputs();
        let name = told.name(&inputs);
        session
            .progress
            .note(format!("{}: {}.", escape(&name), told.words(&inputs)));
    }
    let people = planned.plan.new_links.iter().map(|link| {
        let (person, account) = (entra.person(link.person), jira.account(link.account));
        PersonLink {
            entra: person.id(),
            account: account.id(),
            how: LinkedHow::from_match(link.how),
            email: account.email(),
            name: person.name(),
        }
    });
    let groups = if kind == RunKind::Adopt {
        Vec::new()
    } else {
        recognised_groups(planned)
    };
    Ok(session.state.link_recognised(people, groups)?)
}

fn recognised_groups(planned: &Planned) -> Vec<GroupLink> {
    let confirms = planned.allowances.names(GuardName::UnconfirmedGroups);
    // Only what this plan shows is confirmed by it.
    let additions = planned.plan.operations.iter();
    let shown: HashSet<u32> = additions
        .filter(|op| op.kind == Kind::AddMember)
        .filter_map(Operation::target)
        .collect();
    let mut links = Vec::new();
    for (index, target) in (0u32..).zip(&planned.plan.targets) {
        let Some(row) = target.jira else { continue };
        let ownership = match target.state {
            TargetState::Confirmed => Ownership::Confirmed,
            // One that gives access is confirmed by its typed name alone.
            TargetState::Suggested
                if confirms
                    && shown.contains(&index)
                    && group_class(&planned.inputs(), row) != GroupClass::Access =>
            {
                Ownership::Confirmed
            }
            TargetState::Owned => Ownership::Owned,
            TargetState::New | TargetState::Suggested => continue,
        };
        links.extend(target.entra.iter().map(|group| GroupLink {
            entra: EntraId::new(planned.entra.group(*group).id()),
            group: GroupId::new(planned.jira.group(row).id()),
            ownership,
        }));
    }
    links
}
