//! Killed, interrupted, terminated: nothing is done twice, nothing is lost.

use crate::world::{Before, World, assert_in_step};
use std::process::{Child, Command};

/// About a thousand operations.
const LARGE: &str = r"
[organization]
users = 340
groups = 36
seed = 5
hidden = 0.0
[services]
limiter = false
invisible = 150
latency = 2
";

const ORGANISATION: &str = r"
[organization]
users = 60
groups = 14
seed = 5
hidden = 0.0
[services]
limiter = false
invisible = 150
latency = 5
";

/// A full campaign: `ROLLBOOK_KILLS=200 cargo test --release --test engine killed`.
fn kills() -> usize {
    std::env::var("ROLLBOOK_KILLS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(20)
}

/// As fast as the machine goes: the limits have tests of their own.
async fn unlimited(scenario: &str) -> World {
    let world = World::new(scenario).await;
    let limits = format!("{}max_rate = 3000\n", crate::world::LIMITS);
    world.configure(&world.sim.config(crate::world::PROFILE), &limits);
    world
}

/// Starts an apply of everything, and waits until that many writes were made.
async fn begin(world: &World, allow: &[String], writes: usize) -> Child {
    let before = world.sim.world(|w| w.writes());
    let mut arguments = vec!["apply", "--yes", "--json"];
    arguments.extend(allow.iter().map(String::as_str));
    let mut child = world.command(&arguments).spawn().unwrap();
    while world.sim.world(|w| w.writes()) < before + writes {
        if child.try_wait().unwrap().is_some() {
            break;
        }
        tokio::task::yield_now().await;
    }
    child
}

fn signal(child: &Child, name: &str) {
    Command::new("kill")
        .args([name, &child.id().to_string()])
        .status()
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_one_more_run_brings_everything_into_step() {
    let mut random = fastrand::Rng::with_seed(9);
    let world = unlimited(LARGE).await;
    let plan = world.json(&["plan"], 0).await;
    let before = Before::now(&world, &plan);
    let total = plan["summary"]["total"].as_u64().unwrap() as usize;
    assert!(total > 900, "{total}");
    let rounds = kills();
    for _ in 0..rounds {
        let plan = world.json(&["plan"], 0).await;
        if plan["summary"]["total"] == 0 {
            break;
        }
        let allow = World::allowances(&plan);
        let mut child = begin(&world, &allow, random.usize(1..=(total / rounds).max(2))).await;
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let last = world.apply_all(0).await;
    assert!(["applied", "nothing"].contains(&last["outcome"].as_str().unwrap()));
    assert_eq!(world.left().await, 0);
    world.sim.world(|w| assert_in_step(w, &before));
    // Whatever is known to have been created is known by its id.
    let rows = world
        .run(&["export", "--format", "jsonl"])
        .await
        .expect(0)
        .out;
    for row in rows.lines() {
        let row: serde_json::Value = serde_json::from_str(row).unwrap();
        let id = match row["operation"].as_str().unwrap() {
            "create_user" => "account_id",
            "create_group" => "group_id",
            _ => continue,
        };
        assert!(row["outcome"] != "done" || row[id].is_string(), "{row}");
    }
    let runs = world.json(&["runs"], 0).await;
    for run in runs["runs"].as_array().unwrap() {
        assert!(
            !run["outcome"].is_null(),
            "an unfinished run stays unexplained"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_dies_at_any_moment_costs_nothing() {
    let mut random = fastrand::Rng::with_seed(3);
    let world = unlimited(ORGANISATION).await;
    let plan = world.json(&["plan"], 0).await;
    let before = Before::now(&world, &plan);
    for _ in 0..kills().div_ceil(10) {
        let plan = world.json(&["plan"], 0).await;
        if plan["summary"]["total"] == 0 {
            break;
        }
        let allow = World::allowances(&plan);
        let child = begin(&world, &allow, random.usize(1..30)).await;
        // What is under way takes place and is never answered; then nothing is taken any more.
        world.sim.world(|w| w.faults.rate_cut_after = 1.0);
        let seen = world.sim.world(|w| w.log.len());
        while world.sim.world(|w| w.log.len()) < seen + 3 {
            tokio::task::yield_now().await;
        }
        world
            .sim
            .world(|w| (w.faults.rate_cut_after, w.faults.rate_cut_before) = (0.0, 1.0));
        let ran = world.ended(child).await;
        assert!(matches!(ran.code, 0 | 1 | 4), "{}", ran.err);
        world.sim.world(|w| w.faults.rate_cut_before = 0.0);
    }
    world.apply_all(0).await;
    assert_eq!(world.left().await, 0);
    world.sim.world(|w| assert_in_step(w, &before));
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_and_terminated_runs_end_cleanly() {
    let world = World::new(ORGANISATION).await;
    for (name, code) in [("-INT", 130), ("-TERM", 143)] {
        let plan = world.json(&["plan"], 0).await;
        let child = begin(&world, &World::allowances(&plan), 10).await;
        signal(&child, name);
        let document = world.ended(child).await.expect(code).json();
        assert_eq!(document["outcome"], "cancelled");
        // What was under way was finished and is in the journal.
        let id = document["run_id"].as_str().unwrap();
        let run = world.json(&["show", id], 0).await;
        let done = run["operations"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|o| o["outcome"] == "done")
            .count();
        assert_eq!(done as u64, document["counts"]["done"].as_u64().unwrap());
        // Other machines are told that it is over.
        let lease = world.sim.world(|w| {
            let place = (w.jira.admin.clone(), "rollbook.lease".to_owned());
            w.jira.properties[&place].clone()
        });
        let lease: serde_json::Value = serde_json::from_str(&lease).unwrap();
        let until: jiff::Timestamp = lease["until"].as_str().unwrap().parse().unwrap();
        assert!(until <= jiff::Timestamp::now());
    }
    world.apply_all(0).await;
    assert_eq!(world.left().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_who_lost_the_right_is_told_once_and_no_group_is_blamed() {
    let world = World::new(ORGANISATION).await;
    let plan = world.json(&["plan"], 0).await;
    let child = begin(&world, &World::allowances(&plan), 60).await;
    world.sim.world(|w| {
        w.faults.not_admin = true;
        for group in w.jira.groups.values_mut() {
            if group.access_type.is_some() {
                group.members.clear();
            }
        }
    });
    let document = world.ended(child).await.expect(1).json();
    assert_eq!(document["outcome"], "failed");
    world.sim.world(|w| w.faults.not_admin = false);
    world.apply_all(0).await;
    assert_eq!(world.left().await, 0, "what was refused then is done now");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_that_is_killed_leaves_nothing_to_be_done_again() {
    let mut random = fastrand::Rng::with_seed(17);
    let world = World::new(ORGANISATION).await;
    let accounts = |w: &rollbook::simulator::World| -> Vec<String> {
        w.jira.accounts.keys().cloned().collect()
    };
    let members = |w: &rollbook::simulator::World| -> usize {
        w.jira
            .groups
            .values()
            .map(|group| group.members.len())
            .sum()
    };
    let before = world.sim.world(|w| (accounts(w), members(w)));
    let applied = world.apply_all(0).await;
    let run = applied["run_id"].as_str().unwrap();
    let file = world.path("undo.json");
    for _ in 0..4 {
        let shown = world
            .json(&["undo", run, "--out", file.to_str().unwrap()], 0)
            .await;
        let mut arguments = vec!["undo", run, "--yes", "--json"];
        let allow = World::allowances(&shown);
        arguments.extend(allow.iter().map(String::as_str));
        let writes = world.sim.world(|w| w.writes());
        let mut child = world.command(&arguments).spawn().unwrap();
        let wanted = writes + random.usize(3..12);
        while world.sim.world(|w| w.writes()) < wanted && child.try_wait().unwrap().is_none() {
            tokio::task::yield_now().await;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // Whatever was taken back stays so.
        let left = world.sim.world(|w| (accounts(w), members(w)));
        world.run(&["sync"]).await;
        assert_eq!(world.sim.world(|w| (accounts(w), members(w))), left);
    }
    let shown = world
        .json(&["undo", run, "--out", file.to_str().unwrap()], 0)
        .await;
    world.allowing(&["undo", run, "--yes"], &shown, 0).await;
    assert_eq!(world.sim.world(|w| (accounts(w), members(w))), before);
    world.json(&["sync"], 0).await;
    assert_eq!(world.sim.world(|w| (accounts(w), members(w))), before);
}

/// Kills a run in the moment in which its first people were created, whom nothing shows yet, and
/// runs again at once.
async fn killed_at_the_first_creation(setting: &str, endpoint: &str) {
    let scenario = ORGANISATION.replace("invisible = 150", "invisible = 6000");
    let mut world = World::new(&scenario).await;
    let (key, group) = world.sim.world(|w| {
        let mut groups = w.jira.groups.values();
        let plain = groups.find(|g| {
            let taken = w.entra.groups.values().any(|e| e.name == g.name);
            g.access_type.is_none() && !g.external && !g.locked && !taken
        });
        (w.jira.organization_key.clone(), plain.unwrap().name.clone())
    });
    world.set("ROLLBOOK_ORG_API_KEY", &key);
    let more = format!("import_users = true\ndefault_groups = [\"{group}\"]\n{setting}");
    let config = world.sim.config(crate::world::PROFILE);
    world.configure(
        &config.replace("import_users = true", &more),
        crate::world::LIMITS,
    );
    let plan = world.json(&["plan"], 0).await;
    let people = plan["summary"]["create_user"].as_u64().unwrap();
    let created = |w: &rollbook::simulator::World| -> Vec<String> {
        let accounts = w.jira.accounts.values();
        let created = accounts.filter(|a| a.created > 0);
        created.map(|a| a.id.clone()).collect()
    };
    let mut child = world.start(&["apply", "--yes", "--json"], &plan);
    while world.sim.world(|w| created(w)).is_empty() {
        tokio::task::yield_now().await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    world.apply_all(0).await;
    assert_eq!(world.left().await, 0);
    world.sim.world(|w| {
        let created = created(w);
        assert_eq!(created.len() as u64, people);
        // Nobody was asked to join twice, whatever the answer was.
        let mut asked = std::collections::BTreeMap::new();
        for call in w
            .log
            .iter()
            .filter(|r| r.method == "POST" && r.path.ends_with(endpoint))
        {
            let body: serde_json::Value =
                serde_json::from_str(call.body.as_deref().unwrap()).unwrap();
            let many = body["emails"].as_array().cloned();
            for email in many.unwrap_or_else(|| vec![body["emailAddress"].clone()]) {
                *asked.entry(email.to_string()).or_insert(0) += 1;
            }
        }
        assert_eq!(asked.len() as u64, people);
        let twice: Vec<_> = asked.iter().filter(|(_, times)| **times > 1).collect();
        assert!(twice.is_empty(), "{twice:?}");
        // And everybody has the default group, also who was created by the run that died.
        let members = &w.jira_group(&group).unwrap().members;
        assert!(created.iter().all(|account| members.contains(account)));
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_shows_late_is_not_created_again_after_a_kill() {
    killed_at_the_first_creation("", "/rest/api/3/user").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_invitation_is_not_sent_again_after_a_kill() {
    killed_at_the_first_creation("invitations = \"silent\"", "/users/invite").await;
}
