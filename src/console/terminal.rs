//! The terminal: what is done to it, and how that is undone on every way out.

use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute};
use std::io::{self, Stdout, Write as _, stdout};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

/// Whether the terminal is ours just now: the panic hook may have given it back.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal while it is ours. Dropping it gives it back.
#[derive(Debug)]
pub(super) struct Guard(());

impl Guard {
    /// Takes the terminal: raw, on its second screen. A panic on any thread gives it back before
    /// its message is printed.
    pub(super) fn take() -> io::Result<Self> {
        // Our own theme minds NO_COLOR; crossterm would wipe bold and reversed with the colours.
        crossterm::style::force_color_output(true);
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            restore();
            before(panic);
        }));
        // From here on dropping it gives the terminal back, a beginning that failed half-way too.
        let guard = Self(());
        enter()?;
        Ok(guard)
    }

    /// Gives the terminal to the shell, stops this process and its group, and takes the terminal
    /// again when it goes on. Without a shell to go back to nothing happens; says so.
    pub(super) fn suspend() -> io::Result<bool> {
        #[cfg(unix)]
        {
            use rustix::process::{Signal, getpgid, getpgrp, getsid, kill_current_process_group};
            // A session's leader in our own group is no shell with job control: stopped, nobody
            // could wake us.
            let leader = getsid(None)?;
            if getpgid(Some(leader)).is_ok_and(|group| group == getpgrp()) {
                return Ok(false);
            }
            restore();
            kill_current_process_group(Signal::STOP)?;
            enter()?;
            Ok(true)
        }
        #[cfg(not(unix))]
        Ok(false)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        restore();
        if !std::thread::panicking() {
            let _ = std::panic::take_hook();
        }
    }
}

fn enter() -> io::Result<()> {
    TAKEN.store(true, SeqCst);
    enable_raw_mode()?;
    execute!(
        stdout(),
        EnterAlternateScreen,
        EnableBracketedPaste,
        cursor::Hide
    )
}

/// Undoes everything, once. A terminal that is gone needs nothing undone.
fn restore() {
    if !TAKEN.swap(false, SeqCst) {
        return;
    }
    let mut out: Stdout = stdout();
    let _ = execute!(
        out,
        EndSynchronizedUpdate,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        cursor::Show
    );
    let _ = disable_raw_mode();
    let _ = out.flush();
}

/// Whether the terminal is ours: nothing is drawn on one that was given back.
pub(super) fn is_taken() -> bool {
    TAKEN.load(SeqCst)
}

/// Marks the begin of a picture, so that the terminal shows it whole.
pub(super) fn begin_picture() -> io::Result<()> {
    execute!(stdout(), BeginSynchronizedUpdate)
}

/// Marks its end.
pub(super) fn end_picture() -> io::Result<()> {
    execute!(stdout(), EndSynchronizedUpdate)
}

/// Puts text onto the clipboard of the terminal, also through SSH (OSC 52).
pub(super) fn copy(text: &str) -> io::Result<()> {
    execute!(
        stdout(),
        crossterm::clipboard::CopyToClipboard::to_clipboard_from(text)
    )
}
