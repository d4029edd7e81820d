//! Whatever a directory or a service says is untrusted: this makes it safe to show.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Text from a directory or a service, made safe to show on a terminal: control characters, the Unicode
/// marks that reorder text and whatever is not seen are written as escapes, everything else stays.
#[must_use]
pub fn escape(text: &str) -> Cow<'_, str> {
    // Nearly everything is printable ASCII.
    if text.bytes().all(|byte| (b' '..0x7f).contains(&byte)) || unsafe_places(text).next().is_none()
    {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    let mut shown = 0;
    for (at, c) in unsafe_places(text) {
        out.push_str(&text[shown..at]);
        out.extend(c.escape_unicode());
        shown = at + c.len_utf8();
    }
    out.push_str(&text[shown..]);
    Cow::Owned(out)
}

/// JSON in which every character that is not shown as it is stands as an escape: a terminal may read it,
/// too. What it says stays the same.
#[must_use]
pub fn json_safe(json: &str) -> Cow<'_, str> {
    // Outside its texts JSON has no such characters, and its own line ends stay.
    let mut places = unsafe_places(json).filter(|(_, c)| !matches!(c, '\n' | '\t' | '\r'));
    let Some(first) = places.next() else {
        return Cow::Borrowed(json);
    };
    let mut out = String::with_capacity(json.len() + 16);
    let mut shown = 0;
    for (at, c) in std::iter::once(first).chain(places) {
        out.push_str(&json[shown..at]);
        for unit in c.encode_utf16(&mut [0; 2]) {
            let _ = write!(out, "\\u{unit:04x}");
        }
        shown = at + c.len_utf8();
    }
    out.push_str(&json[shown..]);
    Cow::Owned(out)
}

/// The characters of a text that are not shown as they are, with their places.
pub(super) fn unsafe_places(text: &str) -> impl Iterator<Item = (usize, char)> {
    let mut before = None;
    let mut chars = text.char_indices().peekable();
    std::iter::from_fn(move || {
        while let Some((at, c)) = chars.next() {
            let next = chars.peek().map(|(_, next)| *next);
            let is_safe = !is_unsafe(c) || belongs(c, before, next);
            // What shapes an emoji stands for the emoji.
            if !is_joining(c) || !is_safe {
                before = Some(c);
            }
            if !is_safe {
                return Some((at, c));
            }
        }
        None
    })
}

/// Whether a character is shown as it is, rather than as an escape.
#[must_use]
pub fn is_visible(c: char) -> bool {
    !is_unsafe(c)
}

/// Whether a character joins emoji, or chooses their form or skin.
const fn is_joining(c: char) -> bool {
    matches!(c, '\u{200D}' | '\u{FE0F}' | '\u{1F3FB}'..='\u{1F3FF}')
}

/// Whether a character that isn't seen by itself belongs to the emoji around it.
fn belongs(c: char, before: Option<char>, next: Option<char>) -> bool {
    let after_emoji = before.is_some_and(is_emoji);
    match c {
        '\u{200D}' => after_emoji && next.is_some_and(is_emoji),
        '\u{FE0F}' => after_emoji || before.is_some_and(|c| c.is_ascii_digit() || c == '#'),
        _ => false,
    }
}

/// Whether a character is drawn as an emoji, as far as joiners need to know.
const fn is_emoji(c: char) -> bool {
    matches!(c, '\u{A9}' | '\u{AE}' | '\u{203C}'..='\u{3299}' | '\u{1F000}'..='\u{1FAFF}')
}

/// Whether a character is not seen: it joins, orders or tags others (Unicode's `Default_Ignorable_Code_Point`).
#[must_use]
pub fn is_ignorable(c: char) -> bool {
    matches!(
        c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFF8}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}'
    )
}

fn is_unsafe(c: char) -> bool {
    c.is_control()
        || is_ignorable(c)
        || matches!(
            c,
            '\u{2028}'..='\u{2029}' | '\u{FFF9}'..='\u{FFFB}'
            // Marks that stand for numbers and verses change how what follows is laid out.
            | '\u{600}'..='\u{605}' | '\u{6DD}' | '\u{70F}' | '\u{890}'..='\u{891}' | '\u{8E2}'
            | '\u{110BD}' | '\u{110CD}' | '\u{13430}'..='\u{1343F}'
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
        assert_eq!(
            escape("a\u{85}b\u{7f}c\u{2028}"),
            "a\\u{85}b\\u{7f}c\\u{2028}"
        );
        assert_eq!(escape("a\u{600}\u{6dd}b"), "a\\u{600}\\u{6dd}b");
    }

    #[test]
    fn json_says_the_same_without_what_is_not_shown() {
        for name in [
            "a\u{202e}b",
            "\u{85}\u{7f}",
            "x\u{2028}y",
            "\u{e0041}",
            "👩\u{200d}🚀 Ada",
            "王",
        ] {
            let json = format!("{{\"name\":\"{name}\"}}\n");
            let safe = json_safe(&json);
            let shown = safe
                .trim_end()
                .chars()
                .all(|c| is_visible(c) || c == '\u{200d}');
            assert!(shown, "{safe}");
            let read: serde_json::Value = serde_json::from_str(&safe).unwrap();
            assert_eq!(read["name"], name);
        }
    }

    #[test]
    fn joiners_stay_inside_emoji_alone() {
        for whole in [
            "👩\u{200d}👩\u{200d}👧",
            "❤\u{fe0f}\u{200d}🔥",
            "👋🏽",
            "👩🏽\u{200d}🚀",
            "1\u{fe0f}",
        ] {
            assert_eq!(escape(whole), whole);
        }
        assert_eq!(escape("site\u{200d}-admins"), "site\\u{200d}-admins");
        assert_eq!(
            escape("site\u{ad}admins\u{3164}"),
            "site\\u{ad}admins\\u{3164}"
        );
        assert_eq!(escape("a\u{fe0f}"), "a\\u{fe0f}");
        assert_eq!(escape("👩\u{200d}"), "👩\\u{200d}");
        assert_eq!(escape("👩\u{200d}x"), "👩\\u{200d}x");
    }
}
