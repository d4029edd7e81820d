//! Driving the executor: the journal before and after each call.

use super::context::{Census, Job, Reach, reach};
use super::inverse::taken_back;
use super::invitations::{Invitee, Resources, invite};
use super::outcome::Attempt;
use super::report::FailureRow;
use super::writes::{look_up, write};
use crate::directory::{AccountId, GroupId, fold};
use crate::jira::{INVITED_AT_ONCE, JiraError};
use crate::plan::{
    Effect, Executor, Kind, Next, Operation, OperationId, OperationRow, Outcome, Reason, Step,
    TargetState,
};
use crate::store::{Entry, Finished, Journal, JournalOutcome, Learnt, Note};
use crate::sync::error::SyncError;
use crate::sync::planned::Planned;
use crate::sync::problem::Problem;
use crate::sync::progress::Stage;
use crate::sync::session::Session;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use hashbrown::HashSet;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;
use tokio::time::Instant;

/// How many operations are under way at a time, of all kinds.
const AT_ONCE: usize = 128;
/// So many calls in a row that ended without an answer mean that the site is down.
const SILENCES: u32 = 12;

/// A group that refused a write.
pub(super) struct Unwritable {
    /// What the answer says, in words.
    pub(super) message: String,
    /// Whether a right was missing, by the status.
    pub(super) forbidden: bool,
}

/// A step that ended.
struct Ended {
    step: Step,
    row: OperationRow,
    attempt: Attempt,
}

pub(super) struct Driver<'a> {
    session: &'a Session,
    planned: &'a Planned,
    journal: &'a Journal,
    pub(super) executor: Executor,
    census: Census<'a>,
    begun: Instant,
    total: u64,
    /// Accounts of people whom this run created, by person row.
    accounts: HashMap<u32, AccountId>,
    /// Groups that this run created, by target.
    groups: HashMap<u32, GroupId>,
    /// Operations with an unclear attempt behind them.
    unclear: HashMap<u32, JiraError>,
    /// What each operation of an undo takes back.
    taken_back: hashbrown::HashMap<u32, Vec<(OperationId, Option<Reason>)>>,
    pub(super) failures: Vec<FailureRow>,
    pub(super) unwritable: HashMap<GroupId, Unwritable>,
    /// Addresses for which Jira refused to create a person.
    pub(super) refused: HashMap<String, String>,
    /// Accounts that Jira does not know, although they were there or were created.
    pub(super) unknown: Vec<String>,
    pub(super) stopped_by: Option<Problem>,
    silences: u32,
    /// Whether this account is a site admin, once it was asked.
    admin: Arc<OnceCell<bool>>,
    /// The products for new people as resources, once they were asked for.
    resources: Arc<Resources>,
}

impl<'a> Driver<'a> {
    pub(super) fn new(
        session: &'a Session,
        planned: &'a Planned,
        journal: &'a Journal,
        chosen: &[u32],
        young: &HashSet<u32>,
        begun: Instant,
    ) -> Self {
        Self {
            session,
            planned,
            journal,
            executor: Executor::new(&planned.plan, chosen, young),
            census: Census {
                planned,
                given: Arc::default(),
                there: Arc::default(),
            },
            begun,
            total: chosen.len() as u64,
            accounts: HashMap::new(),
            groups: HashMap::new(),
            unclear: HashMap::new(),
            taken_back: taken_back(planned),
            failures: Vec::new(),
            unwritable: HashMap::new(),
            refused: HashMap::new(),
            unknown: Vec::new(),
            stopped_by: None,
            silences: 0,
            admin: Arc::default(),
            resources: Arc::default(),
        }
    }

