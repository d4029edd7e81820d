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
        "plan",
        &[
            "guards/source make",
            "document executor/mod groups guards/hold leavers memberships narrowing people undo",
            "draft plan",
            "identity left_out",
            "conflict target",
            "decision inputs matching",
            "estimate known",
            "guards/allowance operation scope",
            "address guards/name names",
            "links schedule settings",
            "executor/protocol ownership patterns period question reason verification",
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
        "store",
        &[
            "journal_writer unfinished",
            "audit recognised record settle",
            "backups decisions group_links journal measures people_links refusals runs taken undo",
            "mirror state",
            "copies",
            "codes database lock",
            "error",
            "files identity owner",
        ],
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
        "sync",
        &[
            "run/reviewed run/unattended",
            "run/apply",
            "run/decided run/proposal",
            "run/request saved",
            "adopt run/undo",
            "planning",
            "run/driver run/recovery",
            "read/departures read/refresh run/invitations run/writes",
            "read/verification run/outcome",
            "read/jira run/context run/holding run/inverse run/report run/retry what_if",
            "planned read/listings read/look_ups read/members",
            "read/sides",
            "check problem/mod read/drift read/entra restore run/lease",
            "problem/local problem/services session",
            "error problem/value",
            "clock export problem/kind progress read/options rival",
        ],
    ),
    (
        "cli",
        &[
            "dispatch",
            "adopt apply undo",
            "check conversation demo export plan runs show state sync",
            "target",
            "plan_text progress report_text",
            "ask output",
            "args error json",
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
pub const UNSETTLED: &[&str] = &["console"];

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
