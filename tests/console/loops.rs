//! Whole ways through the console, by keyboard alone, against the simulator.

use crate::desk::{Desk, SMALL, Start};
use rollbook::console::{Ended, Signal};
use rollbook::plan::{Allowances, Counts, Decision, Question};
use rollbook::store::{NewRun, RunKind, RunOutcome};

const SIZE: (u16, u16) = (100, 30);

/// Fills in both forms as somebody would who reads the simulator's configuration.
fn fill_in(desk: &mut Desk, secret: &str) {
    let (tenant, client, email) = desk.sim.world(|world| {
        (
            world.entra.id.clone(),
            world.entra.client_id.clone(),
            world.jira.admin_email.clone(),
        )
    });
    let [_, (_, token)] = desk.sim.environment();
    let origin = desk.sim.origin();
    // The first field with the keys is the tenant id: a name stands already.
    desk.paste(&tenant);
    desk.press("tab");
    desk.paste(&client);
    desk.press("tab");
    desk.paste(secret);
    desk.press("tab tab");
    desk.paste(&origin);
    desk.press("tab");
    desk.paste(&origin);
    desk.press("tab");
    desk.paste(&origin);
    desk.press("tab");
    desk.type_in(&email);
    desk.press("tab");
    desk.paste(&token);
    desk.press("tab tab tab tab");
    desk.paste(&origin);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_the_first_start_to_an_interval() {
    let mut desk = Desk::new(SMALL, Start::Empty, SIZE).await;
    desk.shows("Set up a connection");
    desk.press("enter");
    desk.shows("new profile");

    // A wrong secret is explained, and corrected.
    fill_in(&mut desk, "0b9a4d5e-0000-4000-8000-000000000000");
    desk.press("^T");
    desk.until(|s| s.contains("✗")).await;
    desk.press("esc");
    desk.until(|s| s.contains("Secret ID")).await;
    let [(_, secret), _] = desk.sim.environment();
    desk.press("left home down down down enter ^U");
    desk.paste("not-the-secret-at-all");
    desk.press("^T");
    desk.until(|s| s.contains("has to be corrected")).await;
    desk.press("esc");
    desk.until(|s| s.contains("client secret")).await;
    desk.press("enter ^U");
    desk.paste(&secret);
    desk.press("^T");
    desk.until(|s| s.contains("Both connections work")).await;
    desk.press("^S");
    desk.until(|s| s.contains("Saved.")).await;
    let config = desk.file("config.toml");
    assert!(!config.contains(&secret), "{config}");
    assert!(desk.file("credentials.toml").contains(&secret));
    desk.hides(&secret);

    // A new profile observes: all toggles are off.
    desk.press("esc 3 r");
    desk.until(|s| s.contains("Both directories were read"))
        .await;
    desk.press("2");
    desk.until(|s| s.contains("with all three on")).await;
    desk.press("space down space down space s");
    desk.shows("Save these settings?");
    desk.press("enter");
    desk.until(|s| s.contains("Saved.")).await;
    assert!(desk.file("config.toml").contains("import_users = true"));

    // Review: two people rejected, a suggested group confirmed.
    desk.press("3 r");
    desk.until(|s| s.contains("Both directories were read"))
        .await;
    only_creations(&mut desk);
    desk.press("home space space");
    desk.shows("[ ] create rejected");
    desk.press("right");
    desk.until(|s| s.contains("y n o")).await;
    desk.press("home y");
    desk.until(|s| s.contains("Linked")).await;
    desk.idle().await;

    // Apply, with the numbers of what guards hold.
    allow_everything(&mut desk).await;
    desk.until(|s| s.contains("[4 Jobs]")).await;
    desk.press("p");
    desk.until(|s| s.contains("PAUSED") || s.contains("No run is under way"))
        .await;
    desk.press("p");
    desk.until(|s| s.contains("No run is under way")).await;
    desk.idle().await;
    desk.shows("Applied");

    // The second plan is empty but for the rejected.
    desk.press("3");
    desk.until(|s| s.contains(": nothing would be applied"))
        .await;

    // The interval runs twice.
    desk.press("4 i");
    desk.until(|s| s.contains("next in")).await;
    for runs in 2..4 {
        desk.pass(16 * 60);
        desk.until(|s| s.contains(&format!("History ({runs})")))
            .await;
        desk.idle().await;
    }
    desk.shows("unattended");
    desk.press("q");
    assert_eq!(desk.end().await, Ended::Quit);
}

/// Shows only people who are to be created.
fn only_creations(desk: &mut Desk) {
    desk.press("f down down down down enter");
    desk.shows("+ to create");
}

/// Opens the summary, types every number, and applies.
async fn allow_everything(desk: &mut Desk) {
    desk.press("a");
    desk.until(|s| s.contains("Apply to") || s.contains("Take back run"))
        .await;
    let numbers: Vec<String> = desk
        .screen()
        .lines()
        .filter(|line| line.contains("[          ]"))
        .filter_map(|line| {
            let number = line.split(": ").nth(1)?.split(' ').next()?;
            Some(number.replace(',', ""))
        })
        .collect();
    assert!(!numbers.is_empty(), "{}", desk.screen());
    for number in numbers {
        desk.type_in(&number);
        desk.press("enter");
    }
    desk.press("enter");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_stopped_cleanly_by_leaving() {
    let mut desk = Desk::with_plan(SMALL, SIZE).await;
    // Slow enough to be stopped in the middle.
    desk.sim.world(|world| world.services.latency = 60);
    allow_everything(&mut desk).await;
    desk.until(|s| s.contains("▸ Apply")).await;
    desk.press("q");
    desk.shows("Leave during a run?");
    desk.press("esc");
    desk.shows("[4 Jobs]");
    desk.press("q down enter");
    desk.shows("Stopping");
    assert_eq!(desk.end().await, Ended::Quit);
    let state = open_state(&desk);
    let run = state.runs().unwrap().remove(0);
    assert_eq!(run.outcome, Some(RunOutcome::Cancelled));
    let journal = state.journal(run.number).unwrap();
    assert!(!journal.is_empty());
    assert!(
        journal.iter().all(|row| row.outcome.is_some()),
        "{journal:?}"
    );
}

fn open_state(desk: &Desk) -> rollbook::store::State {
    let paths =
        rollbook::config::Paths::new(Some(desk.folder.path()), Some(desk.folder.path())).unwrap();
    rollbook::store::State::open(&paths.profile(crate::desk::PROFILE)).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signals_end_it_with_their_own_codes() {
    for (signal, ended) in [
        (Signal::Interrupt, Ended::Interrupted),
        (Signal::Hangup, Ended::Interrupted),
        (Signal::Terminate, Ended::Terminated),
    ] {
        let mut desk = Desk::new(SMALL, Start::Ready, SIZE).await;
        desk.sim.world(|world| world.services.latency = 50);
        desk.press("r");
        desk.until(|s| s.contains("Reading")).await;
        desk.signal(signal);
        assert_eq!(desk.ended(), None, "a run is stopped first");
        assert_eq!(desk.end().await, ended);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_schedule_waits_for_whoever_decides_but_not_for_ever() {
    let mut desk = Desk::with_plan(SMALL, SIZE).await;
    only_creations(&mut desk);
    desk.press("home space 4 i");
    desk.until(|s| s.contains("holds everything")).await;
    // The interval is over, but somebody made a mark less than ten minutes ago.
    desk.pass(14 * 60);
    desk.press("3 home space space 4");
    desk.pass(2 * 60);
    desk.pass(60);
    desk.idle().await;
    desk.shows("History (0)");
    // They went to lunch.
    desk.pass(8 * 60);
    desk.until(|s| s.contains("History (1)")).await;
    desk.idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_does_not_change_under_the_hands() {
    let mut desk = Desk::with_plan(SMALL, SIZE).await;
    desk.press("4 i");
    desk.until(|s| s.contains("next in")).await;
    desk.press("3");
    desk.sim.world(|world| {
        let id = world
            .entra
            .users
            .iter()
            .find(|(_, user)| user.enabled)
            .map(|(id, _)| id.clone());
        if let Some(id) = id {
            world.edit_user(&id, |user| user.enabled = false);
        }
    });
    let before = desk.screen();
    desk.pass(16 * 60);
    desk.until(|s| s.contains("R takes")).await;
    let rows = |screen: &str| -> Vec<String> {
        screen.lines().skip(5).take(12).map(str::to_owned).collect()
    };
    assert_eq!(rows(&before), rows(&desk.screen()));
    desk.press("R");
    desk.hides("R takes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decision_is_kept_and_can_be_withdrawn() {
    let mut desk = Desk::with_plan(SMALL, SIZE).await;
    only_creations(&mut desk);
    desk.press("home space");
    desk.idle().await;
    let decided = open_state(&desk).decisions().unwrap().operations.len();
    assert_eq!(decided, 1);
    // Read again: the rejected row is still there to be accepted.
    desk.press("r");
    desk.until(|s| s.contains("Both directories were read"))
        .await;
    desk.shows("[ ] create rejected");
    desk.press("home space");
    desk.idle().await;
    assert!(open_state(&desk).decisions().unwrap().operations.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_says_what_to_do_and_the_next_try_works() {
    let mut desk = Desk::new(SMALL, Start::Ready, SIZE).await;
    desk.sim
        .world(|world| world.faults.token_error = Some(7_000_222));
    desk.press("r");
    desk.until(|s| s.contains("That did not work")).await;
    desk.shows("expired");
    desk.press("enter");
    desk.sim.world(|world| world.faults.token_error = None);
    desk.idle().await;
    desk.press("r");
    desk.until(|s| s.contains("Both directories were read"))
        .await;
}

/// Requests that write to Jira.
fn writes(desk: &Desk) -> Vec<String> {
    desk.sim.world(|world| {
        world
            .log
            .iter()
            .filter(|entry| entry.method != "GET" && entry.path.starts_with("/rest"))
            .map(|entry| format!("{} {}", entry.method, entry.path))
            .collect()
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_left_held_stays_held() {
    let mut desk = Desk::with_plan(SMALL, SIZE).await;
    desk.press("a");
    desk.until(|s| s.contains("new-people: 30")).await;
    // Meanwhile fewer people are to be created than the guard would hold.
    desk.sim.world(|world| {
        let enabled = world.entra.users.values_mut().filter(|user| user.enabled);
        for user in enabled.take(60) {
            user.enabled = false;
        }
    });
    desk.press("end tab tab tab enter");
    desk.until(|s| s.contains("No run is under way")).await;
    desk.idle().await;
    let writes = writes(&desk);
    assert!(
        !writes.iter().any(|w| w == "POST /rest/api/3/user"),
        "{writes:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_number_is_told_and_nothing_is_applied() {
    let mut desk = Desk::with_plan(SMALL, SIZE).await;
    desk.press("a");
    desk.until(|s| s.contains("new-people: 30")).await;
    desk.type_in("29");
    desk.shows("that is not 30");
    desk.press("tab tab tab enter");
    desk.shows("correct it, or leave it empty");
    desk.shows("Apply to");
    desk.press("esc");
    assert!(writes(&desk).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decision_is_taken_back() {
    let mut desk = Desk::with_plan(SMALL, SIZE).await;
    desk.press("right home");
    let before = desk.screen();
    let first = before.lines().nth(6).unwrap().to_owned();
    desk.press("y");
    desk.until(|s| s.contains("u undoes it")).await;
    desk.idle().await;
    assert_eq!(open_state(&desk).links().unwrap().groups().count(), 1);
    assert_ne!(desk.screen().lines().nth(6).unwrap(), first);
    desk.press("u");
    desk.until(|s| s.contains("Taken back")).await;
    desk.idle().await;
    assert_eq!(open_state(&desk).links().unwrap().groups().count(), 0);
    desk.press("home");
    assert_eq!(desk.screen().lines().nth(6).unwrap(), first);
    desk.press("left");
    only_creations(&mut desk);
    desk.press("home space u");
    desk.idle().await;
    assert!(open_state(&desk).decisions().unwrap().operations.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_decided_while_reading_is_not_lost() {
    let mut desk = Desk::with_plan(SMALL, SIZE).await;
    desk.sim.world(|world| world.services.latency = 30);
    only_creations(&mut desk);
    desk.press("r home space right home");
    desk.until(|s| s.contains("y n o")).await;
    let name = desk.screen().lines().nth(6).unwrap()[4..24]
        .trim()
        .to_owned();
    desk.press("y");
    desk.until(|s| s.contains("Both directories were read"))
        .await;
    desk.idle().await;
    desk.press("f");
    desk.press("down enter home");
    desk.until(|s| s.contains(&name)).await;
    desk.shows("linked: adds only");
    desk.press("left");
    only_creations(&mut desk);
    desk.shows("[ ] create rejected");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_else_wrote_is_not_overwritten() {
    let mut desk = Desk::with_plan(SMALL, SIZE).await;
    let theirs = desk.file("config.toml") + "# Theirs.\n";
    std::fs::write(desk.folder.path().join("config.toml"), &theirs).unwrap();
    desk.press("4 i");
    desk.until(|s| s.contains("Nothing was saved")).await;
    assert_eq!(desk.file("config.toml"), theirs);
    desk.press("enter");
    desk.idle().await;
    desk.press("i");
    desk.until(|s| s.contains("next in")).await;
    let text = desk.file("config.toml");
    assert!(
        text.contains("# Theirs.") && text.contains("enabled = true"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edits_of_settings_outlive_what_is_saved_elsewhere() {
    let mut desk = Desk::with_plan(SMALL, SIZE).await;
    desk.press("2 space 4 i");
    desk.until(|s| s.contains("next in")).await;
    assert!(!desk.file("config.toml").contains("import_users = false"));
    desk.press("2");
    desk.shows("[ ] Import users");
    desk.press("s enter");
    desk.until(|s| s.contains("Saved.")).await;
    let text = desk.file("config.toml");
    assert!(
        text.contains("import_users = false") && text.contains("enabled = true"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn profiles_come_and_go() {
    let mut desk = Desk::new(SMALL, Start::Ready, SIZE).await;
    desk.press("1 n");
    desk.type_in("Second");
    desk.press("tab");
    fill_in_from_tenant(&mut desk);
    desk.press("^S");
    desk.until(|s| s.contains("Saved.")).await;
    assert!(desk.file("config.toml").contains("[profiles.Second.entra]"));
    desk.press("esc P");
    desk.shows("Azure AD");
    desk.press("home enter");
    desk.until(|s| s.contains("Azure AD ▸")).await;
    desk.press("P down enter");
    desk.until(|s| s.contains("Second ▸")).await;
    desk.press("D down enter");
    desk.until(|s| s.contains("was deleted")).await;
    desk.shows("Azure AD ▸");
    assert!(!desk.file("config.toml").contains("Second"));
    assert!(!desk.file("credentials.toml").contains("Second"));
}

/// The same from the tenant id on.
fn fill_in_from_tenant(desk: &mut Desk) {
    let [(_, secret), _] = desk.sim.environment();
    fill_in(desk, &secret);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_cancelled_apply_the_plan_shows_what_is_left() {
    let mut desk = Desk::with_plan(SMALL, SIZE).await;
    desk.sim.world(|world| world.services.latency = 60);
    allow_everything(&mut desk).await;
    desk.until(|s| s.contains("▸ Apply")).await;
    desk.press("c down enter");
    desk.until(|s| s.contains("Cancelled; what was on its way was finished"))
        .await;
    desk.sim.world(|world| world.services.latency = 0);
    desk.until(|s| s.contains("Both directories were read"))
        .await;
    desk.idle().await;
    desk.press("3");
    desk.hides("out of date");
    let (done, left) = {
        let state = open_state(&desk);
        let run = state.runs().unwrap().remove(0);
        (run.counts.done, run.counts.skipped)
    };
    assert!(done > 0 && left > 0);
    desk.press("4 enter");
    desk.until(|s| s.contains("cancelled:")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_read_last_is_there_when_it_opens_again() {
    let mut desk = Desk::with_plan(SMALL, SIZE).await;
    let before = desk.screen();
    let asked = desk.sim.world(|world| world.log.len());
    desk.pass(3600);
    desk.reopen().await;
    desk.until(|screen| screen.contains("in Jira ·")).await;
    let rows = |screen: &str| -> Vec<String> {
        screen.lines().skip(2).take(20).map(str::to_owned).collect()
    };
    assert_eq!(rows(&before), rows(&desk.screen()));
    assert_eq!(
        desk.sim.world(|world| world.log.len()),
        asked,
        "nobody was asked"
    );
    // And everything can be verified on demand.
    desk.press("V");
    desk.until(|screen| screen.contains("Both directories were read"))
        .await;
    let listed = desk.sim.world(|world| {
        let log = &world.log[asked..];
        log.iter().filter(|r| r.path == "/v1.0/users").count()
    });
    assert!(listed > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scope_by_assignment_is_set_and_read() {
    let app = "0b9a4d5e-0000-4000-8000-00000000000a";
    let mut desk = Desk::with_plan(SMALL, SIZE).await;
    desk.sim.world(|world| {
        let people = world.entra.users.keys().take(12).cloned();
        let people = people.map(rollbook::simulator::Member::User).collect();
        world.entra.assigned.insert(app.to_owned(), people);
    });
    desk.press("2");
    while !desk.screen().contains("▸ People who take part") {
        desk.press("down");
    }
    desk.press("space");
    // Without the application there is nothing to save.
    desk.until(|screen| screen.contains("client id, a GUID"))
        .await;
    desk.press("down enter");
    desk.paste(app);
    desk.press("enter");
    desk.until(|screen| screen.contains("is read with the next"))
        .await;
    desk.press("s");
    desk.shows("Save these settings?");
    desk.shows("What this does shows later");
    desk.press("enter");
    desk.until(|screen| screen.contains("Saved.")).await;
    desk.press("r");
    desk.until(|screen| screen.contains("Both directories were read"))
        .await;
    desk.press("3");
    desk.until(|screen| screen.contains(" in Jira ·")).await;
    let screen = desk.screen();
    let (_, rest) = screen.split_once(" of ").unwrap();
    let in_scope: u32 = rest.split(' ').next().unwrap().parse().unwrap();
    assert!((1..=12).contains(&in_scope), "{screen}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_exported_taken_back_and_the_schedule_waits() {
    let mut desk = Desk::with_plan(SMALL, SIZE).await;
    let accounts = |desk: &Desk| desk.sim.world(|w| w.jira.accounts.len());
    let before = accounts(&desk);
    allow_everything(&mut desk).await;
    desk.until(|s| s.contains("No run is under way")).await;
    desk.idle().await;
    desk.shows("Applied.");
    assert!(accounts(&desk) > before);
    desk.press("i");
    desk.until(|s| s.contains("next in")).await;

    desk.press("enter");
    desk.until(|s| s.contains("there already")).await;
    desk.press("x");
    desk.until(|s| s.contains("Exported to")).await;
    // Nothing failed: the key says so.
    desk.press("t");
    desk.shows("Nothing failed in this run.");

    desk.press("u");
    desk.until(|s| s.contains("takes back run")).await;
    desk.idle().await;
    desk.shows("[x] remove");
    desk.shows("Taking back run");
    allow_everything(&mut desk).await;
    desk.until(|s| s.contains("paused by the undo")).await;
    desk.idle().await;
    assert_eq!(accounts(&desk), before);
    desk.press("i");
    desk.until(|s| s.contains("The schedule goes on")).await;
    desk.press("3");
    desk.until(|s| s.contains(": nothing would be applied"))
        .await;
    desk.press("q");
    assert_eq!(desk.end().await, Ended::Quit);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_machine_is_named_before_anything_is_applied() {
    let mut desk = Desk::with_plan(SMALL, SIZE).await;
    desk.sim.world(|w| {
        let until = jiff::Timestamp::now() - std::time::Duration::from_mins(12);
        let lease = serde_json::json!({
            "host": "jump02", "person": "maria", "settings": "other", "until": until.to_string(),
        });
        let place = (w.jira.admin.clone(), "rollbook.lease".to_owned());
        w.jira.properties.insert(place, lease.to_string());
    });
    let writes = desk.sim.world(|w| w.writes());
    allow_everything(&mut desk).await;
    desk.until(|s| s.contains("applied 12 min ago with other"))
        .await;
    desk.press("enter");
    desk.idle().await;
    assert_eq!(desk.sim.world(|w| w.writes()), writes, "looked on only");
    desk.press("3");
    allow_everything(&mut desk).await;
    desk.until(|s| s.contains("Take over")).await;
    desk.press("down enter");
    desk.until(|s| s.contains("Applied.")).await;
    desk.idle().await;
    desk.press("q");
    assert_eq!(desk.end().await, Ended::Quit);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_can_still_sign_in_is_listed_until_that_is_ignored() {
    let mut desk = Desk::with_plan(SMALL, SIZE).await;
    let listed = |desk: &Desk| {
        let screen = desk.screen();
        let line = screen
            .lines()
            .find(|l| l.contains("disabled, can still sign in"));
        let number = line.and_then(|l| l.split(" disabled, can").next()?.rsplit(' ').next());
        number.and_then(|n| n.parse::<u32>().ok()).unwrap_or(0)
    };
    let before = listed(&desk);
    assert!(before > 0, "{}", desk.screen());
    desk.press("f");
    desk.until(|s| s.contains("can still sign in to Jira") || s.contains("still sign in"))
        .await;
    // The filter for them.
    while !desk
        .screen()
        .lines()
        .any(|l| l.contains("▸") && l.contains("still sign in"))
    {
        desk.press("down");
    }
    desk.press("enter home i");
    desk.until(|s| s.contains("may stay as it is")).await;
    desk.idle().await;
    assert_eq!(listed(&desk), before - 1);
    // It is kept, and can be withdrawn.
    desk.press("r");
    desk.until(|s| s.contains("Both directories were read"))
        .await;
    assert_eq!(listed(&desk), before - 1);
    desk.press("q");
    assert_eq!(desk.end().await, Ended::Quit);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leaver_is_shown_with_what_becomes_of_them() {
    let mut desk = Desk::with_plan(SMALL, (80, 24)).await;
    allow_everything(&mut desk).await;
    desk.until(|s| s.contains("No run is under way")).await;
    desk.idle().await;
    // Leavers are suspended from now on.
    desk.press("2");
    desk.until(|s| s.contains("Import users")).await;
    while !desk.screen().lines().any(|l| l.contains("▸ Leavers")) {
        desk.press("down");
    }
    desk.press("right right");
    desk.shows("are suspended");
    desk.press("s");
    desk.shows("Save these settings?");
    desk.press("enter");
    desk.until(|s| s.contains("Saved.")).await;
    assert!(desk.file("config.toml").contains("leavers = \"suspend\""));
    let name = desk.sim.world(|w| {
        let user = w.entra.users.values().find(|u| {
            let mail = w.importable(u);
            mail.is_some_and(|m| w.accounts_of(&m).first().is_some_and(|a| a.active))
        });
        let user = user.unwrap().clone();
        w.edit_user(&user.id, |user| user.enabled = false);
        user.name
    });
    desk.press("3 r");
    desk.until(|s| s.contains("Both directories were read"))
        .await;
    desk.idle().await;
    desk.press("/");
    desk.type_in(&name);
    desk.press("enter");
    desk.until(|s| s.contains("suspend")).await;
    // There is no key: it is held, and the summary says by what.
    desk.shows("held");
    desk.press("enter");
    desk.until(|s| s.contains("To be suspended")).await;
    desk.press("esc a");
    desk.until(|s| s.contains("organization-key")).await;
    desk.press("esc q");
    assert_eq!(desk.end().await, Ended::Quit);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_process_is_named_until_it_is_done() {
    let mut desk = Desk::with_plan(SMALL, SIZE).await;
    desk.idle().await;
    let paths =
        rollbook::config::Paths::new(Some(desk.folder.path()), Some(desk.folder.path())).unwrap();
    let folder = paths.profile(crate::desk::PROFILE);
    // Another process applies: it holds the lock, and its run has not ended.
    let lock = std::fs::File::options()
        .write(true)
        .open(folder.join("lock"))
        .unwrap();
    lock.lock().unwrap();
    let owner = r#"{"pid":1,"host":"jump02","person":"maria","doing":"apply","since":"2026-11-24T11:59:00Z"}"#;
    std::fs::write(folder.join("lock"), owner).unwrap();
    let state = open_state(&desk);
    let (run, _) = state
        .begin_run(&NewRun {
            kind: RunKind::Attended,
            plan_id: "p",
            guards: &[],
            host: "jump02",
            person: "maria",
            allowances: &Allowances::default(),
            undoes: None,
        })
        .unwrap();
    desk.press("4");
    desk.until(|s| s.contains("running") && s.contains("locked by maria on jump02"))
        .await;
    desk.hides("never ended");
    // It is done; nobody has to ask.
    let counts = Counts {
        done: 3,
        ..Counts::default()
    };
    state.end_run(run, RunOutcome::Applied, counts).unwrap();
    lock.unlock().unwrap();
    desk.pass(4);
    desk.until(|s| s.contains("The other Rollbook is done") && !s.contains("running"))
        .await;
    desk.hides("locked by");
    desk.press("3");
    desk.shows("out of date");
    // Whoever opens the console after it wrote something is told that the plan is older than that.
    let journal = rusqlite::Connection::open(folder.join("state.db")).unwrap();
    journal
        .execute(
            "INSERT INTO journal (run, operation_id, kind, reason, intent_at, outcome)
             VALUES (?1, 'x', 'create_user', 'r', 1795521590, 'done')",
            [run],
        )
        .unwrap();
    desk.reopen().await;
    desk.until(|s| s.contains("out of date")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_left_alone_while_the_interval_reads_is_left_alone() {
    let mut desk = Desk::new(SMALL, Start::Ready, SIZE).await;
    let config = desk.file("config.toml").replace(
        "import_users = true",
        "import_users = true\nleavers = \"remove\"",
    );
    std::fs::write(desk.folder.path().join("config.toml"), config).unwrap();
    desk.reopen().await;
    desk.press("3 r");
    desk.until(|s| s.contains("Both directories were read"))
        .await;
    allow_everything(&mut desk).await;
    desk.until(|s| s.contains("No run is under way")).await;
    desk.idle().await;
    desk.press("4 i");
    desk.until(|s| s.contains("next in")).await;
    // Two leave; the admin says of one that they may stay while the interval reads.
    let accounts = desk.sim.world(|world| {
        let admins: Vec<&String> = world
            .jira
            .groups
            .values()
            .filter(|group| group.access_type.is_some())
            .flat_map(|group| &group.members)
            .collect();
        let found: Vec<(String, String)> = world
            .entra
            .users
            .values()
            .filter_map(|user| {
                let accounts = world.accounts_of(&world.importable(user)?);
                let account = accounts.first().filter(|a| a.active)?;
                let plain = !admins.contains(&&account.id);
                plain.then(|| (user.id.clone(), account.id.clone()))
            })
            .take(2)
            .collect();
        for (id, _) in &found {
            world.edit_user(id, |user| user.enabled = false);
        }
        world.services.latency = 30;
        found
            .into_iter()
            .map(|(_, account)| account)
            .collect::<Vec<_>>()
    });
    let asked = desk.sim.world(|world| world.log.len());
    desk.pass(16 * 60);
    while desk.sim.world(|world| world.log.len()) < asked + 4 {
        tokio::task::yield_now().await;
    }
    let account = rollbook::directory::AccountId::new(&accounts[0]);
    let alone = Decision::LeaveAlone(Question::standing(&account));
    open_state(&desk).record(&[alone]).unwrap();
    desk.until(|s| s.contains("No run is under way")).await;
    desk.idle().await;
    let there = |account: &String| {
        desk.sim
            .world(|world| world.jira.accounts.contains_key(account))
    };
    assert!(there(&accounts[0]), "left alone");
    assert!(!there(&accounts[1]), "removed");
}
