//! Habits of the two services that no document tells, as they were recorded or reported from the field.

use crate::world::{SMALL, World};
use rollbook::simulator::{Endless, Faults, Service};

/// How a command failed: its kind, and its words.
async fn failure(world: &World, arguments: &[&str]) -> (String, String) {
    let document = world.json(arguments, 1).await;
    let error = &document["error"];
    let text = |key: &str| error[key].as_str().unwrap_or_default().to_owned();
    (
        text("kind"),
        format!("{} {}", text("message"), text("hint")),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_without_end_is_an_error_before_long() {
    let mut world = World::new(SMALL).await;
    world.apply_all(0).await;
    let key = world.sim.world(|w| w.jira.organization_key.clone());
    for (endless, kind, most) in [
        (Endless::Users, "entra", 60),
        (Endless::EmptyUsers, "entra", 560),
        (Endless::Groups, "entra", 60),
        (Endless::Accounts, "jira", 80),
        (Endless::JiraGroups, "jira", 120),
        (Endless::JiraMembers, "jira", 1500),
        (Endless::Organization, "jira", 100),
    ] {
        if endless == Endless::Organization {
            world.set("ROLLBOOK_ORG_API_KEY", &key);
        }
        let before = world.sim.world(|w| {
            w.faults.endless = Some(endless);
            (w.log.len(), w.writes())
        });
        let (told, words) = failure(&world, &["sync", "--full"]).await;
        assert_eq!(told, kind, "{endless:?}: {words}");
        assert!(words.contains("does not end"), "{endless:?}: {words}");
        let after = world.sim.world(|w| (w.log.len(), w.writes()));
        assert!(
            after.0 - before.0 < most,
            "{endless:?}: {} requests",
            after.0 - before.0
        );
        assert_eq!(after.1, before.1, "{endless:?}: something was written");
    }
    world.sim.world(|w| w.faults.endless = None);
    assert_eq!(world.left().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_alone_are_a_missing_permission() {
    let world = World::new(SMALL).await;
    world.apply_all(0).await;
    world.sim.world(|w| w.faults.bare_ids = true);
    for arguments in [["plan", "--full"], ["sync", "--full"]] {
        let (kind, words) = failure(&world, &arguments).await;
        assert_eq!(kind, "entra-permission", "{words}");
        assert!(words.contains("User.Read.All"), "{words}");
    }
    world.sim.world(|w| w.faults.bare_ids = false);
    assert_eq!(world.left().await, 0);
}

/// A service that does not answer is named before half a minute is over, by whatever waits for it.
async fn unanswered(arguments: &[&str], fault: fn(&mut Faults), asked: &[(&str, &str)]) {
    let world = World::new(SMALL).await;
    world.sim.world(|w| fault(&mut w.faults));
    let ran = world.run(arguments).await.expect(1);
    let told = format!("{}{}", ran.out, ran.err);
    assert!(told.contains("no answer from 127.0.0.1"), "{told}");
    assert!(told.contains("within 10 s"), "{told}");
    assert!(
        ran.err.contains("Waiting for an answer from 127.0.0.1"),
        "{}",
        ran.err
    );
    for (method, path) in asked {
        let requests = world.sim.world(|w| w.requests(method, path));
        assert_eq!(requests, 2, "{path}: once, and once more");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_never_answers_is_named_soon() {
    let token = [("POST", "/oauth2/v2.0/token")];
    let site = [("GET", "/_edge/tenant_info")];
    tokio::join!(
        unanswered(&["check"], |f| f.silent = Some(Service::Login), &token),
        unanswered(&["check"], |f| f.drips = Some(Service::Jira), &site),
        unanswered(&["plan"], |f| f.silent = Some(Service::Jira), &site),
        unanswered(&["sync"], |f| f.drips = Some(Service::Login), &token),
    );
}
