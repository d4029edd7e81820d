//! What a service says, made fit to be told: bounded, escaped, and without any secret of this process.
//!
//! A server or proxy may put into an answer whatever it was sent. So every secret that goes out is known
//! here, in the forms in which it may come back, and is taken out of answers as they arrive and of every
//! text that is made of one.

use crate::text::escape;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Most characters of a text that a service said.
const LONGEST: usize = 300;
/// Shorter ones are no secrets, and would be found in every word.
const SHORTEST: usize = 8;
/// How many secrets are known at a time: tokens are renewed, and the oldest ones have ended.
const KNOWN: usize = 64;
/// What stands in the place of a secret.
const INSTEAD: &str = "[secret]";

/// What an address leaves as it is (RFC 3986), what a form does, and what scripts do.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
const FORM: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'*');
const COMPONENT: &AsciiSet = &UNRESERVED
    .remove(b'!')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// The same with small letters in what is percent-encoded.
fn small_digits(percent: &str) -> String {
    let mut digits = 0;
    let small = percent.chars().map(|c| {
        let is_digit = digits > 0;
        digits = if c == '%' {
            2_u8
        } else {
            digits.saturating_sub(1)
        };
        if is_digit { c.to_ascii_lowercase() } else { c }
    });
    small.collect()
}

/// A secret in every form in which it may come back.
struct Known {
    secret: SecretString,
    forms: Vec<SecretString>,
}

static SECRETS: Mutex<VecDeque<Known>> = Mutex::new(VecDeque::new());

fn secrets() -> MutexGuard<'static, VecDeque<Known>> {
    // A panic while it was held can't leave it half changed.
    SECRETS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on this secret is taken out of whatever a service says. `user` is the name with which it signs
/// in, if it is a password of that kind.
pub fn keep_out(secret: &SecretString, user: Option<&str>) {
    let plain = secret.expose_secret();
    if plain.len() < SHORTEST {
        return;
    }
    let login = user.map(|user| STANDARD.encode(format!("{user}:{plain}")));
    let mut secrets = secrets();
    let is_known = |known: &Known| {
        let mut forms = known.forms.iter().map(ExposeSecret::expose_secret);
        known.secret.expose_secret() == plain
            && login
                .as_ref()
                .is_none_or(|login| forms.any(|form| form == login))
    };
    if secrets.iter().any(is_known) {
        return;
    }
    if secrets.len() == KNOWN {
        secrets.pop_front();
    }
    let mut whole = vec![plain.to_owned(), STANDARD.encode(plain)];
    whole.extend(login);
    let mut forms: Vec<String> = Vec::new();
    for text in whole {
        for set in [NON_ALPHANUMERIC, UNRESERVED, FORM, COMPONENT] {
            let percent = utf8_percent_encode(&text, set).to_string();
            forms.extend([percent.replace("%20", "+"), small_digits(&percent), percent]);
        }
        forms.extend([
            text.trim_end_matches('=').to_owned(),
            text.replace('/', "\\/"),
            text,
        ]);
    }
    // The longest first, so that no form leaves a part of a longer one behind.
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    forms.dedup();
    secrets.push_back(Known {
        secret: secret.clone(),
        forms: forms.into_iter().map(SecretString::from).collect(),
    });
}

/// A text without secrets.
pub(super) fn redacted(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    for known in secrets().iter() {
        for form in &known.forms {
            let form = form.expose_secret();
            if text.contains(form) {
                text = Cow::Owned(text.replace(form, INSTEAD));
            }
        }
    }
    text
}

/// Takes secrets out of a body as it arrived.
pub(super) fn redact(body: &mut Vec<u8>) {
    let finds =
        |form: &SecretString| memchr::memmem::find(body, form.expose_secret().as_bytes()).is_some();
    let found = secrets().iter().any(|known| known.forms.iter().any(finds));
    if found {
        *body = redacted(&String::from_utf8_lossy(body))
            .into_owned()
            .into_bytes();
    }
}

/// A text that a service, a proxy or another program said, fit to be told and kept: without secrets,
/// escaped, and of at most 300 characters.
#[must_use]
pub fn said(text: &str) -> String {
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
    use super::*;

    #[test]
    fn no_form_of_a_secret_is_told() {
        let secret = SecretString::from("ATATT3x/Fz+9=Qq.long~enough");
        keep_out(&secret, Some("admin@acme.example"));
        let plain = secret.expose_secret();
        let basic = STANDARD.encode(format!("admin@acme.example:{plain}"));
        for form in [
            plain.to_owned(),
            basic.clone(),
            basic.replace('/', "\\/"),
            utf8_percent_encode(plain, NON_ALPHANUMERIC).to_string(),
            small_digits(&utf8_percent_encode(plain, NON_ALPHANUMERIC).to_string()),
            url::form_urlencoded::byte_serialize(plain.as_bytes()).collect(),
            STANDARD.encode(plain),
        ] {
            let told = said(&format!("you sent {form} to us"));
            assert_eq!(told, format!("you sent {INSTEAD} to us"), "{form}");
            let mut body = format!("{{\"message\":\"{form}\"}}").into_bytes();
            redact(&mut body);
            assert!(!String::from_utf8(body).unwrap().contains(&form), "{form}");
        }
        let long = said(&format!("{}{plain}", "x".repeat(LONGEST - 5)));
        assert_eq!(long.chars().count(), LONGEST);
        assert!(!long.contains("ATATT"));
        assert_eq!(said("a\u{1b}[2Jb"), "a\\u{1b}[2Jb");
    }
}
