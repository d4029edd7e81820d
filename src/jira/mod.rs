//! Jira Cloud: who I am, users, groups, members, products, and the writes.
//!
//! With a bad token Jira answers some calls with 200 and nothing; the header that tells it is
//! checked on every answer.

mod audit;
mod client;
mod error;
mod invitations;
mod listing;
mod members;
mod organization;
mod wire;
mod workspaces;
mod writes;

pub use audit::AuditRecord;
pub use client::{Access, Jira, Myself, Route, connect};
pub use error::{JiraError, Needs, Refusal, Unwritten};
pub use invitations::{INVITED_AT_ONCE, Invited};
pub use listing::{AccountRead, GroupsRead, IDS_AT_ONCE, JiraProgress, Rights, UsersRead};
pub use members::MembersRead;
pub use organization::{ADDRESSES_AT_ONCE, Organization, OrganizationUser};
pub use workspaces::{Resource, resources_of};
pub use writes::{Created, How, Written};
