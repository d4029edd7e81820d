//! The thread that reads and applies, beside the screen.

use super::event::{Event, Inner};
use super::review::{Prepared, prepare};
use crate::config::{Paths, Profile, Secrets};
use crate::plan::{Allowance, Allowances, Mode, OperationRow, settings_digest};
use crate::store::RunKind;
use crate::sync::{
    self, ApplyRequest, Clock, Control, Opening, Planned, Problem, Progress, ReadOptions, Session,
    SyncError,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// What a job does.
#[derive(Debug, Clone)]
pub(super) enum WorkKind {
    /// Reads both sides and plans; with `full` everything, whatever is known.
    Refresh { full: bool },
    /// Reads again, applies what was reviewed and is still needed, and plans anew.
    Apply {
        reviewed: Arc<Planned>,
        allowances: Allowances,
        /// Whether it is agreed that another machine applies to this site, too.
        take_over: bool,
    },
    /// Reads both sides, and plans how a run is taken back.
    Undo { run: String },
    /// Reads both sides, and plans what failed in a run again.
    Retry { run: String },
    /// The unattended sync; without `apply` it only reads and plans.
    Sync { apply: bool },
}

impl WorkKind {
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Refresh { full: false } => "Reading both directories",
            Self::Refresh { full: true } => "Verifying both directories",
            Self::Apply { .. } => "Applying what was reviewed",
            Self::Undo { .. } => "Planning how to take a run back",
            Self::Retry { .. } => "Planning what failed again",
            Self::Sync { apply: true } => "Unattended sync",
            Self::Sync { apply: false } => "Reading on schedule",
        }
    }

    pub(super) const fn applies(&self) -> bool {
        matches!(self, Self::Apply { .. } | Self::Sync { apply: true })
    }
}

/// A job.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) kind: WorkKind,
    pub(super) profile: Profile,
    pub(super) paths: Paths,
    /// Whether the environment's secrets are this profile's.
    pub(super) environment: bool,
    pub(super) control: Control,
    pub(super) progress: Progress,
    pub(super) clock: Clock,
    pub(super) epoch: u64,
    /// Whether a review has open marks: nothing is applied unattended then.
    pub(super) open: Arc<AtomicBool>,
}

/// Starts the thread. It ends when nobody can send it work any more.
pub(super) fn start(events: UnboundedSender<Event>) -> std::io::Result<UnboundedSender<Work>> {
    let (send, receive) = unbounded_channel();
    std::thread::Builder::new()
        .name("rollbook-work".to_owned())
        .spawn(move || {
            let _alarm = Alarm::new(&events);
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            match runtime {
                Ok(runtime) => runtime.block_on(serve(receive, &events)),
                Err(error) => tracing::error!(%error, "no runtime for jobs"),
            }
        })?;
    Ok(send)
}

/// Tells the console when a thread or task panics.
pub(super) struct Alarm(UnboundedSender<Event>);

impl Alarm {
    pub(super) fn new(events: &UnboundedSender<Event>) -> Self {
        Self(events.clone())
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // Without a console there is nobody to tell.
            let _ = self.0.send(Inner::WorkerGone.of(0));
        }
    }
}

async fn serve(mut work: UnboundedReceiver<Work>, events: &UnboundedSender<Event>) {
    while let Some(work) = work.recv().await {
        let epoch = work.epoch;
        let tell = |inner: Inner| {
            // A console that has ended needs no answer; the journal has everything.
            let _ = events.send(inner.of(epoch));
        };
        let progress = work.progress.clone();
        let result = run(work, &tell).await;
        // What was noted on the way to a failure, or after the last step.
        tell_notes(&progress, &tell);
        tell(Inner::Ended(
            result.map_err(|error| Box::new(Problem::from(&error))),
        ));
    }
}

async fn run(work: Work, tell: &impl Fn(Inner)) -> Result<(), SyncError> {
    #[cfg(debug_assertions)]
    assert!(
        std::env::var("ROLLBOOK_TEST_PANIC").as_deref() != Ok("worker"),
        "asked to panic"
    );
    let secrets = Secrets::find(&work.profile, &work.paths, work.environment)?;
    let (mode, doing) = match work.kind {
        WorkKind::Refresh { .. } | WorkKind::Undo { .. } | WorkKind::Retry { .. } => {
            (Mode::Attended, "refresh")
        }
        WorkKind::Apply { .. } => (Mode::Attended, "apply"),
        WorkKind::Sync { .. } => (Mode::Unattended, "sync"),
    };
    let mut session = Session::open(Opening {
        profile: work.profile,
        secrets,
        paths: &work.paths,
        mode,
        doing,
        cancel: work.control,
        progress: work.progress,
        clock: work.clock,
    })
    .await?;
    let options = ReadOptions {
        full: matches!(work.kind, WorkKind::Refresh { full: true }),
        admins: true,
        ahead: true,
        ..ReadOptions::default()
    };
    let (session, options) = (&mut session, &options);
    match work.kind {
        WorkKind::Refresh { .. } | WorkKind::Sync { apply: false } => {
            let planned = read(session, options, tell).await?;
            show(planned, tell);
        }
        WorkKind::Undo { run } => {
            let planned =
                noting(session, tell, async |s| sync::undo(s, options, &run).await).await?;
            show(planned, tell);
        }
        WorkKind::Retry { run } => {
            let planned =
                noting(session, tell, async |s| sync::retry(s, options, &run).await).await?;
            show(planned, tell);
        }
        WorkKind::Apply {
            reviewed,
            allowances,
            take_over,
        } => apply(session, options, &reviewed, &allowances, take_over, tell).await?,
        WorkKind::Sync { apply: true } => sync(session, options, &work.open, tell).await?,
    }
    Ok(())
}

