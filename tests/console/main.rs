//! The console: keys in, screens out. First without a terminal, against the simulator; then the
//! real binary in a pseudo-terminal.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::future_not_send,
    reason = "a panic is how a test says no, and nothing here moves between threads"
)]

mod desk;
mod loops;
mod pictures;
mod screens;
mod terminal;
