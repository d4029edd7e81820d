//! The simulator's own habits, where the program does not meet them yet.

use crate::world::{SMALL, World};
use rollbook::simulator::Member;
use serde_json::Value;

struct Graph<'a> {
    world: &'a World,
    http: reqwest::Client,
    token: String,
}

impl<'a> Graph<'a> {
    async fn sign_in(world: &'a World) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let (tenant, client, secret) = world.sim.world(|w| {
            (
                w.entra.id.clone(),
                w.entra.client_id.clone(),
                w.entra.secret.clone(),
            )
        });
        let origin = world.sim.origin();
        let form = [
            ("grant_type", "client_credentials".to_owned()),
            ("client_id", client),
            ("client_secret", secret),
            ("scope", format!("{origin}/.default")),
        ];
        let answer: Value = http
            .post(format!("{origin}/{tenant}/oauth2/v2.0/token"))
            .form(&form)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        Self {
            world,
            http,
            token: answer["access_token"].as_str().unwrap().to_owned(),
        }
    }

    async fn get(&self, link: &str) -> (u16, Value) {
        let url = if link.starts_with("http") {
            link.to_owned()
        } else {
            format!("{}/v1.0/{link}", self.world.sim.origin())
        };
        let answer = self
            .http
            .get(url)
            .bearer_auth(&self.token)
            .send()
            .await
            .unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or(Value::Null))
    }

    /// A round to its delta link: all objects, and the link.
    async fn round(&self, link: &str) -> (Vec<Value>, String) {
        let (mut objects, mut link) = (Vec::new(), link.to_owned());
        loop {
            let (status, page) = self.get(&link).await;
            assert_eq!(status, 200);
            objects.extend(page["value"].as_array().unwrap().clone());
            if let Some(delta) = page["@odata.deltaLink"].as_str() {
                return (objects, delta.to_owned());
            }
            page["@odata.nextLink"]
                .as_str()
                .unwrap()
                .clone_into(&mut link);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_may_be_refused_empty_or_cut() {
    let world = World::new(SMALL).await;
    let graph = Graph::sign_in(&world).await;
    let (status, _) = graph.get("users?$top=1000").await;
    assert_eq!(status, 400);
    let (_, page) = graph.get("users?$top=20").await;
    assert_eq!(page["value"].as_array().unwrap().len(), 20);
    assert!(
        page["value"][0]["accountEnabled"].is_null(),
        "comes back only with $select"
    );
    let (_, gap) = graph.get(page["@odata.nextLink"].as_str().unwrap()).await;
    assert!(gap["value"].as_array().unwrap().is_empty() && gap["@odata.nextLink"].is_string());
    let (_, groups) = graph.get("groups?$expand=members").await;
    let most = groups["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|g| g["members"].as_array().unwrap().len())
        .max();
    assert_eq!(most, Some(20), "$expand stops silently at 20");
    world.sim.world(|w| w.log.clear());
}

#[tokio::test(flavor = "multi_thread")]
async fn delta_slices_replays_and_ends() {
    let world = World::new(SMALL).await;
    let graph = Graph::sign_in(&world).await;
    let (objects, link) = graph
        .round("groups/delta?$select=displayName,members")
        .await;
    let groups = world.sim.world(|w| w.entra.groups.len());
    assert!(objects.len() > groups, "a group comes in several slices");

    let (group, user) = world.sim.world(|w| {
        let group = w.entra.groups.keys().next().unwrap().clone();
        let user = w.entra.users.keys().next().unwrap().clone();
        w.set_member(&group, Member::User(user.clone()), true);
        w.set_member(&group, Member::User(user.clone()), false);
        (group, user)
    });
    let (changes, next) = graph.round(&link).await;
    let told: Vec<&Value> = changes
        .iter()
        .filter(|c| c["id"] == group.as_str())
        .collect();
    assert!(told.iter().any(|c| {
        c["members@delta"]
            .as_array()
            .unwrap()
            .iter()
            .any(|m| m["id"] == user.as_str() && m["@removed"].is_object())
    }));

    let (_, users) = graph.round("users/delta?$deltatoken=latest").await;
    world.sim.world(|w| w.delete_user(&user));
    let (gone, _) = graph.round(&users).await;
    assert!(
        gone.iter()
            .any(|u| u["id"] == user.as_str() && u["@removed"]["reason"] == "changed")
    );
    let (silent, _) = graph.round(&next).await;
    let mentions = silent
        .iter()
        .filter_map(|g| g["members@delta"].as_array())
        .flatten()
        .any(|m| m["id"] == user.as_str() && m["@removed"].is_null());
    assert!(!mentions, "a deleted user is nobody's new member");

    world.sim.world(|w| w.faults.delta_gone = true);
    let (status, body) = graph.get(&next).await;
    assert_eq!(
        (status, body["error"]["code"].as_str()),
        (410, Some("syncStateNotFound"))
    );
    world.sim.world(|w| w.log.clear());
}
