//! The writes.

use super::client::Jira;
use super::error::{JiraError, Refusal, Unwritten};
use super::wire::{Group, User};
use crate::directory::{AccountId, GroupId, ProductKey, is_id};
use crate::http::{Method, Repeat};
use serde::Deserialize;
use serde_json::{Value, json};

/// As documented.
const PROPERTY: &str = "/rest/api/3/user/properties/{propertyKey}";

#[derive(Deserialize)]
struct Property {
    value: Value,
}

/// How something ended up as wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// By this call.
    Done,
    /// It was so before.
    Already,
}

/// A write that succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// How.
    pub how: How,
    /// Status of the answer.
    pub status: u16,
    /// The id that Atlassian's support asks for.
    pub request_id: String,
}

/// An account that exists after `POST user`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// The account.
    pub account: AccountId,
    /// Status: 201 created, 200 there already. Atlassian's text contradicts itself on this: what
    /// counts is whether the listing had the account before.
    pub status: u16,
    /// For support.
    pub request_id: String,
}

impl Jira {
    /// Creates and invites a person. Never repeated after an unclear answer.
    pub async fn create_user(
        &self,
        email: &str,
        products: &[ProductKey],
    ) -> Result<Created, JiraError> {
        let products: Vec<&str> = products.iter().map(|p| p.as_str()).collect();
        let call = self
            .call(
                Method::POST,
                "/rest/api/3/user",
                &["user"],
                &[],
                Repeat::OnlyAfter429,
            )
            .json(json!({ "emailAddress": email, "products": products }));
        let sent = self.send::<User>("create a user", &call).await;
        let (user, answer) = sent.map_err(JiraError::needing_organization_admin)?;
        if !is_id(&user.account_id) {
            // It was created, and has to be looked up.
            return Err(self.no_id("the new account"));
        }
        Ok(Created {
            account: AccountId::new(&user.account_id),
            status: answer.status.as_u16(),
            request_id: super::error::request_id(&answer),
        })
    }

    /// Creates a group. Never repeated after an unclear answer.
    pub async fn create_group(&self, name: &str) -> Result<(GroupId, Written), JiraError> {
        let call = self
            .call(
                Method::POST,
                "/rest/api/3/group",
                &["group"],
                &[],
                Repeat::OnlyAfter429,
            )
            .json(json!({ "name": name }));
        let (group, answer) = self.send::<Group>("create a group", &call).await?;
        if !is_id(&group.group_id) {
            // It was created, under an id that has to be looked up.
            return Err(self.no_id("the new group"));
        }
        let written = Written {
            how: How::Done,
            status: answer.status.as_u16(),
            request_id: super::error::request_id(&answer),
        };
        Ok((GroupId::new(&group.group_id), written))
    }

    /// Puts an account into a group. Safe to repeat.
    pub async fn add_member(
        &self,
        group: &GroupId,
        account: &AccountId,
    ) -> Result<Written, Unwritten> {
        let call = self
            .call(
                Method::POST,
                "/rest/api/3/group/user",
                &["group", "user"],
                &[("groupId", group.as_str())],
                Repeat::Safe,
            )
            .json(json!({ "accountId": account.as_str() }));
        // 400 has several meanings here: whoever asked sees whether the account is in the group.
        self.write("add a member", &call, |_| false, async || Ok(false))
            .await
    }

    /// Takes an account out of a group. Safe to repeat. 404 may mean the membership, the account, the
    /// group or a missing right: it is done if a second read shows the account outside the group.
    pub async fn remove_member(
        &self,
        group: &GroupId,
        account: &AccountId,
    ) -> Result<Written, Unwritten> {
        let call = self.call(
            Method::DELETE,
            "/rest/api/3/group/user",
            &["group", "user"],
            &[("groupId", group.as_str()), ("accountId", account.as_str())],
            Repeat::Safe,
        );
        let outside = async || match self.groups_of(account).await? {
            Some(groups) => Ok(!groups.contains(group)),
            None => self.is_absent(account).await,
        };
        self.write("remove a member", &call, not_found, outside)
            .await
    }

