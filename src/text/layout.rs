//! Text in columns: cut, filled and wrapped by the width that a terminal gives it.

use super::escape::escape;
use std::borrow::Cow;
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// Text from a directory, made safe and cut at a grapheme's border to at most this many columns;
/// an ellipsis stands for what is missing.
#[must_use]
pub fn fit(text: &str, width: usize) -> Cow<'_, str> {
    let safe = escape(text);
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

/// The same without cutting anything: what is longer moves what follows.
#[must_use]
pub fn padded(text: &str, width: usize) -> String {
    let mut out = escape(text).into_owned();
    let fill = width.saturating_sub(out.width());
    out.extend(std::iter::repeat_n(' ', fill));
    out
}

/// Breaks text at blanks into lines of at most this many columns. A longer word, such as an
/// address or an id, is broken where the line ends: nothing of it is lost.
#[must_use]
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    lines(text, width.max(1), true)
}

/// The same where a longer word stays whole, on a line of its own, so that it can be copied.
#[must_use]
pub fn wrap_whole(text: &str, width: usize) -> Vec<String> {
    lines(text, width.max(1), false)
}

fn lines(text: &str, width: usize, breaks: bool) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && line.width() + 1 + word.width() > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        if !breaks {
            line.push_str(word);
            continue;
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

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(
            wrap_whole("id 0123456789 end", 6),
            ["id", "0123456789", "end"]
        );
    }
}
