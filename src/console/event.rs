//! What happens to the console, and what it asks the loop to do.

use super::Place;
use super::clerk::{Answer, Errand};
use super::review::{Page, Pending, Prepared, Summary};
use super::worker::WorkKind;
use crate::config::{Editor, Paths, Profile, SecretKind, SecretSource};
use crate::plan::{Decisions, Known, Links, Settings, Unclear};
use crate::sync::run::Report;
use crate::sync::{Control, Finding, Planned, Problem, Side, WhatIf};
use crossterm::event::KeyEvent;
use jiff::Timestamp;
use secrecy::SecretString;
use std::sync::Arc;

/// A signal of the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// SIGHUP, or a terminal that is gone.
    Hangup,
    /// SIGTSTP.
    Suspend,
    /// SIGCONT.
    Continue,
}

/// Everything that happens, in one order.
#[derive(Debug)]
pub enum Event {
    /// A key.
    Key(KeyEvent),
    /// Pasted text.
    Paste(String),
    /// The terminal's new size.
    Resize(u16, u16),
    /// Time goes on.
    Tick(Timestamp),
    /// A signal.
    Signal(Signal),
    /// There is no shell to be suspended to.
    NoShell,
    /// Something of the console's own.
    #[doc(hidden)]
    Inner(Private),
}

/// Something of the console's own.
#[derive(Debug)]
#[doc(hidden)]
pub struct Private {
    /// Which profile and place it is about: what comes after a change of either is dropped.
    pub(super) epoch: u64,
    pub(super) inner: Inner,
}

impl Inner {
    /// The event that tells this of one profile and place.
    pub(super) fn of(self, epoch: u64) -> Event {
        Event::Inner(Private { epoch, inner: self })
    }
}

/// A plan from both sides as they were read last.
#[derive(Debug)]
pub(super) struct Recollected {
    pub(super) prepared: Prepared,
    /// When, in seconds since 1970.
    pub(super) read_at: u32,
    /// Whether something was applied after that.
    pub(super) overtaken: bool,
}

/// What comes back from jobs, errands and thoughts.
#[derive(Debug)]
pub(super) enum Inner {
    /// A connection test found something.
    Found(u64, Box<Finding>),
    /// The test of one side ended.
    Tested(u64, Side, Option<Box<Problem>>),
    /// A job made a plan.
    Planned(Box<Prepared>),
    /// A job applied a plan.
    Applied(Box<Report>),
    /// The schedule's job applied nothing, since somebody is deciding.
    HeldBack,
    /// A job wants something known.
    Noted(String),
    /// The job ended.
    Ended(Result<(), Box<Problem>>),
    /// The worker is gone: it panicked.
    WorkerGone,
    /// An errand was done.
    Answer(Box<Answer>),
    /// What the accepted operations come to, and for which asking.
    Summary(u64, Box<Summary>),
    /// The plan after decisions, and for which asking.
    Again(u64, Box<Prepared>),
    /// What an adoption would do.
    Adoption(Box<Result<Page, Problem>>),
    /// What edited settings would do.
    WhatIf(u64, Box<Result<WhatIf, Unclear>>),
    /// The plan from both sides as they were read last.
    Recalled(Option<Box<Recollected>>),
    /// The configuration was read.
    Loaded(Box<Result<Loaded, Problem>>),
    /// The configuration was saved.
    Saved(Box<Result<Saved, Problem>>),
    /// A place to work at is ready.
    Moved(Box<Result<Place, Problem>>),
}

/// The configuration as it was read.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) editor: Editor,
    /// The profile to work on, if there is one.
    pub(super) profile: Option<String>,
    /// Where the client secret and the API token come from.
    pub(super) sources: [Option<SecretSource>; 3],
}

/// What was saved.
#[derive(Debug)]
pub(super) struct Saved {
    pub(super) loaded: Loaded,
    pub(super) part: Part,
    pub(super) words: String,
}

/// Which part of a profile was saved. Edits of the others stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Credentials,
    /// The profile itself: it is gone.
    Deleted,
    Settings,
    Interval,
}

/// What the state holds of links and decisions.
#[derive(Debug)]
pub(super) struct Remembered {
    /// None where they did not change.
    pub(super) links: Option<Links>,
    pub(super) decisions: Decisions,
}

impl Remembered {
    /// Whether a plan that knows this would be the same: decisions on single operations only mark it.
    pub(super) fn is_known_to(&self, known: &Known) -> bool {
        let (now, then) = (&self.decisions, &known.decisions);
        self.links
            .as_ref()
            .is_none_or(|links| *links == known.links)
            && now.kept_apart == then.kept_apart
            && now.different == then.different
            && now.left_alone == then.left_alone
    }
}

/// Pure work that may take a while.
#[derive(Debug)]
pub(super) enum Thought {
    /// What the accepted operations come to.
    Summary {
        round: u64,
        planned: Arc<Planned>,
        chosen: Vec<u32>,
    },
    /// The plan after decisions.
    Again {
        round: u64,
        planned: Arc<Planned>,
        pending: Pending,
    },
    /// What adopting a group would do.
    Adoption {
        planned: Arc<Planned>,
        group: String,
        /// Whether members are only added.
        add_only: bool,
    },
    /// The plan from both sides as they were read last.
    Recall { profile: Box<Profile>, paths: Paths },
    /// What edited settings would do.
    WhatIf {
        round: u64,
        planned: Arc<Planned>,
        decisions: Decisions,
        settings: Box<Settings>,
    },
}

/// Changes to the files of a profile.
#[derive(Debug)]
pub(super) struct Saving {
    pub(super) editor: Editor,
    /// The profile's name before, where it had one.
    pub(super) before: Option<String>,
    /// Its name now; none if it is deleted.
    pub(super) profile: Option<String>,
    pub(super) secrets: Vec<(SecretKind, SecretString)>,
    pub(super) part: Part,
    /// What is said when it worked.
    pub(super) words: String,
}

/// What the loop does for the state.
#[derive(Debug)]
pub(super) enum Effect {
    /// Begins a job.
    Start(WorkKind),
    Errand(Errand),
    Think(Thought),
    /// Tests one side.
    Test {
        round: u64,
        side: Side,
        profile: Box<Profile>,
        /// The name under which its secrets are kept.
        kept_under: Option<String>,
        /// The secret that was typed; otherwise the kept one is taken.
        typed: Option<SecretString>,
        /// The organization key that was typed.
        typed_key: Option<SecretString>,
        /// Whether the kept organization key may be used.
        kept_key: bool,
        control: Control,
    },
    /// Reads the configuration, and takes this profile if it is there.
    Load(Option<String>),
    Save(Box<Saving>),
    /// Lets the profile's secrets go where its settings say now.
    ConfirmOrigins,
    /// Starts the simulated organisation.
    Simulate,
    /// Goes back from it.
    Leave,
    /// Copies text to the clipboard.
    Copy(String),
    Suspend,
    Redraw,
}
