//! The pictures that the README shows: rendered from real buffers, and current.

use crate::desk::{Desk, SMALL, Start};
use ratatui::buffer::Buffer;
use ratatui::style::Style;
use regex::Regex;
use std::path::Path;

const SIZE: (u16, u16) = (120, 32);
const DEMO: &str = include_str!("../../assets/scenarios/demo.toml");

/// Times of day and durations differ from run to run; in a picture they stand still.
fn calm(buffer: &mut Buffer) {
    let patterns = [
        (r"\d\d:\d\d:\d\d", "14:05:09"),
        // The first nine days of a month are as wide with the blank behind them.
        (
            r"\d\d [A-Z][a-z]{2} \d\d:\d\d:\d\d|\d [A-Z][a-z]{2} \d\d:\d\d:\d\d ",
            "24 Nov 14:05:09",
        ),
        (r"· \d+ s\b", "· 8 s"),
    ];
    for y in 0..buffer.area.height {
        let line: Vec<String> = (0..buffer.area.width)
            .map(|x| buffer[(x, y)].symbol().to_owned())
            .collect();
        // One character a cell: rows with times hold no wide ones.
        let text: String = line
            .iter()
            .map(|s| s.chars().next().unwrap_or(' '))
            .collect();
        for (pattern, with) in patterns {
            for found in Regex::new(pattern).unwrap().find_iter(&text) {
                let from = text[..found.start()].chars().count();
                let room = found.as_str().chars().count();
                let column = u16::try_from(from).unwrap();
                let end = column + u16::try_from(room).unwrap();
                let (after, _) = buffer.set_stringn(column, y, with, room, Style::new());
                // A longer time leaves nothing behind.
                (after..end).for_each(|x| buffer[(x, y)].reset());
            }
        }
    }
}

/// Writes a picture with `ROLLBOOK_PICTURES=write`; otherwise checks that it is current.
fn check(desk: &Desk, name: &str) {
    let mut buffer = desk.buffer();
    calm(&mut buffer);
    let picture = rollbook::console::svg(&buffer, &format!("Rollbook: {name}"));
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
        "assets/pictures/{name}.svg is not what the screen looks like now: look at it, and write it with ROLLBOOK_PICTURES=write cargo test --test console pictures\n{}",
        desk.screen()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials() {
    let mut desk = Desk::new(SMALL, Start::Empty, SIZE).await;
    desk.press("enter");
    desk.paste("6f0c1c1a-4b7e-4f0e-9a51-2f6f3f0d9c11");
    desk.press("tab");
    desk.paste("0b9a4d5e-77c2-4d1b-8a3c-5b1f6f1f2c90");
    desk.press("tab");
    desk.paste("0123456789012345678901234567890123456789");
    desk.press("tab tab tab tab");
    desk.paste("acme.atlassian.net");
    desk.press("tab");
    desk.paste("rollbook@acme.example");
    desk.press("tab");
    check(&desk, "credentials");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn provisioning_review_and_jobs() {
    let mut desk = Desk::with_plan(DEMO, SIZE).await;
    desk.press("2");
    desk.until(|s| s.contains("on:")).await;
    desk.idle().await;
    check(&desk, "provisioning");
    desk.press("3 space space down down");
    desk.idle().await;
    check(&desk, "review");
    desk.press("right y");
    desk.until(|s| s.contains("Linked")).await;
    desk.idle().await;
    desk.press("a");
    desk.until(|s| s.contains("Apply to")).await;
    desk.type_in("74");
    desk.press("tab");
    desk.type_in("22");
    desk.press("tab tab");
    desk.until(|s| s.contains("[ Apply") && !s.contains("✗"))
        .await;
    desk.press("enter");
    desk.until(|s| s.contains("No run is under way")).await;
    desk.idle().await;
    check(&desk, "jobs");
}
