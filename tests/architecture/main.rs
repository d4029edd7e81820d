//! The house: which room may import which, and in which order the files of a room stand.

mod layers;
mod modules;
mod source;
mod tables;
mod tokens;

use layers::Room;
use modules::{Edge, Modules};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use tables::{HOUSE, IMPURE, INSIDE, UNSETTLED};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The crate's modules and the imports between its files, read once.
static READ: LazyLock<(Modules, Vec<Edge>)> = LazyLock::new(|| {
    let modules = Modules::of(&root());
    let edges = modules.edges();
    (modules, edges)
});

fn house() -> &'static Modules {
    &READ.0
}

fn room(name: &str) -> Room {
    Room::of(name, house().files.keys(), &READ.1)
}

/// The room of a file; none for a file beside the rooms.
fn room_of(file: &str) -> Option<&str> {
    file.split_once('/').map(|(room, _)| room)
}

fn lines(lines: &[String]) -> String {
    format!("\n{}\n", lines.join("\n"))
}

#[test]
fn imports_go_downward_only() {
    // By the room that is named: a room may give on what comes from one below it.
    let is_wrong = |edge: &Edge| match (room_of(&edge.from), edge.room.as_str()) {
        (Some(from), to) if from != to => {
            let allowed = HOUSE.iter().find(|(room, _)| *room == from);
            !allowed.is_some_and(|(_, allowed)| allowed.contains(&to))
        }
        _ => false,
    };
    let edges = &READ.1;
    let wrong: Vec<String> = edges
        .iter()
        .filter(|e| is_wrong(e))
        .map(Edge::told)
        .collect();
    assert!(
        wrong.is_empty(),
        "imports against the house:{}",
        lines(&wrong)
    );
}

#[test]
fn every_room_stands_in_the_house() {
    let named: BTreeSet<&str> = HOUSE.iter().map(|(room, _)| *room).collect();
    for entry in fs::read_dir(root()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            assert!(named.contains(name.as_str()), "{name} is not in the table");
        }
    }
    let place = |room: &str| HOUSE.iter().position(|(name, _)| *name == room).unwrap();
    for (room, allowed) in HOUSE {
        for import in *allowed {
            let back = HOUSE[place(import)].1;
            assert!(
                !back.contains(room),
                "{room} and {import} import each other"
            );
        }
    }
}

#[test]
fn every_room_is_settled_or_said_not_to_be() {
    let settled = INSIDE.iter().map(|(room, _)| *room);
    let mut named: Vec<&str> = settled.chain(UNSETTLED.iter().copied()).collect();
    named.sort_unstable();
    let mut rooms: Vec<&str> = HOUSE.iter().map(|(room, _)| *room).collect();
    rooms.sort_unstable();
    assert_eq!(named, rooms);
}

#[test]
fn no_settled_room_holds_a_circle_of_files() {
    for (name, _) in INSIDE {
        let room = room(name);
        let circles: Vec<String> = room.circles().iter().map(|c| room.told(c)).collect();
        assert!(
            circles.is_empty(),
            "{name} holds circles:{}",
            lines(&circles)
        );
    }
}

#[test]
fn files_of_a_room_import_only_from_layers_below() {
    for (name, layers) in INSIDE {
        let wrong = room(name).against(layers);
        assert!(wrong.is_empty(), "{name}:{}", lines(&wrong));
    }
}

/// Prints [`INSIDE`] as the code would have it: with `ROLLBOOK_LAYERS=print` only.
#[test]
fn layers() {
    if std::env::var_os("ROLLBOOK_LAYERS").is_none() {
        return;
    }
    let mut text = String::from("\npub const INSIDE: &[(&str, &[&str])] = &[\n");
    for (name, _) in HOUSE {
        let room = room(name);
        if let Some(layers) = room.layers() {
            writeln!(text, "    (\n        \"{name}\",\n        &[").unwrap();
            for layer in layers {
                writeln!(text, "            \"{}\",", layer.join(" ")).unwrap();
            }
            text.push_str("        ],\n    ),\n");
        } else {
            for circle in room.circles() {
                let told = room.told(&circle).replace('\n', "\n    //");
                writeln!(text, "    // {name}: {told}").unwrap();
            }
        }
    }
    text.push_str("];\n");
    // Not by a macro: the test harness would keep it.
    std::io::stdout().write_all(text.as_bytes()).unwrap();
}

