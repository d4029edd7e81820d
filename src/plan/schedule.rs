//! When the next run is due.

use super::period::Period;
use jiff::Timestamp;

/// When the interval's next run begins: one interval after the last run ended, at once where that
/// has passed already, or where there was none. None while the interval is off.
#[must_use]
pub fn next_run(
    now: Timestamp,
    last: Option<Timestamp>,
    enabled: bool,
    every: Period,
) -> Option<Timestamp> {
    if !enabled {
        return None;
    }
    let due = last.map_or(now, |last| {
        last.checked_add(every.duration().max(Period::SHORTEST.duration()))
            .unwrap_or(now)
    });
    Some(due.max(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_due_one_interval_after_the_last() {
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        let every = Period::minutes(15);
        assert_eq!(next_run(at(1000), None, false, every), None);
        assert_eq!(next_run(at(1000), None, true, every), Some(at(1000)));
        assert_eq!(
            next_run(at(1000), Some(at(900)), true, every),
            Some(at(1800))
        );
        assert_eq!(
            next_run(at(9000), Some(at(900)), true, every),
            Some(at(9000))
        );
        // An interval of nothing would never rest.
        assert_eq!(
            next_run(at(1000), Some(at(1000)), true, Period::ZERO),
            Some(at(1010))
        );
    }
}