/// Prepares a plan for the screen, and shows it.
fn show(planned: Planned, tell: &impl Fn(Inner)) {
    let prepared: Prepared = prepare(planned);
    tell(Inner::Planned(Box::new(prepared)));
}

async fn read(
    session: &mut Session,
    options: &ReadOptions,
    tell: &impl Fn(Inner),
) -> Result<Planned, SyncError> {
    noting(session, tell, async |session| {
        sync::plan(session, options, Allowances::default()).await
    })
    .await
}

/// Does some work, and tells what the session notes meanwhile.
async fn noting<T>(
    session: &mut Session,
    tell: &impl Fn(Inner),
    work: impl AsyncFnOnce(&mut Session) -> Result<T, SyncError>,
) -> Result<T, SyncError> {
    let result = work(session).await;
    tell_notes(&session.progress, tell);
    result
}

fn tell_notes(progress: &Progress, tell: &impl Fn(Inner)) {
    for note in progress.take_notes() {
        tell(Inner::Noted(note));
    }
}

async fn apply(
    session: &mut Session,
    options: &ReadOptions,
    reviewed: &Planned,
    allowances: &Allowances,
    take_over: bool,
    tell: &impl Fn(Inner),
) -> Result<(), SyncError> {
    if settings_digest(&reviewed.settings) != settings_digest(&session.profile.settings) {
        return Err(SyncError::NotAsReviewed);
    }
    let options = &ReadOptions {
        only_namesakes: !allowances.is_empty(),
        ..options.clone()
    };
    // What guards held when it was reviewed stays held, also where less of it is left now.
    let mut allowed = reviewed.clone();
    allowed.allow(allowances.clone())?;
    let rows: Vec<OperationRow> = allowed
        .plan
        .free()
        .map(|(_, op)| allowed.plan.row(&allowed.inputs(), op))
        .collect();
    let held = allowed.plan.held() as u64;
    let mut planned = match &reviewed.undo {
        Some(undo) => {
            noting(session, tell, async |session| {
                sync::undo(session, options, &undo.run_id).await
            })
            .await?
        }
        None => read(session, options, tell).await?,
    };
    planned.retries.clone_from(&reviewed.retries);
    let matched = sync::carry_over(&rows, &mut planned);
    if matched.overtaken > 0 {
        tell(Inner::Noted(format!(
            "{} of the reviewed operations are no longer needed",
            matched.overtaken
        )));
    }
    if matched.changed > 0 {
        tell(Inner::Noted(format!(
            "{} of the reviewed operations would now touch another account, address or group: they are left out",
            matched.changed
        )));
    }
    let shown = |allowance: Allowance| {
        let mut guards = reviewed.plan.guards.iter();
        guards.any(|guard| guard.name == allowance.name && guard.count == allowance.count)
    };
    planned.allow(sync::as_reviewed(allowances, shown, &planned))?;
    let kind = match reviewed.undo {
        Some(_) => RunKind::Undo,
        None => RunKind::Attended,
    };
    let mut request = ApplyRequest::everything(&planned, kind);
    request.take_over = take_over;
    request.cut += matched.overtaken + matched.changed;
    request.reviewed = Some(reviewed.plan.id.clone());
    request.held += held;
    let allowances = &allowed.allowances;
    let guards = allowed.plan.guards.iter().copied();
    request.held_before = guards.filter(|g| !allowances.names(g.name)).collect();
    let applied = noting(session, tell, async |session| {
        sync::apply(session, &planned, request).await
    })
    .await?;
    let stopped = applied.stopped_by.is_some();
    tell(Inner::Applied(Box::new(applied)));
    if stopped {
        // Whatever stopped it would stop reading, too: that is not what has to be told.
        return Ok(());
    }
    let planned = read(session, options, tell).await?;
    show(planned, tell);
    Ok(())
}

async fn sync(
    session: &mut Session,
    options: &ReadOptions,
    open: &AtomicBool,
    tell: &impl Fn(Inner),
) -> Result<(), SyncError> {
    let mut planned = read(session, options, tell).await?;
    // What was decided while both sides were read counts. What was withdrawn counts from the next
    // run on: nothing enters a plan that was not confirmed against both sides.
    let (decided, links) = (session.state.decisions()?, session.state.links()?);
    planned.again(|known| {
        known.decisions.operations.extend(decided.operations);
        known.decisions.kept_apart.extend(decided.kept_apart);
        known.decisions.left_alone.extend(decided.left_alone);
        known.links = links;
    });
    // With some of them gone, guards may let go of others.
    sync::confirm(session, &mut planned).await?;
    if open.load(Relaxed) {
        tell(Inner::Noted(
            "The review has open marks: nothing is applied unattended.".to_owned(),
        ));
        show(planned, tell);
        return Ok(());
    }
    let request = ApplyRequest::everything(&planned, RunKind::Unattended);
    let applied = noting(session, tell, async |session| {
        sync::apply(session, &planned, request).await
    })
    .await?;
    let changed = applied.counts.done + applied.counts.already > 0;
    tell(Inner::Applied(Box::new(applied)));
    let planned = if changed {
        read(session, options, tell).await?
    } else {
        planned
    };
    show(planned, tell);
    Ok(())
}
