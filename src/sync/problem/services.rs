//! Entra and Jira.

use super::kind::ProblemKind;
use super::value::Problem;
use crate::entra::{EntraError, TokenProblem, TokenRefusal, missing_permissions};
use crate::http::Failure;
use crate::jira::{JiraError, Needs, Refusal};
use crate::text::escape;

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
            EntraError::NoHeadway(error) => Self::new(
                ProblemKind::Entra,
                format!("Graph: {error}. What was read so far is not used."),
                "Try again in some minutes. If it stays, ask Microsoft's support.",
            ),
            EntraError::BareIds { what, roles } => bare_ids(what, roles.as_deref()),
            EntraError::NoDeltaLink { what } => Self::new(
                ProblemKind::Entra,
                format!(
                    "Graph ended the listing of {what} without the link that says that it is whole. What was read so far is not used."
                ),
                "Try again. If it stays, a proxy between here and Graph may change its answers.",
            ),
            EntraError::NoOrganization => Self::new(
                ProblemKind::Entra,
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
            "Compare entra.client_id with “Application (client) ID”, and entra.tenant_id with “Directory (tenant) ID” on the app registration's overview: one of the two is wrong.",
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
    let code = refusal
        .code
        .map_or_else(String::new, |c| format!("AADSTS{c}"));
    Problem::new(
        ProblemKind::EntraCredentials,
        format!("{message} ({})", escape(&refusal.description)),
        hint,
    )
    .id("code", &code)
    .id("error", &refusal.error)
    .id("trace-id", &refusal.trace_id)
    .id("correlation-id", &refusal.correlation_id)
}

/// What the token says of permissions.
fn held(roles: Option<&[String]>) -> String {
    match roles {
        None => "its permissions could not be read from the token".to_owned(),
        Some([]) => "the token holds no application permission at all".to_owned(),
        Some(roles) => format!("the token holds {}", escape(&roles.join(", "))),
    }
}

fn how_to_grant(permission: &str) -> String {
    format!(
        "Under App registrations ▸ your application ▸ API permissions ▸ Add a permission ▸ Microsoft Graph, choose “Application permissions” (not “Delegated permissions”), add {permission} (Directory.Read.All and User.Read.All serve everything that Rollbook does), then choose “Grant admin consent”. It may take some minutes to count."
    )
}

/// Ids came, and nothing else.
fn bare_ids(what: &str, roles: Option<&[String]>) -> Problem {
    let permission = if what == "users" {
        "User.Read.All"
    } else {
        "GroupMember.Read.All"
    };
    Problem::new(
        ProblemKind::EntraPermission,
        format!(
            "Entra shows this application the ids of {what} and nothing else, as it does without the permission {permission}: {}. Nothing was planned.",
            held(roles)
        ),
        how_to_grant(permission),
    )
}

fn refused(
    what: &str,
    status: u16,
    code: &str,
    message: &str,
    roles: Option<&[String]>,
) -> Problem {
    if code == "Authorization_IdentityNotFound" {
        return Problem::new(
            ProblemKind::EntraPermission,
            format!(
                "Entra does not know this application in the tenant, so that it may not {what} ({code}): nobody has consented to it there."
            ),
            "In the Entra admin center, under App registrations ▸ your application ▸ API permissions, choose “Grant admin consent”; check that tenant_id is the tenant in which it was registered.",
        );
    }
    let permission = matches!(code, "" | "Authorization_RequestDenied")
        || message.to_ascii_lowercase().contains("privileges");
    if status == 403 && permission {
        let missing = roles.map(missing_permissions).unwrap_or_default();
        let grants: Vec<&str> = missing.iter().map(|m| m.grant).collect();
        let grant = if grants.is_empty() {
            "Directory.Read.All".to_owned()
        } else {
            grants.join(" and ")
        };
        return Problem::new(
            ProblemKind::EntraPermission,
            format!(
                "Entra does not let this application {what}: {}.",
                held(roles)
            ),
            how_to_grant(&grant),
        );
    }
    let said = if message.is_empty() {
        "without an explanation".to_owned()
    } else {
        escape(message.trim_end_matches('.')).into_owned()
    };
    let code = if code.is_empty() {
        String::new()
    } else {
        format!(" {}", escape(code))
    };
    let hint = match status {
        401 => "Check the client secret and that the application still exists.",
        403 => {
            "Something other than a permission keeps the application out, such as a policy or a block of the tenant: the code names it."
        }
        429 => "Another program uses up this tenant's limit. Try again later.",
        500.. => "Graph has trouble. Try again in some minutes.",
        _ => "If it stays, give the ids below to Microsoft's support.",
    };
    Problem::new(
        ProblemKind::Entra,
        format!("Graph refused to {what}: status {status}{code}, {said}."),
        hint,
    )
}

