//! Every error in words for an administrator: what happened, why, what to do, and the ids that
//! support will ask for.

use super::error::{PlanRefused, SyncError};
use crate::config::{ConfigError, SecretKind};
use crate::directory::shown;
use crate::entra::{EntraError, TokenProblem, TokenRefusal, missing_permissions};
use crate::http::Failure;
use crate::jira::{JiraError, Refusal};
use crate::store::StoreError;
use std::collections::BTreeMap;

/// An error as an administrator reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// A stable word for programs.
    pub kind: &'static str,
    /// What happened, and why.
    pub message: String,
    /// What to do.
    pub hint: String,
    /// Ids that support will ask for.
    pub ids: BTreeMap<String, String>,
}

impl Problem {
    fn new(kind: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            hint: hint.into(),
            ids: BTreeMap::new(),
        }
    }

    /// A problem from outside the use cases.
    #[must_use]
    pub fn plain(kind: &'static str, message: String, hint: &str) -> Self {
        Self::new(kind, message, hint)
    }

    fn id(mut self, name: &str, value: &str) -> Self {
        if !value.is_empty() {
            self.ids.insert(name.to_owned(), shown(value).into_owned());
        }
        self
    }
}

impl From<&SyncError> for Problem {
    fn from(error: &SyncError) -> Self {
        match error {
            SyncError::Config(error) => config(error),
            SyncError::Store(error) => store(error),
            SyncError::Entra(error) => error.into(),
            SyncError::Jira(error) => error.into(),
            SyncError::Allowance(error) => Self::new(
                "allowance",
                format!("Nothing was applied: {error}."),
                "Look at the plan again, and allow a guard by its name and the number that the plan shows for it, such as --allow new-people=12.",
            ),
            SyncError::Client(cause) => Self::new(
                "connection",
                format!("The HTTP client could not be started: {cause}."),
                "Check the proxy settings of this machine (HTTPS_PROXY) and its CA certificates.",
            ),
            SyncError::PlanFile { path, source } => Self::new(
                "plan-file",
                format!("The file {} can't be used: {source}.", path.display()),
                "Check the path and its permissions.",
            ),
            SyncError::PlanRefused { path, cause } => refused_plan(&path.display().to_string(), cause),
            SyncError::NoTerminal { instead } => Self::new(
                "no-terminal",
                "This needs an answer, and there is no terminal to ask on. Nothing was applied.",
                *instead,
            ),
            SyncError::NotAdoptable(message) => Self::new(
                "adopt",
                message.clone(),
                "Name a Jira group as Jira shows it, or its groupId. `rollbook plan` lists the groups that stand for an Entra group.",
            ),
            SyncError::UnknownRun(run) => Self::new(
                "unknown-run",
                format!("There is no run “{}”.", shown(run)),
                "`rollbook runs` lists them.",
            ),
            SyncError::Cancelled => Self::new(
                "cancelled",
                "Cancelled. Nothing was left half done.",
                "Start it again when you are ready.",
            ),
        }
    }
}

fn refused_plan(path: &str, cause: &PlanRefused) -> Problem {
    Problem::new(
        "plan-refused",
        format!("The plan in {path} is not applied: {cause}."),
        "Make a new one with `rollbook plan --out FILE`, review it, and apply that.",
    )
}

