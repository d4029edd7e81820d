//! Credentials: both connections as forms, tested on the spot.

mod form;
mod profiles;
mod test;
mod view;

pub(super) use form::Key;
pub(super) use profiles::{begin, chosen_profile, delete, switch};
pub(super) use test::tested;
pub(super) use view::draw;

use super::app::{App, Overlay, Screen, Text};
use super::commands::Action;
use super::event::{Effect, Part, Saving};
use super::overlay::{Answer, Ask};
use super::review::{Line, Page};
use super::text::stepped;
use super::theme::Tone;
use crate::config::{Editor, SecretSource};
use crate::sync::{Control, Finding, Problem, Side};
use form::{CLOUDS, Content, Form};
use jiff::civil::Date;
use profiles::leave_for;
use std::fmt::Write as _;
use test::test;

/// The test of one side.
#[derive(Debug, Default)]
pub(super) struct Test {
    pub(super) findings: Vec<Finding>,
    pub(super) running: bool,
    /// What kept it from being tested at all.
    pub(super) problem: Option<Problem>,
}

/// What the cursor is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spot {
    Field(Key),
    Test,
    Save,
}

/// The screen's state.
#[derive(Debug)]
pub(super) struct Credentials {
    form: Form,
    /// The profile's name in the file; none for a new one.
    before: Option<String>,
    /// Names of all profiles in the file.
    names: Vec<String>,
    /// Where kept secrets come from.
    sources: [Option<SecretSource>; 3],
    pub(super) side: Side,
    pub(super) cursor: usize,
    pub(super) editing: bool,
    pub(super) tests: [Test; 2],
    round: u64,
    control: Control,
    /// Today, to tell what has ended.
    pub(super) today: Option<Date>,
}

impl Default for Credentials {
    fn default() -> Self {
        Self {
            form: Form::new(),
            before: None,
            names: Vec::new(),
            sources: [None; 3],
            side: Side::Entra,
            cursor: 0,
            editing: false,
            tests: [Test::default(), Test::default()],
            round: 0,
            control: Control::default(),
            today: None,
        }
    }
}

const fn index(side: Side) -> usize {
    match side {
        Side::Entra => 0,
        Side::Jira => 1,
    }
}

impl Credentials {
    /// Takes a profile as the file holds it. Tests stay where they were of the same profile.
    pub(super) fn load(&mut self, editor: &Editor, profile: Option<&str>) {
        let same = profile.is_some() && self.before.as_deref() == profile;
        self.form = profile.map_or_else(Form::new, |name| Form::of(editor, name));
        self.before = profile.map(str::to_owned);
        self.know(editor);
        self.editing = false;
        if !same {
            self.control.cancel();
            self.round += 1;
            self.tests = [Test::default(), Test::default()];
        }
    }

    /// Takes note of the file's profiles; the form stays as it is.
    pub(super) fn know(&mut self, editor: &Editor) {
        self.names = editor.profiles();
    }

    pub(super) fn kept(&mut self, sources: [Option<SecretSource>; 3]) {
        self.sources = sources;
    }

    /// Whether the form says something else than the file.
    pub(super) fn is_edited(&self, editor: Option<&Editor>) -> bool {
        let fresh = match (&self.before, editor) {
            (Some(name), Some(editor)) => Form::of(editor, name),
            _ => return !self.form.is_blank(),
        };
        Key::ENTRA
            .into_iter()
            .chain(Key::JIRA)
            .any(|key| self.form.text(key) != fresh.text(key) || self.form.secret(key).is_some())
    }

    /// What the cursor is on: the fields of a side, then the buttons.
    pub(super) fn spot(&self) -> Spot {
        let keys = Key::of(self.side);
        match keys.get(self.cursor) {
            Some(key) => Spot::Field(*key),
            None if self.cursor == keys.len() => Spot::Test,
            None => Spot::Save,
        }
    }

    fn spots(&self) -> usize {
        Key::of(self.side).len() + 2
    }

