//! Applying against the simulator's limiter: how much of its steady rate is used, how many calls are
//! refused, and how that compares with a plain serial script.
//!
//! `cargo bench --bench applying`

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench prints, and has nothing to measure where it can't go on"
)]

use rollbook::simulator::{Logged, Scenario, Simulator};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const PROFILE: &str = "bench";
/// Calls that the serial script makes before its time is projected.
const SERIAL: u32 = 100;

#[tokio::main]
async fn main() {
    println!("latency  limit  endpoint                        calls  429s   early  rate/limit");
    for (latency, limit) in [(0, 100), (100, 100), (100, 50)] {
        measure(latency, limit).await;
    }
}

fn scenario(latency: u64, limit: u64) -> Scenario {
    Scenario::parse(&format!(
        "[organization]\nusers = 1600\ngroups = 40\nseed = 4\nin_jira = 0.3\nhidden = 0.0\n\
         [services]\nlatency = {latency}\nlimit = {limit}.0\ninvisible = 500\n"
    ))
    .unwrap()
}

async fn measure(latency: u64, limit: u64) {
    let sim = Simulator::start(&scenario(latency, limit), 0)
        .await
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    std::fs::create_dir_all(&config).unwrap();
    // Reading is not what is measured.
    let limits = format!("[profiles.\"{PROFILE}\".limits]\npolite_rate = 100\n");
    std::fs::write(config.join("config.toml"), sim.config(PROFILE) + &limits).unwrap();
    let plan = run(&sim, folder.path(), &["plan".to_owned()]).await;
    let allowances = plan["guards"].as_array().unwrap().iter();
    let allowances = allowances
        .filter(|guard| guard["allowable"] == true)
        .map(|g| format!("--allow={}={}", g["name"].as_str().unwrap(), g["count"]));
    let mut command = vec!["apply".to_owned(), "--yes".to_owned()];
    command.extend(allowances);
    sim.world(|w| w.log.clear());
    let applied = run(&sim, folder.path(), &command).await;
    assert_eq!(applied["outcome"], "applied", "{applied}");
    let log = sim.world(|w| w.log.clone());
    let writes: Vec<&Logged> = log
        .iter()
        .filter(|call| call.path.starts_with("/rest/") && call.method != "GET")
        .filter(|call| !call.path.contains("/properties/"))
        .collect();
    report(latency, limit, &writes);
    let took = span(&writes);
    if latency > 0 {
        let serial = serial(&sim)
            .await
            .mul_f64(f64::from(u32::try_from(writes.len()).unwrap()));
        println!(
            "         {} writes in {:.1} s; one after another {:.1} s: {:.1} times",
            writes.len(),
            took.as_secs_f64(),
            serial.as_secs_f64(),
            serial.as_secs_f64() / took.as_secs_f64()
        );
    }
}

fn span(calls: &[&Logged]) -> Duration {
    let first = calls.iter().map(|call| call.at).min().unwrap();
    calls.iter().map(|call| call.at).max().unwrap() - first
}

fn report(latency: u64, limit: u64, writes: &[&Logged]) {
    let mut endpoints: BTreeMap<String, Vec<&Logged>> = BTreeMap::new();
    for &call in writes {
        let name = format!("{} {}", call.method, call.path);
        endpoints.entry(name).or_default().push(call);
    }
    for (name, calls) in endpoints {
        let refused = calls.iter().filter(|call| call.status == 429).count();
        let early = calls.iter().filter(|call| call.early).count();
        let good = f64::from(u32::try_from(calls.len() - refused).unwrap());
        let rate = good / span(&calls).as_secs_f64().max(0.001);
        println!(
            "{latency:>5} ms  {limit:>5}  {name:<30} {:>6}  {refused:>4}  {early:>6}  {:>10.2}",
            calls.len(),
            rate / f64::from(u32::try_from(limit).unwrap())
        );
    }
}

/// How long one write takes a script that makes them one after another.
async fn serial(sim: &Simulator) -> Duration {
    let (email, token) = sim.world(|w| (w.jira.admin_email.clone(), w.jira.token.clone()));
    let (group, account) = sim.world(|w| {
        let group = w.jira.groups.values().find(|group| group.created).unwrap();
        (
            group.id.clone(),
            group.members.iter().next().unwrap().clone(),
        )
    });
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let begun = Instant::now();
    for _ in 0..SERIAL {
        http.post(format!(
            "{}/rest/api/3/group/user?groupId={group}",
            sim.origin()
        ))
        .basic_auth(&email, Some(&token))
        .json(&serde_json::json!({ "accountId": account }))
        .send()
        .await
        .unwrap();
    }
    begun.elapsed() / SERIAL
}

async fn run(sim: &Simulator, folder: &Path, arguments: &[String]) -> serde_json::Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rollbook"));
    command
        .env_clear()
        .env("HOME", folder)
        .envs(sim.environment())
        .arg("--config-dir")
        .arg(folder.join("config"))
        .arg("--data-dir")
        .arg(folder.join("data"))
        .args(arguments)
        .arg("--json")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap());
    serde_json::from_slice(&output.await.unwrap().stdout).unwrap()
}
