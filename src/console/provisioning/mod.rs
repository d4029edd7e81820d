//! Provisioning: toggles and settings as a draft, with what it would do.

mod lines;
mod settings;
mod view;

pub(super) use lines::{Lines, draw as draw_lines, perform as in_lines, suggest};
pub(super) use view::draw;

use super::app::{App, Overlay, Screen};
use super::commands::Action;
use super::event::{Effect, Part, Saving, Thought};
use super::field::TextField;
use super::overlay::{Answer, Ask, moved};
use super::text::turned;
use super::theme::Tone;
use super::worker::WorkKind;
use crate::config::{Editor, Profile, TomlArray, TomlValue};
use crate::plan::Unclear;
use crate::sync::WhatIf;
use crate::sync::{Problem, SyncError};
use settings::{Kind, SETTINGS, Setting, TOGGLES, choice_text, texts};
use toml_edit::DocumentMut;

/// The screen's state.
#[derive(Debug, Default)]
pub(super) struct Provisioning {
    defaults: Option<DocumentMut>,
    /// The configuration as it stands on disk, and as it is edited.
    saved: Option<Editor>,
    draft: Option<Editor>,
    profile: Option<String>,
    pub(super) cursor: usize,
    /// The text under entry, of a number, period or text.
    pub(super) entry: Option<TextField>,
    /// What is wrong with the draft.
    pub(super) problem: Option<Problem>,
    /// Counts questions, and which one is thought about.
    round: u64,
    thinking: Option<u64>,
    pub(super) answer: Option<Result<WhatIf, Unclear>>,
}

impl Provisioning {
    /// Takes the configuration as it stands on disk; with `keep`, edits of the same profile stay.
    pub(super) fn load(&mut self, editor: &Editor, profile: Option<&Profile>, keep: bool) {
        self.defaults.get_or_insert_with(settings::defaults);
        let name = profile.map(|profile| profile.name.clone());
        let edits: Vec<(&Setting, Option<TomlValue>)> = match (&self.draft, &self.profile) {
            (Some(draft), Some(before)) if keep && name.as_ref() == Some(before) => SETTINGS
                .iter()
                .filter(|setting| self.is_changed(setting))
                .map(|setting| (setting, draft.get(before, setting.section, setting.key)))
                .collect(),
            _ => Vec::new(),
        };
        let mut draft = editor.clone();
        if let Some(name) = &name {
            for (setting, value) in edits {
                match value {
                    Some(value) => draft.set(name, setting.section, setting.key, value),
                    None => draft.unset(name, setting.section, setting.key),
                }
            }
        }
        self.saved = Some(editor.clone());
        self.draft = Some(draft);
        self.profile = name;
        self.answer = None;
        if !keep {
            self.entry = None;
            self.problem = None;
        }
    }

    /// Whether the draft says something else than the file.
    pub(super) fn is_edited(&self) -> bool {
        match (&self.saved, &self.draft) {
            (Some(saved), Some(draft)) => saved.text() != draft.text(),
            _ => false,
        }
    }

    /// A setting's value in the draft, or its default.
    fn value(&self, setting: &Setting) -> Option<TomlValue> {
        let profile = self.profile.as_deref()?;
        let stands = self
            .draft
            .as_ref()
            .and_then(|draft| draft.get(profile, setting.section, setting.key));
        match stands {
            Some(value) => Some(value),
            None => setting.default_in(self.defaults.as_ref()?),
        }
    }

    /// Whether the draft changes a setting.
    fn is_changed(&self, setting: &Setting) -> bool {
        let of = |editor: &Option<Editor>| {
            let profile = self.profile.as_deref()?;
            let editor = editor.as_ref()?;
            editor
                .get(profile, setting.section, setting.key)
                .map(|value| value.to_string().trim().to_owned())
        };
        of(&self.saved) != of(&self.draft)
    }