    /// Where text goes while a field is edited.
    pub(super) fn text(&mut self) -> Option<Text<'_>> {
        let Spot::Field(key) = self.spot() else {
            return None;
        };
        if !self.editing {
            return None;
        }
        match self.form.get_mut(key) {
            Content::Text(field) => Some(Text::Line(field)),
            Content::Secret(field) => Some(Text::Secret(field)),
            Content::Cloud(_) => None,
        }
    }

    fn kept_secret(&self, key: Key) -> Option<SecretSource> {
        match key {
            Key::ClientSecret => self.sources[0],
            Key::Token => self.sources[1],
            Key::Organization => self.sources[2],
            _ => None,
        }
    }

    fn wrong(&self, key: Key) -> Option<String> {
        let name = self.form.text(Key::Name);
        let taken = self.before.as_deref() != Some(name) && self.names.iter().any(|n| n == name);
        self.form
            .wrong(key, self.kept_secret(key).is_some(), taken, self.today)
    }

    /// Whether a kept secret would go to another address than the saved one: then it has to be
    /// entered again. A typing mistake must not send it to somebody else.
    fn goes_elsewhere(&self, side: Side, editor: &Editor) -> bool {
        let (secret, addresses): (Key, &[Key]) = match side {
            Side::Entra => (Key::ClientSecret, &[Key::Cloud, Key::Login, Key::Graph]),
            Side::Jira => (Key::Token, &[Key::Site, Key::Api]),
        };
        let Some(before) = &self.before else {
            return false;
        };
        let fresh = Form::of(editor, before);
        let differs = |key: &Key| self.form.text(*key) != fresh.text(*key);
        self.form.secret(secret).is_none() && addresses.iter().any(differs)
    }

    /// Whether the kept organization key may be used in a test: not for an address that was edited.
    fn org_key_stays(&self, editor: &Editor) -> bool {
        let saved = self.before.as_ref().map(|before| Form::of(editor, before));
        saved.is_some_and(|saved| self.form.text(Key::Api) == saved.text(Key::Api))
    }

    /// The first field of a side with something wrong.
    fn first_wrong(&self, side: Side) -> Option<(Key, String)> {
        Key::of(side)
            .iter()
            .find_map(|key| Some((*key, self.wrong(*key)?)))
    }

    /// Leaves the field: a secret is hidden again, an address is tidied.
    fn leave_field(&mut self) {
        self.editing = false;
        if let Spot::Field(key) = self.spot() {
            self.form.tidy(key);
            if let Content::Secret(field) = self.form.get_mut(key) {
                field.revealed = false;
            }
        }
    }

    /// Goes to a spot, into the field if fields were edited.
    fn step(&mut self, by: isize) {
        let editing = self.editing;
        self.leave_field();
        let last = Key::of(self.side).len() - 1;
        // Beyond the last field of the left side comes the right one.
        if editing && by > 0 && self.cursor == last && self.side == Side::Entra {
            self.side = Side::Jira;
            self.cursor = 0;
        } else if editing && by < 0 && self.cursor == 0 && self.side == Side::Jira {
            self.side = Side::Entra;
            self.cursor = Key::ENTRA.len() - 1;
        } else {
            self.cursor = stepped(self.cursor, by, self.spots() - 1);
        }
        self.editing = editing && matches!(self.spot(), Spot::Field(_));
        if self.editing {
            self.enter_field();
        }
    }

    fn enter_field(&mut self) {
        if let Spot::Field(key) = self.spot()
            && let Content::Secret(field) = self.form.get_mut(key)
        {
            field.enter();
        }
    }

    /// What was found no longer speaks of what stands in the form; a test on its way neither.
    fn untested(&mut self) {
        if self.tests.iter().any(|test| test.running) {
            self.control.cancel();
            self.round += 1;
            self.tests = [Test::default(), Test::default()];
        } else {
            self.tests[index(self.side)] = Test::default();
        }
    }

    /// A test found something.
    pub(super) fn found(&mut self, round: u64, finding: Finding) {
        if round == self.round {
            self.tests[index(finding.side)].findings.push(finding);
        }
    }

    /// The findings of both sides as a page.
    fn checklist(&self) -> Page {
        let mut page = Page {
            title: "Connection test".to_owned(),
            ..Page::default()
        };
        for (side, name) in [
            (Side::Entra, "Microsoft Entra ID"),
            (Side::Jira, "Jira Cloud"),
        ] {
            let test = &self.tests[index(side)];
            page.lines.push(Line::Head(name.to_owned()));
            if let Some(problem) = &test.problem {
                page.lines
                    .push(Line::Text(Tone::Bad, problem.message.clone()));
                page.lines
                    .push(Line::Text(Tone::Plain, problem.hint.clone()));
            }
            for finding in &test.findings {
                let (mark, tone) = view::finding_mark(finding.state);
                let words = format!("{mark} {}: {}", finding.what, finding.text);
                page.lines.push(Line::Text(tone, words));
                if let Some(problem) = &finding.problem {
                    page.lines
                        .push(Line::Text(Tone::Plain, format!("    {}", problem.hint)));
                    for (name, value) in &problem.ids {
                        let _ = writeln!(page.ids, "{name}: {value}");
                        page.lines
                            .push(Line::Text(Tone::Dim, format!("    {name}: {value}")));
                    }
                }
            }
        }
        page
    }
}

/// Text changed in a field: what was tested is no longer what stands there.
pub(super) fn typed(app: &mut App) {
    app.credentials.untested();
}

