//! Rollbook.
pub mod directory;
pub mod plan;
pub mod http;
pub mod entra;
pub mod jira;
pub mod store;
pub mod config;
pub mod sync;
pub mod simulator;
pub mod cli;