fn config(error: &ConfigError) -> Problem {
    match error {
        ConfigError::Missing(path) => Problem::new(
            "config",
            format!("There is no configuration at {}.", path.display()),
            "Create it (the README shows how, step by step), name another folder with --config-dir, or try `rollbook demo --headless`, which needs none.",
        ),
        ConfigError::Io { path, source } => Problem::new(
            "config",
            format!("{} can't be read: {source}.", path.display()),
            "Check the file's owner and permissions.",
        ),
        ConfigError::Malformed {
            path,
            line,
            message,
            suggestion,
        } => Problem::new(
            "config",
            format!("{}, line {line}: {}.", path.display(), shown(message)),
            match suggestion {
                Some(word) => format!("Did you mean “{}”?", shown(word)),
                None => "Correct that line; the commented example in the README shows every key.".to_owned(),
            },
        ),
        ConfigError::Value {
            path,
            profile,
            key,
            message,
        } => Problem::new(
            "config",
            format!("Profile “{}”, {key}: {}.", shown(profile), shown(message)),
            format!("Correct it in {}.", path.display()),
        ),
        ConfigError::NoProfile(path) => Problem::new(
            "config",
            format!("{} holds no profile.", path.display()),
            "Add one; the commented example in the README shows how.",
        ),
        ConfigError::UnknownProfile { wanted, known } => Problem::new(
            "config",
            format!("There is no profile “{}”.", shown(wanted)),
            format!("Those that exist: {}.", shown(&known.join(", "))),
        ),
        ConfigError::SeveralProfiles { known } => Problem::new(
            "config",
            "There are several profiles, and none was named.",
            format!("Add --profile NAME, with one of: {}.", shown(&known.join(", "))),
        ),
        ConfigError::NoSecret {
            kind,
            environment,
            file,
        } => Problem::new(
            "secret",
            format!("{} is missing.", capital(&kind.to_string())),
            if *environment {
                format!(
                    "Set {} in the environment, or write {} = \"…\" for this profile into {} (mode 0600).",
                    kind.variable(),
                    kind.key(),
                    file.display()
                )
            } else {
                format!(
                    "There are several profiles, so the environment is only read when one is named: add --profile NAME, or write {} = \"…\" for this profile into {} (mode 0600).",
                    kind.key(),
                    file.display()
                )
            },
        ),
        ConfigError::OpenSecrets { path, mode } => Problem::new(
            "secret",
            format!(
                "{} can be read by other users of this machine (mode {mode:o}). It is not used.",
                path.display()
            ),
            format!("chmod 600 {} — and consider its secrets as known to others.", path.display()),
        ),
        ConfigError::SecretCommand { kind, cause } => Problem::new(
            "secret",
            format!("secret_command for {kind} failed: {}.", shown(cause)),
            match kind {
                SecretKind::EntraClientSecret => "Run it by hand; it has to print the secret's Value on its first line.",
                SecretKind::JiraApiToken => "Run it by hand; it has to print the API token on its first line.",
            },
        ),
        ConfigError::NoHome => Problem::new(
            "config",
            "This system names no home folder to keep files in.",
            "Name folders with --config-dir and --data-dir.",
        ),
    }
}

fn store(error: &StoreError) -> Problem {
    let restore = |backup: &Option<std::path::PathBuf>, path: &std::path::Path| match backup {
        Some(backup) => format!(
            "Nothing was written, and nothing will be until it is restored: copy the newest backup over it, with no Rollbook running: cp '{}' '{}' (and delete the -wal and -shm files beside it). Links and decisions made since then are missing from it, and can be made again.",
            backup.display(),
            path.display()
        ),
        None => format!(
            "There is no backup in the folder `backups` beside it. If {} can't be brought back from a backup of this machine, move the profile's whole folder away: Rollbook then begins anew, recognises people by their e-mail again, and asks before it applies anything.",
            path.display()
        ),
    };
    match error {
        StoreError::Io { path, source } => Problem::new(
            "store",
            format!("{} can't be used: {source}.", path.display()),
            "Check the owner, the permissions and the free space of that folder.",
        ),
        StoreError::Sql { path, source } => Problem::new(
            "store",
            format!("{} can't be read or written: {source}.", path.display()),
            "Check the free space of that folder and whether another program holds the file.",
        ),
        StoreError::StateDamaged {
            path,
            cause,
            backup,
        } => Problem::new(
            "state-damaged",
            format!(
                "The state of this profile is damaged: {} ({}). It holds the links between people and accounts, and without it nothing is written.",
                path.display(),
                shown(cause)
            ),
            restore(backup, path),
        ),
        StoreError::StateMissing { path, backup } => Problem::new(
            "state-missing",
            format!(
                "The state of this profile existed and is gone: {}. It holds the links between people and accounts, and without it nothing is written.",
                path.display()
            ),
            restore(backup, path),
        ),
        StoreError::Newer { path } => Problem::new(
            "store",
            format!("{} was written by a newer version of Rollbook.", path.display()),
            "Use that version.",
        ),
        StoreError::Locked { owner } => match owner {
            Some(o) => Problem::new(
                "locked",
                format!(
                    "Another Rollbook is at work on this profile: {} on {}, `{}` since {} (process {}).",
                    shown(&o.person),
                    shown(&o.host),
                    shown(&o.doing),
                    shown(&o.since),
                    o.pid
                ),
                "Wait until it is done, or stop it there.",
            ),
            None => Problem::new(
                "locked",
                "Another Rollbook is at work on this profile.",
                "Wait until it is done, or stop it there.",
            ),
        },
        StoreError::OtherIdentity { pinned, found } => {
            let what = if pinned.tenant_id == found.tenant_id {
                "Jira site"
            } else if pinned.cloud_id == found.cloud_id {
                "Entra tenant"
            } else {
                "Entra tenant and another Jira site"
            };
            Problem::new(
                "identity-changed",
                format!("This profile now leads to another {what} than the one its links belong to. Nothing was read or written."),
                "Put the former tenant and site back, or give the new pair a profile of its own name: links of one site mean nothing on another.",
            )
            .id("pinned-tenant", &pinned.tenant_id)
            .id("found-tenant", &found.tenant_id)
            .id("pinned-site", &pinned.cloud_id)
            .id("found-site", &found.cloud_id)
        }
        StoreError::Journal(cause) => Problem::new(
            "store",
            format!("The journal can't be written: {}. The run was stopped, since nothing is written to Jira that isn't journalled.", shown(cause)),
            "Check the free space of the data folder, and start again: what was done is looked up.",
        ),
    }
}