    /// Whether the site does not know this account.
    async fn is_absent(&self, account: &AccountId) -> Result<bool, JiraError> {
        let found = self.by_ids(std::slice::from_ref(account)).await?;
        Ok(found.is_empty())
    }

    /// Removes an account from the site, with its groups and roles. Safe to repeat.
    pub async fn remove_user(&self, account: &AccountId) -> Result<Written, Unwritten> {
        let call = self.call(
            Method::DELETE,
            "/rest/api/3/user",
            &["user"],
            &[("accountId", account.as_str())],
            Repeat::Safe,
        );
        let absent = async || self.is_absent(account).await;
        self.write("remove a user from the site", &call, not_found, absent)
            .await
    }

    /// Deletes a group. What is restricted to it becomes inaccessible. Safe to repeat.
    pub async fn delete_group(&self, group: &GroupId) -> Result<Written, Unwritten> {
        let call = self.call(
            Method::DELETE,
            "/rest/api/3/group",
            &["group"],
            &[("groupId", group.as_str())],
            Repeat::Safe,
        );
        let gone = async || {
            let found = self.groups_by_ids(std::slice::from_ref(group)).await?;
            Ok(found.is_empty())
        };
        self.write("delete a group", &call, not_found, gone).await
    }

    /// A property of the admin's own account, if it is set. Read also while a run is cancelled, since
    /// it is written then.
    pub async fn property(&self, key: &str) -> Result<Option<Value>, JiraError> {
        let account = self.myself().id.as_str();
        let path = ["user", "properties", key];
        let query = [("accountId", account)];
        let call = self
            .call(Method::GET, PROPERTY, &path, &query, Repeat::Safe)
            .regardless();
        match self.send::<Property>("read a user property", &call).await {
            Ok((property, _)) => Ok(Some(property.value)),
            Err(JiraError::Refused(refusal)) if refusal.status == 404 => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sets a property of the admin's own account.
    pub async fn set_property(&self, key: &str, value: &Value) -> Result<(), JiraError> {
        let call = self
            .call(
                Method::PUT,
                PROPERTY,
                &["user", "properties", key],
                &[("accountId", self.myself().id.as_str())],
                Repeat::Safe,
            )
            // Others are told that a run is paused or over, too.
            .regardless()
            .json(value.clone());
        match self.send_plain("set a user property", &call).await? {
            (_, None) => Ok(()),
            (_, Some(refusal)) => Err(refusal),
        }
    }

    /// Makes a write. `doubtful` tells which refusals may mean that it is so already, and `is_so` sees
    /// whether it is: a status alone proves nothing. After an attempt that ended without a clear answer,
    /// that attempt did it.
    async fn write(
        &self,
        what: &'static str,
        call: &crate::http::Call,
        doubtful: fn(&Refusal) -> bool,
        is_so: impl AsyncFnOnce() -> Result<bool, JiraError>,
    ) -> Result<Written, Unwritten> {
        let (answer, error) = self.send_plain(what, call).await?;
        let how = match error {
            None => How::Done,
            Some(error) => {
                let refusal = error.refusal();
                if !refusal.is_some_and(doubtful) {
                    return Err(Unwritten::refused(error, &answer));
                }
                match is_so().await {
                    Ok(true) => {}
                    // A read that was refused says nothing: the first refusal stands.
                    Ok(false) | Err(JiraError::Refused(_)) => {
                        return Err(Unwritten::refused(error, &answer));
                    }
                    Err(read) => {
                        let unwritten = Unwritten::from(read);
                        return Err(Unwritten {
                            may_have_happened: unwritten.may_have_happened || answer.after_unclear,
                            ..unwritten
                        });
                    }
                }
                if answer.after_unclear {
                    How::Done
                } else {
                    How::Already
                }
            }
        };
        Ok(Written {
            how,
            status: answer.status.as_u16(),
            request_id: super::error::request_id(&answer),
        })
    }
}

const fn not_found(refusal: &Refusal) -> bool {
    refusal.status == 404
}
