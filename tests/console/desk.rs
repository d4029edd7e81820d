//! A simulator, a folder, and a console that is driven by keys.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::{SignedDuration, Timestamp};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;
use regex::Regex;
use rollbook::config::{Paths, SecretKind, keep_secret};
use rollbook::console::{Asked, Console, Ended, Event, Place, Simulate, Theme};
use rollbook::simulator::{Scenario, Simulator};
use rollbook::sync::{Clock, Problem, ProblemKind};
use std::fmt::Write as _;
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub const PROFILE: &str = "Azure AD";

/// A small organisation with every awkward case, quick to read.
pub const SMALL: &str = r"
[organization]
users = 90
groups = 16
seed = 11
[services]
limiter = false
slice = 5
delta_page = 6
invisible = 50
";

/// Quick in tests; the pace itself has tests of its own.
const LIMITS: &str = "\n[profiles.\"Azure AD\".limits]\npolite_rate = 100\n";

/// How long a condition may take, on a slow machine too.
const PATIENCE: Duration = Duration::from_secs(90);

/// What stands in the folder at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Nothing.
    Empty,
    /// A profile that works, all toggles on.
    Ready,
}

pub struct Desk {
    pub sim: Simulator,
    pub folder: TempDir,
    console: Console,
    size: (u16, u16),
    now: Timestamp,
    /// What was asked of the terminal.
    pub asked: Vec<Asked>,
}

/// A key by its name: `a`, `enter`, `^S`.
pub fn key(name: &str) -> KeyEvent {
    let plain = KeyModifiers::NONE;
    let (code, modifiers) = match name {
        "enter" => (KeyCode::Enter, plain),
        "esc" => (KeyCode::Esc, plain),
        "tab" => (KeyCode::Tab, plain),
        "shift-tab" => (KeyCode::BackTab, KeyModifiers::SHIFT),
        "up" => (KeyCode::Up, plain),
        "down" => (KeyCode::Down, plain),
        "left" => (KeyCode::Left, plain),
        "right" => (KeyCode::Right, plain),
        "home" => (KeyCode::Home, plain),
        "end" => (KeyCode::End, plain),
        "page-down" => (KeyCode::PageDown, plain),
        "del" => (KeyCode::Delete, plain),
        "backspace" => (KeyCode::Backspace, plain),
        "space" => (KeyCode::Char(' '), plain),
        other => match other.strip_prefix('^') {
            Some(letter) if !letter.is_empty() => {
                let letter = letter.to_lowercase().chars().next().unwrap();
                (KeyCode::Char(letter), KeyModifiers::CONTROL)
            }
            _ => (KeyCode::Char(other.chars().next().unwrap()), plain),
        },
    };
    KeyEvent::new(code, modifiers)
}

/// No simulation can be entered from here.
pub fn no_simulation() -> Simulate {
    Box::new(|| {
        Box::pin(async {
            Err(Problem::plain(
                ProblemKind::Start,
                "There is no simulation in this test.".to_owned(),
                "None is needed.",
            ))
        })
    })
}

impl Desk {
    pub async fn new(scenario: &str, start: Start, size: (u16, u16)) -> Self {
        let mut desk = Self::with_namesake(scenario, start, size).await;
        desk.sim.world(|w| {
            let mut groups = w.entra.groups.values_mut();
            if let Some(group) = groups.find(|group| group.name == "jira-software-users") {
                group.name = String::from("Software users");
            }
        });
        desk.drain();
        desk
    }

    /// The same, where an Entra group may bear the name of a group that gives access.
    pub async fn with_namesake(scenario: &str, start: Start, size: (u16, u16)) -> Self {
        let scenario = Scenario::parse(scenario).unwrap();
        let sim = Simulator::start(&scenario, 0).await.unwrap();
        let folder = TempDir::new().unwrap();
        let paths = Paths::new(Some(folder.path()), Some(folder.path())).unwrap();
        if start == Start::Ready {
            std::fs::write(paths.config_file(), sim.config(PROFILE) + LIMITS).unwrap();
            let [(_, secret), (_, token)] = sim.environment();
            for (kind, secret) in [
                (SecretKind::EntraClientSecret, secret),
                (SecretKind::JiraApiToken, token),
            ] {
                keep_secret(&paths, PROFILE, kind, &secret.into()).unwrap();
            }
        }
        let place = Place {
            clock: Clock::System,
            paths,
            // Its site is called so on the screen, and has no port that differs from run to run.
            simulated: start == Start::Ready,
            named: None,
            keep: None,
        };
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        let console = Console::new(place, no_simulation(), Theme::Colour, size, now).unwrap();
        let mut desk = Self {
            sim,
            folder,
            console,
            size,
            now,
            asked: Vec::new(),
        };
        desk.until(|screen| !screen.contains("Reading the configuration"))
            .await;
        desk.drain();
        desk
    }

