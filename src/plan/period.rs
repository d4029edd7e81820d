//! Lengths of time as settings write them: `15m`, `1h30m`, `24h`, `0d`.
//!
//! They are read in jiff's friendly format. They are written with the largest unit that divides them,
//! which is that format too: digests of settings hold the text, so that it must stay as it is.

use jiff::Span;
use jiff::fmt::friendly::SpanParser;
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
        let read = SpanParser::new().parse_span(text.trim()).ok();
        read.and_then(whole_seconds).map(Self).ok_or_else(|| {
            format!("“{text}” is no length of time: write a number and s, m, h or d, such as 15m")
        })
    }
}

/// The seconds of a span of days and smaller units; none if it is negative or holds a part of a
/// second.
fn whole_seconds(span: Span) -> Option<u64> {
    let calendar = span.get_years() != 0 || span.get_months() != 0 || span.get_weeks() != 0;
    let parts = [
        (i64::from(span.get_days()), 86400),
        (i64::from(span.get_hours()), 3600),
        (span.get_minutes(), 60),
        (span.get_seconds(), 1),
    ];
    let fraction = (
        span.get_milliseconds(),
        span.get_microseconds(),
        span.get_nanoseconds(),
    );
    if calendar || span.is_negative() || fraction != (0, 0, 0) {
        return None;
    }
    let mut seconds = 0_i64;
    for (number, unit) in parts {
        seconds = seconds.checked_add(number.checked_mul(unit)?)?;
    }
    u64::try_from(seconds).ok()
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
        for (text, written) in [
            ("15m", "15m"),
            ("24h", "1d"),
            ("0d", "0d"),
            ("90s", "90s"),
            ("1h30m", "90m"),
            ("1d 1h", "25h"),
            ("1.5h", "90m"),
            ("15 minutes", "15m"),
        ] {
            let period = Period::try_from(text.to_owned()).unwrap();
            assert_eq!(period.to_string(), written);
        }
        for bad in [
            "", "m", "15", "-1h", "1h ago", "0.5s", "500ms", "1w", "1mo", "1y", "PT15M", "5µ",
        ] {
            assert!(Period::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
