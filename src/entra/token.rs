//! The token of the application: fetched, kept, renewed.

use super::error::{EntraError, TokenProblem, TokenRefusal};
use crate::http::{Answer, Body, Call, Method, Repeat, Reply, Service};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// How often a busy token service is asked again.
const BUSY_RETRIES: u32 = 4;

/// Who asks for a token.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Tenant: GUID or domain.
    pub tenant: String,
    /// Client id of the app registration.
    pub client_id: String,
    /// Client secret: its Value.
    pub secret: SecretString,
}

/// What a token says of itself. Diagnostic only: Graph decides.
#[derive(Debug, Clone, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub struct Claims {
    /// Application permissions; none without admin consent.
    pub roles: Option<Vec<String>>,
    /// Tenant.
    pub tid: String,
    /// Application.
    pub appid: String,
    /// Delegated permissions; an application's token has none.
    pub scp: Option<String>,
}

impl Claims {
    fn decode(token: &str) -> Option<Self> {
        let payload = token.split('.').nth(1)?;
        let bytes = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
        serde_json::from_slice(&bytes).ok()
    }
}

/// A permission that is missing, and what could be granted for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing {
    /// What can't be read without it.
    pub what: &'static str,
    /// The least permission that does.
    pub grant: &'static str,
}

/// Which permissions the token lacks, from its `roles`.
#[must_use]
pub fn missing_permissions(roles: &[String]) -> Vec<Missing> {
    let has = |names: &[&str]| roles.iter().any(|role| names.contains(&role.as_str()));
    let mut missing = Vec::new();
    if !has(&[
        "User.Read.All",
        "User.ReadWrite.All",
        "Directory.Read.All",
        "Directory.ReadWrite.All",
    ]) {
        missing.push(Missing {
            what: "users",
            grant: "User.Read.All",
        });
    }
    if !has(&[
        "GroupMember.Read.All",
        "GroupMember.ReadWrite.All",
        "Group.Read.All",
        "Group.ReadWrite.All",
        "Directory.Read.All",
        "Directory.ReadWrite.All",
    ]) {
        missing.push(Missing {
            what: "groups and their members",
            grant: "GroupMember.Read.All",
        });
    }
    missing
}

/// Whether hidden memberships can be read.
#[must_use]
pub fn reads_hidden_membership(roles: &[String]) -> bool {
    roles.iter().any(|role| role == "Member.Read.Hidden")
}

#[derive(Debug, Clone)]
struct Token {
    secret: SecretString,
    claims: Option<Claims>,
    renew_at: Instant,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: SecretString,
    expires_in: Seconds,
}

/// For how long a token lasts, in seconds. Some token services write a text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Seconds {
    Number(f64),
    Text(String),
}

impl Seconds {
    /// What a token is at most believed to last.
    const LONGEST: f64 = 86_400.0;

    /// Within a second and a day, whatever was written.
    fn duration(&self) -> Duration {
        let seconds = match self {
            Self::Number(seconds) => *seconds,
            Self::Text(text) => text.trim().parse().unwrap_or(0.0),
        };
        let seconds = if seconds.is_nan() { 0.0 } else { seconds };
        Duration::from_secs_f64(seconds.clamp(1.0, Self::LONGEST))
    }
}

/// Fetches tokens and keeps the current one.
#[derive(Debug)]
pub(super) struct Tokens {
    login: Service,
    credentials: Credentials,
    scope: String,
    current: Mutex<Option<Token>>,
}

impl Tokens {
    pub(super) fn new(login: Service, credentials: Credentials, scope: String) -> Self {
        Self {
            login,
            credentials,
            scope,
            current: Mutex::new(None),
        }
    }

    pub(super) fn login(&self) -> &Service {
        &self.login
    }

    /// The current token, or a new one shortly before it ends. Several callers wait for one fetch.
    pub(super) async fn get(&self) -> Result<SecretString, EntraError> {
        let mut current = self.current.lock().await;
        if let Some(token) = current.as_ref()
            && token.renew_at > Instant::now()
        {
            return Ok(token.secret.clone());
        }
        let token = self.fetch().await?;
        Ok(current.insert(token).secret.clone())
    }

