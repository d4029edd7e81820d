//! Who holds a profile's lock.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The process that holds a lock, as it wrote itself into the lock's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Process id.
    pub pid: u32,
    /// Host.
    pub host: String,
    /// User.
    pub person: String,
    /// What it does, e.g. `apply`.
    pub doing: String,
    /// Since when, RFC 3339.
    pub since: String,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.person, self.host)
    }
}
