//! A person's address, as far as Jira could use it.

use super::settings::EmailSource;
use crate::directory::{EntraPerson, fold};

/// Whether text can be a person's address in Jira: a plausible address that is not a guest's
/// sign-in name (`#EXT#`) and not under `.onmicrosoft.com`.
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
    use super::usable_address;

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
}
