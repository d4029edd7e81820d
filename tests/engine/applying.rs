//! Applying under faults, and what guards hold.

use crate::world::{Before, PROFILE, World, assert_in_step};
use rollbook::simulator::{Member, World as Directories};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const ORGANISATION: &str = r"
[organization]
users = 120
groups = 14
seed = 8
hidden = 0.0
[services]
limiter = false
invisible = 100
";

#[tokio::test(flavor = "multi_thread")]
async fn one_call_in_twenty_fails_in_every_way_and_two_runs_are_enough() {
    let world = World::new(ORGANISATION).await;
    let plan = world.json(&["plan"], 0).await;
    let before = Before::now(&world, &plan);
    world.sim.world(|w| {
        let f = &mut w.faults;
        // Five failures in a row end a reading, as they must: at one call in twenty that is as good as
        // never, at one in four it would be every few runs.
        (f.rate_429, f.rate_503, f.rate_html) = (0.01, 0.01, 0.01);
        (f.rate_cut_before, f.rate_cut_after, f.rate_truncated) = (0.01, 0.01, 0.01);
    });
    let allow = World::allowances(&plan);
    let mut command = vec!["apply", "--yes"];
    command.extend(allow.iter().map(String::as_str));
    world.run(&command).await;
    let plan = world.json(&["plan"], 0).await;
    let allow = World::allowances(&plan);
    let mut command = vec!["apply", "--yes"];
    command.extend(allow.iter().map(String::as_str));
    world.run(&command).await;
    world
        .sim
        .world(|w| w.faults = rollbook::simulator::Faults::default());
    assert_eq!(world.left().await, 0);
    world.sim.world(|w| assert_in_step(w, &before));
}

/// Members of every group.
fn members(world: &Directories) -> BTreeMap<String, BTreeSet<String>> {
    let groups = world.jira.groups.values();
    groups.map(|g| (g.id.clone(), g.members.clone())).collect()
}

/// A profile that has been applied once, so that it owns groups.
async fn in_step() -> World {
    let world = World::new(ORGANISATION).await;
    world.apply_all(0).await;
    assert_eq!(world.left().await, 0);
    world
}

/// Nothing is removed or granted unattended; gives what the guards say.
async fn held(world: &World) -> Value {
    let before = world.sim.world(|w| members(w));
    let document = world.json(&["sync"], 3).await;
    world.sim.world(|w| assert_eq!(members(w), before));
    assert_eq!(document["outcome"], "held");
    document
}

