//! Rollbook keeps Jira Cloud's users and groups in step with Microsoft Entra ID.
//!
//! The map, from the top; imports go downward only, and `tests/architecture.rs` checks that:
//!
//! - [`console`]: the terminal console. [`cli`]: the headless commands.
//! - [`sync`]: the use cases: check, refresh, plan, apply, adopt; and every error in words.
//! - [`entra`], [`jira`]: the two services. [`store`]: `state.db` and `mirror.db`. [`config`]:
//!   profiles and secrets.
//! - [`http`]: one way to call a service.
//! - [`plan`]: pure: settings, scope, matching, desired state, diff, guards, operations, the order
//!   they may run in.
//! - [`directory`]: pure: people, groups, memberships, interned and compact.
//! - [`simulator`]: a tenant and a site over real HTTP, for the demo and tests; imports nothing
//!   from the crate.
//!
//! A run goes: refresh ([`sync::plan`] reads both sides at the same time), recognise, desired
//! state, diff, guards ([`plan::make`]), apply ([`sync::apply`] drives [`plan::Executor`]).

pub mod cli;
pub mod config;
pub mod console;
pub mod directory;
pub mod entra;
pub mod http;
pub mod jira;
pub mod plan;
pub mod simulator;
pub mod store;
pub mod sync;
pub mod text;