impl From<&JiraError> for Problem {
    fn from(error: &JiraError) -> Self {
        match error {
            JiraError::Http(failure) => http("Jira", failure),
            JiraError::BadCredentials { request_id } => Self::new(
                ProblemKind::JiraCredentials,
                "Jira does not accept the admin e-mail and API token, neither on the site nor through the gateway. The token may have expired: API tokens live at most a year.",
                "Create a new token at id.atlassian.com ▸ Security ▸ API tokens, signed in as that admin, and check jira.admin_email and jira.site_url.",
            )
            .id("request-id", request_id),
            JiraError::MissingScope {
                what,
                message,
                request_id,
            } => Self::new(
                ProblemKind::JiraPermission,
                format!(
                    "Atlassian knows this token and does not let it {what}: a scope is missing ({}).",
                    escape(message.trim_end_matches('.'))
                ),
                "Tokens with scopes can only do what was ticked when they were made, and nothing can be added later. Create a new one at id.atlassian.com ▸ Security ▸ API tokens (for the organization: admin.atlassian.com ▸ Settings ▸ API keys), without scopes or with all that reading and writing users and groups needs.",
            )
            .id("request-id", request_id),
            JiraError::NotAllowed {
                message,
                request_id,
            } => Self::new(
                ProblemKind::JiraPermission,
                format!(
                    "Atlassian does not let this machine in: {}.",
                    escape(message.trim_end_matches('.'))
                ),
                "The organization has an IP allowlist. At admin.atlassian.com ▸ Security ▸ IP allowlists, allow the address with which this machine goes out.",
            )
            .id("request-id", request_id),
            JiraError::Password { request_id } => Self::new(
                ProblemKind::JiraCredentials,
                "What was entered as API token is a password, which Jira does not take from programs.",
                "Create an API token at id.atlassian.com ▸ Security ▸ API tokens, signed in as the admin, and enter that.",
            )
            .id("request-id", request_id),
            JiraError::NotSignedIn { request_id } => Self::new(
                ProblemKind::JiraCredentials,
                "Jira answered as if nobody had signed in, with empty lists. Nothing of it was believed. The API token has expired or was revoked.",
                "Create a new token at id.atlassian.com ▸ Security ▸ API tokens, signed in as that admin.",
            )
            .id("request-id", request_id),
            JiraError::Captcha => Self::new(
                ProblemKind::JiraCredentials,
                "Jira wants this account to solve a captcha before it may sign in again.",
                "Log in to the site once in a browser as that admin, then try again.",
            ),
            JiraError::NotASite { host } => Self::new(
                ProblemKind::JiraSite,
                format!("{} is no Jira Cloud site.", escape(host)),
                "Check jira.site_url: it looks like https://acme.atlassian.net, without a path. Jira Server and Data Center are not supported.",
            ),
            JiraError::AdminsUnknown(why) => Self::new(
                ProblemKind::Jira,
                format!("Jira's listing of the groups that make administrators never added up: {why}. Without it nothing is safe to write."),
                "Try again in some minutes.",
            ),
            JiraError::NoHeadway(error) => Self::new(
                ProblemKind::Jira,
                format!("Atlassian: {error}. What was read so far is not used."),
                "Try again in some minutes. If it stays, ask Atlassian's support.",
            ),
            JiraError::OrganizationKey { request_id } => Self::new(
                ProblemKind::OrganizationKey,
                "The organization's API key is not accepted: it is wrong, was revoked, or has ended.",
                "At admin.atlassian.com ▸ Settings ▸ API keys, create a new one (keys end after a week unless told otherwise, and after a year at most), and set it as org_api_key. Until then people who hide their e-mail are looked up one by one.",
            )
            .id("request-id", request_id),
            JiraError::OtherOrganization { wanted, found } => Self::new(
                ProblemKind::OrganizationKey,
                if wanted.is_empty() {
                    format!(
                        "The organization's API key is good for {} organizations, and none is named.",
                        found.len()
                    )
                } else {
                    format!("The organization's API key is not of organization {}.", escape(wanted))
                },
                format!("Set jira.organization_id to one of: {}.", escape(&found.join(", "))),
            ),
            JiraError::UnclearDirectory { found } => Self::new(
                ProblemKind::OrganizationDirectory,
                format!(
                    "The account is in {} directories of the organization, so that it can't be told which one to change.",
                    found.len()
                ),
                "Suspend or restore this account at admin.atlassian.com.",
            ),
            JiraError::Refused(refusal) => jira_refused(refusal),
        }
    }
}

