//! The worst thing that a sync tool does is to take a cut-off answer for the truth.

use crate::world::{Before, SMALL, World, assert_in_step};
use rollbook::simulator::{AccountType, Member, World as Directories};

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
        world.run(&["sync", "--full"]).await.expect(3);
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

/// The delta tells that somebody left, and the group's own list does not: nobody is removed.
async fn contradicted(world: &World, group: &str, member: Member) {
    world.sim.world(|w| {
        w.set_member(group, member.clone(), false);
        w.services.latency = 40;
    });
    let listed = world.sim.world(|w| w.requests("GET", "/groups/delta"));
    let child = world.command(&["plan", "--json"]).spawn().unwrap();
    while world.sim.world(|w| w.requests("GET", "/groups/delta")) == listed {
        tokio::task::yield_now().await;
    }
    world.sim.world(|w| {
        // As if that part of the answer had been lost: nothing new is told about it.
        w.set_member(group, member, true);
        w.services.latency = 0;
    });
    let document = world.ended(child).await.expect(0).json();
    assert_eq!(document["complete"]["entra"], false);
    assert_eq!(document["summary"]["remove_member"], 0);
    assert_eq!(world.left().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_seems_to_have_left_by_scope_or_by_a_nested_group_is_asked_for() {
    let world = World::new(SMALL).await;
    world.apply_all(0).await;
    // A group with a nested one, through which alone people are in Jira's.
    let (outer, inner) = world.sim.world(|w| {
        let owned = |name: &str| w.jira_group(name).is_some_and(|g| g.created);
        let mut groups = w.entra.groups.values().filter(|g| owned(&g.name));
        groups
            .find_map(|g| {
                let inner = g.members.iter().find_map(|m| match m {
                    Member::Group(id) => Some(id.clone()),
                    _ => None,
                })?;
                let only = w.entra.groups[&inner].members.iter().any(|m| {
                    let Member::User(id) = m else { return false };
                    let mail = w.importable(&w.entra.users[id]);
                    !g.members.contains(m) && mail.is_some_and(|m| !w.accounts_of(&m).is_empty())
                });
                only.then(|| (g.id.clone(), inner))
            })
            .expect("a nested group")
    });
    contradicted(&world, &outer, Member::Group(inner)).await;
    // Who takes part is said by a group.
    let (scope, owned, person) = world.sim.world(|w| {
        let owned = w.entra.groups.values().find_map(|g| {
            let made = w.jira_group(&g.name).is_some_and(|g| g.created);
            let person = g.members.iter().find_map(|m| match m {
                Member::User(id) if w.importable(&w.entra.users[id]).is_some() => Some(id.clone()),
                _ => None,
            })?;
            (made && g.visibility.is_none()).then(|| (g.id.clone(), person))
        });
        let (owned, person) = owned.unwrap();
        let mut everyone = w.entra.groups[&owned].clone();
        everyone.id = "00000000-0000-4000-8000-000000000009".to_owned();
        everyone.name = "Everyone who takes part".to_owned();
        everyone.members = w.entra.users.keys().cloned().map(Member::User).collect();
        let id = everyone.id.clone();
        w.set_group(everyone);
        (id, owned, person)
    });
    let config = world.sim.config(crate::world::PROFILE);
    let config = config.replace(
        "import_users = true",
        "import_users = true\nout_of_scope = \"remove\"",
    );
    let scoped = format!(
        "{}\n[profiles.\"Azure AD\".scope]\nusers = \"member-of\"\nmember_of = [\"{scope}\"]\nexclude_groups = [\"Everyone who takes part\"]\n",
        crate::world::LIMITS
    );
    world.configure(&config, &scoped);
    world.apply_all(0).await;
    assert_eq!(world.left().await, 0);
    contradicted(&world, &scope, Member::User(person.clone())).await;
    // If it is true, it is done.
    world
        .sim
        .world(|w| w.set_member(&scope, Member::User(person), false));
    let plan = world.json(&["plan"], 0).await;
    assert!(
        plan["summary"]["remove_member"].as_u64().unwrap() > 0,
        "{owned}"
    );
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
    // The same host, as somebody else, and another part of it.
    let origin = world.sim.origin();
    let host = origin.trim_start_matches("http://").to_owned();
    for link in [
        format!("http://eve:pw@{host}"),
        format!("{origin}/elsewhere"),
    ] {
        world
            .sim
            .world(|w| w.faults.foreign_link = Some(link.clone()));
        let document = world.json(&["plan"], 1).await;
        assert_eq!(document["error"]["kind"], "foreign-link", "{link}");
        assert_eq!(world.sim.world(|w| w.requests("GET", "/elsewhere")), 0);
    }
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
        f.rate_429 = 0.015;
        f.rate_503 = 0.015;
        f.rate_html = 0.015;
        f.rate_cut_before = 0.015;
        f.rate_cut_after = 0.015;
        f.rate_truncated = 0.015;
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
async fn a_limit_that_answers_name_is_never_met() {
    let scenario = "[organization]\nusers = 60\ngroups = 24\nseed = 6\n[services]\nlimit = 30.0\nnames_limits = true\n";
    let world = World::new(scenario).await;
    world.apply_all(0).await;
    world.sim.world(|w| {
        let refused = w.log.iter().filter(|r| r.status == 429).count();
        assert_eq!(refused, 0, "of {}", w.log.len());
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