    /// The console is left and opened again.
    pub async fn reopen(&mut self) {
        let place = Place {
            clock: Clock::System,
            paths: Paths::new(Some(self.folder.path()), Some(self.folder.path())).unwrap(),
            simulated: true,
            named: None,
            keep: None,
        };
        let (size, now) = (self.size, self.now);
        self.console = Console::new(place, no_simulation(), Theme::Colour, size, now).unwrap();
        self.until(|screen| !screen.contains("Reading the configuration"))
            .await;
    }

    /// A desk whose plan has been read.
    pub async fn with_plan(scenario: &str, size: (u16, u16)) -> Self {
        let mut desk = Self::new(scenario, Start::Ready, size).await;
        desk.press("r");
        desk.until(|screen| screen.contains("Both directories were read"))
            .await;
        desk.idle().await;
        desk
    }

    fn take(&mut self, event: Event) {
        let asked = self.console.take(event);
        self.asked.extend(asked);
    }

    fn drain(&mut self) {
        while let Some(asked) = self.console.ready() {
            self.asked.extend(asked);
        }
    }

    /// Presses keys, by their names, one after the other.
    pub fn press(&mut self, keys: &str) {
        for name in keys.split_whitespace() {
            self.take(Event::Key(key(name)));
        }
    }

    /// Types text, letter by letter.
    pub fn type_in(&mut self, text: &str) {
        for c in text.chars() {
            let code = KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE);
            self.take(Event::Key(code));
        }
    }

    pub fn paste(&mut self, text: &str) {
        self.take(Event::Paste(text.to_owned()));
    }

    pub fn signal(&mut self, signal: rollbook::console::Signal) {
        self.take(Event::Signal(signal));
    }

    pub fn resize(&mut self, size: (u16, u16)) {
        self.size = size;
        self.take(Event::Resize(size.0, size.1));
    }

    /// Lets time go on.
    pub fn pass(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
        self.take(Event::Tick(self.now));
    }

    pub fn buffer(&self) -> Buffer {
        self.console
            .draw(Rect::new(0, 0, self.size.0, self.size.1))
            .0
    }

    /// The screen as text.
    pub fn screen(&self) -> String {
        let buffer = self.buffer();
        let mut text = String::new();
        for y in 0..buffer.area.height {
            let mut line = String::new();
            let mut x = 0;
            while x < buffer.area.width {
                let symbol = buffer[(x, y)].symbol();
                line.push_str(symbol);
                let width = unicode_width::UnicodeWidthStr::width(symbol).max(1);
                x += u16::try_from(width).unwrap();
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        for (name, secret) in self.sim.environment() {
            assert!(!text.contains(&secret), "{name} is on the screen");
        }
        text
    }

    /// The screen without what differs from run to run: times, ports, run ids, requests.
    pub fn steady(&self) -> String {
        let mut text = self.screen();
        for (pattern, with) in [
            // In a column, the first nine days of a month leave one more blank behind them.
            (
                r"\b\d [A-Z][a-z]{2} \d\d:\d\d:\d\d (  +)",
                "dd Mon hh:mm:ss$1",
            ),
            (r"\b\d{1,2} [A-Z][a-z]{2} \d\d:\d\d:\d\d", "dd Mon hh:mm:ss"),
            (r"\d\d:\d\d:\d\d", "hh:mm:ss"),
            (r"127\.0\.0\.1:\d+", "127.0.0.1:ppppp"),
            (r"\d{8}-\d{6}-[a-z]{4}", "run-id"),
            (
                r"Requests: Entra [\d,]+ · Jira [\d,]+( · [\d,]+ repeated)?",
                "Requests: …",
            ),
            (r"[▁▂▃▄▅▆▇█]+", "▁"),
            (r"· \d+ s\b", "· n s"),
            (r"((request|correlation|trace)-id: )[0-9a-f-]+", "${1}…"),
        ] {
            text = Regex::new(pattern)
                .unwrap()
                .replace_all(&text, with)
                .into_owned();
        }
        text
    }

    /// How the screen is coloured: the styles of each row that has any, one after another.
    pub fn styles(&self) -> String {
        let buffer = self.buffer();
        let mut text = String::new();
        for y in 0..buffer.area.height {
            let cells = (0..buffer.area.width).map(|x| &buffer[(x, y)]);
            let mut styles: Vec<String> = cells.map(style).collect();
            styles.dedup();
            if styles.len() > 1 || styles[0] != "-" {
                _ = writeln!(text, "{:>3} {}", y + 1, styles.join(" "));
            }
        }
        text
    }

    /// Takes events until the screen is as wanted.
    #[track_caller]
    pub fn until<'a>(
        &'a mut self,
        wanted: impl Fn(&str) -> bool + 'a,
    ) -> impl Future<Output = ()> + 'a {
        let caller = std::panic::Location::caller();
        async move {
            let begun = Instant::now();
            loop {
                self.drain();
                if wanted(&self.screen()) {
                    return;
                }
                assert!(
                    begun.elapsed() < PATIENCE,
                    "{caller}: it never came:\n{}",
                    self.screen()
                );
                self.step().await;
            }
        }
    }

    async fn step(&mut self) {
        let next = tokio::time::timeout(Duration::from_millis(50), self.console.next()).await;
        if let Ok(asked) = next {
            self.asked.extend(asked);
        } else {
            self.now += SignedDuration::from_millis(50);
            self.take(Event::Tick(self.now));
        }
    }

    /// Takes events until no job is under way and nothing more comes for a moment.
    pub async fn idle(&mut self) {
        let begun = Instant::now();
        loop {
            assert!(begun.elapsed() < PATIENCE, "a job never ended");
            let next = tokio::time::timeout(Duration::from_millis(150), self.console.next()).await;
            match next {
                Ok(asked) => self.asked.extend(asked),
                Err(_) if !self.console.is_busy() => return,
                Err(_) => self.take(Event::Tick(self.now)),
            }
        }
    }

    /// Takes events until the console has ended.
    pub async fn end(&mut self) -> Ended {
        let begun = Instant::now();
        loop {
            if let Some(ended) = self.console.ended() {
                return ended;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "it never ended:\n{}",
                self.screen()
            );
            self.step().await;
        }
    }

    pub fn ended(&self) -> Option<Ended> {
        self.console.ended()
    }

    pub fn file(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    #[track_caller]
    pub fn shows(&self, words: &str) {
        let screen = self.screen();
        assert!(screen.contains(words), "“{words}” is not on\n{screen}");
    }

    #[track_caller]
    pub fn hides(&self, words: &str) {
        let screen = self.screen();
        assert!(!screen.contains(words), "“{words}” is on\n{screen}");
    }
}

