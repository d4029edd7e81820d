//! Taking a run back, trying again, and telling what was done.

use crate::world::{Before, SMALL, World};
use rollbook::plan::Reason;
use rollbook::simulator::World as Directories;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Jira's accounts, and its groups with their members.
type State = (BTreeSet<String>, BTreeMap<String, BTreeSet<String>>);

fn state(world: &Directories) -> State {
    let groups = world.jira.groups.values();
    (
        world.jira.accounts.keys().cloned().collect(),
        groups.map(|g| (g.id.clone(), g.members.clone())).collect(),
    )
}

async fn take_back(world: &World, run: &str, code: i32) -> Value {
    let plan = world.path("undo.json");
    let plan = plan.to_str().unwrap();
    let shown = world.json(&["undo", run, "--out", plan], 0).await;
    world.allowing(&["undo", run, "--yes"], &shown, code).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mixed_run_is_taken_back_and_stays_so() {
    let world = World::new(SMALL).await;
    let before = world.sim.world(|w| state(w));
    let applied = world.apply_all(0).await;
    assert_ne!(before, world.sim.world(|w| state(w)));
    let run = applied["run_id"].as_str().unwrap();
    let undone = take_back(&world, run, 0).await;
    assert_eq!(undone["outcome"], "applied");
    assert_eq!(
        before,
        world.sim.world(|w| state(w)),
        "Jira is where it was"
    );
    // What was taken back is rejected: nothing does it again.
    assert_eq!(world.left().await, 0);
    world.json(&["sync"], 0).await;
    assert_eq!(before, world.sim.world(|w| state(w)));
    let runs = world.json(&["runs"], 0).await;
    let kinds: Vec<&str> = runs["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["kind"].as_str().unwrap())
        .collect();
    assert!(kinds.contains(&"undo"), "{kinds:?}");
    // Each of the two names the other.
    let by = undone["run_id"].as_str().unwrap();
    let shown = world.run(&["show", run]).await.expect(0).out;
    assert!(shown.contains(&format!("was taken back by run {by}")));
    let shown = world.run(&["show", by]).await.expect(0).out;
    assert!(shown.contains(&format!("takes back run {run}")));
}

#[tokio::test(flavor = "multi_thread")]
async fn removals_are_taken_back_and_what_others_changed_is_left() {
    let world = World::new(SMALL).await;
    world.apply_all(0).await;
    // Somebody leaves an owned group; an account that was there before is put into a group that
    // Rollbook created.
    let (group, member) = world.sim.world(|w| {
        let created: Vec<String> = w.jira.groups.values().filter(|g| g.created).map(|g| g.name.clone()).collect();
        let group = w.entra.groups.values().find(|g| created.contains(&g.name) && g.visibility.is_none() && g.members.len() > 2).unwrap().clone();
        let member = group.members.iter().find(|m| {
            matches!(m, rollbook::simulator::Member::User(id) if w.importable(&w.entra.users[id]).is_some())
        }).unwrap().clone();
        (group, member)
    });
    world
        .sim
        .world(|w| w.set_member(&group.id, member.clone(), false));
    let applied = world.apply_all(0).await;
    assert_eq!(applied["counts"]["done"], 1);
    let before = world
        .sim
        .world(|w| w.jira_group(&group.name).unwrap().members.len());
    let undone = take_back(&world, applied["run_id"].as_str().unwrap(), 0).await;
    assert_eq!(undone["counts"]["done"], 1);
    assert_eq!(
        world
            .sim
            .world(|w| w.jira_group(&group.name).unwrap().members.len()),
        before + 1
    );
    assert_eq!(world.left().await, 0, "the removal is rejected");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_somebody_else_filled_is_not_deleted() {
    let world = World::new(SMALL).await;
    let applied = world.apply_all(0).await;
    let (id, name, stranger) = world.sim.world(|w| {
        let group = w
            .jira
            .groups
            .values()
            .find(|g| g.created && !g.members.is_empty())
            .unwrap();
        let stranger = w.jira.admin.clone();
        (group.id.clone(), group.name.clone(), stranger)
    });
    world
        .sim
        .world(|w| w.by_hand(&id, &stranger, true, "somebody"));
    let run = applied["run_id"].as_str().unwrap();
    world.json(&["plan", "--full"], 0).await;
    let plan = world.path("undo.json");
    let shown = world
        .json(&["undo", run, "--out", plan.to_str().unwrap()], 0)
        .await;
    let left = shown["skipped"].as_array().unwrap();
    let told = left.iter().any(|s| {
        s["name"] == name.as_str() && s["reason"].as_str().unwrap().contains("somebody else")
    });
    assert!(told, "{left:?}");
    take_back(&world, run, 0).await;
    world.sim.world(|w| {
        assert_eq!(w.jira.groups[&id].members, BTreeSet::from([stranger]));
    });
    // A saved undo is applied like any saved plan; everything in it is done already.
    let again = world
        .json(&["apply", plan.to_str().unwrap(), "--yes"], 0)
        .await;
    assert_eq!(again["counts"]["done"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_is_tried_again_alone() {
    let world = World::new(SMALL).await;
    let plan = world.json(&["plan"], 0).await;
    let before = Before::now(&world, &plan);
    world.sim.world(|w| w.faults.no_licences = true);
    let document = world.apply_all(4).await;
    // A full licence fails what is under way; the rest is not even tried, and everything that does
    // not need it goes on.
    assert!(document["failures"].as_array().unwrap().len() <= 48);
    assert!(document["failures"][0]["request_id"].is_string());
    assert!(document["counts"]["done"].as_u64().unwrap() > 0);
    assert!(document["counts"]["skipped"].as_u64().unwrap() > 10);
    let failed = document["counts"]["failed"].as_u64().unwrap();
    world.sim.world(|w| w.faults.no_licences = false);
    let run = document["run_id"].as_str().unwrap();
    let command = ["apply", "--retry", run, "--yes"];
    let held = world.json(&command, 3).await;
    let retried = world.allowing(&command, &held, 0).await;
    assert_eq!(retried["outcome"], "applied");
    let show = world
        .json(&["show", retried["run_id"].as_str().unwrap()], 0)
        .await;
    let creations = show["operations"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|o| o["kind"] == "create_user")
        .count();
    assert_eq!(creations as u64, failed, "what failed, and nothing else");
    world.apply_all(0).await;
    assert_eq!(world.left().await, 0);
    world
        .sim
        .world(|w| crate::world::assert_in_step(w, &before));
    let unknown = world
        .json(&["apply", "--retry", "nothing", "--yes"], 1)
        .await;
    assert_eq!(unknown["error"]["kind"], "unknown-run");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_tells_every_write() {
    let world = World::new(SMALL).await;
    world.sim.world(|w| {
        let id = w
            .entra
            .users
            .values()
            .find(|u| {
                w.importable(u)
                    .is_some_and(|m| w.accounts_of(&m).is_empty())
            })
            .unwrap()
            .id
            .clone();
        w.edit_user(&id, |user| {
            user.name = "=HYPERLINK(\"http://evil.example\",\"x\")".to_owned();
        });
    });
    let applied = world.apply_all(0).await;
    let run = applied["run_id"].as_str().unwrap();
    let done = applied["counts"]["done"].as_u64().unwrap();
    let lines = world
        .run(&["export", "--runs", run, "--format", "jsonl"])
        .await
        .expect(0)
        .out;
    let rows: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let good: Vec<&Value> = rows.iter().filter(|r| r["outcome"] == "done").collect();
    assert_eq!(good.len() as u64, done);
    for row in &good {
        assert_eq!(row["profile"], crate::world::PROFILE);
        for key in [
            "run",
            "host",
            "person",
            "begun_at",
            "ended_at",
            "operation",
            "reason",
            "reason_code",
            "request_id",
        ] {
            assert!(
                row[key].as_str().is_some_and(|text| !text.is_empty()),
                "{key}: {row}"
            );
        }
    }
    let csv = world
        .run(&["export", "--format", "csv"])
        .await
        .expect(0)
        .out;
    assert_eq!(csv.lines().count(), rows.len() + 1);
    assert!(csv.lines().next().unwrap().ends_with(",reason_code"));
    let shown = world.json(&["show", run], 0).await;
    for row in shown["operations"].as_array().unwrap() {
        let code = Reason::parse(row["reason_code"].as_str().unwrap()).unwrap();
        assert_eq!(
            row["reason"],
            code.to_string(),
            "words are made of the code"
        );
    }
    assert!(csv.contains("'=HYPERLINK"), "a formula stays text");
    assert!(!csv.lines().any(|line| {
        line.split(',')
            .any(|cell| cell.starts_with('=') || cell.starts_with("\"="))
    }));
    let file = world.path("audit.csv");
    let document = world
        .json(&["export", "--out", file.to_str().unwrap()], 0)
        .await;
    assert_eq!(document["writes"].as_u64().unwrap() as usize, rows.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_machine_is_told_of_and_not_run_over() {
    let world = World::new(SMALL).await;
    world.apply_all(0).await;
    let place = world
        .sim
        .world(|w| (w.jira.admin.clone(), "rollbook.lease".to_owned()));
    let lease: Value =
        serde_json::from_str(&world.sim.world(|w| w.jira.properties[&place].clone())).unwrap();
    let keys: Vec<&String> = lease.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["host", "person", "settings", "until"]);
    let change = |w: &mut Directories| {
        let id = w
            .entra
            .users
            .values()
            .find(|u| {
                u.enabled
                    && w.importable(u)
                        .is_some_and(|m| !w.accounts_of(&m).is_empty())
            })
            .unwrap()
            .id
            .clone();
        let mut user = w.entra.users[&id].clone();
        user.id = format!("{:0>36}", w.entra.users.len());
        let known = w
            .entra
            .users
            .values()
            .find_map(|u| w.importable(u))
            .unwrap();
        let domain = known.rsplit_once('@').unwrap().1;
        user.mail = Some(format!("new.{}@{domain}", w.entra.users.len()));
        user.upn = user.mail.clone().unwrap();
        user.name = "New One".to_owned();
        w.set_user(user);
    };
    let theirs = |until: jiff::Timestamp, settings: &str| {
        let lease = serde_json::json!({"host": "jump02", "person": "maria", "settings": settings, "until": until.to_string()});
        world.sim.world(|w| {
            change(w);
            w.jira.properties.insert(place.clone(), lease.to_string())
        });
    };
    let now = jiff::Timestamp::now();
    // Somebody is at it now.
    theirs(
        now + std::time::Duration::from_mins(5),
        lease["settings"].as_str().unwrap(),
    );
    let refused = world.json(&["sync"], 1).await;
    assert_eq!(refused["error"]["kind"], "leased");
    assert!(
        refused["error"]["message"]
            .as_str()
            .unwrap()
            .contains("maria on jump02")
    );
    // Somebody was, with other settings.
    theirs(now - std::time::Duration::from_mins(12), "other");
    let refused = world.json(&["sync"], 1).await;
    let words = refused["error"]["message"].as_str().unwrap();
    assert!(
        words.contains("applied 12 min ago with other settings"),
        "{words}"
    );
    // A person takes over by applying; then the schedule goes on.
    world.apply_all(0).await;
    world.sim.world(change);
    world.json(&["sync"], 0).await;
    // A site that refuses the lease only gets a warning.
    world.sim.world(|w| {
        change(w);
        w.faults.no_properties = true;
    });
    let ran = world.run(&["sync"]).await.expect(0);
    assert!(ran.err.contains("another machine"), "{}", ran.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_later_run_did_again_is_not_taken_back_with_an_earlier_one() {
    let world = World::new(SMALL).await;
    let first = world.apply_all(0).await;
    let first = first["run_id"].as_str().unwrap();
    // Somebody whom that run put into a group that was there before is taken out by hand, and put
    // back by the next run.
    let show = world.json(&["show", first], 0).await;
    let (group, account) = world.sim.world(|w| {
        let added = show["operations"].as_array().unwrap().iter().find(|o| {
            let group = w.jira_group(o["group"].as_str().unwrap_or_default());
            o["kind"] == "add_member" && group.is_some_and(|g| !g.created)
        });
        let added = added.unwrap();
        let group = w.jira_group(added["group"].as_str().unwrap()).unwrap();
        let account = added["account_id"].as_str().unwrap().to_owned();
        let person = w.accounts_of(&w.jira.accounts[&account].email).len();
        assert_eq!(person, 1);
        (group.id.clone(), account)
    });
    world
        .sim
        .world(|w| w.by_hand(&group, &account, false, "somebody"));
    world.json(&["plan", "--full"], 0).await;
    let again = world.apply_all(0).await;
    assert_eq!(again["counts"]["done"], 1);
    let file = world.path("undo.json");
    let plan = world
        .json(&["undo", first, "--out", file.to_str().unwrap()], 0)
        .await;
    let touched = plan["operations"].as_array().unwrap().iter().any(|o| {
        o["kind"] == "remove_member"
            && o["group"]["group_id"] == group.as_str()
            && o["user"]["account_id"] == account.as_str()
    });
    assert!(!touched);
    // Taken back twice: the second time says so.
    take_back(&world, first, 0).await;
    let ran = world.run(&["undo", first, "--yes"]).await.expect(0);
    assert!(ran.err.contains("taken back before"), "{}", ran.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_rejects_also_where_something_was_rejected_for_another_reason() {
    let world = World::new(SMALL).await;
    world.apply_all(0).await;
    let (group, member) = world.sim.world(|w| {
        let created: Vec<String> = w.jira.groups.values().filter(|g| g.created).map(|g| g.name.clone()).collect();
        let importable = |m: &rollbook::simulator::Member| matches!(m, rollbook::simulator::Member::User(id) if w.importable(&w.entra.users[id]).is_some());
        let group = w.entra.groups.values().find(|g| {
            created.contains(&g.name) && g.visibility.is_none() && g.members.iter().filter(|m| importable(m)).count() > 2
        }).unwrap();
        (group.id.clone(), group.members.iter().find(|m| importable(m)).unwrap().clone())
    });
    let rollbook::simulator::Member::User(user) = member.clone() else {
        unreachable!()
    };
    let before = world.sim.world(|w| state(w));
    // Left the group: taken back, and so rejected for that reason.
    world
        .sim
        .world(|w| w.set_member(&group, member.clone(), false));
    let left = world.apply_all(0).await;
    take_back(&world, left["run_id"].as_str().unwrap(), 0).await;
    assert_eq!(world.sim.world(|w| state(w)), before);
    // Disabled: another reason, so that it is done again; taken back, it is rejected for that one.
    world.sim.world(|w| {
        w.set_member(&group, member.clone(), true);
        w.edit_user(&user, |user| user.enabled = false);
    });
    let disabled = world.apply_all(0).await;
    assert_ne!(world.sim.world(|w| state(w)), before);
    take_back(&world, disabled["run_id"].as_str().unwrap(), 0).await;
    assert_eq!(world.sim.world(|w| state(w)), before);
    world.json(&["sync"], 0).await;
    assert_eq!(
        world.sim.world(|w| state(w)),
        before,
        "it is not done again"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_is_no_review_of_changed_settings() {
    let world = World::new(SMALL).await;
    world.sim.world(|w| w.faults.no_licences = true);
    let failed = world.apply_all(4).await;
    world.sim.world(|w| w.faults.no_licences = false);
    let config = world.sim.config(crate::world::PROFILE);
    let more = "import_users = true\nout_of_scope = \"remove\"";
    world.configure(
        &config.replace("import_users = true", more),
        crate::world::LIMITS,
    );
    let command = [
        "apply",
        "--retry",
        failed["run_id"].as_str().unwrap(),
        "--yes",
    ];
    let held = world.json(&command, 3).await;
    world.allowing(&command, &held, 0).await;
    world.sim.world(|w| {
        let group = w
            .jira
            .groups
            .values()
            .find(|g| g.created && !g.members.is_empty());
        let group = group.unwrap();
        let (id, member) = (group.id.clone(), group.members.first().unwrap().clone());
        w.by_hand(&id, &member, false, "somebody");
    });
    let document = world.json(&["sync", "--full"], 3).await;
    assert_eq!(document["guards"][0]["name"], "settings-changed");
    world.apply_all(0).await;
    world.json(&["sync"], 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_was_taken_over_is_left_alone() {
    let world = World::new(SMALL).await;
    let plan = world.json(&["plan"], 0).await;
    world.sim.world(|w| w.services.latency = 20);
    let place = world
        .sim
        .world(|w| (w.jira.admin.clone(), "rollbook.lease".to_owned()));
    let child = world.start(&["apply", "--yes", "--json"], &plan);
    while world.sim.world(|w| !w.jira.properties.contains_key(&place)) {
        tokio::task::yield_now().await;
    }
    let until = jiff::Timestamp::now() + std::time::Duration::from_mins(5);
    let theirs = serde_json::json!({"host": "jump02", "person": "maria", "settings": "x", "until": until.to_string()});
    world
        .sim
        .world(|w| w.jira.properties.insert(place.clone(), theirs.to_string()));
    world.ended(child).await.expect(0);
    assert_eq!(
        world.sim.world(|w| w.jira.properties[&place].clone()),
        theirs.to_string()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_fills_while_it_is_taken_back_is_not_deleted() {
    let world = World::new(SMALL).await;
    let applied = world.apply_all(0).await;
    let run = applied["run_id"].as_str().unwrap();
    let file = world.path("undo.json");
    let shown = world
        .json(&["undo", run, "--out", file.to_str().unwrap()], 0)
        .await;
    let deletions = shown["summary"]["delete_group"].as_u64().unwrap();
    world.sim.world(|w| w.services.latency = 20);
    let (deleted, stranger) = world
        .sim
        .world(|w| (w.requests("DELETE", "/rest/api/3/"), w.jira.admin.clone()));
    let child = world.start(&["undo", run, "--yes", "--json"], &shown);
    while world.sim.world(|w| w.requests("DELETE", "/rest/api/3/")) == deleted {
        tokio::task::yield_now().await;
    }
    let id = world.sim.world(|w| {
        let group = w.jira.groups.values().find(|g| g.created).unwrap();
        let id = group.id.clone();
        w.by_hand(&id, &stranger, true, "somebody");
        id
    });
    let document = world.ended(child).await.expect(4).json();
    assert!(
        document["failures"][0]["message"]
            .as_str()
            .unwrap()
            .contains("Somebody else")
    );
    world.sim.world(|w| {
        assert!(w.jira.groups[&id].members.contains(&stranger));
        let left = w.jira.groups.values().filter(|g| g.created).count();
        assert_eq!(left, 1, "of {deletions}");
    });
}
