//! The state of the console.

use super::Ended;
use super::commands::{Action, Scope};
use super::credentials::{self, Credentials};
use super::event::{Effect, Loaded, Part};
use super::field::{SecretField, TextField};
use super::jobs::{self, Jobs, RunPage};
use super::overlay::{Ask, Palette};
use super::provisioning::{self, Lines, Provisioning};
use super::review::{self, FilterMenu, Page, Review, Summary};
use super::theme::Tone;
use crate::config::{Editor, Paths, Profile, SecretSource};
use crate::plan::settings_digest;
use crate::sync::Problem;
use jiff::Timestamp;

/// A screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Screen {
    Welcome,
    Credentials,
    Provisioning,
    Review,
    Jobs,
}

impl Screen {
    /// The four that digits lead to.
    pub(super) const ALL: [Self; 4] = [
        Self::Credentials,
        Self::Provisioning,
        Self::Review,
        Self::Jobs,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Welcome => "Welcome",
            Self::Credentials => "Credentials",
            Self::Provisioning => "Provisioning",
            Self::Review => "Review",
            Self::Jobs => "Jobs",
        }
    }
}

/// Something that lies over the screen.
#[derive(Debug)]
pub(super) enum Overlay {
    /// Every key, from this line on.
    Help(usize),
    Palette(Palette),
    Ask(Ask),
    Filter(FilterMenu),
    Summary(Box<Summary>),
    Page(Box<Page>),
    Run(Box<RunPage>),
    Lines(Box<Lines>),
    /// The profiles, with the chosen line.
    Profiles(usize),
}

