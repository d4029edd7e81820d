//! The program against the simulator, over real HTTP, as its users run it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic is how a test says no"
)]

mod applying;
mod bad_input;
mod believing;
mod changes;
mod contract;
mod deciding;
mod field;
mod guards;
mod habits;
mod headless;
mod hostile;
mod identities;
mod interrupted;
mod leavers;
mod migrating;
mod names;
mod reading;
mod secrets;
mod sending;
mod storing;
mod terminal;
mod undoing;
mod words;
mod world;
