//! One profile, ready to work: locked, connected, pinned.

use super::clock::Clock;
use super::error::SyncError;
use super::origins::{origins, refuse, unconfirmed};
use super::problem::Problem;
use super::progress::{Progress, Stage};
use crate::config::{Paths, Profile, Secrets, is_guid};
use crate::entra::{Credentials, Entra, EntraError, Tenant, missing_permissions};
use crate::http::{Clients, Control, Rates};
use crate::jira::{self, Access, Jira, JiraError, Organization, Route};
use crate::plan::{Mode, Side};
use crate::store::{Identity, Lock, Mirror, Owner, State, StoreError, private_folder};
use std::time::Duration;
use tokio::time::Instant;

/// Attended runs stay this far under the documented limits.
const SHARE: f64 = 0.95;
/// What an administrator is told of a damaged mirror.
pub(super) const REBUILT: &str = "The mirror of both directories was damaged. It is a cache: everything is read again, and it is made anew.";
/// What is told where the tenant's domains can't be read.
pub(super) const DOMAINS_UNKNOWN: &str = "Unknown: the tenant's name and domains, which this application may not read (Organization.Read.All or Directory.Read.All shows them). Nobody is created unless scope.domains names your domains.";
/// Jira's documented limit for GET and POST, calls a second for one endpoint.
const READS: f64 = 100.0;
/// The same for PUT and DELETE.
const DELETES: f64 = 50.0;

/// What a session is opened with.
#[derive(Debug)]
pub struct Opening<'a> {
    /// Profile.
    pub profile: Profile,
    /// Its secrets.
    pub secrets: Secrets,
    /// Folders.
    pub paths: &'a Paths,
    /// Whether a person confirms.
    pub mode: Mode,
    /// What it is for, e.g. `apply`; shown to whoever finds the lock taken.
    pub doing: &'a str,
    /// Cancels it.
    pub cancel: Control,
    /// Shows how far it is.
    pub progress: Progress,
    /// Tells the time.
    pub clock: Clock,
}

/// Requests of the whole session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Requests {
    /// To Entra.
    pub entra: u64,
    /// To Jira.
    pub jira: u64,
    /// Repetitions among them.
    pub retries: u64,
}

/// A profile at work.
#[derive(Debug)]
pub struct Session {
    /// Profile.
    pub profile: Profile,
    /// Whether a person confirms.
    pub mode: Mode,
    /// What its state is pinned to.
    pub identity: Identity,
    /// Links, decisions, runs.
    pub state: State,
    pub(super) tenant: Tenant,
    pub(super) entra: Entra,
    pub(super) jira: Jira,
    /// The organization's API, if there is a key that it accepts.
    pub(super) organization: Option<Organization>,
    pub(super) mirror: Mirror,
    pub(super) cancel: Control,
    /// How far it is, and what an administrator should know.
    pub progress: Progress,
    pub(super) clock: Clock,
    pub(super) owner: Owner,
    pub(super) begun: Instant,
    /// For how long people were asked so far.
    asked: Duration,
    /// The profile's folder.
    folder: std::path::PathBuf,
    hold: Hold,
}

/// Whether the profile is locked.
#[derive(Debug)]
enum Hold {
    Held {
        _lock: Lock,
    },
    /// Since this moment a person is asked.
    Released(Instant),
}

/// Who is at work: host and user.
#[must_use]
pub fn who() -> (String, String) {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname")
        .ok()
        .or_else(|| std::env::var("HOSTNAME").ok())
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "this machine".to_owned());
    let person = ["SUDO_USER", "USER", "LOGNAME", "USERNAME"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok())
        .unwrap_or_else(|| "somebody".to_owned());
    (host, person)
}

