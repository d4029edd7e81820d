//! The loop: one event at a time into the state, and what the state asks for.

use super::app::{App, Screen, Where};
use super::clerk::{Clerk, Errand, Sent};
use super::event::{Effect, Event, Inner, Private, Recollected, Saving, Thought};
use super::review;
use super::theme::Theme;
use super::worker::{self, Alarm, Work};
use super::{Ended, Place, Simulate, canvas, files, frame, update};
use crate::config::{self, SecretKind, SecretSource, Secrets, find_secret};
use crate::sync::{self, Problem, ProblemKind, Side, SyncError};
use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// What the loop can't do by itself, since it needs the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// Put this on the clipboard.
    Copy(String),
    /// Go to the shell for a while.
    Suspend,
    /// Draw everything anew.
    Redraw,
}

/// The console without a terminal: whoever owns it feeds events and draws.
pub struct Console {
    app: App,
    theme: Theme,
    place: Place,
    /// Places that were left for a simulation.
    left: Vec<Place>,
    simulate: Arc<Simulate>,
    sender: UnboundedSender<Event>,
    events: UnboundedReceiver<Event>,
    work: UnboundedSender<Work>,
    clerk: Clerk,
    /// Whether somebody decides in the Review, for the job under way.
    deciding: Arc<AtomicBool>,
}

impl std::fmt::Debug for Console {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Console")
            .field("app", &self.app)
            .finish_non_exhaustive()
    }
}

impl Console {
    /// Starts the threads beside the loop, and reads the configuration. Has to be called within a
    /// runtime.
    pub fn new(
        place: Place,
        simulate: Simulate,
        theme: Theme,
        size: (u16, u16),
        now: Timestamp,
    ) -> std::io::Result<Self> {
        let (sender, events) = unbounded_channel();
        let mut console = Self {
            app: App::new(whereabouts(&place), size, now, 1),
            theme,
            place,
            left: Vec::new(),
            simulate: Arc::new(simulate),
            work: worker::start(sender.clone())?,
            clerk: Clerk::start(sender.clone())?,
            deciding: Arc::default(),
            sender,
            events,
        };
        console.load(console.place.named.clone());
        Ok(console)
    }

    /// Where events from outside are sent: keys, signals, time.
    #[must_use]
    pub fn sender(&self) -> UnboundedSender<Event> {
        self.sender.clone()
    }

    /// Tells the time, without anything being done about it.
    pub fn set_now(&mut self, now: Timestamp) {
        self.app.now = now;
    }

    /// What is said on the shell's screen after the console has ended, if anything is.
    #[must_use]
    pub fn farewell(&self) -> Option<String> {
        self.app.farewell.clone()
    }

