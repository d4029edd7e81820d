//! A tenant and a site over real HTTP on loopback, for the demo, tests and benches.
//!
//! It has the habits of the two services, the awkward ones included, as their documentation and
//! field reports describe them. It imports nothing from the rest of the crate. What it holds is
//! seeded: the same setup gives the same organisation. Faults come from a [`Scenario`] or are
//! switched while it runs, and every request is logged.

mod edits;
mod entra;
mod faults;
mod graph;
mod graph_json;
mod groups;
mod hostile;
mod ignore_case;
mod jira;
mod jira_json;
mod limiter;
mod organization;
mod people;
mod scenario;
mod seed;
mod serve;
mod wire;
mod world;

pub use faults::{Endless, Faults, Service, TurnedAway, Unavailable};
pub use scenario::{Organization, Scenario, ScenarioError, Services};
pub use serve::Simulator;
pub use wire::Logged;
pub use world::{
    Account, AccountType, EntraGroup, EntraUser, Member, Product, Site, SiteGroup, Tenant, World,
};
