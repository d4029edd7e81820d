//! The thread that reads and writes `state.db` while jobs run: decisions, history.

use super::event::{Event, Inner, Remembered};
use crate::plan::Decision;
use crate::store::{Holder, JournalRow, Lock, Replaced, Run, State, StoredGuard};
use crate::sync::{self, Problem, SyncError};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use tokio::sync::mpsc::UnboundedSender;

/// How many rows of history a page shows.
const HISTORY: u32 = 50;

/// Something to be looked up or kept.
#[derive(Debug)]
pub(super) enum Errand {
    /// Stores decisions. What they replaced is kept under the ticket.
    Record {
        ticket: u64,
        decisions: Vec<Decision>,
    },
    /// Puts back what the decisions of another ticket replaced.
    PutBack { ticket: u64, of: u64 },
    /// What the state holds of links and decisions.
    Remember { ticket: u64 },
    /// All runs.
    Runs,
    /// Whether another process is at work, and the newest run.
    Glance,
    /// One run with its operations.
    Run(String),
    /// Writes a run for an audit.
    Export(String),
    /// Lets the schedule go on after an undo.
    Resume,
    /// What was done to a person or group.
    History(String),
}

impl Errand {
    /// The ticket of what is to be kept or remembered.
    const fn ticket(&self) -> Option<u64> {
        match self {
            Self::Record { ticket, .. }
            | Self::PutBack { ticket, .. }
            | Self::Remember { ticket } => Some(*ticket),
            _ => None,
        }
    }
}

/// One run in full.
#[derive(Debug)]
pub(super) struct RunInFull {
    pub(super) run: Run,
    pub(super) allowed: Vec<(StoredGuard, u64)>,
    pub(super) held: Vec<(StoredGuard, u64)>,
    pub(super) journal: Vec<JournalRow>,
}

/// The runs of a profile.
#[derive(Debug, Default)]
pub(super) struct Runs {
    /// The newest first.
    pub(super) all: Vec<Run>,
    /// The undo that pauses the schedule, if one does.
    pub(super) paused: Option<String>,
    /// Who else reads or applies just now.
    pub(super) locked: Option<String>,
}

/// What tells whether another process has begun or ended something.
#[derive(Debug, Default)]
pub(super) struct Glance {
    /// Who else reads or applies just now.
    pub(super) locked: Option<String>,
    /// The newest run: its number, and when it ended, in seconds since 1970.
    pub(super) newest: Option<(i64, Option<i64>)>,
}

/// How far decisions were taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TakenBack {
    /// Everything is as it was before.
    Whole,
    /// So many rows were changed by somebody else since, and stay as they are now.
    Changed(u64),
    /// What was there before is known no more, since the state was replaced by another.
    Forgotten,
}

/// What came of an errand.
#[derive(Debug)]
pub(super) enum Answer {
    /// Kept.
    Kept,
    /// What the state holds, asked for under this ticket.
    Remembered(u64, Box<Remembered>),
    /// The same after decisions were taken back, and how far they were.
    PutBack(u64, Box<Remembered>, TakenBack),
    /// What was asked under this ticket could not be done.
    NotKept(u64, Problem),
    /// What was done and is being done.
    Runs(Runs),
    /// Whether another process is at work, and the newest run.
    Glance(Glance),
    /// A run was written to this file.
    Exported(PathBuf),
    /// One run.
    Run(Box<RunInFull>),
    /// What was done to this object of Entra's.
    History(String, Vec<JournalRow>),
    /// It failed.
    Failed(Problem),
}

/// An errand on its way.
#[derive(Debug)]
pub(super) struct Sent {
    /// The profile's folder.
    pub(super) folder: PathBuf,
    /// The profile's name.
    pub(super) profile: String,
    pub(super) epoch: u64,
    pub(super) errand: Errand,
}

/// The thread, with the way to it.
#[derive(Debug)]
pub(super) struct Clerk {
    send: Option<Sender<Sent>>,
    thread: Option<JoinHandle<()>>,
}

impl Clerk {
    /// Starts the thread.
    pub(super) fn start(events: UnboundedSender<Event>) -> std::io::Result<Self> {
        let (send, receive) = channel::<Sent>();
        let thread = std::thread::Builder::new()
            .name("rollbook-clerk".to_owned())
            .spawn(move || {
                let mut open = None;
                for Sent {
                    folder,
                    profile,
                    epoch,
                    errand,
                } in receive
                {
                    // Nobody asked for a glance: what is wrong is told to whoever asks for something.
                    let asked = !matches!(errand, Errand::Glance);
                    let ticket = errand.ticket();
                    let answer = match run(&folder, &profile, &mut open, errand) {
                        Ok(answer) => answer,
                        Err(error) if let Some(ticket) = ticket => {
                            Answer::NotKept(ticket, Problem::from(&error))
                        }
                        Err(error) if asked => Answer::Failed(Problem::from(&error)),
                        Err(_) => continue,
                    };
                    // A console that has ended needs no answer.
                    let _ = events.send(Inner::Answer(Box::new(answer)).of(epoch));
                }
            })?;
        Ok(Self {
            send: Some(send),
            thread: Some(thread),
        })
    }

    /// Sends an errand. Says whether there is somebody to run it.
    pub(super) fn send(&self, sent: Sent) -> bool {
        let send = self.send.as_ref();
        send.is_some_and(|send| send.send(sent).is_ok())
    }
}