/// Calls a second to Jira.
pub(super) fn rates(profile: &Profile, mode: Mode) -> Rates {
    let most = f64::from(profile.limits.max_rate);
    // Who sets a higher rate knows of a higher limit, which for deletions is half as high.
    let deletes = most.min(DELETES.max(most * DELETES / READS));
    match mode {
        Mode::Attended => Rates {
            reads: most * SHARE,
            deletes: deletes * SHARE,
            most,
            yields: false,
        },
        Mode::Unattended => {
            let polite = f64::from(profile.limits.polite_rate).min(most);
            Rates {
                reads: polite,
                deletes: polite.min(deletes),
                most: polite,
                yields: true,
            }
        }
    }
}

pub(super) fn entra_client(
    profile: &Profile,
    secrets: &Secrets,
    clients: &Clients,
    cancel: &Control,
) -> Entra {
    let credentials = Credentials {
        tenant: profile.entra.tenant_id.clone(),
        client_id: profile.entra.client_id.clone(),
        secret: secrets.entra.clone(),
    };
    Entra::new(
        profile.login.clone(),
        profile.graph.clone(),
        credentials,
        clients,
        cancel.clone(),
    )
}

pub(super) fn jira_access(profile: &Profile, secrets: &Secrets, mode: Mode) -> Access {
    Access {
        site: profile.site.clone(),
        api: profile.api.clone(),
        email: profile.jira.admin_email.clone(),
        token: secrets.jira.clone(),
        rates: rates(profile, mode),
    }
}

/// Reaches the organization, if there is a key. A key that is not accepted is told and not used:
/// nothing else needs it.
pub(super) async fn organization(
    profile: &Profile,
    secrets: &Secrets,
    mode: Mode,
    clients: &Clients,
    cancel: &Control,
    progress: &Progress,
) -> Result<Option<Organization>, JiraError> {
    let Some(key) = &secrets.organization else {
        return Ok(None);
    };
    let id = profile.jira.organization_id.as_deref();
    let rates = rates(profile, mode);
    match Organization::connect(&profile.api, key.clone(), id, rates, clients, cancel).await {
        Ok(organization) => Ok(Some(organization)),
        Err(error @ JiraError::Http(crate::http::Failure::Cancelled)) => Err(error),
        Err(error) => {
            let problem = Problem::from(&error);
            progress.unknown(format!("{} {}", problem.message, problem.hint));
            Ok(None)
        }
    }
}

/// The tenant as far as the application may see it: users and groups can be read without the right to
/// read the organization. Then the tenant is the one that is configured, by its GUID, and its domains are
/// unknown.
fn known_tenant(
    told: Result<Tenant, EntraError>,
    profile: &Profile,
    progress: &Progress,
) -> Result<Tenant, EntraError> {
    match told {
        Err(error) if is_only_the_organization(&error, profile) => {
            progress.unknown(DOMAINS_UNKNOWN);
            Ok(Tenant {
                id: profile.entra.tenant_id.to_ascii_lowercase(),
                name: String::new(),
                domains: Vec::new(),
            })
        }
        told => told,
    }
}

/// Whether users and groups can be read, and the organization alone can't.
pub(super) fn is_only_the_organization(error: &EntraError, profile: &Profile) -> bool {
    let EntraError::Refused {
        status: 403, roles, ..
    } = error
    else {
        return false;
    };
    // Where the token does not show what it may, reading will tell.
    let enough = |roles: &Vec<String>| missing_permissions(roles).is_empty();
    is_guid(&profile.entra.tenant_id) && roles.as_ref().is_none_or(enough)
}

/// Makes the profile's folder, which only its owner may enter.
pub(super) fn folder(paths: &Paths, profile: &str) -> Result<std::path::PathBuf, StoreError> {
    let folder = paths.profile(profile);
    private_folder(&folder)?;
    Ok(folder)
}

impl Session {
    /// Gives the lock back: others may work on the profile while a person is asked.
    pub(super) fn release(&mut self) {
        self.hold = Hold::Released(Instant::now());
    }

