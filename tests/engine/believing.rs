//! What is missing, doubtful or dying: each ends in a sentence, and nobody is removed.

use crate::world::{SMALL, World};
use rollbook::simulator::{Faults, Member, World as Directories};
use serde_json::Value;

/// A settled site in which one membership has to go, were everything believed.
async fn somebody_left() -> World {
    let world = World::new(SMALL).await;
    world.apply_all(0).await;
    world.sim.world(|w| {
        let (group, member) = w
            .entra
            .groups
            .values()
            .find_map(|group| {
                let jira = w.jira_group(&group.name).filter(|jira| jira.created)?;
                let mut members = group.members.iter();
                let member = members.find(|member| match member {
                    Member::User(id) => w
                        .importable(&w.entra.users[id])
                        .and_then(|mail| Some(w.accounts_of(&mail).first()?.id.clone()))
                        .is_some_and(|account| jira.members.contains(&account)),
                    _ => false,
                })?;
                (group.members.len() > 8).then(|| (group.id.clone(), member.clone()))
            })
            .unwrap();
        w.set_member(&group, member, false);
    });
    world
}

fn removals(w: &Directories) -> usize {
    w.log
        .iter()
        .filter(|r| r.method == "DELETE" && r.path.ends_with("/group/user"))
        .count()
}