#[test]
fn nothing_is_imported_by_a_glob() {
    let globs = house().globs();
    assert!(globs.is_empty(), "name what is imported:{}", lines(&globs));
}

#[test]
fn plan_directory_and_text_are_pure() {
    for (file, source) in &house().files {
        if !matches!(room_of(file), Some("plan" | "directory" | "text")) {
            continue;
        }
        let imports = source.imports.iter().map(source::Import::text);
        let code: Vec<String> = imports.chain([source.code.clone()]).collect();
        for word in IMPURE {
            assert!(
                !code.iter().any(|text| text.contains(word)),
                "{file} knows {word}"
            );
        }
        assert!(!source.words.contains("async"), "{file} is async");
    }
}

#[test]
fn only_main_starts_the_simulator() {
    for (file, source) in &house().files {
        assert!(
            room_of(file) == Some("simulator") || !source.code.contains("Simulator::start"),
            "{file} starts the simulator"
        );
    }
}

/// A key that no code reads would look on and do nothing: any other value than its default has to
/// be refused.
#[test]
fn every_setting_is_read_or_refused() {
    let describes = ["config/file", "plan/settings"];
    let is_other = |file: &str| !describes.contains(&file) && room_of(file) != Some("simulator");
    let others = house().files.iter().filter(|(file, _)| is_other(file));
    // What refuses a key does not read it.
    let reading = others.map(
        |(_, source)| match source.code.split_once("const UNAVAILABLE") {
            Some((before, rest)) => [before, rest.split_once("\n];").unwrap().1].concat(),
            None => source.code.clone(),
        },
    );
    let code: Vec<String> = reading.collect();
    let is_read = |key: &str| {
        let field = format!(".{key}");
        let ends = |after: &str| !after.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        code.iter().any(|code| code.split(&field).skip(1).any(ends))
    };
    let example = rollbook::config::example();
    let keys = example.lines().filter_map(|line| {
        let line = line.strip_prefix("#: ").unwrap_or(line);
        let (key, value) = line.split_once(" = ")?;
        let value = value.split('#').next()?.trim();
        (!line.starts_with('#')).then_some((key, value))
    });
    let mut unread = Vec::new();
    for (key, value) in keys.filter(|(key, _)| !is_read(key)) {
        let other = match value {
            "false" => "true",
            "true" => "false",
            "[]" => "[\"x\"]",
            text if text.starts_with('"') => "\"x\"",
            _ => "12345",
        };
        let default = format!("#: {key} = {value}");
        let text = example.replace(&default, &format!("{key} = {other}"));
        let loaded = rollbook::config::parse(Path::new("config.toml"), &text);
        assert!(
            loaded.is_err(),
            "{key} = {other} is not read, and not refused"
        );
        unread.push(key);
    }
    assert_eq!(unread, ["on_sign_in", "sign_in_app_id"]);
}

/// The map in `lib.rs` names files in backticks.
#[test]
fn the_map_of_questions_names_files_that_exist() {
    let text = fs::read_to_string(root().join("lib.rs")).unwrap();
    let map = text.lines().filter(|line| line.starts_with("//!"));
    let named: Vec<&str> = map
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .filter(|name| name.starts_with("src/") || name.starts_with("assets/"))
        .collect();
    assert!(named.len() > 10, "the map is gone");
    let missing: Vec<&&str> = named
        .iter()
        .filter(|name| !Path::new(env!("CARGO_MANIFEST_DIR")).join(name).exists())
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
