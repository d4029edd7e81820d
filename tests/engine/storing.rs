//! The profile's files: locked, damaged, missing.

use crate::world::{SMALL, World};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_state_stops_everything_and_says_how_to_restore() {
    let world = World::new(SMALL).await;
    world.apply_all(0).await;
    world.run(&["apply"]).await.expect(0);
    let state = world.profile_dir().join("state.db");
    let good = fs::read(&state).unwrap();
    let mut bad = good.clone();
    bad[..200].fill(0x55);
    for broken in [bad, Vec::new()] {
        fs::write(&state, &broken).unwrap();
        for tail in ["-wal", "-shm"] {
            let _ = fs::remove_file(world.profile_dir().join(format!("state.db{tail}")));
        }
        let asked = world.sim.world(|w| w.log.len());
        let document = world.json(&["apply", "--yes"], 1).await;
        assert_eq!(document["error"]["kind"], "state-damaged", "{document}");
        let hint = document["error"]["hint"].as_str().unwrap();
        assert!(
            hint.contains("backups/state-") && hint.contains("rollbook state restore"),
            "{hint}"
        );
        assert_eq!(
            world.sim.world(|w| w.log.len()),
            asked,
            "nothing was even read"
        );
        assert_eq!(fs::read(&state).unwrap(), broken, "the file was changed");
    }
    fs::remove_file(&state).unwrap();
    let document = world.json(&["sync"], 1).await;
    assert_eq!(document["error"]["kind"], "state-missing");
    assert!(!state.exists(), "a new state was made silently");

    // As the sentence says.
    let restored = world.json(&["state", "restore"], 0).await;
    assert!(restored["aside"].is_null(), "{restored}");
    assert_eq!(world.left().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_is_backed_up_and_restored_by_hand() {
    let world = World::new(SMALL).await;
    world.apply_all(0).await;
    let state = world.profile_dir().join("state.db");
    let log = world.profile_dir().join("state.db-wal");
    let backup = world.json(&["state", "backup"], 0).await;
    let copy = std::path::PathBuf::from(backup["backup"].as_str().unwrap());
    let mode = fs::metadata(&copy).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    fs::write(&state, b"broken").unwrap();
    // A backup that is no good replaces nothing.
    let bad = world.path("bad.db");
    fs::write(&bad, b"broken, too").unwrap();
    let document = world
        .json(&["state", "restore", bad.to_str().unwrap()], 1)
        .await;
    assert_eq!(document["error"]["kind"], "bad-backup", "{document}");
    assert_eq!(fs::read(&state).unwrap(), b"broken");
    // What a run wrote last before it was killed may stand in the log alone.
    fs::write(&log, b"the last of it").unwrap();
    let restored = world
        .json(&["state", "restore", copy.to_str().unwrap()], 0)
        .await;
    let aside = std::path::PathBuf::from(restored["aside"].as_str().unwrap());
    let mut beside = aside.clone().into_os_string();
    beside.push("-wal");
    assert_eq!(fs::read(beside).unwrap(), b"the last of it");
    assert_eq!(
        fs::read(aside).unwrap(),
        b"broken",
        "what was there is kept"
    );
    assert_eq!(world.left().await, 0);
    let runs = world.json(&["runs"], 0).await;
    assert_eq!(
        runs["runs"].as_array().unwrap().len(),
        1,
        "its runs are back"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn old_backups_make_way() {
    let world = World::new(SMALL).await;
    world.run(&["plan"]).await.expect(0);
    for _ in 0..13 {
        world.run(&["state", "backup"]).await.expect(0);
    }
    let kept = fs::read_dir(world.profile_dir().join("backups")).unwrap();
    assert_eq!(kept.count(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_byte_that_flips_in_the_mirror_is_found() {
    let world = World::new(SMALL).await;
    world.apply_all(0).await;
    world.run(&["plan"]).await.expect(0);
    let mirror = world.profile_dir().join("mirror.db");
    let good = fs::read(&mirror).unwrap();
    let needle = b"@meridian.example";
    let places = good.windows(needle.len()).enumerate();
    let places: Vec<usize> = places
        .filter(|(_, window)| window == needle)
        .map(|(at, _)| at)
        .collect();
    let mut bad = good.clone();
    for at in places {
        bad[at + 1] = b'M';
    }
    assert_ne!(bad, good);
    fs::write(&mirror, bad).unwrap();
    let plan = world.run(&["plan", "--json"]).await.expect(0);
    assert!(plan.err.contains("made anew"), "{}", plan.err);
    assert_eq!(plan.json()["summary"]["total"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_mirror_is_made_anew() {
    let world = World::new(SMALL).await;
    world.run(&["plan"]).await.expect(0);
    fs::write(
        world.profile_dir().join("mirror.db"),
        b"this is no database, and never was one",
    )
    .unwrap();
    let plan = world.run(&["plan"]).await.expect(0);
    assert!(plan.err.contains("made anew"), "{}", plan.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_readable_by_their_owner_only() {
    let world = World::new(SMALL).await;
    world.apply_all(0).await;
    let file = world.path("plan.json");
    world
        .run(&["plan", "--out", file.to_str().unwrap()])
        .await
        .expect(0);
    let folder = world.profile_dir();
    let mut files = vec![
        folder.join("state.db"),
        folder.join("mirror.db"),
        folder.join("lock"),
        file,
    ];
    files.extend(
        fs::read_dir(folder.join("backups"))
            .unwrap()
            .map(|e| e.unwrap().path()),
    );
    for path in files {
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", path.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_at_a_time_and_the_owner_is_told() {
    let world = World::new(SMALL).await;
    world.run(&["plan"]).await.expect(0);
    world.sim.world(|w| w.services.latency = 100);
    let first = world.command(&["plan", "--json"]).spawn().unwrap();
    let pid = first.id().to_string();
    let started = world.sim.world(|w| w.log.len());
    while world.sim.world(|w| w.log.len()) == started {
        tokio::task::yield_now().await;
    }
    let document = world.json(&["sync"], 1).await;
    assert_eq!(document["error"]["kind"], "locked");
    let message = document["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("`plan`") && message.contains(&pid),
        "{message}"
    );
    world.run(&["runs"]).await.expect(0);
    // Its document may be more than a pipe holds.
    world.ended(first).await.expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_state_is_backed_up_and_brought_to_the_newest_form() {
    let world = World::new(SMALL).await;
    world.apply_all(0).await;
    let folder = world.profile_dir();
    let state = folder.join("state.db");
    let links = |path: &std::path::Path| -> i64 {
        let state = rusqlite::Connection::open(path).unwrap();
        let count = "SELECT count(*) FROM people_links";
        state.query_row(count, [], |row| row.get(0)).unwrap()
    };
    // The links as a former version kept them.
    let old = folder.join("old.db");
    let former = rusqlite::Connection::open(&old).unwrap();
    former
        .execute_batch(include_str!("../../assets/migrations/state-1.sql"))
        .unwrap();
    former.pragma_update(None, "user_version", 1).unwrap();
    former
        .execute("ATTACH ?1 AS present", [state.to_str().unwrap()])
        .unwrap();
    former
        .execute_batch(
            "INSERT INTO meta SELECT * FROM present.meta;
             INSERT INTO people_links
               SELECT entra_id, account_id, how, email, name, since FROM present.people_links;
             INSERT INTO group_links SELECT * FROM present.group_links;
             DETACH present;",
        )
        .unwrap();
    drop(former);
    let before = links(&old);
    assert!(before > 0);
    for tail in ["-wal", "-shm"] {
        let _ = fs::remove_file(folder.join(format!("state.db{tail}")));
    }
    fs::rename(&old, &state).unwrap();
    let backups = || fs::read_dir(folder.join("backups")).unwrap().count();
    let kept = backups();
    // Without a copy nothing is changed.
    fs::rename(folder.join("backups"), folder.join("elsewhere")).unwrap();
    fs::write(folder.join("backups"), "in the way").unwrap();
    let refused = world.json(&["runs"], 1).await;
    assert_eq!(refused["error"]["kind"], "store", "{refused}");
    fs::remove_file(folder.join("backups")).unwrap();
    fs::rename(folder.join("elsewhere"), folder.join("backups")).unwrap();
    world.run(&["runs"]).await.expect(0);
    assert_eq!(backups(), kept + 1, "a copy from before");
    assert_eq!(links(&state), before);
    world.run(&["runs"]).await.expect(0);
    assert_eq!(backups(), kept + 1, "once");
    // The journal only grows.
    world.run(&["apply"]).await.expect(0);
    let state = rusqlite::Connection::open(&state).unwrap();
    assert!(state.execute("DELETE FROM runs", []).is_err());
    assert_eq!(world.left().await, 0);
}

/// POSIX drops all of a program's locks on a file as soon as the program closes it anywhere. Whoever
/// looks at the state with another SQLite would then take it for unused, and clear its log away.
#[cfg(target_os = "linux")]
#[test]
fn a_state_that_is_opened_twice_keeps_its_locks() {
    use std::os::unix::fs::MetadataExt as _;
    let folder = tempfile::tempdir().unwrap();
    let first = rollbook::store::State::open(folder.path()).unwrap();
    first.decisions().unwrap();
    let file = fs::metadata(first.path()).unwrap().ino();
    let process = std::process::id();
    let locked = || {
        let locks = fs::read_to_string("/proc/locks").unwrap();
        let of_file = format!(":{file} ");
        let mut lines = locks.lines();
        lines.any(|line| line.contains(&of_file) && line.contains(&format!(" {process} ")))
    };
    assert!(locked());
    let second = rollbook::store::State::open(folder.path()).unwrap();
    drop(second);
    assert!(locked(), "the first connection lost its lock");
}
