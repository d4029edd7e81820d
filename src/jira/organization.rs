//! The organization's API, with its own key: who has which address, and what another system syncs.

use super::client::{no_answer, turned_away};
use super::error::{JiraError, Refusal, Unwritten, request_id};
use super::writes::{How, Written};
use crate::directory::{AccountId, is_id};
use crate::http::{
    Answer, Auth, Call, Clients, Control, Counted, Gate, Headway, Method, Origin, Rates, Repeat,
    Reply, Service, null_is_default, said,
};
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use tokio::sync::OnceCell;

/// Addresses in one search, as documented.
pub const ADDRESSES_AT_ONCE: usize = 100;
/// How many account ids one search takes, by the organization API's document.
const ACCOUNTS_AT_ONCE: usize = 10;
/// As documented.
const USERS: &str = "/v2/orgs/{orgId}/directories/{directoryId}/users/search";
/// Rows on a page.
const LIMIT: u64 = 100;
/// As documented.
const SUSPEND: &str = "/v2/orgs/{orgId}/directories/{directoryId}/users/{accountId}/suspend";
/// As documented.
const RESTORE: &str = "/v2/orgs/{orgId}/directories/{directoryId}/users/{accountId}/restore";

/// An organization.
#[derive(Debug)]
pub struct Organization {
    pub(super) service: Service,
    key: SecretString,
    pub(super) id: String,
    /// Its directories, once they were asked for.
    directories: OnceCell<Vec<String>>,
    /// Whether its searches were refused.
    unwilling: AtomicBool,
}

/// An account as the organization knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganizationUser {
    /// Account.
    pub account: AccountId,
    /// Address.
    pub email: String,
}

#[derive(Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
pub(super) struct OrganizationPage<T> {
    #[serde(default = "Vec::new", deserialize_with = "null_is_default")]
    pub(super) data: Vec<T>,
    #[serde(default)]
    links: Option<Links>,
}

impl<T> OrganizationPage<T> {
    /// The cursor of the next page: `links.next` is a bare one, or a URL that holds one.
    pub(super) fn next(&self) -> Option<String> {
        cursor(self.links.as_ref()?.next.as_deref()?)
    }
}

