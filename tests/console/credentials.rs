//! Where secrets go, by keyboard.

use crate::desk::{Desk, SMALL};

const SIZE: (u16, u16) = (100, 30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_was_changed_gets_a_secret_once_somebody_said_so() {
    let mut desk = Desk::with_plan(SMALL, SIZE).await;
    let own = desk.sim.origin();
    let other = own.replace("127.0.0.1", "localhost");
    let config = desk.file("config.toml");
    let changed = config.replace(
        &format!("site_url = \"{own}\""),
        &format!("site_url = \"{other}\""),
    );
    assert_ne!(changed, config);
    std::fs::write(desk.folder.path().join("config.toml"), changed).unwrap();
    desk.reopen().await;
    let asked = desk.sim.world(|w| w.log.len());
    let question = "Send them there from now on";
    // Neither a test nor reading sends anything.
    desk.press("1 ^T");
    desk.until(|s| s.contains(question)).await;
    desk.shows("jira.site_url is now");
    desk.press("enter 3 r");
    desk.until(|s| s.contains(question)).await;
    assert_eq!(desk.sim.world(|w| w.log.len()), asked);
    desk.press("down enter");
    desk.until(|s| s.contains("go there from now on")).await;
    desk.idle().await;
    desk.press("r");
    desk.until(|s| s.contains("Both directories were read"))
        .await;
    desk.press("1 ^T");
    desk.until(|s| s.contains("Both connections work")).await;
}
