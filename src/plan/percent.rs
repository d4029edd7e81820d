//! Shares as settings write them: `25`, `0.5`.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A share in percent, to a hundredth of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Percent(u32);

impl Percent {
    /// A share in hundredths of a percent.
    #[must_use]
    pub const fn hundredths(hundredths: u32) -> Self {
        Self(hundredths)
    }

    /// A share in whole percent.
    #[must_use]
    pub const fn whole(percent: u32) -> Self {
        Self(percent * 100)
    }

    /// Whether so many of so many are more than this share.
    #[must_use]
    pub const fn is_exceeded(self, count: u64, of: u64) -> bool {
        count as u128 * 10_000 > self.0 as u128 * of as u128
    }

    /// How many of so many are this share, rounded down.
    #[must_use]
    pub fn of(self, whole: u64) -> u64 {
        let share = u128::from(self.0) * u128::from(whole) / 10_000;
        u64::try_from(share).unwrap_or(u64::MAX)
    }

    /// In percent, rounded down.
    #[must_use]
    pub const fn floor(self) -> u64 {
        self.0 as u64 / 100
    }
}

impl TryFrom<f64> for Percent {
    type Error = String;

    fn try_from(percent: f64) -> Result<Self, String> {
        let hundredths = (percent * 100.0).round();
        // Nobody has more than 100 % of something, but a guard that never trips is set so.
        if (0.0..=4_000_000.0).contains(&hundredths) {
            #[expect(
                clippy::cast_sign_loss,
                reason = "it is within the type's range by the line above"
            )]
            let hundredths = hundredths as u32;
            Ok(Self(hundredths))
        } else {
            Err(format!(
                "{percent} is no share: write percent, such as 25 or 0.5"
            ))
        }
    }
}

impl From<Percent> for f64 {
    fn from(percent: Percent) -> Self {
        Self::from(percent.0) / 100.0
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", f64::from(*self))
    }
}

#[cfg(test)]
mod tests {
    use super::Percent;

    #[test]
    fn a_share_is_exceeded_by_more_than_it() {
        let half = Percent::hundredths(50);
        assert_eq!(half.of(4000), 20);
        assert!(!half.is_exceeded(20, 4000));
        assert!(half.is_exceeded(21, 4000));
        assert!(half.is_exceeded(1, 0), "of nothing everything is more");
        assert!(!Percent::whole(100).is_exceeded(7, 7));
    }

    #[test]
    fn shares_are_written_as_they_were_read() {
        for text in ["25", "0.5", "0", "100", "2.25"] {
            let share: Percent = serde_json::from_str(text).unwrap();
            assert_eq!(share.to_string(), text);
        }
        assert!(serde_json::from_str::<Percent>("-1").is_err());
        assert!(serde_json::from_str::<Percent>("1e308").is_err());
    }
}
