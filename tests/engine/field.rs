//! Habits of the two services that no document tells, as they were recorded or reported from the field.

use crate::world::{SMALL, World};
use rollbook::simulator::{AccountType, Endless, Faults, Member, Service, TurnedAway, Unavailable};

/// How a command failed: its kind, and its words.
async fn failure(world: &World, arguments: &[&str]) -> (String, String) {
    let document = world.json(arguments, 1).await;
    let error = &document["error"];
    let text = |key: &str| error[key].as_str().unwrap_or_default().to_owned();
    (
        text("kind"),
        format!("{} {}", text("message"), text("hint")),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_without_end_is_an_error_before_long() {
    let mut world = World::new(SMALL).await;
    world.apply_all(0).await;
    let key = world.sim.world(|w| w.jira.organization_key.clone());
    for (endless, kind, most) in [
        (Endless::Users, "entra", 60),
        (Endless::EmptyUsers, "entra", 560),
        (Endless::Groups, "entra", 60),
        (Endless::Accounts, "jira", 80),
        (Endless::JiraGroups, "jira", 120),
        (Endless::JiraMembers, "jira", 1500),
        (Endless::Organization, "jira", 100),
    ] {
        if endless == Endless::Organization {
            world.set("ROLLBOOK_ORG_API_KEY", &key);
        }
        let before = world.sim.world(|w| {
            w.faults.endless = Some(endless);
            (w.log.len(), w.writes())
        });
        let (told, words) = failure(&world, &["sync", "--full"]).await;
        assert_eq!(told, kind, "{endless:?}: {words}");
        assert!(words.contains("does not end"), "{endless:?}: {words}");
        let after = world.sim.world(|w| (w.log.len(), w.writes()));
        assert!(
            after.0 - before.0 < most,
            "{endless:?}: {} requests",
            after.0 - before.0
        );
        assert_eq!(after.1, before.1, "{endless:?}: something was written");
    }
    world.sim.world(|w| w.faults.endless = None);
    assert_eq!(world.left().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_alone_are_a_missing_permission() {
    let world = World::new(SMALL).await;
    world.apply_all(0).await;
    world.sim.world(|w| w.faults.bare_ids = true);
    for arguments in [["plan", "--full"], ["sync", "--full"]] {
        let (kind, words) = failure(&world, &arguments).await;
        assert_eq!(kind, "entra-permission", "{words}");
        assert!(words.contains("User.Read.All"), "{words}");
    }
    world.sim.world(|w| w.faults.bare_ids = false);
    assert_eq!(world.left().await, 0);
}

/// A service that does not answer is named before half a minute is over, by whatever waits for it.
async fn unanswered(arguments: &[&str], fault: fn(&mut Faults), asked: &[(&str, &str)]) {
    let world = World::new(SMALL).await;
    world.sim.world(|w| fault(&mut w.faults));
    let ran = world.run(arguments).await.expect(1);
    let told = format!("{}{}", ran.out, ran.err);
    assert!(told.contains("no answer from 127.0.0.1"), "{told}");
    assert!(told.contains("within 10 s"), "{told}");
    assert!(
        ran.err.contains("Waiting for an answer from 127.0.0.1"),
        "{}",
        ran.err
    );
    for (method, path) in asked {
        let requests = world.sim.world(|w| w.requests(method, path));
        assert_eq!(requests, 2, "{path}: once, and once more");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_never_answers_is_named_soon() {
    let token = [("POST", "/oauth2/v2.0/token")];
    let site = [("GET", "/_edge/tenant_info")];
    tokio::join!(
        unanswered(&["check"], |f| f.silent = Some(Service::Login), &token),
        unanswered(&["check"], |f| f.drips = Some(Service::Jira), &site),
        unanswered(&["plan"], |f| f.silent = Some(Service::Jira), &site),
        unanswered(&["apply"], |f| f.drips = Some(Service::Login), &token),
    );
}

/// A settled site in which somebody has left a group that Rollbook made. Gives the group's id in Jira,
/// and the account.
async fn somebody_left() -> (World, String, String) {
    let world = World::new(SMALL).await;
    world.apply_all(0).await;
    let (group, account) = world.sim.world(|w| {
        let (entra, jira, member, account) = w
            .entra
            .groups
            .values()
            .filter(|group| group.members.len() > 8)
            .find_map(|group| {
                let jira = w.jira_group(&group.name).filter(|jira| jira.created)?;
                group.members.iter().find_map(|member| {
                    let Member::User(id) = member else {
                        return None;
                    };
                    let mail = w.importable(&w.entra.users[id])?;
                    let account = w.accounts_of(&mail).first()?.id.clone();
                    let is_in = jira.members.contains(&account);
                    is_in.then(|| (group.id.clone(), jira.id.clone(), member.clone(), account))
                })
            })
            .unwrap();
        w.set_member(&entra, member, false);
        (jira, account)
    });
    (world, group, account)
}

fn is_in(world: &World, group: &str, account: &str) -> bool {
    world
        .sim
        .world(|w| w.jira.groups[group].members.contains(account))
}

/// What comes in place of an answer is told as the site's failure, and nothing counts as done.
async fn unavailable(instead: Unavailable) {
    let (world, group, account) = somebody_left().await;
    world.sim.world(|w| w.faults.unavailable = Some(instead));
    let report = world.json(&["sync"], 1).await;
    assert_eq!(report["outcome"], "failed", "{instead:?}: {report}");
    assert_eq!(report["counts"]["already"], 0, "{instead:?}: {report}");
    assert_eq!(report["counts"]["done"], 0, "{instead:?}: {report}");
    let failure = report["failures"][0]["message"]
        .as_str()
        .unwrap_or_default();
    assert!(failure.contains("unavailable"), "{instead:?}: {report}");
    assert!(is_in(&world, &group, &account), "{instead:?}");
    world.sim.world(|w| w.faults.unavailable = None);
    let report = world.json(&["sync"], 0).await;
    assert_eq!(report["counts"]["done"], 1, "{report}");
    assert!(!is_in(&world, &group, &account));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_in_place_of_an_answer_takes_nobody_out() {
    tokio::join!(
        unavailable(Unavailable::Page),
        unavailable(Unavailable::Error),
        unavailable(Unavailable::Empty),
        unavailable(Unavailable::SignIn),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn not_found_is_done_only_where_a_second_read_shows_it() {
    let (world, group, account) = somebody_left().await;
    world.sim.world(|w| w.faults.unremovable = true);
    for _ in 0..2 {
        let report = world.json(&["sync"], 4).await;
        assert_eq!(report["counts"]["failed"], 1, "{report}");
        assert_eq!(report["counts"]["already"], 0, "{report}");
        assert!(is_in(&world, &group, &account));
    }
    // Gone between the plan and the call.
    let plan = world.path("plan.json");
    let plan = plan.to_str().unwrap();
    world.run(&["plan", "--out", plan]).await.expect(0);
    world.sim.world(|w| {
        let group = w.jira.groups.get_mut(&group).unwrap();
        group.members.remove(&account);
    });
    assert_eq!(world.left().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_without_a_word_gives_no_group_up() {
    let (world, group, account) = somebody_left().await;
    world.sim.world(|w| w.faults.wordless = true);
    let report = world.json(&["sync"], 4).await;
    assert_eq!(report["counts"]["failed"], 1, "{report}");
    world.sim.world(|w| w.faults.wordless = false);
    // The very next run goes on with it: it is not taken for somebody else's group.
    let report = world.json(&["sync"], 0).await;
    assert_eq!(report["counts"]["done"], 1, "{report}");
    assert!(!is_in(&world, &group, &account));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_left_is_removed_also_where_it_is_not_said_what_they_are() {
    let (world, group, account) = somebody_left().await;
    world.sim.world(|w| w.faults.untyped_removals = true);
    let report = world.json(&["sync"], 0).await;
    assert_eq!(report["counts"]["done"], 1, "{report}");
    assert!(!is_in(&world, &group, &account));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_asks_for_no_wait_is_given_time_all_the_same() {
    let (world, group, account) = somebody_left().await;
    world.sim.world(|w| w.faults.impatient_429 = 3);
    world.json(&["sync"], 0).await;
    assert!(!is_in(&world, &group, &account));
    let early = world.sim.world(|w| {
        let refused: Vec<_> = w.log.iter().filter(|r| r.status == 429).collect();
        let at = |r: &&rollbook::simulator::Logged| r.at;
        let (first, last) = (refused.first().map(at), refused.last().map(at));
        (
            refused.len(),
            first.zip(last).map(|(first, last)| last - first),
        )
    });
    assert_eq!(early.0, 3);
    // Hammering would have used up all repetitions within the same moment.
    assert!(
        early.1.is_some_and(|took| took.as_millis() > 500),
        "{early:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_stand_for_nobody_stop_no_plan() {
    let world = World::new(SMALL).await;
    world.apply_all(0).await;
    world.sim.world(|w| w.faults.ghosts = true);
    let plan = world.json(&["plan", "--full"], 0).await;
    assert_eq!(plan["complete"]["jira"], true, "{plan}");
    assert_eq!(plan["summary"]["total"], 0, "{plan}");
    let text = plan.to_string();
    assert!(!text.contains("A group without an id"), "{text}");
    assert!(!text.contains("Former user"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_that_can_not_do_everything_stops_no_plan() {
    let mut world = World::new(SMALL).await;
    let key = world.sim.world(|w| {
        w.faults.old_organization = true;
        w.jira.organization_key.clone()
    });
    world.set("ROLLBOOK_ORG_API_KEY", &key);
    let ran = world.run(&["plan", "--json"]).await.expect(0);
    assert!(
        ran.err
            .contains("Unknown: which groups another system syncs"),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("new user management"), "{}", ran.err);
    let plan = ran.json();
    assert_eq!(plan["complete"]["jira"], true, "{plan}");
    let unknown = plan["unknown"].to_string();
    let words = "which groups another system syncs";
    assert!(unknown.contains(words), "it stands in the plan: {plan}");
    let text = world.run(&["plan"]).await.expect(0).out;
    assert!(
        text.contains("Unknown: which groups another system"),
        "{text}"
    );
    // Who hides an address is found by Jira's own search.
    assert!(world.sim.world(|w| w.requests("GET", "/user/search")) > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_a_good_token_out_is_said_for_what_it_is() {
    let world = World::new(SMALL).await;
    for (why, kind, words) in [
        (TurnedAway::Scope, "jira-permission", "scope does not match"),
        (TurnedAway::Address, "jira-permission", "IP allowlist"),
        (TurnedAway::Password, "jira-credentials", "is a password"),
    ] {
        world.sim.world(|w| w.faults.turned_away = Some(why));
        let (told, message) = failure(&world, &["plan"]).await;
        assert_eq!(told, kind, "{why:?}: {message}");
        assert!(message.contains(words), "{why:?}: {message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_graph_says_of_itself_is_told() {
    let world = World::new(SMALL).await;
    world.sim.world(|w| w.faults.breaks_off = true);
    let document = world.json(&["plan"], 1).await;
    let message = document["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("broke off") && message.contains("InternalServerError"),
        "{message}"
    );
    assert_eq!(
        document["error"]["ids"]["request-id"], "broke-off-1",
        "{document}"
    );
    world.sim.world(|w| {
        w.faults.breaks_off = false;
        w.faults.no_consent = true;
    });
    let (kind, words) = failure(&world, &["plan"]).await;
    assert_eq!(kind, "entra-permission", "{words}");
    assert!(
        words.contains("Authorization_IdentityNotFound") && words.contains("admin consent"),
        "{words}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_tenants_domains_nobody_is_created_until_ours_are_named() {
    let world = World::new(SMALL).await;
    world.sim.world(|w| {
        w.faults.no_organization = true;
        w.services.roles = vec![
            "User.Read.All".to_owned(),
            "GroupMember.Read.All".to_owned(),
        ];
    });
    let ran = world.run(&["plan", "--json"]).await.expect(0);
    assert!(
        ran.err.contains("Unknown: the tenant's name and domains"),
        "{}",
        ran.err
    );
    let plan = ran.json();
    let held = |plan: &serde_json::Value, name: &str| {
        let operations = plan["operations"].as_array().unwrap().iter();
        let creations = operations.filter(|op| op["kind"] == "create_user");
        let held = creations.map(|op| op["held_by"].as_array().unwrap().contains(&name.into()));
        held.collect::<Vec<bool>>()
    };
    let creations = held(&plan, "unknown-domains");
    assert!(!creations.is_empty() && creations.iter().all(|held| *held));
    world.json(&["apply", "--yes"], 3).await;
    assert_eq!(world.sim.world(|w| w.requests("POST", "/api/3/user")), 0);
    let ours = "[profiles.\"Azure AD\".scope]\ndomains = [\"meridian.example\", \"Meridian-Labs.example\"]\n";
    let config = world.sim.config(crate::world::PROFILE);
    world.configure(&config, ours);
    let plan = world.json(&["plan"], 0).await;
    let creations = held(&plan, "unknown-domains");
    assert!(!creations.is_empty() && !creations.iter().any(|held| *held));
    let check = world.run(&["check"]).await.expect(0);
    assert!(check.out.contains("scope.domains"), "{}", check.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_batch_does_not_tell_is_asked_for_singly() {
    let world = World::new(SMALL).await;
    world.sim.world(|w| w.faults.no_delta = true);
    let whole = world.json(&["plan"], 0).await;
    world.sim.world(|w| w.faults.batch_unreadable = true);
    let asked = world.sim.world(|w| w.requests("GET", "/members"));
    let plan = world.json(&["plan", "--full"], 0).await;
    assert_eq!(plan["summary"], whole["summary"]);
    assert!(world.sim.world(|w| w.requests("GET", "/members")) > asked);
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_invitations_name_the_products() {
    let mut world = World::new(SMALL).await;
    let key = world.sim.world(|w| w.jira.organization_key.clone());
    world.set("ROLLBOOK_ORG_API_KEY", &key);
    let silent = "import_users = true\ninvitations = \"silent\"\nproducts = [\"jira-software\"]";
    let config = world.sim.config(crate::world::PROFILE);
    world.configure(&config.replace("import_users = true", silent), "");
    // A key that may not read the products invites nobody, and says so.
    world.sim.world(|w| w.faults.no_workspaces = true);
    let check = world.run(&["check"]).await.expect(1);
    assert!(check.out.contains("INSUFFICIENT_SCOPE"), "{}", check.out);
    let plan = world.json(&["plan"], 0).await;
    let report = world.allowing(&["apply", "--yes"], &plan, 4).await;
    assert!(
        report["failures"][0]["message"]
            .as_str()
            .unwrap()
            .contains("scope"),
        "{report}"
    );
    assert_eq!(world.sim.world(|w| w.requests("POST", "/users/invite")), 0);
    world.sim.world(|w| w.faults.no_workspaces = false);
    world.apply_all(0).await;
    world.sim.world(|w| {
        let seats = w.jira_group("jira-software-users").unwrap();
        let mut created = w
            .jira
            .accounts
            .values()
            .filter(|a| a.created > 0)
            .peekable();
        assert!(created.peek().is_some());
        assert!(created.all(|account| seats.members.contains(&account.id)));
    });
    world.run(&["check"]).await.expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_creation_gives_nobody_an_account_by_its_name() {
    let world = World::new(SMALL).await;
    let plan = world.json(&["plan"], 0).await;
    let operations = plan["operations"].as_array().unwrap().iter();
    let creations = operations.filter(|op| op["kind"] == "create_user");
    let mails: Vec<String> = creations
        .map(|op| op["user"]["email"].as_str().unwrap().to_owned())
        .collect();
    // Somebody who is only in Jira hides their address and calls themselves by that of another.
    let stranger = world.sim.world(|w| {
        w.faults.uncreatable = true;
        let people: Vec<String> = w
            .entra
            .users
            .values()
            .filter_map(|u| u.mail.clone())
            .collect();
        let mut accounts = w.jira.accounts.values_mut();
        let stranger = accounts.find(|account| {
            account.active
                && account.kind == AccountType::Atlassian
                && !account.email.contains("admin")
                && !people.contains(&account.email)
        });
        let stranger = stranger.expect("somebody is only in Jira");
        stranger.hidden = true;
        stranger.name.clone_from(&mails[0]);
        stranger.id.clone()
    });
    let groups = |w: &mut rollbook::simulator::World| {
        let groups = w.jira.groups.values();
        groups
            .filter(|group| group.members.contains(&stranger))
            .count()
    };
    let before = world.sim.world(groups);
    // That nobody has this address is remembered.
    let plan = world.json(&["plan"], 0).await;
    assert!(plan["operations"].to_string().contains(&mails[0]));
    let report = world.allowing(&["apply", "--yes"], &plan, 4).await;
    assert!(report["counts"]["failed"].as_u64().unwrap() > 0, "{report}");
    assert_eq!(
        world.sim.world(groups),
        before,
        "a name was taken for a person"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_without_licences_is_tried_once() {
    let world = World::new(SMALL).await;
    let plan = world.json(&["plan"], 0).await;
    let operations = plan["operations"].as_array().unwrap().iter();
    let mut wanted = std::collections::BTreeMap::<&str, usize>::new();
    for added in operations.filter(|op| op["kind"] == "add_member") {
        *wanted
            .entry(added["group"]["name"].as_str().unwrap())
            .or_default() += 1;
    }
    let (group, most) = wanted.into_iter().max_by_key(|(_, count)| *count).unwrap();
    assert!(most > 5);
    world
        .sim
        .world(|w| w.faults.unlicensed = Some(group.to_owned()));
    let report = world.allowing(&["apply", "--yes"], &plan, 4).await;
    assert_eq!(report["counts"]["failed"], 1, "{report}");
    assert_eq!(report["counts"]["skipped"], most - 1, "{report}");
    let failure = &report["failures"][0];
    assert!(
        failure["message"].as_str().unwrap().contains("confluence"),
        "{failure}"
    );
    let refused = world.sim.world(|w| {
        let log = w.log.iter();
        log.filter(|r| r.method == "POST" && r.status == 400 && r.path.ends_with("group/user"))
            .count()
    });
    assert_eq!(refused, 1, "it was asked once");
    world.sim.world(|w| w.faults.unlicensed = None);
    world.apply_all(0).await;
    assert_eq!(world.left().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_organization_told_of_groups_outlives_its_silence() {
    let mut world = World::new(SMALL).await;
    let key = world.sim.world(|w| w.jira.organization_key.clone());
    world.set("ROLLBOOK_ORG_API_KEY", &key);
    let external = |plan: &serde_json::Value| {
        let rows = plan["conflicts"].as_array().unwrap().iter();
        let rows = rows.filter(|row| row["reason_code"] == "group-external");
        rows.map(|row| row["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    // A group that only the organization knows to be another system's.
    let group = world.sim.world(|w| {
        let groups = w.jira.groups.values();
        let names: Vec<&str> = w.entra.groups.values().map(|g| g.name.as_str()).collect();
        let mut ordinary = groups.filter(|g| names.contains(&g.name.as_str()) && !g.external);
        let found = ordinary.find(|g| g.access_type.is_none()).unwrap();
        let (id, name) = (found.id.clone(), found.name.clone());
        w.jira.synced.insert(id);
        name
    });
    let plan = world.json(&["plan"], 0).await;
    assert!(external(&plan).contains(&group), "{plan}");
    world.sim.world(|w| w.faults.old_organization = true);
    let plan = world.json(&["plan"], 0).await;
    assert!(external(&plan).contains(&group), "{plan}");
}