    /// Whether the draft says something else than the default.
    fn is_default(&self, setting: &Setting) -> bool {
        let default = self
            .defaults
            .as_ref()
            .and_then(|defaults| setting.default_in(defaults));
        match (self.value(setting), default) {
            (Some(value), Some(default)) => setting.words(&value) == setting.words(&default),
            _ => true,
        }
    }
}

/// The screen was entered, or a plan came: what would the settings do? One question at a time is
/// thought about; a newer one waits for the answer.
pub(super) fn entered(app: &mut App) -> Vec<Effect> {
    let here = app.screen == Screen::Provisioning;
    let provisioning = &mut app.provisioning;
    provisioning.answer = provisioning.answer.take().filter(|_| here);
    provisioning.round += 1;
    if here && provisioning.thinking.is_none() {
        return think(app);
    }
    Vec::new()
}

fn think(app: &mut App) -> Vec<Effect> {
    let provisioning = &mut app.provisioning;
    let (Some(plan), Some(draft), Some(profile)) =
        (&app.review.plan, &provisioning.draft, &provisioning.profile)
    else {
        return Vec::new();
    };
    match draft.profile(profile) {
        Ok(profile) => {
            provisioning.problem = None;
            provisioning.thinking = Some(provisioning.round);
            vec![Effect::Think(Thought::WhatIf {
                round: provisioning.round,
                planned: plan.planned.clone(),
                decisions: plan.decisions.clone(),
                settings: Box::new(profile.settings),
            })]
        }
        Err(error) => {
            provisioning.problem = Some(Problem::from(&SyncError::from(error)));
            Vec::new()
        }
    }
}

/// What settings would do was worked out.
pub(super) fn answered(app: &mut App, round: u64, answer: Result<WhatIf, Unclear>) -> Vec<Effect> {
    let provisioning = &mut app.provisioning;
    provisioning.thinking = None;
    if round == provisioning.round {
        provisioning.answer = Some(answer);
        return Vec::new();
    }
    think(app)
}

impl Provisioning {
    /// Whether the answer is to an earlier question.
    pub(super) fn is_stale(&self) -> bool {
        self.thinking.is_some()
    }
}

/// Changes a setting in the draft; none gives its default back.
fn set(app: &mut App, setting: &Setting, value: Option<TomlValue>) -> Vec<Effect> {
    let provisioning = &mut app.provisioning;
    let (Some(draft), Some(profile)) = (&mut provisioning.draft, &provisioning.profile) else {
        return Vec::new();
    };
    match value {
        Some(value) => draft.set(profile, setting.section, setting.key, value),
        None => draft.unset(profile, setting.section, setting.key),
    }
    let checked = draft.profile(profile);
    provisioning.problem = checked
        .err()
        .map(|error| Problem::from(&SyncError::from(error)));
    entered(app)
}

/// Why a command is unavailable just now.
pub(super) fn unavailable(app: &App, action: Action) -> Option<String> {
    let provisioning = &app.provisioning;
    if provisioning.profile.is_none() && !matches!(action, Action::Up | Action::Down) {
        return Some("there is no profile yet: set up the credentials first (1)".to_owned());
    }
    let setting = &SETTINGS[provisioning.cursor];
    let edits = matches!(
        action,
        Action::Enter | Action::Toggle | Action::Left | Action::Right
    );
    if edits && setting.kind == Kind::Later {
        return Some("this version does not act on this setting".to_owned());
    }
    match action {
        Action::Save => {
            if app.is_busy() {
                Some("a job is under way: wait for it, or cancel it on Jobs (4)".to_owned())
            } else if let Some(problem) = &provisioning.problem {
                Some(problem.message.clone())
            } else if let Some(Err(why)) = &provisioning.answer
                && *why != Unclear::Unread
            {
                Some(format!("who takes part can't be told: {why}"))
            } else {
                let edited = provisioning.is_edited() || provisioning.entry.is_some();
                (!edited).then(|| "nothing was edited".to_owned())
            }
        }
        Action::Discard => (!provisioning.is_edited()).then(|| "nothing was edited".to_owned()),
        Action::Default => provisioning
            .is_default(setting)
            .then(|| "this is the default already".to_owned()),
        Action::Toggle => match setting.kind {
            Kind::Choice(choices) if choices.len() == 1 => {
                Some("this version knows no other choice here".to_owned())
            }
            Kind::Toggle | Kind::Choice(_) => None,
            _ => Some("enter edits this setting".to_owned()),
        },
        Action::Reveal | Action::Test => Some("there is no secret here".to_owned()),
        _ => None,
    }
}

