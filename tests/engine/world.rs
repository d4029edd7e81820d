//! A simulator, a folder, and the real binary.

use crate::contract;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rollbook::simulator::{EntraUser, Scenario, Simulator, World as Directories};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

pub const PROFILE: &str = "Azure AD";

/// What a command did.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// The one document on standard output.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|e| panic!("no JSON ({e}):\n{}\n{}", self.out, self.err))
    }

    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "\n{}\n{}", self.out, self.err);
        self
    }
}

/// A simulated organisation and a place for Rollbook's files.
pub struct World {
    pub sim: Simulator,
    folder: TempDir,
    secrets: Vec<String>,
    environment: Vec<(String, String)>,
}

/// A small organisation with every awkward case, quick to read.
pub const SMALL: &str = r"
[organization]
users = 90
groups = 16
seed = 11
[services]
limiter = false
slice = 5
delta_page = 6
invisible = 300
";

/// What an Entra group is called that bears the name of a group which gives access, where a test is not
/// about that: such a group waits for somebody who types its name.
fn rename_namesake(sim: &Simulator) {
    sim.world(|w| {
        let mut groups = w.entra.groups.values_mut();
        if let Some(group) = groups.find(|group| group.name == ACCESS) {
            group.name = String::from("Software users");
        }
    });
}

/// The group that gives access to Jira.
pub const ACCESS: &str = "jira-software-users";

impl World {
    pub async fn new(scenario: &str) -> Self {
        let world = Self::with_namesake(scenario).await;
        rename_namesake(&world.sim);
        world
    }

    /// The same, where an Entra group may bear the name of the group that gives access.
    pub async fn with_namesake(scenario: &str) -> Self {
        let scenario = Scenario::parse(scenario).unwrap();
        let sim = Simulator::start(&scenario, 0).await.unwrap();
        let world = Self {
            secrets: sim.world(|w| {
                // The whole suite: ROLLBOOK_ECHO=1 cargo test --test engine.
                w.faults.echoes = std::env::var_os("ROLLBOOK_ECHO").is_some();
                let login = format!("{}:{}", w.jira.admin_email, w.jira.token);
                let key = w.jira.organization_key.clone();
                let (secret, token) = (w.entra.secret.clone(), w.jira.token.clone());
                vec![STANDARD.encode(login), key, secret, token]
            }),
            environment: sim
                .environment()
                .map(|(name, value)| (name.to_owned(), value))
                .to_vec(),
            folder: TempDir::new().unwrap(),
            sim,
        };
        world.configure(&world.sim.config(PROFILE), LIMITS);
        world
    }

    /// Writes the configuration: the simulator's own, and more.
    pub fn configure(&self, config: &str, more: &str) {
        std::fs::create_dir_all(self.config_dir()).unwrap();
        std::fs::write(
            self.config_dir().join("config.toml"),
            format!("{config}{more}"),
        )
        .unwrap();
    }

    pub fn config_dir(&self) -> PathBuf {
        self.folder.path().join("config")
    }

    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The folder that the profile's databases are in.
    pub fn profile_dir(&self) -> PathBuf {
        std::fs::read_dir(self.data_dir())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .find(|path| path.join("lock").exists())
            .expect("a profile's folder")
    }

    /// Sets an environment variable for the commands that follow.
    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.retain(|(n, _)| n != name);
        if !value.is_empty() {
            self.environment.push((name.to_owned(), value.to_owned()));
        }
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rollbook"));
        command
            .env_clear()
            .env("HOME", self.folder.path())
            .envs(self.environment.iter().map(|(n, v)| (n, v)))
            .arg("--config-dir")
            .arg(self.config_dir())
            .arg("--data-dir")
            .arg(self.data_dir())
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs a command. Whatever it prints is free of secrets and of raw control characters.
    pub async fn run(&self, arguments: &[&str]) -> Ran {
        self.ended(self.command(arguments).spawn().unwrap()).await
    }

    /// Waits for a command that was started.
    pub async fn ended(&self, child: Child) -> Ran {
        let output = tokio::task::spawn_blocking(|| child.wait_with_output().unwrap())
            .await
            .unwrap();
        let ran = Ran {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        };
        for text in [&ran.out, &ran.err] {
            self.free_of_secrets("output", text.as_bytes());
            assert!(!text.contains('\u{1b}'), "an escape code: {text}");
        }
        ran
    }

    pub async fn json(&self, arguments: &[&str], code: i32) -> Value {
        let mut all = arguments.to_vec();
        all.push("--json");
        self.run(&all).await.expect(code).json()
    }

    /// `--allow` for everything that a plan names.
    pub fn allowances(plan: &Value) -> Vec<String> {
        plan["guards"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|guard| guard["allowable"] == true)
            .map(|guard| {
                format!(
                    "--allow={}={}",
                    guard["name"].as_str().unwrap(),
                    guard["count"]
                )
            })
            .collect()
    }

