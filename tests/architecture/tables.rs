//! The house as tables: which room may import which, and in which order the files of a room stand.

/// Every room and what it may import from the crate. Imports go downward only.
pub const HOUSE: &[(&str, &[&str])] = &[
    ("text", &[]),
    ("directory", &["text"]),
    ("plan", &["directory", "text"]),
    ("http", &["text"]),
    ("config", &["http", "plan", "text", "directory"]),
    ("store", &["config", "plan", "directory"]),
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
    ("text", &["layout skeleton", "escape numbers"]),
    (
        "directory",
        &[
            "entra_after",
            "account_index columns entra_builder entra_changes jira_builder jira_changes",
            "entra jira keys",
            "arena completeness ids members merge_join product",
        ],
    ),
    (
        "plan",
        &[
            "guards/gives guards/source guards/takes make",
            "document executor/mod groups guards/hold identities leavers let_through memberships narrowing people undo",
            "draft plan",
            "doubts",
            "identity left_out",
            "conflict target",
            "decision inputs matching",
            "known",
            "estimate links needs seal",
            "guards/allowance names operation scope visible",
            "address guards/name pins",
            "schedule settings",
            "evidence executor/protocol ownership pair_table patterns percent period question reason verification",
        ],
    ),
    (
        "http",
        &[
            "service",
            "failure",
            "body said",
            "client secrets",
            "answer call control counts headway null origin pace spelling",
        ],
    ),
    (
        "config",
        &[
            "edit",
            "secrets",
            "profile",
            "paths printed",
            "error file",
            "cloud guarded",
        ],
    ),
    (
        "store",
        &[
            "journal_writer unfinished",
            "audit measures recognised record settle",
            "backups decisions group_links group_pins journal new_accounts origins people_links plan_key refusals runs taken undo",
            "state",
            "copies mirror",
            "database lock",
            "codes files",
            "error",
            "identity owner",
        ],
    ),
    (
        "entra",
        &["batch changes", "listing", "client", "token", "error wire"],
    ),
    (
        "jira",
        &[
            "invitations workspaces",
            "members organization",
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
            "read/departures read/refresh run/driver run/recovery",
            "read/verification run/invitations run/writes",
            "read/look_ups run/outcome",
            "read/jira run/context run/holding run/inverse run/report run/retry what_if",
            "planned read/listings read/members",
            "read/sides",
            "check read/drift read/entra restore run/lease",
            "problem/mod session",
            "origins problem/local problem/services",
            "error problem/value",
            "clock export problem/kind progress read/options rival",
        ],
    ),
    (
        "cli",
        &[
            "dispatch",
            "apply",
            "adopt undo",
            "check conversation demo export plan runs show state sync",
            "help plan_aside plan_held target",
            "args plan_text progress report_text",
            "ask output",
            "error json",
        ],
    ),
    // console: app → commands → app
    //    app.rs:4: super::commands::Action
    //    app.rs:4: super::commands::Scope
    //    commands.rs:4: super::app::App
    //    commands.rs:4: super::app::Screen
    // console: clerk → event → clerk
    //    clerk.rs:3: super::event::Event
    //    clerk.rs:3: super::event::Inner
    //    clerk.rs:3: super::event::Remembered
    //    event.rs:4: super::clerk::Answer
    //    event.rs:4: super::clerk::Errand
    // console: credentials/mod → app → credentials/mod
    //    credentials/mod.rs:13: super::app::App
    //    credentials/mod.rs:13: super::app::Overlay
    //    credentials/mod.rs:13: super::app::Screen
    //    credentials/mod.rs:13: super::app::Text
    //    app.rs:5: super::credentials::Credentials
    //    app.rs:364: credentials::unavailable
    // console: credentials/profiles → app → credentials/mod → credentials/profiles
    //    credentials/profiles.rs:6: crate::console::app::App
    //    credentials/profiles.rs:6: crate::console::app::Overlay
    //    credentials/profiles.rs:6: crate::console::app::Screen
    //    app.rs:5: super::credentials::Credentials
    //    app.rs:364: credentials::unavailable
    //    credentials/mod.rs:24: profiles::leave_for
    // console: credentials/test → credentials/mod → credentials/test
    //    credentials/test.rs:4: super::Test
    //    credentials/test.rs:4: super::index
    //    credentials/mod.rs:26: test::test
    // console: credentials/view → credentials/mod → credentials/view
    //    credentials/view.rs:4: super::Credentials
    //    credentials/view.rs:4: super::Spot
    //    credentials/view.rs:4: super::index
    //    credentials/mod.rs:276: view::finding_mark
    // console: jobs/job → jobs/mod → jobs/job
    //    jobs/job.rs:3: super::Jobs
    //    jobs/job.rs:3: super::SPARKS
    //    jobs/mod.rs:8: job::Job
    //    jobs/mod.rs:9: job::look_at_job
    // console: jobs/keys → app → jobs/keys
    //    jobs/keys.rs:4: crate::console::app::App
    //    jobs/keys.rs:4: crate::console::app::Overlay
    //    app.rs:367: jobs::unavailable
    // console: jobs/view → app → jobs/keys → jobs/view
    //    jobs/view.rs:5: crate::console::app::App
    //    app.rs:367: jobs::unavailable
    //    jobs/keys.rs:3: super::view
    //    jobs/keys.rs:30: view::history_height
    // console: overlay/mod → provisioning/mod → overlay/mod
    //    overlay/mod.rs:196: provisioning::save
    //    provisioning/mod.rs:14: super::overlay::moved
    // console: overlay/palette → app → overlay/palette
    //    overlay/palette.rs:3: crate::console::app::App
    //    overlay/palette.rs:3: crate::console::app::Overlay
    //    app.rs:9: super::overlay::Palette
    // console: overlay/view → app → jobs/keys → overlay/mod → overlay/view
    //    overlay/view.rs:4: crate::console::app::App
    //    overlay/view.rs:4: crate::console::app::Overlay
    //    app.rs:367: jobs::unavailable
    //    jobs/keys.rs:8: crate::console::overlay::moved
    //    overlay/mod.rs:35: view::help_lines
    //    overlay/mod.rs:79: view::summary_size
    // console: provisioning/lines → app → provisioning/lines
    //    provisioning/lines.rs:5: crate::console::app::App
    //    provisioning/lines.rs:5: crate::console::app::Overlay
    //    app.rs:10: super::provisioning::Lines
    // console: provisioning/view → provisioning/mod → provisioning/view
    //    provisioning/view.rs:4: super::Provisioning
    //    provisioning/mod.rs:242: view::list_height
    //    provisioning/mod.rs:402: view::leave_words
    // console: review/act → app → review/act
    //    review/act.rs:5: crate::console::app::App
    //    review/act.rs:5: crate::console::app::Overlay
    //    review/act.rs:5: crate::console::app::Screen
    //    app.rs:366: review::unavailable
    // console: review/decide → app → review/act → review/decide
    //    review/decide.rs:5: crate::console::app::App
    //    app.rs:366: review::unavailable
    //    review/act.rs:3: super::decide
    //    review/act.rs:37: decide::can_leave_alone
    //    review/act.rs:71: decide::can_refuse
    //    review/act.rs:89: decide::can_leave_alone
    //    review/act.rs:98: decide::leave_alone
    //    review/act.rs:142: decide::link
    //    review/act.rs:143: decide::refuse
    //    review/act.rs:144: decide::adopt
    //    review/act.rs:145: decide::undo
    // console: review/state → event → review/state
    //    review/state.rs:7: crate::console::event::Effect
    //    review/state.rs:7: crate::console::event::Remembered
    //    review/state.rs:7: crate::console::event::Thought
    //    event.rs:5: super::review::Pending
    // console: review/view → app → review/act → review/view
    //    review/view.rs:8: crate::console::app::App
    //    app.rs:366: review::unavailable
    //    review/act.rs:4: super::view
    //    review/act.rs:88: view::list_height
    //    review/act.rs:207: view::list_height
    // console: update → credentials/mod → update
    //    update.rs:90: credentials::typed
    //    update.rs:127: credentials::perform
    //    credentials/mod.rs:368: super::update::act
    // console: welcome → overlay/mod → update → welcome
    //    welcome.rs:8: super::overlay::moved
    //    overlay/mod.rs:17: super::update
    //    overlay/mod.rs:187: update::stop_and_leave
    //    overlay/mod.rs:189: update::quit
    //    update.rs:7: super::welcome
    //    update.rs:126: welcome::perform
    // console: worker → event → worker
    //    worker.rs:3: super::event::Event
    //    worker.rs:3: super::event::Inner
    //    event.rs:6: super::worker::WorkKind
    (
        "simulator",
        &[
            "serve",
            "entra jira",
            "graph groups",
            "edits graph_json jira_json organization seed",
            "world",
            "hostile scenario",
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
