//! Microsoft Graph: the token, users, groups with their members, the tenant.
//!
//! Every link that Graph gives is checked against the configured origin before the token goes
//! there, and a link seen twice is an error. What the service really does is written down with
//! each call.

mod batch;
mod changes;
mod client;
mod error;
mod listing;
mod token;
mod wire;

pub use client::{ApplicationInfo, Entra, Tenant};
pub use error::{EntraError, TokenProblem, TokenRefusal};
pub use listing::{DeltaLinks, EntraProgress, EntraRead};
pub use token::{Claims, Credentials, Missing, missing_permissions, reads_hidden_membership};
