//! Testing both connections: a checklist with advice.

use super::error::SyncError;
use super::problem::{Problem, ProblemKind};
use super::session::{DOMAINS_UNKNOWN, entra_client, is_only_the_organization, jira_access, rates};
use crate::config::{Paths, Profile, Secrets};
use crate::directory::Seats;
use crate::entra::{Entra, missing_permissions, reads_hidden_membership};
use crate::http::{Clients, Control};
use crate::jira::{self, Jira, JiraProgress, Organization, Route};
use crate::plan::{Invitations, Leavers, Mode, Side};
use crate::store::Mirror;
use crate::text::counted;
use std::collections::HashMap;
use std::time::Duration;

/// Within this time a side's check has an end: whoever watches it is told who asks for longer waits.
const PATIENCE: Duration = Duration::from_secs(30);

/// How something was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it should be.
    Good,
    /// Usable, with something to know.
    Note,
    /// Can't be proven beforehand.
    Unknown,
    /// Not usable.
    Bad,
}

/// One line of the checklist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Side.
    pub side: Side,
    /// What was looked at, in one or two words.
    pub what: &'static str,
    /// How it was found.
    pub state: State,
    /// What was found.
    pub text: String,
    /// What to do, for anything that is not good.
    pub problem: Option<Problem>,
}

/// Who is told of each finding as it comes.
type Told<'a> = &'a (dyn Fn(&Finding) + Sync);

struct List<'a> {
    side: Side,
    findings: Vec<Finding>,
    told: Told<'a>,
}

impl<'a> List<'a> {
    fn new(side: Side, told: Told<'a>) -> Self {
        Self {
            side,
            findings: Vec::new(),
            told,
        }
    }

    fn push(&mut self, finding: Finding) {
        (self.told)(&finding);
        self.findings.push(finding);
    }

    fn add(&mut self, what: &'static str, state: State, text: impl Into<String>) {
        self.push(Finding {
            side: self.side,
            what,
            state,
            text: text.into(),
            problem: None,
        });
    }

    fn bad(&mut self, what: &'static str, problem: Problem) {
        self.push(Finding {
            side: self.side,
            what,
            state: State::Bad,
            text: problem.message.clone(),
            problem: Some(problem),
        });
    }
}

/// Tests both sides at the same time, and tells each finding as it comes. What fails is a
/// finding; only what keeps anything from being tested is an error.
pub async fn check(
    profile: &Profile,
    secrets: &Secrets,
    cancel: Control,
    told: &(dyn Fn(&Finding) + Sync),
) -> Result<Vec<Finding>, SyncError> {
    let (entra, jira) = tokio::join!(
        check_side(Side::Entra, profile, secrets, &cancel, told),
        check_side(Side::Jira, profile, secrets, &cancel, told)
    );
    let (mut entra, jira) = (entra?, jira?);
    if cancel.is_cancelled() {
        return Err(SyncError::Cancelled);
    }
    entra.extend(jira);
    Ok(entra)
}

/// Tests one side.
pub async fn check_side(
    side: Side,
    profile: &Profile,
    secrets: &Secrets,
    cancel: &Control,
    told: &(dyn Fn(&Finding) + Sync),
) -> Result<Vec<Finding>, SyncError> {
    let clients = Clients::new().map_err(|e| SyncError::Client(e.to_string()))?;
    let cancel = &cancel.hurried().patient_for(PATIENCE);
    Ok(match side {
        Side::Entra => check_entra(profile, secrets, &clients, cancel, told).await,
        Side::Jira => check_jira(profile, secrets, &clients, cancel, told).await,
    })
}

async fn check_entra(
    profile: &Profile,
    secrets: &Secrets,
    clients: &Clients,
    cancel: &Control,
    told: Told<'_>,
) -> Vec<Finding> {
    let mut list = List::new(Side::Entra, told);
    let entra = entra_client(profile, secrets, clients, cancel);
    let claims = match entra.authorize().await {
        Ok(claims) => {
            let text = format!(
                "given for this application (secret from {})",
                secrets.entra_from
            );
            list.add("token", State::Good, text);
            claims
        }
        Err(error) => {
            list.bad("token", (&error).into());
            return list.findings;
        }
    };
    match claims {
        None => list.add(
            "permissions",
            State::Unknown,
            "the token does not show them; reading will tell",
        ),
        Some(claims) => permissions(&mut list, &claims.roles.unwrap_or_default()),
    }
    match entra.tenant().await {
        Ok(tenant) => {
            list.add(
                "tenant",
                State::Good,
                format!("{} ({})", tenant.name, tenant.id),
            );
            let domains = tenant.domains.join(", ");
            list.add("domains", State::Good, domains);
        }
        Err(error) if is_only_the_organization(&error, profile) => {
            list.add("tenant", State::Note, DOMAINS_UNKNOWN);
        }
        Err(error) => list.bad("tenant", (&error).into()),
    }
    match entra.user_count().await {
        Ok(Some(count)) => list.add("users", State::Good, format!("{count} can be read")),
        Ok(None) => list.add(
            "users",
            State::Unknown,
            "the tenant does not tell how many there are",
        ),
        Err(error) => list.bad("users", (&error).into()),
    }
    secret_end(&mut list, &entra, profile).await;
    list.findings
}