    /// Whether a job is under way, so that time has to be told more often.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.app.is_busy()
    }

    /// How it ended, once it has.
    #[must_use]
    pub fn ended(&self) -> Option<Ended> {
        self.app.ended
    }

    /// Waits for an event and takes it.
    pub async fn next(&mut self) -> Vec<Asked> {
        match self.events.recv().await {
            Some(event) => self.take(event),
            // The console holds a sender itself.
            None => Vec::new(),
        }
    }

    /// Takes an event that has come already, if one has.
    pub fn ready(&mut self) -> Option<Vec<Asked>> {
        let event = self.events.try_recv().ok()?;
        Some(self.take(event))
    }

    /// Takes an event.
    pub fn take(&mut self, event: Event) -> Vec<Asked> {
        if let Event::Inner(Private {
            inner: Inner::Moved(result),
            ..
        }) = event
        {
            self.app.moving = false;
            match *result {
                Ok(place) => self.arrive(place),
                Err(problem) => self.app.trouble(&problem),
            }
            return Vec::new();
        }
        let marks = self.app.review.marks_made();
        let effects = update::update(&mut self.app, event);
        if self.app.review.marks_made() > marks {
            self.app.review.decided_at = Some(self.app.now);
        }
        self.deciding.store(self.app.is_deciding(), Relaxed);
        self.perform(effects)
    }

    /// Draws the state.
    #[must_use]
    pub fn draw(&self, area: Rect) -> (Buffer, Option<(u16, u16)>) {
        let mut buffer = Buffer::empty(area);
        let cursor = self.draw_on(&mut buffer);
        (buffer, cursor)
    }

    /// Draws the state onto an empty buffer; gives the place of the cursor.
    pub fn draw_on(&self, buffer: &mut Buffer) -> Option<(u16, u16)> {
        let mut cursor = None;
        let mut canvas = canvas::Canvas::new(buffer, self.theme, &mut cursor);
        frame::draw(&self.app, &mut canvas);
        cursor
    }

    fn tell(&self, inner: Inner) {
        // The receiver lives in the console itself.
        let _ = self.sender.send(inner.of(self.app.epoch));
    }

    fn perform(&mut self, effects: Vec<Effect>) -> Vec<Asked> {
        let mut asked = Vec::new();
        for effect in effects {
            match effect {
                Effect::Copy(text) => asked.push(Asked::Copy(text)),
                Effect::Suspend => asked.push(Asked::Suspend),
                Effect::Redraw => asked.push(Asked::Redraw),
                Effect::Start(kind) => self.start(kind),
                Effect::Errand(errand) => self.errand(errand),
                Effect::Think(thought) => self.think(thought),
                Effect::Test {
                    round,
                    side,
                    profile,
                    kept_under,
                    typed,
                    typed_key,
                    kept_key,
                    control,
                } => {
                    let mut kept = (*profile).clone();
                    kept.name = kept_under.unwrap_or(kept.name);
                    let secrets = Typed {
                        secret: typed,
                        key: typed_key,
                        kept_key,
                    };
                    self.test(round, side, (*profile, kept), secrets, control);
                }
                Effect::Load(profile) => {
                    let now = self
                        .app
                        .profile
                        .as_ref()
                        .map(|profile| profile.name.clone());
                    let named = self.place.named.clone();
                    self.load(profile.or(now).or(named));
                }
                Effect::Save(saving) => self.save(*saving),
                Effect::ConfirmOrigins => self.confirm_origins(),
                Effect::Simulate => {
                    let (simulate, sender) = (self.simulate.clone(), self.sender.clone());
                    self.app.moving = true;
                    tokio::spawn(async move {
                        let place = simulate().await;
                        // The receiver lives in the console itself.
                        let _ = sender.send(Inner::Moved(Box::new(place)).of(0));
                    });
                }
                Effect::Leave => {
                    if let Some(place) = self.left.pop() {
                        self.move_to(place);
                        self.app.can_leave = !self.left.is_empty();
                    }
                }
            }
        }
        asked
    }

    /// A simulation is ready: the real place is kept for the way back.
    fn arrive(&mut self, place: Place) {
        let before = self.move_to(place);
        self.left.push(before);
        self.app.can_leave = true;
        self.app.screen = Screen::Review;
        self.app
            .note("This is a simulated organisation. r reads both directories; L leads back.");
    }

    fn move_to(&mut self, place: Place) -> Place {
        let before = std::mem::replace(&mut self.place, place);
        let epoch = self.app.epoch + 1;
        let (size, now) = (self.app.size, self.app.now);
        self.app = App::new(whereabouts(&self.place), size, now, epoch);
        self.load(self.place.named.clone());
        before
    }

    fn load(&mut self, profile: Option<String>) {
        let result = files::load(&self.place, profile);
        self.tell(Inner::Loaded(Box::new(
            result.map_err(|error| Problem::from(&SyncError::from(error))),
        )));
    }

    fn start(&mut self, kind: super::worker::WorkKind) {
        let Some(profile) = self.app.profile.clone() else {
            return;
        };
        if self.app.is_busy() {
            self.app
                .refuse("A job is under way already: 4 shows it. Nothing more was begun.");
            return;
        }
        self.app.review.job_begins();
        let (control, progress) = self.app.jobs.begin(kind.clone(), self.app.now);
        let work = Work {
            kind,
            environment: self.environment(&profile.name),
            profile,
            paths: self.place.paths.clone(),
            control,
            progress,
            clock: self.place.clock,
            epoch: self.app.epoch,
            deciding: self.deciding.clone(),
        };
        if self.work.send(work).is_err() {
            self.tell(Inner::WorkerGone);
        }
    }

    /// Whether the environment's secrets are this profile's.
    fn environment(&self, profile: &str) -> bool {
        let only = self
            .app
            .editor
            .as_ref()
            .is_none_or(|editor| editor.profiles().len() <= 1);
        files::environment(&self.place, only, profile)
    }

    fn errand(&self, errand: Errand) {
        let Some(profile) = &self.app.profile else {
            return;
        };
        let folder = self.place.paths.profile(&profile.name);
        let sent = Sent {
            folder,
            profile: profile.name.clone(),
            epoch: self.app.epoch,
            errand,
        };
        if !self.clerk.send(sent) {
            self.tell(Inner::WorkerGone);
        }
    }

    fn think(&self, thought: Thought) {
        let (sender, epoch, clock) = (self.sender.clone(), self.app.epoch, self.place.clock);
        tokio::task::spawn_blocking(move || {
            let _alarm = Alarm::new(&sender);
            let inner = match thought {
                Thought::Summary {
                    round,
                    planned,
                    chosen,
                } => Inner::Summary(round, Box::new(review::summarise(&planned, &chosen))),
                Thought::Again {
                    round,
                    planned,
                    pending,
                } => {
                    let mut planned = (*planned).clone();
                    planned.again(|known| pending.apply_to(known));
                    Inner::Again(round, Box::new(review::prepare(planned)))
                }
                Thought::Adoption {
                    planned,
                    group,
                    add_only,
                } => Inner::Adoption(Box::new(review::adoption(&planned, &group, add_only))),
                Thought::Recall { profile, paths } => {
                    Inner::Recalled(sync::recall(&profile, &paths, clock).map(|found| {
                        Box::new(Recollected {
                            prepared: review::prepare(found.planned),
                            read_at: found.read_at,
                            overtaken: found.overtaken,
                        })
                    }))
                }
                Thought::WhatIf {
                    round,
                    planned,
                    decisions,
                    settings,
                } => {
                    let answer = sync::what_if(&planned, &decisions, &settings);
                    Inner::WhatIf(round, Box::new(answer))
                }
            };
            // A console that has ended needs no answer.
            let _ = sender.send(inner.of(epoch));
        });
    }

    fn test(
        &self,
        round: u64,
        side: Side,
        (profile, kept): (config::Profile, config::Profile),
        typed: Typed,
        control: sync::Control,
    ) {
        let (paths, sender, epoch) = (
            self.place.paths.clone(),
            self.sender.clone(),
            self.app.epoch,
        );
        let environment = self.environment(&kept.name);
        let shown = self.app.profile.clone();
        let shown = shown.filter(|profile| profile.name == kept.name);
        tokio::spawn(async move {
            let _alarm = Alarm::new(&sender);
            let tell = |inner: Inner| {
                // A console that has ended needs no answer.
                let _ = sender.send(inner.of(epoch));
            };
            let kind = match side {
                Side::Entra => SecretKind::EntraClientSecret,
                Side::Jira => SecretKind::JiraApiToken,
            };
            let wanted = control.clone();
            let found = tokio::task::spawn_blocking(move || {
                // What was typed beside an address goes there; what is kept does not follow one that
                // was changed.
                let trusted = match &shown {
                    Some(profile) => sync::refuse_unconfirmed(profile, &paths, &Side::ALL),
                    None => sync::refuse_unconfirmed(&kept, &paths, &[side]),
                };
                let stays = trusted.is_ok();
                let secret = if let Some(secret) = typed.secret {
                    (secret, SecretSource::Typed)
                } else {
                    trusted?;
                    find_secret(kind, &kept, &paths, environment, &wanted)?
                };
                let key = match typed.key {
                    Some(key) => Some(key),
                    None if stays && typed.kept_key && side == Side::Jira => {
                        let kind = SecretKind::OrgApiKey;
                        let kept = find_secret(kind, &kept, &paths, environment, &wanted);
                        kept.ok().map(|(key, _)| key)
                    }
                    None => None,
                };
                Ok((secret, key))
            });
            let found = match found.await {
                Ok(found) => found.map_err(|error: SyncError| Problem::from(&error)),
                Err(cause) => Err(Problem::plain(
                    ProblemKind::Task,
                    format!("Sorry, looking for the secret ended unexpectedly: {cause}."),
                    "Test it again, and report this if it stays: it should not happen.",
                )),
            };
            let problem = match found {
                Ok(((secret, source), organization)) => {
                    // Only the tested side's secrets are used.
                    let secrets = Secrets {
                        organization,
                        entra: secret.clone(),
                        entra_from: source,
                        jira: secret,
                        jira_from: source,
                    };
                    sync::check_side(side, &profile, &secrets, &control, &|finding| {
                        tell(Inner::Found(round, Box::new(finding.clone())));
                    })
                    .await
                    .err()
                    .map(|error| Problem::from(&error))
                }
                Err(problem) => Some(problem),
            };
            tell(Inner::Tested(round, side, problem.map(Box::new)));
        });
    }

    fn confirm_origins(&mut self) {
        let Some(profile) = &self.app.profile else {
            return;
        };
        match sync::confirm_origins(profile, &self.place.paths) {
            Ok(()) => self.app.note(
                "This profile's secrets go there from now on. Do again what you wanted to do.",
            ),
            Err(error) => self.app.trouble(&Problem::from(&error)),
        }
    }

    fn save(&mut self, saving: Saving) {
        let result = files::save(&mut self.place, saving);
        self.tell(Inner::Saved(Box::new(
            result.map_err(|error| Problem::from(&SyncError::from(error))),
        )));
    }
}

/// Secrets that a test uses before the kept ones.
struct Typed {
    secret: Option<secrecy::SecretString>,
    /// The organization key.
    key: Option<secrecy::SecretString>,
    /// Whether the kept organization key may be used.
    kept_key: bool,
}

fn whereabouts(place: &Place) -> Where {
    Where {
        paths: place.paths.clone(),
        simulated: place.simulated,
    }
}
