//! What became of people who are linked: another address, a new object, an account that never came to life.

use crate::world::{SMALL, World};
use rollbook::simulator::{AccountType, Member, World as Directories};
use serde_json::Value;

/// Codes of what a plan says of a person: conflicts, then who is told of otherwise.
fn said(plan: &Value, person: &str) -> Vec<String> {
    let rows = ["conflicts", "skipped"].map(|list| plan[list].as_array().unwrap().iter());
    rows.into_iter()
        .flatten()
        .filter(|row| row["entra_id"] == person)
        .map(|row| row["reason_code"].as_str().unwrap().to_owned())
        .collect()
}

/// A settled site, and somebody with an account that shows its address: ids of both, and the address.
async fn settled() -> (World, String, String, String) {
    let world = World::new(SMALL).await;
    world.apply_all(0).await;
    let found = world.sim.world(|w| {
        let mut people = w.entra.users.values();
        people.find_map(|user| {
            let mail = w.importable(user)?;
            let account = *w.accounts_of(&mail).first()?;
            let in_groups = w
                .entra
                .groups
                .values()
                .any(|g| w.flattened(&g.id).contains(&user.id));
            let shown = !account.hidden && account.active && in_groups;
            shown.then(|| (user.id.clone(), account.id.clone(), mail))
        })
    });
    let (person, account, mail) = found.unwrap();
    (world, person, account, mail)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_address_is_told_and_asked_for_where_another_account_bears_it() {
    let (world, person, _, mail) = settled().await;
    let domain = mail.rsplit_once('@').unwrap().1;
    let new = format!("newly.wed@{domain}");
    world.sim.world(|w| {
        w.edit_user(&person, |user| {
            user.mail = Some(new.clone());
            user.upn.clone_from(&new);
        });
    });
    let plan = world.json(&["plan"], 0).await;
    assert_eq!(said(&plan, &person), ["former-address"], "{plan}");
    assert_eq!(plan["summary"]["total"], 0, "the link counts: {plan}");
    let text = world.run(&["plan"]).await.expect(0).out;
    assert!(
        text.contains("~ 1 person with a changed identity"),
        "{text}"
    );
    let lower = text.to_lowercase();
    assert!(
        lower.contains(&mail.to_lowercase()) && lower.contains(&new.to_lowercase()),
        "{text}"
    );
    // Somebody made an account for the new address.
    world.sim.world(|w| {
        let other = Directories::account("5b:other", "N. W.", &new, AccountType::Atlassian);
        w.add_account(other);
    });
    let plan = world.json(&["plan", "--full"], 0).await;
    assert_eq!(said(&plan, &person), ["address-elsewhere"], "{plan}");
    let conflicts = plan["conflicts"].as_array().unwrap().iter();
    let mut asked = conflicts.filter(|row| row["entra_id"] == *person);
    assert_eq!(
        asked.next().unwrap()["candidates"],
        serde_json::json!(["5b:other"])
    );
    assert_eq!(plan["summary"]["total"], 0, "nothing is guessed: {plan}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_hired_again_is_linked_anew_and_told() {
    let (world, person, account, mail) = settled().await;
    let groups = |w: &mut Directories| {
        let groups = w.jira.groups.values();
        groups.filter(|g| g.members.contains(&account)).count()
    };
    let before = world.sim.world(groups);
    let again = "00000000-aaaa-4bbb-8ccc-000000000001";
    world.sim.world(|w| {
        let mut user = w.entra.users[&person].clone();
        let member = |id: &str| Member::User(id.to_owned());
        let groups = w.entra.groups.values();
        let groups = groups.filter(|group| group.members.contains(&member(&person)));
        let groups: Vec<String> = groups.map(|group| group.id.clone()).collect();
        w.delete_user(&person);
        user.id = again.to_owned();
        w.set_user(user);
        for group in groups {
            w.set_member(&group, member(again), true);
        }
    });
    let plan = world.json(&["plan"], 0).await;
    assert_eq!(said(&plan, again), ["hired-again"], "{plan}");
    assert_eq!(plan["summary"]["total"], 0, "they keep what they have");
    let ran = world.run(&["sync"]).await.expect(0);
    assert!(ran.err.contains("hired again"), "{}", ran.err);
    let plan = world.json(&["plan"], 0).await;
    let told = said(&plan, again);
    assert_eq!(told, Vec::<String>::new(), "it is told once: {plan}");
    assert_eq!(world.sim.world(groups), before, "{mail} lost their groups");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_never_was_active_is_told_apart() {
    let world = World::new(SMALL).await;
    world.sim.world(|w| w.faults.born_inactive = true);
    let known: Vec<String> = world
        .sim
        .world(|w| w.jira.accounts.keys().cloned().collect());
    let plan = world.json(&["plan"], 0).await;
    world.allowing(&["apply", "--yes"], &plan, 0).await;
    let born = world.sim.world(|w| {
        let mut accounts = w.jira.accounts.values();
        let born = accounts.find(|account| !known.contains(&account.id) && !account.hidden);
        let born = born.unwrap();
        (born.id.clone(), born.email.clone())
    });
    let person = world.sim.world(|w| {
        let mut users = w.entra.users.values();
        let user = users.find(|user| {
            let mail = w.importable(user);
            mail.is_some_and(|mail| mail.eq_ignore_ascii_case(&born.1))
        });
        user.unwrap().id.clone()
    });
    let plan = world.json(&["plan"], 0).await;
    assert_eq!(said(&plan, &person), ["account-never-active"], "{plan}");
    // Somebody activates it, and later it is deactivated by somebody.
    for (active, expected) in [(true, None), (false, Some("account-deactivated"))] {
        world.sim.world(|w| w.set_active(&born.0, active));
        let plan = world.json(&["plan", "--full"], 0).await;
        let said = said(&plan, &person);
        assert_eq!(said.first().map(String::as_str), expected, "{plan}");
    }
}
