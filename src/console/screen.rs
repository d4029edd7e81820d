//! The console on a real terminal.

use super::event::{Event, Signal};
use super::runtime::{Asked, Console};
use super::terminal::{self, Guard};
use super::theme::Theme;
use super::{Ended, Place, Simulate};
use crossterm::event::{Event as Input, EventStream};
use futures_util::StreamExt as _;
use jiff::Timestamp;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use std::io::{self, stdout};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

/// How often time is told while a job runs: progress is drawn at most so often.
const BUSY: Duration = Duration::from_millis(100);
/// How often time is told otherwise, for countdown and ages.
const IDLE: Duration = Duration::from_secs(1);

/// Opens the console on the terminal, until somebody leaves or a signal comes. Gives how it ended,
/// and what is still to be said.
pub async fn open(place: Place, simulate: Simulate) -> io::Result<(Ended, Option<String>)> {
    let theme = Theme::from_environment();
    let size = crossterm::terminal::size()?;
    let mut console = Console::new(place, simulate, theme, size, Timestamp::now())?;
    let guard = Guard::take()?;
    let mut terminal = Terminal::new(CrosstermBackend::new(stdout()))?;
    let input = tokio::spawn(input(console.sender()));
    let signals = tokio::spawn(signals(console.sender()));
    let result = run(&mut console, &mut terminal).await;
    input.abort();
    signals.abort();
    drop(guard);
    Ok((result?, console.farewell()))
}

async fn run(
    console: &mut Console,
    terminal: &mut Terminal<CrosstermBackend<io::Stdout>>,
) -> io::Result<Ended> {
    let mut drawn = draw(console, terminal);
    let mut told = Instant::now();
    loop {
        // Time goes on whatever else comes, and is told before it.
        let due = told + if console.is_busy() { BUSY } else { IDLE };
        let mut asked = tokio::select! {
            biased;
            () = tokio::time::sleep_until(due) => {
                told = Instant::now();
                console.take(Event::Tick(Timestamp::now()))
            }
            asked = console.next() => asked,
        };
        console.set_now(Timestamp::now());
        // Everything that has come is taken before anything is drawn.
        while let Some(more) = console.ready() {
            asked.extend(more);
        }
        #[cfg(debug_assertions)]
        assert!(
            std::env::var("ROLLBOOK_TEST_PANIC").as_deref() != Ok("screen"),
            "asked to panic"
        );
        for asked in asked {
            match asked {
                Asked::Copy(text) => terminal::copy(&text).unwrap_or_else(|error| gone(&error)),
                Asked::Redraw => anew(terminal).unwrap_or_else(|error| gone(&error)),
                Asked::Suspend => {
                    if Guard::suspend()? {
                        anew(terminal)?;
                        let (width, height) = crossterm::terminal::size()?;
                        console.take(Event::Resize(width, height));
                    } else {
                        console.take(Event::NoShell);
                    }
                }
            }
        }
        if let Some(ended) = console.ended() {
            return Ok(ended);
        }
        if !terminal::is_taken() {
            // Something panicked, and the terminal was given back: a console that nobody sees
            // must not go on working.
            return Ok(Ended::Failed);
        }
        if drawn {
            drawn = draw(console, terminal);
        }
    }
}

/// A terminal that can't be written is gone; its hang-up ends the loop.
fn gone(error: &io::Error) {
    tracing::warn!(%error, "the terminal can't be written");
}

/// Forgets what was drawn, so that the next picture is drawn whole. (The terminal's own `clear`
/// asks for the cursor's place, and would wait for an answer among the keys.)
fn anew(terminal: &mut Terminal<CrosstermBackend<io::Stdout>>) -> io::Result<()> {
    crossterm::execute!(
        stdout(),
        crossterm::terminal::Clear(crossterm::terminal::ClearType::All)
    )?;
    *terminal = Terminal::new(CrosstermBackend::new(stdout()))?;
    Ok(())
}

/// Draws what differs. A terminal that can't be written is gone: it is not drawn on again.
fn draw(console: &Console, terminal: &mut Terminal<CrosstermBackend<io::Stdout>>) -> bool {
    let drawn = (|| {
        terminal::begin_picture()?;
        terminal.draw(|frame| {
            if let Some(cursor) = console.draw_on(frame.buffer_mut()) {
                frame.set_cursor_position(cursor);
            }
        })?;
        terminal::end_picture()
    })();
    if let Err(error) = &drawn {
        gone(error);
        // The receiver lives in the console itself.
        let _ = console.sender().send(Event::Signal(Signal::Hangup));
    }
    drawn.is_ok()
}

/// Forwards keys, pastes and sizes. The end of input is a hang-up.
async fn input(sender: UnboundedSender<Event>) {
    let mut input = EventStream::new();
    while let Some(event) = input.next().await {
        let event = match event {
            Ok(Input::Key(key)) => Event::Key(key),
            Ok(Input::Paste(text)) => Event::Paste(text),
            Ok(Input::Resize(width, height)) => Event::Resize(width, height),
            Ok(Input::FocusGained | Input::FocusLost | Input::Mouse(_)) => continue,
            Err(error) => {
                tracing::warn!(%error, "the terminal can't be read");
                break;
            }
        };
        if sender.send(event).is_err() {
            return;
        }
    }
    let _ = sender.send(Event::Signal(Signal::Hangup));
}

async fn signals(sender: UnboundedSender<Event>) {
    // SIGTSTP: signal-hook's and libc's number is the same on every Unix that this runs on.
    let stop = SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw());
    let cont = SignalKind::from_raw(rustix::process::Signal::CONT.as_raw());
    let (Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup), Ok(mut stop), Ok(mut cont)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
        signal(SignalKind::hangup()),
        signal(stop),
        signal(cont),
    ) else {
        tracing::warn!("signals can't be caught");
        return;
    };
    loop {
        let signal = tokio::select! {
            _ = interrupt.recv() => Signal::Interrupt,
            _ = terminate.recv() => Signal::Terminate,
            _ = hangup.recv() => Signal::Hangup,
            _ = stop.recv() => Signal::Suspend,
            _ = cont.recv() => Signal::Continue,
        };
        if sender.send(Event::Signal(signal)).is_err() {
            return;
        }
    }
}
