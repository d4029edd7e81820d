//! People who leave: what is taken from them, and given back.

use crate::world::World;
use rollbook::directory::AccountId;
use rollbook::plan::{Decision, Question};
use rollbook::simulator::{EntraUser, World as Directories};
use rollbook::store::State;
use serde_json::Value;

const ORGANISATION: &str = r"
[organization]
users = 60
groups = 8
seed = 21
hidden = 0.0
in_jira = 1.0
[services]
limiter = false
invisible = 0
";

/// Everything is applied once, so that people are enrolled; then leavers are dealt with like this.
async fn enrolled(setting: &str) -> World {
    let mut world = World::new(ORGANISATION).await;
    let key = world.sim.world(|w| w.jira.organization_key.clone());
    world.set("ROLLBOOK_ORG_API_KEY", &key);
    let config = world.sim.config(crate::world::PROFILE);
    let config = config.replace(
        "import_users = true",
        &format!("import_users = true\n{setting}"),
    );
    // Only what is about leavers holds here.
    let guards = "\n[profiles.\"Azure AD\".guards]\nmembers_removed = 1000\nmembers_removed_percent = 100\ngroup_emptied_percent = 100\nsource_shrank_percent = 80\n";
    world.configure(&config, &format!("{}{guards}", crate::world::LIMITS));
    world.apply_all(0).await;
    assert_eq!(world.left().await, 0);
    world
}

/// Enabled people with an account who are no administrators, in the order of their ids.
fn people(world: &Directories) -> Vec<(String, String)> {
    let admins: Vec<&String> = world
        .jira
        .groups
        .values()
        .filter(|group| group.access_type.is_some())
        .flat_map(|group| &group.members)
        .collect();
    let account = |user: &EntraUser| {
        let mail = world.importable(user)?;
        let accounts = world.accounts_of(&mail);
        let account = accounts
            .first()
            .filter(|a| a.active && !admins.contains(&&a.id))?;
        Some((user.id.clone(), account.id.clone()))
    };
    world.entra.users.values().filter_map(account).collect()
}

fn kinds(plan: &Value) -> Vec<String> {
    let operations = plan["operations"].as_array().unwrap();
    let kinds = operations.iter().map(|o| o["kind"].as_str().unwrap());
    kinds.map(str::to_owned).collect()
}

fn set_enabled(world: &World, id: &str, enabled: bool) {
    world
        .sim
        .world(|w| w.edit_user(id, |user| user.enabled = enabled));
}

fn is_active(world: &World, account: &str) -> Option<bool> {
    world
        .sim
        .world(|w| w.jira.accounts.get(account).map(|a| a.active))
}

