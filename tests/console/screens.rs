//! Every screen in its states, at several sizes.

use crate::desk::{Desk, SMALL, Start};

const SIZES: [(u16, u16); 2] = [(80, 24), (120, 40)];

fn name(what: &str, size: (u16, u16)) -> String {
    format!("{what} at {}x{}", size.0, size.1)
}

/// A snapshot at each of the sizes.
fn snap(desk: &mut Desk, what: &str) {
    for size in SIZES {
        desk.resize(size);
        let picture = format!("{}\n{}", desk.steady(), desk.styles());
        insta::assert_snapshot!(name(what, size), picture);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_anything_was_set_up() {
    let mut desk = Desk::new(SMALL, Start::Empty, SIZES[0]).await;
    snap(&mut desk, "welcome");
    desk.press("enter esc");
    snap(&mut desk, "credentials of a new profile");
    desk.press("2");
    snap(&mut desk, "provisioning without a profile");
    desk.press("3");
    snap(&mut desk, "review without a profile");
    desk.press("4");
    snap(&mut desk, "jobs without a profile");
    desk.press("?");
    snap(&mut desk, "help");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_profile_that_was_never_read() {
    let mut desk = Desk::new(SMALL, Start::Ready, SIZES[0]).await;
    snap(&mut desk, "review before reading");
    desk.press("2");
    snap(&mut desk, "provisioning before reading");
    desk.press("4");
    snap(&mut desk, "jobs before the first run");
    desk.press("1");
    desk.until(|s| s.contains("●●●● kept")).await;
    desk.press("P");
    snap(&mut desk, "profiles");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_plan() {
    let mut desk = Desk::with_plan(SMALL, SIZES[0]).await;
    snap(&mut desk, "review of people");
    desk.press("enter");
    desk.until(|s| s.contains("History")).await;
    snap(&mut desk, "page of a person");
    desk.idle().await;
    desk.press("esc f");
    snap(&mut desk, "filters");
    desk.press("esc right");
    snap(&mut desk, "review of groups");
    desk.press("home enter");
    desk.until(|s| s.contains("Members in Entra")).await;
    // Its history comes a moment later, below the screen.
    desk.idle().await;
    snap(&mut desk, "page of a group");
    desk.press("esc o");
    desk.until(|s| s.contains("Adopt")).await;
    snap(&mut desk, "adoption");
    desk.press("esc right");
    snap(&mut desk, "review of memberships");
    desk.press("left left a");
    desk.until(|s| s.contains("Apply to")).await;
    snap(&mut desk, "summary before an apply");
    desk.press("esc /");
    desk.type_in("zzz");
    snap(&mut desk, "search that finds nothing");
    desk.press("esc : ");
    desk.type_in("adopt");
    snap(&mut desk, "palette");
    desk.press("esc 2");
    desk.until(|s| s.contains("on:")).await;
    desk.idle().await;
    snap(&mut desk, "provisioning");
    desk.press("4");
    snap(&mut desk, "jobs after reading");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_under_edit() {
    let mut desk = Desk::with_plan(SMALL, SIZES[0]).await;
    desk.press("2");
    desk.until(|s| s.contains("on:")).await;
    desk.press("space");
    desk.until(|s| s.contains("with all three on")).await;
    desk.idle().await;
    snap(&mut desk, "a toggle switched off");
    desk.press("u");
    while !desk.screen().contains("▸ Groups that take part") {
        desk.press("down");
    }
    desk.press("enter");
    desk.type_in("team");
    snap(&mut desk, "a list with suggestions");
    desk.press("esc");
    while !desk.screen().contains("▸ New people in a run") {
        desk.press("down");
    }
    desk.press("enter backspace backspace 5 enter");
    desk.idle().await;
    snap(&mut desk, "a number edited");
    desk.press("s");
    snap(&mut desk, "settings to be saved");
    desk.press("esc q");
    snap(&mut desk, "leaving with edits");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_tested() {
    let mut desk = Desk::new(SMALL, Start::Ready, SIZES[0]).await;
    desk.press("1 t");
    desk.until(|s| s.contains("Both connections work")).await;
    snap(&mut desk, "connections that work");
    desk.sim.world(|world| {
        world.faults.no_roles = true;
        world.faults.bad_api_token = true;
    });
    desk.press("t");
    desk.until(|s| s.contains("has to be corrected")).await;
    snap(&mut desk, "connections that fail");
    desk.press("c");
    snap(&mut desk, "checklist");
}

/// Whatever the size, nothing panics, and below the smallest one line asks for room.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_any_size() {
    let mut desk = Desk::with_plan(SMALL, (80, 24)).await;
    for (screen, key) in [
        ("Credentials", "1"),
        ("Provisioning", "2"),
        ("Review", "3"),
        ("Jobs", "4"),
    ] {
        desk.resize((80, 24));
        desk.press("esc");
        desk.press(key);
        for width in [
            1, 10, 39, 40, 41, 63, 64, 79, 80, 81, 109, 110, 129, 130, 149, 150, 240,
        ] {
            for height in [1, 2, 9, 10, 11, 13, 17, 24, 50] {
                desk.resize((width, height));
                let text = desk.screen();
                if width >= 40 && height >= 10 {
                    assert!(text.contains(screen), "{width}x{height}\n{text}");
                } else if width >= 24 && height > 1 {
                    assert!(
                        text.contains("Rollbook needs 40x10"),
                        "{width}x{height}\n{text}"
                    );
                }
            }
        }
    }
    desk.resize((40, 10));
    for key in ["1", "2", "3", "4"] {
        desk.press(key);
        insta::assert_snapshot!(format!("screen {key} at 40x10"), desk.steady());
    }
    desk.press("3 a");
    desk.until(|s| s.contains("Apply")).await;
    insta::assert_snapshot!("summary at 40x10", desk.steady());
    desk.resize((39, 10));
    insta::assert_snapshot!("too narrow", desk.steady());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_both_sides_are_read_and_when_that_fails() {
    let mut desk = Desk::new(SMALL, Start::Ready, SIZES[0]).await;
    desk.sim.world(|world| world.services.latency = 3_600_000);
    desk.press("r");
    snap(&mut desk, "review while reading");
    desk.press("4");
    desk.until(|s| s.contains("▸ Sign in")).await;
    snap(&mut desk, "jobs while signing in");
    desk.press("p");
    snap(&mut desk, "jobs paused");
    desk.press("q");
    snap(&mut desk, "leaving during a run");

    let mut desk = Desk::new(SMALL, Start::Ready, SIZES[0]).await;
    desk.sim
        .world(|world| world.faults.token_error = Some(7_000_222));
    desk.press("r");
    desk.until(|s| s.contains("That did not work")).await;
    snap(&mut desk, "reading failed");
    desk.press("enter 4");
    snap(&mut desk, "jobs after a failure");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_incomplete_side_is_named() {
    let mut desk = Desk::new(SMALL, Start::Ready, SIZES[0]).await;
    desk.sim.world(|world| world.faults.users_cut_half = true);
    desk.press("r");
    desk.until(|s| s.contains("Both directories were read"))
        .await;
    desk.idle().await;
    desk.shows("INCOMPLETE");
    snap(&mut desk, "review of an incomplete side");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_and_its_page() {
    let mut desk = Desk::with_plan(SMALL, SIZES[0]).await;
    desk.press("a");
    desk.until(|s| s.contains("Apply to")).await;
    desk.press("tab tab tab enter");
    desk.until(|s| s.contains("No run is under way")).await;
    desk.idle().await;
    snap(&mut desk, "jobs after a run");
    desk.press("enter");
    desk.until(|s| s.contains("Run ")).await;
    desk.idle().await;
    let title = desk.steady();
    assert!(
        title.contains("allowed") || title.contains("held by new-people"),
        "{title}"
    );
    desk.press("end");
    desk.shows("✓ done, = there already");
}

/// Names from directories can be hostile, very long, right-to-left, wide or empty: they never
/// move the layout, and no raw control character reaches the screen.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_names_stay_in_their_columns() {
    const NAMES: [&str; 8] = [
        "",
        "\u{1b}[31mred\u{7}",
        "a\u{202e}txet-desrever",
        "王小明王小明王小明王小明王小明王小明王小明王小明",
        "مرحبا بالعالم",
        "e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}",
        "one\nline\ttwo",
        "a very long name that goes on and on and on and on and on and on and on and on and on",
    ];
    let mut desk = Desk::new(SMALL, Start::Ready, SIZES[0]).await;
    desk.sim.world(|world| {
        for (at, user) in world.entra.users.values_mut().enumerate() {
            NAMES[at % NAMES.len()].clone_into(&mut user.name);
        }
        for (at, group) in world.entra.groups.values_mut().enumerate() {
            group.name = format!("{at}{}", NAMES[at % NAMES.len()]);
        }
    });
    desk.press("r");
    desk.until(|s| s.contains("Both directories were read"))
        .await;
    desk.idle().await;
    for size in [(40, 10), (80, 24), (120, 40), (200, 50)] {
        desk.resize(size);
        for key in ["home", "right", "right", "right", "enter"] {
            desk.press(key);
            let buffer = desk.buffer();
            for cell in buffer.content() {
                assert!(
                    !cell.symbol().chars().any(char::is_control),
                    "{:?}",
                    cell.symbol()
                );
                assert!(!cell.symbol().contains('\u{202e}'));
            }
            if size.0 < 80 || key == "enter" {
                continue;
            }
            // The marks of all rows stand in one column.
            let marks = |x: u16| {
                (6..size.1 - 8)
                    .filter(|y| {
                        matches!(
                            buffer[(x, *y)].symbol(),
                            "+" | "-" | "!" | ">" | "~" | "=" | "·"
                        )
                    })
                    .count()
            };
            let rows = (6..size.1 - 8)
                .filter(|y| (2..size.0 - 2).any(|x| buffer[(x, *y)].symbol() != " "))
                .count();
            let best = (0..size.0).map(marks).max().unwrap();
            assert!(best >= rows, "{key} at {size:?}\n{}", desk.screen());
        }
        desk.press("esc");
    }
}
