//! The main job by the commands: plan, sync, apply, runs, show, adopt, saved plans.

use crate::world::{Before, PROFILE, SMALL, World, assert_in_step};
use rollbook::simulator::Member;
use serde_json::Value;

#[tokio::test(flavor = "multi_thread")]
async fn a_new_profile_comes_into_step_and_stays_there() {
    let world = World::new(SMALL).await;
    let held = world.json(&["sync"], 3).await;
    assert_eq!(held["outcome"], "held");
    assert_eq!(held["guards"][0]["name"], "first-review");
    assert_eq!(
        world.sim.world(|w| w.writes()),
        0,
        "sync wrote before the first review"
    );

    let plan = world.json(&["plan"], 0).await;
    let before = Before::now(&world, &plan);
    assert_eq!(plan["complete"]["entra"], true);
    assert_eq!(plan["complete"]["jira"], true);
    let part = world.json(&["apply", "--yes"], 3).await;
    assert!(part["counts"]["held"].as_u64().unwrap() > 0);
    world.sim.world(|w| {
        for (id, members) in &before.members {
            assert!(members.is_subset(&w.jira.groups[id].members));
        }
    });

    let all = world.apply_all(0).await;
    assert_eq!(all["outcome"], "applied", "{all}");
    assert_eq!(world.left().await, 0);
    world.sim.world(|w| assert_in_step(w, &before));
    let again = world.json(&["apply"], 0).await;
    assert_eq!(again["outcome"], "nothing");
    let quiet = world.json(&["sync"], 0).await;
    assert_eq!(quiet["outcome"], "nothing");

    let runs = world.json(&["runs"], 0).await;
    let kinds: Vec<&str> = runs["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["kind"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        [
            "unattended",
            "attended",
            "attended",
            "attended",
            "unattended"
        ]
    );
    let id = all["run_id"].as_str().unwrap();
    let run = world.json(&["show", id], 0).await;
    let done = run["operations"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|o| o["outcome"] == "done")
        .count();
    assert_eq!(done as u64, all["counts"]["done"].as_u64().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_plan_follows_its_contract() {
    let world = World::new(SMALL).await;
    let plan = world.json(&["plan"], 0).await;
    let keys: Vec<&str> = plan
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        keys,
        [
            "complete",
            "conflicts",
            "created_at",
            "guards",
            "links",
            "operations",
            "plan_id",
            "profile",
            "seats",
            "skipped",
            "summary",
            "unverified",
            "version"
        ]
    );
    assert_eq!(plan["profile"], PROFILE);
    let operations = plan["operations"].as_array().unwrap();
    assert_eq!(plan["summary"]["total"], operations.len());
    for operation in operations {
        let keys: Vec<&str> = operation
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(
            keys,
            [
                "group",
                "held_by",
                "id",
                "kind",
                "reason",
                "reason_code",
                "user"
            ]
        );
        assert!(!operation["reason"].as_str().unwrap().is_empty());
        for guard in operation["held_by"].as_array().unwrap() {
            assert!(
                plan["guards"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .any(|g| g["name"] == *guard)
            );
        }
    }
    let again = world.json(&["plan"], 0).await;
    assert_eq!(
        plan["plan_id"], again["plan_id"],
        "the same input gives the same plan"
    );
    // The log of requests is as free of secrets as everything else.
    world.run(&["plan", "--verbose"]).await.expect(0);
    assert!(
        std::fs::read_dir(world.data_dir().join("logs"))
            .unwrap()
            .count()
            > 0
    );
    world.run(&["plan", "--detailed-exitcode"]).await.expect(5);
    assert_eq!(world.sim.world(|w| w.writes()), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn allowances_name_a_guard_and_its_number() {
    let world = World::new(SMALL).await;
    let plan = world.json(&["plan"], 0).await;
    let people = plan["guards"]
        .as_array()
        .unwrap()
        .iter()
        .find(|g| g["name"] == "new-people")
        .unwrap();
    let wrong = format!("new-people={}", people["count"].as_u64().unwrap() - 1);
    let refused = world.json(&["apply", "--yes", "--allow", &wrong], 1).await;
    assert_eq!(refused["error"]["kind"], "allowance");
    world
        .run(&["apply", "--yes", "--allow", "new-people"])
        .await
        .expect(2);
    world
        .run(&["apply", "--yes", "--allow", "new-poeple=3"])
        .await
        .expect(2);
    let never = world
        .json(&["apply", "--yes", "--allow", "protected=0"], 1)
        .await;
    assert_eq!(never["error"]["kind"], "allowance");
    assert_eq!(world.sim.world(|w| w.writes()), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_in_entra_are_carried_over_by_sync() {
    let world = World::new(SMALL).await;
    world.apply_all(0).await;
    let (group, leaver, disabled, deleted) = world.sim.world(|w| {
        // A group that Rollbook created, with members whose accounts are known.
        let group = w
            .entra
            .groups
            .values()
            .filter(|g| {
                g.visibility.is_none() && !g.members.iter().any(|m| matches!(m, Member::Group(_)))
            })
            .find(|g| {
                let people = g.members.iter().filter(|m| match m {
                    Member::User(id) => w.importable(&w.entra.users[id]).is_some(),
                    _ => false,
                });
                w.jira_group(&g.name)
                    .is_some_and(|j| j.created && j.members.len() >= 12)
                    && people.count() >= 12
            })
            .expect("a group of twelve")
            .clone();
        let name = group.name.clone();
        let mut people: Vec<String> = group
            .members
            .iter()
            .filter_map(|m| match m {
                Member::User(id) => w.importable(&w.entra.users[id]).map(|_| id.clone()),
                _ => None,
            })
            .collect();
        let (a, b, c) = (people.remove(0), people.remove(0), people.remove(0));
        let mail =
            |w: &rollbook::simulator::World, id: &str| w.importable(&w.entra.users[id]).unwrap();
        let mails = (mail(w, &a), mail(w, &b), mail(w, &c));
        w.set_member(&group.id, Member::User(a), false);
        w.edit_user(&b, |user| user.enabled = false);
        w.delete_user(&c);
        (name, mails.0, mails.1, mails.2)
    });
    let plan = world.json(&["plan"], 0).await;
    assert!(
        plan["summary"]["remove_member"].as_u64().unwrap() >= 3,
        "{}",
        plan["summary"]
    );
    let reasons: Vec<&str> = plan["operations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|o| o["reason"].as_str().unwrap())
        .collect();
    for reason in [
        "disabled in Entra",
        "deleted from Entra",
        "no longer a member of the Entra group",
    ] {
        assert!(reasons.contains(&reason), "{reason}: {reasons:?}");
    }
    let applied = world.apply_all(0).await;
    assert_eq!(applied["outcome"], "applied");
    world.sim.world(|w| {
        let members = &w.jira_group(&group).unwrap().members;
        for mail in [&leaver, &disabled, &deleted] {
            assert!(
                !members.contains(&w.accounts_of(mail)[0].id),
                "{mail} is still in {group}"
            );
        }
    });
    assert_eq!(world.left().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_plan_is_applied_exactly_as_it_was_cut_down() {
    let world = World::new(SMALL).await;
    let file = world.path("plan.json");
    let path = file.to_str().unwrap();
    world.run(&["plan", "--out", path]).await.expect(0);
    let text = std::fs::read_to_string(&file).unwrap();
    let saved: Value = serde_json::from_str(&text).unwrap();
    let create = saved["operations"]
        .as_array()
        .unwrap()
        .iter()
        .find(|o| o["kind"] == "create_user")
        .unwrap();
    let mail = create["user"]["email"].as_str().unwrap().to_owned();
    // One person is cut out, by hand.
    let line = text
        .lines()
        .find(|l| l.contains(create["id"].as_str().unwrap()))
        .unwrap();
    let cut = text.replace(
        line,
        &line.replace("\"selected\":true", "\"selected\":false"),
    );
    assert_ne!(cut, text);
    std::fs::write(&file, &cut).unwrap();
    let applied = world.allowing(&["apply", path, "--yes"], &saved, 0).await;
    assert!(applied["counts"]["skipped"].as_u64().unwrap() >= 1);
    assert!(world.sim.world(|w| w.accounts_of(&mail).is_empty()));
    assert!(world.left().await >= 1);

    // Applied once more, everything in it is overtaken, but for what depends on who was cut out.
    let again = world.json(&["apply", path, "--yes"], 0).await;
    assert_eq!(again["counts"]["done"], 0);
    // Any other edit is refused.
    for (from, to) in [
        ("\"create_group\"", "\"create_user\""),
        (&mail, "eve@evil.example"),
        ("\"selected\":false", "\"selected\":null"),
        ("\"selected\":false", "\"selected\":\"no\""),
    ] {
        std::fs::write(&file, cut.replace(from, to)).unwrap();
        let refused = world.json(&["apply", path, "--yes"], 1).await;
        assert_eq!(refused["error"]["kind"], "plan-refused");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_plan_is_applied_only_where_it_was_made() {
    let world = World::new(SMALL).await;
    let file = world.path("plan.json");
    let path = file.to_str().unwrap();
    world.run(&["plan", "--out", path]).await.expect(0);
    let elsewhere = world.path("elsewhere");
    let folder = elsewhere.to_str().unwrap();
    let before = world.sim.world(|w| w.jira.groups.len());
    let apply = ["apply", path, "--yes", "--data-dir", folder];
    // Nothing was ever saved there, and then something else was.
    for _ in 0..2 {
        let refused = world.json(&apply, 1).await;
        assert_eq!(refused["error"]["kind"], "plan-refused");
        let message = refused["error"]["message"].as_str().unwrap();
        assert!(
            message.contains("applied where they were made"),
            "{message}"
        );
        let other = world.path("other.json");
        let save = [
            "plan",
            "--out",
            other.to_str().unwrap(),
            "--data-dir",
            folder,
        ];
        world.run(&save).await.expect(0);
    }
    assert_eq!(world.sim.world(|w| w.jira.groups.len()), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_plan_of_other_settings_is_refused() {
    let world = World::new(SMALL).await;
    let file = world.path("plan.json");
    let path = file.to_str().unwrap();
    world.run(&["plan", "--out", path]).await.expect(0);
    let changed = "[profiles.\"Azure AD\".scope]\nguests = true\n";
    world.configure(&world.sim.config(PROFILE), changed);
    let refused = world.json(&["apply", path, "--yes"], 1).await;
    assert_eq!(refused["error"]["kind"], "plan-refused");
    assert_eq!(world.sim.world(|w| w.writes()), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_settings_wait_for_a_review() {
    let world = World::new(SMALL).await;
    world.apply_all(0).await;
    let changed = "[profiles.\"Azure AD\".scope]\nguests = true\nforeign_domains = true\n";
    world.configure(&world.sim.config(PROFILE), changed);
    let writes = world.sim.world(|w| w.writes());
    let held = world.json(&["sync"], 3).await;
    assert_eq!(held["guards"][0]["name"], "settings-changed");
    assert_eq!(world.sim.world(|w| w.writes()), writes);
    world.apply_all(0).await;
    let quiet = world.json(&["sync"], 0).await;
    assert_eq!(quiet["outcome"], "nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adopted_group_mirrors_entra_and_keeps_strangers() {
    let world = World::new(SMALL).await;
    world.apply_all(0).await;
    let name = world.sim.world(|w| {
        w.entra
            .groups
            .values()
            .find(|g| {
                g.visibility.is_none()
                    && w.jira_group(&g.name).is_some_and(|j| {
                        !j.created
                            && !j.external
                            && j.access_type.is_none()
                            && j.name != "jira-software-users"
                            && j.members.len() > 3
                    })
            })
            .expect("a confirmed group")
            .name
            .clone()
    });
    // Somebody from Entra who does not belong, and a stranger.
    let (insider, stranger) = world.sim.world(|w| {
        let group = w.entra_group(&name).unwrap().id.clone();
        let inside = w.flattened(&group);
        let users: Vec<_> = w.entra.users.values().cloned().collect();
        let insider = users
            .iter()
            .filter(|u| !inside.contains(&u.id))
            .find_map(|u| {
                let mail = w.importable(u)?;
                let accounts = w.accounts_of(&mail);
                accounts
                    .first()
                    .filter(|a| a.active && !a.hidden)
                    .map(|a| a.id.clone())
            })
            .unwrap();
        let stranger = w
            .jira
            .accounts
            .values()
            .find(|a| a.name == "Contractor 0")
            .unwrap()
            .id
            .clone();
        let id = w.jira_group(&name).unwrap().id.clone();
        let members = &mut w.jira.groups.get_mut(&id).unwrap().members;
        members.insert(insider.clone());
        members.insert(stranger.clone());
        (insider, stranger)
    });
    assert_eq!(world.left().await, 0, "a confirmed group is add-only");
    let no = world.json(&["adopt", &name], 1).await;
    assert_eq!(no["error"]["kind"], "no-terminal");
    let held = world.run(&["adopt", &name, "--yes"]).await;
    assert!(held.out.contains("leave"), "{}", held.out);
    world.apply_all(0).await;
    world.sim.world(|w| {
        let members = &w.jira_group(&name).unwrap().members;
        assert!(
            !members.contains(&insider),
            "who is not in Entra's group leaves"
        );
        assert!(members.contains(&stranger), "who is not from Entra stays");
    });
    let again = world.run(&["adopt", &name, "--yes"]).await.expect(0);
    assert!(again.out.contains("owned already"), "{}", again.out);
    let unknown = world.json(&["adopt", "jira-only-team"], 1).await;
    assert_eq!(unknown["error"]["kind"], "adopt");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_is_new_in_jira_can_be_adopted_at_once() {
    let world = World::new(SMALL).await;
    world.apply_all(0).await;
    // Somebody deletes a group, and makes another one of its name.
    let name = world.sim.world(|w| {
        let owned = |name: &str| w.jira_group(name).is_some_and(|g| g.created);
        let mut groups = w.entra.groups.values();
        let group = groups.find(|g| g.visibility.is_none() && owned(&g.name));
        let name = group.unwrap().name.clone();
        let mut group = w.jira_group(&name).unwrap().clone();
        w.jira.groups.remove(&group.id);
        group.id = "00000000-0000-4000-8000-00000000abcd".to_owned();
        group.members.clear();
        group.created = false;
        w.jira.groups.insert(group.id.clone(), group);
        name
    });
    let file = world.path("adopt.json");
    let path = file.to_str().unwrap();
    let saved = world.json(&["adopt", &name, "--out", path], 0).await;
    assert!(
        saved["summary"]["add_member"].as_u64().unwrap() > 0,
        "{saved}"
    );
    let adopted = world.run(&["adopt", &name, "--yes", "--json"]).await;
    assert!([0, 3].contains(&adopted.code), "{}", adopted.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_adoption_removes_whom_it_showed() {
    let world = World::new(SMALL).await;
    let groups = "import_groups = true";
    let config = world
        .sim
        .config(PROFILE)
        .replace(groups, "import_groups = false");
    // Nothing is owned before.
    world.configure(&config, crate::world::LIMITS);
    world.apply_all(0).await;
    let (name, insider) = world.sim.world(|w| {
        let found = w
            .entra
            .groups
            .values()
            .find(|g| {
                let same = w.entra.groups.values().filter(|o| o.name == g.name);
                g.visibility.is_none()
                    && same.count() == 1
                    && w.jira_group(&g.name).is_some_and(|j| {
                        !j.external && j.access_type.is_none() && j.name != "jira-software-users"
                    })
            })
            .unwrap()
            .clone();
        let inside = w.flattened(&found.id);
        let insider = w
            .entra
            .users
            .values()
            .filter(|u| !inside.contains(&u.id))
            .find_map(|u| {
                let accounts = w.accounts_of(&w.importable(u)?);
                accounts
                    .first()
                    .filter(|a| a.active && !a.hidden)
                    .map(|a| a.id.clone())
            })
            .unwrap();
        let id = w.jira_group(&found.name).unwrap().id.clone();
        let group = w.jira.groups.get_mut(&id).unwrap();
        group.members.insert(insider.clone());
        (found.name, insider)
    });
    let file = world.path("adopt.json");
    let path = file.to_str().unwrap();
    let saved = world.json(&["adopt", &name, "--out", path], 0).await;
    assert!(
        saved["summary"]["remove_member"].as_u64().unwrap() >= 1,
        "{}",
        saved["summary"]
    );
    assert_eq!(saved["summary"]["create_user"], 0);
    // Whoever applies it is shown the same as whoever made it, and answers.
    let shown = world.run(&["apply", path]).await.expect(1);
    let leaves = world.sim.world(|w| w.jira.accounts[&insider].name.clone());
    for words in [&format!("Adopting “{name}”"), "to leave: linked", &leaves] {
        assert!(shown.out.contains(words), "{words}: {}", shown.out);
    }
    let applied = world.allowing(&["apply", path, "--yes"], &saved, 0).await;
    assert_eq!(
        applied["counts"]["done"], saved["summary"]["total"],
        "{applied}"
    );
    assert_eq!(applied["plan_id"], saved["plan_id"]);
    world.sim.world(|w| {
        assert!(!w.jira_group(&name).unwrap().members.contains(&insider));
    });
    assert_eq!(world.left().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn default_groups_are_given_once() {
    let world = World::new(SMALL).await;
    let toggle = "import_users = true";
    let with = "import_users = true\ndefault_groups = [\"jira-only-team\"]";
    let config = world.sim.config(PROFILE).replace(toggle, with);
    world.configure(&config, crate::world::LIMITS);
    let applied = world.apply_all(0).await;
    assert_eq!(applied["outcome"], "applied");
    assert_eq!(world.left().await, 0);
    let taken = world.sim.world(|w| {
        let created: Vec<String> = w
            .jira
            .accounts
            .values()
            .filter(|a| a.created > 0)
            .map(|a| a.id.clone())
            .collect();
        let id = w.jira_group("jira-only-team").unwrap().id.clone();
        let team = w.jira.groups.get_mut(&id).unwrap();
        assert!(created.iter().all(|id| team.members.contains(id)) && !created.is_empty());
        team.members.remove(&created[0]);
        created[0].clone()
    });
    assert_eq!(
        world.left().await,
        0,
        "once: whoever was taken out stays out"
    );
    world.sim.world(|w| {
        assert!(
            !w.jira_group("jira-only-team")
                .unwrap()
                .members
                .contains(&taken)
        );
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_shows_the_whole_job() {
    let world = World::new(SMALL).await;
    // Without a terminal there is nothing else to be shown.
    let demo = world.run(&["demo"]).await.expect(0);
    for part in [
        "held by guards",
        "--allow new-people=",
        "Applied.",
        "0 operations",
        "Summary",
    ] {
        assert!(demo.out.contains(part), "{part}:\n{}", demo.out);
    }
    assert!(!world.data_dir().exists(), "the demo touched real files");
}

#[tokio::test(flavor = "multi_thread")]
async fn check_lists_what_it_found() {
    let world = World::new(SMALL).await;
    let check = world.json(&["check"], 0).await;
    assert_eq!(check["ok"], true);
    let text = world.run(&["check"]).await.expect(0).out;
    for part in [
        "Directory.Read.All",
        "Meridian Works",
        "meridian.example",
        "seats left",
        "✓ site",
    ] {
        assert!(text.contains(part), "{part}:\n{text}");
    }
    assert_eq!(world.sim.world(|w| w.writes()), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn scope_and_names_decide_who_takes_part() {
    let world = World::new(SMALL).await;
    let (inside, outside) = world.sim.world(|w| {
        let groups: Vec<_> = w
            .entra
            .groups
            .values()
            .filter(|g| g.visibility.is_none() && g.members.len() > 8)
            .collect();
        (groups[0].name.clone(), groups[1].name.clone())
    });
    let settings = format!(
        "[profiles.\"Azure AD\".scope]\nusers = \"member-of\"\nmember_of = [\"{inside}\"]\nexclude_groups = [\"{outside}\"]\n[profiles.\"Azure AD\".names]\nprefix = \"aad-\"\n"
    );
    world.configure(&world.sim.config(PROFILE), &settings);
    let plan = world.json(&["plan"], 0).await;
    let allowed = world.sim.world(|w| {
        let id = w.entra_group(&inside).unwrap().id.clone();
        w.flattened(&id)
    });
    for operation in plan["operations"].as_array().unwrap() {
        if operation["kind"] == "create_user" {
            let id = operation["user"]["entra_id"].as_str().unwrap();
            assert!(allowed.contains(id), "{operation}");
        }
        if let Some(name) = operation["group"]["name"].as_str() {
            assert!(name.starts_with("aad-"), "{name}");
            assert_ne!(name, format!("aad-{outside}"));
        }
    }
    let missing = settings.replace(&inside, "No such group");
    world.configure(&world.sim.config(PROFILE), &missing);
    let refused = world.json(&["plan"], 1).await;
    assert_eq!(refused["error"]["kind"], "scope");
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_are_short_where_nothing_happened_and_name_runs_as_people_do() {
    let world = World::new(SMALL).await;
    world.apply_all(0).await;
    let quiet = world.run(&["sync", "--quiet"]).await.expect(0);
    assert_eq!((quiet.out.as_str(), quiet.err.as_str()), ("", ""));
    let runs = world.json(&["runs"], 0).await;
    let newest = runs["runs"][0]["run_id"].as_str().unwrap().to_owned();
    let all_but_the_end = &newest[..newest.len() - 1];
    for name in ["last", &newest, all_but_the_end] {
        let shown = world.json(&["show", name], 0).await;
        assert_eq!(shown["run_id"], newest.as_str(), "{name}");
    }
    let exported = world.json(&["export"], 0).await;
    let writes = exported["writes"].as_array().unwrap();
    assert!(writes.len() > 20 && writes[0]["operation"].is_string());
    let unknown = world.run(&["plan", "--allow", "new-poeple=3"]).await;
    assert!(unknown.err.contains("new-people, "), "{}", unknown.err);
    let plan = world.run(&["plan"]).await.expect(0);
    assert!(plan.out.trim_end().ends_with("Nothing has to be done."));
    let coloured = world
        .command(&["runs", "--color", "always"])
        .output()
        .unwrap();
    assert!(
        String::from_utf8(coloured.stdout)
            .unwrap()
            .contains("\u{1b}[")
    );
}