impl From<&EntraError> for Problem {
    fn from(error: &EntraError) -> Self {
        match error {
            EntraError::Http(failure) => http("Entra", failure),
            EntraError::Token(refusal) => token(refusal),
            EntraError::Refused {
                what,
                status,
                code,
                message,
                request_id,
                client_request_id,
                roles,
            } => refused(what, *status, code, message, roles.as_deref())
                .id("request-id", request_id)
                .id("client-request-id", client_request_id),
            EntraError::EndlessLinks { what } => Self::new(
                "entra",
                format!("Graph gave the same link twice while it listed {what}, so that the listing would never end. What was read so far is not used."),
                "Try again in some minutes. If it stays, ask Microsoft's support.",
            ),
            EntraError::NoDeltaLink { what } => Self::new(
                "entra",
                format!("Graph ended the listing of {what} without the link that says that it is whole. What was read so far is not used."),
                "Try again. If it stays, a proxy between here and Graph may change its answers.",
            ),
            EntraError::NoOrganization => Self::new(
                "entra",
                "Graph gave no organization for this tenant.",
                "Check entra.tenant_id and entra.cloud.",
            ),
        }
    }
}

fn token(refusal: &TokenRefusal) -> Problem {
    let (message, hint) = match refusal.problem {
        TokenProblem::WrongSecret => (
            "Entra does not accept the client secret.",
            "Most often the secret's ID was copied instead of its Value. The Value is shown only once, when the secret is created: under App registrations ▸ your application ▸ Certificates & secrets ▸ New client secret, and copy the column “Value”.",
        ),
        TokenProblem::ExpiredSecret => (
            "The client secret has expired.",
            "Create a new one under App registrations ▸ your application ▸ Certificates & secrets, and copy its “Value”.",
        ),
        TokenProblem::UnknownClient => (
            "This tenant knows no application with this client id.",
            "Compare entra.client_id with “Application (client) ID”, and entra.tenant_id with “Directory (tenant) ID” on the app registration's overview: one of both is wrong.",
        ),
        TokenProblem::ApplicationDisabled => (
            "The application is disabled in this tenant.",
            "Enable it under Enterprise applications ▸ your application ▸ Properties ▸ Enabled for users to sign in.",
        ),
        TokenProblem::UnknownTenant => (
            "There is no such tenant.",
            "Compare entra.tenant_id with “Directory (tenant) ID” on the app registration's overview. If it is right, the tenant may be in another national cloud: see entra.cloud.",
        ),
        TokenProblem::MalformedTenant => (
            "The tenant id is neither a GUID nor a domain.",
            "Copy “Directory (tenant) ID” from the app registration's overview into entra.tenant_id.",
        ),
        TokenProblem::OtherCloud => (
            "This tenant is in another national cloud.",
            "Set entra.cloud to us-gov, us-dod or china.",
        ),
        TokenProblem::Certificate => (
            "Entra does not accept the certificate.",
            "Upload it under App registrations ▸ your application ▸ Certificates & secrets ▸ Certificates.",
        ),
        TokenProblem::Blocked => (
            "A Conditional Access policy or a tenant policy blocks this application.",
            "Ask who keeps the tenant's policies to let this service principal sign in from this machine's address.",
        ),
        TokenProblem::NoConsent => (
            "Admin consent is missing.",
            "Under App registrations ▸ your application ▸ API permissions, choose “Grant admin consent”.",
        ),
        TokenProblem::Busy => (
            "Entra's sign-in service is busy, also after some retries.",
            "Try again in some minutes.",
        ),
        TokenProblem::Other => (
            "Entra gave no token.",
            "Compare tenant id, client id and client secret with the app registration. The explanation above is Microsoft's own.",
        ),
    };
    let code = refusal.code.map_or_else(String::new, |c| format!("AADSTS{c}"));
    Problem::new(
        "entra-credentials",
        format!("{message} ({})", shown(&refusal.description)),
        hint,
    )
    .id("code", &code)
    .id("error", &refusal.error)
    .id("trace-id", &refusal.trace_id)
    .id("correlation-id", &refusal.correlation_id)
}

