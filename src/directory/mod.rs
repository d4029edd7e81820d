//! People, groups and memberships of both sides, interned and compact.
//!
//! A snapshot is one side as read at one moment. Text lives in one arena per snapshot, rows hold
//! spans into it, memberships are offsets plus sorted `u32` row numbers. Nothing here knows HTTP,
//! SQL, a terminal, a clock or async.

mod completeness;
mod entra;
mod ids;
mod jira;
mod members;
mod shown;
mod text;

pub use completeness::{Completeness, Doubt};
pub use entra::{
    EntraBuilder, EntraGroup, EntraGroupRow, EntraPerson, EntraPersonRow, EntraSnapshot, GroupKind,
    MemberKind, Membership,
};
pub use ids::{AccountId, EntraId, GroupId, fold};
pub use jira::{
    AccountKind, GroupClass, JiraAccount, JiraAccountRow, JiraBuilder, JiraGroup, JiraGroupRow,
    JiraSnapshot, Product, Seats, is_reserved,
};
pub use members::Memberships;
pub use shown::{cell, counted, fit, grouped, shown, wrap};
pub use text::{Arena, Span};