    /// Forgets this token, which was refused, unless another took its place already.
    pub(super) async fn refuse(&self, refused: &SecretString) {
        let mut current = self.current.lock().await;
        if current
            .as_ref()
            .is_some_and(|t| t.secret.expose_secret() == refused.expose_secret())
        {
            *current = None;
        }
    }

    /// What the current token says of itself.
    pub(super) async fn claims(&self) -> Option<Claims> {
        self.current.lock().await.as_ref()?.claims.clone()
    }

    async fn fetch(&self) -> Result<Token, EntraError> {
        let mut tries = 0;
        loop {
            match self.request().await? {
                Reply::Good(answer, _) => {
                    let life = answer.expires_in.duration();
                    // A minute of margin, or a tenth of a short life.
                    let margin = Duration::from_mins(1).min(life / 10);
                    return Ok(Token {
                        claims: Claims::decode(answer.access_token.expose_secret()),
                        secret: answer.access_token,
                        renew_at: Instant::now() + life - margin,
                    });
                }
                Reply::Refused(answer) => {
                    let refusal = parse(&answer);
                    if refusal.problem == TokenProblem::Busy && tries < BUSY_RETRIES {
                        self.login.pause(Duration::from_secs(1 << tries)).await?;
                        tries += 1;
                        continue;
                    }
                    return Err(EntraError::Token(Box::new(refusal)));
                }
            }
        }
    }

    async fn request(&self) -> Result<Reply<TokenAnswer>, EntraError> {
        let c = &self.credentials;
        let url = self
            .login
            .origin()
            .join([c.tenant.as_str(), "oauth2", "v2.0", "token"]);
        let mut call = Call::new(
            Method::POST,
            "/{tenant}/oauth2/v2.0/token",
            url,
            Repeat::Safe,
        );
        call.body = Body::Form(vec![
            ("grant_type", "client_credentials".into()),
            ("client_id", c.client_id.as_str().into()),
            ("client_secret", c.secret.clone()),
            ("scope", self.scope.as_str().into()),
        ]);
        Ok(self.login.json(&call).await?)
    }
}

fn parse(answer: &Answer) -> TokenRefusal {
    TokenRefusal::parse(answer.status.as_u16(), &answer.body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_cannot_be_decoded_is_no_error() {
        assert_eq!(Claims::decode("opaque"), None);
        assert_eq!(Claims::decode("a.!!!.c"), None);
        let payload = URL_SAFE_NO_PAD.encode(r#"{"tid":"t","appid":"a"}"#);
        let claims = Claims::decode(&format!("h.{payload}.s")).unwrap();
        assert_eq!((claims.tid.as_str(), claims.roles), ("t", None));
    }

    #[test]
    fn either_broad_or_narrow_permissions_do() {
        let missing = |roles: &[&str]| {
            let roles: Vec<String> = roles.iter().map(|&r| r.to_owned()).collect();
            missing_permissions(&roles).len()
        };
        assert_eq!(missing(&["Directory.Read.All"]), 0);
        assert_eq!(missing(&["User.Read.All", "GroupMember.Read.All"]), 0);
        assert_eq!(missing(&["User.Read.All"]), 1);
        assert_eq!(missing(&[]), 2);
    }

    #[test]
    fn whatever_a_token_says_to_last_is_bounded() {
        let of = |json: &str| {
            let answer: TokenAnswer =
                serde_json::from_str(&format!(r#"{{"access_token":"t","expires_in":{json}}}"#))
                    .unwrap();
            answer.expires_in.duration().as_secs()
        };
        assert_eq!(
            (of("3599"), of("\"3599\""), of("3599.9")),
            (3599, 3599, 3599)
        );
        for none in ["0", "-1", "\"soon\"", "\"-1e308\"", "\"NaN\""] {
            assert_eq!(of(none), 1, "{none}");
        }
        for long in ["18446744073709551615", "1e308", "\"1e308\"", "\"inf\""] {
            assert_eq!(of(long), 86_400, "{long}");
        }
    }
}
