//! Decisions in the Review: kept at once, taken back one by one, honoured by every face.

use crate::desk::{Desk, SMALL, Start};
use rollbook::simulator::AccountType;
use rollbook::store::{Owner, State, restore};
use serde_json::Value;
use std::path::PathBuf;

const SIZE: (u16, u16) = (120, 40);

fn folder(desk: &Desk) -> PathBuf {
    let profiles = std::fs::read_dir(desk.folder.path()).unwrap();
    let mut folders = profiles.map(|entry| entry.unwrap().path());
    folders
        .find(|path| path.join("state.born").exists())
        .unwrap()
}

fn state(desk: &Desk) -> State {
    State::open(&folder(desk)).unwrap()
}

/// Chooses a filter by its words.
fn filter(desk: &mut Desk, words: &str) {
    desk.press("f home");
    let screen = desk.screen();
    let lines: Vec<&str> = screen.lines().collect();
    // The present filter stands above the list, too.
    let place = |wanted: &str| lines.iter().rposition(|line| line.contains(wanted));
    let (first, wanted) = (place("changes only").unwrap(), place(words).unwrap());
    for _ in first..wanted {
        desk.press("down");
    }
    desk.press("enter home");
}

/// How many rows the list shows.
fn rows(desk: &Desk, mark: &str) -> usize {
    let screen = desk.screen();
    let marked = format!(" {mark} ");
    let rows = screen.lines().skip(6);
    rows.take_while(|line| !line.contains("── Why"))
        .filter(|line| line.contains(&marked))
        .count()
}

/// What the plan says that the commands would make.
fn conflicts(desk: &Desk) -> Vec<String> {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_rollbook"))
        .arg("--config-dir")
        .arg(desk.folder.path())
        .arg("--data-dir")
        .arg(desk.folder.path())
        .args(["plan", "--json"])
        .output()
        .unwrap();
    let plan: Value = serde_json::from_slice(&output.stdout).unwrap();
    let conflicts = plan["conflicts"].as_array().unwrap();
    conflicts
        .iter()
        .map(|conflict| conflict["name"].as_str().unwrap().to_owned())
        .collect()
}