/// Does what a key asks for.
pub(super) fn perform(app: &mut App, action: Action) -> Vec<Effect> {
    let page = view::list_height(app.size);
    let provisioning = &mut app.provisioning;
    let setting = &SETTINGS[provisioning.cursor];
    match action {
        Action::Left => return turn(app, setting, -1),
        Action::Toggle | Action::Right => return turn(app, setting, 1),
        Action::Enter => return edit(app, setting),
        Action::Close => provisioning.entry = None,
        Action::NextField | Action::PreviousField => return enter(app, setting),
        Action::Default => return set(app, setting, None),
        Action::Discard => {
            provisioning.draft = provisioning.saved.clone();
            return entered(app);
        }
        Action::Save => {
            let effects = enter(app, setting);
            if app.provisioning.entry.is_none() {
                ask_to_save(app);
            }
            return effects;
        }
        Action::Refresh => return vec![Effect::Start(WorkKind::Refresh { full: false })],
        other => provisioning.cursor = moved(provisioning.cursor, SETTINGS.len(), page, other),
    }
    Vec::new()
}

/// Takes the next or previous choice.
fn turn(app: &mut App, setting: &Setting, by: isize) -> Vec<Effect> {
    let Some(value) = app.provisioning.value(setting) else {
        return Vec::new();
    };
    match setting.kind {
        Kind::Toggle => {
            let on = value.as_bool() == Some(true);
            set(app, setting, Some((!on).into()))
        }
        Kind::Choice(choices) => {
            let now = choice_text(&value);
            let at = choices.iter().position(|c| c.0 == now).unwrap_or(0);
            let next = choices[turned(at, by, choices.len())].0;
            if choices.len() == 1 {
                app.refuse("This version knows no other choice here.");
                return Vec::new();
            }
            let value = if value.is_array() {
                next.split(',').collect::<TomlArray>().into()
            } else {
                next.into()
            };
            set(app, setting, Some(value))
        }
        _ => Vec::new(),
    }
}

/// Begins to edit a setting.
fn edit(app: &mut App, setting: &'static Setting) -> Vec<Effect> {
    let Some(value) = app.provisioning.value(setting) else {
        return Vec::new();
    };
    match setting.kind {
        Kind::Toggle | Kind::Choice(_) => return turn(app, setting, 1),
        Kind::Later => {}
        Kind::Number | Kind::Percent | Kind::Period | Kind::Text => {
            app.provisioning.entry = Some(setting.words(&value).as_str().into());
        }
        Kind::Several(choices) => {
            let lines = Lines::several(setting, choices, &texts(&value));
            app.over(Overlay::Lines(Box::new(lines)));
        }
        Kind::List(of) => {
            let lines = Lines::list(setting, of, settings::lines(&value, of));
            app.over(Overlay::Lines(Box::new(lines)));
            suggest(app);
        }
    }
    Vec::new()
}

/// A share in percent, as the file writes it.
fn share(text: &str) -> Option<TomlValue> {
    if let Ok(whole) = text.parse::<u32>() {
        return Some(i64::from(whole).into());
    }
    let share: f64 = text.replace(',', ".").parse().ok()?;
    crate::plan::Percent::try_from(share).ok()?;
    Some(share.into())
}

