//! The house: which module may import which.

#![expect(clippy::unwrap_used, reason = "a panic is how a test says no")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Every module and what it may import from the crate. Imports go downward only.
const HOUSE: &[(&str, &[&str])] = &[
    ("text", &[]),
    ("directory", &[]),
    ("plan", &["directory", "text"]),
    ("http", &[]),
    ("config", &["http", "plan", "text", "directory"]),
    ("store", &["plan", "directory"]),
    ("entra", &["http", "directory"]),
    ("jira", &["http", "directory"]),
    (
        "sync",
        &[
            "entra",
            "jira",
            "store",
            "config",
            "http",
            "plan",
            "directory",
            "text",
        ],
    ),
    (
        "cli",
        &["sync", "store", "config", "plan", "directory", "text"],
    ),
    (
        "console",
        &["sync", "store", "config", "plan", "directory", "text"],
    ),
    ("simulator", &[]),
];

/// What the pure modules must not know.
const IMPURE: &[&str] = &[
    "tokio",
    "reqwest",
    "rusqlite",
    "axum",
    "std::time::Instant",
    "SystemTime",
    "std::fs",
    "std::env",
    "std::net",
    "ZonedDateTime",
    "Timestamp::now",
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Modules of the crate that a source names with `crate::`.
fn imports(text: &str) -> BTreeSet<String> {
    text.match_indices("crate::")
        .filter(|(at, _)| !text[..*at].ends_with('$'))
        .map(|(at, found)| {
            text[at + found.len()..]
                .chars()
                .take_while(|c| c.is_ascii_lowercase() || *c == '_')
                .collect::<String>()
        })
        .filter(|name| !name.is_empty())
        .collect()
}

#[test]
fn imports_go_downward_only() {
    for (module, allowed) in HOUSE {
        for path in sources(&root().join(module)) {
            let text = fs::read_to_string(&path).unwrap();
            for import in imports(&text) {
                assert!(
                    import == *module || allowed.contains(&import.as_str()),
                    "{} imports {import}, which {module} may not",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn every_module_stands_in_the_house() {
    let named: BTreeSet<&str> = HOUSE.iter().map(|(module, _)| *module).collect();
    for entry in fs::read_dir(root()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            assert!(named.contains(name.as_str()), "{name} is not in the table");
        }
    }
    let below = |module: &str| HOUSE.iter().position(|(name, _)| *name == module).unwrap();
    for (module, allowed) in HOUSE {
        for import in *allowed {
            let back = HOUSE[below(import)].1;
            assert!(
                !back.contains(module),
                "{module} and {import} import each other"
            );
        }
    }
}

#[test]
fn plan_directory_and_text_are_pure() {
    for module in ["plan", "directory", "text"] {
        for path in sources(&root().join(module)) {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            for word in IMPURE {
                assert!(!code.contains(word), "{} knows {word}", path.display());
            }
            assert!(!code.contains("async "), "{} is async", path.display());
        }
    }
}

#[test]
fn only_main_starts_the_simulator() {
    for path in sources(&root()) {
        let text = fs::read_to_string(&path).unwrap();
        let inside = path.starts_with(root().join("simulator"));
        let main = path.ends_with("main.rs");
        assert!(
            inside || main || !text.contains("Simulator::start"),
            "{} starts the simulator",
            path.display()
        );
    }
}