type Fault = (&'static str, fn(&mut Faults));

/// The document names the listings in doubt, and their side's guard, which can't be allowed.
fn in_doubt(what: &str, document: &Value) {
    for side in ["entra", "jira"] {
        let doubts = document["doubts"].as_array().unwrap().iter();
        let doubts: Vec<&Value> = doubts.filter(|doubt| doubt["side"] == side).collect();
        let whole = document["complete"][side] == true;
        assert_eq!(doubts.is_empty(), whole, "{what}: {document}");
        for doubt in doubts {
            assert!(doubt["listing"].is_string(), "{what}: {doubt}");
            assert!(
                doubt["reason"].as_str().unwrap().len() > 20,
                "{what}: {doubt}"
            );
        }
        let name = format!("{side}-incomplete");
        let guards = document["guards"].as_array().unwrap().iter();
        let held = guards.filter(|guard| guard["name"] == name.as_str());
        let allowable: Vec<bool> = held.map(|g| g["allowable"].as_bool().unwrap()).collect();
        assert_eq!(
            allowable,
            vec![false; usize::from(!whole)],
            "{what}: {document}"
        );
    }
}

/// A fault ends in a sentence or a doubt, and removes nobody.
async fn is_told(world: &World, what: &str, fault: fn(&mut Faults), commands: &[&str]) {
    world.sim.world(|w| fault(&mut w.faults));
    let before = world.sim.world(|w| removals(w));
    for &command in commands {
        let ran = world.run(&[command, "--full", "--json"]).await;
        let document: Value = ran.json();
        if ran.code == 1 {
            let error = &document["error"];
            assert!(
                error["message"].as_str().unwrap().ends_with(['.', ')']),
                "{what}: {error}"
            );
            assert!(
                !error["hint"].as_str().unwrap().is_empty(),
                "{what}: {error}"
            );
        } else {
            let complete = &document["complete"];
            let doubted = complete["entra"] == false || complete["jira"] == false;
            assert!(doubted, "{what} was believed: {document}");
            in_doubt(what, &document);
            // A plan says so; a run ends so.
            assert_eq!(ran.code, if command == "plan" { 0 } else { 3 }, "{what}");
        }
        if command == "plan" && document["complete"]["entra"] == false {
            assert_eq!(document["summary"]["remove_member"], 0, "{what}");
        }
    }
    let after = world.sim.world(|w| removals(w));
    if !what.starts_with("half of Jira") && !what.starts_with("an empty page inside Jira") {
        // A removal needs only its own listings: Entra's, and the group's members.
        assert_eq!(after, before, "{what}: somebody was removed");
    }
    world.sim.world(|w| w.faults = Faults::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_of_a_listing_ends_in_a_sentence_and_removes_nobody() {
    let world = somebody_left().await;
    let faults: [Fault; 6] = [
        ("an empty page inside Jira's users", |f| {
            f.empty_page_inside = true;
        }),
        ("a wrong count", |f| f.count_more = 60),
        ("half of Entra's users", |f| f.users_cut_half = true),
        ("half of Entra's users, uncounted", |f| {
            f.users_cut_half = true;
            f.no_count = true;
        }),
        ("half of Jira's accounts", |f| f.accounts_cut_half = true),
        ("links in a circle", |f| f.endless_links = true),
    ];
    for (what, fault) in faults {
        is_told(&world, what, fault, &["plan", "sync"]).await;
    }
    let text = world.run(&["plan", "--full"]).await.expect(0).out;
    assert!(
        text.contains("the tenant counts"),
        "how listings are known to be whole: {text}"
    );
}

// Waiting for a service that is broken for good takes its time: once is enough.
#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_end_early_are_told_and_remove_nobody() {
    let world = somebody_left().await;
    is_told(&world, "ends early", |f| f.rate_truncated = 1.0, &["plan"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_of_html_are_told_and_remove_nobody() {
    let world = somebody_left().await;
    is_told(&world, "HTML", |f| f.rate_html = 1.0, &["plan"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_count_that_contradicts_the_changes_leads_to_a_full_read() {
    let world = somebody_left().await;
    world.run(&["plan"]).await.expect(0);
    world.sim.world(|w| w.faults.count_more = 60);
    let ran = world.run(&["plan", "--json"]).await.expect(0);
    assert!(ran.err.contains("does not add up"), "{}", ran.err);
    let plan = ran.json();
    assert_eq!(plan["complete"]["entra"], false);
    assert_eq!(plan["summary"]["remove_member"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_that_shrinks_a_little_every_day_is_held() {
    let world = World::new(SMALL).await;
    world.apply_all(0).await;
    let mut named = Vec::new();
    for day in 1..=7 {
        // Yesterday becomes a day older.
        let state = rusqlite::Connection::open(world.profile_dir().join("state.db")).unwrap();
        state
            .execute_batch("UPDATE measures SET at = at - 86400")
            .unwrap();
        drop(state);
        world.sim.world(|w| {
            let ids: Vec<String> = w.entra.users.keys().cloned().collect();
            for id in ids.iter().take(ids.len().div_ceil(11)) {
                w.delete_user(id);
            }
        });
        let before = world.sim.world(|w| removals(w));
        let ran = world.json(&["sync"], 3).await;
        assert_eq!(ran["outcome"], "held", "day {day}: {ran}");
        assert_eq!(world.sim.world(|w| removals(w)), before, "day {day}");
        let guards = ran["guards"].as_array().unwrap().iter();
        named.push(
            guards
                .map(|g| g["name"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>(),
        );
    }
    assert!(
        named
            .iter()
            .skip(1)
            .all(|names| names.contains(&"source-shrank".to_owned())),
        "{named:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_listings_of_accounts_are_read_in_smaller_pages() {
    let world = World::new(SMALL).await;
    world.sim.world(|w| w.faults.slow_users = Some(200));
    let plan = world.json(&["plan"], 0).await;
    assert_eq!(plan["complete"]["jira"], true);
    world.sim.world(|w| {
        let refused = w.log.iter().filter(|r| r.status == 409).count();
        assert!((1..=6).contains(&refused), "{refused}");
    });
}

/// A full campaign: `ROLLBOOK_KILLS=200 cargo test --release --test engine killed`.
fn kills() -> usize {
    std::env::var("ROLLBOOK_KILLS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(10)
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_reading_or_keeping_the_mirror_still_fits() {
    let world = somebody_left().await;
    let reference = world.json(&["plan", "--full"], 0).await;
    let mut random = fastrand::Rng::with_seed(3);
    for round in 0..kills() {
        world.sim.world(|w| {
            let id = w.entra.users.keys().nth(round % 20).unwrap().clone();
            // A change without consequence, so that there is something to keep.
            w.edit_user(&id, |user| user.name = format!("Renamed {round}"));
        });
        let full = ["plan", "--full", "--json"];
        let arguments = if round % 2 == 0 {
            &full[..]
        } else {
            &full[..1]
        };
        let started = world.sim.world(|w| w.log.len());
        let mut child = world.command(arguments).spawn().unwrap();
        let requests = random.usize(1..=if round % 2 == 0 { 60 } else { 12 });
        while world.sim.world(|w| w.log.len()) < started + requests {
            if child.try_wait().unwrap().is_some() {
                break;
            }
            tokio::task::yield_now().await;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let plan = world.json(&["plan"], 0).await;
        assert_eq!(plan["summary"], reference["summary"], "round {round}");
        assert_eq!(plan["complete"]["entra"], true);
    }
}

/// Each world looks for secrets in everything that a command printed or left behind.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_echoes_what_it_was_sent_gets_no_secret_told() {
    let mut world = World::new(SMALL).await;
    let key = world.sim.world(|w| w.jira.organization_key.clone());
    world.set("ROLLBOOK_ORG_API_KEY", &key);
    let plan = world.json(&["plan"], 0).await;
    let failing: [fn(&mut Faults); 11] = [
        |f| f.token_error = Some(7_000_215),
        |f| f.no_roles = true,
        |f| f.bad_api_token = true,
        |f| f.captcha = true,
        |f| f.organization_key_ended = true,
        |f| f.old_organization = true,
        |f| f.no_licences = true,
        |f| f.no_audit = true,
        |f| f.no_properties = true,
        |f| f.not_admin = true,
        |f| f.uncreatable = true,
    ];
    for fail in failing {
        world.sim.world(|w| {
            w.faults = Faults {
                echoes: true,
                ..Faults::default()
            };
            fail(&mut w.faults);
        });
        world.run(&["check"]).await;
        world.run(&["plan", "--full", "--json"]).await;
        let allow = World::allowances(&plan);
        let mut apply = vec!["apply", "--yes", "--verbose"];
        apply.extend(allow.iter().map(String::as_str));
        world.run(&apply).await;
        world.run(&["sync", "--json"]).await;
    }
    world.run(&["export"]).await.expect(0);
    world.run(&["show", "last"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_made_of_what_was_sent_is_kept_without_it() {
    let world = World::new(SMALL).await;
    world.sim.world(|w| {
        w.faults.echoes = true;
        let people = w.entra.users.values_mut();
        people.for_each(|person| person.name += " {authorization}");
        let groups = w.entra.groups.values_mut();
        groups.for_each(|group| group.name += " {authorization}");
        let accounts = w.jira.accounts.values_mut();
        accounts.for_each(|account| account.name += " {authorization}");
    });
    world.run(&["check"]).await.expect(0);
    let plan = world.json(&["plan"], 0).await;
    let text = plan.to_string();
    assert!(text.contains(" Bearer [secret]"), "{text}");
    let allow = World::allowances(&plan);
    let mut apply = vec!["apply", "--yes", "--verbose"];
    apply.extend(allow.iter().map(String::as_str));
    world.run(&apply).await;
    world.run(&["export"]).await.expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_names_who_asks_for_more_patience_than_there_is() {
    let world = World::new(SMALL).await;
    world.sim.world(|w| w.faults.patience = Some(45));
    let ran = world.run(&["check"]).await.expect(1);
    assert!(ran.out.contains("asks to wait"), "{}", ran.out);
    // Graph was asked once for each thing that is looked at, and never again.
    let asked = world.sim.world(|w| {
        let graph = w.log.iter().filter(|l| l.path.starts_with("/v1.0"));
        let mut asked: Vec<String> = graph.map(|l| format!("{}?{:?}", l.path, l.query)).collect();
        let all = asked.len();
        asked.sort();
        asked.dedup();
        (all, asked.len())
    });
    assert_eq!(asked.0, asked.1);
}