    fn now(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Runs to the end. After a cancellation nothing new is begun, and what is under way is waited
    /// for and journalled.
    pub(super) async fn run(&mut self) -> Result<(), SyncError> {
        let cancel = self.session.cancel.clone();
        let mut under_way = FuturesUnordered::new();
        // What keeps the journal from being written: nothing more is begun then.
        let mut trouble = None;
        while trouble.is_none() {
            if cancel.is_cancelled() {
                self.executor.stop();
            }
            let paused = cancel.is_paused() && !cancel.is_cancelled();
            let room = AT_ONCE.saturating_sub(under_way.len());
            let until = if paused {
                None
            } else {
                match self.executor.next(self.now(), room) {
                    Next::Do(steps) => {
                        for together in self.together(steps) {
                            under_way.push(self.some(together));
                        }
                        continue;
                    }
                    Next::Wait(until) => until.map(|at| self.begun + at),
                    Next::Done => break,
                }
            };
            let stopped = cancel.is_cancelled();
            tokio::select! {
                Some(ended) = under_way.next(), if !under_way.is_empty() => {
                    trouble = self.take(ended).await.err();
                }
                () = tokio::time::sleep_until(until.unwrap_or(self.begun)), if until.is_some() => {}
                () = cancel.cancelled(), if !stopped => {}
                () = cancel.go(), if paused => {}
                else => break,
            }
            self.session.progress.now(Stage::Applying {
                counts: self.executor.counts(),
                total: self.total,
            });
        }
        self.executor.stop();
        while let Some(ended) = under_way.next().await {
            if let Err(error) = self.take(ended).await {
                trouble.get_or_insert(error);
            }
        }
        trouble.map_or(Ok(()), Err)
    }

    async fn take(&mut self, ended: Result<Vec<Ended>, SyncError>) -> Result<(), SyncError> {
        let ended = ended?;
        // One call that ended without an answer is one, however many it was made for.
        if let Some(first) = ended.first() {
            self.heard(&first.attempt);
        }
        for each in ended {
            self.settle(each).await?;
        }
        Ok(())
    }

    /// Steps that are made with one call stand together: silent invitations. All others stand alone.
    fn together(&self, steps: Vec<Step>) -> Vec<Vec<Step>> {
        let silent = reach(self.session).silent;
        let invited = |step: &Step| {
            silent
                && step.effect == Effect::Write
                && self.operation(step.operation).kind == Kind::CreateUser
        };
        let (many, single): (Vec<Step>, Vec<Step>) = steps.into_iter().partition(invited);
        let many = many.chunks(INVITED_AT_ONCE).map(<[Step]>::to_vec);
        single
            .into_iter()
            .map(|step| vec![step])
            .chain(many)
            .collect()
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
            Kind::SuspendUser => Job::SuspendUser {
                account: account()?,
            },
            Kind::RestoreUser => Job::RestoreUser {
                account: account()?,
            },
            Kind::RemoveUser => Job::RemoveUser {
                account: account()?,
            },
            Kind::DeleteGroup => {
                let group = group()?;
                let undo = self.planned.undo.as_ref();
                let filled = undo.and_then(|undo| undo.filled.get(&group));
                Job::DeleteGroup {
                    filled: filled.cloned().unwrap_or_default(),
                    group,
                }
            }
        })
    }

    /// One call for one step, or for several that are made together: intents on disk, then the call.
    fn some(
        &self,
        steps: Vec<Step>,
    ) -> impl Future<Output = Result<Vec<Ended>, SyncError>> + use<'a> {
        let started: Vec<Started> = steps.into_iter().map(|step| self.start(step)).collect();
        let (census, admin) = (self.census.clone(), self.admin.clone());
        let resources = self.resources.clone();
        let (reach, journal) = (reach(self.session), self.journal);
        async move {
            let writes = started
                .iter()
                .filter(|each| each.step.effect == Effect::Write);
            let intents = writes.map(|each| {
                let entry = Entry::Intent(Box::new(each.row.clone()), each.taken_back.clone());
                journal.write(entry)
            });
            futures_util::future::try_join_all(intents).await?;
            let mut attempts = Vec::new();
            let together: Vec<Invitee<'_>> = started
                .iter()
                .filter_map(|each| match &each.job {
                    Some(Job::CreateUser { email }) => Some((&each.row, email.as_str())),
                    _ => None,
                })
                .collect();
            let written = started
                .first()
                .is_some_and(|each| each.step.effect == Effect::Write);
            match reach.organization {
                Some(organization)
                    if reach.silent && written && together.len() == started.len() =>
                {
                    attempts = invite(organization, &together, reach, &resources, &census).await;
                }
                _ => {
                    for each in &started {
                        let mut attempt = each.attempt(reach, &census).await;
                        attempt.judge(reach, &admin).await;
                        attempts.push(attempt);
                    }
                }
            }
            let ended = started.into_iter().zip(attempts);
            Ok(ended
                .map(|(each, attempt)| Ended {
                    step: each.step,
                    row: each.row,
                    attempt,
                })
                .collect())
        }
    }

    fn start(&self, step: Step) -> Started {
        let mut started = Started {
            step,
            row: self
                .planned
                .plan
                .row(&self.planned.inputs(), self.operation(step.operation)),
            job: self.job(step.operation),
            unclear: self.unclear.contains_key(&step.operation),
            taken_back: self
                .taken_back
                .get(&step.operation)
                .cloned()
                .unwrap_or_default(),
        };
        started.fill();
        started
    }

    /// Notes a group that refused a write as one that somebody else manages, to be left alone for a
    /// while. One that mirrors Entra is not given up: that is a failure. Nor does a refusal without a
    /// word say anything of the group.
    fn note_unwritable(&mut self, op: &Operation, row: &OperationRow, attempt: &Attempt) {
        let target = op.target().map(|t| &self.planned.plan.targets[t as usize]);
        if attempt.outcome == Outcome::GroupRefused
            && target.is_some_and(|target| target.state != TargetState::Owned)
            && let Some(refusal) = attempt.error.as_ref().and_then(JiraError::refusal)
            && refusal.explained
            && let Some(id) = row.group.as_ref().and_then(|group| group.group_id.as_ref())
            && let Some(message) = attempt.finished.as_ref().and_then(|f| f.message.clone())
        {
            let forbidden = refusal.status == 403;
            self.unwritable
                .insert(GroupId::new(id), Unwritable { message, forbidden });
        }
    }

    /// Outcome on disk, then on to what depends on it.
    async fn settle(&mut self, ended: Ended) -> Result<(), SyncError> {
        let Ended { step, row, attempt } = ended;
        let index = step.operation;
        let op = self.operation(index);
        if let (Some(error), Outcome::Unclear) = (&attempt.error, attempt.outcome) {
            self.unclear.insert(index, error.clone());
        }
        if attempt.outcome == Outcome::Systemic && self.stopped_by.is_none() {
            self.stopped_by = attempt.error.as_ref().map(Problem::from);
        }
        if let (Some(account), Some(person)) = (&attempt.account, op.person()) {
            self.accounts.insert(person, account.clone());
        }
        if let (Some(group), Some(target)) = (&attempt.group, op.target()) {
            self.groups.insert(target, group.clone());
        }
        self.note_unwritable(op, &row, &attempt);
        if let Some(JiraError::Refused(refusal)) = &attempt.error
            && row.kind == Kind::CreateUser
            // 206: an invitation that was refused among others that were not.
            && matches!(refusal.status, 206 | 400)
            && !refusal.is_about_licences()
            && let Some(email) = row.user.as_ref().and_then(|u| u.email.as_deref())
        {
            self.refused.insert(fold(email), refusal.message.clone());
        }
        let settled = self.executor.record(self.now(), index, attempt.outcome);
        if attempt.outcome == Outcome::NotMade
            && step.effect == Effect::Write
            && !self.unclear.contains_key(&index)
        {
            let finished = Finished {
                note: Some(Note::Stopped),
                ..Finished::plain(JournalOutcome::NotMade)
            };
            let entry = Entry::Outcome(Box::new(row), Box::new(finished));
            self.journal.write(entry).await?;
            return Ok(());
        }
        if self.silences >= SILENCES {
            self.executor.stop();
        }
        if !settled {
            return Ok(());
        }
        if attempt.outcome == Outcome::NotVisible
            && let Some(account) = row.user.as_ref().and_then(|u| u.account_id.clone())
        {
            self.unknown.push(account);
        }
        let open = attempt.unclear || attempt.finished.is_none();
        let finished = attempt.finished.unwrap_or_else(|| self.never_clear(index));
        if finished.outcome == JournalOutcome::Failed {
            self.failures.push(failure(&row, &finished));
        }
        if open {
            // Nobody knows whether it took place: the next run finds the row open, and looks.
            return Ok(());
        }
        self.journal
            .write(Entry::Outcome(Box::new(row), Box::new(finished)))
            .await?;
        Ok(())
    }

    /// Counts calls in a row that ended without an answer, and notes what stops the run.
    fn heard(&mut self, attempt: &Attempt) {
        let silent = attempt.error.as_ref().filter(|error| {
            matches!(error, JiraError::Http(_)) || error.refusal().is_some_and(|r| r.status >= 500)
        });
        let Some(error) = silent else {
            self.silences = 0;
            return;
        };
        self.silences += 1;
        if self.silences >= SILENCES && self.stopped_by.is_none() {
            self.stopped_by = Some(Problem::from(error));
        }
    }

    /// An unclear creation that was looked up and repeated in vain.
    fn never_clear(&self, index: u32) -> Finished {
        let problem = self.unclear.get(&index).map(Problem::from);
        Finished {
            outcome: JournalOutcome::Failed,
            unclear: true,
            learnt: Learnt::Nothing,
            status: None,
            code: None,
            note: None,
            message: Some(problem.as_ref().map_or_else(
                || "Jira never confirmed it.".to_owned(),
                |p| format!("Jira never confirmed it. {}", p.message),
            )),
            advice: Some("Make a new plan: it shows whether it took place.".to_owned()),
            request_id: problem.and_then(|p| p.ids.get("request-id").cloned()),
        }
    }
}

