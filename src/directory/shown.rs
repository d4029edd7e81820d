//! Whatever a directory says is untrusted: this is how it is shown.

use std::borrow::Cow;
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// Text from a directory or a service, made safe to show on a terminal: control characters and
/// the Unicode marks that reorder text are written as escapes, everything else stays.
#[must_use]
pub fn shown(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_unsafe(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}'
        )
}

/// Text from a directory, made safe and cut at a grapheme's border to at most this many columns;
/// an ellipsis stands for what is missing.
#[must_use]
pub fn fit(text: &str, width: usize) -> Cow<'_, str> {
    let safe = shown(text);
    if safe.width() <= width {
        return safe;
    }
    let mut out = String::new();
    let mut used = 0;
    for grapheme in safe.graphemes(true) {
        let w = grapheme.width();
        if used + w + 1 > width {
            break;
        }
        used += w;
        out.push_str(grapheme);
    }
    if width > 0 {
        out.push('…');
    }
    Cow::Owned(out)
}

/// The same, filled to exactly this many columns.
#[must_use]
pub fn cell(text: &str, width: usize) -> String {
    let mut out = fit(text, width).into_owned();
    let fill = width.saturating_sub(out.width());
    out.extend(std::iter::repeat_n(' ', fill));
    out
}

/// Breaks text at blanks into lines of at most this many columns. A longer word, such as an
/// address or an id, is broken where the line ends: nothing of it is lost.
#[must_use]
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && line.width() + 1 + word.width() > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        for grapheme in word.graphemes(true) {
            if line.width() + grapheme.width() > width && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            line.push_str(grapheme);
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// “1 person”, “2 people”.
#[must_use]
pub fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

/// A number with its thousands apart.
#[must_use]
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A length of time in its two largest units, e.g. `3 min 20 s`.
#[must_use]
pub fn duration(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60);
    let rest = seconds % 60;
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{rest} s"),
        (0, 0, m) if rest == 0 => format!("{m} min"),
        (0, 0, m) => format!("{m} min {rest} s"),
        (0, h, m) => format!("{h} h {m} min"),
        (d, h, _) => format!("{d} d {h} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_short() {
        for (seconds, words) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (200, "3 min 20 s"),
            (7260, "2 h 1 min"),
            (180_000, "2 d 2 h"),
        ] {
            assert_eq!(duration(seconds), words);
        }
    }

    #[test]
    fn escape_codes_and_bidirectional_marks_are_written_out() {
        assert_eq!(shown("\u{1b}[2JAda"), "\\u{1b}[2JAda");
        assert_eq!(shown("a\u{202e}b\u{200f}"), "a\\u{202e}b\\u{200f}");
        assert_eq!(shown("Chloé García 王"), "Chloé García 王");
    }

    #[test]
    fn cells_never_move_the_layout() {
        for name in [
            "",
            "Ada",
            "a very long name indeed",
            "王小明王小明王小明",
            "\u{1b}[31mred",
            "👩\u{200d}👩\u{200d}👧 family of many words",
            "e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}",
        ] {
            for width in 0..20 {
                assert_eq!(cell(name, width).width(), width, "{name}");
            }
        }
    }

    #[test]
    fn long_words_are_broken_and_not_lost() {
        assert_eq!(
            wrap("id 0123456789 end", 6),
            ["id", "012345", "6789", "end"]
        );
        assert_eq!(wrap("", 6), Vec::<String>::new());
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(counted(1, "person", "people"), "1 person");
        assert_eq!(counted(1_234_567, "person", "people"), "1,234,567 people");
    }
}