/// Why a command is unavailable just now.
pub(super) fn unavailable(app: &App, action: Action) -> Option<String> {
    let credentials = &app.credentials;
    match action {
        Action::Reveal => match credentials.spot() {
            Spot::Field(Key::ClientSecret | Key::Token | Key::Organization) => None,
            _ => Some("only a secret is hidden".to_owned()),
        },
        Action::Toggle => match credentials.spot() {
            Spot::Field(Key::Cloud) => None,
            _ => Some("this field has no choices: enter edits it".to_owned()),
        },
        Action::Discard => {
            (!credentials.is_edited(app.editor.as_ref())).then(|| "nothing was edited".to_owned())
        }
        Action::NewProfile | Action::DeleteProfile | Action::Save if app.is_busy() => {
            Some("a job is under way: wait for it, or cancel it on Jobs (4)".to_owned())
        }
        Action::DeleteProfile => credentials
            .before
            .is_none()
            .then(|| "this profile was never saved".to_owned()),
        Action::Enter if app.broken.is_some() => None,
        _ if app.editor.is_none() => {
            Some("the configuration can't be read: correct it, then press enter".to_owned())
        }
        Action::Save if !credentials.is_edited(app.editor.as_ref()) => {
            Some("nothing was edited".to_owned())
        }
        Action::Save => {
            let wrong = [Side::Entra, Side::Jira]
                .into_iter()
                .find_map(|side| credentials.first_wrong(side));
            wrong.map(|(key, words)| format!("{} {words}", key.label()))
        }
        _ => None,
    }
}

/// Does what a key asks for.
pub(super) fn perform(app: &mut App, action: Action) -> Vec<Effect> {
    let credentials = &mut app.credentials;
    match action {
        Action::Up | Action::PreviousField => credentials.step(-1),
        Action::Down | Action::NextField => credentials.step(1),
        Action::Top | Action::PageUp => credentials.cursor = 0,
        Action::Bottom | Action::PageDown => credentials.cursor = credentials.spots() - 1,
        Action::Left | Action::Right => {
            let cloud = credentials.spot() == Spot::Field(Key::Cloud);
            if cloud && action == Action::Right && credentials.editing {
                choose_cloud(credentials);
            } else {
                credentials.side = if action == Action::Left {
                    Side::Entra
                } else {
                    Side::Jira
                };
                credentials.cursor = credentials.cursor.min(credentials.spots() - 1);
            }
        }
        Action::Toggle => choose_cloud(credentials),
        Action::Enter if app.editor.is_none() => return vec![Effect::Load(None)],
        Action::Enter => match credentials.spot() {
            Spot::Field(Key::Cloud) => choose_cloud(credentials),
            Spot::Field(_) => {
                credentials.editing = true;
                credentials.enter_field();
            }
            Spot::Test => return test(app),
            Spot::Save => return super::update::act(app, Action::Save),
        },
        Action::Close if credentials.editing => credentials.leave_field(),
        // Without any profile, and with nothing to lose, the way back leads to the beginning.
        Action::Close
            if credentials.names.is_empty()
                && credentials.form.is_blank()
                && !app.place.simulated =>
        {
            app.screen = Screen::Welcome;
        }
        Action::Reveal => {
            if let Spot::Field(key) = credentials.spot()
                && let Content::Secret(field) = credentials.form.get_mut(key)
            {
                field.reveal();
            }
        }
        Action::Test => return test(app),
        Action::Checklist => {
            let page = credentials.checklist();
            app.over(Overlay::Page(Box::new(page)));
        }
        Action::Save => return save(app),
        Action::Discard => {
            let before = credentials.before.clone();
            if let Some(editor) = &app.editor {
                credentials.load(editor, before.as_deref());
                credentials.tests = [Test::default(), Test::default()];
            }
        }
        Action::NewProfile => return leave_for(app, None),
        Action::DeleteProfile => {
            let name = credentials.before.clone().unwrap_or_default();
            let words = format!(
                "“{name}” is taken out of config.toml, and its secrets out of credentials.toml. Nothing changes in Jira or Entra; state and history stay in the data folder."
            );
            let ask = Ask::new(
                "Delete this profile?",
                vec![(Tone::Plain, words)],
                vec![
                    ("Keep it", Answer::Close),
                    ("Delete it", Answer::DeleteProfile),
                ],
            );
            app.over(Overlay::Ask(ask));
        }
        _ => {}
    }
    Vec::new()
}

fn choose_cloud(credentials: &mut Credentials) {
    if let Content::Cloud(choice) = credentials.form.get_mut(Key::Cloud) {
        *choice = (*choice + 1) % CLOUDS.len();
        credentials.untested();
    }
}

fn save(app: &mut App) -> Vec<Effect> {
    let credentials = &mut app.credentials;
    credentials.leave_field();
    let Some(editor) = &app.editor else {
        return Vec::new();
    };
    let mut editor = editor.clone();
    let before = credentials.before.clone();
    let name = credentials.form.write(&mut editor, before.as_deref());
    let mut secrets = Vec::new();
    for key in [Key::ClientSecret, Key::Token, Key::Organization] {
        if let (Some(field), Some(kind)) = (credentials.form.secret(key), key.secret()) {
            secrets.push((kind, field.secret()));
        }
    }
    let kept = if secrets.is_empty() {
        String::new()
    } else {
        let file = app.place.paths.credentials_file();
        format!(" New secrets, for your user only: {}", file.display())
    };
    vec![Effect::Save(Box::new(Saving {
        editor,
        before,
        profile: Some(name),
        secrets,
        part: Part::Credentials,
        words: format!("Saved.{kept}"),
    }))]
}
