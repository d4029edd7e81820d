//! The real binary in a pseudo-terminal: start, resize, quit, panic, signals, suspension.

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{Read as _, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long a condition may take, on a slow machine too.
const PATIENCE: Duration = Duration::from_mins(1);

struct Tty {
    parser: vt100::Parser,
    /// Everything that was written to the terminal.
    written: Vec<u8>,
    output: Receiver<Vec<u8>>,
    input: Box<dyn Write + Send>,
    master: Option<Box<dyn MasterPty + Send>>,
    child: Box<dyn Child + Send + Sync>,
    _home: TempDir,
}

fn rollbook() -> &'static str {
    env!("CARGO_BIN_EXE_rollbook")
}

impl Tty {
    fn spawn(program: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let home = TempDir::new().unwrap();
        let size = PtySize {
            rows: 24,
            cols: 80,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.env_clear();
        command.env("HOME", home.path());
        command.env("TERM", "xterm-256color");
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("RUST_BACKTRACE", "0");
        for (name, value) in environment {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (send, output) = channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 8192];
            while let Ok(count) = reader.read(&mut bytes) {
                if count == 0 || send.send(bytes[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            parser: vt100::Parser::new(24, 80, 0),
            written: Vec::new(),
            output,
            input: pair.master.take_writer().unwrap(),
            master: Some(pair.master),
            child,
            _home: home,
        }
    }

    fn demo(environment: &[(&str, &str)]) -> Self {
        Self::spawn(rollbook(), &["demo"], environment)
    }

    /// Reads until the screen is as wanted.
    #[track_caller]
    fn until(&mut self, wanted: impl Fn(&vt100::Screen) -> bool) {
        let begun = Instant::now();
        while !wanted(self.parser.screen()) {
            assert!(
                begun.elapsed() < PATIENCE,
                "it never came:\n{}",
                self.parser.screen().contents()
            );
            match self.output.recv_timeout(Duration::from_millis(100)) {
                Ok(bytes) => self.process(&bytes),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    assert!(
                        wanted(self.parser.screen()),
                        "the terminal closed:\n{}",
                        self.parser.screen().contents()
                    );
                }
            }
        }
    }

    fn process(&mut self, bytes: &[u8]) {
        self.parser.process(bytes);
        self.written.extend_from_slice(bytes);
    }

    /// How many pictures were drawn.
    fn pictures(&self) -> usize {
        const BEGIN: &[u8] = b"\x1b[?2026h";
        let windows = self.written.windows(BEGIN.len());
        windows.filter(|part| *part == BEGIN).count()
    }

    #[track_caller]
    fn shows(&mut self, words: &str) {
        let words = words.to_owned();
        self.until(move |screen| screen.contents().contains(&words));
    }

    fn press(&mut self, keys: &str) {
        self.input.write_all(keys.as_bytes()).unwrap();
        self.input.flush().unwrap();
    }

    fn signal(&self, signal: Signal) {
        let pid = self.child.process_id().unwrap().cast_signed();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    /// Waits for the end; gives the exit code.
    #[track_caller]
    fn end(&mut self) -> u32 {
        let begun = Instant::now();
        loop {
            match self.output.recv_timeout(Duration::from_millis(50)) {
                Ok(bytes) => self.process(&bytes),
                Err(_) => {
                    if let Some(status) = self.child.try_wait().unwrap() {
                        while let Ok(bytes) = self.output.try_recv() {
                            self.process(&bytes);
                        }
                        return status.exit_code();
                    }
                }
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "it never ended:\n{}",
                self.parser.screen().contents()
            );
        }
    }

    /// Nothing of what was done to the terminal is left.
    #[track_caller]
    fn is_intact(&self) {
        let screen = self.parser.screen();
        assert!(!screen.alternate_screen(), "still on the second screen");
        assert!(!screen.hide_cursor(), "the cursor is still hidden");
        assert!(!screen.bracketed_paste(), "pastes are still bracketed");
        if let Some(termios) = self.master.as_ref().and_then(|m| m.get_termios()) {
            let modes = format!("{:?}", termios.local_flags);
            assert!(
                modes.contains("ICANON") && modes.contains("ECHO"),
                "still raw: {modes}"
            );
        }
    }
}

#[test]
fn it_starts_and_is_left_with_a_key() {
    let mut tty = Tty::demo(&[]);
    tty.shows("[3 Review]");
    assert!(tty.parser.screen().alternate_screen());
    tty.press("q");
    assert_eq!(tty.end(), 0);
    tty.is_intact();
    assert_eq!(tty.parser.screen().contents().trim(), "");
}

#[test]
fn control_c_leaves_it() {
    let mut tty = Tty::demo(&[]);
    tty.shows("[3 Review]");
    tty.press("\u{3}");
    assert_eq!(tty.end(), 0);
    tty.is_intact();
}

#[test]
fn signals_leave_the_terminal_intact() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 130)] {
        let mut tty = Tty::demo(&[]);
        tty.shows("[3 Review]");
        tty.press("r");
        tty.shows("reading");
        tty.signal(signal);
        assert_eq!(tty.end(), code, "{signal:?}");
        tty.is_intact();
    }
}

