//! Guards as they hold a company's everyday work, and as they don't.

use crate::world::{ACCESS, PROFILE, World};
use rollbook::simulator::Member;
use serde_json::Value;

const COMPANY: &str = r"
[organization]
users = 90
groups = 16
seed = 11
hidden = 0.0
[services]
limiter = false
";

fn guard<'a>(document: &'a Value, name: &str) -> Option<&'a Value> {
    let mut guards = document["guards"].as_array()?.iter();
    guards.find(|guard| guard["name"] == name)
}

/// Operations on the group that gives access.
fn on_access(plan: &Value) -> usize {
    let operations = plan["operations"].as_array().unwrap().iter();
    operations
        .filter(|op| op["group"]["name"] == ACCESS)
        .count()
}

fn members(world: &World) -> usize {
    world
        .sim
        .world(|w| w.jira_group(ACCESS).unwrap().members.len())
}

/// Puts these people of all with active accounts, who lack access, into Entra's group of that name.
fn need_access(world: &World, people: std::ops::Range<usize>) {
    world.sim.world(|w| {
        let mut groups = w.entra.groups.values();
        let mut group = groups.find(|g| g.name == ACCESS).unwrap().clone();
        let people: Vec<(String, String)> = w
            .entra
            .users
            .values()
            .filter(|user| user.enabled)
            .filter_map(|user| {
                let accounts = w.accounts_of(&w.importable(user)?);
                let account = accounts.first().filter(|account| account.active)?;
                Some((user.id.clone(), account.id.clone()))
            })
            .skip(people.start)
            .take(people.len())
            .collect();
        let access = w.jira_group(ACCESS).unwrap().id.clone();
        let access = w.jira.groups.get_mut(&access).unwrap();
        for (_, account) in &people {
            access.members.remove(account);
        }
        let people = people.into_iter();
        group.members = people.map(|(user, _)| Member::User(user)).collect();
        w.set_group(group);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn an_access_group_waits_for_its_typed_name_and_then_for_nobody() {
    let world = World::with_namesake(COMPANY).await;
    need_access(&world, 0..4);
    let plan = world.json(&["plan"], 0).await;
    let held = guard(&plan, "access-added").unwrap();
    assert_eq!(
        (held["allowable"].as_bool(), held["count"].as_u64()),
        (Some(false), Some(4))
    );
    // No number lets it go, and allowing everything else doesn't either.
    let refused = world
        .run(&["apply", "--yes", "--allow=access-added=4"])
        .await;
    assert_eq!(refused.code, 1, "{}", refused.err);
    assert!(
        refused.err.contains("adopt GROUP --add-only"),
        "{}",
        refused.err
    );
    let before = members(&world);
    world.allowing(&["apply", "--yes"], &plan, 3).await;
    assert_eq!(members(&world), before);
    // Its name, and nothing else, confirms it.
    let adopt = ["adopt", ACCESS, "--add-only", "--yes", "--confirm"];
    let wrong = world.json(&[&adopt[..], &["jira-users"]].concat(), 1).await;
    assert_eq!(wrong["error"]["kind"], "adopt");
    assert_eq!(members(&world), before);
    let adopted = world.json(&[&adopt[..], &[ACCESS]].concat(), 0).await;
    assert_eq!(adopted["counts"]["done"], 4, "{adopted}");
    assert_eq!(members(&world), before + 4);
    assert_eq!(world.left().await, 0);
    // From then on whoever is hired gets access unattended, and nobody loses it.
    world.run(&["apply", "--yes"]).await.expect(0);
    need_access(&world, 4..9);
    let before = members(&world);
    let synced = world.json(&["sync", "--full"], 0).await;
    assert_eq!(guard(&synced, "access-added"), None, "{synced}");
    assert!(members(&world) > before, "{synced}");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_wait_in_a_confirmed_access_group_too_and_add_up_over_a_day() {
    let world = World::with_namesake(COMPANY).await;
    need_access(&world, 0..2);
    world.apply_all(3).await;
    let adopt = ["adopt", ACCESS, "--add-only", "--yes", "--confirm", ACCESS];
    world.json(&adopt, 0).await;
    world.run(&["apply", "--yes"]).await.expect(0);
    need_access(&world, 2..10);
    world.json(&["sync", "--full"], 0).await;
    // Eight were let in already today.
    need_access(&world, 10..16);
    let held = world.json(&["sync", "--full"], 3).await;
    let held = guard(&held, "access-added").unwrap();
    assert_eq!(held["allowable"], true, "{held}");
    let plan = world.json(&["plan"], 0).await;
    let waiting = on_access(&plan);
    assert!(waiting > 0, "{plan}");
    let allow = format!("--allow=access-added={}", held["count"]);
    world.json(&["sync", &allow], 0).await;
    assert_eq!(world.left().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_undoes_again_and_again_is_not_done_for_ever() {
    let world = World::new(COMPANY).await;
    world.apply_all(0).await;
    let (group, account) = world.sim.world(|w| {
        let groups = w.jira.groups.values();
        let group = groups
            .filter(|g| g.created)
            .find(|g| g.members.len() > 1)
            .unwrap();
        (group.id.clone(), group.members.first().unwrap().clone())
    });
    let undo = || {
        world.sim.world(|w| {
            let group = w.jira.groups.get_mut(&group).unwrap();
            group.members.remove(&account);
        });
    };
    let is_in = || {
        world
            .sim
            .world(|w| w.jira.groups[&group].members.contains(&account))
    };
    // It was done once by the first apply: undone and done again, that is once.
    undo();
    world.json(&["sync", "--full"], 0).await;
    assert!(is_in());
    undo();
    let held = world.json(&["sync", "--full"], 3).await;
    let flapping = guard(&held, "flapping").unwrap();
    assert_eq!(
        (flapping["count"].as_u64(), flapping["limit"].as_u64()),
        (Some(1), Some(2))
    );
    assert!(!is_in());
    let text = world.run(&["plan"]).await.expect(0);
    assert!(text.out.contains("somebody else undid"), "{}", text.out);
    // Somebody may say that it is right all the same.
    world.json(&["sync", "--allow=flapping=1"], 0).await;
    assert!(is_in());
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_counted_as_people_and_leavers_are_no_removals() {
    let world = World::new(COMPANY).await;
    let config = world.sim.config(PROFILE).replace(
        "sync_memberships = true",
        "sync_memberships = true\nleavers = \"access\"",
    );
    let guards = "\n[profiles.\"Azure AD\".guards]\nmembers_removed = 0\nmembers_removed_percent = 0\ngroup_emptied_percent = 100\nsource_shrank_percent = 90\n";
    world.configure(&config, guards);
    world.apply_all(0).await;
    // Five people who left lose access to every product, and their places in groups.
    let gone = world.sim.world(|w| {
        let everyone = w.jira_group(ACCESS).unwrap().members.clone();
        let people: Vec<String> = w
            .entra
            .users
            .values()
            .filter(|user| user.enabled)
            .filter(|user| {
                let mail = w.importable(user);
                mail.is_some_and(|mail| {
                    let accounts = w.accounts_of(&mail);
                    accounts
                        .first()
                        .is_some_and(|a| everyone.contains(&a.id) && a.id != w.jira.admin)
                })
            })
            .map(|user| user.id.clone())
            .take(5)
            .collect();
        for id in &people {
            let mut user = w.entra.users[id].clone();
            user.enabled = false;
            w.set_user(user);
        }
        people.len() as u64
    });
    assert_eq!(gone, 5);
    let synced = world.json(&["sync", "--full"], 0).await;
    assert!(
        synced["counts"]["done"].as_u64().unwrap() > gone,
        "{synced}"
    );
    assert_eq!(synced["guards"].as_array().unwrap().len(), 0, "{synced}");
}
