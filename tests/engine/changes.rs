//! After the first time only what changed is read, and it leads to the same plan as everything.

use crate::world::{LIMITS, PROFILE, SMALL, World};
use rollbook::simulator::{AccountType, EntraUser, Member, World as Directories};
use serde_json::Value;

const CALM: &str = r"
[organization]
users = 800
groups = 40
seed = 5
hidden = 0.0
[services]
limiter = false
invisible = 100
";

type Step = fn(&mut Directories);

/// Settles a site: everything applied, and the cycle after it, which verifies what was written.
async fn settled(scenario: &str) -> World {
    let world = World::new(scenario).await;
    world.apply_all(0).await;
    let ran = world.run(&["plan", "--json"]).await.expect(0);
    assert_eq!(ran.json()["summary"]["total"], 0);
    assert!(
        !ran.err.contains("in Jira by"),
        "what Rollbook wrote is told as somebody else's: {}",
        ran.err
    );
    world
}

/// Somebody takes a member out of a group that Rollbook created; gives the group's id and name.
fn take_somebody_out(w: &mut Directories, author: &str) -> (String, String) {
    let mut groups = w.jira.groups.values();
    let group = groups.find(|g| g.created && g.members.len() > 5).unwrap();
    let (id, name) = (group.id.clone(), group.name.clone());
    let account = group.members.iter().next().unwrap().clone();
    w.by_hand(&id, &account, false, author);
    (id, name)
}

/// Operations of a plan, without what differs from one reading to the next.
fn operations(plan: &Value) -> Vec<String> {
    let operations = plan["operations"].as_array().unwrap();
    let mut ids: Vec<String> = operations
        .iter()
        .map(|op| format!("{} {} {}", op["id"], op["kind"], op["reason"]))
        .collect();
    ids.sort();
    ids
}

/// A plan by changes, and the same by reading everything into a place of its own.
#[track_caller]
fn same(by_changes: &Value, by_everything: &Value, what: &str) {
    assert_eq!(operations(by_changes), operations(by_everything), "{what}");
    assert_eq!(by_changes["links"], by_everything["links"], "{what}");
}

fn some_user(w: &Directories, nth: usize) -> EntraUser {
    let mut users = w.entra.users.values().filter(|u| w.importable(u).is_some());
    users.nth(nth).unwrap().clone()
}

/// An Entra group with people in it that hides nothing.
fn some_group(w: &Directories, nth: usize) -> String {
    let mut groups = w.entra.groups.values().filter(|g| {
        g.visibility.is_none() && g.members.iter().any(|m| matches!(m, Member::User(_)))
    });
    groups.nth(nth).unwrap().id.clone()
}

