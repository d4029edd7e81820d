//! The thread that reads and writes `state.db` while jobs run: decisions, history.

use super::event::{Event, Inner};
use crate::directory::{EntraId, GroupId};
use crate::plan::{OperationId, Ownership, RowDecision};
use crate::store::{JournalRow, LinkedHow, Run, State};
use crate::sync::{Adoption, Problem, SyncError};
use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
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
    /// All runs.
    Runs,
    /// One run with its operations.
    Run(String),
    /// What was done to a person or group.
    History(String),
}

/// One run in full.
#[derive(Debug)]
pub(super) struct RunInFull {
    pub(super) run: Run,
    pub(super) allowed: Vec<(String, u64)>,
    pub(super) held: Vec<(String, u64)>,
    pub(super) journal: Vec<JournalRow>,
}

/// What came of an errand.
#[derive(Debug)]
pub(super) enum Answer {
    /// Kept.
    Kept,
    /// All runs, the newest first.
    Runs(Vec<Run>),
    /// One run.
    Run(Box<RunInFull>),
    /// What was done to this object of Entra's.
    History(String, Vec<JournalRow>),
    /// It failed.
    Failed(Problem),
}

/// Starts the thread. Each errand comes with the profile's folder.
pub(super) fn start(events: UnboundedSender<Event>) -> std::io::Result<Sender<(PathBuf, Errand)>> {
    let (send, receive) = channel::<(PathBuf, Errand)>();
    std::thread::Builder::new()
        .name("rollbook-clerk".to_owned())
        .spawn(move || {
            for (folder, errand) in receive {
                let answer = run(&folder, errand)
                    .unwrap_or_else(|error| Answer::Failed(Problem::from(&error)));
                // A console that has ended needs no answer.
                let _ = events.send(Inner::Answer(Box::new(answer)).into());
            }
        })?;
    Ok(send)
}

fn run(folder: &std::path::Path, errand: Errand) -> Result<Answer, SyncError> {
    // A profile that never ran has no state, and none is made by looking.
    if !folder.join("state.born").exists() {
        return Ok(match errand {
            Errand::History(id) => Answer::History(id, Vec::new()),
            Errand::Runs => Answer::Runs(Vec::new()),
            Errand::Run(run) => return Err(SyncError::UnknownRun(run)),
            _ => Answer::Kept,
        });
    }
    let state = State::open(folder)?;
    match errand {
        Errand::Decide(decisions) => {
            for (id, decision) in decisions {
                match decision {
                    Some(decision) => state.decide(&id, &decision)?,
                    None => state.withdraw(&id)?,
                }
            }
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
        Errand::Adopt(adoption) => adoption.store(&state)?,
        Errand::Runs => return Ok(Answer::Runs(state.runs()?)),
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