fn permissions(list: &mut List<'_>, roles: &[String]) {
    let missing = missing_permissions(roles);
    if missing.is_empty() {
        list.add("permissions", State::Good, roles.join(", "));
        if !reads_hidden_membership(roles) {
            list.add(
                "hidden groups",
                State::Note,
                "groups that hide their membership stay unknown (Member.Read.Hidden would show them)",
            );
        }
        return;
    }
    let what: Vec<&str> = missing.iter().map(|m| m.what).collect();
    let grants: Vec<&str> = missing.iter().map(|m| m.grant).collect();
    let held = if roles.is_empty() {
        "The token holds no application permission at all".to_owned()
    } else {
        format!("The token holds {}", roles.join(", "))
    };
    list.bad(
        "permissions",
        Problem {
            kind: ProblemKind::EntraPermission,
            message: format!("{held}: {} can't be read.", what.join(" and ")),
            hint: format!(
                "Under API permissions ▸ Add a permission ▸ Microsoft Graph, choose “Application permissions” (a Delegated one does not count here), add {} (or Directory.Read.All), then choose “Grant admin consent”.",
                grants.join(" and ")
            ),
            ids: std::collections::BTreeMap::new(),
        },
    );
}

async fn secret_end(list: &mut List<'_>, entra: &Entra, profile: &Profile) {
    match entra.application(&profile.entra.client_id).await {
        Ok(application) => match application.secrets_end.iter().max() {
            Some(end) => {
                let day: String = end.chars().take(10).collect();
                list.add("secret", State::Good, format!("the newest ends on {day}"));
            }
            None => list.add("secret", State::Unknown, "the directory shows no end date"),
        },
        Err(_) => list.add(
            "secret",
            State::Unknown,
            "its end date can't be read with these permissions: note it down",
        ),
    }
}

async fn check_jira(
    profile: &Profile,
    secrets: &Secrets,
    clients: &Clients,
    cancel: &Control,
    told: Told<'_>,
) -> Vec<Finding> {
    let mut list = List::new(Side::Jira, told);
    let access = jira_access(profile, secrets, Mode::Attended);
    let jira = match jira::connect(&access, None, clients, cancel).await {
        Ok(jira) => jira,
        Err(error) => {
            list.bad("site", (&error).into());
            return list.findings;
        }
    };
    let route = match jira.route() {
        Route::Site => "token without scopes, on the site itself",
        Route::Gateway => "token with scopes, through the gateway",
    };
    let text = format!("{} ({})", profile.site.host(), jira.cloud_id());
    list.add("site", State::Good, text);
    let me = jira.myself();
    let text = format!(
        "{} ({}); {route}, from {}",
        me.name, me.id, secrets.jira_from
    );
    list.add("account", State::Good, text);
    match profile.jira.token_expires {
        Some(end) => list.add("token", State::Good, format!("ends on {end}, as you noted")),
        None => list.add(
            "token",
            State::Unknown,
            "tokens can't tell when they end: note it under “Token ends on” (jira.token_expires)",
        ),
    }
    admin(&mut list, &jira).await;
    let organization = the_organization(&mut list, profile, secrets, clients, cancel).await;
    products(&mut list, &jira, organization.as_ref()).await;
    list.findings
}

async fn admin(list: &mut List<'_>, jira: &Jira) {
    match jira.is_site_admin().await {
        Ok(true) => {
            list.add("administrator", State::Good, "in a group that makes site admins");
            list.add(
                "creating people",
                State::Unknown,
                "needs an organization admin, which nothing proves beforehand",
            );
        }
        Ok(false) => list.bad(
            "administrator",
            Problem {
                kind: ProblemKind::JiraPermission,
                message: "This account is in no group that makes site admins: it can't create groups or change members.".to_owned(),
                hint: "At admin.atlassian.com, give it the role “Site admin”, or use the API token of an account that has it.".to_owned(),
                ids: std::collections::BTreeMap::new(),
            },
        ),
        Err(error) => list.bad("administrator", (&error).into()),
    }
}

