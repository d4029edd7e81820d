//! What can go wrong, by switch or by scenario.

use serde::Deserialize;

/// Faults. Rates are shares of requests, from 0 to 1.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Faults {
    /// 429 with `Retry-After`.
    pub rate_429: f64,
    /// 503.
    pub rate_503: f64,
    /// 502 with a page of HTML.
    pub rate_html: f64,
    /// The connection is cut before anything took place.
    pub rate_cut_before: f64,
    /// What was asked took place, then the connection is cut.
    pub rate_cut_after: f64,
    /// What was asked took place, and the body of the answer is cut off.
    pub rate_truncated: f64,
    /// The token endpoint answers with this AADSTS number.
    pub token_error: Option<u64>,
    /// Tokens carry no `roles`, and Graph answers 403.
    pub no_roles: bool,
    /// The API token is not accepted: 401, or 200 with nothing where that is what Jira does.
    pub bad_api_token: bool,
    /// The API token stops being accepted after this many requests to Jira.
    pub api_token_ends_after: Option<u64>,
    /// Jira wants a captcha.
    pub captcha: bool,
    /// The admin may read, and write nothing.
    pub not_admin: bool,
    /// `/users` ends after half of its rows.
    pub users_cut_half: bool,
    /// The first page of a round of groups loses its objects.
    pub groups_page_lost: bool,
    /// `/users/$count` is not there.
    pub no_count: bool,
    /// The second page of users/search is empty.
    pub empty_page_inside: bool,
    /// The next link of `/users` leads to this origin.
    pub foreign_link: Option<String>,
    /// The next link of `/users` is the same again and again.
    pub endless_links: bool,
    /// So many listings of users answer `Directory_ExpiredPageToken` on their second page.
    pub expired_pages: u32,
    /// Delta links before now have ended: 410.
    pub delta_gone: bool,
    /// Delta links before now are refused with 400 and this code.
    pub delta_refused: Option<String>,
    /// There is no delta.
    pub no_delta: bool,
    /// So many rounds of changes answer `Directory_ExpiredPageToken` on their second page.
    pub expired_deltas: u32,
    /// The next link of a round of changes is the same again and again.
    pub endless_deltas: bool,
    /// The first so many parts of batches answer 429.
    pub batch_429: u32,
    /// The parts of batches for every third group come as 404, and for every other third as a page.
    pub batch_unreadable: bool,
    /// `/users/$count` counts so many more than there are.
    pub count_more: u64,
    /// users/search takes too long for more than this many rows: 409.
    pub slow_users: Option<usize>,
    /// users/search ends after half of its rows.
    pub accounts_cut_half: bool,
    /// The audit records may not be read.
    pub no_audit: bool,
    /// The organization's key is not accepted any more.
    pub organization_key_ended: bool,
    /// Accounts are suspended, and the connection is cut before that is answered.
    pub cut_suspensions: bool,
    /// Accounts are suspended, and a gateway answers 504.
    pub gateway_suspensions: bool,
    /// This account may not be suspended.
    pub unsuspendable: Option<String>,
    /// Silent invitations need a paid plan, which this organization lacks.
    pub no_paid_plan: bool,
    /// Addresses under this domain can't be invited.
    pub uninvitable: Option<String>,
    /// A request that invites an address under this domain is refused as a whole.
    pub malformed: Option<String>,
    /// User properties may not be read or written.
    pub no_properties: bool,
    /// `POST user` says that no licence is left.
    pub no_licences: bool,
    /// Nobody can be added to this group, by its name: another product has no licence left.
    pub unlicensed: Option<String>,
    /// Accounts that are created are deactivated.
    pub born_inactive: bool,
    /// Every answer that is no success holds, in each of its parts, what the request was: its method,
    /// headers and body. In every other one `{authorization}` stands for that header.
    pub echoes: bool,
    /// Graph answers everything with 429 and asks for so many seconds.
    pub patience: Option<u64>,
    /// `POST user` says that nobody could be created.
    pub uncreatable: bool,
    /// Jira redirects every call to this address.
    pub redirect: Option<String>,
    /// A listing without end: each page has a link of its own, and the same rows.
    pub endless: Option<Endless>,
    /// The application may not read the organization and its domains.
    pub no_organization: bool,
    /// The organization's key may not read the site's products.
    pub no_workspaces: bool,
    /// Removed members come without their type in rounds of changes.
    pub untyped_removals: bool,
    /// `/users` ends in the middle of its JSON, and an error is glued on.
    pub breaks_off: bool,
    /// Graph knows nothing of the application in this tenant.
    pub no_consent: bool,
    /// For so many requests to Jira: 429 with `Retry-After: 0`.
    pub impatient_429: u32,
    /// Listings hold a group without an id, and an account of somebody who was deleted.
    pub ghosts: bool,
    /// The organization's searches are refused: it is not with the new user management.
    pub old_organization: bool,
    /// Atlassian lets the token in nowhere, for this reason.
    pub turned_away: Option<TurnedAway>,
    /// Audit records bear no author.
    pub anonymous_audit: bool,
    /// What Jira gives in place of an answer to a write.
    pub unavailable: Option<Unavailable>,
    /// Nobody can be taken out of a group: 404, as where a right is missing.
    pub unremovable: bool,
    /// Groups are refused with 403 and an empty body.
    pub wordless: bool,
    /// Share of answers in which one value, one header or the status is what nobody expects.
    pub hostile: f64,
    /// This service takes requests and never answers.
    pub silent: Option<Service>,
    /// This service answers a byte a second.
    pub drips: Option<Service>,
    /// Users come with their ids alone, as without the permission to read them.
    pub bare_ids: bool,
}

/// Why a token that is good is let in nowhere, as it was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TurnedAway {
    /// It lacks a scope.
    Scope,
    /// This machine's address is not on the allowlist.
    Address,
    /// It is a password.
    Password,
}

/// What comes in place of an answer while a site is suspended, invalid or down, as it was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unavailable {
    /// 404 with a page for people.
    Page,
    /// 404 with `errorMessage` and `errorCode`.
    Error,
    /// 404 with nothing.
    Empty,
    /// 200 with a page for people, such as a sign-in page.
    SignIn,
}

/// A service that may misbehave as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Service {
    /// The token endpoint.
    Login,
    /// Graph.
    Graph,
    /// The site and the gateway.
    Jira,
    /// The organization's API.
    Organization,
}

impl Service {
    /// Whose path it is.
    pub(super) fn of(path: &[String]) -> Self {
        match path.first().map(String::as_str) {
            Some("v1.0") => Self::Graph,
            Some("admin") => Self::Organization,
            Some("rest" | "ex" | "_edge") => Self::Jira,
            _ => Self::Login,
        }
    }
}

/// A listing that may have no end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Endless {
    /// `/users`.
    Users,
    /// `/users`, with empty pages.
    EmptyUsers,
    /// A round of `/groups/delta`.
    Groups,
    /// `users/search`.
    Accounts,
    /// `group/bulk`.
    JiraGroups,
    /// `group/member`.
    JiraMembers,
    /// The organization's searches.
    Organization,
}
