//! Answers in which something is what nobody expects: they end in a plan, a doubt or a sentence.

use crate::world::{Ran, World};
use futures_util::{StreamExt as _, stream};
use std::process::{Command, Stdio};
use std::time::Duration;

/// How many organisations are tried: `ROLLBOOK_HOSTILE=2000 cargo test --test engine hostile`.
fn cases() -> u64 {
    std::env::var("ROLLBOOK_HOSTILE").map_or(48, |text| text.parse().unwrap())
}

/// What a program may keep in memory, in KiB: 200 MB, and the stacks of its threads.
const MEMORY: u32 = 224 << 10;
/// Whoever takes longer hangs.
const PATIENCE: Duration = Duration::from_mins(4);

/// Runs a command that may keep so much in memory, and no more.
async fn bounded(world: &World, arguments: &[&str]) -> Ran {
    let wanted = world.command(arguments);
    let mut command = Command::new("sh");
    command
        .args(["-c", &format!("ulimit -d {MEMORY}; exec \"$0\" \"$@\"")])
        .arg(wanted.get_program())
        .args(wanted.get_args())
        .env_clear()
        .envs(wanted.get_envs().filter_map(|(n, v)| Some((n, v?))))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    tokio::time::timeout(PATIENCE, world.ended(child))
        .await
        .unwrap_or_else(|_| panic!("{arguments:?} hangs"))
}

async fn try_one(seed: u64) {
    let scenario = format!(
        "[organization]\nusers = 14\ngroups = 5\nseed = {seed}\n[services]\nlimiter = false\nslice = 3\ndelta_page = 4\n"
    );
    let world = World::new(&scenario).await;
    if seed.is_multiple_of(2) {
        world.run(&["plan"]).await;
    }
    // From nothing that survives to one odd thing in a whole run.
    let share = [0.02, 0.05, 0.2, 0.6][usize::try_from(seed % 4).unwrap()];
    world.sim.world(|w| w.faults.hostile = share);
    for command in [&["plan", "--json"][..], &["apply", "--yes", "--json"]] {
        let ran = bounded(&world, command).await;
        let context = || format!("seed {seed}, {command:?}: {}\n{}", ran.code, ran.err);
        // Done, failed with a sentence, held or in doubt, partly failed.
        assert!([0, 1, 3, 4].contains(&ran.code), "{}", context());
        assert!(!ran.err.contains("panicked"), "{}", context());
        let document = ran.json();
        if ran.code == 1 && document.get("error").is_some() {
            let message = document["error"]["message"].as_str().unwrap();
            assert!(message.len() > 20, "{}: {message}", context());
        } else {
            assert!(document["plan_id"].is_string(), "{}: {document}", context());
        }
    }
    // What came of it is undone by answers that are as they should be.
    world.sim.world(|w| w.faults.hostile = 0.0);
    let after = world.run(&["plan", "--json"]).await;
    // A site or tenant that was given for another one was pinned; nothing was stored that is of it.
    if after.code != 0 {
        let error = after.json()["error"].clone();
        assert_eq!(error["kind"], "identity-changed", "seed {seed}: {error}");
        assert_eq!(world.sim.world(|w| w.writes()), 0, "seed {seed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_comes_ends_in_a_plan_a_doubt_or_a_sentence() {
    let failed: Vec<String> = stream::iter(0..cases())
        .map(|seed| tokio::spawn(try_one(seed)))
        .buffer_unordered(12)
        .filter_map(|ended| async { Some(ended.err()?.to_string()) })
        .collect()
        .await;
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}
