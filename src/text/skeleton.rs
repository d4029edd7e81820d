//! What text looks like: names are taken for one another by their looks.

use super::escape::is_ignorable;
use unicode_normalization::UnicodeNormalization as _;
use unicode_security::skeleton as confusables;

/// The looks of a name, in small and in capital letters: compatible forms made one (NFKC), what isn't seen
/// dropped, case folded, and what can be confused made the same (UTS 39). Two names of which either is the
/// same are hard to tell apart. It is for comparing alone, and never shown or stored.
#[must_use]
pub fn looks(text: &str) -> [String; 2] {
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
