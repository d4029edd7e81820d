//! What time it is. Faces make one clock and hand it down, so that whatever follows from the time can
//! be tried out at another one.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// A clock.
#[derive(Debug, Clone, Copy, Default)]
pub enum Clock {
    /// This machine's.
    #[default]
    System,
    /// One that stands still.
    Fixed(Timestamp),
}

impl Clock {
    /// Now.
    #[must_use]
    pub fn now(self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            Self::Fixed(at) => at,
        }
    }

    /// The date where this machine is.
    #[must_use]
    pub fn today(self) -> Date {
        self.now().to_zoned_datetime(TimeZone::system()).date()
    }

    /// Seconds since 1970, as snapshots note them.
    pub(super) fn seconds(self) -> u32 {
        // Good until 2106.
        u32::try_from(self.now().as_second()).unwrap_or(u32::MAX)
    }

    /// Now, as plans and locks note it.
    pub(super) fn stamp(self) -> String {
        stamp(self.now())
    }
}

/// RFC 3339 without fractions of a second.
pub(super) fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