/// A step with what it needs, apart from the driver that goes on meanwhile.
struct Started {
    step: Step,
    row: OperationRow,
    job: Option<Job>,
    unclear: bool,
    /// What it takes back, in an undo.
    taken_back: Vec<(OperationId, Option<Reason>)>,
}

impl Started {
    /// Writes the ids that this run learnt into the row that the journal keeps.
    fn fill(&mut self) {
        if let Some(Job::AddMember { group, account } | Job::RemoveMember { group, account }) =
            &self.job
        {
            if let Some(user) = &mut self.row.user {
                user.account_id = Some(account.as_str().to_owned());
            }
            if let Some(named) = &mut self.row.group {
                named.group_id = Some(group.as_str().to_owned());
            }
        }
    }

    async fn attempt(&self, reach: Reach<'_>, census: &Census<'_>) -> Attempt {
        let Some(job) = &self.job else {
            return Attempt::impossible();
        };
        match self.step.effect {
            Effect::Write => write(reach, &self.row, job, census, self.unclear).await,
            Effect::LookUp => look_up(reach, &self.row, job, census).await,
        }
    }
}

fn failure(row: &OperationRow, finished: &Finished) -> FailureRow {
    FailureRow {
        operation: row.id.to_string(),
        what: row.kind.describe(
            row.user.as_ref().map_or("", |u| u.name.as_str()),
            row.group.as_ref().map_or("", |g| g.name.as_str()),
        ),
        status: finished.status,
        code: finished.code.clone(),
        message: finished.message_words().to_owned(),
        advice: finished.advice_words().to_owned(),
        request_id: finished.request_id.clone(),
    }
}
