//! Applying a plan: drives the executor, with the journal before and after each call.

use super::error::SyncError;
use super::planning::Planned;
use super::progress::Stage;
use super::session::Session;
use super::words::Problem;
use super::writes::{Attempt, Census, Job, look_up, write};
use crate::directory::{AccountId, GroupId, fold};
use crate::jira::{Jira, JiraError};
use crate::plan::{
    Counts, Effect, Executor, GuardName, Kind, Mode, Next, Operation, OperationRow, Outcome,
    Ownership, Step, TargetState, settings_digest,
};
use crate::store::{
    Entry, Finished, Journal, JournalOutcome, Learnt, LinkedHow, NewRun, RunKind, RunOutcome,
};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How many operations are under way at a time.
const AT_ONCE: usize = 48;
/// So many calls in a row that ended without an answer mean that the site is down.
const SILENCES: u32 = 12;

/// What is to be applied.
#[derive(Debug)]
pub struct ApplyRequest {
    /// Indices of the operations, none of which a guard holds.
    pub chosen: Vec<u32>,
    /// How many operations guards hold.
    pub held: u64,
    /// How many were cut out or are no longer needed.
    pub cut: u64,
    /// What kind of run it is.
    pub kind: RunKind,
}

/// An operation that failed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FailureRow {
    /// Operation id.
    pub operation: String,
    /// What it was, for people.
    #[serde(skip)]
    pub what: String,
    /// Status of the answer.
    pub status: Option<u16>,
    /// Code of the answer.
    pub code: Option<String>,
    /// What went wrong.
    pub message: String,
    /// What to do.
    pub advice: String,
    /// For support.
    pub request_id: Option<String>,
}

/// Requests of the whole session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Requests {
    /// To Entra.
    pub entra: u64,
    /// To Jira.
    pub jira: u64,
    /// Repetitions among them.
    pub retries: u64,
}

/// How a run ended.
#[derive(Debug)]
pub struct Applied {
    /// Its id.
    pub run_id: String,
    /// Outcome.
    pub outcome: RunOutcome,
    /// Counts.
    pub counts: Counts,
    /// What failed.
    pub failures: Vec<FailureRow>,
    /// What stopped the run, if something did.
    pub stopped_by: Option<Problem>,
    /// How long it took.
    pub seconds: f64,
}

