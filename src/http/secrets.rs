//! The secrets that this process sends, known so that no answer brings them into a text.
//!
//! A server or proxy may put into an answer whatever it was sent. So every secret that goes out is known
//! here, and is taken out of answers as they arrive and of every text that is made of one: as it is, in
//! base64 at any place of a longer text, as hexadecimal digits, however it is spelled, and in part.

use super::spelling::{Spelled, plain, spellings};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use memchr::memmem::{find, find_iter};
use secrecy::{ExposeSecret, SecretString};
use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Shorter ones are no secrets, and would be found in every word.
const SHORTEST: usize = 8;
/// So many letters in a row are a part of a secret.
const PART: usize = 12;
/// How many secrets are known at a time: tokens are renewed, and those that weren't sent for long have ended.
const KNOWN: usize = 64;
/// What stands in the place of a secret.
pub(super) const INSTEAD: &str = "[secret]";

/// A secret in every form in which it may come back.
pub(super) struct Known {
    secret: SecretString,
    login: Option<SecretString>,
    /// Small letters, as [`plain`] reads them.
    forms: Vec<SecretString>,
    /// A stretch of letters and digits of each form, which most spellings leave as it is.
    cores: Vec<SecretString>,
}

impl Known {
    fn new(secret: &SecretString, login: Option<String>) -> Self {
        let text = secret.expose_secret();
        let mut forms = vec![text.to_owned(), text.replace(' ', "+"), digits(text)];
        for text in std::iter::once(text).chain(login.as_deref()) {
            forms.extend(encoded(text));
        }
        forms.retain(|form| form.len() >= SHORTEST);
        forms.sort();
        forms.dedup();
        let mut cores: Vec<String> = forms.iter().map(|form| core(form)).collect();
        cores.sort();
        cores.dedup();
        Self {
            secret: secret.clone(),
            login: login.map(SecretString::from),
            cores: cores.into_iter().map(SecretString::from).collect(),
            forms: forms
                .iter()
                .map(|form| {
                    let letters = plain(form).letters;
                    SecretString::from(letters.into_iter().map(char::from).collect::<String>())
                })
                .collect(),
        }
    }

    fn is(&self, secret: &str, login: Option<&str>) -> bool {
        self.secret.expose_secret() == secret
            && self.login.as_ref().map(ExposeSecret::expose_secret) == login
    }

    /// Whether a body holds it, as it is or as most spellings leave it. For what is large: one look at
    /// each byte for each form.
    pub(super) fn is_in(&self, body: &[u8]) -> bool {
        let mut cores = self.cores.iter();
        cores.any(|core| find(body, core.expose_secret().as_bytes()).is_some())
    }
}

/// A text as small hexadecimal digits.
fn digits(text: &str) -> String {
    text.bytes().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

/// A text in base64, as it stands at each of the three places that it may have in a longer text.
fn encoded(text: &str) -> impl Iterator<Item = String> {
    (0..3).flat_map(move |before| {
        let mut bytes = vec![0; before];
        bytes.extend(text.bytes());
        // What the bytes before and behind have a share in is no letter of this text.
        let (first, last) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
        [STANDARD.encode(&bytes), URL_SAFE.encode(&bytes)]
            .map(|whole| whole[first..last].to_owned())
    })
}

/// The longest stretch of letters and digits; the whole where there is none worth the name.
fn core(form: &str) -> String {
    let stretches = form.split(|c: char| !c.is_ascii_alphanumeric());
    let longest = stretches.max_by_key(|stretch| stretch.len());
    longest
        .filter(|stretch| stretch.len() >= SHORTEST)
        .unwrap_or(form)
        .to_owned()
}

static SECRETS: Mutex<VecDeque<Arc<Known>>> = Mutex::new(VecDeque::new());

fn secrets() -> MutexGuard<'static, VecDeque<Arc<Known>>> {
    // A panic while it was held can't leave it half changed.
    SECRETS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on this secret is taken out of whatever a service says. `user` is the name with which it signs
/// in, if it is a password of that kind.
pub fn keep_out(secret: &SecretString, user: Option<&str>) {
    drop(known(secret, user));
}

/// The same, with what is known of it from now on. Nothing is known of what is too short to be a secret.
pub(super) fn known(secret: &SecretString, user: Option<&str>) -> Option<Arc<Known>> {
    let text = secret.expose_secret();
    if text.len() < SHORTEST {
        return None;
    }
    let login = user.map(|user| format!("{user}:{text}"));
    let mut secrets = secrets();
    let place = secrets
        .iter()
        .position(|known| known.is(text, login.as_deref()));
    // What was sent last is forgotten last.
    let known = place
        .and_then(|place| secrets.remove(place))
        .unwrap_or_else(|| Arc::new(Known::new(secret, login)));
    if secrets.len() == KNOWN {
        secrets.pop_front();
    }
    secrets.push_back(known.clone());
    Some(known)
}

/// Which letters belong to a secret.
fn found(spelled: &Spelled, form: &[u8]) -> Vec<Range<usize>> {
    let text = &spelled.letters;
    let length = PART.min(form.len());
    let last = form.len() - length;
    let parts = (0..last).step_by(length).chain([last]);
    let mut found = Vec::new();
    for part in parts {
        for at in find_iter(text, &form[part..part + length]) {
            let same = |pair: &(&u8, &u8)| pair.0 == pair.1;
            let before = text[..at].iter().rev().zip(form[..part].iter().rev());
            let behind = text[at..].iter().zip(&form[part..]);
            found.push(at - before.take_while(same).count()..at + behind.take_while(same).count());
        }
    }
    found
}

/// A text without secrets.
pub(super) fn redacted(text: &str) -> Cow<'_, str> {
    let known: Vec<Arc<Known>> = secrets().iter().cloned().collect();
    let mut places: Vec<Range<usize>> = Vec::new();
    if !known.is_empty() {
        for spelled in spellings(text) {
            for form in known.iter().flat_map(|known| &known.forms) {
                let found = found(&spelled, form.expose_secret().as_bytes());
                places.extend(found.into_iter().map(|letters| spelled.place(letters)));
            }
        }
    }
    if places.is_empty() {
        return Cow::Borrowed(text);
    }
    places.sort_by_key(|place| place.start);
    let (mut out, mut told) = (String::with_capacity(text.len()), 0);
    for place in places {
        if place.start >= told {
            out.push_str(&text[told..place.start]);
            out.push_str(INSTEAD);
        }
        told = told.max(place.end);
    }
    out.push_str(&text[told..]);
    Cow::Owned(out)
}

/// Takes secrets out of a body as it arrived.
pub(super) fn redact(body: &mut Vec<u8>) {
    let text = String::from_utf8_lossy(body);
    let told = redacted(&text);
    if matches!(told, Cow::Owned(_)) {
        *body = told.into_owned().into_bytes();
    }
}
