//! The lease: which machine applies to a site. It stands in a property of the admin's own account,
//! and is the one thing that Rollbook writes outside a plan.

use crate::http::said;
use crate::jira::JiraError;
use crate::plan::settings_digest;
use crate::sync::error::SyncError;
use crate::sync::problem::Problem;
use crate::sync::rival::Rival;
use crate::sync::session::Session;
use crate::text::escape;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Key of the property.
const KEY: &str = "rollbook.lease";
/// For how long a run that applies holds it; renewed while it goes on. So long others wait for one
/// that was killed.
const HELD: Duration = Duration::from_mins(6);
/// How far the clocks of two machines may differ.
const SKEW: Duration = Duration::from_mins(5);
/// How long is waited for it to be given back.
const GIVEN_BACK: Duration = Duration::from_secs(5);
/// How often it is renewed.
const RENEWED: Duration = Duration::from_mins(2);
/// How long after another machine's run its settings matter, in seconds.
const MATTERS: i64 = 86400;

/// What stands in the property.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Lease {
    host: String,
    person: String,
    /// Digest of the settings.
    settings: String,
    /// Until when it is held; for a run that has ended, when it ended.
    until: Timestamp,
}

fn lease(session: &Session, until: Timestamp) -> Lease {
    Lease {
        host: session.owner.host.clone(),
        person: session.owner.person.clone(),
        settings: settings_digest(&session.profile.settings),
        until,
    }
}

/// Whether somebody on another machine applies to this site, or did lately with other settings.
/// A site that does not tell gets a warning.
pub async fn rival(session: &Session) -> Result<Option<Rival>, SyncError> {
    let rival = match other(session).await {
        Ok(rival) => rival,
        Err(error) => {
            session.progress.note(format!(
                "It can't be told whether another machine applies to this site: {}",
                Problem::from(&error).message
            ));
            None
        }
    };
    let matters = |r: &Rival| r.active || (r.other_settings && r.ago < MATTERS);
    Ok(rival.filter(matters))
}

/// Somebody else whose lease stands on the site, active or not.
async fn other(session: &Session) -> Result<Option<Rival>, JiraError> {
    // Something else under this key is nobody's lease.
    let Some(theirs) = session
        .jira
        .property(KEY)
        .await?
        .and_then(|value| serde_json::from_value::<Lease>(value).ok())
    else {
        return Ok(None);
    };
    let now = session.clock.now();
    // None is ever held for so long: whoever wrote that holds nothing.
    if theirs.until > now + HELD + SKEW {
        return Ok(None);
    }
    let mine = lease(session, now);
    let rival = Rival {
        active: theirs.until > now,
        ago: now.as_second() - theirs.until.as_second(),
        other_settings: theirs.settings != mine.settings,
        host: said(&theirs.host),
        person: said(&theirs.person),
    };
    let is_me = rival.host == mine.host && rival.person == mine.person;
    Ok((!is_me).then_some(rival))
}

/// Takes the lease, or gives it back. A site that refuses gets a warning.
pub(super) async fn hold_lease(session: &Session, held: bool) {
    let until = if held {
        session.clock.now() + HELD
    } else {
        session.clock.now()
    };
    if !held {
        // A person who leaves doesn't wait for a site that is gone: the lease ends by itself.
        let given_back = tokio::time::timeout(GIVEN_BACK, keep_lease(session, until));
        if !matches!(given_back.await, Ok(Ok(()))) {
            tracing::warn!("the lease was not given back");
        }
        return;
    }
    if let Err(error) = write_lease(session, until).await {
        let problem = Problem::from(&error);
        session.progress.note(format!(
            "Other machines can't be told that this one applies: {}",
            problem.message
        ));
    }
}

/// Renews it or gives it back, unless somebody took over meanwhile.
async fn keep_lease(session: &Session, until: Timestamp) -> Result<(), JiraError> {
    match other(session).await? {
        Some(other) if other.active => {
            tracing::warn!("{} took over", escape(&other.person));
            Ok(())
        }
        _ => write_lease(session, until).await,
    }
}

async fn write_lease(session: &Session, until: Timestamp) -> Result<(), JiraError> {
    // Plain data: its serialization can't fail.
    let value = serde_json::to_value(lease(session, until)).unwrap_or_default();
    session.jira.set_property(KEY, &value).await
}

/// Renews the lease for as long as it is polled.
pub(super) async fn renew_lease(session: &Session) {
    loop {
        tokio::time::sleep(RENEWED).await;
        if let Err(error) = keep_lease(session, session.clock.now() + HELD).await {
            tracing::warn!(%error, "the lease was not renewed");
        }
    }
}