/// Where text goes.
pub(super) enum Text<'a> {
    Line(&'a mut TextField),
    Secret(&'a mut SecretField),
}

/// Where this console works, without what keeps it alive.
#[derive(Debug, Clone)]
pub(super) struct Where {
    pub(super) paths: Paths,
    pub(super) simulated: bool,
}

/// The state of the console.
#[derive(Debug)]
pub struct App {
    pub(super) size: (u16, u16),
    pub(super) now: Timestamp,
    pub(super) place: Where,
    /// Counts changes of place and profile.
    pub(super) epoch: u64,
    /// Whether this simulation was entered from a real place, to which one can go back.
    pub(super) can_leave: bool,
    pub(super) screen: Screen,
    /// What Welcome's cursor is on.
    pub(super) choice: usize,
    pub(super) over: Vec<Overlay>,
    pub(super) notice: Option<(Tone, String)>,
    /// The configuration as it stands on disk.
    pub(super) editor: Option<Editor>,
    /// Why it can't be used.
    pub(super) broken: Option<Problem>,
    /// The profile that is worked on, as it stands on disk.
    pub(super) profile: Option<Profile>,
    pub(super) sources: [Option<SecretSource>; 3],
    pub(super) credentials: Credentials,
    pub(super) provisioning: Provisioning,
    pub(super) review: Review,
    pub(super) jobs: Jobs,
    /// How it is to end, once the run has stopped.
    pub(super) ending: Option<Ended>,
    /// What is said after the end.
    pub(super) farewell: Option<String>,
    /// Whether a simulation is being started.
    pub(super) moving: bool,
    /// How it ended.
    pub(super) ended: Option<Ended>,
}

impl App {
    pub(super) fn new(place: Where, size: (u16, u16), now: Timestamp, epoch: u64) -> Self {
        Self {
            epoch,
            size,
            now,
            place,
            can_leave: false,
            screen: Screen::Review,
            choice: 0,
            over: Vec::new(),
            notice: None,
            editor: None,
            broken: None,
            profile: None,
            sources: [None; 3],
            credentials: Credentials::default(),
            provisioning: Provisioning::default(),
            review: Review::default(),
            jobs: Jobs::default(),
            ending: None,
            moving: false,
            farewell: None,
            ended: None,
        }
    }

    /// Whether somebody is deciding: with marks made lately, or about to apply.
    pub(super) fn is_deciding(&self) -> bool {
        let summary = |over: &Overlay| matches!(over, Overlay::Summary(_));
        let at_it = self.review.is_open() || self.over.iter().any(summary);
        at_it && self.review.was_decided_lately(self.now)
    }

    /// Whether a job is under way.
    pub(super) fn is_busy(&self) -> bool {
        self.jobs.job.is_some()
    }

    pub(super) fn over(&mut self, overlay: Overlay) {
        self.over.push(overlay);
    }

    /// Says something good, or neutral, on the line below the screen.
    pub(super) fn note(&mut self, words: &str) {
        self.notice = Some((Tone::Info, words.to_owned()));
    }

    /// Says why something is not done.
    pub(super) fn refuse(&mut self, words: &str) {
        self.notice = Some((Tone::Held, words.to_owned()));
    }

    /// Shows a problem in full: what happened, why, what to do, ids.
    pub(super) fn trouble(&mut self, problem: &Problem) {
        self.over(Overlay::Ask(Ask::trouble(problem)));
    }

    /// Takes the configuration as it stands on disk. After one part was saved, edits of the
    /// others stay.
    pub(super) fn load(&mut self, loaded: Loaded, saved: Option<Part>) {
        let Loaded {
            editor,
            profile,
            sources,
        } = loaded;
        let before = self.profile.as_ref().map(|p| p.name.clone());
        self.profile = profile.and_then(|name| editor.profile(&name).ok());
        self.sources = sources;
        self.broken = None;
        let now = self.profile.as_ref().map(|p| p.name.clone());
        let gone = before
            .as_ref()
            .is_some_and(|name| !editor.profiles().contains(name));
        let renamed = saved == Some(Part::Credentials) && gone;
        if before != now && !renamed {
            self.epoch += 1;
            self.review = Review::default();
            self.jobs.forget();
        }
        if saved.is_some_and(|part| part != Part::Credentials)
            && self.credentials.is_edited(self.editor.as_ref())
        {
            self.credentials.know(&editor);
        } else {
            self.credentials.load(&editor, now.as_deref());
            self.credentials.kept(sources);
        }
        let zone = jiff::tz::TimeZone::system();
        self.credentials.today = Some(self.now.to_zoned_datetime(zone).date());
        let keep = saved.is_some_and(|part| part != Part::Settings);
        self.provisioning.load(&editor, self.profile.as_ref(), keep);
        self.jobs.schedule(self.profile.as_ref(), self.now);
        self.editor = Some(editor);
    }

    /// Whether something was edited and not saved.
    pub(super) fn unsaved(&self) -> Option<Screen> {
        if self.credentials.is_edited(self.editor.as_ref()) {
            Some(Screen::Credentials)
        } else if self.provisioning.is_edited() {
            Some(Screen::Provisioning)
        } else {
            None
        }
    }

    /// Goes to a screen.
    pub(super) fn go(&mut self, screen: Screen) -> Vec<Effect> {
        self.screen = screen;
        match screen {
            Screen::Provisioning => provisioning::entered(self),
            Screen::Jobs => jobs::entered(),
            _ => Vec::new(),
        }
    }

    /// The scopes in which a key is looked for, the nearest first.
    pub(super) fn scopes(&self) -> Vec<Scope> {
        if let Some(top) = self.over.last() {
            let own: &[Scope] = match top {
                Overlay::Help(_) => &[Scope::Over, Scope::List],
                Overlay::Palette(_) => &[Scope::Palette, Scope::Over],
                Overlay::Ask(_) | Overlay::Filter(_) => &[Scope::Ask, Scope::Over, Scope::List],
                Overlay::Summary(_) => &[Scope::Summary, Scope::Over],
                Overlay::Page(page) if page.asks_for_name() => &[Scope::Adoption, Scope::Over],
                Overlay::Page(page) if page.adoption.is_some() => {
                    &[Scope::Adoption, Scope::Over, Scope::List]
                }
                Overlay::Page(_) => &[Scope::Page, Scope::Over, Scope::List],
                Overlay::Run(_) => &[Scope::Run, Scope::Over, Scope::List],
                Overlay::Lines(lines) if lines.has_choices() => {
                    &[Scope::Choices, Scope::Over, Scope::List]
                }
                Overlay::Lines(_) => &[Scope::Lines, Scope::Over],
                Overlay::Profiles(_) => &[Scope::Profiles, Scope::Over, Scope::List],
            };
            return [own, &[Scope::Always]].concat();
        }
        match self.screen {
            Screen::Welcome => vec![Scope::Welcome, Scope::List, Scope::Always],
            Screen::Review if self.review.searching => vec![Scope::Search, Scope::Always],
            Screen::Credentials if self.credentials.editing => vec![Scope::Field, Scope::Always],
            Screen::Provisioning if self.provisioning.entry.is_some() => {
                vec![Scope::Field, Scope::Always]
            }
            screen => {
                let own = match screen {
                    Screen::Credentials => Scope::Credentials,
                    Screen::Provisioning => Scope::Provisioning,
                    Screen::Jobs => Scope::Jobs,
                    Screen::Review | Screen::Welcome => Scope::Review,
                };
                vec![own, Scope::List, Scope::Global, Scope::Always]
            }
        }
    }

    /// Where printable keys go, if they are text now.
    pub(super) fn text(&mut self) -> Option<Text<'_>> {
        if let Some(top) = self.over.last_mut() {
            return match top {
                Overlay::Palette(palette) => Some(Text::Line(&mut palette.typed)),
                Overlay::Summary(summary) => {
                    let (_, field) = summary.guards.get_mut(summary.focus)?;
                    Some(Text::Line(field))
                }
                Overlay::Page(page) if page.asks_for_name() => Some(Text::Line(&mut page.typed)),
                Overlay::Lines(lines) if !lines.has_choices() => Some(Text::Line(&mut lines.typed)),
                _ => None,
            };
        }
        match self.screen {
            Screen::Review if self.review.searching => Some(Text::Line(&mut self.review.search)),
            Screen::Credentials => self.credentials.text(),
            Screen::Provisioning => self.provisioning.entry.as_mut().map(Text::Line),
            _ => None,
        }
    }

    /// Why a command is unavailable just now; none if it is available.
    pub(super) fn unavailable(&self, action: Action) -> Option<String> {
        match self.over.last() {
            None => self.unavailable_below(action),
            Some(Overlay::Page(page)) => match action {
                Action::Enter if page.adoption.is_none() && page.candidates.is_empty() => {
                    Some("nothing has to be chosen here".to_owned())
                }
                Action::No if page.candidates.is_empty() => {
                    Some("no account is in question here".to_owned())
                }
                Action::Copy if page.ids.is_empty() => Some("there are no ids here".to_owned()),
                _ => None,
            },
            Some(Overlay::Run(run)) => match action {
                Action::Undo if !run.wrote => Some("this run wrote nothing".to_owned()),
                Action::Retry if !run.failed => Some("nothing failed in this run".to_owned()),
                Action::Undo | Action::Retry => self.busy(),
                _ => None,
            },
            Some(_) => None,
        }
    }

    /// That a job is under way, if one is.
    fn busy(&self) -> Option<String> {
        let job = self.jobs.job.as_ref()?;
        Some(format!("{} is under way: 4 shows it", job.kind.name()))
    }

    /// Why a command of the screen is unavailable, whatever lies over it.
    pub(super) fn unavailable_below(&self, action: Action) -> Option<String> {
        let busy = || self.busy();
        match action {
            Action::LeaveSimulation => {
                return (!self.place.simulated)
                    .then(|| "this is no simulation".to_owned())
                    .or_else(|| {
                        (!self.can_leave).then(|| {
                            "Rollbook was started on the simulated organisation: q leaves it"
                                .to_owned()
                        })
                    })
                    .or_else(busy);
            }
            Action::Profiles => return busy(),
            Action::Interrupt
            | Action::Suspend
            | Action::Redraw
            | Action::Quit
            | Action::Help
            | Action::Palette
            | Action::Go(_)
            | Action::NextScreen
            | Action::PreviousScreen => return None,
            _ => {}
        }
        let starts = matches!(
            action,
            Action::Refresh | Action::Verify | Action::RunNow | Action::Apply
        );
        if starts {
            if self.profile.is_none() {
                return Some("there is no profile yet: set up the credentials first".to_owned());
            }
            if self.is_busy() {
                return busy();
            }
        }
        match self.screen {
            Screen::Welcome => None,
            Screen::Credentials => credentials::unavailable(self, action),
            Screen::Provisioning => provisioning::unavailable(self, action),
            Screen::Review => review::unavailable(self, action).map(str::to_owned),
            Screen::Jobs => jobs::unavailable(self, action).map(str::to_owned),
        }
    }

    /// Whether nothing is applied unattended yet, since no person has applied a plan with these
    /// settings. Known once a plan was made.
    pub(super) fn waits_for_review(&self) -> bool {
        let Some(profile) = &self.profile else {
            return false;
        };
        self.review.plan.as_ref().is_some_and(|plan| {
            let reviewed = &plan.planned.known.history.reviewed_settings;
            reviewed.as_ref() != Some(&settings_digest(&profile.settings))
        })
    }

    /// The site as it is called on the screen.
    pub(super) fn site(&self) -> String {
        match &self.profile {
            _ if self.place.simulated => "simulated site".to_owned(),
            Some(profile) => profile.site.host(),
            None => String::new(),
        }
    }
}
