//! Guards hold operations until the admin allows them by name and number.

mod allowance;
mod gives;
mod hold;
mod name;
mod source;
mod takes;

pub use allowance::{Allowance, AllowanceError, Allowances};
pub(super) use hold::{Holding, hold};
pub use name::{GuardCount, GuardName, Held};
