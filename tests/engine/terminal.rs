//! A command in a pseudo-terminal: it asks, and is answered.

use crate::world::World;
use portable_pty::{Child, CommandBuilder, PtySize, native_pty_system};
use std::io::{Read as _, Write};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// How long a condition may take, on a slow machine too.
const PATIENCE: Duration = Duration::from_mins(2);

/// A command that somebody looks at.
pub struct Asked {
    child: Box<dyn Child + Send + Sync>,
    input: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    /// Everything that it said so far.
    pub said: String,
}

impl World {
    /// Starts a command in a terminal.
    pub fn in_terminal(&self, arguments: &[&str]) -> Asked {
        let size = PtySize {
            rows: 50,
            cols: 200,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let wanted = self.command(arguments);
        let mut command = CommandBuilder::new(wanted.get_program());
        command.args(wanted.get_args());
        command.env_clear();
        for (name, value) in wanted.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        command.env("TERM", "xterm-256color");
        command.env("NO_COLOR", "1");
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let input = pair.master.take_writer().unwrap();
        let (send, output) = channel();
        std::thread::spawn(move || {
            // The terminal lives as long as somebody reads from it.
            let _master = pair.master;
            let mut bytes = [0; 8192];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                if send.send(bytes[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Asked {
            child,
            input,
            output,
            said: String::new(),
        }
    }
}

impl Asked {
    /// Reads until `wanted` holds of what it said.
    #[track_caller]
    fn until(&mut self, wanted: impl Fn(&str) -> bool) -> bool {
        let begun = Instant::now();
        while !wanted(&self.said) {
            assert!(begun.elapsed() < PATIENCE, "it never came:\n{}", self.said);
            match self.output.recv_timeout(Duration::from_millis(100)) {
                Ok(bytes) => self.said.push_str(&String::from_utf8_lossy(&bytes)),
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {}
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return wanted(&self.said),
            }
        }
        true
    }

    /// Waits for a question; answers with an empty line whatever else it asks before.
    #[track_caller]
    pub fn until_asked(&mut self, question: &str) {
        let mut answered = 0;
        loop {
            let asks = |said: &str| {
                said.contains(question) || said.matches("to leave it held:").count() > answered
            };
            assert!(self.until(asks), "it ended:\n{}", self.said);
            if self.said.contains(question) {
                return;
            }
            answered += 1;
            self.answer("");
        }
    }

    pub fn answer(&mut self, line: &str) {
        self.input.write_all(line.as_bytes()).unwrap();
        self.input.write_all(b"\n").unwrap();
        self.input.flush().unwrap();
    }

    /// Waits for its end; gives its exit code.
    #[track_caller]
    pub fn ended(&mut self) -> u32 {
        self.until(|_| false);
        self.child.wait().unwrap().exit_code()
    }
}
