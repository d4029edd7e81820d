//! What text looks like: names are taken for one another by their looks.

use super::escape::is_ignorable;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization as _;
use unicode_security::skeleton as confusables;

/// The looks of a name, in small and in capital letters: compatible forms made one (NFKC), what isn't seen
/// dropped, case folded, and what can be confused made the same (UTS 39). Two names of which either is the
/// same are hard to tell apart. It is for comparing alone, and never shown or stored.
#[must_use]
pub fn looks(text: &str) -> [String; 2] {
    if !text.is_ascii() {
        return looks_of(text);
    }
    // Nearly every name is ASCII, of which each letter looks like itself whatever stands beside it.
    let mut looks = ["small ".to_owned(), "capital ".to_owned()];
    for (at, word) in text.split_whitespace().enumerate() {
        for (side, look) in looks.iter_mut().enumerate() {
            look.push_str(if at > 0 { " " } else { "" });
            let letters = word.bytes().map(|byte| &ASCII[usize::from(byte)][side]);
            letters.for_each(|letter| look.push_str(letter));
        }
    }
    looks
}

/// How each ASCII character looks, without the names of the two ways.
static ASCII: LazyLock<Vec<[String; 2]>> = LazyLock::new(|| {
    let letters = (0..128_u8).map(|byte| looks_of(&char::from(byte).to_string()));
    let bare = |look: String| {
        look.split_once(' ')
            .map_or(String::new(), |(_, look)| look.to_owned())
    };
    letters.map(|looks| looks.map(bare)).collect()
});

fn looks_of(text: &str) -> [String; 2] {
    let seen: String = text.nfkc().filter(|c| !is_ignorable(*c)).collect();
    // Letters that are alike as capitals need not be alike as small ones, and the other way round.
    let small = plain(&seen.to_lowercase());
    let capital = plain(&plain(&seen.to_uppercase()));
    [format!("small {small}"), format!("capital {capital}")]
}

/// Whether two names are hard to tell apart.
#[must_use]
pub fn look_alike(a: &str, b: &str) -> bool {
    let (a, b) = (looks(a), looks(b));
    a[0] == b[0] || a[1] == b[1]
}

fn plain(text: &str) -> String {
    let once: String = confusables(text).collect();
    let again: String = confusables(&once.to_lowercase()).collect();
    let words: Vec<&str> = again.split_whitespace().collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_way_leads_where_the_long_one_does() {
        let all: String = (0..128_u8).map(char::from).collect();
        for text in [
            &*all,
            "",
            " a  B ",
            "Team 1 (EMEA) rn m",
            "site-admins",
            "\"quoted\" `x` |l1I0O",
        ] {
            assert_eq!(looks(text), looks_of(text), "{text:?}");
        }
    }

    #[test]
    fn what_looks_the_same_is_the_same() {
        for name in [
            "site-admins",
            "Site-Admins",
            " site-admins ",
            "site\u{200b}-admins",
            "site-\u{ad}admins",
            "ｓｉｔｅ－ａｄｍｉｎｓ",
            "sitе-аdmins",
            "ѕite-admins",
            "ѕіте-admins",
            "ЅІТЕ-ADMINS",
            "SΙTE-ADMINS",
            "site‐admins",
            "site\u{e0001}-admins",
        ] {
            assert!(look_alike(name, "site-admins"), "{name}");
        }
        for name in ["site-admin", "site admins", "site-admins-2", ""] {
            assert!(!look_alike(name, "site-admins"), "{name}");
        }
        assert!(look_alike("ada＠acme.example", "ada@acme.example"));
        assert!(looks("ada﹫acme").iter().all(|looks| looks.contains('@')));
    }
}
