//! The terminal console: credentials, provisioning, review, jobs.
//!
//! A state, an `update` that takes one event at a time and says what it asks for, and a drawing
//! of the state. Keys, signals, time, job progress and answers arrive as one ordered stream; only
//! the loop performs effects. Jobs run on a thread of their own, `state.db` is looked after by
//! another, pure thinking goes to the blocking pool: nothing waits on the loop.

mod app;
mod canvas;
mod clerk;
mod commands;
mod credentials;
mod event;
mod field;
mod files;
mod frame;
mod jobs;
mod overlay;
mod picture;
mod provisioning;
mod review;
mod runtime;
mod screen;
mod terminal;
mod text;
mod theme;
mod update;
mod welcome;
mod worker;

pub use event::{Event, Signal};
pub use picture::svg;
pub use runtime::{Asked, Console};
pub use screen::open;
pub use theme::Theme;

use crate::config::Paths;
use crate::sync::{Clock, Problem};
use std::any::Any;
use std::future::Future;
use std::pin::Pin;

/// How the console ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Somebody left.
    Quit,
    /// SIGINT, or the terminal is gone.
    Interrupted,
    /// SIGTERM.
    Terminated,
    /// It failed.
    Failed,
}

/// Where a console works: real folders, or those of a simulation.
pub struct Place {
    /// Folders.
    pub paths: Paths,
    /// Whether the services are simulated.
    pub simulated: bool,
    /// Tells the time.
    pub clock: Clock,
    /// The profile that was asked for.
    pub named: Option<String>,
    /// What has to live as long as the place: the simulator and its folder.
    pub keep: Option<Box<dyn Any + Send>>,
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Place")
            .field("paths", &self.paths)
            .field("simulated", &self.simulated)
            .finish_non_exhaustive()
    }
}

/// Starts a simulated organisation and gives the place to work on it.
pub type Simulate =
    Box<dyn Fn() -> Pin<Box<dyn Future<Output = Result<Place, Problem>> + Send>> + Send + Sync>;
