//! Writing the journal: intent before a call, outcome after it.
//!
//! One thread writes for all calls that are under way. It takes everything that waits, commits it
//! as one transaction and only then lets the callers go on: each entry is on disk before its call
//! is made, and many entries share one flush.

use super::database::now;
use super::decisions::reject_undone;
use super::error::StoreError;
use super::group_links::link_group;
use super::journal::{JournalOutcome, Note};
use super::new_accounts::note_new;
use super::people_links::{LinkedHow, link_person};
use super::settle::{Settled, settle};
use super::state::State;
use super::taken::taking;
use crate::plan::{OperationId, OperationRow, Ownership, Reason};
use rusqlite::{Connection, params};
use tokio::sync::{mpsc, oneshot};

/// What an outcome teaches; stored together with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Learnt {
    /// Nothing.
    Nothing,
    /// This person has this account now.
    Account {
        /// Account.
        account_id: String,
        /// Whether the account was proven absent before, so that an undo may remove it.
        proven_new: bool,
        /// How it is known to be theirs.
        how: LinkedHow,
    },
    /// These Entra groups have this Jira group now, and it is owned.
    Group {
        /// Group.
        group_id: String,
        /// Entra groups behind it.
        entra: Vec<String>,
    },
}

/// How a call ended.
#[derive(Debug, Clone)]
pub struct Finished {
    /// Outcome.
    pub outcome: JournalOutcome,
    /// Whether it may have taken place although it failed: no answer told.
    pub unclear: bool,
    /// What it teaches.
    pub learnt: Learnt,
    /// Status of the answer.
    pub status: Option<u16>,
    /// Code.
    pub code: Option<String>,
    /// What Rollbook itself says of it.
    pub note: Option<Note>,
    /// What went wrong, as a service said it.
    pub message: Option<String>,
    /// What to do.
    pub advice: Option<String>,
    /// For support.
    pub request_id: Option<String>,
}

impl Finished {
    /// What went wrong, in words; empty where nothing is said.
    #[must_use]
    pub fn message_words(&self) -> &str {
        let noted = || self.note.map_or("", Note::message);
        self.message.as_deref().unwrap_or_else(noted)
    }

    /// What to do, in words; empty where nothing is said.
    #[must_use]
    pub fn advice_words(&self) -> &str {
        let noted = || self.note.and_then(Note::advice).unwrap_or_default();
        self.advice.as_deref().unwrap_or_else(noted)
    }

    /// An outcome without anything more to say.
    #[must_use]
    pub const fn plain(outcome: JournalOutcome) -> Self {
        Self {
            outcome,
            unclear: false,
            learnt: Learnt::Nothing,
            status: None,
            code: None,
            note: None,
            message: None,
            advice: None,
            request_id: None,
        }
    }
}

/// One entry.
#[derive(Debug)]
pub enum Entry {
    /// A call is about to be made. With it stands what an undo takes back by it, to be rejected from
    /// now on: the operations, and why they were made.
    Intent(Box<OperationRow>, Vec<(OperationId, Option<Reason>)>),
    /// It ended.
    Outcome(Box<OperationRow>, Box<Finished>),
}

type Waiting = (Entry, oneshot::Sender<Result<(), String>>);

/// The journal of one run.
#[derive(Debug)]
pub struct Journal {
    entries: mpsc::UnboundedSender<Waiting>,
    thread: std::thread::JoinHandle<()>,
}

impl Journal {
    /// Opens the journal of a run.
    pub fn open(state: &State, run: i64) -> Result<Self, StoreError> {
        let connection = Connection::open(state.path()).map_err(|e| state.sql(e))?;
        connection
            .execute_batch("PRAGMA synchronous = FULL; PRAGMA busy_timeout = 10000;")
            .map_err(|e| state.sql(e))?;
        let (entries, queue) = mpsc::unbounded_channel();
        let thread = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || write_all(&connection, run, queue))
            .map_err(|source| StoreError::Io {
                path: state.path().to_owned(),
                source,
            })?;
        Ok(Self { entries, thread })
    }

    /// Writes an entry; returns when it is on disk.
    pub async fn write(&self, entry: Entry) -> Result<(), StoreError> {
        let gone = || StoreError::Journal("its thread has ended".to_owned());
        let (done, written) = oneshot::channel();
        self.entries.send((entry, done)).map_err(|_| gone())?;
        written
            .await
            .map_err(|_| gone())?
            .map_err(StoreError::Journal)
    }

    /// Waits until everything is written.
    pub fn close(self) -> Result<(), StoreError> {
        drop(self.entries);
        self.thread
            .join()
            .map_err(|_| StoreError::Journal("its thread panicked".to_owned()))
    }
}

