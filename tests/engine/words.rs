//! What people read, as it is printed.

use crate::world::{SMALL, World};

/// The text without what differs from run to run.
fn steady(world: &World, text: &str) -> String {
    let host = world.sim.origin().replace("http://", "");
    // The plan's id depends on the date.
    text.replace(&host, "acme.example")
        .lines()
        .map(|line| {
            let head = line
                .strip_prefix("Plan for ")
                .and_then(|_| line.rsplit_once("  "));
            head.map_or(line, |(head, _)| head)
        })
        .flat_map(|line| [line, "\n"])
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_plan_in_text() {
    let world = World::new(SMALL).await;
    let plan = world.run(&["plan"]).await.expect(0);
    insta::assert_snapshot!(steady(&world, &plan.out));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_checklist_in_text() {
    let world = World::new(SMALL).await;
    let check = world.run(&["check"]).await.expect(0);
    insta::assert_snapshot!(steady(&world, &check.out));
    world.sim.world(|w| w.faults.no_roles = true);
    let check = world.run(&["check"]).await.expect(1);
    let text: String = check
        .out
        .lines()
        .filter(|line| !line.contains("request-id"))
        .flat_map(|line| [line, "\n"])
        .collect();
    insta::assert_snapshot!(steady(&world, &text));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_profile_is_told_to_review() {
    let world = World::new(SMALL).await;
    let held = world.run(&["sync"]).await.expect(3);
    assert!(held.out.contains("`rollbook apply`"), "{}", held.out);
    assert!(!held.out.contains("--allow"), "{}", held.out);
    let runs = world.run(&["runs"]).await.expect(0);
    assert!(
        runs.out.lines().all(|line| line.chars().count() <= 80),
        "{}",
        runs.out
    );
    let id = runs
        .out
        .lines()
        .nth(1)
        .unwrap()
        .split_whitespace()
        .next()
        .unwrap()
        .to_owned();
    let show = world.run(&["show", &id[id.len() - 4..]]).await.expect(0);
    assert!(show.out.contains("held by first-review"), "{}", show.out);
}
