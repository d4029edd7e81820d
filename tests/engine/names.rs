//! Names are not identities: nobody gains or takes anything by choosing one.

use crate::world::{LIMITS, PROFILE, World};
use rollbook::simulator::{Member, World as Directories};
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

/// Codes of a plan's conflicts about this person or group.
fn asked(plan: &Value, id: &str) -> Vec<String> {
    let rows = plan["conflicts"].as_array().unwrap().iter();
    rows.filter(|row| row["entra_id"] == id)
        .map(|row| row["reason_code"].as_str().unwrap().to_owned())
        .collect()
}

/// Somebody in scope with an account, who is in no group: person and account.
fn outsider(world: &Directories) -> (String, String) {
    let mut people = world.entra.users.values();
    let found = people.find_map(|user| {
        let mail = world.importable(user)?;
        let account = world.accounts_of(&mail).first()?.id.clone();
        let groups = world.entra.groups.values();
        let inside = groups.filter(|g| g.members.contains(&Member::User(user.id.clone())));
        (inside.count() == 0).then(|| (user.id.clone(), account))
    });
    found.unwrap()
}

/// Founds an Entra group under any name, with somebody in it.
fn found(world: &mut Directories, id: &str, name: &str, member: &str) {
    let mut group = world.entra.groups.values().next().unwrap().clone();
    id.clone_into(&mut group.id);
    name.clone_into(&mut group.name);
    (group.types, group.security, group.visibility) = (Vec::new(), true, None);
    group.members = [Member::User(member.to_owned())].into();
    world.set_group(group);
}

