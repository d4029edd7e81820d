//! What `--help` shows of each command: the options that have an effect there, the guards, the
//! environment, the exit codes, and an example.

use super::args::Arguments;
use crate::plan::GuardName;
use clap::builder::StyledStr;
use clap::{Arg, Command, CommandFactory as _};
use std::fmt::Write as _;

/// Options that not every command heeds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Heeds {
    /// A profile and its folders.
    Profile,
    /// A question that may be answered beforehand.
    Yes,
    /// What guards hold.
    Allow,
    /// Both directories are read.
    Full,
}

impl Heeds {
    /// The options, by their ids on the command line.
    const fn options(self) -> &'static [&'static str] {
        match self {
            Self::Profile => &["profile", "config_dir", "data_dir"],
            Self::Yes => &["yes"],
            Self::Allow => &["allow"],
            Self::Full => &["full"],
        }
    }
}

const EACH: [Heeds; 4] = [Heeds::Profile, Heeds::Yes, Heeds::Allow, Heeds::Full];

/// A command: what it heeds, and an example.
struct About {
    name: &'static str,
    heeds: &'static [Heeds],
    example: &'static str,
}

const COMMANDS: &[About] = {
    use Heeds::{Allow, Full, Profile, Yes};
    &[
        About {
            name: "check",
            heeds: &[Profile],
            example: "rollbook check --profile \"Azure AD\"",
        },
        About {
            name: "plan",
            heeds: &[Profile, Allow, Full],
            example: "rollbook plan --out friday.json",
        },
        About {
            name: "apply",
            heeds: &[Profile, Yes, Allow, Full],
            example: "rollbook apply friday.json --allow new-people=263",
        },
        About {
            name: "sync",
            heeds: &[Profile, Allow, Full],
            example: "*/30 * * * * rollbook sync --quiet",
        },
        About {
            name: "adopt",
            heeds: &[Profile, Yes, Allow, Full],
            example: "rollbook adopt \"Support Berlin\"",
        },
        About {
            name: "undo",
            heeds: &[Profile, Yes, Allow, Full],
            example: "rollbook undo last",
        },
        About {
            name: "export",
            heeds: &[Profile],
            example: "rollbook export --runs last --out audit.csv",
        },
        About {
            name: "runs",
            heeds: &[Profile],
            example: "rollbook runs --json",
        },
        About {
            name: "show",
            heeds: &[Profile],
            example: "rollbook show last",
        },
        About {
            name: "state",
            heeds: &[Profile],
            example: "rollbook state backup",
        },
        About {
            name: "demo",
            heeds: &[],
            example: "rollbook demo --headless",
        },
        About {
            name: "simulate",
            heeds: &[],
            example: "rollbook simulate --users 5000 --groups 200 --seed 7",
        },
    ]
};

const EXITS: &str = "Exit codes: 0 done or nothing to do; 1 failed; 2 wrong usage; 3 something was held, or a side was in doubt; 4 some operations failed; 5 changes (plan --detailed-exitcode); 130 and 143 interrupted.";
const SECRETS: &str = "Secrets come from the environment (ROLLBOOK_ENTRA_CLIENT_SECRET, ROLLBOOK_JIRA_API_TOKEN, ROLLBOOK_ORG_API_KEY), systemd credentials, secret_command, or credentials.toml, in this order. HTTPS_PROXY and NO_PROXY are heeded, and NO_COLOR.";

/// The command line with its help.
#[must_use]
pub fn command() -> Command {
    let mut command =
        Arguments::command().after_help(format!("{SECRETS}\n\n{EXITS}\n\nExample: rollbook demo"));
    for about in COMMANDS {
        let ignored = EACH.into_iter().filter(|part| !about.heeds.contains(part));
        let ignored = ignored.flat_map(Heeds::options);
        let options = command.get_arguments();
        // An option of every command that a command has as its own is taken all the same, and not shown.
        let hidden: Vec<Arg> = options
            .filter(|option| ignored.clone().any(|id| option.get_id() == id))
            .map(|option| option.clone().hide(true))
            .collect();
        command =
            command.mut_subcommand(about.name, |sub| sub.args(hidden).after_help(after(about)));
    }
    command
}

fn after(about: &About) -> StyledStr {
    let mut text = String::new();
    if about.heeds.contains(&Heeds::Allow) {
        text.push_str("Guards that can be allowed:\n");
        for guard in GuardName::ALL.into_iter().filter(|guard| guard.allowable()) {
            let _ = writeln!(text, "  {:<20} {}", guard.as_str(), guard.meaning());
        }
        text.push('\n');
    }
    if matches!(
        about.name,
        "check" | "plan" | "apply" | "sync" | "adopt" | "undo"
    ) {
        let _ = write!(text, "{SECRETS}\n\n");
    }
    let _ = write!(text, "{EXITS}\n\nExample: {}", about.example);
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_says_what_it_heeds() {
        let command = command();
        for sub in command.get_subcommands() {
            let known = COMMANDS.iter().any(|about| about.name == sub.get_name());
            assert!(known, "{} has no example", sub.get_name());
        }
        command.debug_assert();
    }
}