fn refused(
    what: &str,
    status: u16,
    code: &str,
    message: &str,
    roles: Option<&[String]>,
) -> Problem {
    if status == 403 {
        let missing = roles.map(missing_permissions).unwrap_or_default();
        let grants: Vec<&str> = missing.iter().map(|m| m.grant).collect();
        let has = match roles {
            None => "its permissions could not be read from the token".to_owned(),
            Some([]) => "the token holds no application permission at all".to_owned(),
            Some(roles) => format!("the token holds {}", shown(&roles.join(", "))),
        };
        let grant = if grants.is_empty() {
            "Directory.Read.All".to_owned()
        } else {
            grants.join(" and ")
        };
        return Problem::new(
            "entra-permission",
            format!("Entra does not let this application {what}: {has}."),
            format!(
                "Under App registrations ▸ your application ▸ API permissions ▸ Add a permission ▸ Microsoft Graph, choose “Application permissions” (not “Delegated permissions”), add {grant} (Directory.Read.All and User.Read.All serve everything that Rollbook does), then choose “Grant admin consent”. It may take some minutes to count."
            ),
        );
    }
    let said = if message.is_empty() {
        "without an explanation".to_owned()
    } else {
        shown(message.trim_end_matches('.')).into_owned()
    };
    let code = if code.is_empty() {
        String::new()
    } else {
        format!(" {}", shown(code))
    };
    let hint = match status {
        401 => "Check the client secret and that the application still exists.",
        429 => "Another program uses up this tenant's limit. Try again later.",
        500.. => "Graph has trouble. Try again in some minutes.",
        _ => "If it stays, give the ids below to Microsoft's support.",
    };
    Problem::new(
        "entra",
        format!("Graph refused to {what}: status {status}{code}, {said}."),
        hint,
    )
}

impl From<&JiraError> for Problem {
    fn from(error: &JiraError) -> Self {
        match error {
            JiraError::Http(failure) => http("Jira", failure),
            JiraError::BadCredentials { request_id } => Self::new(
                "jira-credentials",
                "Jira does not accept the admin e-mail and API token, neither on the site nor through the gateway. The token may have expired: API tokens live at most a year.",
                "Create a new token at id.atlassian.com ▸ Security ▸ API tokens, signed in as that admin, and check jira.admin_email and jira.site_url.",
            )
            .id("request-id", request_id),
            JiraError::NotSignedIn { request_id } => Self::new(
                "jira-credentials",
                "Jira answered as if nobody had signed in, with empty lists. Nothing of it was believed. The API token has expired or was revoked.",
                "Create a new token at id.atlassian.com ▸ Security ▸ API tokens, signed in as that admin.",
            )
            .id("request-id", request_id),
            JiraError::Captcha => Self::new(
                "jira-credentials",
                "Jira wants this account to solve a captcha before it may sign in again.",
                "Log in to the site once in a browser as that admin, then try again.",
            ),
            JiraError::NotASite { host } => Self::new(
                "jira-site",
                format!("{} is no Jira Cloud site.", shown(host)),
                "Check jira.site_url: it looks like https://acme.atlassian.net, without a path. Jira Server and Data Center are not supported.",
            ),
            JiraError::Refused(refusal) => jira_refused(refusal),
        }
    }
}