#[derive(Deserialize)]
struct Links {
    #[serde(default)]
    next: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Directory {
    #[serde(alias = "id")]
    directory_id: String,
}

#[derive(Deserialize)]
struct Named {
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UserRecord {
    #[serde(default, deserialize_with = "null_is_default")]
    account_id: String,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    management_source: Option<String>,
    #[serde(default)]
    status: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GroupRecord {
    #[serde(default, deserialize_with = "null_is_default")]
    id: String,
    #[serde(default)]
    external_synced: Option<bool>,
}

impl Organization {
    /// Reaches an organization: the named one, or the only one of this key.
    pub async fn connect(
        api: &Origin,
        key: SecretString,
        id: Option<&str>,
        rates: Rates,
        clients: &Clients,
        cancel: &Control,
    ) -> Result<Self, JiraError> {
        let service = Service::new(
            "organization",
            api.clone(),
            clients,
            Gate::Endpoint,
            rates,
            cancel.clone(),
        )
        .without(no_answer);
        let mut organization = Self {
            service,
            key,
            id: id.unwrap_or_default().to_owned(),
            directories: OnceCell::new(),
            unwilling: AtomicBool::new(false),
        };
        let url = api.join(["admin", "v1", "orgs"]);
        let page: OrganizationPage<Named> = organization
            .send("list the key's organizations", Call::get("/v1/orgs", url))
            .await?;
        let ids = page.data.into_iter().map(|org| org.id);
        let ids: Vec<String> = ids.filter(|id| is_id(id)).collect();
        organization.id = match id {
            Some(id) if ids.iter().any(|other| other == id) => id.to_owned(),
            Some(id) => {
                return Err(JiraError::OtherOrganization {
                    wanted: id.to_owned(),
                    found: ids.iter().map(|id| said(id)).collect(),
                });
            }
            None if ids.len() == 1 => ids[0].clone(),
            None => {
                return Err(JiraError::OtherOrganization {
                    wanted: String::new(),
                    found: ids.iter().map(|id| said(id)).collect(),
                });
            }
        };
        Ok(organization)
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Requests so far.
    #[must_use]
    pub fn counted(&self) -> Counted {
        self.service.counted()
    }

    /// The accounts of these addresses, exactly. At most [`ADDRESSES_AT_ONCE`] are asked for in one
    /// call.
    pub async fn users(&self, addresses: &[String]) -> Result<Vec<OrganizationUser>, JiraError> {
        let mut found = Vec::new();
        for chunk in addresses.chunks(ADDRESSES_AT_ONCE) {
            let rows: Vec<UserRecord> = self
                .pages(
                    "find accounts by address",
                    USERS,
                    "users",
                    json!({ "emails": chunk }),
                    |user: &UserRecord| &user.account_id,
                )
                .await?;
            found.extend(rows.into_iter().map(|user| OrganizationUser {
                account: AccountId::new(&user.account_id),
                email: user.email.unwrap_or_default(),
            }));
        }
        Ok(found)
    }

    /// Those of these accounts that are suspended. Jira is not documented to tell.
    pub async fn suspended(&self, accounts: &[AccountId]) -> Result<Vec<AccountId>, JiraError> {
        let mut found = Vec::new();
        for chunk in accounts.chunks(ACCOUNTS_AT_ONCE) {
            let ids: Vec<&str> = chunk.iter().map(AccountId::as_str).collect();
            let rows: Vec<UserRecord> = self
                .pages(
                    "see who is suspended",
                    USERS,
                    "users",
                    json!({ "accountIds": ids }),
                    |user: &UserRecord| &user.account_id,
                )
                .await?;
            let suspended = rows.into_iter().filter(|user| {
                let status = user.status.as_deref().unwrap_or_default();
                status.eq_ignore_ascii_case("suspended") && ids.contains(&user.account_id.as_str())
            });
            found.extend(suspended.map(|user| AccountId::new(&user.account_id)));
        }
        Ok(found)
    }

    /// Of one page of the organization's people, how many another system provisions, and how many
    /// were looked at.
    pub async fn synced_people(&self) -> Result<(usize, usize), JiraError> {
        let url = self.service.origin().join(self.path("users"));
        let call = Call::new(Method::POST, USERS, url, Repeat::Safe).json(json!({"limit": LIMIT}));
        let page: OrganizationPage<UserRecord> =
            self.send("look at the organization's people", call).await?;
        let synced = |user: &&UserRecord| user.management_source.as_deref() == Some("synced");
        Ok((page.data.iter().filter(synced).count(), page.data.len()))
    }

    /// Suspends an account, or lets it in again: in its whole directory. Safe to repeat.
    pub async fn suspend(
        &self,
        account: &AccountId,
        suspended: bool,
    ) -> Result<Written, Unwritten> {
        let directory = self.directory(account).await;
        let directory = directory.map_err(Unwritten::before)?;
        let (what, action, endpoint) = if suspended {
            ("suspend a user", "suspend", SUSPEND)
        } else {
            ("restore a user", "restore", RESTORE)
        };
        let url = self.service.origin().join([
            "admin",
            "v2",
            "orgs",
            &self.id,
            "directories",
            &directory,
            "users",
            account.as_str(),
            action,
        ]);
        // Without a JSON body the answer is 415.
        let call = Call::new(Method::POST, endpoint, url, Repeat::Safe).json(json!({}));
        let answer = self.service.plain(&self.signed(call)).await?;
        // A conflict may say that it is so already, which is looked at: a status proves nothing. After an
        // attempt that ended without a clear answer, that attempt did it.
        let may_be_so =
            answer.status.as_u16() == 409 && !Refusal::of(what, &answer).is_about_licences();
        let wanted = if suspended { "suspended" } else { "active" };
        let conflict = may_be_so && self.is_now(account, wanted).await;
        if !answer.status.is_success() && !conflict {
            let refusal = self.refusal(what, &answer).await;
            return Err(Unwritten::refused(refusal, &answer));
        }
        Ok(Written {
            how: if conflict && !answer.after_unclear {
                How::Already
            } else {
                How::Done
            },
            status: answer.status.as_u16(),
            request_id: request_id(&answer),
        })
    }

    /// Whether the organization shows an account in this state. What can't be read is not so.
    async fn is_now(&self, account: &AccountId, wanted: &str) -> bool {
        let rows = self.pages(
            "see how an account stands",
            USERS,
            "users",
            json!({ "accountIds": [account.as_str()] }),
            |user: &UserRecord| &user.account_id,
        );
        let rows = rows.await.unwrap_or_default();
        let mut rows = rows.iter().filter(|row| row.account_id == account.as_str());
        rows.any(|row| {
            let status = row.status.as_deref().unwrap_or_default();
            status.eq_ignore_ascii_case(wanted)
        })
    }

    /// Why a write was refused. 403 may be about this write alone: then the key still lists its
    /// organizations.
    async fn refusal(&self, what: &'static str, answer: &Answer) -> JiraError {
        if answer.status.as_u16() == 403 {
            let url = self.service.origin().join(["admin", "v1", "orgs"]);
            let orgs = self.send::<OrganizationPage<Named>>(
                "list the key's organizations",
                Call::get("/v1/orgs", url),
            );
            if orgs.await.is_ok() {
                return JiraError::Refused(Box::new(Refusal::of(what, answer)));
            }
        }
        refused(what, answer)
    }

    /// The directory that an account is in: the only one, or the only one of this account.
    async fn directory(&self, account: &AccountId) -> Result<String, JiraError> {
        let all = self
            .directories
            .get_or_try_init(|| self.list_directories(None))
            .await?;
        let of_account = match all.as_slice() {
            [one] => return Ok(one.clone()),
            _ => self.list_directories(Some(account)).await?,
        };
        match of_account.as_slice() {
            [one] => Ok(one.clone()),
            _ => Err(JiraError::UnclearDirectory { found: of_account }),
        }
    }

    async fn list_directories(
        &self,
        account: Option<&AccountId>,
    ) -> Result<Vec<String>, JiraError> {
        let url = self
            .service
            .origin()
            .join(["admin", "v2", "orgs", &self.id, "directories"]);
        let mut call = Call::get("/v2/orgs/{orgId}/directories", url);
        if let Some(account) = account {
            call = call.query("accountId", account.as_str());
        }
        let page: OrganizationPage<Directory> = self
            .send("list the organization's directories", call)
            .await?;
        Ok(page
            .data
            .into_iter()
            .map(|found| found.directory_id)
            .filter(|id| is_id(id))
            .collect())
    }

    fn path<'a>(&'a self, kind: &'a str) -> [&'a str; 8] {
        [
            "admin",
            "v2",
            "orgs",
            &self.id,
            "directories",
            "-",
            kind,
            "search",
        ]
    }

    /// Whether its searches can be used: none of them was refused.
    #[must_use]
    pub fn is_willing(&self) -> bool {
        !self.unwilling.load(Relaxed)
    }

    /// Ids of the groups that another system syncs.
    pub async fn synced_groups(&self) -> Result<Vec<String>, JiraError> {
        let groups: Vec<GroupRecord> = self
            .pages(
                "list the organization's groups",
                "/v2/orgs/{orgId}/directories/{directoryId}/groups/search",
                "groups",
                json!({}),
                |group: &GroupRecord| &group.id,
            )
            .await?;
        let synced = groups
            .into_iter()
            .filter(|g| g.external_synced == Some(true));
        Ok(synced.map(|group| group.id).collect())
    }

    /// All pages of a search. `links.next` is a bare cursor or a URL that holds one.
    async fn pages<T: DeserializeOwned>(
        &self,
        what: &'static str,
        endpoint: &'static str,
        kind: &str,
        mut body: Value,
        id: fn(&T) -> &str,
    ) -> Result<Vec<T>, JiraError> {
        let path = self.path(kind);
        let mut rows = Vec::new();
        let mut headway = Headway::of("the organization");
        body["limit"] = json!(LIMIT);
        loop {
            let url = self.service.origin().join(path);
            let call = Call::new(Method::POST, endpoint, url, Repeat::Safe).json(body.clone());
            let page: OrganizationPage<T> = self.send(what, call).await.inspect_err(|error| {
                if error.is_unwillingness() {
                    self.unwilling.store(true, Relaxed);
                }
            })?;
            page.data.iter().for_each(|row| headway.row(id(row)));
            let next = page.next();
            rows.extend(page.data.into_iter().filter(|row| !id(row).is_empty()));
            let Some(cursor) = next else {
                return Ok(rows);
            };
            headway.page()?;
            headway.link(&cursor)?;
            body["cursor"] = json!(cursor);
        }
    }

    pub(super) async fn send<T: DeserializeOwned>(
        &self,
        what: &'static str,
        call: Call,
    ) -> Result<T, JiraError> {
        match self.service.json(&self.signed(call)).await? {
            Reply::Good(value, _) => Ok(value),
            Reply::Refused(answer) => Err(refused(what, &answer)),
        }
    }

    /// Sends a call whose body matters to the caller alone.
    pub(super) async fn answer(&self, what: &'static str, call: Call) -> Result<Answer, JiraError> {
        let answer = self.service.plain(&self.signed(call)).await?;
        if answer.status.is_success() {
            Ok(answer)
        } else {
            Err(self.refusal(what, &answer).await)
        }
    }

    fn signed(&self, mut call: Call) -> Call {
        call.auth = Auth::Bearer(self.key.clone());
        call.header("Accept", "application/json")
    }
}

fn refused(what: &'static str, answer: &Answer) -> JiraError {
    let refusal = Refusal::of(what, answer);
    if let Some(error) = turned_away(&refusal) {
        return error;
    }
    if matches!(refusal.status, 401 | 403) {
        JiraError::OrganizationKey {
            request_id: refusal.request_id,
        }
    } else {
        JiraError::Refused(Box::new(refusal))
    }
}

/// The cursor of a link: itself, or the URL's `cursor`.
fn cursor(link: &str) -> Option<String> {
    if link.is_empty() {
        return None;
    }
    match url::Url::parse(link) {
        Ok(url) => url
            .query_pairs()
            .find(|(name, _)| name == "cursor")
            .map(|(_, value)| value.into_owned()),
        Err(_) => Some(link.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::cursor;

    #[test]
    fn a_cursor_stands_alone_or_in_a_url() {
        assert_eq!(cursor("abc="), Some("abc=".to_owned()));
        let url = "https://api.atlassian.com/admin/v2/x?cursor=a%3D&limit=5";
        assert_eq!(cursor(url), Some("a=".to_owned()));
        assert_eq!(cursor(""), None);
    }
}
