//! The worst thing that a sync tool does is to take a cut-off answer for the truth.

use crate::world::{Before, SMALL, World, assert_in_step};
use rollbook::simulator::{AccountType, World as Directories};

#[tokio::test(flavor = "multi_thread")]
async fn half_of_entra_removes_nobody() {
    let world = World::new(SMALL).await;
    world.apply_all(0).await;
    for no_count in [false, true] {
        world.sim.world(|w| {
            w.faults.users_cut_half = true;
            w.faults.no_count = no_count;
        });
        let plan = world.json(&["plan", "--full"], 0).await;
        assert_eq!(plan["complete"]["entra"], false, "no_count: {no_count}");
        assert_eq!(plan["summary"]["remove_member"], 0);
        let text = world.run(&["plan", "--full"]).await.expect(0).out;
        assert!(text.contains("INCOMPLETE"), "{text}");
        let writes = world.sim.world(|w| w.writes());
        world.run(&["sync", "--full"]).await.expect(0);
        assert_eq!(world.sim.world(|w| w.writes()), writes);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_page_of_groups_removes_nobody() {
    let world = World::new(SMALL).await;
    world.apply_all(0).await;
    let mut contradicted = 0;
    for round in 0..8 {
        // The order of a round is random: each time other slices are on the lost page.
        world.sim.world(|w| w.faults.groups_page_lost = true);
        let plan = world.json(&["plan", "--full"], 0).await;
        assert_eq!(plan["summary"]["remove_member"], 0, "{round}");
        contradicted += u32::from(plan["complete"]["entra"] == false);
    }
    assert!(contradicted > 0, "no slice was ever lost");
    world.sim.world(|w| w.faults.groups_page_lost = false);
    assert_eq!(world.left().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_page_inside_jira_creates_nobody() {
    let world = World::new(SMALL).await;
    world.sim.world(|w| w.faults.empty_page_inside = true);
    let plan = world.json(&["plan"], 0).await;
    assert_eq!(plan["complete"]["jira"], false, "{}", plan["summary"]);
    assert_eq!(plan["summary"]["create_user"], 0);
    let text = world.run(&["plan"]).await.expect(0).out;
    assert!(text.contains("INCOMPLETE"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn links_that_lead_elsewhere_or_nowhere() {
    let world = World::new(SMALL).await;
    let other = World::new(SMALL).await;
    world
        .sim
        .world(|w| w.faults.foreign_link = Some(other.sim.origin()));
    let document = world.json(&["plan"], 1).await;
    assert_eq!(document["error"]["kind"], "foreign-link");
    assert_eq!(
        other.sim.world(|w| w.log.len()),
        0,
        "the token went to another origin"
    );
    world.sim.world(|w| {
        w.faults.foreign_link = None;
        w.faults.endless_links = true;
    });
    let document = world.json(&["plan"], 1).await;
    assert_eq!(document["error"]["kind"], "entra", "{document}");
}

#[tokio::test(flavor = "multi_thread")]
async fn expired_pages_and_short_tokens_are_gone_through() {
    let world = World::new(
        "[organization]\nusers = 1100\ngroups = 6\nseed = 2\n[services]\nlimiter = false\ntoken_life = 1\n",
    )
    .await;
    world.sim.world(|w| w.faults.expired_pages = 1);
    let plan = world.json(&["plan"], 0).await;
    assert_eq!(plan["complete"]["entra"], true);
    let known = plan["links"]["people"].as_u64().unwrap();
    assert!(known > 400, "{known}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scoped_token_works_through_the_gateway() {
    let world = World::new(&format!("{SMALL}scoped_token = true\n")).await;
    world.run(&["plan"]).await.expect(0);
    let first = world.sim.world(|w| w.log.len());
    world.run(&["plan"]).await.expect(0);
    world.sim.world(|w| {
        let refused = w.log[first..].iter().filter(|r| r.status == 401).count();
        assert_eq!(refused, 0, "it is remembered which way worked");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_at_once_converges() {
    let world = World::new(
        "[organization]\nusers = 50\ngroups = 12\nseed = 4\n[services]\nlimiter = false\ninvisible = 200\n",
    )
    .await;
    let plan = world.json(&["plan"], 0).await;
    let before = Before::now(&world, &plan);
    world.sim.world(|w| {
        let f = &mut w.faults;
        f.rate_429 = 0.04;
        f.rate_503 = 0.04;
        f.rate_html = 0.04;
        f.rate_cut_before = 0.04;
        f.rate_cut_after = 0.04;
        f.rate_truncated = 0.04;
    });
    let allow = World::allowances(&plan);
    let mut arguments = vec!["apply", "--yes"];
    arguments.extend(allow.iter().map(String::as_str));
    let first = world.json(&arguments, 0).await;
    assert!(first["requests"]["retries"].as_u64().unwrap() > 0);
    world
        .sim
        .world(|w| w.faults = rollbook::simulator::Faults::default());
    assert_eq!(world.left().await, 0);
    world.sim.world(|w| assert_in_step(w, &before));
}

#[tokio::test(flavor = "multi_thread")]
async fn hidden_people_are_found_and_not_created_again() {
    let world = World::new(
        "[organization]\nusers = 60\ngroups = 2\nseed = 3\nin_jira = 1.0\nhidden = 1.0\n[services]\nlimiter = false\n",
    )
    .await;
    let plan = world.json(&["plan"], 0).await;
    assert_eq!(plan["unverified"], 0);
    world.apply_all(0).await;
    world.sim.world(|w: &mut Directories| {
        for account in w
            .jira
            .accounts
            .values()
            .filter(|a| a.kind == AccountType::Atlassian)
        {
            let same = w.accounts_of(&account.email);
            assert!(
                account.email.is_empty() || same.len() == 1,
                "{}",
                account.email
            );
            assert_eq!(same.iter().filter(|a| a.created > 1).count(), 0);
        }
    });
    let searched = world.sim.world(|w| w.requests("GET", "user/search"));
    world.run(&["plan"]).await.expect(0);
    let again = world.sim.world(|w| w.requests("GET", "user/search"));
    assert_eq!(searched, again, "answers are remembered");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_refuses_writes_is_left_alone_and_the_run_goes_on() {
    let world = World::new(SMALL).await;
    let plan = world.json(&["plan"], 0).await;
    let locked = plan["operations"]
        .as_array()
        .unwrap()
        .iter()
        .find_map(|o| o["group"]["group_id"].as_str())
        .expect("an addition to a group of Jira's")
        .to_owned();
    world
        .sim
        .world(|w| w.jira.groups.get_mut(&locked).unwrap().locked = true);
    let applied = world.apply_all(4).await;
    assert_eq!(applied["outcome"], "partial");
    let failure = &applied["failures"][0];
    assert_eq!(failure["status"], 400);
    assert!(!failure["advice"].as_str().unwrap().is_empty());
    assert!(!failure["request_id"].as_str().unwrap().is_empty());
    let plan = world.json(&["plan"], 0).await;
    assert_eq!(plan["summary"]["total"], 0);
    let named = plan["conflicts"].as_array().unwrap().iter().any(|c| {
        c["candidates"]
            .as_array()
            .unwrap()
            .iter()
            .any(|id| *id == locked)
    });
    assert!(named, "it is told as a conflict");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limits_are_kept() {
    let world = World::new("[organization]\nusers = 150\ngroups = 24\nseed = 6\n").await;
    let applied = world.apply_all(0).await;
    assert!(applied["counts"]["done"].as_u64().unwrap() > 250);
    world.sim.world(|w| {
        let refused = w.log.iter().filter(|r| r.status == 429).count();
        assert!(
            refused * 100 < w.log.len(),
            "{refused} of {} answered 429",
            w.log.len()
        );
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_stays_near_the_floor_of_requests() {
    let world = World::new(
        "[organization]\nusers = 400\ngroups = 60\nseed = 8\nhidden = 0.0\n[services]\nlimiter = false\n",
    )
    .await;
    world.apply_all(0).await;
    let before = world.sim.world(|w| w.log.len());
    world.run(&["plan"]).await.expect(0);
    world.sim.world(|w| {
        let log = &w.log[before..];
        let count = |part: &str| log.iter().filter(|r| r.path.contains(part)).count();
        let pages = |rows: usize, size: usize| rows.div_ceil(size).max(1);
        let matched: usize = w
            .jira
            .groups
            .values()
            .filter(|g| {
                w.entra_group(&g.name).is_some()
                    || w.entra
                        .groups
                        .values()
                        .any(|e| e.name.eq_ignore_ascii_case(&g.name))
            })
            .map(|g| pages(g.members.len(), 50))
            .sum();
        let floor = pages(w.entra.users.len(), 999)
            + count("groups/delta")
            + pages(w.jira.accounts.len(), 1000)
            + 1
            + pages(w.jira.groups.len(), 50)
            + matched;
        let most = floor * 105 / 100 + 10;
        let sent = log.len() - count("user/search");
        assert!(
            sent <= most,
            "{sent} requests, where the floor allows {most}"
        );
    });
}
