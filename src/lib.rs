//! Rollbook keeps Jira Cloud's users and groups in step with Microsoft Entra ID.
//!
//! # The house
//!
//! Imports go downward only, between rooms and inside them; `tests/architecture` checks both.
//!
//! - [`console`]: the terminal console. [`cli`]: the headless commands. Both ask, show and call;
//!   neither decides anything about a run.
//! - [`sync`]: the use cases: check, refresh, plan, apply, adopt; and every error in words.
//! - [`entra`], [`jira`]: the two services. [`store`]: `state.db` and `mirror.db`. [`config`]:
//!   profiles and secrets.
//! - [`http`]: one way to call a service.
//! - [`plan`]: pure: settings, scope, matching, desired state, diff, guards, operations, the order
//!   they may run in.
//! - [`directory`]: pure: people, groups, memberships, interned and compact.
//! - [`text`]: pure: what is shown: escaped, fitted, wrapped, counted, dated.
//! - [`simulator`]: a tenant and a site over real HTTP, for the demo and tests; imports nothing
//!   from the crate.
//!
//! A run goes: refresh ([`sync::plan`] reads both sides at the same time), recognise, desired
//! state, diff, guards ([`plan::make`]), apply ([`sync::run`] drives [`plan::Executor`]).
//!
//! # Which file answers which question
//!
//! | question | file |
//! |---|---|
//! | Where does a row of the plan come from? | `src/plan/make.rs`, a stage at a time: `src/plan/matching.rs`, `src/plan/people.rs`, `src/plan/groups.rs`, `src/plan/memberships.rs`, `src/plan/leavers.rs` |
//! | Who takes part? | `src/plan/scope.rs` |
//! | When is an Entra person the Jira account? | `src/plan/matching.rs` |
//! | What is a group called in Jira? | `src/plan/names.rs` |
//! | Where is a guard added? | a row of the table in `src/plan/guards/name.rs`, and its rule in `src/plan/guards/hold.rs` |
//! | What stops a removal? | `src/directory/completeness.rs` (a side in doubt), `src/plan/guards/hold.rs` (a guard), `src/plan/leavers.rs` (who is no leaver) |
//! | In which order are operations applied, and what waits for what? | `src/plan/executor/mod.rs` |
//! | What does an attended run apply, and what is read again? | `src/sync/run/reviewed.rs`, of what `src/sync/run/proposal.rs` made |
//! | What may `sync` apply? | `src/sync/run/unattended.rs`, what `src/plan/guards/hold.rs` lets through |
//! | What becomes of decisions that are made meanwhile? | `src/sync/run/decided.rs` |
//! | How does a run end, and what do faces print of it? | `src/sync/run/apply.rs`, `src/sync/run/report.rs` |
//! | What happens after a run was cut off? | `src/sync/run/recovery.rs` |
//! | How is something undone? | `src/plan/undo.rs`, `src/sync/run/undo.rs` |
//! | What is read, and when is it read again? | `src/sync/read/refresh.rs`, `src/plan/verification.rs` |
//! | When is a Jira listing believed? | `src/jira/listing.rs` |
//! | What do changes of Entra make of a snapshot? | `src/directory/entra_changes.rs`, `src/directory/entra_after.rs` |
//! | Where is a decision made, where is it stored? | `src/plan/decision.rs`, `src/store/record.rs` |
//! | Where is a link stored? | `src/store/people_links.rs`, `src/store/group_links.rs` |
//! | What is written down of a run? | `src/store/journal.rs`, `src/store/runs.rs` |
//! | Where is a migration added? | `assets/migrations`, run by `src/store/database.rs` |
//! | How is a limit learnt, and kept to? | `src/http/pace.rs` |
//! | What is repeated after a failed call? | `src/http/service.rs`; `src/http/call.rs` says which calls may be |
//! | Where may a token go? | `src/http/origin.rs` |
//! | Where is an error put into words? | `src/sync/problem/mod.rs` |
//! | Where is a reason put into words? | `src/plan/reason.rs` |
//! | How does a name become safe to show? | `src/text/escape.rs` |
//! | Where is a setting added? | `src/plan/settings.rs` or `src/config/file.rs`, and `assets/config.example.toml` |
//! | Which settings are refused? | `src/config/profile.rs` |
//! | Where does a secret come from? | `src/config/secrets.rs` |
//! | What would edited settings do? | `src/sync/what_if.rs` |
//! | Where is a command added? | `src/cli/args.rs`, run from `src/cli/dispatch.rs`, in a file of its own |
//! | Where is an exit code decided? | `src/cli/output.rs` |
//! | Where is a key bound? | `src/console/commands.rs` |
//! | Where is a screen drawn? | the `view.rs` of its folder, e.g. `src/console/review/view.rs` |
//! | Where is time taken from? | the edges: one `Clock` (`src/sync/clock.rs`) that `src/main.rs` makes, `src/console/screen.rs` for the console. A plan gets today with its inputs (`src/plan/inputs.rs`); `src/plan/schedule.rs` says when the next run is due |
//! | Where is a habit of a service added? | `src/simulator/faults.rs` (switched), `src/simulator/entra.rs`, `src/simulator/jira.rs` (always) |
//! | Where is the demo's organisation? | `assets/scenarios/demo.toml`, grown by `src/simulator/seed.rs` |

pub mod cli;
pub mod config;
pub mod console;
pub mod directory;
pub mod entra;
pub mod http;
pub mod jira;
pub mod plan;
pub mod simulator;
pub mod store;
pub mod sync;
pub mod text;
