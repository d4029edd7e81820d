//! The console on a real terminal.

use super::event::{Event, Signal};
use super::runtime::{Asked, Console};
use super::terminal::{self, Guard};
use super::theme::Theme;
use super::{Ended, Place, Simulate};
use crate::sync::Clock;
use crossterm::event::{Event as Input, EventStream};
use futures_util::StreamExt as _;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
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
    let clock = place.clock;
    let mut console = Console::new(place, simulate, theme, size, clock.now())?;
    let guard = Guard::take()?;
    let mut painter = Painter::new()?;
    let input = tokio::spawn(input(console.sender()));
    let signals = tokio::spawn(signals(console.sender()));
    let result = run(&mut console, &mut painter, clock).await;
    input.abort();
    signals.abort();
    drop(guard);
    Ok((result?, console.farewell()))
}

async fn run(console: &mut Console, painter: &mut Painter, clock: Clock) -> io::Result<Ended> {
    let mut drawn = draw(console, painter);
    let mut told = Instant::now();
    loop {
        // Time goes on whatever else comes, and is told before it.
        let due = told + if console.is_busy() { BUSY } else { IDLE };
        let mut asked = tokio::select! {
            biased;
            () = tokio::time::sleep_until(due) => {
                told = Instant::now();
                console.take(Event::Tick(clock.now()))
            }
            asked = console.next() => asked,
        };
        console.set_now(clock.now());
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
                Asked::Redraw => painter.anew().unwrap_or_else(|error| gone(&error)),
                Asked::Suspend => {
                    if Guard::suspend()? {
                        painter.anew()?;
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
            drawn = draw(console, painter);
        }
    }
}

/// The terminal with the picture that it shows.
struct Painter {
    terminal: Terminal<CrosstermBackend<io::Stdout>>,
    shown: Option<(Buffer, Option<(u16, u16)>)>,
}

impl Painter {
    fn new() -> io::Result<Self> {
        Ok(Self {
            terminal: Terminal::new(CrosstermBackend::new(stdout()))?,
            shown: None,
        })
    }

    /// Forgets what was drawn, so that the next picture is drawn whole. (The terminal's own
    /// `clear` asks for the cursor's place, and would wait for an answer among the keys.)
    fn anew(&mut self) -> io::Result<()> {
        crossterm::execute!(
            stdout(),
            crossterm::terminal::Clear(crossterm::terminal::ClearType::All)
        )?;
        *self = Self::new()?;
        Ok(())
    }

    /// Draws what differs from the picture that is shown; nothing is written if nothing does.
    fn draw(&mut self, console: &Console) -> io::Result<()> {
        let size = self.terminal.size()?;
        let picture = console.draw(Rect::new(0, 0, size.width, size.height));
        if self.shown.as_ref() == Some(&picture) {
            return Ok(());
        }
        terminal::begin_picture()?;
        self.terminal.draw(|frame| {
            // The size may have changed this very moment: the next picture fits again.
            if frame.area() == picture.0.area {
                frame.buffer_mut().clone_from(&picture.0);
                if let Some(cursor) = picture.1 {
                    frame.set_cursor_position(cursor);
                }
            }
        })?;
        terminal::end_picture()?;
        self.shown = Some(picture);
        Ok(())
    }
}

/// A terminal that can't be written is gone; its hang-up ends the loop.
fn gone(error: &io::Error) {
    tracing::warn!(%error, "the terminal can't be written");
}

/// Draws. A terminal that can't be written is gone: it is not drawn on again.
fn draw(console: &Console, painter: &mut Painter) -> bool {
    let drawn = painter.draw(console);
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