fn jira_refused(refusal: &Refusal) -> Problem {
    let what = refusal.what;
    let said = escape(refusal.message.trim_end_matches('.')).into_owned();
    let problem = match refusal.status {
        403 => Problem::new(
            ProblemKind::JiraPermission,
            format!("Jira does not let this account {what}: {said}."),
            match refusal.needs {
                Needs::OrganizationAdmin => {
                    "Creating people needs an organization admin: at admin.atlassian.com ▸ Administrators, add this account, or name another one."
                }
                Needs::SiteAdmin => {
                    "This needs a site administrator: at admin.atlassian.com, give this account the role “Site admin”, or use the API token of an account that has it."
                }
            },
        ),
        429 => Problem::new(
            ProblemKind::JiraBusy,
            format!(
                "Jira refused to {what}, since its rate limit is used up, also after some retries."
            ),
            "Another integration may use the same limit. Lower limits.max_rate, or try again later.",
        ),
        500.. => Problem::new(
            ProblemKind::Jira,
            format!(
                "Jira has trouble: it refused to {what} with status {} ({said}), also after some retries.",
                refusal.status
            ),
            "See status.atlassian.com, and try again later.",
        ),
        status => Problem::new(
            ProblemKind::Jira,
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
        _ if refusal.is_about_licences() => {
            "No seat is left. Free seats or buy more, then apply again."
        }
        ("create a user", 400) => {
            "Check the address. If the person already has an Atlassian account without access to this site, grant access at admin.atlassian.com, or set provisioning.products."
        }
        ("create a group", 400) => {
            "A group of this name may exist already, or the name may not be allowed. Make a new plan."
        }
        ("add a member" | "remove a member", 400 | 403) => {
            "The group may be managed elsewhere. It is tried again after a day; to leave it out for good, add it to guards.protected_groups."
        }
        ("add a member", 404) => "The group or the account is gone from Jira. Make a new plan.",
        _ => "If it stays, give the ids to Atlassian's support.",
    }
}

/// What came in place of an answer.
fn no_answer(side: &str, failure: &Failure) -> Problem {
    let host = |host: &str| escape(host).into_owned();
    match failure {
        Failure::Garbled { host: h, cause } => Problem::new(
            ProblemKind::Answer,
            format!(
                "{side}: {} answered with something else than the documented form, again and again ({}). Nothing of it was believed.",
                host(h),
                escape(cause)
            ),
            "Check the address in the configuration; a proxy or a sign-in page may stand in between.",
        ),
        Failure::BrokeOff {
            host: h,
            code,
            message,
            request_id,
        } => Problem::new(
            ProblemKind::Answer,
            format!(
                "{side}: {} broke off its answer in the middle, again and again, with the error {} {}. Nothing of it was believed.",
                host(h),
                escape(code),
                escape(message)
            ),
            "This is the service's own trouble, and may last for days. Try again later; if it stays, give the ids to its support.",
        )
        .id("request-id", request_id),
        Failure::Unavailable { host: h, status } => Problem::new(
            ProblemKind::Answer,
            format!(
                "{side}: {} gave a page or nothing in place of an answer (status {status}), again and again: it is unavailable. Nothing of it was believed.",
                host(h)
            ),
            "Open that address in a browser: it says whether the site is suspended, moved, or down. If it works there, a proxy or a sign-in page stands in between. Try again later.",
        ),
        other => Problem::new(
            ProblemKind::Answer,
            format!("{side}: {}.", escape(&other.to_string())),
            "Try again later.",
        ),
    }
}

fn http(side: &str, failure: &Failure) -> Problem {
    let host = |host: &str| escape(host).into_owned();
    match failure {
        Failure::Connect { host: h, cause } => Problem::new(
            ProblemKind::Connection,
            format!("{side}: no connection to {} ({}).", host(h), escape(cause)),
            "Check the address in the configuration, the network, and whether this machine needs a proxy (HTTPS_PROXY).",
        ),
        Failure::Tls { host: h, cause } => Problem::new(
            ProblemKind::Tls,
            format!(
                "{side}: the connection to {} is not trusted ({}).",
                host(h),
                escape(cause)
            ),
            "If a proxy of your company opens encrypted connections, add its CA certificate to this machine. Otherwise don't go on: somebody may be listening.",
        ),
        Failure::TimedOut { host: h, after } => Problem::new(
            ProblemKind::Connection,
            format!(
                "{side}: no answer from {} within {} s.",
                host(h),
                after.as_secs()
            ),
            "Check the address in the configuration, the network, and whether this machine needs a proxy (HTTPS_PROXY); then try again.",
        ),
        Failure::Cut { host: h, cause } => Problem::new(
            ProblemKind::Connection,
            format!(
                "{side}: the connection to {} was cut again and again ({}).",
                host(h),
                escape(cause)
            ),
            "Check the network, and try again.",
        ),
        Failure::Garbled { .. } | Failure::BrokeOff { .. } | Failure::Unavailable { .. } => {
            no_answer(side, failure)
        }
        Failure::TooLarge { host: h, limit } => Problem::new(
            ProblemKind::Answer,
            format!(
                "{side}: {} sent more than {limit} in one answer. It was not taken.",
                host(h)
            ),
            "Check the address in the configuration.",
        ),
        Failure::Redirected { host: h, to } => Problem::new(
            ProblemKind::Redirect,
            format!(
                "{side}: {} wants to send the call to {}. Redirects are not followed, so that no secret goes there.",
                host(h),
                escape(to)
            ),
            "Check the address in the configuration: the site may have been renamed.",
        ),
        Failure::ForeignLink { host: h, to } => Problem::new(
            ProblemKind::ForeignLink,
            format!(
                "{side}: an answer of {} points to {}, which is not the configured service. It was not followed, and nothing of the listing is used.",
                host(h),
                escape(to)
            ),
            "A proxy may change the answers, or entra.cloud may be wrong. Don't go on before you know which.",
        ),
        Failure::AskedToWait { host: h, wait, .. } => Problem::new(
            ProblemKind::Throttled,
            format!(
                "{side}: {} asks to wait {} minutes.",
                host(h),
                wait.as_secs().div_ceil(60)
            ),
            "Try again after that.",
        ),
        Failure::Cancelled => Problem::new(
            ProblemKind::Cancelled,
            "Cancelled. Nothing was left half done.",
            "Start it again when you are ready.",
        ),
    }
}
