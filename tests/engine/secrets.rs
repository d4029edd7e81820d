//! What is kept on this machine, and who may change what is read from it.

use crate::world::{PROFILE, SMALL, World};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Every file and folder below a folder.
fn everything(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(everything(&path));
        }
        found.push(path);
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_left_behind_is_its_owners_alone() {
    let world = World::new(SMALL).await;
    world.apply_all(0).await;
    let plan = world.path("plan.json");
    let plan = plan.to_str().unwrap();
    // A link in the way is replaced, and not followed.
    let elsewhere = world.path("elsewhere");
    fs::write(&elsewhere, "untouched").unwrap();
    std::os::unix::fs::symlink(&elsewhere, plan).unwrap();
    world.run(&["plan", "--out", plan]).await.expect(0);
    world.run(&["state", "backup"]).await.expect(0);
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "untouched");
    assert_eq!(mode(Path::new(plan)), 0o600);
    let left = everything(&world.data_dir());
    assert!(left.iter().any(|path| path.ends_with("logs")), "{left:?}");
    assert!(
        left.iter().any(|path| path.ends_with("backups")),
        "{left:?}"
    );
    for path in left {
        let expected = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode(&path), expected, "{}", path.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_may_write_is_not_read() {
    let world = World::new(SMALL).await;
    let file = world.config_dir().join("config.toml");
    let refused = async |path: &Path, wide: u32| {
        let before = mode(path);
        set_mode(path, wide);
        let error = world.json(&["plan"], 1).await["error"].clone();
        set_mode(path, before);
        assert_eq!(error["kind"], "config", "{error}");
        let hint = error["hint"].as_str().unwrap();
        let command = format!("chmod go-w {}", path.display());
        assert!(hint.ends_with(&command), "{hint}");
    };
    refused(&file, 0o666).await;
    refused(&file, 0o620).await;
    refused(&world.config_dir(), 0o777).await;
    assert_eq!(
        world.sim.world(|w| w.log.len()),
        0,
        "nobody was asked anything"
    );
    world.run(&["plan"]).await.expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_prints_a_secret_knows_no_other_and_ends() {
    let mut world = World::new(SMALL).await;
    let (secret, token) = world
        .sim
        .world(|w| (w.entra.secret.clone(), w.jira.token.clone()));
    world.set("ROLLBOOK_ENTRA_CLIENT_SECRET", "");
    let script = world.path("print");
    let seen = world.path("seen");
    fs::write(
        &script,
        format!(
            "#!/bin/sh\nenv | grep ROLLBOOK_ > {}\necho '{secret}'\n",
            seen.display()
        ),
    )
    .unwrap();
    set_mode(&script, 0o700);
    let command = format!(
        "secret_command = [{:?}]\n[profiles.\"{PROFILE}\".jira]",
        script.to_str().unwrap()
    );
    let config = world.sim.config(PROFILE);
    let config = config.replace(&format!("[profiles.\"{PROFILE}\".jira]"), &command);
    world.configure(&config, "");
    world.run(&["plan"]).await.expect(0);
    assert_eq!(fs::read_to_string(&seen).unwrap(), "", "{token}");
    fs::remove_file(&script).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_may_have_put_into_the_data_is_not_used() {
    let world = World::new(SMALL).await;
    world.run(&["plan"]).await.expect(0);
    let folder = world.profile_dir();
    let refused = async |path: &Path, command: &[&str]| {
        let error = world.json(command, 1).await["error"].clone();
        assert_eq!(error["kind"], "store", "{error}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(path.to_str().unwrap()), "{message}");
    };
    let commands: [&[&str]; 4] = [&["plan"], &["runs"], &["sync"], &["state", "backup"]];
    for path in [
        world.data_dir(),
        folder.clone(),
        folder.join("state.db"),
        folder.join("mirror.db"),
        folder.join("lock"),
    ] {
        let before = mode(&path);
        set_mode(&path, before | 0o022);
        // What only looks on opens neither the lock nor the mirror.
        let reads = path.ends_with("lock") || path.ends_with("mirror.db");
        for command in &commands[..if reads { 1 } else { 4 }] {
            refused(&path, command).await;
        }
        set_mode(&path, before);
    }
    // What others could only read is closed to them.
    for name in ["state.db", "mirror.db", "lock"] {
        set_mode(&folder.join(name), 0o644);
    }
    set_mode(&folder, 0o755);
    world.run(&["plan"]).await.expect(0);
    assert_eq!(mode(&folder), 0o700);
    for name in ["state.db", "mirror.db", "lock"] {
        assert_eq!(mode(&folder.join(name)), 0o600, "{name}");
    }
    // Only root can give files to somebody else.
    if std::os::unix::fs::chown(folder.join("state.db"), Some(4711), None).is_ok() {
        refused(&folder.join("state.db"), &["plan"]).await;
        std::os::unix::fs::chown(folder.join("state.db"), Some(0), None).unwrap();
        let aside = world.path("aside");
        fs::rename(folder.join("lock"), &aside).unwrap();
        std::os::unix::fs::symlink(world.path("elsewhere"), folder.join("lock")).unwrap();
        std::os::unix::fs::lchown(folder.join("lock"), Some(4711), None).unwrap();
        refused(&folder.join("lock"), &["plan"]).await;
        assert!(!world.path("elsewhere").exists());
        fs::rename(&aside, folder.join("lock")).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_read_from_a_file_and_written_to_one_that_does_not_wait() {
    let world = World::new(SMALL).await;
    let plan = world.path("plan.json");
    let (pipe, plan) = (world.path("pipe"), plan.to_str().unwrap());
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let pipe = pipe.to_str().unwrap();
    for command in [
        ["apply", "--yes", pipe],
        ["apply", "--yes", "/dev/zero"],
        ["plan", "--out", pipe],
    ] {
        let error = world.json(&command, 1).await["error"].clone();
        assert_eq!(error["kind"], "plan-file", "{error}");
    }
    fs::remove_file(pipe).unwrap();
    // Standard output is no file that something is put in the place of.
    world.run(&["plan", "--out", "/dev/stdout"]).await.expect(0);
    assert!(fs::symlink_metadata("/dev/stdout").unwrap().is_symlink());
    world.run(&["plan", "--out", plan]).await.expect(0);
    set_mode(Path::new(plan), 0o666);
    let error = world.json(&["apply", "--yes", plan], 1).await["error"].clone();
    assert_eq!(error["kind"], "config", "{error}");
}
