//! People, groups and memberships of both sides, interned and compact.
//!
//! A snapshot is one side as read at one moment. Text lives in one arena per snapshot, rows hold
//! spans into it, memberships are offsets plus sorted `u32` row numbers. Nothing here knows HTTP,
//! SQL, a terminal, a clock or async.

mod account_index;
mod arena;
mod columns;
mod completeness;
mod entra;
mod entra_after;
mod entra_builder;
mod entra_changes;
mod ids;
mod jira;
mod jira_builder;
mod jira_changes;
mod keys;
mod members;
mod merge_join;
mod product;

pub use account_index::AccountIndex;
pub use arena::{Arena, Span};
pub use columns::{Get, Put};
pub use completeness::{Completeness, Doubt};
pub use entra::{
    Assigned, EntraGroup, EntraGroupRow, EntraPerson, EntraPersonRow, EntraSnapshot, GroupKind,
    MemberKind, Membership,
};
pub use entra_builder::EntraBuilder;
pub use entra_changes::{EntraChanges, Gone, GroupFields, PersonFields, Questions};
pub use ids::{AccountId, EntraId, GroupId, fold, folded, is_id};
pub use jira::{
    AccountKind, GroupClass, JiraAccount, JiraAccountRow, JiraGroup, JiraGroupRow, JiraSnapshot,
    Product, Seats, is_reserved,
};
pub use jira_builder::JiraBuilder;
pub use jira_changes::{JiraChanges, MemberList};
pub use members::Memberships;
pub use product::ProductKey;