fn count(document: &Value, guard: &str) -> Option<u64> {
    let mut guards = document["guards"].as_array()?.iter();
    guards.find(|g| g["name"] == guard)?["count"].as_u64()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mass_deletion_is_held_and_allowed_by_its_number_alone() {
    let world = in_step().await;
    world.sim.world(|w| {
        let ids: Vec<String> = w.entra.users.keys().step_by(2).cloned().collect();
        for id in ids {
            w.delete_user(&id);
        }
    });
    let document = held(&world).await;
    // What leavers lose is not counted among removals: that the source shrank holds it.
    assert_eq!(count(&document, "members-removed"), None);
    let removed = count(&document, "source-shrank").unwrap();
    let wrong = format!("--allow=source-shrank={}", removed + 1);
    world.json(&["sync", &wrong], 1).await;
    world
        .run(&["sync", "--allow=source-shrank"])
        .await
        .expect(2);
    let done = world.allowing(&["sync"], &document, 0).await;
    assert_eq!(
        done["counts"]["done"].as_u64(),
        Some(removed),
        "exactly that"
    );
    assert_eq!(world.left().await, 0);
    // Both the allowance and what it let through are kept.
    let run = world
        .json(&["show", done["run_id"].as_str().unwrap()], 0)
        .await;
    let kept = run["allowed"].as_array().unwrap().iter();
    assert!(
        kept.clone()
            .any(|a| a["name"] == "source-shrank" && a["count"] == removed)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_source_and_a_wrong_filter_remove_nobody() {
    let world = in_step().await;
    let before = world.sim.world(|w| members(w));
    // Everybody is gone at once.
    let users: Vec<String> = world.sim.world(|w| w.entra.users.keys().cloned().collect());
    world
        .sim
        .world(|w| users.iter().for_each(|id| w.delete_user(id)));
    world.run(&["sync"]).await.expect(3);
    world.sim.world(|w| assert_eq!(members(w), before));
    world
        .sim
        .world(|w| users.iter().for_each(|id| w.restore_user(id)));
    world.json(&["sync"], 0).await;
    // A filter that lets hardly anybody in.
    let config = world.sim.config(PROFILE);
    let config = config.replace(
        "import_users = true",
        "import_users = true\nout_of_scope = \"remove\"",
    );
    let scope = format!(
        "{}[profiles.\"{PROFILE}\".scope]\nexclude_emails = [\"*\"]\n",
        crate::world::LIMITS
    );
    world.configure(&config, &scope);
    let document = held(&world).await;
    assert_eq!(document["guards"][0]["name"], "settings-changed");
    // A person looks at it, and still nothing goes by itself.
    let shown = world.json(&["apply", "--yes"], 3).await;
    assert!(count(&shown, "members-removed").is_some());
    assert!(count(&shown, "source-shrank").is_some());
    world.sim.world(|w| assert_eq!(members(w), before));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_in_a_mirrored_group_is_never_removed_from_it() {
    let world = in_step().await;
    // The admin's own account gets a person in Entra, who joins and leaves a mirrored group.
    let group = world.sim.world(|w| {
        let created: Vec<String> = w
            .jira
            .groups
            .values()
            .filter(|g| g.created)
            .map(|g| g.name.clone())
            .collect();
        let group = w
            .entra
            .groups
            .values()
            .find(|g| created.contains(&g.name) && g.visibility.is_none())
            .unwrap()
            .id
            .clone();
        let mut admin = w
            .entra
            .users
            .values()
            .find(|u| w.importable(u).is_some())
            .unwrap()
            .clone();
        admin.id = "0aaaaaaa-0000-4000-8000-000000000001".to_owned();
        admin.name = "The Admin".to_owned();
        admin.mail = Some(w.jira.admin_email.clone());
        admin.upn = w.jira.admin_email.clone();
        w.set_user(admin.clone());
        w.set_member(&group, Member::User(admin.id), true);
        group
    });
    world.apply_all(0).await;
    let admin = world.sim.world(|w| w.jira.admin.clone());
    let is_in = || {
        world.sim.world(|w| {
            w.jira
                .groups
                .values()
                .any(|g| g.created && g.members.contains(&admin))
        })
    };
    assert!(is_in());
    world.sim.world(|w| {
        w.set_member(
            &group,
            Member::User("0aaaaaaa-0000-4000-8000-000000000001".to_owned()),
            false,
        );
    });
    let document = held(&world).await;
    assert_eq!(count(&document, "protected"), Some(1));
    let refused = world.json(&["sync", "--allow=protected=1"], 1).await;
    assert_eq!(refused["error"]["kind"], "allowance");
    assert!(is_in());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_bears_an_access_groups_name_grants_nothing_by_itself() {
    let world = in_step().await;
    world.sim.world(|w| {
        // Membership of it takes a seat.
        let name = "Board Members".to_owned();
        let mut access = w.jira.groups.values().next().unwrap().clone();
        access.id = "access-group".to_owned();
        access.name.clone_from(&name);
        access.members.clear();
        (access.access_type, access.external, access.locked) = (None, false, false);
        w.jira.products[0].groups.push(access.id.clone());
        w.jira.groups.insert(access.id.clone(), access);
        let mut team = w
            .entra
            .groups
            .values()
            .find(|g| g.visibility.is_none())
            .unwrap()
            .clone();
        let people: Vec<String> = w
            .entra
            .users
            .values()
            .filter(|u| w.importable(u).is_some())
            .map(|u| u.id.clone())
            .take(12)
            .collect();
        team.id = "0bbbbbbb-0000-4000-8000-000000000001".to_owned();
        team.name = name;
        team.types = vec!["Unified".to_owned()];
        team.members = people.into_iter().map(Member::User).collect();
        w.set_group(team);
    });
    let document = {
        let before = world.sim.world(|w| members(w));
        let document = world.json(&["sync", "--full"], 3).await;
        world.sim.world(|w| assert_eq!(members(w), before));
        document
    };
    // Only its typed name lets it go.
    assert!(count(&document, "access-added").is_some(), "{document}");
    let guards = document["guards"].as_array().unwrap();
    let guard = guards.iter().find(|g| g["name"] == "access-added").unwrap();
    assert_eq!(guard["allowable"], false, "{document}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_without_anything_is_told_although_nothing_would_be_removed() {
    let world = in_step().await;
    let before = world.sim.world(|w| members(w));
    world.sim.world(|w| {
        let groups: Vec<String> = w.entra.groups.keys().cloned().collect();
        for id in &groups {
            w.delete_group(id);
        }
        let users: Vec<String> = w.entra.users.keys().cloned().collect();
        for id in &users {
            w.delete_user(id);
        }
    });
    let document = held(&world).await;
    assert_eq!(document["guards"][0]["name"], "source-shrank");
    assert_eq!(document["guards"][0]["count"], 0);
    let told = world.run(&["sync"]).await.expect(3);
    assert!(
        told.out.contains("nothing is in scope any more"),
        "{}",
        told.out
    );
    // If that is so, a person says it.
    world.json(&["apply", "--yes"], 3).await;
    world
        .json(&["apply", "--yes", "--allow", "source-shrank=0"], 0)
        .await;
    world.json(&["sync"], 0).await;
    world.sim.world(|w| assert_eq!(members(w), before));
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_settings_wait_for_a_review_also_where_they_change_nothing() {
    let world = in_step().await;
    let config = world.sim.config(PROFILE);
    let config = config.replace("import_users = true", "import_users = true\ngrace = \"3d\"");
    world.configure(&config, crate::world::LIMITS);
    let document = held(&world).await;
    assert_eq!(document["guards"][0]["name"], "settings-changed");
    world.json(&["apply", "--yes"], 0).await;
    world.json(&["sync"], 0).await;
}

/// A group that this profile created, its counterpart in Entra, and somebody with an account who is in
/// neither.
fn owned_group(world: &Directories) -> (String, String, String) {
    let group = world.entra.groups.values().find_map(|group| {
        let owned = world.jira_group(&group.name).filter(|g| g.created)?;
        group.visibility.is_none().then_some((group, owned))
    });
    let (group, owned) = group.unwrap();
    let person = world.entra.users.values().find(|user| {
        let accounts = world.importable(user).map(|mail| world.accounts_of(&mail));
        let account = accounts.and_then(|found| found.first().map(|a| a.id.clone()));
        account.is_some_and(|id| !owned.members.contains(&id))
    });
    (
        group.id.clone(),
        owned.id.clone(),
        person.unwrap().id.clone(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_was_deleted_in_jira_is_noticed_before_anything_is_put_into_it() {
    let world = in_step().await;
    let (group, owned, person) = world.sim.world(|w| owned_group(w));
    world.sim.world(|w| {
        w.jira.groups.remove(&owned);
        w.set_member(&group, Member::User(person), true);
    });
    let plan = world.json(&["plan"], 0).await;
    assert_eq!(plan["summary"]["create_group"], 1);
    world.apply_all(0).await;
    assert_eq!(world.left().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_vanishes_while_it_is_filled_is_not_waited_for() {
    let world = World::new(ORGANISATION).await;
    let plan = world.json(&["plan"], 0).await;
    // A group that is there, and into which somebody is put who is created only now.
    let group = plan["operations"].as_array().unwrap().iter().find_map(|o| {
        let new = o["user"]["account_id"].is_null();
        let group = o["group"]["group_id"].as_str().filter(|_| new)?;
        (o["kind"] == "add_member").then(|| group.to_owned())
    });
    let group = group.unwrap();
    world.sim.world(|w| w.services.latency = 20);
    let child = world.start(&["apply", "--yes", "--json"], &plan);
    while world
        .sim
        .world(|w| w.jira.accounts.values().all(|a| a.created == 0))
    {
        tokio::task::yield_now().await;
    }
    world.sim.world(|w| w.jira.groups.remove(&group));
    let document = world.ended(child).await.expect(4).json();
    let failures = document["failures"].as_array().unwrap();
    assert!(
        failures
            .iter()
            .all(|f| f["message"] == "The group is gone from Jira."),
        "{failures:?}"
    );
    // Everybody else was put where they belong, and the next plan knows.
    let plan = world.json(&["plan"], 0).await;
    assert_eq!(plan["summary"]["create_user"], 0);
    world.apply_all(0).await;
    assert_eq!(world.left().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_deactivated_in_jira_is_put_into_nothing() {
    let world = in_step().await;
    let (group, _, person) = world.sim.world(|w| owned_group(w));
    world.sim.world(|w| {
        let mail = w.importable(&w.entra.users[&person]).unwrap();
        let account = w.accounts_of(&mail)[0].id.clone();
        w.set_active(&account, false);
        w.set_member(&group, Member::User(person.clone()), true);
    });
    let plan = world.json(&["plan"], 0).await;
    assert_eq!(plan["summary"]["add_member"], 0);
    let mut conflicts = plan["conflicts"].as_array().unwrap().iter();
    assert!(conflicts.any(|c| c["entra_id"] == person.as_str()));
}

#[tokio::test(flavor = "multi_thread")]
async fn hidden_accounts_that_come_to_light_are_looked_up_at_once() {
    let mut world = World::new(ORGANISATION).await;
    let key = world.sim.world(|w| w.jira.organization_key.clone());
    world.set("ROLLBOOK_ORG_API_KEY", &key);
    world.apply_all(0).await;
    world.sim.world(|w| {
        let pattern = w
            .entra
            .users
            .values()
            .find(|u| w.importable(u).is_some())
            .unwrap()
            .clone();
        let domain = w.importable(&pattern).unwrap();
        let domain = domain.rsplit_once('@').unwrap().1.to_owned();
        for number in 0..4 {
            let mut user = pattern.clone();
            user.id = format!("00000000-0000-4000-8000-00000000000{number}");
            user.name = format!("New {number}");
            user.mail = Some(format!("new.{number}@{domain}"));
            user.upn = user.mail.clone().unwrap();
            // Two of them have an account under another name, and hide their address.
            if number < 2 {
                let id = format!("712020:new-{number}");
                let mail = user.mail.clone().unwrap();
                let kind = rollbook::simulator::AccountType::Atlassian;
                let mut account = Directories::account(&id, "Somebody", &mail, kind);
                account.hidden = true;
                w.add_account(account);
            }
            w.set_user(user);
        }
    });
    let plan = world.json(&["plan"], 0).await;
    assert_eq!(plan["unverified"], 0);
    assert_eq!(plan["summary"]["create_user"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incomplete_plan_is_no_review() {
    let world = World::new(ORGANISATION).await;
    world.sim.world(|w| w.faults.empty_page_inside = true);
    let plan = world.json(&["plan"], 0).await;
    assert_eq!(plan["complete"]["jira"], false);
    let ran = world.run(&["apply", "--yes"]).await;
    assert!(
        ran.err.contains("nothing is applied unattended"),
        "{}",
        ran.err
    );
    world.sim.world(|w| w.faults.empty_page_inside = false);
    let document = held(&world).await;
    assert_eq!(document["guards"][0]["name"], "first-review");
    world.apply_all(0).await;
    world.json(&["sync"], 0).await;
}