/// Takes what was typed.
fn enter(app: &mut App, setting: &Setting) -> Vec<Effect> {
    let Some(field) = app.provisioning.entry.take() else {
        return Vec::new();
    };
    let text = field.text().trim();
    let value: TomlValue = match setting.kind {
        Kind::Number => match text.parse::<i64>() {
            Ok(number) if number >= 0 => number.into(),
            _ => {
                app.refuse("That is no whole number.");
                app.provisioning.entry = Some(field);
                return Vec::new();
            }
        },
        Kind::Percent => {
            let Some(value) = share(text) else {
                app.refuse("That is no share in percent, such as 25 or 0.5.");
                app.provisioning.entry = Some(field);
                return Vec::new();
            };
            value
        }
        _ => text.into(),
    };
    if let Kind::Period = setting.kind
        && let Err(words) = crate::plan::Period::try_from(text.to_owned())
    {
        app.refuse(&format!("{words}."));
        app.provisioning.entry = Some(field);
        return Vec::new();
    }
    if setting.key == "every"
        && crate::plan::Period::try_from(text.to_owned())
            .is_ok_and(|every| every < crate::plan::Period::SHORTEST)
    {
        app.refuse("At least 10s.");
        app.provisioning.entry = Some(field);
        return Vec::new();
    }
    let text = field.text().to_owned();
    let same = app
        .provisioning
        .value(setting)
        .is_some_and(|value| setting.words(&value) == text);
    if same {
        return Vec::new();
    }
    set(app, setting, Some(value))
}

/// Asks before the settings are saved, with what saving does and does not do.
fn ask_to_save(app: &mut App) {
    let provisioning = &app.provisioning;
    let mut lines: Vec<(Tone, String)> = SETTINGS
        .iter()
        .filter(|setting| provisioning.is_changed(setting))
        .filter_map(|setting| {
            let words = setting.words(&provisioning.value(setting)?);
            Some((
                Tone::Plain,
                format!("{}: {words}", setting.label.trim_start_matches(['…', ' '])),
            ))
        })
        .take(12)
        .collect();
    if let Some(Err(unread)) = &provisioning.answer {
        lines.push((Tone::Held, format!("What this does shows later: {unread}.")));
    }
    if let Some(Ok(answer)) = &provisioning.answer {
        lines.extend(view::leave_words(answer).map(|words| (Tone::Held, words)));
    }
    let choice = |key: &str, wanted: &str| {
        let of = SETTINGS.iter().find(|setting| setting.key == key);
        of.and_then(|setting| Some(setting.words(&provisioning.value(setting)?)))
            .is_some_and(|words| words.contains(wanted))
    };
    let needs_key = choice("leavers", "suspended") || choice("invitations", "silent");
    if needs_key && app.sources[2].is_none() {
        let words = "There is no organization API key yet: what needs it is held until there is (1 Credentials).";
        lines.push((Tone::Held, words.to_owned()));
    }
    lines.push((Tone::Plain, String::new()));
    let reviewed = "Saving writes nothing to Jira. After a change of toggles, scope or names, nothing is applied unattended until you have applied the next plan.";
    lines.push((Tone::Dim, reviewed.to_owned()));
    let ask = Ask::new(
        "Save these settings?",
        lines,
        vec![
            ("Save", Answer::SaveSettings),
            ("Go on editing", Answer::Close),
        ],
    );
    app.over(Overlay::Ask(ask));
}

/// Saves the draft.
pub(super) fn save(app: &mut App) -> Vec<Effect> {
    let provisioning = &app.provisioning;
    let (Some(draft), Some(profile)) = (&provisioning.draft, &provisioning.profile) else {
        return Vec::new();
    };
    vec![Effect::Save(Box::new(Saving {
        editor: draft.clone(),
        before: Some(profile.clone()),
        profile: Some(profile.clone()),
        secrets: Vec::new(),
        part: Part::Settings,
        words: "Saved. r reads both directories and plans with these settings.".to_owned(),
    }))]
}
