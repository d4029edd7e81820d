//! Rollbook.
pub mod cli;
pub mod config;
pub mod directory;
pub mod entra;
pub mod http;
pub mod jira;
pub mod plan;
pub mod simulator;
pub mod store;
pub mod sync;