#[test]
fn a_lost_line_ends_it() {
    let mut tty = Tty::demo(&[]);
    tty.shows("[3 Review]");
    tty.press("r");
    tty.shows("reading");
    tty.master = None;
    tty.input = Box::new(std::io::sink());
    tty.signal(Signal::HUP);
    let status = tty.child.wait().unwrap();
    assert_eq!(status.exit_code(), 130);
}

// Only such builds can be asked to panic.
#[cfg(debug_assertions)]
#[test]
fn a_panic_gives_the_terminal_back_first() {
    for (who, key, code) in [("screen", "?", 101), ("worker", "r", 1)] {
        let mut tty = Tty::demo(&[("ROLLBOOK_TEST_PANIC", who)]);
        tty.until(|screen| !screen.contents().trim().is_empty());
        tty.press(key);
        assert_eq!(tty.end(), code, "{who}");
        tty.is_intact();
        let screen = tty.parser.screen().contents();
        assert!(screen.contains("asked to panic"), "{who}: {screen}");
    }
}

#[test]
fn it_follows_the_terminal_s_size() {
    let mut tty = Tty::demo(&[]);
    tty.shows("[3 Review]");
    for (rows, cols, words) in [
        (10, 39, "needs 40x10"),
        (50, 200, "simulated site"),
        (24, 80, "[3 Review]"),
    ] {
        let size = PtySize {
            rows,
            cols,
            pixel_width: 0,
            pixel_height: 0,
        };
        tty.parser.screen_mut().set_size(rows, cols);
        tty.master.as_ref().unwrap().resize(size).unwrap();
        tty.shows(words);
    }
    tty.press("q");
    assert_eq!(tty.end(), 0);
}

#[test]
fn it_goes_to_the_shell_and_comes_back() {
    let Some(bash) = ["/bin/bash", "/usr/bin/bash"]
        .into_iter()
        .find(|path| Path::new(path).exists())
    else {
        return;
    };
    let mut tty = Tty::spawn(
        bash,
        &["--norc", "--noprofile", "-i"],
        &[("PS1", "ready> ")],
    );
    tty.shows("ready>");
    tty.press(&format!("{} demo\n", rollbook()));
    tty.shows("[3 Review]");
    tty.press("\u{1a}");
    tty.shows("Stopped");
    tty.until(|screen| !screen.alternate_screen() && !screen.hide_cursor());
    tty.press("echo back-in-$((40+2))\n");
    tty.shows("back-in-42");
    tty.press("fg\n");
    tty.until(|screen| screen.alternate_screen() && screen.contents().contains("[3 Review]"));
    tty.press("?");
    tty.shows("On every screen");
    tty.press("\u{1b}");
    tty.until(|screen| !screen.contents().contains("On every screen"));
    tty.press("q");
    // Only the shell reads keys once its prompt is back.
    tty.until(|screen| !screen.alternate_screen() && screen.contents().trim().ends_with("ready>"));
    tty.press("exit $?\n");
    assert_eq!(tty.end(), 0);
}

#[test]
fn without_a_shell_suspending_does_nothing() {
    let mut tty = Tty::demo(&[]);
    tty.shows("[3 Review]");
    tty.press("\u{1a}");
    tty.shows("no shell to go back to");
    tty.press("q");
    assert_eq!(tty.end(), 0);
}

#[test]
fn without_colours_meanings_stay() {
    let mut tty = Tty::demo(&[("NO_COLOR", "1")]);
    tty.shows("[3 Review]");
    tty.press("r");
    tty.shows("Both directories were read");
    let screen = tty.parser.screen();
    let (rows, cols) = screen.size();
    let mut reversed = false;
    for row in 0..rows {
        for col in 0..cols {
            let cell = screen.cell(row, col).unwrap();
            assert_eq!(cell.fgcolor(), vt100::Color::Default, "{row},{col}");
            reversed |= cell.inverse();
        }
    }
    assert!(reversed, "the chosen row is told apart");
    tty.press("q");
    assert_eq!(tty.end(), 0);
}

#[test]
fn a_first_start_leads_to_the_simulation_and_back() {
    let mut tty = Tty::spawn(rollbook(), &[], &[]);
    tty.shows("Set up a connection");
    tty.press("\u{1b}[B\r");
    tty.shows("[3 Review]");
    tty.press("r");
    tty.shows("Both directories were read");
    tty.press("L");
    tty.shows("Set up a connection");
    tty.press("q");
    assert_eq!(tty.end(), 0);
    tty.is_intact();
}

#[test]
fn nothing_is_written_while_nothing_changes() {
    let mut tty = Tty::demo(&[]);
    tty.shows("[3 Review]");
    tty.shows("Nothing was read yet");
    let before = tty.pictures();
    // Keys that mean nothing here, and then one that does.
    tty.press(&"Z".repeat(200));
    tty.press("?");
    tty.shows("On every screen");
    let drawn = tty.pictures() - before;
    assert!(drawn <= 3, "{drawn} pictures for one change");
    tty.press("\u{3}");
    assert_eq!(tty.end(), 0);
}