impl Drop for Clerk {
    /// Waits for what is still to be kept: a decision must not get lost by leaving.
    fn drop(&mut self) {
        self.send = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Writes a run into the folder `exports`.
fn export(folder: &Path, profile: &str, state: &State, id: &str) -> Result<Answer, SyncError> {
    let run = state.run(id)?;
    let run = run.ok_or_else(|| SyncError::UnknownRun(id.to_owned()))?;
    match sync::export_run(state, folder, profile, run) {
        Ok(path) => Ok(Answer::Exported(path)),
        Err((path, error)) => Err(SyncError::export_to(&path, error)),
    }
}

/// Who else reads or applies.
fn locked(folder: &Path) -> Result<Option<String>, SyncError> {
    Ok(match Lock::holder(&folder.join("lock"))? {
        Holder::Nobody | Holder::Oneself => None,
        Holder::Another(owner) => {
            Some(owner.map_or_else(|| "another process".to_owned(), |o| o.to_string()))
        }
    })
}

fn runs(folder: &Path, state: &State) -> Result<Answer, SyncError> {
    Ok(Answer::Runs(Runs {
        all: state.runs()?,
        paused: state.schedule_paused()?,
        locked: locked(folder)?,
    }))
}

/// A state that is open, with what decisions replaced in it.
#[derive(Debug)]
struct Open {
    folder: PathBuf,
    state: State,
    /// By ticket; with each, whether the decisions changed more than operations' rows.
    replaced: HashMap<u64, (Replaced, bool)>,
}

impl Open {
    fn new(folder: &Path) -> Result<Self, SyncError> {
        Ok(Self {
            folder: folder.to_owned(),
            state: State::open(folder)?,
            replaced: HashMap::new(),
        })
    }

    fn record(&mut self, ticket: u64, decisions: &[Decision]) -> Result<Answer, SyncError> {
        let replaced = self.state.record(decisions)?;
        let changes = decisions.iter().any(Decision::changes_plan);
        self.replaced.insert(ticket, (replaced, changes));
        Ok(Answer::Kept)
    }

    fn put_back(&mut self, ticket: u64, of: u64) -> Result<Answer, SyncError> {
        let Some((replaced, changes)) = self.replaced.get(&of) else {
            let remembered = Box::new(self.remembered(true)?);
            return Ok(Answer::PutBack(ticket, remembered, TakenBack::Forgotten));
        };
        let links = *changes;
        let what = match self.state.put_back(replaced.clone())?.changed as u64 {
            0 => TakenBack::Whole,
            changed => TakenBack::Changed(changed),
        };
        self.replaced.remove(&of);
        let remembered = Box::new(self.remembered(links)?);
        Ok(Answer::PutBack(ticket, remembered, what))
    }

    /// What the state holds; links only where they may have changed.
    fn remembered(&self, links: bool) -> Result<Remembered, SyncError> {
        Ok(Remembered {
            links: links.then(|| self.state.links()).transpose()?,
            decisions: self.state.decisions()?,
        })
    }
}

fn run(
    folder: &Path,
    profile: &str,
    open: &mut Option<Open>,
    errand: Errand,
) -> Result<Answer, SyncError> {
    // A profile that never ran has no state, and none is made by looking.
    if !folder.join("state.born").exists() {
        *open = None;
        match errand {
            Errand::History(id) => return Ok(Answer::History(id, Vec::new())),
            Errand::Runs => return Ok(Answer::Runs(Runs::default())),
            Errand::Glance => return Ok(Answer::Glance(Glance::default())),
            Errand::Run(run) | Errand::Export(run) => return Err(SyncError::UnknownRun(run)),
            // What is to be kept is kept, or says why not.
            _ => {}
        }
    }
    // A state that was restored meanwhile is another file.
    if open
        .as_ref()
        .is_none_or(|open| open.folder != folder || !open.state.is_in_place())
    {
        *open = None;
    }
    let open = match open {
        Some(open) => open,
        None => open.insert(Open::new(folder)?),
    };
    let state = &open.state;
    match errand {
        Errand::Record { ticket, decisions } => open.record(ticket, &decisions),
        Errand::PutBack { ticket, of } => open.put_back(ticket, of),
        Errand::Remember { ticket } => {
            let remembered = Box::new(open.remembered(true)?);
            Ok(Answer::Remembered(ticket, remembered))
        }
        Errand::Runs => runs(folder, state),
        Errand::Glance => {
            let (locked, newest) = (locked(folder)?, state.newest_run()?);
            Ok(Answer::Glance(Glance { locked, newest }))
        }
        Errand::Resume => {
            state.resume_schedule()?;
            runs(folder, state)
        }
        Errand::Export(id) => export(folder, profile, state, &id),
        Errand::Run(id) => {
            let run = state.run(&id)?.ok_or(SyncError::UnknownRun(id))?;
            let (allowed, held, journal) = (
                state.allowed(run.number)?,
                state.held(run.number)?,
                state.journal(run.number)?,
            );
            Ok(Answer::Run(Box::new(RunInFull {
                run,
                allowed,
                held,
                journal,
            })))
        }
        Errand::History(id) => {
            let rows = state.history_of(&id, HISTORY)?;
            Ok(Answer::History(id, rows))
        }
    }
}
