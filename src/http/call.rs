//! One call.

use reqwest::Method;
use secrecy::SecretString;
use url::Url;

/// How a call proves who makes it.
#[derive(Debug, Clone)]
pub enum Auth {
    /// Not at all.
    None,
    /// `Authorization: Bearer`.
    Bearer(SecretString),
    /// `Authorization: Basic`.
    Basic {
        /// User name.
        user: String,
        /// Password or API token.
        secret: SecretString,
    },
}

/// What a call sends.
#[derive(Debug, Clone)]
pub enum Body {
    /// Nothing.
    None,
    /// JSON.
    Json(serde_json::Value),
    /// A form, whose values may be secrets.
    Form(Vec<(&'static str, SecretString)>),
}

/// When a call may be made again by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// Making it twice does what making it once does.
    Safe,
    /// It creates something: again only after a 429, which says that nothing was done.
    OnlyAfter429,
}

/// A call to a service.
#[derive(Debug, Clone)]
pub struct Call {
    /// Method.
    pub method: Method,
    /// The documented path with its placeholders: names the pace and stands in logs, so that no
    /// address or id does.
    pub endpoint: &'static str,
    /// Where to.
    pub url: Url,
    /// Who makes it.
    pub auth: Auth,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
    /// What it sends.
    pub body: Body,
    /// When it may be repeated.
    pub repeat: Repeat,
    /// Whether it is made although the run was cancelled or is paused: it says so to others.
    pub regardless: bool,
    /// The largest answer that is read, in bytes.
    pub largest: usize,
}

/// The largest answer that is read where a call names no other: many times the largest page of 100 rows.
const LARGEST: usize = 2 << 20;

impl Call {
    /// A `GET`.
    #[must_use]
    pub fn get(endpoint: &'static str, url: Url) -> Self {
        Self::new(Method::GET, endpoint, url, Repeat::Safe)
    }

    /// Any call, without body and further headers.
    #[must_use]
    pub fn new(method: Method, endpoint: &'static str, url: Url, repeat: Repeat) -> Self {
        Self {
            method,
            endpoint,
            url,
            auth: Auth::None,
            headers: Vec::new(),
            body: Body::None,
            repeat,
            regardless: false,
            largest: LARGEST,
        }
    }

    /// Adds a query parameter, percent-encoded.
    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.url.query_pairs_mut().append_pair(name, value);
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Is made although the run was cancelled or is paused.
    #[must_use]
    pub fn regardless(mut self) -> Self {
        self.regardless = true;
        self
    }

    /// Reads answers of so many bytes.
    #[must_use]
    pub const fn up_to(mut self, bytes: usize) -> Self {
        self.largest = bytes;
        self
    }

    /// Sends JSON.
    #[must_use]
    pub fn json(mut self, value: serde_json::Value) -> Self {
        self.body = Body::Json(value);
        self
    }
}
