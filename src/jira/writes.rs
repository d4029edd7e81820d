//! The writes.

use super::client::Jira;
use super::error::JiraError;
use super::wire::{Group, User};
use crate::directory::{AccountId, GroupId};
use crate::http::{Method, Repeat};
use crate::plan::ProductKey;
use serde_json::json;

/// How a membership ended up as wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// By this call.
    Done,
    /// It was so before.
    Already,
}

/// An account that exists after `POST user`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// The account.
    pub account: AccountId,
    /// Status: 201 created, 200 there already. Atlassian's text contradicts itself on this: what
    /// counts is whether the listing had the account before.
    pub status: u16,
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
        let (user, status) = self.send::<User>("create a user", &call).await?;
        Ok(Created {
            account: AccountId::new(&user.account_id),
            status,
        })
    }

    /// Creates a group. Never repeated after an unclear answer.
    pub async fn create_group(&self, name: &str) -> Result<GroupId, JiraError> {
        let call = self
            .call(
                Method::POST,
                "/rest/api/3/group",
                &["group"],
                &[],
                Repeat::OnlyAfter429,
            )
            .json(json!({ "name": name }));
        let (group, _) = self.send::<Group>("create a group", &call).await?;
        Ok(GroupId::new(&group.group_id))
    }

    /// Puts an account into a group. Safe to repeat.
    pub async fn add_member(
        &self,
        group: &GroupId,
        account: &AccountId,
    ) -> Result<Written, JiraError> {
        let call = self
            .call(
                Method::POST,
                "/rest/api/3/group/user",
                &["group", "user"],
                &[("groupId", group.as_str())],
                Repeat::Safe,
            )
            .json(json!({ "accountId": account.as_str() }));
        match self.send_plain("add a member", &call).await {
            Ok(()) => Ok(Written::Done),
            Err(JiraError::Refused(r)) if r.status == 400 && says_member_already(&r.message) => {
                Ok(Written::Already)
            }
            Err(error) => Err(error),
        }
    }

    /// Takes an account out of a group. Safe to repeat: 404 is done, unless the group is gone.
    pub async fn remove_member(
        &self,
        group: &GroupId,
        account: &AccountId,
    ) -> Result<Written, JiraError> {
        let call = self.call(
            Method::DELETE,
            "/rest/api/3/group/user",
            &["group", "user"],
            &[("groupId", group.as_str()), ("accountId", account.as_str())],
            Repeat::Safe,
        );
        match self.send_plain("remove a member", &call).await {
            Ok(()) => Ok(Written::Done),
            Err(JiraError::Refused(refusal)) if refusal.status == 404 => Ok(Written::Already),
            Err(error) => Err(error),
        }
    }
}

/// 400 has several meanings here, and only its English text tells them apart.
fn says_member_already(message: &str) -> bool {
    message.to_ascii_lowercase().contains("already")
}
