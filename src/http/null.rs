//! Null where a value was promised.

use serde::{Deserialize, Deserializer};

/// Reads null like a value that is not there: both services send it for texts and lists that their
/// documents don't call nullable.
pub fn null_is_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
