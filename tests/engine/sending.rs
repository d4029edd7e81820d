//! Where secrets go: what each server sees, for each source of a secret and each number of profiles.

use crate::world::{PROFILE, SMALL, World};
use rollbook::simulator::{Scenario, Simulator};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

const OTHER: &str = "Other one";
const VARIABLES: [&str; 2] = ["ROLLBOOK_ENTRA_CLIENT_SECRET", "ROLLBOOK_JIRA_API_TOKEN"];

/// Two tenants with two sites, whose secrets differ; each has a profile.
struct Two {
    world: World,
    other: Simulator,
}

impl Two {
    async fn new() -> Self {
        let mut world = World::new(SMALL).await;
        let other = Simulator::start(&Scenario::parse(SMALL).unwrap(), 0)
            .await
            .unwrap();
        other.world(|w| {
            w.entra.secret = String::from("another~secret~of~another~tenant");
            w.jira.token = String::from("ANOTHER-token-of-another-site");
        });
        for name in VARIABLES {
            world.set(name, "");
        }
        let two = Self { world, other };
        two.configure(&[PROFILE, OTHER]);
        two
    }

    /// Writes the configuration with these profiles.
    fn configure(&self, profiles: &[&str]) {
        let config = |name: &&str| {
            let sim = if *name == PROFILE {
                &self.world.sim
            } else {
                &self.other
            };
            sim.config(name)
        };
        let config: String = profiles.iter().map(config).collect();
        self.world.configure(&config, "");
    }

    /// The secrets that a profile's services take: client secret and token.
    fn secrets(&self, profile: &str) -> [String; 2] {
        let sim = if profile == PROFILE {
            &self.world.sim
        } else {
            &self.other
        };
        sim.world(|w| [w.entra.secret.clone(), w.jira.token.clone()])
    }

    /// How many requests each of both servers has seen.
    fn seen(&self) -> [usize; 2] {
        [&self.world.sim, &self.other].map(|sim| sim.world(|w| w.log.len()))
    }

    /// Runs `plan`; its servers are the only ones that see anything, and take what they see.
    async fn reaches(&self, options: &[&str], profile: &str) {
        let before = self.seen();
        let arguments = [&["plan"], options].concat();
        self.world.run(&arguments).await.expect(0);
        let after = self.seen();
        let (own, foreign) = if profile == PROFILE { (0, 1) } else { (1, 0) };
        assert!(after[own] > before[own], "{options:?}");
        assert_eq!(after[foreign], before[foreign], "{options:?}");
    }

