//! One way to call a service.
//!
//! A [`Service`] owns pacing per endpoint and method, the gates of `Retry-After`, back-off,
//! time-outs, size limits, the check of every link's origin, redaction and the count of requests.
//! Redirects are not followed. It repeats idempotent calls by itself; a call that creates
//! something is repeated only after a 429, and everything else about it is its caller's.

mod answer;
mod body;
mod call;
mod client;
mod control;
mod counts;
mod failure;
mod headway;
mod null;
mod origin;
mod pace;
mod said;
mod secrets;
mod service;
mod spelling;

pub use answer::{Answer, wait};
pub use body::Bulk;
pub use call::{Auth, Body, Call, Repeat};
pub use client::Clients;
pub use control::Control;
pub use counts::{Counted, Counts};
pub use failure::Failure;
pub use headway::{Headway, NoHeadway, Stuck};
pub use null::null_is_default;
pub use origin::{Origin, OriginError};
pub use pace::{Gate, Rates};
pub use said::said;
pub use secrets::keep_out;
pub use service::{Reply, Service};

pub use reqwest::Method;
pub use url::Url;
