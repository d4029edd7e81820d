//! The pictures that the README shows: rendered from real buffers, and current.

use crate::desk::Desk;
use std::path::Path;

const SIZE: (u16, u16) = (120, 34);
const DEMO: &str = include_str!("../../assets/scenarios/demo.toml");

/// Writes a picture with `ROLLBOOK_PICTURES=write`; otherwise checks that it is current.
fn check(desk: &Desk, name: &str) {
    let picture = rollbook::console::svg(&desk.buffer(), name);
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("assets/pictures")
        .join(format!("{name}.svg"));
    if std::env::var_os("ROLLBOOK_PICTURES").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, picture).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == picture,
        "assets/pictures/{name}.svg is not what the screen looks like now: run ROLLBOOK_PICTURES=write cargo test --test console pictures"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pictures_are_current() {
    let mut desk = Desk::with_plan(DEMO, SIZE).await;
    desk.press("home space down down");
    desk.idle().await;
    check(&desk, "review");
    desk.press("2");
    desk.until(|s| s.contains("on:")).await;
    desk.idle().await;
    check(&desk, "provisioning");
}
