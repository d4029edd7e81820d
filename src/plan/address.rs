//! A person's address, as far as Jira could use it.

use super::settings::EmailSource;
use crate::directory::{EntraPerson, fold, folded};
use crate::text::is_visible;

/// Whether text can be a person's address in Jira: a plausible address that is not a guest's
/// sign-in name (`#EXT#`) and not under `.onmicrosoft.com`. Somebody who has such an account already is
/// recognised by it, although nobody can be created under some of them.
#[must_use]
pub fn usable_address(text: &str) -> bool {
    let Some(at) = text.bytes().rposition(|byte| byte == b'@') else {
        return false;
    };
    let (local, domain) = (&text[..at], &text[at + 1..]);
    let clean = |part: &str| {
        // Nearly every address is ASCII.
        let plain = |byte: u8| byte > b' ' && byte < 0x7f && !matches!(byte, b'@' | b'<' | b'>');
        !part.is_empty()
            && (part.bytes().all(plain)
                || (!part.is_ascii()
                    && !part.chars().any(|c| {
                        c.is_whitespace() || c.is_control() || c == '@' || c == '<' || c == '>'
                    })))
    };
    clean(local)
        && clean(domain)
        && domain.contains('.')
        && !(local.contains('#') && has(local, "#EXT#"))
        && !ends(domain, ".onmicrosoft.com")
}

/// Most bytes of an address, and of the part before the `@` (RFC 5321).
const LONGEST: (usize, usize) = (254, 64);

/// Whether somebody can be created under an address: as RFC 5321 and 6531 write it without quotes.
pub(super) fn is_mailbox(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    text.len() <= LONGEST.0
        && local.len() <= LONGEST.1
        && local.split('.').all(is_atom)
        && domain.contains('.')
        && domain.split('.').all(is_label)
}

/// A part between dots before the `@`. Letters of all scripts are allowed, and no blanks, controls or
/// separators.
fn is_atom(text: &str) -> bool {
    let special = b"!#$%&'*+-/=?^_`{|}~";
    // Nearly every address is ASCII.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || special.contains(&byte);
    !text.is_empty()
        && text.chars().all(|c| {
            if c.is_ascii() {
                plain(c as u8)
            } else {
                is_letter(c)
            }
        })
}

/// A part between dots of a domain.
fn is_label(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    (1..=63).contains(&text.len())
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text
            .chars()
            .all(|c| if c.is_ascii() { plain(c) } else { is_letter(c) })
}

/// Whether something beyond ASCII may stand in an address.
fn is_letter(c: char) -> bool {
    !c.is_whitespace() && !c.is_control() && is_visible(c)
}

/// Whether text holds this, whatever the case of its letters.
fn has(text: &str, part: &str) -> bool {
    let mut places = text.as_bytes().windows(part.len());
    places.any(|place| place.eq_ignore_ascii_case(part.as_bytes()))
}

/// Whether text ends with this, whatever the case of its letters.
fn ends(text: &str, end: &str) -> bool {
    let start = text.len().checked_sub(end.len());
    start.is_some_and(|start| text.as_bytes()[start..].eq_ignore_ascii_case(end.as_bytes()))
}

/// The person's address at one source, trimmed; none if that source holds no usable one.
pub(super) fn address_at(person: EntraPerson<'_>, source: EmailSource) -> Option<&str> {
    let text = match source {
        EmailSource::Mail => person.mail(),
        EmailSource::UserPrincipalName => person.upn(),
    }
    .trim();
    usable_address(text).then_some(text)
}

/// The person's address: the first usable one of the sources.
#[must_use]
pub fn address<'a>(person: EntraPerson<'a>, sources: &[EmailSource]) -> Option<&'a str> {
    sources
        .iter()
        .find_map(|source| address_at(person, *source))
}

/// Whether an account shows an address (`shown`) under which Entra does not know its person (any more).
/// Nothing can be said of an account that hides its own, or of a person without one that Jira could use.
#[must_use]
pub fn shows_other_address(person: EntraPerson<'_>, shown: &str, sources: &[EmailSource]) -> bool {
    let shown = shown.trim();
    if shown.is_empty() {
        return false;
    }
    let mut known = sources.iter().filter_map(|s| address_at(person, *s));
    let is_same = |own: &str| own.eq_ignore_ascii_case(shown) || folded(own) == folded(shown);
    match known.next() {
        None => false,
        Some(first) => !is_same(first) && !known.any(is_same),
    }
}

/// Whether an address is under one of the tenant's verified domains (sorted, folded).
pub(super) fn verified(address: &str, domains: &[String]) -> bool {
    address.rsplit_once('@').is_some_and(|(_, domain)| {
        let known = |wanted: &str| domains.binary_search_by(|d| d.as_str().cmp(wanted)).is_ok();
        // As most addresses are written.
        known(domain) || known(&fold(domain))
    })
}

#[cfg(test)]
mod tests {
    use super::{is_mailbox, usable_address};

    #[test]
    fn sign_in_names_that_are_no_addresses() {
        assert!(usable_address("ada@acme.example"));
        for bad in [
            "",
            "ada",
            "ada@acme",
            "@acme.example",
            "ada@acme.onmicrosoft.com",
            "ada_partner.example#EXT#@acme.example",
            "a b@acme.example",
            "ada@acme.example\u{1b}",
        ] {
            assert!(!usable_address(bad), "{bad}");
        }
    }

    #[test]
    fn what_is_no_mailbox_is_created_for_nobody() {
        for good in [
            "ada@acme.example",
            "o'brien+jira@acme.example",
            "a#b@acme.example",
            "søren@bücher.example",
            "用户@例子.example",
            "x_{y}|z~@a-b.acme.example",
        ] {
            assert!(is_mailbox(good) && usable_address(good), "{good}");
        }
        for bad in [
            "dot.@acme.example",
            ".dot@acme.example",
            "dot..dot@acme.example",
            "semi;colon@acme.example",
            "com,ma@acme.example",
            "a@b@acme.example",
            "\"quoted\"@acme.example",
            "ada(comment)@acme.example",
            "ada@acme..example",
            "ada@-acme.example",
            "ada@acme.example.",
            "ada@ac me.example",
            "ada@[192.0.2.1]",
            "ada\u{a0}b@acme.example",
            "ada\u{200b}@acme.example",
        ] {
            assert!(!is_mailbox(bad), "{bad}");
        }
    }
}
