//! The thread that reads and applies, beside the screen.

use super::event::{Event, Inner};
use super::review::{Prepared, prepare};
use crate::config::{Paths, Profile, Secrets};
use crate::plan::{Allowances, Mode};
use crate::sync::run::{self, Proposal, Purpose};
use crate::sync::{
    self, Clock, Control, Opening, Planned, Problem, Progress, ReadOptions, Session, SyncError,
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
    /// The unattended sync; one that the schedule starts waits for whoever decides in the Review.
    Sync { scheduled: bool },
}

impl WorkKind {
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Refresh { full: false } => "Reading both directories",
            Self::Refresh { full: true } => "Verifying both directories",
            Self::Apply { .. } => "Applying what was reviewed",
            Self::Undo { .. } => "Planning how to take a run back",
            Self::Retry { .. } => "Planning what failed again",
            Self::Sync { .. } => "Unattended sync",
        }
    }

    pub(super) const fn applies(&self) -> bool {
        matches!(self, Self::Apply { .. } | Self::Sync { .. })
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
    /// Whether somebody decides in the Review just now.
    pub(super) deciding: Arc<AtomicBool>,
}

/// The stack of the thread, in bytes: as much as the main thread has, on which commands do the same work.
const STACK: usize = 8 << 20;

/// Starts the thread. It ends when nobody can send it work any more.
pub(super) fn start(events: UnboundedSender<Event>) -> std::io::Result<UnboundedSender<Work>> {
    let (send, receive) = unbounded_channel();
    std::thread::Builder::new()
        .name("rollbook-work".to_owned())
        .stack_size(STACK)
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
    let secrets = Secrets::find(&work.profile, &work.paths, work.environment, &work.control)?;
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
    let session = &mut session;
    // The screen shows what settings that are off now would do, and what adopting a group would.
    let wanted = ReadOptions {
        full: matches!(work.kind, WorkKind::Refresh { full: true }),
        admins: true,
        ahead: true,
        ..ReadOptions::default()
    };
    match work.kind {
        WorkKind::Refresh { .. } => show(read(session, &wanted, tell).await?, tell),
        WorkKind::Undo { run } => propose(session, Purpose::Undo(run), &wanted, tell).await?,
        WorkKind::Retry { run } => propose(session, Purpose::Retry(run), &wanted, tell).await?,
        WorkKind::Apply {
            reviewed,
            allowances,
            take_over,
        } => {
            let mut proposal = Proposal::of((*reviewed).clone());
            proposal.take_over = take_over;
            let report = noting(session, tell, async |session| {
                run::reviewed(session, proposal, &allowances, &wanted).await
            })
            .await?;
            let stopped = report.stopped_by.is_some();
            tell(Inner::Applied(Box::new(report)));
            // Don't read again after a stop: it would fail for the same reason and hide the first error.
            if !stopped {
                show(read(session, &wanted, tell).await?, tell);
            }
        }
        WorkKind::Sync { scheduled } => {
            let deciding = work.deciding;
            let (report, planned) = noting(session, tell, async |session| {
                let hold_back = || scheduled && deciding.load(Relaxed);
                run::scheduled(session, hold_back, &wanted).await
            })
            .await?;
            let Some(report) = report else {
                tell(Inner::HeldBack);
                show(planned, tell);
                return Ok(());
            };
            let changed = report.counts.done + report.counts.already > 0;
            tell(Inner::Applied(Box::new(report)));
            let planned = if changed {
                read(session, &wanted, tell).await?
            } else {
                planned
            };
            show(planned, tell);
        }
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
    wanted: &ReadOptions,
    tell: &impl Fn(Inner),
) -> Result<Planned, SyncError> {
    noting(session, tell, async |session| {
        sync::plan(session, wanted, Allowances::default()).await
    })
    .await
}

/// Shows the plan for a purpose.
async fn propose(
    session: &mut Session,
    purpose: Purpose,
    wanted: &ReadOptions,
    tell: &impl Fn(Inner),
) -> Result<(), SyncError> {
    let proposal = noting(session, tell, async |session| {
        run::propose(session, purpose, wanted).await
    })
    .await?;
    show(proposal.planned, tell);
    Ok(())
}

/// Calls a use case, and tells what it notes.
async fn noting<T>(
    session: &mut Session,
    tell: &impl Fn(Inner),
    call: impl AsyncFnOnce(&mut Session) -> Result<T, SyncError>,
) -> Result<T, SyncError> {
    let result = call(session).await;
    tell_notes(&session.progress, tell);
    result
}

fn tell_notes(progress: &Progress, tell: &impl Fn(Inner)) {
    for note in progress.take_notes() {
        tell(Inner::Noted(note));
    }
}