/// A cell's colours and emphasis in a word.
fn style(cell: &ratatui::buffer::Cell) -> String {
    let mut words = Vec::new();
    if cell.fg != Color::Reset {
        words.push(cell.fg.to_string().to_lowercase());
    }
    if cell.bg != Color::Reset {
        words.push(format!("on-{}", cell.bg.to_string().to_lowercase()));
    }
    words.extend(
        cell.modifier
            .iter_names()
            .map(|(name, _)| name.to_lowercase()),
    );
    if words.is_empty() {
        return "-".to_owned();
    }
    words.join("+")
}

impl Drop for Desk {
    /// Whatever a test did: no file but the one for secrets holds one.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let secrets = self.sim.environment().map(|(_, secret)| secret);
            search(self.folder.path(), &secrets);
        }
    }
}

fn search(folder: &std::path::Path, secrets: &[String]) {
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            search(&path, secrets);
        } else if !path.ends_with("credentials.toml") {
            let bytes = match std::fs::read(&path) {
                // The database's log goes when a job that was still closing has closed it.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                read => read.unwrap(),
            };
            for secret in secrets {
                let found = bytes
                    .windows(secret.len())
                    .any(|part| part == secret.as_bytes());
                assert!(!found, "a secret in {}", path.display());
            }
        }
    }
}
