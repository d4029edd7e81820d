//! Habits of the two services that no document tells, as they were recorded or reported from the field.

use crate::world::{SMALL, World};
use rollbook::simulator::Endless;

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
