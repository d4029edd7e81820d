//! Lengths of time as settings write them: `15m`, `24h`, `0d`.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// A length of time in whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Period(u64);

impl Period {
    /// A period of whole minutes.
    #[must_use]
    pub const fn minutes(minutes: u64) -> Self {
        Self(minutes * 60)
    }

    /// A period of whole hours.
    #[must_use]
    pub const fn hours(hours: u64) -> Self {
        Self(hours * 3600)
    }

    /// The shortest interval between runs.
    pub const SHORTEST: Self = Self(10);

    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// As a duration.
    #[must_use]
    pub const fn duration(self) -> Duration {
        Duration::from_secs(self.0)
    }
}

impl TryFrom<String> for Period {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let help = || {
            format!("“{text}” is no length of time: write a number and s, m, h or d, such as 15m")
        };
        let trimmed = text.trim();
        let split = trimmed.len() - trimmed.chars().next_back().map_or(0, char::len_utf8);
        let (number, unit) = trimmed.split_at(split);
        let unit = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            "d" => 86400,
            _ => return Err(help()),
        };
        number
            .parse::<u64>()
            .ok()
            .and_then(|n| n.checked_mul(unit))
            .map(Self)
            .ok_or_else(help)
    }
}

impl From<Period> for String {
    fn from(period: Period) -> Self {
        period.to_string()
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (unit, name) in [(86400, "d"), (3600, "h"), (60, "m")] {
            if self.0.is_multiple_of(unit) {
                return write!(f, "{}{name}", self.0 / unit);
            }
        }
        write!(f, "{}s", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Period;

    #[test]
    fn periods_are_read_and_written() {
        for (text, written) in [("15m", "15m"), ("24h", "1d"), ("0d", "0d"), ("90s", "90s")] {
            let period = Period::try_from(text.to_owned()).unwrap();
            assert_eq!(period.to_string(), written);
        }
        for bad in ["", "m", "15", "-1h", "1.5h", "15 minutes", "5µ"] {
            assert!(Period::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