async fn products(list: &mut List<'_>, jira: &Jira, organization: Option<&Organization>) {
    let read = JiraProgress::default();
    let listings = tokio::try_join!(jira.groups(&read), jira.rights());
    let (groups, mut rights) = match listings {
        Ok(found) => found,
        Err(error) => return list.bad("groups", (&error).into()),
    };
    let ids: HashMap<&str, &str> = groups
        .groups
        .iter()
        .map(|(id, name)| (name.as_str(), id.as_str()))
        .collect();
    for product in rights.products(&ids) {
        let left = match product.seats {
            Seats::Unlimited => "no limit of seats".to_owned(),
            Seats::Left(left) => format!("{left} seats left"),
        };
        list.add("product", State::Good, format!("{}: {left}", product.name));
    }
    let mut people = (0, 0);
    if let Some(organization) = organization {
        match tokio::try_join!(organization.synced_groups(), organization.synced_people()) {
            Ok((synced, of_people)) => {
                rights.add_external(synced);
                people = of_people;
            }
            Err(error) => list.bad("organization", (&error).into()),
        }
    }
    let external = rights.external();
    if external + people.0 > 0 {
        let mut found = Vec::new();
        if external > 0 {
            let groups = counted(external as u64, "group", "groups");
            found.push(format!("{groups} that Rollbook never touches"));
        }
        if people.0 > 0 {
            found.push(format!("{} of {} people looked at", people.0, people.1));
        }
        list.push(Finding {
            side: Side::Jira,
            what: "other system",
            state: State::Note,
            text: format!(
                "another system provisions this site: it syncs {}",
                found.join(" and ")
            ),
            problem: Some(Problem::plain(
                ProblemKind::Provisioned,
                "Another system provisions this site.".to_owned(),
                "At admin.atlassian.com ▸ Security ▸ Identity providers, see which one. Let only one of the two create people and groups: turn off Import users and Import groups here, or the provisioning there.",
            )),
        });
    }
}

async fn the_organization(
    list: &mut List<'_>,
    profile: &Profile,
    secrets: &Secrets,
    clients: &Clients,
    cancel: &Control,
) -> Option<Organization> {
    let Some(key) = &secrets.organization else {
        let provisioning = &profile.settings.provisioning;
        let needed = provisioning.leavers == Leavers::Suspend
            || provisioning.invitations == Invitations::Silent;
        if needed {
            list.add(
                "organization",
                State::Note,
                "there is no API key, and the settings for leavers or invitations need one: what needs it is held until there is",
            );
        } else {
            list.add(
                "organization",
                State::Unknown,
                "without its API key, people who hide their e-mail are looked up one by one",
            );
        }
        return None;
    };
    let id = profile.jira.organization_id.as_deref();
    let rates = rates(profile, Mode::Attended);
    match Organization::connect(&profile.api, key.clone(), id, rates, clients, cancel).await {
        Ok(organization) => {
            let ends = match profile.jira.organization_key_expires {
                Some(end) => format!("the key ends on {end}, as you noted"),
                None => {
                    "when the key ends is not known: note it under jira.organization_key_expires"
                        .to_owned()
                }
            };
            let text = format!("{}; {ends}", organization.id());
            list.add("organization", State::Good, text);
            silent_products(list, profile, &organization).await;
            Some(organization)
        }
        Err(error) => {
            list.bad("organization", (&error).into());
            None
        }
    }
}

/// Whether silent invitations can name the products that new people get.
async fn silent_products(list: &mut List<'_>, profile: &Profile, organization: &Organization) {
    let provisioning = &profile.settings.provisioning;
    if provisioning.invitations != Invitations::Silent || provisioning.products.is_empty() {
        return;
    }
    match organization.resources(&profile.site).await {
        Err(error) => list.bad("invitations", (&error).into()),
        Ok(resources) => match jira::resources_of(&provisioning.products, &resources).1.as_slice() {
            [] => list.add(
                "invitations",
                State::Good,
                "silent ones can name the products for new people",
            ),
            missing => list.add(
                "invitations",
                State::Note,
                format!(
                    "the organization knows no product {} on this site: nobody can be invited to it",
                    missing.join(", ")
                ),
            ),
        },
    }
}

/// What the listings proved when both sides were read last, for people who look before the next
/// read.
#[must_use]
pub fn last_read(profile: &Profile, paths: &Paths) -> Vec<Finding> {
    let listings = Mirror::last_listings(&paths.profile(&profile.name));
    listings
        .into_iter()
        .map(|listing| Finding {
            side: if listing.name.starts_with("Entra") {
                Side::Entra
            } else {
                Side::Jira
            },
            what: "last read",
            state: if listing.doubtful {
                State::Note
            } else {
                State::Good
            },
            text: format!("{}: {}", listing.name, listing.words),
            problem: None,
        })
        .collect()
}
