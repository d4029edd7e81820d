//! Where a token may go.

use std::fmt;
use url::{Host, Url};

/// Scheme, host and port of a service.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    url: Url,
}

/// Why text is no origin to talk to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// Not a URL.
    #[error("“{0}” is no web address: write it like https://acme.atlassian.net")]
    Form(String),
    /// `http` to a host that isn't this machine.
    #[error("“{0}” is not encrypted: use https:// (http:// is accepted for this machine only)")]
    Plain(String),
    /// More than an origin.
    #[error("“{0}” has more than a host in it: leave out the path, the question mark and the user")]
    More(String),
}

/// An address that is refused, without what may be a secret in it: user, password and query.
fn told(text: &str) -> String {
    let (text, query) = match text.find(['?', '#']) {
        Some(at) => (&text[..at], "…"),
        None => (text, ""),
    };
    match text.rsplit_once('@') {
        Some((before, host)) => {
            let scheme = before.split_once("://").map_or("", |(scheme, _)| scheme);
            let separator = if scheme.is_empty() { "" } else { "://" };
            format!("{scheme}{separator}…@{host}{query}")
        }
        None => format!("{text}{query}"),
    }
}

impl Origin {
    /// Reads an origin: `https://host[:port]`, or `http://` for a loopback host. A trailing slash
    /// is taken.
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        let text = text.trim();
        let url = Url::parse(text).map_err(|_| OriginError::Form(told(text)))?;
        if !url.has_host() || !matches!(url.scheme(), "http" | "https") {
            return Err(OriginError::Form(told(text)));
        }
        if !matches!(url.path(), "" | "/")
            || url.query().is_some()
            || url.fragment().is_some()
            || !url.username().is_empty()
            || url.password().is_some()
        {
            return Err(OriginError::More(told(text)));
        }
        let origin = Self { url };
        if origin.url.scheme() == "http" && !origin.is_loopback() {
            return Err(OriginError::Plain(told(text)));
        }
        Ok(origin)
    }

    /// Whether it is on this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match self.url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        }
    }

    /// Whether this URL is of the same scheme, host and port.
    #[must_use]
    pub fn holds(&self, url: &Url) -> bool {
        self.url.origin() == url.origin()
    }

    /// A URL of this origin from path segments, which are percent-encoded.
    #[must_use]
    pub fn join<'a>(&self, segments: impl IntoIterator<Item = &'a str>) -> Url {
        let mut url = self.url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.clear().extend(segments);
        }
        url
    }

    /// Host and port, for people.
    #[must_use]
    pub fn host(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        match self.url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.url.scheme(), self.host())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_address_is_told_without_its_secrets() {
        for (text, told) in [
            ("https://ada:geheim@acme.example", "https://…@acme.example"),
            (
                "https://ada:ge@heim@acme.example/x",
                "https://…@acme.example/x",
            ),
            ("ada:geheim@acme.example", "…@acme.example"),
            ("https://acme.example/?key=geheim", "https://acme.example/…"),
            ("http://acme.example", "http://acme.example"),
        ] {
            let error = Origin::parse(text).unwrap_err().to_string();
            assert!(error.contains(&format!("“{told}”")), "{error}");
            assert!(!error.contains("heim"), "{error}");
        }
    }

    #[test]
    fn only_this_machine_may_be_called_unencrypted() {
        for good in [
            "https://acme.atlassian.net",
            "https://acme.atlassian.net/",
            "http://127.0.0.1:8080",
            "http://localhost:1",
            "http://[::1]:1",
        ] {
            assert!(Origin::parse(good).is_ok(), "{good}");
        }
        assert!(matches!(
            Origin::parse("http://acme.atlassian.net"),
            Err(OriginError::Plain(_))
        ));
        assert!(matches!(
            Origin::parse("https://acme.atlassian.net/jira"),
            Err(OriginError::More(_))
        ));
        assert!(Origin::parse("acme.atlassian.net").is_err());
        assert!(Origin::parse("http://127.0.0.1.example.com").is_err());
    }

    #[test]
    fn another_port_or_scheme_is_another_origin() {
        let origin = Origin::parse("https://graph.microsoft.com").unwrap();
        let holds = |text| origin.holds(&Url::parse(text).unwrap());
        assert!(holds("https://graph.microsoft.com/v1.0/users?$skiptoken=x"));
        assert!(holds("https://graph.microsoft.com:443/v1.0"));
        assert!(!holds("https://graph.microsoft.com:8443/v1.0"));
        assert!(!holds("http://graph.microsoft.com/v1.0"));
        assert!(!holds("https://graph.microsoft.com.evil.example/v1.0"));
    }
}