    /// Takes the lock again if it was given back. The files are opened anew then: somebody may have
    /// restored a backup meanwhile.
    pub(super) fn hold(&mut self) -> Result<(), SyncError> {
        let Hold::Released(since) = self.hold else {
            return Ok(());
        };
        let lock = Lock::take(&self.folder.join("lock"), &self.owner)?;
        self.state = State::open(&self.folder)?;
        self.mirror = Mirror::open(&self.folder)?;
        if self.mirror.rebuilt {
            self.progress.note(REBUILT);
        }
        self.state.pin(&self.identity)?;
        self.asked += since.elapsed();
        self.hold = Hold::Held { _lock: lock };
        Ok(())
    }

    /// For how long the session has worked, without the time in which people were asked.
    pub(super) fn worked(&self) -> Duration {
        self.begun.elapsed().saturating_sub(self.asked)
    }

    /// Requests so far.
    #[must_use]
    pub fn requests(&self) -> Requests {
        let (entra, jira) = (self.entra.counted(), self.jira.counted());
        let other = self.organization.as_ref();
        let other = other.map(Organization::counted).unwrap_or_default();
        Requests {
            entra: entra.requests,
            jira: jira.requests + other.requests,
            retries: entra.retries + jira.retries + other.retries,
        }
    }

    /// Takes the profile's lock, opens its stores, signs in on both sides and checks that the
    /// state belongs to this tenant and site.
    pub async fn open(opening: Opening<'_>) -> Result<Self, SyncError> {
        let Opening {
            profile,
            secrets,
            paths,
            mode,
            doing,
            cancel,
            progress,
            clock,
        } = opening;
        let begun = Instant::now();
        let folder = folder(paths, &profile.name)?;
        let (host, person) = who();
        let owner = Owner {
            pid: std::process::id(),
            host,
            person,
            doing: doing.to_owned(),
            since: clock.stamp(),
        };
        let lock = Lock::take(&folder.join("lock"), &owner)?;
        let state = State::open(&folder)?;
        refuse(unconfirmed(&state, &profile, &Side::ALL)?)?;
        let mirror = Mirror::open(&folder)?;
        if mirror.rebuilt {
            progress.note(REBUILT);
        }
        let clients = Clients::new().map_err(|e| SyncError::Client(e.to_string()))?;
        if clients.built_in_certificates {
            progress.note("This machine has no CA certificates. The built-in ones are used.");
        }
        progress.now(Stage::Connecting);
        // A person waits for it to open, and learns soon that a service does not answer.
        let opening = match mode {
            Mode::Attended => cancel.hurried(),
            Mode::Unattended => cancel.clone(),
        };
        let entra = entra_client(&profile, &secrets, &clients, &opening);
        let access = jira_access(&profile, &secrets, mode);
        let remembered = state
            .used_gateway()?
            .map(|gateway| if gateway { Route::Gateway } else { Route::Site });
        let (tenant, jira) = tokio::join!(
            entra.tenant(),
            jira::connect(&access, remembered, &clients, &opening)
        );
        let tenant = known_tenant(tenant, &profile, &progress)?;
        let jira = jira?;
        let organization =
            organization(&profile, &secrets, mode, &clients, &opening, &progress).await?;
        opening.give_time();
        progress.measures(entra.counts(), jira.counts());
        let identity = Identity {
            tenant_id: tenant.id.clone(),
            cloud_id: jira.cloud_id().to_owned(),
        };
        state.pin(&identity)?;
        if state.origins()?.is_none() {
            state.pin_origins(&origins(&profile))?;
        }
        state.remember_gateway(jira.route() == Route::Gateway)?;
        Ok(Self {
            profile,
            mode,
            identity,
            state,
            tenant,
            entra,
            jira,
            organization,
            mirror,
            cancel,
            progress,
            clock,
            owner,
            begun,
            folder,
            asked: Duration::ZERO,
            hold: Hold::Held { _lock: lock },
        })
    }
}