#[tokio::test(flavor = "multi_thread")]
async fn who_left_is_suspended_and_who_returns_is_restored() {
    let world = enrolled("leavers = \"suspend\"").await;
    let found = world.sim.world(|w| people(w));
    let ((leaver, account), (disabled_by_hand, _)) = (found[0].clone(), found[1].clone());
    set_enabled(&world, &leaver, false);
    let plan = world.json(&["plan"], 0).await;
    assert_eq!(plan["summary"]["suspend_user"], 1);
    let row = plan["operations"].as_array().unwrap().iter();
    let row = row.clone().find(|o| o["kind"] == "suspend_user").unwrap();
    assert_eq!(row["user"]["entra_id"], leaver.as_str());
    assert!(
        row["reason"]
            .as_str()
            .unwrap()
            .contains("disabled in Entra")
    );
    world.apply_all(0).await;
    assert_eq!(is_active(&world, &account), Some(false));
    assert_eq!(
        world.left().await,
        0,
        "what is suspended is not suspended again"
    );
    // The body is JSON, and the directory was found by itself.
    world.sim.world(|w| {
        let call = w.log.iter().find(|r| r.path.ends_with("/suspend")).unwrap();
        assert_eq!((call.status, call.body.as_deref()), (204, Some("{}")));
    });
    let groups = |w: &Directories| -> Vec<String> {
        let with = w
            .jira
            .groups
            .values()
            .filter(|g| g.members.contains(&account));
        with.map(|g| g.name.clone()).collect()
    };
    set_enabled(&world, &leaver, true);
    let plan = world.json(&["plan"], 0).await;
    assert_eq!(plan["summary"]["restore_user"], 1);
    world.apply_all(0).await;
    assert_eq!(is_active(&world, &account), Some(true));
    assert_eq!(
        world.left().await,
        0,
        "{:?}",
        world.sim.world(|w| groups(w))
    );
    // Suspended again by Rollbook, and let in again by hand: what happens to the account then is not
    // Rollbook's doing.
    set_enabled(&world, &leaver, false);
    world.apply_all(0).await;
    world.sim.world(|w| w.set_active(&account, true));
    set_enabled(&world, &leaver, true);
    world.json(&["plan", "--full"], 0).await;
    world.sim.world(|w| w.set_active(&account, false));
    let plan = world.json(&["plan", "--full"], 0).await;
    assert_eq!(plan["summary"]["restore_user"], 0);
    world.sim.world(|w| w.set_active(&account, true));
    // Whoever was deactivated in Jira by hand is nobody's to restore.
    let (_, by_hand) = found
        .iter()
        .find(|(id, _)| *id == disabled_by_hand)
        .unwrap();
    world.sim.world(|w| w.set_active(by_hand, false));
    let plan = world.json(&["plan", "--full"], 0).await;
    assert_eq!(plan["summary"]["restore_user"], 0);
    let conflicts = plan["conflicts"].as_array().unwrap();
    assert!(
        conflicts
            .iter()
            .any(|c| c["entra_id"] == disabled_by_hand.as_str())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_has_ended_holds_what_needs_it() {
    let world = enrolled("leavers = \"suspend\"").await;
    let (leaver, account) = world.sim.world(|w| people(w)[0].clone());
    set_enabled(&world, &leaver, false);
    world.sim.world(|w| w.faults.organization_key_ended = true);
    let document = world.json(&["sync"], 3).await;
    let names: Vec<&str> = document["guards"]
        .as_array()
        .unwrap()
        .iter()
        .map(|g| g["name"].as_str().unwrap())
        .collect();
    assert!(names.contains(&"organization-key"), "{names:?}");
    assert_eq!(is_active(&world, &account), Some(true));
    let plan = world.json(&["plan"], 0).await;
    assert_eq!(plan["summary"]["suspend_user"], 1, "the plan is the same");
    world.sim.world(|w| w.faults.organization_key_ended = false);
    world.json(&["sync"], 0).await;
    assert_eq!(is_active(&world, &account), Some(false));
}

#[tokio::test(flavor = "multi_thread")]
async fn leavers_lose_access_groups_and_get_back_exactly_those() {
    let world = enrolled("leavers = \"access\"").await;
    let (leaver, account) = world.sim.world(|w| people(w)[0].clone());
    let access = world.sim.world(|w| {
        let id = w.jira.products[0].groups[0].clone();
        w.jira
            .groups
            .get_mut(&id)
            .unwrap()
            .members
            .insert(account.clone());
        id
    });
    let is_in = |group: &str| {
        world
            .sim
            .world(|w| w.jira.groups[group].members.contains(&account))
    };
    set_enabled(&world, &leaver, false);
    let plan = world.json(&["plan", "--full"], 0).await;
    let reasons: Vec<&str> = plan["operations"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|o| o["group"]["group_id"] == access.as_str())
        .map(|o| o["reason"].as_str().unwrap())
        .collect();
    assert_eq!(reasons, ["leaver: disabled in Entra"]);
    world.apply_all(0).await;
    assert!(!is_in(&access));
    assert_eq!(is_active(&world, &account), Some(true));
    set_enabled(&world, &leaver, true);
    let plan = world.json(&["plan"], 0).await;
    let guards = plan["guards"].as_array().unwrap();
    // What Rollbook took needs no other word to be given back.
    assert!(guards.is_empty(), "{guards:?}");
    world.apply_all(0).await;
    assert!(is_in(&access), "what was taken is given back");
    assert_eq!(world.left().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_removed_is_created_again_on_return_and_grace_is_waited_for() {
    let world = enrolled("leavers = \"remove\"\ngrace = \"2d\"").await;
    let (leaver, account) = world.sim.world(|w| people(w)[0].clone());
    world.sim.world(|w| w.delete_user(&leaver));
    let plan = world.json(&["plan"], 0).await;
    assert_eq!(
        plan["summary"]["remove_user"],
        0,
        "grace: {:?}",
        kinds(&plan)
    );
    let config = std::fs::read_to_string(world.config_dir().join("config.toml")).unwrap();
    world.configure(&config.replace("\"2d\"", "\"0d\""), "");
    let plan = world.json(&["plan"], 0).await;
    assert_eq!(plan["summary"]["remove_user"], 1);
    // Another setting: nothing unattended before it was reviewed.
    let held = world.json(&["sync"], 3).await;
    assert_eq!(held["guards"][0]["name"], "settings-changed");
    world.apply_all(0).await;
    assert_eq!(is_active(&world, &account), None);
    assert_eq!(world.left().await, 0);
    world.sim.world(|w| w.restore_user(&leaver));
    let plan = world.json(&["plan"], 0).await;
    assert_eq!(plan["summary"]["create_user"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_took_part_is_a_leaver_and_many_are_held() {
    let world = enrolled("leavers = \"suspend\"").await;
    let found = world.sim.world(|w| people(w));
    // Disabled from the start: in Jira, and never enabled in an applied snapshot.
    let disabled: Vec<String> = world.sim.world(|w| {
        let users = w.entra.users.values().filter(|u| !u.enabled);
        users.map(|u| u.id.clone()).collect()
    });
    assert!(!disabled.is_empty());
    for (id, _) in &found[..8] {
        set_enabled(&world, id, false);
    }
    let document = world.json(&["sync"], 3).await;
    let guard = document["guards"].as_array().unwrap().iter();
    let guard = guard
        .clone()
        .find(|g| g["name"] == "people-removed")
        .unwrap();
    assert_eq!(guard["count"], 8, "only those who took part");
    for (_, account) in &found {
        assert_eq!(is_active(&world, account), Some(true));
    }
    // One after another, unattended: the last 24 hours add up.
    for (id, _) in &found[..8] {
        set_enabled(&world, id, true);
    }
    world.json(&["sync"], 0).await;
    let mut suspended = 0;
    for (id, account) in &found[..8] {
        set_enabled(&world, id, false);
        let ran = world.run(&["sync"]).await;
        let done = is_active(&world, account) == Some(false);
        suspended += usize::from(done);
        assert_eq!(ran.code, if done { 0 } else { 3 }, "{}", ran.out);
    }
    assert_eq!(suspended, 5, "the limit of a day");
}

/// New people are invited silently, with a key: so many people, such a share of them in Jira already,
/// and accounts that show after so many milliseconds.
async fn silent(users: u32, in_jira: f64, invisible: u32) -> World {
    let mut world = World::new(&format!(
        "[organization]\nusers = {users}\ngroups = 4\nseed = 3\nhidden = 0.0\nin_jira = {in_jira}\n[services]\nlimiter = false\ninvisible = {invisible}",
    ))
    .await;
    let key = world.sim.world(|w| w.jira.organization_key.clone());
    world.set("ROLLBOOK_ORG_API_KEY", &key);
    let config = world.sim.config(crate::world::PROFILE);
    let silent = "import_users = true\ninvitations = \"silent\"";
    world.configure(
        &config.replace("import_users = true", silent),
        crate::world::LIMITS,
    );
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_invitations_go_out_in_batches_and_each_address_counts() {
    let world = silent(90, 0.1, 100).await;
    let plan = world.json(&["plan"], 0).await;
    let people = plan["summary"]["create_user"].as_u64().unwrap();
    assert!(people > 50);
    world.apply_all(0).await;
    assert_eq!(world.left().await, 0);
    world.sim.world(|w| {
        assert_eq!(
            w.requests("POST", "/rest/api/3/user") - w.requests("POST", "/rest/api/3/user/"),
            0
        );
        let calls: Vec<_> = w
            .log
            .iter()
            .filter(|r| r.path.ends_with("/users/invite"))
            .collect();
        assert!(
            calls.len() as u64 <= people.div_ceil(25) + 2,
            "{} calls",
            calls.len()
        );
        assert!(calls.iter().all(|c| {
            c.body
                .as_ref()
                .unwrap()
                .contains("\"sendNotification\":false")
        }));
    });
    // Whoever was invited and is not on the site is not invited again and again.
    let lost = world.sim.world(|w| {
        let account = w
            .jira
            .accounts
            .values()
            .find(|a| a.created > 0)
            .unwrap()
            .id
            .clone();
        w.remove_account(&account);
        account
    });
    let state = rusqlite::Connection::open(world.profile_dir().join("state.db")).unwrap();
    let aged = state.execute(
        "UPDATE people_links SET since = 0 WHERE account_id = ?1",
        [&lost],
    );
    assert_eq!(aged.unwrap(), 1);
    drop(state);
    let plan = world.json(&["plan", "--full"], 0).await;
    assert_eq!(plan["summary"]["create_user"], 0);
    let told = plan["conflicts"].as_array().unwrap().iter();
    assert!(
        told.clone()
            .any(|c| c["reason"].as_str().unwrap().contains("invited silently"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_not_invited_keeps_no_other_from_it() {
    let world = silent(40, 0.5, 0).await;
    // One that would spoil a whole request, and one that is refused among others.
    world.sim.world(|w| {
        let user = w
            .entra
            .users
            .values()
            .find(|u| u.enabled && u.user_type.is_none());
        let pattern = user.unwrap().clone();
        for (number, domain) in ["spoils.example", "refused.example"].iter().enumerate() {
            w.entra.domains.push((*domain).to_owned());
            let mut user = pattern.clone();
            user.id = format!("00000000-0000-4000-8000-00000000000{number}");
            user.name = format!("{domain} one");
            user.mail = Some(format!("one@{domain}"));
            user.upn = user.mail.clone().unwrap();
            w.set_user(user);
        }
        w.faults.malformed = Some("spoils.example".to_owned());
        w.faults.uninvitable = Some("refused.example".to_owned());
        w.faults.no_paid_plan = true;
    });
    let plan = world.json(&["plan"], 0).await;
    let people = plan["summary"]["create_user"].as_u64().unwrap();
    assert!(people > 10, "{people}");
    let failed = |document: &Value| document["counts"]["failed"].as_u64().unwrap();
    let invited = |w: &Directories| {
        let accounts = w.jira.accounts.values();
        accounts.map(|a| u64::from(a.created)).sum::<u64>()
    };
    world.apply_all(4).await;
    assert_eq!(
        world.sim.world(|w| invited(w)),
        0,
        "without a paid plan, nobody"
    );
    world.sim.world(|w| w.faults.no_paid_plan = false);
    let document = world.apply_all(4).await;
    assert_eq!(failed(&document), 2);
    let failures = document["failures"].to_string();
    assert!(failures.contains("Domain is not approved"), "{failures}");
    assert!(failures.contains("An email is not valid"), "{failures}");
    assert_eq!(world.sim.world(|w| invited(w)), people - 2);
    // They are not asked about again and again, but when the admin says so.
    let document = world.json(&["sync"], 0).await;
    assert_eq!(document["outcome"], "nothing", "{document}");
    world
        .sim
        .world(|w| (w.faults.malformed, w.faults.uninvitable) = (None, None));
    let runs = world.json(&["runs"], 0).await;
    let runs = runs["runs"].as_array().unwrap();
    let partial = runs
        .iter()
        .find(|run| run["counts"]["failed"] == 2)
        .unwrap();
    let run = partial["run_id"].as_str().unwrap();
    let document = world.json(&["apply", "--retry", run, "--yes"], 0).await;
    assert_eq!(document["counts"]["done"], 2);
    assert_eq!(world.left().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspension_that_was_never_answered_is_given_back_all_the_same() {
    let world = enrolled("leavers = \"suspend\"").await;
    let (leaver, account) = world.sim.world(|w| people(w)[0].clone());
    set_enabled(&world, &leaver, false);
    world.sim.world(|w| w.faults.cut_suspensions = true);
    world.json(&["sync"], 4).await;
    assert_eq!(is_active(&world, &account), Some(false), "it took place");
    world.sim.world(|w| w.faults.cut_suspensions = false);
    assert_eq!(world.left().await, 0);
    set_enabled(&world, &leaver, true);
    world.json(&["sync"], 0).await;
    assert_eq!(is_active(&world, &account), Some(true));
    assert_eq!(world.left().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_does_not_hide_that_an_earlier_attempt_may_have_suspended() {
    let world = enrolled("leavers = \"suspend\"").await;
    let (leaver, account) = world.sim.world(|w| people(w)[0].clone());
    set_enabled(&world, &leaver, false);
    world.sim.world(|w| w.faults.gateway_suspensions = true);
    let child = world.command(&["sync", "--json"]).spawn().unwrap();
    while is_active(&world, &account) == Some(true) {
        tokio::task::yield_now().await;
    }
    // It took place, and was answered with 504; before it is tried again the key ends.
    world.sim.world(|w| {
        w.faults.gateway_suspensions = false;
        w.faults.organization_key_ended = true;
    });
    world.ended(child).await.expect(4);
    world.sim.world(|w| {
        let tries = w.log.iter().filter(|r| r.path.ends_with("/suspend"));
        let last = tries.clone().next_back().unwrap();
        assert!(tries.count() > 1 && last.status == 401, "{last:?}");
        w.faults.organization_key_ended = false;
    });
    set_enabled(&world, &leaver, true);
    world.json(&["sync"], 0).await;
    assert_eq!(is_active(&world, &account), Some(true));
    assert_eq!(world.left().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_jira_shows_suspended_accounts_as_active_or_not() {
    let world = enrolled("leavers = \"suspend\"").await;
    world.sim.world(|w| w.services.suspended_shown = true);
    let (leaver, account) = world.sim.world(|w| people(w)[0].clone());
    set_enabled(&world, &leaver, false);
    world.json(&["sync"], 0).await;
    let suspended = || world.sim.world(|w| w.is_suspended(&account));
    assert!(suspended());
    assert_eq!(is_active(&world, &account), Some(true), "so it is shown");
    assert_eq!(world.left().await, 0);
    let plan = world.json(&["plan", "--full"], 0).await;
    assert_eq!(plan["summary"]["total"], 0, "not again and again");
    set_enabled(&world, &leaver, true);
    world.json(&["sync"], 0).await;
    assert!(!suspended());
    assert_eq!(world.left().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_held_when_somebody_was_suspended_is_held_still() {
    let world = enrolled("leavers = \"suspend\"").await;
    let config = std::fs::read_to_string(world.config_dir().join("config.toml")).unwrap();
    let emptied = "group_emptied_percent = 0\ngroup_emptied_at_least = 1";
    let config = config.replace("group_emptied_percent = 100", emptied);
    world.configure(&config, "");
    // Somebody in a group that mirrors Entra.
    let (leaver, account) = world.sim.world(|w| {
        let mut found = people(w).into_iter();
        let is_in = |account: &str| {
            let mut groups = w.jira.groups.values();
            groups.any(|g| g.created && g.members.contains(account))
        };
        found.find(|(_, account)| is_in(account)).unwrap()
    });
    set_enabled(&world, &leaver, false);
    let document = world.json(&["sync"], 3).await;
    let held = document["counts"]["held"].as_u64().unwrap();
    assert!(held > 0);
    assert_eq!(is_active(&world, &account), Some(false));
    let plan = world.json(&["plan"], 0).await;
    assert_eq!(plan["summary"]["remove_member"], held);
    world.apply_all(0).await;
    world.sim.world(|w| {
        let mut groups = w.jira.groups.values();
        assert!(groups.all(|g| !g.created || !g.members.contains(&account)));
    });
    // And whoever comes back is let in, and into the groups again.
    set_enabled(&world, &leaver, true);
    world.apply_all(0).await;
    assert_eq!(is_active(&world, &account), Some(true));
    world.sim.world(|w| {
        let groups = w.jira.groups.values();
        let back = groups.filter(|g| g.created && g.members.contains(&account));
        assert_eq!(back.count() as u64, held);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rehired_person_who_leaves_again_gets_back_what_was_taken_from_them() {
    let world = enrolled("leavers = \"suspend\"").await;
    let (first, account) = world.sim.world(|w| people(w)[0].clone());
    let person = world.sim.world(|w| w.entra.users[&first].clone());
    world.sim.world(|w| w.delete_user(&first));
    world.json(&["sync"], 0).await;
    assert_eq!(is_active(&world, &account), Some(false));
    // They are hired anew, as another object, and let in by hand.
    let again = "00000000-0000-4000-8000-000000000001";
    world.sim.world(|w| {
        let mut person = person.clone();
        again.clone_into(&mut person.id);
        w.set_user(person);
        w.set_active(&account, true);
    });
    world.json(&["plan", "--full"], 0).await;
    world.apply_all(0).await;
    assert_eq!(world.left().await, 0);
    set_enabled(&world, again, false);
    world.json(&["sync"], 0).await;
    assert_eq!(is_active(&world, &account), Some(false));
    set_enabled(&world, again, true);
    world.json(&["sync"], 0).await;
    assert_eq!(is_active(&world, &account), Some(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_account_that_may_not_be_suspended_stops_no_other() {
    let world = enrolled("leavers = \"suspend\"").await;
    let found = world.sim.world(|w| people(w));
    for (id, _) in &found[..3] {
        set_enabled(&world, id, false);
    }
    world
        .sim
        .world(|w| w.faults.unsuspendable = Some(found[1].1.clone()));
    let document = world.json(&["sync"], 4).await;
    assert_eq!(document["failures"].as_array().unwrap().len(), 1);
    assert_eq!(document["failures"][0]["status"], 403);
    let active: Vec<Option<bool>> = found[..3]
        .iter()
        .map(|(_, account)| is_active(&world, account))
        .collect();
    assert_eq!(active, [Some(false), Some(true), Some(false)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_gives_back_account_and_groups_and_rejects_only_what_it_took_back() {
    let world = enrolled("leavers = \"suspend\"").await;
    let groups = |account: &str| -> Vec<String> {
        world.sim.world(|w| {
            let with = w
                .jira
                .groups
                .values()
                .filter(|g| g.members.contains(account));
            with.map(|g| g.id.clone()).collect()
        })
    };
    // Somebody who stands in a group that mirrors Entra.
    let (leaver, account) = world.sim.world(|w| {
        let mirrored = |account: &str| {
            w.jira
                .groups
                .values()
                .any(|g| g.created && g.members.contains(account))
        };
        people(w)
            .into_iter()
            .find(|(_, account)| mirrored(account))
            .unwrap()
    });
    let before = groups(&account);
    set_enabled(&world, &leaver, false);
    let applied = world.apply_all(0).await;
    assert!(applied["counts"]["done"].as_u64().unwrap() > 1);
    assert_eq!(is_active(&world, &account), Some(false));
    let undo = |run: String| {
        let world = &world;
        async move {
            let file = world.path("undo.json");
            let shown = world
                .json(&["undo", &run, "--out", file.to_str().unwrap()], 0)
                .await;
            (
                world.allowing(&["undo", &run, "--yes"], &shown, 0).await,
                shown,
            )
        }
    };
    undo(applied["run_id"].as_str().unwrap().to_owned()).await;
    assert_eq!(is_active(&world, &account), Some(true));
    assert_eq!(groups(&account), before);
    assert_eq!(world.left().await, 0, "what was taken back is rejected");

    // What can't be taken back is not rejected either: it is done again when it is due again.
    let config = std::fs::read_to_string(world.config_dir().join("config.toml")).unwrap();
    world.configure(&config.replace("\"suspend\"", "\"remove\""), "");
    let (other, gone) = world.sim.world(|w| people(w)[3].clone());
    assert_ne!(other, leaver);
    set_enabled(&world, &other, false);
    let removed = world.apply_all(0).await;
    assert_eq!(is_active(&world, &gone), None);
    let (_, shown) = undo(removed["run_id"].as_str().unwrap().to_owned()).await;
    let told = shown["skipped"].as_array().unwrap().iter();
    assert!(
        told.clone()
            .any(|s| s["reason"].as_str().unwrap().contains("invited again"))
    );
    set_enabled(&world, &other, true);
    world.apply_all(0).await;
    set_enabled(&world, &other, false);
    let plan = world.json(&["plan"], 0).await;
    assert!(
        plan["summary"]["remove_user"].as_u64().unwrap() >= 1,
        "{}",
        plan["summary"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_protected_address_protects_a_hidden_account_of_somebody_deleted() {
    let world = enrolled("leavers = \"suspend\"").await;
    let (leaver, account) = world.sim.world(|w| people(w)[0].clone());
    let mail = world.sim.world(|w| {
        w.jira.accounts.get_mut(&account).unwrap().hidden = true;
        w.importable(&w.entra.users[&leaver]).unwrap()
    });
    let config = std::fs::read_to_string(world.config_dir().join("config.toml")).unwrap();
    world.configure(&config, &format!("protected_accounts = [\"{mail}\"]\n"));
    set_enabled(&world, &leaver, false);
    let disabled = world.json(&["plan", "--full"], 0).await;
    let id = |plan: &Value| {
        let rows = plan["operations"].as_array().unwrap().iter();
        let row = rows.clone().find(|o| o["kind"] == "suspend_user").unwrap();
        assert!(
            row["held_by"]
                .as_array()
                .unwrap()
                .iter()
                .any(|g| g == "protected"),
            "{row}"
        );
        row["id"].as_str().unwrap().to_owned()
    };
    let before = id(&disabled);
    world.sim.world(|w| w.purge_user(&leaver));
    let gone = world.json(&["plan", "--full"], 0).await;
    assert_eq!(id(&gone), before, "a decision on it still stands");
    assert_eq!(is_active(&world, &account), Some(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_among_leavers_everybody_gets_back_what_was_taken() {
    let mut random = fastrand::Rng::with_seed(41);
    let world = enrolled("leavers = \"suspend\"").await;
    let found: Vec<(String, String)> = world
        .sim
        .world(|w| people(w))
        .into_iter()
        .take(24)
        .collect();
    let before = world.sim.world(|w| {
        let groups = w.jira.groups.values();
        groups
            .map(|g| (g.id.clone(), g.members.clone()))
            .collect::<std::collections::BTreeMap<_, _>>()
    });
    for (active, rounds) in [(false, 6), (true, 6)] {
        for (id, _) in &found {
            set_enabled(&world, id, active);
        }
        for _ in 0..rounds {
            let plan = world.json(&["plan"], 0).await;
            if plan["summary"]["total"] == 0 {
                break;
            }
            let allow = World::allowances(&plan);
            let mut arguments = vec!["apply", "--yes", "--json"];
            arguments.extend(allow.iter().map(String::as_str));
            let wanted = world.sim.world(|w| w.writes()) + random.usize(2..14);
            let mut child = world.command(&arguments).spawn().unwrap();
            while world.sim.world(|w| w.writes()) < wanted && child.try_wait().unwrap().is_none() {
                tokio::task::yield_now().await;
            }
            child.kill().unwrap();
            child.wait().unwrap();
        }
        world.apply_all(0).await;
        assert_eq!(world.left().await, 0);
        for (_, account) in &found {
            assert_eq!(is_active(&world, account), Some(active));
        }
    }
    world.sim.world(|w| {
        for (id, members) in &before {
            assert_eq!(
                &w.jira.groups[id].members, members,
                "{}",
                w.jira.groups[id].name
            );
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_clearly_was_not_taken_is_not_given_back() {
    let world = enrolled("leavers = \"suspend\"").await;
    let (leaver, account) = world.sim.world(|w| people(w)[0].clone());
    set_enabled(&world, &leaver, false);
    world
        .sim
        .world(|w| w.faults.unsuspendable = Some(account.clone()));
    let failed = world.json(&["sync"], 4).await;
    // The admin does it by hand, for reasons of their own.
    world.sim.world(|w| w.set_active(&account, false));
    set_enabled(&world, &leaver, true);
    let plan = world.json(&["plan", "--full"], 0).await;
    assert_eq!(plan["summary"]["restore_user"], 0);
    let file = world.path("undo.json");
    let run = failed["run_id"].as_str().unwrap();
    let undo = world
        .json(&["undo", run, "--out", file.to_str().unwrap()], 0)
        .await;
    assert_eq!(undo["summary"]["restore_user"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspension_that_a_gateway_hid_from_a_cancelled_run_is_given_back() {
    let world = enrolled("leavers = \"suspend\"").await;
    let (leaver, account) = world.sim.world(|w| people(w)[0].clone());
    set_enabled(&world, &leaver, false);
    world.sim.world(|w| w.faults.gateway_suspensions = true);
    let child = world.command(&["sync", "--json"]).spawn().unwrap();
    while world.sim.world(|w| w.requests("POST", "/suspend")) == 0 {
        tokio::task::yield_now().await;
    }
    std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    world.ended(child).await.expect(130);
    world.sim.world(|w| w.faults.gateway_suspensions = false);
    assert_eq!(is_active(&world, &account), Some(false), "it took place");
    set_enabled(&world, &leaver, true);
    world.json(&["sync"], 0).await;
    assert_eq!(is_active(&world, &account), Some(true));
    assert_eq!(world.left().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn left_alone_while_unknown_is_not_left_alone_as_a_leaver() {
    let world = enrolled("leavers = \"suspend\"").await;
    let (person, account) = world.sim.world(|w| people(w).remove(0));
    let alone = Decision::LeaveAlone(Question::standing(&AccountId::new(&account)));
    let state = State::open(&world.profile_dir()).unwrap();
    state.record(&[alone]).unwrap();
    // They take part: an apply shows them enabled and in scope.
    world.run(&["apply", "--yes"]).await.expect(0);
    assert!(state.decisions().unwrap().left_alone.is_empty());
    set_enabled(&world, &person, false);
    let plan = world.json(&["plan"], 0).await;
    assert_eq!(plan["summary"]["suspend_user"], 1);
    // Who is left alone as a leaver stays so.
    let alone = Decision::LeaveAlone(Question::standing(&AccountId::new(&account)));
    state.record(&[alone]).unwrap();
    world.run(&["apply", "--yes"]).await.expect(0);
    let plan = world.json(&["plan"], 0).await;
    assert_eq!(plan["summary"]["suspend_user"], 0);
    assert_eq!(is_active(&world, &account), Some(true));
}