impl Session {
    /// Requests so far.
    #[must_use]
    pub fn requests(&self) -> Requests {
        let (entra, jira) = (self.entra.counted(), self.jira.counted());
        Requests {
            entra: entra.requests,
            jira: jira.requests,
            retries: entra.retries + jira.retries,
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
    session.state.back_up()?;
    let digest = settings_digest(&planned.settings);
    let history = &planned.known.history;
    if session.mode == Mode::Attended || history.reviewed_settings.as_ref() == Some(&digest) {
        store_links(session, planned, request.kind)?;
    }
    let (number, run_id) = session.state.begin_run(&NewRun {
        kind: request.kind,
        plan_id: &planned.plan.id,
        host: &session.owner.host,
        person: &session.owner.person,
        allowances: &planned.allowances,
    })?;
    let journal = Journal::open(&session.state, number)?;
    let mut driver = Driver::new(session, planned, &journal, &request.chosen, begun);
    let result = driver.run().await;
    let (mut counts, failures) = (
        driver.executor.counts(),
        std::mem::take(&mut driver.failures),
    );
    let stopped_by = driver.stopped_by.take();
    let unwritable = std::mem::take(&mut driver.unwritable);
    let refused = std::mem::take(&mut driver.refused);
    journal.close()?;
    counts.held = request.held;
    counts.skipped += request.cut;
    for (address, message) in refused {
        session.state.note_refused(&address, &message, &digest)?;
    }
    for (group, message) in unwritable {
        session.state.note_unwritable(&group, &message)?;
    }
    let cancelled = session.cancel.is_cancelled();
    let outcome = if cancelled {
        RunOutcome::Cancelled
    } else if stopped_by.is_some() || result.is_err() {
        RunOutcome::Failed
    } else if counts.failed > 0 {
        RunOutcome::Partial
    } else if counts.held > 0 {
        RunOutcome::Held
    } else if counts.done + counts.already == 0 {
        RunOutcome::Nothing
    } else {
        RunOutcome::Applied
    };
    session.state.end_run(number, outcome, counts)?;
    result?;
    if session.mode == Mode::Attended
        && request.kind == RunKind::Attended
        && !matches!(outcome, RunOutcome::Cancelled | RunOutcome::Failed)
    {
        session.state.reviewed(&digest)?;
        if planned.plan.source_shrank && planned.allowances.names(GuardName::SourceShrank) {
            session.state.measure(planned.plan.measured)?;
        }
    }
    session.progress.now(Stage::Idle);
    Ok(Applied {
        run_id,
        outcome,
        counts,
        failures,
        stopped_by,
        seconds: begun.elapsed().as_secs_f64(),
    })
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
    for target in &planned.plan.targets {
        let Some(row) = target.jira else { continue };
        let ownership = match target.state {
            TargetState::Confirmed => Ownership::Confirmed,
            TargetState::Suggested if confirms => Ownership::Confirmed,
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

/// A step that ended.
struct Ended {
    step: Step,
    row: OperationRow,
    attempt: Attempt,
}

struct Driver<'a> {
    session: &'a Session,
    planned: &'a Planned,
    journal: &'a Journal,
    executor: Executor,
    census: Census<'a>,
    begun: Instant,
    total: u64,
    /// Accounts of people whom this run created, by person row.
    accounts: HashMap<u32, AccountId>,
    /// Groups that this run created, by target.
    groups: HashMap<u32, GroupId>,
    /// Operations with an unclear attempt behind them.
    unclear: HashMap<u32, JiraError>,
    failures: Vec<FailureRow>,
    unwritable: HashMap<GroupId, String>,
    /// Addresses for which Jira refused to create a person.
    refused: HashMap<String, String>,
    stopped_by: Option<Problem>,
    silences: u32,
    /// Whether this account is a site admin, once it was asked.
    admin: Option<bool>,
}

impl<'a> Driver<'a> {
    fn new(
        session: &'a Session,
        planned: &'a Planned,
        journal: &'a Journal,
        chosen: &[u32],
        begun: Instant,
    ) -> Self {
        Self {
            session,
            planned,
            journal,
            executor: Executor::new(&planned.plan, chosen),
            census: Census {
                planned,
                given: Arc::default(),
            },
            begun,
            total: chosen.len() as u64,
            accounts: HashMap::new(),
            groups: HashMap::new(),
            unclear: HashMap::new(),
            failures: Vec::new(),
            unwritable: HashMap::new(),
            refused: HashMap::new(),
            stopped_by: None,
            silences: 0,
            admin: None,
        }
    }

    fn now(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Runs to the end. After a cancellation nothing new is begun, and what is under way is waited
    /// for and journalled.
    async fn run(&mut self) -> Result<(), SyncError> {
        let cancel = self.session.cancel.clone();
        let mut under_way = FuturesUnordered::new();
        loop {
            if cancel.is_cancelled() {
                self.executor.stop();
            }
            let room = AT_ONCE.saturating_sub(under_way.len());
            let until = match self.executor.next(self.now(), room) {
                Next::Do(steps) => {
                    for step in steps {
                        let context = self.context(step);
                        under_way.push(self.one(step, context));
                    }
                    continue;
                }
                Next::Wait(until) => until.map(|at| self.begun + at),
                Next::Done => break,
            };
            let stopped = cancel.is_cancelled();
            tokio::select! {
                Some(ended) = under_way.next(), if !under_way.is_empty() => {
                    self.settle(ended?).await?;
                }
                () = tokio::time::sleep_until(until.unwrap_or(self.begun)), if until.is_some() => {}
                () = cancel.cancelled(), if !stopped => {}
                else => break,
            }
            self.session.progress.now(Stage::Applying {
                counts: self.executor.counts(),
                total: self.total,
            });
        }
        while let Some(ended) = under_way.next().await {
            self.settle(ended?).await?;
        }
        Ok(())
    }

    fn context(&self, step: Step) -> Context<'a> {
        Context {
            jira: &self.session.jira,
            journal: self.journal,
            job: self.job(step.operation),
            unclear: self.unclear.contains_key(&step.operation),
        }
    }

    fn operation(&self, index: u32) -> &'a Operation {
        &self.planned.plan.operations[index as usize]
    }

    /// The operation with the ids that it needs now; none if one of them is missing, which the
    /// executor's order rules out.
    fn job(&self, index: u32) -> Option<Job> {
        let op = self.operation(index);
        let inputs = self.planned.inputs();
        let target = op.target().map(|t| &self.planned.plan.targets[t as usize]);
        let group = || {
            let index = op.target()?;
            match target?.jira {
                Some(row) => Some(GroupId::new(self.planned.jira.group(row).id())),
                None => self.groups.get(&index).cloned(),
            }
        };
        let account = || match op.account() {
            Some(row) => Some(AccountId::new(self.planned.jira.account(row).id())),
            None => self.accounts.get(&op.person()?).cloned(),
        };
        Some(match op.kind {
            Kind::CreateUser => Job::CreateUser {
                email: crate::plan::address(
                    self.planned.entra.person(op.person()?),
                    &inputs.settings.provisioning.email_from,
                )?
                .to_owned(),
            },
            Kind::CreateGroup => Job::CreateGroup {
                name: target?.name.clone(),
                entra: target?
                    .entra
                    .iter()
                    .map(|row| self.planned.entra.group(*row).id().to_owned())
                    .collect(),
            },
            Kind::AddMember => Job::AddMember {
                group: group()?,
                account: account()?,
            },
            Kind::RemoveMember => Job::RemoveMember {
                group: group()?,
                account: account()?,
            },
        })
    }

    /// One step: intent on disk, then the call.
    fn one(
        &self,
        step: Step,
        context: Context<'a>,
    ) -> impl Future<Output = Result<Ended, SyncError>> + use<'a> {
        let row = {
            let mut row = self
                .planned
                .plan
                .row(&self.planned.inputs(), self.operation(step.operation));
            context.fill(&mut row);
            row
        };
        let census = self.census.clone();
        let products = &self.planned.settings.provisioning.products;
        async move {
            let Some(job) = context.job else {
                let attempt = Attempt::impossible();
                return Ok(Ended { step, row, attempt });
            };
            let jira = context.jira;
            let attempt = match step.effect {
                Effect::Write => {
                    context
                        .journal
                        .write(Entry::Intent(Box::new(row.clone())))
                        .await?;
                    write(jira, &row, &job, products, &census, context.unclear).await
                }
                Effect::LookUp => look_up(jira, &row, &job, &census).await,
            };
            Ok(Ended { step, row, attempt })
        }
    }

    /// Outcome on disk, then on to what depends on it.
    async fn settle(&mut self, ended: Ended) -> Result<(), SyncError> {
        let Ended {
            step,
            row,
            mut attempt,
        } = ended;
        if attempt.outcome == Outcome::GroupRefused && !self.is_still_admin(&attempt).await? {
            attempt.outcome = Outcome::Systemic;
        }
        let index = step.operation;
        let op = self.operation(index);
        if let Some(error) = &attempt.error {
            self.heard(error, attempt.outcome);
            if attempt.outcome == Outcome::Unclear {
                self.unclear.insert(index, error.clone());
            }
        } else {
            self.silences = 0;
        }
        if let (Some(account), Some(person)) = (&attempt.account, op.person()) {
            self.accounts.insert(person, account.clone());
        }
        if let (Some(group), Some(target)) = (&attempt.group, op.target()) {
            self.groups.insert(target, group.clone());
        }
        if attempt.outcome == Outcome::GroupRefused
            && let (Some(group), Some(finished)) = (&row.group, &attempt.finished)
            && let Some(id) = &group.group_id
        {
            let message = finished.message.clone().unwrap_or_default();
            self.unwritable.insert(GroupId::new(id), message);
        }
        if let Some(JiraError::Refused(refusal)) = &attempt.error
            && row.kind == Kind::CreateUser
            && refusal.status == 400
            && !refusal.is_about_licences()
            && let Some(email) = row.user.as_ref().and_then(|u| u.email.as_deref())
        {
            self.refused.insert(fold(email), refusal.message.clone());
        }
        let settled = self.executor.record(self.now(), index, attempt.outcome);
        if self.silences >= SILENCES {
            self.executor.stop();
        }
        if !settled {
            return Ok(());
        }
        let finished = attempt.finished.unwrap_or_else(|| self.never_clear(index));
        if finished.outcome == JournalOutcome::Failed {
            self.failures.push(failure(&row, &finished));
        }
        self.journal
            .write(Entry::Outcome(Box::new(row), Box::new(finished)))
            .await?;
        Ok(())
    }

    /// After a refusal of one group for lack of permission: whether it is only that group, or this
    /// account is no site admin any more.
    async fn is_still_admin(&mut self, attempt: &Attempt) -> Result<bool, SyncError> {
        let forbidden = attempt.error.as_ref().and_then(JiraError::refusal);
        if forbidden.is_none_or(|refusal| refusal.status != 403) {
            return Ok(true);
        }
        if self.admin.is_none() {
            self.admin = Some(self.session.jira.is_site_admin().await?);
        }
        Ok(self.admin == Some(true))
    }

    /// Counts calls that ended without an answer, and notes what stops the run.
    fn heard(&mut self, error: &JiraError, outcome: Outcome) {
        let silent =
            matches!(error, JiraError::Http(_)) || error.refusal().is_some_and(|r| r.status >= 500);
        if silent {
            self.silences += 1;
        } else {
            self.silences = 0;
        }
        let stops = outcome == Outcome::Systemic || self.silences >= SILENCES;
        if stops && self.stopped_by.is_none() {
            self.stopped_by = Some(Problem::from(error));
        }
    }

    /// An unclear creation that was looked up and repeated in vain.
    fn never_clear(&self, index: u32) -> Finished {
        let problem = self.unclear.get(&index).map(Problem::from);
        Finished {
            outcome: JournalOutcome::Failed,
            learnt: Learnt::Nothing,
            status: None,
            code: None,
            message: Some(problem.as_ref().map_or_else(
                || "Jira never confirmed it.".to_owned(),
                |p| format!("Jira never confirmed it. {}", p.message),
            )),
            advice: Some("Make a new plan: it shows whether it took place.".to_owned()),
            request_id: problem.and_then(|p| p.ids.get("request-id").cloned()),
        }
    }
}

/// What a step needs, apart from the driver that goes on meanwhile.
struct Context<'a> {
    jira: &'a Jira,
    journal: &'a Journal,
    job: Option<Job>,
    unclear: bool,
}

impl Context<'_> {
    /// Writes the ids that this run learnt into the row that the journal keeps.
    fn fill(&self, row: &mut OperationRow) {
        if let Some(Job::AddMember { group, account } | Job::RemoveMember { group, account }) =
            &self.job
        {
            if let Some(user) = &mut row.user {
                user.account_id = Some(account.as_str().to_owned());
            }
            if let Some(named) = &mut row.group {
                named.group_id = Some(group.as_str().to_owned());
            }
        }
    }
}

fn failure(row: &OperationRow, finished: &Finished) -> FailureRow {
    FailureRow {
        operation: row.id.as_str().to_owned(),
        what: describe(row),
        status: finished.status,
        code: finished.code.clone(),
        message: finished.message.clone().unwrap_or_default(),
        advice: finished.advice.clone().unwrap_or_default(),
        request_id: finished.request_id.clone(),
    }
}

fn describe(row: &OperationRow) -> String {
    let person = row.user.as_ref().map_or("", |u| u.name.as_str());
    let group = row.group.as_ref().map_or("", |g| g.name.as_str());
    match row.kind {
        Kind::CreateUser => format!("create {person}"),
        Kind::CreateGroup => format!("create group {group}"),
        Kind::AddMember => format!("add {person} to {group}"),
        Kind::RemoveMember => format!("remove {person} from {group}"),
    }
}
