//! What a service says, made fit to be told: bounded, escaped, and without any secret of this process.

use super::secrets::redacted;
use crate::text::escape;

/// Most characters of a text that a service said.
const LONGEST: usize = 300;
/// Bytes of it that are looked at: nothing behind them is told.
const LOOKED_AT: usize = 16 << 10;

/// A text that a service, a proxy or another program said, fit to be told and kept: without secrets,
/// escaped, and of at most 300 characters.
#[must_use]
pub fn said(text: &str) -> String {
    let text = &text[..text.floor_char_boundary(LOOKED_AT)];
    // A secret may be cut in the middle: it is taken out before.
    let text = redacted(text);
    let text = escape(&text);
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => text[..end].to_owned(),
        None => text.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::secrets::{INSTEAD, keep_out, known, redact};
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use secrecy::{ExposeSecret as _, SecretString};

    fn each(text: &str, spell: impl Fn(char) -> String) -> String {
        text.chars().map(spell).collect()
    }

    #[test]
    fn no_form_of_a_secret_is_told() {
        let secret = SecretString::from("ATATT3x/Fz+9=Qq.long~enough");
        keep_out(&secret, Some("admin@acme.example"));
        let plain = secret.expose_secret();
        let basic = STANDARD.encode(format!("admin@acme.example:{plain}"));
        let percent = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let wrapped: Vec<String> = basic
            .as_bytes()
            .chunks(19)
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect();
        for form in [
            plain.to_owned(),
            basic.clone(),
            basic.replace('/', "\\/"),
            wrapped.join("\r\n"),
            wrapped.join("\\r\\n"),
            percent(plain),
            percent(plain).to_ascii_lowercase(),
            percent(&percent(plain)),
            each(plain, |c| format!("%{:02X}", u32::from(c))),
            each(plain, |c| format!("\\u{:04x}", u32::from(c))),
            each(plain, |c| format!("&#{};", u32::from(c))),
            each(plain, |c| format!("&#x{:X};", u32::from(c))),
            plain.replace('=', "&equals;").replace('+', "&plus;"),
            each(plain, |c| format!("{c}\u{0}")),
            each(plain, |c| format!("{c}\u{200b}")),
            each(plain, |c| format!("{c} ")),
            each(plain, |c| format!("{:02x}", u32::from(c))),
            each(plain, |c| format!("{:02X}", u32::from(c))),
            url::form_urlencoded::byte_serialize(plain.as_bytes()).collect(),
            STANDARD.encode(plain),
            URL_SAFE_NO_PAD.encode(plain),
            plain.to_ascii_lowercase(),
        ] {
            let told = said(&format!("you sent <{form}> to us"));
            let rest = told.replace(INSTEAD, "");
            // At the most, what fills the last group of base64 is left.
            assert!(told.contains(INSTEAD), "{form}: {told}");
            assert!(
                rest.len() <= "you sent <==> to us".len() + 8,
                "{form}: {told}"
            );
            let mut body = format!("{{\"message\":\"{form}\"}}").into_bytes();
            redact(&mut body);
            assert!(!String::from_utf8(body).unwrap().contains(&form), "{form}");
        }
        let inside = STANDARD.encode(format!("x: Bearer {plain}, y"));
        assert!(said(&inside).contains(INSTEAD));
        assert_eq!(said(&plain[..20]), INSTEAD, "a part of it");
        assert_eq!(said(&plain[7..]), INSTEAD, "a part of it");
        let long = said(&format!("{}{plain}", "x".repeat(LONGEST - 5)));
        assert_eq!(long.chars().count(), LONGEST);
        assert!(!long.contains("ATATT"));
        assert_eq!(said("a\u{1b}[2Jb"), "a\\u{1b}[2Jb");
    }

    #[test]
    fn what_is_no_secret_is_told_as_it_is() {
        keep_out(&SecretString::from("a-secret-of-some-length"), None);
        for text in [
            "100% of 5 &c; \\ %zz &#; &#99999999999; \\u12 née 王 %",
            "the secret is of some length",
            "",
        ] {
            assert_eq!(said(text), text);
        }
    }

    #[test]
    fn a_body_that_holds_a_secret_is_found_out_at_a_glance() {
        let secret = SecretString::from("eyJ0eXAi.payload-of-a-token.signature");
        let known = known(&secret, None).unwrap();
        let plain = secret.expose_secret();
        for form in [
            plain.to_owned(),
            utf8_percent_encode(plain, NON_ALPHANUMERIC).to_string(),
            STANDARD.encode(plain),
            plain.replace('.', "&#46;"),
        ] {
            assert!(known.is_in(format!("[\"{form}\"]").as_bytes()), "{form}");
        }
        assert!(!known.is_in(b"[\"somebody\", \"payload\"]"));
    }
}