fn write_all(connection: &Connection, run: i64, mut queue: mpsc::UnboundedReceiver<Waiting>) {
    let mut batch = Vec::new();
    while queue.blocking_recv_many(&mut batch, 1024) > 0 {
        let written = write_batch(connection, run, &batch).map_err(|e| e.to_string());
        for (_, done) in batch.drain(..) {
            // The run that waited may be gone; the entry is written all the same.
            let _ = done.send(written.clone());
        }
    }
}

fn write_batch(connection: &Connection, run: i64, batch: &[Waiting]) -> rusqlite::Result<()> {
    let change = connection.unchecked_transaction()?;
    for (entry, _) in batch {
        match entry {
            Entry::Intent(row, rejected) => intent(&change, run, row, rejected)?,
            Entry::Outcome(row, finished) => outcome(&change, run, row, finished)?,
        }
    }
    change.commit()
}

/// What would be lost with the process stands on disk before the call: what is taken from a leaver,
/// and what an undo rejects.
fn intent(
    connection: &Connection,
    run: i64,
    row: &OperationRow,
    rejected: &[(OperationId, Option<Reason>)],
) -> rusqlite::Result<()> {
    taking(connection, run, row)?;
    for (id, reason) in rejected {
        reject_undone(connection, run, row.id, *id, *reason)?;
    }
    let (user, group) = (row.user.as_ref(), row.group.as_ref());
    connection
        .prepare_cached(
            "INSERT INTO journal (run, operation_id, kind, entra_id, account_id, email, name,
             group_entra, group_id, group_name, reason, reason_code, intent_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, '', ?11, ?12)
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            run,
            row.id,
            row.kind,
            user.and_then(|u| u.entra_id.as_deref()),
            user.and_then(|u| u.account_id.as_deref()),
            user.and_then(|u| u.email.as_deref()),
            user.map(|u| u.name.as_str()),
            group.and_then(|g| g.entra_id.as_deref()),
            group.and_then(|g| g.group_id.as_deref()),
            group.map(|g| g.name.as_str()),
            row.reason_code,
            now(),
        ])
        .map(drop)
}

fn outcome(
    connection: &Connection,
    run: i64,
    row: &OperationRow,
    finished: &Finished,
) -> rusqlite::Result<()> {
    let (account, group, proven_new) = match &finished.learnt {
        Learnt::Nothing => (None, None, false),
        Learnt::Account {
            account_id,
            proven_new,
            ..
        } => (Some(account_id.as_str()), None, *proven_new),
        Learnt::Group { group_id, .. } => (None, Some(group_id.as_str()), true),
    };
    connection
        .prepare_cached(
            "UPDATE journal SET outcome_at = ?3, outcome = ?4, proven_new = ?5, status = ?6,
             code = ?7, message = ?8, advice = ?9, request_id = ?10,
             account_id = coalesce(?11, account_id), group_id = coalesce(?12, group_id),
             unclear = ?13, note = ?14
             WHERE run = ?1 AND operation_id = ?2",
        )?
        .execute(params![
            run,
            row.id,
            now(),
            finished.outcome,
            proven_new,
            finished.status,
            finished.code,
            finished.message,
            finished.advice,
            finished.request_id,
            account,
            group,
            finished.unclear,
            finished.note,
        ])?;
    settle(
        connection,
        run,
        &Settled {
            operation: row.id,
            kind: row.kind,
            account: row
                .user
                .as_ref()
                .and_then(|u| u.account_id.as_deref())
                .unwrap_or_default(),
            group: row
                .group
                .as_ref()
                .and_then(|g| g.group_id.as_deref())
                .unwrap_or_default(),
        },
        finished.outcome,
        finished.unclear,
    )?;
    match &finished.learnt {
        Learnt::Nothing => Ok(()),
        Learnt::Account {
            account_id, how, ..
        } => {
            let user = row.user.as_ref();
            let Some(entra) = user.and_then(|u| u.entra_id.as_deref()) else {
                return Ok(());
            };
            if *how == LinkedHow::Created {
                note_new(connection, account_id)?;
            }
            let email = user.and_then(|u| u.email.as_deref()).unwrap_or_default();
            let name = user.map(|u| u.name.as_str()).unwrap_or_default();
            link_person(connection, entra, account_id, *how, email, name)
        }
        Learnt::Group { group_id, entra } => entra
            .iter()
            .try_for_each(|id| link_group(connection, id, group_id, Ownership::Owned)),
    }
}
