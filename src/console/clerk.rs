//! The thread that reads and writes `state.db` while jobs run: decisions, history.

use super::event::{Event, Inner};
use crate::directory::{AccountId, EntraId, GroupId};
use crate::plan::{GroupLink, OperationId, Ownership, RowDecision};
use crate::store::{Holder, JournalRow, LinkedHow, Lock, Run, State, StoredGuard};
use crate::sync::{self, Adoption, ExportForm, Problem, SyncError};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use tokio::sync::mpsc::UnboundedSender;

/// How many rows of history a page shows.
const HISTORY: u32 = 50;

/// Something to be looked up or kept.
#[derive(Debug)]
pub(super) enum Errand {
    /// Stores or withdraws decisions.
    Decide(Vec<(OperationId, Option<RowDecision>)>),
    LinkPerson {
        entra: String,
        account: String,
        email: String,
        name: String,
    },
    LinkGroup {
        entra: Vec<EntraId>,
        group: GroupId,
    },
    KeepApart {
        entra: EntraId,
        group: GroupId,
    },
    Adopt(Box<Adoption>),
    LeaveAlone {
        account: AccountId,
        alone: bool,
    },
    UnlinkPerson(EntraId),
    /// Groups stand as they did before.
    GroupsAsBefore(Vec<(EntraId, Option<GroupLink>)>),
    BringTogether {
        entra: EntraId,
        group: GroupId,
    },
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

/// What came of an errand.
#[derive(Debug)]
pub(super) enum Answer {
    /// Kept.
    Kept,
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
                let mut open: Option<(PathBuf, State)> = None;
                for Sent {
                    folder,
                    profile,
                    epoch,
                    errand,
                } in receive
                {
                    // Nobody asked for a glance: what is wrong is told to whoever asks for something.
                    let asked = !matches!(errand, Errand::Glance);
                    let answer = match run(&folder, &profile, &mut open, errand) {
                        Ok(answer) => answer,
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
    let exports = folder.join("exports");
    let path = exports.join(format!("{}.csv", run.run_id));
    let io = |source| SyncError::PlanFile {
        path: path.clone(),
        source,
    };
    std::fs::create_dir_all(&exports).map_err(io)?;
    let mut file = sync::private_file(&path)?;
    sync::export(state, profile, &[run], ExportForm::Csv, &mut file, &path)?;
    Ok(Answer::Exported(path))
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

fn run(
    folder: &Path,
    profile: &str,
    open: &mut Option<(PathBuf, State)>,
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
    if open.as_ref().is_none_or(|(of, _)| of != folder) {
        *open = None;
    }
    let state = match open {
        Some((_, state)) => state,
        None => &mut open.insert((folder.to_owned(), State::open(folder)?)).1,
    };
    match errand {
        Errand::Decide(decisions) => {
            state.decide_all(&decisions)?;
        }
        Errand::LinkPerson {
            entra,
            account,
            email,
            name,
        } => state.link_person(&entra, &account, LinkedHow::Confirmed, &email, &name)?,
        Errand::LinkGroup { entra, group } => {
            for id in entra {
                state.link_group(id.as_str(), group.as_str(), Ownership::Confirmed)?;
            }
        }
        Errand::KeepApart { entra, group } => state.keep_apart(&entra, &group)?,
        Errand::Adopt(adoption) => adoption.store(state)?,
        Errand::LeaveAlone { account, alone } => state.leave_alone(&account, alone)?,
        Errand::UnlinkPerson(entra) => state.unlink_person(entra.as_str())?,
        Errand::GroupsAsBefore(groups) => {
            for (entra, before) in groups {
                state.unlink_group(entra.as_str())?;
                if let Some(link) = before {
                    state.link_group(entra.as_str(), link.group.as_str(), link.ownership)?;
                }
            }
        }
        Errand::BringTogether { entra, group } => state.bring_together(&entra, &group)?,
        Errand::Runs => return runs(folder, state),
        Errand::Glance => {
            return Ok(Answer::Glance(Glance {
                locked: locked(folder)?,
                newest: state.newest_run()?,
            }));
        }
        Errand::Resume => {
            state.resume_schedule()?;
            return runs(folder, state);
        }
        Errand::Export(id) => return export(folder, profile, state, &id),
        Errand::Run(id) => {
            let run = state.run(&id)?.ok_or(SyncError::UnknownRun(id))?;
            let (allowed, held, journal) = (
                state.allowed(run.number)?,
                state.held(run.number)?,
                state.journal(run.number)?,
            );
            return Ok(Answer::Run(Box::new(RunInFull {
                run,
                allowed,
                held,
                journal,
            })));
        }
        Errand::History(id) => {
            let rows = state.history_of(&id, HISTORY)?;
            return Ok(Answer::History(id, rows));
        }
    }
    Ok(Answer::Kept)
}