/// A desk with a plan in which two accounts that hide their e-mail bear other names than their people.
async fn asking() -> Desk {
    let mut desk = Desk::new(SMALL, Start::Ready, SIZE).await;
    desk.sim.world(|world| {
        let accounts = world.jira.accounts.values_mut();
        let hidden = accounts.filter(|account| account.hidden && account.active);
        for account in hidden.take(2) {
            account.name = format!("{} née Else", account.name);
        }
    });
    desk.press("r");
    desk.until(|screen| screen.contains("Both directories were read"))
        .await;
    desk.idle().await;
    desk
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rejections_and_links_are_taken_back_one_by_one() {
    let mut desk = Desk::with_plan(SMALL, SIZE).await;
    filter(&mut desk, "+ to create");
    desk.press("space");
    desk.press("right");
    filter(&mut desk, "> links to confirm");
    desk.press("y");
    desk.until(|s| s.contains("u undoes it")).await;
    desk.idle().await;
    assert_eq!(state(&desk).decisions().unwrap().operations.len(), 1);
    assert_eq!(state(&desk).links().unwrap().groups().count(), 1);
    desk.press("u");
    desk.until(|s| s.contains("Taken back: Linked")).await;
    desk.idle().await;
    assert_eq!(state(&desk).links().unwrap().groups().count(), 0);
    assert_eq!(state(&desk).decisions().unwrap().operations.len(), 1);
    desk.press("u");
    desk.until(|s| s.contains("Taken back: Rejected: create"))
        .await;
    desk.idle().await;
    assert!(state(&desk).decisions().unwrap().operations.is_empty());
    desk.press("left");
    filter(&mut desk, "+ to create");
    desk.hides("[ ] create rejected");
    desk.press("u");
    desk.shows("Nothing was decided here yet");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_elses_account_is_asked_about_once() {
    let mut desk = asking().await;
    filter(&mut desk, "> links to confirm");
    let before = rows(&desk, ">");
    assert!(before > 0, "{}", desk.screen());
    let asked = conflicts(&desk).len();
    desk.press("n");
    desk.until(|s| s.contains("Somebody else")).await;
    desk.idle().await;
    assert_eq!(rows(&desk, ">"), before - 1);
    assert_eq!(conflicts(&desk).len(), asked - 1, "commands ask still");
    // It is found again, and asked again.
    filter(&mut desk, "answered for good");
    desk.press("n");
    desk.until(|s| s.contains("Asked again")).await;
    desk.idle().await;
    filter(&mut desk, "> links to confirm");
    assert_eq!(rows(&desk, ">"), before);
    assert_eq!(conflicts(&desk).len(), asked);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_accounts_one_can_be_somebody_elses() {
    let mut desk = Desk::new(SMALL, Start::Ready, SIZE).await;
    let name = desk.sim.world(|world| {
        let users = world.entra.users.values().filter(|user| user.enabled);
        let people: Vec<String> = users.filter_map(|user| user.mail.clone()).collect();
        let mut accounts: Vec<_> = world.jira.accounts.values_mut().collect();
        accounts.retain(|account| {
            account.active && !account.hidden && account.kind == AccountType::Atlassian
        });
        accounts.sort_by_key(|account| !people.contains(&account.email));
        let stranger = accounts.pop().expect("somebody is only in Jira");
        stranger.email.clone_from(&accounts[0].email);
        "Zoe Stranger".clone_into(&mut stranger.name);
        accounts[0].name.clone()
    });
    desk.press("r");
    desk.until(|screen| screen.contains("Both directories were read"))
        .await;
    desk.idle().await;
    assert!(conflicts(&desk).contains(&name), "{}", desk.screen());
    filter(&mut desk, "! conflicts");
    desk.press("/");
    desk.type_in(&name);
    desk.press("enter");
    desk.press("enter");
    desk.shows("n: it is somebody else's");
    desk.press(if desk.screen().contains("▸ Zoe Stranger") {
        "n"
    } else {
        "down n"
    });
    desk.until(|s| s.contains("Zoe Stranger is not")).await;
    desk.idle().await;
    assert_eq!(state(&desk).decisions().unwrap().different.len(), 1);
    // The other one stays in question, and is theirs only if somebody says so.
    desk.shows("all but one are somebody else's");
    desk.press("y");
    desk.until(|s| s.contains("Linked")).await;
    desk.idle().await;
    assert!(!conflicts(&desk).contains(&name), "{}", desk.screen());
}

/// A desk whose profile was applied once, and somebody whose account shows their address: name, Entra id
/// and account id.
async fn applied() -> (Desk, String, String, String) {
    let mut desk = Desk::with_plan(SMALL, SIZE).await;
    let applied = std::process::Command::new(env!("CARGO_BIN_EXE_rollbook"))
        .arg("--config-dir")
        .arg(desk.folder.path())
        .arg("--data-dir")
        .arg(desk.folder.path())
        .args(["apply", "--yes"])
        .output()
        .unwrap();
    assert_eq!(applied.status.code(), Some(3), "guards hold some of it");
    let linked = state(&desk).links().unwrap();
    let (name, person, account) = desk.sim.world(|world| {
        let mut people = world.entra.users.values();
        let found = people.find_map(|user| {
            let account = linked.account_of(&user.id)?;
            let account = world.jira.accounts.get(account)?;
            let named = people_named(world, &user.name) == 1;
            let shown = account.active && !account.hidden && named && user.enabled;
            shown.then(|| (user.name.clone(), user.id.clone(), account.id.clone()))
        });
        found.unwrap()
    });
    desk.idle().await;
    (desk, name, person, account)
}

fn people_named(world: &rollbook::simulator::World, name: &str) -> usize {
    let users = world.entra.users.values();
    users.filter(|user| user.name.starts_with(name)).count()
}

/// Reads again with this key, and opens the list of this filter at somebody.
async fn look_at(desk: &mut Desk, key: &str, words: &str, name: &str) {
    desk.press(key);
    desk.idle().await;
    filter(desk, words);
    desk.press("/");
    desk.type_in(name);
    desk.press("enter home");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_address_is_shown_and_another_account_of_it_asked_about() {
    let (mut desk, name, person, _) = applied().await;
    let address = "newly.wed@meridian.example";
    desk.sim.world(|world| {
        world.edit_user(&person, |user| {
            user.mail = Some(address.to_owned());
            address.clone_into(&mut user.upn);
        });
    });
    look_at(&mut desk, "r", "~ something differs", &name).await;
    desk.shows("e-mail differs");
    desk.shows("Stays linked: the account shows the address");
    desk.sim.world(|world| {
        let other = AccountType::Atlassian;
        let other = rollbook::simulator::World::account("5b:other", "N. W.", address, other);
        world.add_account(other);
    });
    desk.press("esc");
    look_at(&mut desk, "V", "! conflicts", &name).await;
    desk.shows("another account bears");
    assert!(conflicts(&desk).contains(&name), "{}", desk.screen());
    desk.press("y");
    desk.until(|s| s.contains("Linked")).await;
    desk.idle().await;
    let links = state(&desk).links().unwrap();
    assert_eq!(links.account_of(&person), Some("5b:other"));
    assert!(!conflicts(&desk).contains(&name), "{}", desk.screen());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_conflict_can_be_left_alone() {
    let mut desk = asking().await;
    for list in ["people", "groups"] {
        for mark in ["!", ">"] {
            let words = if mark == "!" {
                "! conflicts"
            } else {
                "> links to confirm"
            };
            filter(&mut desk, words);
            let mut left = rows(&desk, mark);
            assert!(left > 0, "{list} {mark}\n{}", desk.screen());
            while left > 0 {
                desk.press("home i");
                desk.until(|s| s.contains("Left alone")).await;
                desk.idle().await;
                let now = rows(&desk, mark);
                assert_eq!(now, left - 1, "{list}\n{}", desk.screen());
                left = now;
            }
        }
        desk.press("right");
    }
    assert_eq!(conflicts(&desk), Vec::<String>::new());
    // What was left alone last asks again when that is taken back.
    desk.press("u");
    desk.until(|s| s.contains("Taken back: Left alone")).await;
    desk.idle().await;
    desk.press("left left");
    desk.press("right");
    filter(&mut desk, "> links to confirm");
    assert_eq!(rows(&desk, ">"), 1, "{}", desk.screen());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decision_after_a_restore_is_kept_in_the_restored_state() {
    let mut desk = Desk::with_plan(SMALL, SIZE).await;
    filter(&mut desk, "+ to create");
    desk.press("space");
    desk.idle().await;
    state(&desk).back_up().unwrap();
    let owner = Owner {
        pid: 1,
        host: "elsewhere".to_owned(),
        person: "maria".to_owned(),
        doing: "state restore".to_owned(),
        since: "2026-11-30T00:00:00Z".to_owned(),
    };
    restore(&folder(&desk), None, &owner).unwrap();
    desk.press("down space");
    desk.idle().await;
    assert_eq!(state(&desk).decisions().unwrap().operations.len(), 2);
    // The newest is taken back; what was replaced before the restore is known no more.
    desk.press("u");
    desk.until(|s| s.contains("Taken back: Rejected")).await;
    desk.idle().await;
    assert_eq!(state(&desk).decisions().unwrap().operations.len(), 1);
    desk.press("u");
    desk.until(|s| s.contains("was replaced since")).await;
    desk.idle().await;
    assert_eq!(state(&desk).decisions().unwrap().operations.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn taking_back_and_applying_at_once_leaves_the_keys_alive() {
    let mut desk = Desk::with_plan(SMALL, SIZE).await;
    desk.press("right");
    filter(&mut desk, "> links to confirm");
    desk.press("y");
    desk.until(|s| s.contains("u undoes it")).await;
    desk.idle().await;
    desk.press("u a");
    desk.until(|s| s.contains("Taken back: Linked")).await;
    desk.idle().await;
    desk.press("a");
    desk.until(|s| s.contains("Both directories are read again first"))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_cut_out_of_an_undo_stays_out_whatever_else_is_decided() {
    let mut desk = Desk::with_plan(SMALL, SIZE).await;
    desk.press("a");
    desk.until(|s| s.contains("Both directories are read again first"))
        .await;
    desk.press("down down down enter");
    desk.until(|s| s.contains("Applied what guards let through"))
        .await;
    desk.idle().await;
    desk.press("enter");
    desk.until(|s| s.contains("there already")).await;
    desk.press("u");
    desk.until(|s| s.contains("takes back run")).await;
    desk.idle().await;
    desk.press("right");
    filter(&mut desk, "- something is taken away");
    desk.press("space");
    desk.idle().await;
    desk.shows("[ ] delete");
    filter(&mut desk, "> links to confirm");
    desk.press("y");
    desk.until(|s| s.contains("u undoes it")).await;
    desk.idle().await;
    filter(&mut desk, "- something is taken away");
    desk.shows("[ ] delete");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_gives_access_is_linked_by_its_typed_name() {
    let mut desk = Desk::with_namesake(SMALL, Start::Ready, SIZE).await;
    desk.press("r");
    desk.until(|screen| screen.contains("Both directories were read"))
        .await;
    desk.idle().await;
    desk.press("3 right home");
    desk.press("/");
    desk.type_in("jira-software-users");
    desk.idle().await;
    desk.press("enter y");
    desk.until(|screen| screen.contains("Link “jira-software-users”?"))
        .await;
    let screen = desk.screen();
    assert!(screen.contains("loses nobody"), "{screen}");
    assert!(!screen.contains("to leave"), "{screen}");
    let linked = |desk: &Desk| state(desk).links().unwrap().groups().count();
    let before = linked(&desk);
    // Another name confirms nothing.
    desk.type_in("jira-software-user");
    desk.press("enter");
    desk.idle().await;
    assert_eq!(linked(&desk), before);
    desk.type_in("s");
    desk.press("enter");
    desk.until(|screen| screen.contains("Linked")).await;
    desk.idle().await;
    assert_eq!(linked(&desk), before + 1);
}
