//! The console: keys in, screens out. First without a terminal, against the simulator; then the
//! real binary in a pseudo-terminal.

#![expect(clippy::unwrap_used, reason = "a panic is how a test says no")]

mod credentials;
mod deciding;
mod desk;
mod loops;
mod pictures;
mod screens;
mod terminal;
