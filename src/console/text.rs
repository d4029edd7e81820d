//! Small words: moments, lengths of time, operations.

use crate::store::JournalRow;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Seconds since 1970 as a local moment, e.g. `24 Nov 14:05:09`.
pub(super) fn moment(seconds: i64) -> String {
    Timestamp::from_second(seconds).map_or_else(
        |_| String::new(),
        |at| {
            at.to_zoned_datetime(TimeZone::system())
                .strftime("%-d %b %H:%M:%S")
                .to_string()
        },
    )
}

/// The time of day, e.g. `14:05:09`.
pub(super) fn clock(at: Timestamp) -> String {
    at.to_zoned_datetime(TimeZone::system())
        .strftime("%H:%M:%S")
        .to_string()
}

/// How old something is, roughly: `now`, `5 min`, `3 h`, `2 d`.
pub(super) fn age(now: Timestamp, then: Timestamp) -> String {
    let seconds = (now.as_second() - then.as_second()).max(0);
    match seconds {
        0..=59 => "now".to_owned(),
        60..=3599 => format!("{} min", seconds / 60),
        3600..=86399 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86400),
    }
}

/// A place in a list after some steps, not beyond its ends.
pub(super) fn stepped(at: usize, by: isize, last: usize) -> usize {
    at.saturating_add_signed(by).min(last)
}

/// A place in a ring of `count` after some steps, none longer than the ring.
pub(super) fn turned(at: usize, by: isize, count: usize) -> usize {
    (at + count).saturating_add_signed(by) % count.max(1)
}

/// Minutes and seconds as a countdown shows them.
pub(super) fn countdown(seconds: i64) -> String {
    let seconds = seconds.max(0);
    if seconds >= 3600 {
        format!(
            "{}:{:02}:{:02}",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60
        )
    } else {
        format!("{:02}:{:02}", seconds / 60, seconds % 60)
    }
}

/// What a journal's row did, in words.
pub(super) fn operation_words(row: &JournalRow) -> String {
    let person = row.name.as_deref().unwrap_or("somebody");
    let group = row.group_name.as_deref().unwrap_or("a group");
    row.kind.describe(person, group)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countdowns_are_short() {
        assert_eq!(countdown(-3), "00:00");
        assert_eq!(countdown(754), "12:34");
        assert_eq!(countdown(3_661), "1:01:01");
    }
}
