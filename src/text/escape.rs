//! Whatever a directory or a service says is untrusted: this makes it safe to show.

use std::borrow::Cow;

/// Text from a directory or a service, made safe to show on a terminal: control characters and
/// the Unicode marks that reorder text are written as escapes, everything else stays.
#[must_use]
pub fn escape(text: &str) -> Cow<'_, str> {
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

/// Whether a character is shown as it is, rather than as an escape.
#[must_use]
pub fn is_visible(c: char) -> bool {
    !is_unsafe(c)
}

fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_codes_and_bidirectional_marks_are_written_out() {
        assert_eq!(escape("\u{1b}[2JAda"), "\\u{1b}[2JAda");
        assert_eq!(escape("a\u{202e}b\u{200f}"), "a\\u{202e}b\\u{200f}");
        assert_eq!(escape("Chloé García 王"), "Chloé García 王");
    }
}
