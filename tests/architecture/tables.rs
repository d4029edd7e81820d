//! The house as tables: which room may import which, and in which order the files of a room stand.

/// Every room and what it may import from the crate. Imports go downward only.
pub const HOUSE: &[(&str, &[&str])] = &[
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

/// The files of each room in layers, from top to bottom. A file imports only from layers below its
/// own. Files are named without `.rs`, those of a room inside the room as `read/entra`. A `mod.rs`
/// that only declares and gives on is a door, and stands in no layer.
///
/// `ROLLBOOK_LAYERS=print cargo test --test architecture layers` prints these tables as the code
/// would have them.
pub const INSIDE: &[(&str, &[&str])] = &[
    ("text", &["layout", "escape numbers"]),
    (
        "directory",
        &[
            "entra_after",
            "columns entra_builder entra_changes jira_builder jira_changes",
            "entra jira",
            "arena completeness ids keys members merge_join product",
        ],
    ),
    (
        "http",
        &[
            "service",
            "client",
            "call control counts failure origin pace",
        ],
    ),
    (
        "config",
        &["edit", "secrets", "profile", "file paths", "cloud error"],
    ),
    (
        "entra",
        &["batch changes", "listing", "client", "token", "error wire"],
    ),
    (
        "jira",
        &[
            "invitations",
            "organization",
            "audit listing writes",
            "client",
            "error wire",
        ],
    ),
    (
        "simulator",
        &[
            "serve",
            "entra jira",
            "graph groups",
            "edits graph_json jira_json organization seed",
            "world",
            "scenario",
            "faults ignore_case limiter people wire",
        ],
    ),
];

/// Rooms without a table of their own yet: circles of files are still allowed in them.
pub const UNSETTLED: &[&str] = &["sync", "plan", "store", "cli", "console"];

/// What the pure rooms must not know.
pub const IMPURE: &[&str] = &[
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
