//! Command line in, exit code out; the only place that starts the simulator.

use clap::FromArgMatches as _;
use rollbook::cli::{
    Arguments, CliError, Colour, Command, Exit, Output, SimulateArguments, Target, report,
};
use rollbook::config::{Paths, SecretKind, Secrets, keep_secret};
use rollbook::console::{Ended, Place, Simulate};
use rollbook::simulator::{Scenario, Simulator};
use rollbook::store::{StoreError, claim, private_folder};
use rollbook::sync::{Clock, Control, Problem, ProblemKind};
use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The organisation of the demo.
const DEMO: &str = include_str!("../assets/scenarios/demo.toml");
/// Nobody else uses the demo's site: its look-ups need not be polite.
const DEMO_LIMITS: &str = "\n[profiles.\"Azure AD\".limits]\npolite_rate = 50\n";
/// The profile of the demo and of `simulate`.
const PROFILE: &str = "Azure AD";

fn main() -> ExitCode {
    keep_to_the_owner();
    let arguments = match arguments() {
        Ok(arguments) => arguments,
        Err(exit) => return exit.code().into(),
    };
    let json = arguments.global.json;
    // Whatever is made from here on is its owner's alone.
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    let _log = log(&arguments);
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            report(&trouble("the program can't start", &error), json);
            return Exit::Failed.code().into();
        }
    };
    let exit = runtime.block_on(interruptible(arguments));
    // What still blocks, such as a name look-up, is not waited for.
    runtime.shutdown_background();
    exit.code().into()
}

/// Whatever this process leaves behind is its owner's alone: files, and no image of its memory, which holds
/// secrets.
fn keep_to_the_owner() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit, umask};
        umask(rustix::fs::Mode::from_raw_mode(0o077));
        let none = Rlimit {
            current: Some(0),
            maximum: Some(0),
        };
        // A system that refuses to be asked for less writes what it always wrote.
        let _ = setrlimit(Resource::Core, none);
    }
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// Reads the command line. What is asked of the program itself, and wrong usage, end it here.
fn arguments() -> Result<Arguments, Exit> {
    let matches = rollbook::cli::command().try_get_matches();
    let arguments = matches.and_then(|matches| Arguments::from_arg_matches(&matches));
    arguments.map_err(|error| {
        if !error.use_stderr() {
            // Help or version.
            let _ = error.print();
            return Exit::Done;
        }
        if std::env::args_os().any(|argument| argument == "--json") {
            report(&wrong_usage(&error), true);
        } else {
            let _ = error.print();
        }
        Exit::Usage
    })
}

/// Runs the command. A signal stops it cleanly; a second one at once.
async fn interruptible(arguments: Arguments) -> Exit {
    let cancel = CancellationToken::new();
    let terminated = Arc::new(AtomicBool::new(false));
    // The console takes signals itself, as events among others.
    let console = matches!(
        arguments.command,
        None | Some(Command::Demo { headless: false })
    );
    let watch = (!console).then(|| tokio::spawn(signals(cancel.clone(), terminated.clone())));
    let json = arguments.global.json;
    let result = run(arguments, cancel.clone()).await;
    if let Some(watch) = watch {
        watch.abort();
    }
    let interrupted = if terminated.load(Relaxed) {
        Exit::Terminated
    } else {
        Exit::Interrupted
    };
    match result {
        Ok(Exit::Interrupted) if !console => interrupted,
        Ok(exit) => exit,
        Err(error) => {
            report(&Problem::from(&error), json);
            if cancel.is_cancelled() {
                interrupted
            } else {
                Exit::Failed
            }
        }
    }
}

async fn signals(cancel: CancellationToken, terminated: Arc<AtomicBool>) {
    let (Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
        signal(SignalKind::hangup()),
    ) else {
        tracing::warn!("signals can't be caught");
        return;
    };
    loop {
        let exit = tokio::select! {
            _ = interrupt.recv() => Exit::Interrupted,
            _ = hangup.recv() => Exit::Interrupted,
            _ = terminate.recv() => {
                terminated.store(true, Relaxed);
                Exit::Terminated
            }
        };
        if cancel.is_cancelled() {
            std::process::exit(i32::from(exit.code()));
        }
        cancel.cancel();
    }
}