    /// Runs `plan`, which has no secret: nobody sees anything.
    async fn reaches_nobody(&self, options: &[&str], kind: &str) -> Value {
        let before = self.seen();
        let arguments = [&["plan"], options].concat();
        let error = self.world.json(&arguments, 1).await["error"].clone();
        assert_eq!(error["kind"], kind, "{error}");
        assert_eq!(self.seen(), before, "{options:?}");
        error
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_environments_secrets_are_the_named_or_single_profiles() {
    let mut two = Two::new().await;
    let secrets = two.secrets(PROFILE);
    for (name, value) in VARIABLES.into_iter().zip(&secrets) {
        two.world.set(name, value);
    }
    two.reaches_nobody(&[], "config").await;
    two.reaches(&["--profile", PROFILE], PROFILE).await;
    two.configure(&[PROFILE]);
    two.reaches(&[], PROFILE).await;
    two.reaches(&["--profile", PROFILE], PROFILE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn systemd_credentials_are_whose_name_they_bear() {
    let mut two = Two::new().await;
    let folder = two.world.path("credentials");
    fs::create_dir(&folder).unwrap();
    two.world
        .set("CREDENTIALS_DIRECTORY", folder.to_str().unwrap());
    let keep = |suffix: &str, secrets: [String; 2]| {
        for (name, value) in ["entra_client_secret", "jira_api_token"]
            .iter()
            .zip(secrets)
        {
            fs::write(folder.join(format!("{name}{suffix}")), value).unwrap();
        }
    };
    keep(".Other_one", two.secrets(OTHER));
    two.reaches(&["--profile", OTHER], OTHER).await;
    two.reaches_nobody(&["--profile", PROFILE], "secret").await;
    // Named, a profile takes those without a name.
    keep("", two.secrets(PROFILE));
    two.reaches(&["--profile", PROFILE], PROFILE).await;
    two.reaches(&["--profile", OTHER], OTHER).await;
    two.configure(&[PROFILE]);
    two.reaches(&[], PROFILE).await;
    // Two names that come to the same: nobody can tell whose they are.
    two.configure(&[PROFILE, OTHER, "Other.one"]);
    for profile in [OTHER, "Other.one"] {
        let error = two.reaches_nobody(&["--profile", profile], "secret").await;
        let message = error["message"].as_str().unwrap();
        for name in ["entra_client_secret.Other_one", OTHER, "Other.one"] {
            assert!(message.contains(name), "{message}");
        }
    }
    // Neither takes those of all, which are somebody's too.
    two.reaches(&["--profile", PROFILE], PROFILE).await;
    fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn files_and_programs_give_each_profile_its_own() {
    let two = Two::new().await;
    let file = two.world.config_dir().join("credentials.toml");
    let section = |profile: &str| {
        let [secret, token] = two.secrets(profile);
        format!(
            "[profiles.\"{profile}\"]\nentra_client_secret = \"{secret}\"\njira_api_token = \"{token}\"\n"
        )
    };
    let write = |text: &str| {
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    };
    write(&section(OTHER));
    two.reaches(&["--profile", OTHER], OTHER).await;
    two.reaches_nobody(&["--profile", PROFILE], "secret").await;
    write(&format!("{}{}", section(OTHER), section(PROFILE)));
    two.reaches(&["--profile", PROFILE], PROFILE).await;
    two.reaches(&["--profile", OTHER], OTHER).await;
    two.configure(&[PROFILE]);
    two.reaches(&[], PROFILE).await;
    // A program's word counts before the file's.
    let [secret, token] = two.secrets(OTHER);
    let config = two.other.config(OTHER);
    let config = [("entra", &secret), ("jira", &token)].into_iter().fold(
        config,
        |config, (side, secret)| {
            let head = format!("[profiles.\"{OTHER}\".{side}]\n");
            let command = format!("{head}secret_command = [\"echo\", \"{secret}\"]\n");
            config.replace(&head, &command)
        },
    );
    write(&section(OTHER).replace(&secret, "wrong"));
    two.world.configure(&config, &two.world.sim.config(PROFILE));
    two.reaches(&["--profile", OTHER], OTHER).await;
    two.reaches_nobody(&["--profile", PROFILE], "secret").await;
    fs::remove_file(&file).unwrap();
    // The program and its arguments stand in the configuration of this test, and with them the secret.
    two.configure(&[PROFILE, OTHER]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_follows_an_address_that_was_changed() {
    let world = World::new(SMALL).await;
    world.run(&["plan"]).await.expect(0);
    let thief = Simulator::start(&Scenario::parse(SMALL).unwrap(), 0)
        .await
        .unwrap();
    let (own, other) = (world.sim.origin(), thief.origin());
    let config = world.sim.config(PROFILE);
    for setting in ["login_url", "graph_url", "site_url", "api_url"] {
        let line = format!("{setting} = \"{own}\"");
        let changed = config.replace(&line, &format!("{setting} = \"{other}\""));
        assert_ne!(changed, config, "{setting}");
        world.configure(&changed, "");
        for command in ["check", "plan", "sync"] {
            let error = world.json(&[command], 1).await["error"].clone();
            assert_eq!(error["kind"], "origin-changed", "{error}");
            let message = error["message"].as_str().unwrap();
            assert!(
                message.contains(&format!("{setting} is now {other}, and was {own}")),
                "{message}"
            );
        }
        assert_eq!(thief.world(|w| w.log.len()), 0, "{setting}");
    }
    // Put back, everything goes on.
    world.configure(&config, "");
    world.run(&["plan"]).await.expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_can_say_that_an_address_was_changed_rightly() {
    let world = World::new(SMALL).await;
    world.run(&["plan"]).await.expect(0);
    let own = world.sim.origin();
    // Another name of the same machine.
    let other = own.replace("127.0.0.1", "localhost");
    let config = world.sim.config(PROFILE);
    let line = |origin: &str| format!("login_url = \"{origin}\"");
    world.configure(&config.replace(&line(&own), &line(&other)), "");
    let question = "Send them there from now on?";
    let mut asked = world.in_terminal(&["check"]);
    asked.until_asked(question);
    asked.answer("n");
    assert_eq!(asked.ended(), 1, "{}", asked.said);
    let refused = world.json(&["sync"], 1).await;
    assert_eq!(refused["error"]["kind"], "origin-changed");
    let mut asked = world.in_terminal(&["check"]);
    asked.until_asked(question);
    asked.answer("y");
    assert_eq!(asked.ended(), 0, "{}", asked.said);
    world.run(&["plan"]).await.expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_prints_a_secret_ends_with_what_wanted_it() {
    let mut world = World::new(SMALL).await;
    world.set(VARIABLES[0], "");
    let (script, pids) = (world.path("print"), world.path("pids"));
    // It starts another one, as those of password managers do.
    let text = format!(
        "#!/bin/sh\nsleep 1000 &\necho $$ $! > {0}.new\nmv {0}.new {0}\nwait\n",
        pids.display()
    );
    fs::write(&script, text).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o700)).unwrap();
    let head = format!("[profiles.\"{PROFILE}\".entra]\n");
    let command = format!("{head}secret_command = [{:?}]\n", script.to_str().unwrap());
    let config = world.sim.config(PROFILE).replace(&head, &command);
    world.configure(&config, "");
    let mut plan: Command = world.command(&["plan"]);
    let child = plan.spawn().unwrap();
    let started = loop {
        if let Ok(text) = fs::read_to_string(&pids) {
            break text;
        }
        tokio::task::yield_now().await;
    };
    let pid = |text: &str| Pid::from_raw(text.parse().unwrap()).unwrap();
    let own = Pid::from_child(&child);
    kill_process(own, Signal::TERM).unwrap();
    world.ended(child).await.expect(143);
    for started in started.split_whitespace().map(pid) {
        // Whoever adopts an orphan takes note of its end in its own time.
        while test_kill_process(started).is_ok() && !is_dead(started) {
            tokio::task::yield_now().await;
        }
    }
}

/// Whether nothing but the entry of a process is left.
fn is_dead(process: Pid) -> bool {
    let path = format!("/proc/{}/stat", process.as_raw_nonzero());
    fs::read_to_string(path).is_ok_and(|stat| stat.contains(") Z "))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_fails_after_it_printed_a_secret_is_told_without_it() {
    let mut world = World::new(SMALL).await;
    world.set(VARIABLES[0], "");
    let script = world.path("print");
    // The secret is another one than the world's: its own stands in this script.
    let text = "#!/bin/sh\necho hv8-not-to-be-told-Q7\necho 'saw hv8-not-to-be-told-Q7: locked' >&2\nexit 3\n";
    fs::write(&script, text).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o700)).unwrap();
    let head = format!("[profiles.\"{PROFILE}\".entra]\n");
    let command = format!("{head}secret_command = [{:?}]\n", script.to_str().unwrap());
    let config = world.sim.config(PROFILE).replace(&head, &command);
    world.configure(&config, "");
    let error = world.json(&["plan"], 1).await["error"].to_string();
    assert!(error.contains("saw [secret]: locked"), "{error}");
    assert!(!error.contains("hv8"), "{error}");
}
