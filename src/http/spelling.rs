//! A text however it is spelled: what stands in it once blanks, unseen characters and escapes are gone.
//!
//! Who gives back what they were sent may write it otherwise: percent-encoded (twice, too), in HTML's or
//! JSON's escapes, broken into lines. Each of these is read here as the plain letters that it stands for,
//! with the places from which they came.

use crate::text::is_visible;
use std::ops::Range;

/// Stands for any run of characters beyond ASCII: how they are encoded differs too much.
const OTHER: u8 = 0x80;
/// So many spellings may lie upon each other.
const DEEPEST: usize = 4;

/// One letter, and the bytes of the text that say it.
#[derive(Debug, Clone, Copy)]
struct Letter {
    letter: u8,
    from: usize,
    to: usize,
}

/// A text as small ASCII letters without blanks and unseen characters.
#[derive(Debug, Default)]
pub(super) struct Spelled {
    /// The letters.
    pub(super) letters: Vec<u8>,
    places: Vec<(usize, usize)>,
}

impl Spelled {
    /// The bytes of the text that say these letters, which are one at least.
    pub(super) fn place(&self, letters: Range<usize>) -> Range<usize> {
        self.places[letters.start].0..self.places[letters.end - 1].1
    }

    fn of(text: &[Letter]) -> Self {
        let mut spelled = Self::default();
        for letter in text {
            let plain = letter.letter;
            if plain.is_ascii_whitespace() || plain.is_ascii_control() {
                continue;
            }
            if plain == OTHER && spelled.letters.last() == Some(&OTHER) {
                // One place holds the whole run.
                if let Some(place) = spelled.places.last_mut() {
                    place.1 = letter.to;
                }
                continue;
            }
            spelled.letters.push(plain.to_ascii_lowercase());
            spelled.places.push((letter.from, letter.to));
        }
        spelled
    }
}

/// The letters of a text, as it is.
pub(super) fn plain(text: &str) -> Spelled {
    Spelled::of(&letters(text))
}

/// The letters of a text as it is, and with one spelling after the other taken off.
pub(super) fn spellings(text: &str) -> Vec<Spelled> {
    let mut letters = letters(text);
    let mut all = vec![Spelled::of(&letters)];
    for _ in 0..DEEPEST {
        let next = unspelled(&letters);
        if next.len() == letters.len() {
            break;
        }
        letters = next;
        all.push(Spelled::of(&letters));
    }
    all
}

fn letters(text: &str) -> Vec<Letter> {
    let seen = text
        .char_indices()
        .filter(|(_, c)| c.is_ascii() || is_visible(*c) && !c.is_whitespace());
    seen.map(|(from, c)| Letter {
        letter: u8::try_from(c).ok().filter(u8::is_ascii).unwrap_or(OTHER),
        from,
        to: from + c.len_utf8(),
    })
    .collect()
}

/// Takes off one spelling.
fn unspelled(text: &[Letter]) -> Vec<Letter> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, ..] = rest {
        let escape = match first.letter {
            b'%' => hex(&rest[1..], 2).map(|code| (code, 3)),
            b'&' => entity(rest),
            b'\\' => backslash(rest),
            _ => None,
        };
        let (letter, length) = escape.map_or((first.letter, 1), |(code, length)| {
            let letter = u8::try_from(code).ok().filter(u8::is_ascii);
            (letter.unwrap_or(OTHER), length)
        });
        out.push(Letter {
            letter,
            from: first.from,
            to: rest[length - 1].to,
        });
        rest = &rest[length..];
    }
    out
}

/// The number that so many hexadecimal digits name.
fn hex(text: &[Letter], digits: usize) -> Option<u32> {
    let digits = text.get(..digits)?.iter();
    digits
        .map(|digit| char::from(digit.letter).to_digit(16))
        .try_fold(0, |code, digit| Some(code * 16 + digit?))
}

/// What a backslash begins, as JSON and scripts write it, with its length.
fn backslash(text: &[Letter]) -> Option<(u32, usize)> {
    Some(match text.get(1)?.letter {
        b'u' => (hex(&text[2..], 4)?, 6),
        b'x' => (hex(&text[2..], 2)?, 4),
        b'n' | b'r' | b't' | b'f' | b'b' | b'0' => (u32::from(b' '), 2),
        other if other.is_ascii_punctuation() => (u32::from(other), 2),
        _ => return None,
    })
}

/// What an ampersand begins in HTML, with its length.
fn entity(text: &[Letter]) -> Option<(u32, usize)> {
    const LONGEST: usize = 12;
    const NAMED: [(&str, char); 20] = [
        ("amp", '&'),
        ("lt", '<'),
        ("gt", '>'),
        ("quot", '"'),
        ("apos", '\''),
        ("equals", '='),
        ("plus", '+'),
        ("sol", '/'),
        ("bsol", '\\'),
        ("period", '.'),
        ("lowbar", '_'),
        ("hyphen", '-'),
        ("dash", '-'),
        ("colon", ':'),
        ("percnt", '%'),
        ("commat", '@'),
        ("excl", '!'),
        ("num", '#'),
        ("ast", '*'),
        ("tilde", '~'),
    ];
    let end = text.iter().take(LONGEST).position(|at| at.letter == b';')?;
    let name: String = text[1..end]
        .iter()
        .map(|at| char::from(at.letter))
        .collect();
    let number = |text: &str, base| u32::from_str_radix(text, base).ok();
    let code = if let Some(hex) = name.strip_prefix("#x").or(name.strip_prefix("#X")) {
        number(hex, 16)?
    } else if let Some(decimal) = name.strip_prefix('#') {
        number(decimal, 10)?
    } else {
        let (_, named) = NAMED.into_iter().find(|(known, _)| *known == name)?;
        u32::from(named)
    };
    Some((code, end + 1))
}