async fn run(arguments: Arguments, cancel: CancellationToken) -> Result<Exit, CliError> {
    let global = &arguments.global;
    let output = Output::new(global.json, global.quiet, global.verbose, global.color);
    match arguments.command {
        None => {
            let place = Place {
                paths: Paths::new(global.config_dir.as_deref(), global.data_dir.as_deref())?,
                simulated: false,
                clock: Clock::System,
                named: global.profile.clone(),
                keep: None,
            };
            console(place).await
        }
        Some(Command::Demo { headless: false }) if has_terminal() => {
            console(simulated().await?).await
        }
        Some(Command::Demo { .. }) => demo(&output, cancel).await,
        Some(Command::Simulate(arguments)) => Ok(simulate(&arguments, &output, cancel).await),
        Some(command) => rollbook::cli::run(command, global, Clock::System, cancel).await,
    }
}

/// Whether there is a terminal on both sides.
fn has_terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

/// Opens the console. It needs a terminal on both sides.
async fn console(place: Place) -> Result<Exit, CliError> {
    if !has_terminal() {
        return Err(CliError::NoConsole);
    }
    let simulate: Simulate =
        Box::new(|| Box::pin(async { simulated().await.map_err(|error| Problem::from(&error)) }));
    let (ended, farewell) = rollbook::console::open(place, simulate)
        .await
        .map_err(CliError::Terminal)?;
    if let Some(words) = farewell {
        Output::new(false, false, false, Colour::Auto).remark(&words);
    }
    Ok(match ended {
        Ended::Quit => Exit::Done,
        Ended::Interrupted => Exit::Interrupted,
        Ended::Terminated => Exit::Terminated,
        Ended::Failed => Exit::Failed,
    })
}

/// A folder of its own that is removed with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!(
            "rollbook-demo-{}-{:08x}",
            std::process::id(),
            fastrand::u32(..)
        )))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "the demo's folder could not be removed");
        }
    }
}

/// The simulated organisation with a place to work on it.
async fn simulated() -> Result<Place, CliError> {
    let failed = |what: &str, cause: String| CliError::Simulator {
        what: what.to_owned(),
        cause,
    };
    let scenario = Scenario::parse(DEMO)
        .map_err(|e| failed("the demo's scenario can't be used", e.to_string()))?;
    let simulator = Simulator::start(&scenario, 0)
        .await
        .map_err(|e| failed("the simulated organisation can't be served", e.to_string()))?;
    let folder = Folder::new();
    let paths = Paths::new(Some(&folder.0), Some(&folder.0))?;
    let file = paths.config_file();
    // A new one: in the system's folder for such things, others may have put something in its place.
    std::fs::create_dir(&folder.0)
        .and_then(|()| std::fs::write(&file, simulator.config(PROFILE) + DEMO_LIMITS))
        .map_err(|source| rollbook::config::ConfigError::Io { path: file, source })?;
    let [(_, secret), (_, token)] = simulator.environment();
    for (kind, secret) in [
        (SecretKind::EntraClientSecret, secret),
        (SecretKind::JiraApiToken, token),
    ] {
        keep_secret(&paths, PROFILE, kind, &secret.into())?;
    }
    Ok(Place {
        paths,
        simulated: true,
        clock: Clock::System,
        named: None,
        keep: Some(Box::new((simulator, folder))),
    })
}

/// `demo --headless`.
async fn demo(output: &Output, cancel: CancellationToken) -> Result<Exit, CliError> {
    let place = simulated().await?;
    let (profile, _) = rollbook::config::load(&place.paths, None)?;
    let target = Target {
        secrets: Some(Secrets::find(
            &profile,
            &place.paths,
            false,
            &Control::default(),
        )?),
        paths: place.paths.clone(),
        profile,
        full: false,
        clock: Clock::System,
        cancel,
        options: String::new(),
    };
    rollbook::cli::demo(&target, output).await
}