    /// Starts a command that allows everything that this plan's guards hold.
    pub fn start(&self, arguments: &[&str], plan: &Value) -> Child {
        let allow = Self::allowances(plan);
        let mut all = arguments.to_vec();
        all.extend(allow.iter().map(String::as_str));
        self.command(&all).spawn().unwrap()
    }

    /// Runs a command with everything allowed that a plan shows.
    pub async fn allowing(&self, arguments: &[&str], plan: &Value, code: i32) -> Value {
        let allow = Self::allowances(plan);
        let mut all = arguments.to_vec();
        all.extend(allow.iter().map(String::as_str));
        self.json(&all, code).await
    }

    /// Applies everything that the present plan names; gives the apply's document.
    pub async fn apply_all(&self, code: i32) -> Value {
        let plan = self.json(&["plan"], 0).await;
        self.allowing(&["apply", "--yes"], &plan, code).await
    }

    /// How many operations a plan made now would hold.
    pub async fn left(&self) -> u64 {
        let plan = self.json(&["plan"], 0).await;
        plan["summary"]["total"].as_u64().unwrap()
    }

    fn free_of_secrets(&self, what: &str, bytes: &[u8]) {
        let bearers = self.sim.world(|w| w.bearers());
        for secret in self.secrets.iter().chain(&bearers) {
            let found = memchr::memmem::find(bytes, secret.as_bytes());
            let around =
                found.map(|at| String::from_utf8_lossy(&bytes[at.saturating_sub(300)..at]));
            assert!(around.is_none(), "a secret in {what}, after {around:?}");
        }
    }

    fn search(&self, folder: &Path) {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                self.search(&path);
            } else if !path.ends_with("credentials.toml") {
                let bytes = std::fs::read(&path).unwrap();
                self.free_of_secrets(&path.display().to_string(), &bytes);
            }
        }
    }
}

/// Quick in tests; the pace itself has its own.
pub const LIMITS: &str = r#"
[profiles."Azure AD".limits]
polite_rate = 100
"#;

impl Drop for World {
    /// Whatever a test did: no file holds a secret, and every request is one that the services
    /// document.
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        self.search(self.folder.path());
        let log = self.sim.world(|w| w.log.clone());
        contract::check(&log);
        assert!(
            log.iter().all(|r| !r.early),
            "a request before Retry-After was over"
        );
    }
}

/// What must hold of both directories after everything was applied, against the state of Jira
/// before.
pub fn assert_in_step(now: &Directories, before: &Before) {
    let conflicted: Vec<&str> = before.conflicted.iter().map(String::as_str).collect();
    let account = |user: &EntraUser| {
        let mail = now.importable(user)?;
        if conflicted.contains(&user.id.as_str()) {
            return None;
        }
        let accounts = now.accounts_of(&mail);
        assert_eq!(
            accounts.len(),
            1,
            "{} has {} accounts",
            user.name,
            accounts.len()
        );
        assert!(accounts[0].created < 2, "{} was created twice", user.name);
        Some(accounts[0].id.clone())
    };
    for user in now.entra.users.values() {
        account(user);
    }
    for group in now.entra.groups.values() {
        if conflicted.contains(&group.id.as_str()) {
            continue;
        }
        let found = now
            .jira_group(&group.name)
            .unwrap_or_else(|| panic!("{} is missing", group.name));
        let hidden = group.visibility.is_some();
        let wanted: Vec<String> = now
            .flattened(&group.id)
            .iter()
            .filter_map(|id| account(&now.entra.users[id]))
            .collect();
        if found.created && !hidden {
            let mut wanted = wanted.clone();
            wanted.sort();
            let members: Vec<String> = found.members.iter().cloned().collect();
            assert_eq!(members, wanted, "{}", group.name);
        } else if !hidden {
            for id in wanted {
                let active = now.jira.accounts[&id].active;
                assert!(
                    !active || found.members.contains(&id),
                    "{} lacks {id}",
                    group.name
                );
            }
        }
    }
    for (id, members) in &before.members {
        let group = &now.jira.groups[id];
        assert!(
            members.is_subset(&group.members),
            "{} lost somebody",
            group.name
        );
        if group.external || group.access_type.is_some() {
            assert_eq!(members, &group.members, "{} was touched", group.name);
        }
    }
}

/// Jira's groups as they were, and what the plan left to the admin.
pub struct Before {
    pub members: std::collections::BTreeMap<String, std::collections::BTreeSet<String>>,
    pub conflicted: Vec<String>,
}

impl Before {
    pub fn now(world: &World, plan: &Value) -> Self {
        Self {
            members: world.sim.world(|w| {
                w.jira
                    .groups
                    .values()
                    .map(|g| (g.id.clone(), g.members.clone()))
                    .collect()
            }),
            conflicted: plan["conflicts"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(|c| c["entra_id"].as_str().map(str::to_owned))
                .collect(),
        }
    }
}
