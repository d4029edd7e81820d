//! The command line.

use super::output::Colour;
use crate::plan::Allowance;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Keeps Jira Cloud's users and groups in step with Microsoft Entra ID, reviewed row by row.
#[derive(Debug, Parser)]
#[command(name = "rollbook", version)]
pub struct Arguments {
    /// What to do; without it, the console opens
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
}

/// Options of every command.
#[derive(Debug, Clone, Default, Args)]
pub struct Global {
    /// The profile to work on; needed when there are several
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// Where config.toml and credentials.toml are
    #[arg(long, global = true, value_name = "DIR")]
    pub config_dir: Option<PathBuf>,
    /// Where databases, plans and logs are kept
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Print one JSON document on standard output; all else goes to standard error
    #[arg(long, global = true)]
    pub json: bool,
    /// Answer the plain question with yes; guards still hold
    #[arg(long, short = 'y', global = true)]
    pub yes: bool,
    /// Allow what a guard holds, by the number that the plan shows for it
    #[arg(long, global = true, value_name = "GUARD=COUNT")]
    pub allow: Vec<Allowance>,
    /// Read and verify everything again, whatever is known
    #[arg(long, global = true)]
    pub full: bool,
    /// Say nothing but the answer, and nothing at all where nothing happened: fit for cron
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Colour the answer
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Colour,
    /// Show every row, and log every request (without its data)
    #[arg(long, short, global = true)]
    pub verbose: bool,
}

/// A command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Test both connections, and say what to do about what fails
    Check,
    /// Read both directories and show what would be done; writes nothing to Jira
    Plan {
        /// Save the plan to this file, to be applied as it is
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Exit with 5 if there are changes
        #[arg(long)]
        detailed_exitcode: bool,
    },
    /// Show the plan, ask, and apply it; with FILE exactly that saved plan
    Apply {
        /// A plan saved with `plan --out`
        file: Option<PathBuf>,
        /// Only what failed in this run, and what depended on it
        #[arg(long, value_name = "RUN", conflicts_with = "file")]
        retry: Option<String>,
    },
    /// Apply what guards let through, without asking; for schedulers
    Sync,
    /// Let a Jira group mirror its Entra group from now on: shows who stays and who leaves, and asks
    Adopt {
        /// The Jira group, by name or groupId
        group: String,
        /// Only add members to it, and never remove any
        #[arg(long)]
        add_only: bool,
        /// The name of a group that gives access, as it is asked for in a terminal
        #[arg(long, value_name = "NAME")]
        confirm: Option<String>,
        /// Only write the plan to this file
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Take a run back, as far as that is possible: shows how, and asks
    Undo {
        /// Its id, as `runs` lists it
        run: String,
        /// Only write the plan to this file
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Write every write of some runs, for an audit: when, who, what, why, how it ended
    Export {
        /// Ids of runs, as `runs` lists them, or all; without it, all runs
        #[arg(long, value_name = "RUN", value_delimiter = ',', num_args = 1..)]
        runs: Vec<String>,
        /// The form
        #[arg(long, value_enum, default_value_t = ExportFormat::Csv)]
        format: ExportFormat,
        /// Write to this file instead of standard output
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// List the runs of a profile
    Runs,
    /// Show a run with its operations and failures
    Show {
        /// Its id, as `runs` lists it
        run: String,
    },
    /// Back up or restore what a profile must never lose: links, decisions, journal
    State {
        /// What to do
        #[command(subcommand)]
        command: StateCommand,
    },
    /// Open the console on a simulated organisation; touches no real configuration
    Demo {
        /// Show the main job in text instead
        #[arg(long)]
        headless: bool,
    },
    /// Serve a simulated tenant and site on this machine, and print a configuration for it
    Simulate(SimulateArguments),
}

/// The form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ExportFormat {
    /// A table that spreadsheets open; no cell is taken for a formula
    Csv,
    /// A JSON document for each write, one a line
    Jsonl,
}

/// What to do with a profile's state.
#[derive(Debug, Subcommand)]
pub enum StateCommand {
    /// Keep a copy of it as it is now
    Backup,
    /// Bring it back from a backup; what is there is moved aside
    Restore {
        /// The backup; without it, the newest
        file: Option<PathBuf>,
    },
}

/// Arguments of `simulate`.
#[derive(Debug, Args)]
pub struct SimulateArguments {
    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 8473)]
    pub port: u16,
    /// Users in Entra
    #[arg(long)]
    pub users: Option<usize>,
    /// Groups in Entra
    #[arg(long)]
    pub groups: Option<usize>,
    /// The same seed gives the same organisation
    #[arg(long)]
    pub seed: Option<u64>,
    /// A scenario file: organisation, behaviour, faults
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
}