/// Serves until it is interrupted, after printing what is needed to use it.
async fn simulate(
    arguments: &SimulateArguments,
    output: &Output,
    cancel: CancellationToken,
) -> Exit {
    let scenario = match scenario(arguments) {
        Ok(scenario) => scenario,
        Err(message) => {
            report(
                &trouble("the scenario can't be used", &message),
                output.json,
            );
            return Exit::Failed;
        }
    };
    let simulator = match Simulator::start(&scenario, arguments.port).await {
        Ok(simulator) => simulator,
        Err(error) => {
            let what = format!("port {} can't be used", arguments.port);
            report(&trouble(&what, &error), output.json);
            return Exit::Failed;
        }
    };
    let mut text = format!(
        "# A simulated tenant and site on {}. Ctrl-C ends it.\n# Save this as config.toml:\n\n{}\n# And set this in the environment:\n",
        simulator.origin(),
        simulator.config(PROFILE)
    );
    for (name, value) in simulator.environment() {
        let _ = writeln!(text, "# export {name}='{value}'");
    }
    let printed = if output.json {
        let environment: serde_json::Map<String, serde_json::Value> = simulator
            .environment()
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect();
        output.document(
            &serde_json::json!({"version": 1, "origin": simulator.origin(),
            "config": simulator.config(PROFILE), "environment": environment}),
        )
    } else {
        output.answer(&text)
    };
    if let Err(error) = printed {
        report(
            &trouble("standard output can't be written", &error),
            output.json,
        );
        return Exit::Failed;
    }
    cancel.cancelled().await;
    Exit::Done
}

fn scenario(arguments: &SimulateArguments) -> Result<Scenario, String> {
    let mut scenario = match &arguments.scenario {
        Some(path) => {
            let text =
                std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
            Scenario::parse(&text).map_err(|e| e.to_string())?
        }
        None => Scenario::default(),
    };
    let organization = &mut scenario.organization;
    organization.users = arguments.users.unwrap_or(organization.users);
    organization.groups = arguments.groups.unwrap_or(organization.groups);
    organization.seed = arguments.seed.unwrap_or(organization.seed);
    Ok(scenario)
}

fn trouble(what: &str, cause: &dyn std::fmt::Display) -> Problem {
    Problem::plain(
        ProblemKind::Start,
        format!("Sorry, {what}: {cause}."),
        "Correct that, and start again.",
    )
}

/// Wrong usage, in words: what clap says without its usage lines.
fn wrong_usage(error: &clap::Error) -> Problem {
    let text = error.to_string();
    let said = text.split("\n\n").next().unwrap_or_default();
    let said = said.trim_start_matches("error: ").split_whitespace();
    Problem::plain(
        ProblemKind::Usage,
        said.collect::<Vec<_>>().join(" "),
        "See rollbook --help, or the same of a command.",
    )
}

/// Makes the folder of logs, and closes to others what is in it from before.
fn log_folder(folder: &Path) -> Result<(), StoreError> {
    private_folder(folder)?;
    let files = std::fs::read_dir(folder).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
    let files = files.map_err(|source| StoreError::Io {
        path: folder.to_owned(),
        source,
    })?;
    files.iter().try_for_each(|file| claim(&file.path()))
}

/// Logs requests, without their data, into the state folder. Without a folder there is no log.
fn log(arguments: &Arguments) -> Option<tracing_appender::non_blocking::WorkerGuard> {
    if matches!(
        arguments.command,
        Some(Command::Demo { .. } | Command::Simulate(_))
    ) {
        return None;
    }
    let global = &arguments.global;
    let paths = Paths::new(global.config_dir.as_deref(), global.data_dir.as_deref()).ok()?;
    // A configuration comes first: without one, nothing is left behind.
    if !paths.config_file().exists() {
        return None;
    }
    if let Err(error) = log_folder(&paths.logs) {
        // Nobody may be there to read it.
        let _ = writeln!(std::io::stderr(), "No log is written: {error}.");
        return None;
    }
    let file = tracing_appender::rolling::Builder::new()
        .rotation(tracing_appender::rolling::Rotation::DAILY)
        .filename_prefix("rollbook")
        .filename_suffix("log")
        .max_log_files(14)
        .build(&paths.logs)
        .ok()?;
    let (writer, guard) = tracing_appender::non_blocking(file);
    let level = if global.verbose {
        tracing::Level::DEBUG
    } else {
        tracing::Level::INFO
    };
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_ansi(false)
        .with_writer(writer)
        .init();
    Some(guard)
}
