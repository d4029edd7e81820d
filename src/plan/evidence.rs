//! What Jira's user search proves: an account that it finds for an address may be found by a name.
//!
//! `user/search` also matches names that begin with what was asked for, and whoever has an Atlassian
//! account chooses its name. So a name never proves that an account is somebody's: it must not even have
//! been able to lead to it.

use crate::directory::{AccountKind, fold};
use crate::text::looks;

/// What a hit of `user/search` for somebody's address proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// It shows another address, or is no person's: it was found by its name.
    None,
    /// It hides its address, and its name could have led to it; or it shows one that only looks the same.
    NameAlone,
    /// It hides its address, its name could not have led to it, and is another one than the person's.
    AnotherName,
    /// It hides its address, its name could not have led to it, and is the person's.
    SameName,
    /// It shows this very address.
    Shown,
}

impl Evidence {
    /// Whether the hidden address must have led to the account.
    #[must_use]
    pub fn is_by_address(self) -> bool {
        self >= Self::AnotherName
    }
}

/// What an account proves that a search for an address found: its kind, its name, and the address that it
/// shows, empty where it hides it. `person` is the name of whoever has the address in Entra.
#[must_use]
pub fn evidence(
    address: &str,
    person: &str,
    kind: AccountKind,
    name: &str,
    shown: &str,
) -> Evidence {
    let shown = shown.trim();
    if kind != AccountKind::Person {
        Evidence::None
    } else if shown.is_empty() {
        if could_lead(name) {
            Evidence::NameAlone
        } else if fold(name) == fold(person) {
            Evidence::SameName
        } else {
            Evidence::AnotherName
        }
    } else if shown.is_ascii() && shown.eq_ignore_ascii_case(address) {
        Evidence::Shown
    } else if fold(shown) == fold(address) {
        // Letters that fold to the same ones are no proof.
        Evidence::NameAlone
    } else {
        Evidence::None
    }
}

/// Whether a name could itself have led a search for an address to an account: only one that begins like
/// an address does, and that holds what looks like an at-sign.
fn could_lead(name: &str) -> bool {
    looks(name).iter().any(|looks| looks.contains('@'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_proves_nothing() {
        let of =
            |name, shown| evidence("ada@acme.example", "Ada", AccountKind::Person, name, shown);
        assert_eq!(of("Ada", "ada@acme.example"), Evidence::Shown);
        assert_eq!(of("Ada", "ADA@acme.example"), Evidence::Shown);
        assert_eq!(of("Ada", "eve@acme.example"), Evidence::None);
        assert_eq!(of("ADA", ""), Evidence::SameName);
        assert_eq!(of("Countess", ""), Evidence::AnotherName);
        for name in [
            "ada@acme.example",
            "ada＠acme.example",
            "ada@acme.example Lovelace",
        ] {
            assert_eq!(of(name, ""), Evidence::NameAlone, "{name}");
        }
        let app = evidence("a@b.example", "Ada", AccountKind::App, "Ada", "");
        assert_eq!(app, Evidence::None);
        // Who bears an address as a name in Entra is no exception.
        let named = evidence(
            "a@b.example",
            "a@b.example",
            AccountKind::Person,
            "a@b.example",
            "",
        );
        assert_eq!(named, Evidence::NameAlone);
    }
}
