//! Profiles and secrets: what the administrator wrote, checked.

mod cloud;
mod edit;
mod error;
mod file;
mod guarded;
mod paths;
mod printed;
mod profile;
mod secrets;

pub use cloud::Cloud;
pub use edit::{Editor, keep_secret, move_profile, move_secrets};
pub use error::{ConfigError, SecretKind};
pub use file::{EntraSection, JiraSection, Limits, Schedule, example};
pub use guarded::{Exposed, refuse_exposed};
pub use paths::Paths;
pub use profile::{Profile, check_origin, check_tenant, is_guid, load, parse};
pub use secrets::{SecretSource, Secrets, environment_applies, find_secret, secret_source};
pub use toml_edit::{Array as TomlArray, InlineTable as TomlInlineTable, Value as TomlValue};