/// Entra groups of some people, that Jira knows by another name: id and name.
fn two_groups(world: &Directories) -> [(String, String); 2] {
    let groups = world.entra.groups.values();
    let mut plain = groups.filter(|g| g.visibility.is_none() && g.security && g.members.len() > 2);
    [(); 2].map(|()| {
        let group = plain.next().unwrap();
        (group.id.clone(), group.name.clone())
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_of_the_same_name_joins_neither_a_mapped_group_nor_the_scope() {
    let world = World::new(ORGANISATION).await;
    let ((person, account), [(_, mapped), (id, _)]) =
        world.sim.world(|w| (outsider(w), two_groups(w)));
    let config = world.sim.config(PROFILE);
    let scope = format!(
        "{LIMITS}[profiles.\"{PROFILE}\".names]\nmap = {{ \"{mapped}\" = \"Treasury\", \"{id}\" = \"Vault\" }}\n"
    );
    world.configure(&config, &scope);
    world.apply_all(0).await;
    let inside = |w: &mut Directories| {
        let names = ["Treasury", "Vault"];
        let found = names.map(|name| w.jira_group(name).unwrap().members.contains(&account));
        found.contains(&true)
    };
    assert!(!world.sim.world(inside));
    let (again, shaped) = (
        "0a000000-0000-4000-8000-000000000001",
        "0a000000-0000-4000-8000-000000000002",
    );
    world.sim.world(|w| {
        found(w, again, &mapped, &person);
        found(w, shaped, &id.to_ascii_uppercase(), &person);
    });
    let before = world.sim.world(|w| w.writes());
    let plan = world.json(&["plan"], 0).await;
    assert_eq!(asked(&plan, again), ["group-name-means-another"], "{plan}");
    world.run(&["sync"]).await;
    assert!(!world.sim.world(inside), "got in by a name");
    let writes = world.sim.world(|w| w.writes()) - before;
    assert!(writes <= 4, "only the group of a strange name: {writes}");
    // Renaming the one that is meant changes nothing either.
    world.sim.world(|w| {
        let meant = w
            .entra
            .groups
            .values()
            .find(|g| g.name == mapped && g.id != again);
        let meant = meant.unwrap().id.clone();
        w.edit_group(&meant, |group| group.name = "Former treasury".to_owned());
    });
    world.run(&["sync"]).await;
    assert!(!world.sim.world(inside), "got in after a rename");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_several_groups_bear_before_it_was_pinned_is_an_unclear_scope() {
    let world = World::new(ORGANISATION).await;
    let ((person, _), [(meant, name), _]) = world.sim.world(|w| (outsider(w), two_groups(w)));
    let other = "0a000000-0000-4000-8000-000000000001";
    world.sim.world(|w| found(w, other, &name, &person));
    let config = world.sim.config(PROFILE);
    for (table, setting) in [
        (
            "scope",
            format!("users = \"member-of\"\nmember_of = [\"{name}\"]"),
        ),
        ("scope", format!("exclude_members_of = [\"{name}\"]")),
        ("names", format!("map = {{ \"{name}\" = \"Treasury\" }}")),
        (
            "names",
            "map = { \"No such group\" = \"Treasury\" }".to_owned(),
        ),
    ] {
        world.configure(
            &config,
            &format!("{LIMITS}[profiles.\"{PROFILE}\".{table}]\n{setting}\n"),
        );
        let error = &world.json(&["plan"], 1).await["error"];
        assert_eq!(error["kind"], "scope", "{setting}: {error}");
        if !setting.contains("No such") {
            let words = error["message"].as_str().unwrap();
            assert!(words.contains(&meant) && words.contains(other), "{error}");
        }
    }
}

/// The configuration with this setting of leavers, and a world in which only hidden addresses are known by
/// a look-up.
async fn by_name(setting: &str) -> World {
    let world = World::new(ORGANISATION).await;
    let config = world.sim.config(PROFILE);
    let config = config.replace(
        "import_users = true",
        &format!("import_users = true\n{setting}"),
    );
    world.configure(&config, LIMITS);
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_calls_itself_by_somebodys_address_is_nobodys() {
    let world = by_name("leavers = \"remove\"\ngrace = \"0d\"").await;
    let (person, mail, impostor) = world.sim.world(|w| {
        let (person, account) = outsider(w);
        let mail = w.importable(&w.entra.users[&person]).unwrap();
        // Somebody else's account hides its address and bears that of the person as a name, as the
        // person does in Entra.
        w.edit_user(&person, |user| user.name.clone_from(&mail));
        let account = w.jira.accounts.get_mut(&account).unwrap();
        account.hidden = true;
        account.email = "eve@elsewhere.example".to_owned();
        account.name.clone_from(&mail);
        (person, mail, account.id.clone())
    });
    let plan = world.json(&["plan"], 0).await;
    assert_eq!(asked(&plan, &person), ["same-person"], "{mail}: {plan}");
    let operations = plan["operations"].to_string();
    assert!(!operations.contains(&impostor), "{operations}");
    world.apply_all(0).await;
    world.sim.world(|w| {
        w.edit_user(&person, |user| user.enabled = false);
    });
    world.apply_all(0).await;
    assert!(
        world.sim.world(|w| w.jira.accounts.contains_key(&impostor)),
        "was removed for a name"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_taken_on_the_strength_of_a_name_until_somebody_confirms_it() {
    let mut world = by_name("leavers = \"remove\"\ngrace = \"0d\"").await;
    let (person, account) = world.sim.world(|w| {
        let (person, account) = outsider(w);
        let name = w.entra.users[&person].name.clone();
        let found = w.jira.accounts.get_mut(&account).unwrap();
        found.hidden = true;
        found.name = name;
        (person, account)
    });
    world.apply_all(0).await;
    let plan = world.json(&["plan"], 0).await;
    assert_eq!(
        asked(&plan, &person),
        Vec::<String>::new(),
        "it is linked: {plan}"
    );
    world.sim.world(|w| {
        w.edit_user(&person, |user| user.enabled = false);
    });
    let plan = world.json(&["plan"], 0).await;
    assert_eq!(asked(&plan, &person), ["linked-by-name"], "{plan}");
    assert_eq!(plan["summary"]["remove_user"], 0, "{plan}");
    // The organization knows whose address it is.
    let key = world.sim.world(|w| w.jira.organization_key.clone());
    world.set("ROLLBOOK_ORG_API_KEY", &key);
    let plan = world.json(&["plan"], 0).await;
    assert_eq!(asked(&plan, &person), Vec::<String>::new(), "{plan}");
    assert_eq!(plan["summary"]["remove_user"], 1, "{plan}");
    assert!(plan["operations"].to_string().contains(&account));
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_look_like_reserved_or_existing_ones_are_never_created() {
    let world = World::new(ORGANISATION).await;
    let (person, existing) = world.sim.world(|w| {
        let existing = w.jira.groups.values().find(|g| g.access_type.is_none());
        (outsider(w).0, existing.unwrap().name.clone())
    });
    let alike = existing.replacen(['a', 'e', 'o'], "\u{200b}o", 1);
    let alike = if alike == existing {
        format!("{existing}\u{ad}")
    } else {
        existing
            .replace('a', "а")
            .replace('e', "е")
            .replace('o', "о")
    };
    assert_ne!(alike, existing);
    let names = [
        ("site\u{200b}-admins", "group-name-protected"),
        ("ｓｉｔｅ-ａｄｍｉｎｓ", "group-name-protected"),
        ("sitе-аdmins", "group-name-protected"),
        (&alike, "group-looks-alike"),
    ];
    let id = |at: usize| format!("0a000000-0000-4000-8000-00000000000{at}");
    world.sim.world(|w| {
        for (at, (name, _)) in names.iter().enumerate() {
            found(w, &id(at), name, &person);
        }
    });
    let plan = world.json(&["plan"], 0).await;
    for (at, (name, code)) in names.iter().enumerate() {
        assert_eq!(asked(&plan, &id(at)), [*code], "{name:?}: {plan}");
    }
    let made = |plan: &Value, id: &str| {
        let operations = plan["operations"].as_array().unwrap().iter();
        let made =
            operations.filter(|op| op["kind"] == "create_group" && op["group"]["entra_id"] == id);
        made.count()
    };
    // Other products' names wait for a person.
    world.apply_all(0).await;
    world
        .sim
        .world(|w| found(w, &id(9), "confluence-users-acme", &person));
    let before = world.sim.world(|w| w.jira.groups.len());
    world.run(&["sync"]).await;
    assert_eq!(world.sim.world(|w| w.jira.groups.len()), before);
    let plan = world.json(&["plan"], 0).await;
    assert_eq!(made(&plan, &id(9)), 1, "a person may: {plan}");
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_are_compared_with_ascii_case_only_and_who_is_out_contests_nothing() {
    let world = World::new(ORGANISATION).await;
    let (first, second, third) = world.sim.world(|w| {
        let mut people = w.entra.users.values().filter_map(|user| {
            let mail = w.importable(user)?;
            let account = *w.accounts_of(&mail).first()?;
            (!account.hidden && account.active && mail.contains('k')).then(|| user.id.clone())
        });
        [(); 3].map(|()| people.next().unwrap()).into()
    });
    world.sim.world(|w| {
        // The Kelvin sign folds to a k.
        let mail = w.importable(&w.entra.users[&first]).unwrap();
        let account = w.accounts_of(&mail).first().unwrap().id.clone();
        let odd = mail.replacen('k', "\u{212a}", 1);
        w.jira.accounts.get_mut(&account).unwrap().email = odd;
        // A blank that does not break.
        let mail = w.importable(&w.entra.users[&second]).unwrap();
        w.edit_user(&second, |user| user.mail = Some(format!("{mail}\u{a0}")));
        // Somebody who was disabled has the address of somebody who is not.
        let mut twin = w.entra.users[&third].clone();
        twin.id = "0b000000-0000-4000-8000-000000000001".to_owned();
        twin.enabled = false;
        w.set_user(twin);
    });
    let plan = world.json(&["plan"], 0).await;
    for person in [&first, &second] {
        assert_eq!(asked(&plan, person), ["same-person"], "{plan}");
    }
    assert_eq!(asked(&plan, &third), Vec::<String>::new(), "{plan}");
}

/// Ids stand in the paths of calls: what is none is left out, and the listing is in doubt.
#[tokio::test(flavor = "multi_thread")]
async fn ids_that_are_none_are_left_out_and_remove_nobody() {
    let world = World::new(ORGANISATION).await;
    world.apply_all(0).await;
    world.sim.world(|w| {
        let mut odd = w.entra.users.values().next().unwrap().clone();
        odd.id = "../groups".to_owned();
        odd.mail = Some("odd@meridian.example".to_owned());
        w.set_user(odd);
    });
    for arguments in [&["plan"][..], &["plan", "--full"]] {
        let plan = world.json(arguments, 0).await;
        assert_eq!(plan["complete"]["entra"], false, "{plan}");
        assert!(!plan.to_string().contains("../groups"), "{plan}");
    }
    world.sim.world(|w| {
        w.purge_user("../groups");
        let mut account = w.jira.accounts.values().next().unwrap().clone();
        account.id = "a/../../group".to_owned();
        w.add_account(account);
    });
    let plan = world.json(&["plan", "--full"], 0).await;
    assert_eq!(plan["complete"]["jira"], false, "{plan}");
    world.sim.world(|w| {
        let log = w.log.iter();
        let odd = log.filter(|r| r.path.contains("..")).count();
        assert_eq!(odd, 0, "an odd id stood in a path");
    });
}

/// Whoever allows a number sees whom it lets in, to the last one.
#[tokio::test(flavor = "multi_thread")]
async fn what_an_allowance_lets_in_is_listed_whole() {
    let world = World::new("[organization]\nusers = 120\ngroups = 14\nseed = 8\n").await;
    let ran = world.run(&["plan", "--json"]).await.expect(0);
    let plan = ran.json();
    let operations = plan["operations"].as_array().unwrap().iter();
    let held = operations.filter(|op| op["held_by"].as_array().is_some_and(|by| !by.is_empty()));
    let people: Vec<&str> = held.filter_map(|op| op["user"]["name"].as_str()).collect();
    assert!(people.len() > 40, "guards hold many: {}", people.len());
    let text = world.run(&["plan"]).await.expect(0).out;
    let (_, listed) = text.split_once("What allowing it lets through").unwrap();
    let listed = listed.split_whitespace().collect::<Vec<_>>().join(" ");
    for person in people {
        assert!(listed.contains(person), "{person} is not shown:\n{text}");
    }
}
