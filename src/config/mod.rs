//! Profiles and secrets: what the administrator wrote, checked.

mod error;
mod file;
mod paths;
mod profile;
mod secrets;

pub use error::{ConfigError, SecretKind};
pub use file::{Entra, Jira, Limits, Schedule, example};
pub use paths::Paths;
pub use profile::{Profile, load, parse};
pub use secrets::{SecretSource, Secrets, environment_applies};
