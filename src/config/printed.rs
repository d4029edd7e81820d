//! Secrets that another program prints.

use super::error::{ConfigError, SecretKind};
use crate::http::{Control, keep_out, said};
use secrecy::SecretString;
use std::io::{self, IsTerminal as _, Read as _};
use std::process::{Child, ChildStderr, ChildStdout, Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// For how long a program may take to print a secret.
const PRINTS_WITHIN: Duration = Duration::from_secs(30);
/// How soon it ends after what wanted its secret.
const LOOKS_EVERY: Duration = Duration::from_millis(100);

/// Runs the program itself, without a shell; the secret is its first line.
pub(super) fn print(
    kind: SecretKind,
    program: &str,
    arguments: &[String],
    cancel: &Control,
) -> Result<SecretString, ConfigError> {
    let failed = |cause: String| ConfigError::SecretCommand { kind, cause };
    let output = match output_of(program, arguments, cancel) {
        Err(_) if cancel.is_cancelled() => return Err(ConfigError::Cancelled),
        other => other.map_err(|error| failed(format!("{program}: {error}")))?,
    };
    if !output.status.success() {
        // It may have printed the secret before it failed. Words with blanks between them are a message, and
        // would be missed where services say the like.
        let printed = String::from_utf8_lossy(&output.stdout);
        let is_word = |line: &&str| !line.contains(char::is_whitespace);
        for word in printed.lines().map(str::trim).filter(is_word) {
            keep_out(&word.into(), None);
        }
        let text = String::from_utf8_lossy(&output.stderr);
        let line = text.lines().find(|line| !line.trim().is_empty());
        let told = line.map_or_else(String::new, |line| format!(": {}", said(line.trim())));
        return Err(failed(format!(
            "{program} ended with {}{told}",
            output.status
        )));
    }
    let text = String::from_utf8(output.stdout)
        .map_err(|_| failed(format!("{program} printed something that is no text")))?;
    let first = text.lines().next().unwrap_or_default().trim();
    if first.is_empty() {
        return Err(failed(format!("{program} printed nothing")));
    }
    Ok(first.into())
}

/// What a program prints, which knows none of this process's secrets and ends in time.
fn output_of(program: &str, arguments: &[String], cancel: &Control) -> io::Result<Output> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let ours = std::env::vars_os().map(|(name, _)| name);
    for name in ours.filter(|name| name.to_string_lossy().starts_with("ROLLBOOK_")) {
        command.env_remove(name);
    }
    // A password manager may ask on the terminal, which only programs of the foreground can read.
    let alone = !io::stdin().is_terminal();
    #[cfg(unix)]
    if alone {
        use std::os::unix::process::CommandExt as _;
        command.process_group(0);
    }
    let mut child = command.spawn()?;
    let texts = match printed(&mut child, cancel) {
        Ok(texts) => texts,
        Err(error) => {
            end(&mut child, alone)?;
            return Err(error);
        }
    };
    let [stdout, stderr] = texts;
    let status = child.wait()?;
    Ok(Output {
        status,
        stdout,
        stderr,
    })
}

/// Both outputs of a program, read to their ends.
fn printed(child: &mut Child, cancel: &Control) -> io::Result<[Vec<u8>; 2]> {
    let (send, printed) = mpsc::channel();
    let (out, err) = (child.stdout.take(), child.stderr.take());
    for (at, pipe) in [(0, out.map(Pipe::Out)), (1, err.map(Pipe::Err))] {
        let send = send.clone();
        std::thread::spawn(move || {
            let mut text = Vec::new();
            let read = pipe.map_or(Ok(0), |pipe| pipe.read(&mut text));
            // Nobody waits any more for what comes too late.
            let _ = send.send((at, read.map(|_| text)));
        });
    }
    let ends = Instant::now() + PRINTS_WITHIN;
    let mut texts = [Vec::new(), Vec::new()];
    for _ in 0..2 {
        let (at, text) = next(&printed, ends, cancel)?;
        let place: &mut Vec<u8> = &mut texts[at];
        *place = text?;
    }
    Ok(texts)
}

/// What comes next through a channel, before that time and before it is cancelled.
fn next<T>(from: &Receiver<T>, ends: Instant, cancel: &Control) -> io::Result<T> {
    loop {
        let left = ends.saturating_duration_since(Instant::now());
        match from.recv_timeout(left.min(LOOKS_EVERY)) {
            Ok(found) => return Ok(found),
            Err(RecvTimeoutError::Timeout) if cancel.is_cancelled() => {
                return Err(io::ErrorKind::Interrupted.into());
            }
            Err(RecvTimeoutError::Timeout) if !left.is_zero() => {}
            Err(_) => {
                let words = format!("it printed no secret within {} s", PRINTS_WITHIN.as_secs());
                return Err(io::Error::new(io::ErrorKind::TimedOut, words));
            }
        }
    }
}

/// Ends a program, with those that it started where they are in a group of their own.
fn end(child: &mut Child, alone: bool) -> io::Result<()> {
    #[cfg(unix)]
    if alone {
        use rustix::process::{Pid, Signal, kill_process_group};
        if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
            kill_process_group(group, Signal::KILL)?;
        }
    }
    if !alone {
        child.kill()?;
    }
    child.wait().map(drop)
}

/// An output of a program. More than a secret can be is not read.
enum Pipe {
    Out(ChildStdout),
    Err(ChildStderr),
}

impl Pipe {
    const MOST: u64 = 64 << 10;

    fn read(self, text: &mut Vec<u8>) -> io::Result<usize> {
        match self {
            Self::Out(pipe) => pipe.take(Self::MOST).read_to_end(text),
            Self::Err(pipe) => pipe.take(Self::MOST).read_to_end(text),
        }
    }
}