fn hire(w: &mut Directories, local: &str, groups: &[String]) {
    let mut user = some_user(w, 0);
    user.id = format!("f0000000-0000-4000-8000-{local:0>12}");
    user.name = format!("Hired {local}");
    user.mail = Some(format!("{local}@meridian.example"));
    user.upn = format!("{local}@meridian.example");
    let id = user.id.clone();
    w.set_user(user);
    for group in groups {
        w.set_member(group, Member::User(id.clone()), true);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_cycle_asks_next_to_nothing() {
    let world = settled(CALM).await;
    let before = world.sim.world(|w| w.log.len());
    let ran = world.json(&["sync"], 0).await;
    assert_eq!(ran["outcome"], "nothing");
    let log = world.sim.world(|w| w.log[before..].to_vec());
    assert!(log.len() <= 10, "{log:#?}");
    let counted =
        ran["requests"]["entra"].as_u64().unwrap() + ran["requests"]["jira"].as_u64().unwrap();
    assert!(counted <= 10, "{ran}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_refresh_stays_within_its_floor() {
    let world = World::with_namesake(CALM).await;
    let plan = world.json(&["plan"], 0).await;
    let matched =
        plan["links"]["groups"].as_u64().unwrap() + plan["links"]["suggested"].as_u64().unwrap();
    world.sim.world(|w| {
        let rounds = w
            .log
            .iter()
            .filter(|r| r.path.ends_with("/groups/delta"))
            .count();
        let members: usize = w
            .jira
            .groups
            .values()
            .filter(|g| {
                w.entra
                    .groups
                    .values()
                    .any(|e| e.name.to_lowercase() == g.name.to_lowercase())
            })
            .map(|g| g.members.len().div_ceil(50).max(1))
            .sum();
        assert!(matched > 0 && members > 10);
        let floor = w.entra.users.len().div_ceil(999)
            + rounds
            + w.jira.accounts.len().div_ceil(1000)
            + 1
            + w.jira.groups.len().div_ceil(50)
            + members;
        let most = floor * 105 / 100 + 10;
        let looked_up = w.requests("GET", "/user/search");
        assert!(w.log.len() - looked_up <= most, "{} of {most}", w.log.len());
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn scattered_changes_are_carried_over_with_few_requests() {
    let world = settled(CALM).await;
    let before = world.sim.world(|w| {
        let groups: Vec<String> = (0..8).map(|nth| some_group(w, nth)).collect();
        for n in 0..6 {
            hire(w, &format!("new{n}"), &groups[n..=n + 1]);
        }
        for n in 0..6 {
            let user = some_user(w, 20 + n).id;
            w.set_member(&groups[n % 8], Member::User(user), true);
        }
        for group in groups.iter().take(4) {
            let members = w.entra.groups[group].members.iter();
            let mut people = members.filter(|m| matches!(m, Member::User(_)));
            let person = people.next().unwrap().clone();
            w.set_member(group, person, false);
        }
        for n in 0..3 {
            let id = some_user(w, 60 + n).id;
            w.edit_user(&id, |user| user.enabled = false);
        }
        for n in 0..3 {
            let id = some_user(w, 90 + n).id;
            w.delete_user(&id);
        }
        w.log.len()
    });
    let ran = world.json(&["sync"], 0).await;
    assert_eq!(ran["outcome"], "applied", "{ran}");
    let sent = world.sim.world(|w| w.log.len()) - before;
    assert!(sent <= 150, "{sent} requests; {}", ran["counts"]);
    assert_eq!(world.left().await, 0);
    let full = world.json(&["plan", "--full"], 0).await;
    assert_eq!(full["summary"]["total"], 0, "{}", full["operations"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_lead_to_the_same_plan_as_everything() {
    let world = settled(SMALL).await;
    let steps: [(&str, Step); 12] = [
        ("a soft deletion, of which groups are not told", |w| {
            let id = some_user(w, 3).id;
            w.delete_user(&id);
        }),
        ("restored, into the groups as before", |w| {
            let id = "restored".to_owned();
            let mut user = some_user(w, 5);
            user.id.clone_from(&id);
            user.mail = Some("restored@meridian.example".to_owned());
            w.set_user(user);
            let group = some_group(w, 0);
            w.set_member(&group, Member::User(id), true);
        }),
        ("deleted again", |w| w.delete_user("restored")),
        ("and restored again", |w| w.restore_user("restored")),
        ("deleted for good", |w| w.purge_user("restored")),
        ("a nested group is taken out", |w| {
            let found = w.entra.groups.values().find_map(|g| {
                let nested = g.members.iter().find(|m| matches!(m, Member::Group(_)))?;
                Some((g.id.clone(), nested.clone()))
            });
            let (group, nested) = found.unwrap();
            w.set_member(&group, nested, false);
        }),
        ("another is put in", |w| {
            let (a, b) = (some_group(w, 1), some_group(w, 4));
            w.set_member(&a, Member::Group(b), true);
        }),
        ("a group is renamed", |w| {
            let id = some_group(w, 2);
            w.edit_group(&id, |group| group.name = "Renamed Team".to_owned());
        }),
        ("a group is deleted", |w| {
            let id = some_group(w, 4);
            w.delete_group(&id);
        }),
        ("and restored", |w| {
            let ids: Vec<String> = w.deleted_groups();
            w.restore_group(&ids[0]);
        }),
        ("a group is new, in several slices", |w| {
            let mut group = w.entra.groups[&some_group(w, 0)].clone();
            group.id = "aaaaaaaa-0000-4000-8000-000000000000".to_owned();
            group.name = "Brand New".to_owned();
            group.members = (0..30).map(|n| Member::User(some_user(w, n).id)).collect();
            w.set_group(group);
        }),
        ("somebody is disabled, another gets a new address", |w| {
            let (a, b) = (some_user(w, 8).id, some_user(w, 9).id);
            w.edit_user(&a, |user| user.enabled = false);
            w.edit_user(&b, |user| user.mail = None);
        }),
    ];
    for (what, step) in steps {
        world.sim.world(step);
        let asked = world.sim.world(|w| w.requests("GET", "/v1.0/users"));
        let by_changes = world.json(&["plan"], 0).await;
        assert!(asked > 0);
        // A second profile folder knows nothing, but for the links.
        let by_everything = everything(&world).await;
        same(&by_changes, &by_everything, what);
    }
}

/// The plan from reading everything, without keeping what was read.
async fn everything(world: &World) -> Value {
    let mirror = world.profile_dir().join("mirror.db");
    let kept = std::fs::read(&mirror).unwrap();
    let plan = world.json(&["plan", "--full"], 0).await;
    for tail in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(world.profile_dir().join(format!("mirror.db{tail}")));
    }
    std::fs::write(&mirror, kept).unwrap();
    plan
}

#[tokio::test(flavor = "multi_thread")]
async fn ended_links_lead_to_a_full_read_that_is_compared() {
    let world = settled(SMALL).await;
    let ways: [Step; 6] = [
        |w| w.faults.delta_gone = true,
        // As it was recorded, for links over 30 days old, and as the field reports it.
        |w| w.faults.delta_refused = Some("Request_UnsupportedQuery".to_owned()),
        |w| w.faults.delta_refused = Some("BadRequest".to_owned()),
        |w| w.faults.delta_refused = Some("syncStateNotFound".to_owned()),
        |w| w.faults.delta_refused = Some("resyncRequired".to_owned()),
        |w| {
            // More often than it is begun anew.
            w.faults.expired_deltas = 3;
            for n in 0..30 {
                let id = some_user(w, n).id;
                w.edit_user(&id, |user| user.licensed = !user.licensed);
            }
        },
    ];
    for (number, way) in ways.into_iter().enumerate() {
        world.sim.world(|w| {
            way(w);
            hire(w, &format!("late{number}"), &[]);
        });
        let ran = world.run(&["plan", "--json"]).await.expect(0);
        assert!(
            ran.err.contains("everything was read again and compared"),
            "{number}: {}",
            ran.err
        );
        assert!(
            ran.err.contains("1 person new and 0 gone"),
            "{number}: {}",
            ran.err
        );
        assert_eq!(ran.json()["summary"]["remove_member"], 0);
        world.sim.world(|w| {
            w.faults.delta_gone = false;
            w.faults.delta_refused = None;
            w.faults.expired_deltas = 0;
        });
    }
    // Once or twice is only begun anew.
    world.sim.world(|w| {
        w.faults.expired_deltas = 1;
        for n in 0..30 {
            let id = some_user(w, n).id;
            w.edit_user(&id, |user| user.licensed = !user.licensed);
        }
    });
    let ran = world.run(&["plan", "--json"]).await.expect(0);
    assert!(!ran.err.contains("everything was read"), "{}", ran.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_without_end_are_an_error() {
    let world = settled(SMALL).await;
    world.sim.world(|w| {
        w.faults.endless_deltas = true;
        let id = some_user(w, 1).id;
        w.edit_user(&id, |user| user.enabled = false);
    });
    let document = world.json(&["plan"], 1).await;
    assert_eq!(document["error"]["kind"], "entra", "{document}");
    let message = document["error"]["message"].as_str().unwrap();
    assert!(message.contains("same link twice"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_delta_members_come_in_batches() {
    let world = World::new(SMALL).await;
    let by_delta = world.json(&["plan"], 0).await;
    let other = World::new(SMALL).await;
    other.sim.world(|w| {
        w.faults.no_delta = true;
        w.faults.batch_429 = 3;
    });
    let by_batch = other.json(&["plan"], 0).await;
    same(&by_batch, &by_delta, "without delta");
    assert_eq!(by_batch["complete"]["entra"], true);
    other
        .sim
        .world(|w| assert!(w.requests("POST", "/$batch") >= 2));
    // Without links to changes, everything is read each time.
    let again = other.json(&["plan"], 0).await;
    same(&again, &by_delta, "again");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_changed_jira_by_hand_is_told() {
    let world = settled(SMALL).await;
    let config = world.sim.config(PROFILE);
    world.configure(&config, &format!("{LIMITS}verify_within = \"0s\"\n"));
    let (group, name) = world.sim.world(|w| {
        let admin = w.jira.admin.clone();
        take_somebody_out(w, &admin)
    });
    let ran = world.run(&["plan", "--json"]).await.expect(0);
    assert!(
        ran.err.contains("was taken out of")
            && ran.err.contains("by Rollbook Admin on 2026-11-25 10:00"),
        "{}",
        ran.err
    );
    assert!(ran.err.contains(&name), "{}", ran.err);
    let plan = ran.json();
    assert_eq!(plan["summary"]["add_member"], 1, "{}", plan["operations"]);
    // Without the audit records the drift is told all the same.
    world.sim.world(|w| {
        w.faults.no_audit = true;
        let account = w.jira.groups[&group].members.iter().next().unwrap().clone();
        w.by_hand(&group, &account, false, "");
    });
    let ran = world.run(&["plan", "--json"]).await.expect(0);
    assert!(ran.err.contains("don't tell who"), "{}", ran.err);
    let plan = ran.json();
    let unknown = plan["unknown"][0].as_str().unwrap();
    assert!(unknown.contains("who changed memberships"), "{plan}");
    let report = world.json(&["sync"], 0).await;
    assert_eq!(report["counts"]["done"], 2);
    // Most records bear no author.
    world.sim.world(|w| {
        w.faults.no_audit = false;
        w.faults.anonymous_audit = true;
        let members = &w.jira.groups[&group].members;
        let (admin, other) = (
            w.jira.admin.clone(),
            members.iter().next_back().unwrap().clone(),
        );
        w.by_hand(&group, &other, false, &admin);
    });
    let ran = world.run(&["plan", "--full", "--json"]).await.expect(0);
    let told = "by somebody else on 2026-11-25 10:00; the audit record doesn't tell who";
    assert!(ran.err.contains(told), "{}", ran.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn drift_is_found_within_its_time_and_at_once_on_demand() {
    let world = settled(SMALL).await;
    world.sim.world(|w| take_somebody_out(w, ""));
    assert_eq!(world.left().await, 0, "it was verified a moment ago");
    let ran = world.run(&["plan", "--full", "--json"]).await.expect(0);
    assert!(ran.err.contains("was taken out of"), "{}", ran.err);
    assert_eq!(ran.json()["summary"]["add_member"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_jira_became_meanwhile_is_not_done_again() {
    let world = settled(SMALL).await;
    // Somebody does by hand what Entra's change would lead to.
    world.sim.world(|w| {
        let group = w
            .entra
            .groups
            .values()
            .find(|g| w.jira_group(&g.name).is_some_and(|j| j.created) && g.visibility.is_none())
            .unwrap()
            .clone();
        let inside = w.flattened(&group.id);
        let user = w
            .entra
            .users
            .values()
            .find(|u| {
                !inside.contains(&u.id)
                    && w.importable(u)
                        .is_some_and(|m| w.accounts_of(&m).iter().any(|a| a.active))
            })
            .unwrap()
            .clone();
        let account = w.accounts_of(&w.importable(&user).unwrap())[0].id.clone();
        let jira = w.jira_group(&group.name).unwrap().id.clone();
        w.set_member(&group.id, Member::User(user.id), true);
        w.by_hand(&jira, &account, true, "");
        // And somebody invites a person whom the next run would create.
        hire(w, "byhand", &[]);
        let account = Directories::account(
            "byhand",
            "Hired byhand",
            "byhand@meridian.example",
            AccountType::Atlassian,
        );
        w.add_account(account);
    });
    let plan = world.json(&["plan"], 0).await;
    let added: Vec<&Value> = plan["operations"].as_array().unwrap().iter().collect();
    assert!(
        added
            .iter()
            .all(|op| op["kind"] == "add_member"
                && op["reason"].as_str().unwrap().contains("nested")),
        "{added:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn people_assigned_to_an_application_take_part() {
    let world = World::new(SMALL).await;
    let app = "0b9a4d5e-0000-4000-8000-00000000000a";
    let scope = format!(
        "{LIMITS}[profiles.\"{PROFILE}\".scope]\nusers = \"assigned\"\nassigned_app_id = \"{app}\"\n"
    );
    world.configure(&world.sim.config(PROFILE), &scope);
    let unknown = world.json(&["plan"], 1).await;
    assert!(
        unknown["error"]["message"].as_str().unwrap().contains(app),
        "{unknown}"
    );
    let expected = world.sim.world(|w| {
        let group = some_group(w, 1);
        let mut people = w.flattened(&group);
        let single: Vec<String> = (0..9).map(|n| some_user(w, n * 3).id).collect();
        let mut members: Vec<Member> = single.iter().cloned().map(Member::User).collect();
        members.push(Member::Group(group));
        w.entra.assigned.insert(app.to_owned(), members);
        people.extend(single);
        people.retain(|id| w.importable(&w.entra.users[id]).is_some());
        people
    });
    let plan = world.json(&["plan"], 0).await;
    let skipped = plan["skipped"].as_array().unwrap();
    let left_out = skipped
        .iter()
        .filter(|s| s["reason"].as_str().unwrap().contains("not assigned"))
        .count();
    assert!(left_out > 0);
    for op in plan["operations"].as_array().unwrap() {
        if op["kind"] == "create_user" {
            assert!(
                expected.contains(op["user"]["entra_id"].as_str().unwrap()),
                "{op}"
            );
        }
    }
    // Everybody else again: nothing has to be read for that.
    world.configure(&world.sim.config(PROFILE), LIMITS);
    let before = world.sim.world(|w| w.log.len());
    world.json(&["plan"], 0).await;
    let log = world.sim.world(|w| w.log[before..].to_vec());
    let whole = |r: &&rollbook::simulator::Logged| {
        r.path == "/v1.0/users"
            || (r.path.ends_with("/delta") && r.query.iter().all(|(name, _)| name == "$select"))
    };
    assert_eq!(
        log.iter().filter(whole).count(),
        0,
        "a change of scope needs no reading"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_organization_knows_who_hides_an_address() {
    let scenario = "[organization]\nusers = 260\ngroups = 12\nseed = 8\nhidden = 0.7\n[services]\nlimiter = false\n";
    let mut world = World::new(scenario).await;
    let key = world.sim.world(|w| w.jira.organization_key.clone());
    world.set("ROLLBOOK_ORG_API_KEY", &key);
    let plan = world.json(&["plan"], 0).await;
    world.sim.world(|w| {
        assert_eq!(w.requests("GET", "/user/search"), 0);
        let calls = w.requests("POST", "/users/search");
        assert!((1..=12).contains(&calls), "{calls}");
    });
    // Whoever has an account, also under another name, is linked; nobody is created twice.
    assert_eq!(plan["unverified"], 0);
    world.sim.world(|w| {
        for op in plan["operations"].as_array().unwrap() {
            if op["kind"] == "create_user" {
                let mail = op["user"]["email"].as_str().unwrap();
                assert!(w.accounts_of(mail).is_empty(), "{mail} has an account");
            }
        }
    });
    world.sim.world(|w| {
        let ids: Vec<String> = w.jira.accounts.keys().take(9).cloned().collect();
        w.jira.synced.extend(ids);
    });
    let check = world.run(&["check"]).await.expect(0);
    assert!(
        check.out.contains("another system provisions this site")
            && check.out.contains("people looked at"),
        "{}",
        check.out
    );
    world.set("ROLLBOOK_ORG_API_KEY", "ended");
    let ran = world.run(&["plan", "--json"]).await.expect(0);
    assert!(ran.err.contains("key is not accepted"), "{}", ran.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_somebody_removed_is_noticed_before_it_is_written_to() {
    let world = settled(SMALL).await;
    let (id, mail) = world.sim.world(|w| {
        let group = w
            .entra
            .groups
            .values()
            .find(|g| w.jira_group(&g.name).is_some_and(|j| j.created) && g.visibility.is_none())
            .unwrap()
            .clone();
        let inside = w.flattened(&group.id);
        let account_of = |u: &EntraUser| {
            let account = w.accounts_of(&w.importable(u)?).first()?.id.clone();
            w.jira.accounts[&account].active.then_some(account)
        };
        let mut outside = w.entra.users.values().filter(|u| !inside.contains(&u.id));
        let (user, account) = outside
            .find_map(|u| Some((u.clone(), account_of(u)?)))
            .unwrap();
        let mail = w.importable(&user).unwrap();
        w.set_member(&group.id, Member::User(user.id), true);
        w.remove_account(&account);
        (account, mail)
    });
    let plan = world.json(&["plan"], 0).await;
    let operations = plan["operations"].as_array().unwrap();
    assert!(
        operations
            .iter()
            .all(|op| op["user"]["account_id"] != id.as_str())
    );
    let created = |op: &&Value| {
        let email = op["user"]["email"].as_str().unwrap_or_default();
        op["kind"] == "create_user" && email.eq_ignore_ascii_case(&mail)
    };
    assert_eq!(
        operations.iter().filter(created).count(),
        1,
        "{operations:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_allowed_unattended_is_confirmed_like_everything_else() {
    let world = settled(SMALL).await;
    let guards = format!("{LIMITS}[profiles.\"{PROFILE}\".guards]\nmembers_removed = 1\n");
    world.configure(&world.sim.config(PROFILE), &guards);
    world.sim.world(|w| {
        let groups: Vec<String> = w
            .entra
            .groups
            .values()
            .filter(|g| w.jira_group(&g.name).is_some_and(|j| j.created) && g.members.len() > 6)
            .map(|g| g.id.clone())
            .collect();
        for group in groups {
            let people = w.entra.groups[&group].members.iter();
            let people = people.filter(|m| matches!(m, Member::User(_))).take(2);
            for person in people.cloned().collect::<Vec<_>>() {
                w.set_member(&group, person, false);
            }
        }
    });
    let held = world.json(&["sync"], 3).await;
    let guards = held["guards"].as_array().unwrap();
    assert_eq!(guards.len(), 1, "{held}");
    let allow = World::allowances(&held);
    let before = world.sim.world(|w| w.log.len());
    let arguments: Vec<&str> = std::iter::once("sync")
        .chain(allow.iter().map(String::as_str))
        .collect();
    let ran = world.json(&arguments, 0).await;
    assert!(ran["counts"]["done"].as_u64().unwrap() > 1, "{ran}");
    world.sim.world(|w| {
        let log = &w.log[before..];
        let first = log.iter().position(|r| r.method == "DELETE").unwrap();
        let asked = log[..first]
            .iter()
            .any(|r| r.path.starts_with("/v1.0/groups/") && r.path.ends_with("/members"));
        assert!(asked, "nobody asked the groups themselves who left");
    });
}