fn jira_refused(refusal: &Refusal) -> Problem {
    let what = refusal.what;
    let said = shown(refusal.message.trim_end_matches('.')).into_owned();
    let problem = match refusal.status {
        403 => Problem::new(
            "jira-permission",
            format!("Jira does not let this account {what}: {said}."),
            if what == "create a user" {
                "Creating people needs an organization admin: at admin.atlassian.com ▸ Administrators, add this account, or name another one."
            } else {
                "This needs a site administrator: at admin.atlassian.com, give this account the role “Site admin”, or use the API token of an account that has it."
            },
        ),
        429 => Problem::new(
            "jira-busy",
            format!("Jira refused to {what}, since its rate limit is used up, also after some retries."),
            "Another integration may use the same limit. Lower limits.max_rate, or try again later.",
        ),
        500.. => Problem::new(
            "jira",
            format!("Jira has trouble: it refused to {what} with status {} ({said}), also after some retries.", refusal.status),
            "See status.atlassian.com, and try again later.",
        ),
        status => Problem::new(
            "jira",
            format!("Jira refused to {what}: status {status}, {said}."),
            refusal_hint(refusal),
        ),
    };
    problem
        .id("code", &refusal.code)
        .id("request-id", &refusal.request_id)
}

fn refusal_hint(refusal: &Refusal) -> &'static str {
    match (refusal.what, refusal.status) {
        _ if refusal.is_about_licences() => "No seat is left. Free seats or buy more, then apply again.",
        ("create a user", 400) => {
            "Check the address. If the person already has an Atlassian account without access to this site, grant access at admin.atlassian.com, or set provisioning.products."
        }
        ("create a group", 400) => {
            "A group of this name may exist already, or the name may not be allowed. Make a new plan."
        }
        ("add a member" | "remove a member", 400 | 403) => {
            "The group may be managed elsewhere. It is left alone for 7 days; to leave it out for good, add it to guards.protected_groups."
        }
        ("add a member", 404) => {
            "The group or the account is gone from Jira. Make a new plan."
        }
        _ => "If it stays, give the ids to Atlassian's support.",
    }
}

fn http(side: &str, failure: &Failure) -> Problem {
    let host = |host: &str| shown(host).into_owned();
    match failure {
        Failure::Connect { host: h, cause } => Problem::new(
            "connection",
            format!("{side}: no connection to {} ({}).", host(h), shown(cause)),
            "Check the address in the configuration, the network, and whether this machine needs a proxy (HTTPS_PROXY).",
        ),
        Failure::Tls { host: h, cause } => Problem::new(
            "tls",
            format!("{side}: the connection to {} is not trusted ({}).", host(h), shown(cause)),
            "If a proxy of your company opens encrypted connections, add its CA certificate to this machine. Otherwise don't go on: somebody may be listening.",
        ),
        Failure::TimedOut { host: h, after } => Problem::new(
            "connection",
            format!("{side}: {} did not answer within {} s.", host(h), after.as_secs()),
            "Check the network, and try again.",
        ),
        Failure::Cut { host: h, cause } => Problem::new(
            "connection",
            format!("{side}: the connection to {} was cut again and again ({}).", host(h), shown(cause)),
            "Check the network, and try again.",
        ),
        Failure::Garbled { host: h, cause } => Problem::new(
            "answer",
            format!(
                "{side}: {} answered with something else than the documented form, again and again ({}). Nothing of it was believed.",
                host(h),
                shown(cause)
            ),
            "Check the address in the configuration; a proxy or a sign-in page may stand in between.",
        ),
        Failure::TooLarge { host: h, limit } => Problem::new(
            "answer",
            format!("{side}: {} sent more than {limit} bytes in one answer. It was not read.", host(h)),
            "Check the address in the configuration.",
        ),
        Failure::Redirected { host: h, to } => Problem::new(
            "redirect",
            format!("{side}: {} wants to send the call to {}. Redirects are not followed, so that no secret goes there.", host(h), shown(to)),
            "Check the address in the configuration: the site may have been renamed.",
        ),
        Failure::ForeignLink { host: h, to } => Problem::new(
            "foreign-link",
            format!("{side}: an answer of {} points to {}, which is not the configured service. It was not followed, and nothing of the listing is used.", host(h), shown(to)),
            "A proxy may change the answers, or entra.cloud may be wrong. Don't go on before you know which.",
        ),
        Failure::AskedToWait { host: h, wait } => Problem::new(
            "throttled",
            format!("{side}: {} asks to wait {} minutes.", host(h), wait.as_secs().div_ceil(60)),
            "Try again after that.",
        ),
        Failure::Cancelled => Problem::new(
            "cancelled",
            "Cancelled. Nothing was left half done.",
            "Start it again when you are ready.",
        ),
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
