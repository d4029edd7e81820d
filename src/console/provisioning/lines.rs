//! Lists of texts under edit, with suggestions from the snapshot.

use super::settings::{Kind, ListOf, Setting, from_lines};
use crate::config::{TomlArray, TomlValue};
use crate::console::app::{App, Overlay};
use crate::console::canvas::Canvas;
use crate::console::commands::Action;
use crate::console::event::Effect;
use crate::console::field::TextField;
use crate::console::theme::Tone;
use crate::directory::{GroupClass, fold};
use crate::plan::{Naming, group_class};
use crate::text::counted;

/// How many suggestions are shown.
const SUGGESTIONS: usize = 200;

/// A list under edit.
#[derive(Debug)]
pub(in crate::console) struct Lines {
    setting: &'static Setting,
    pub(in crate::console) lines: Vec<String>,
    /// Choices of which any may be taken, with whether they are.
    choices: Vec<(&'static str, &'static str, bool)>,
    pub(in crate::console) typed: TextField,
    /// What could be added: text and what is known of it.
    suggestions: Vec<(String, String)>,
    /// Lines first, then suggestions.
    cursor: usize,
}

impl Lines {
    pub(super) fn list(setting: &'static Setting, _of: ListOf, lines: Vec<String>) -> Self {
        let cursor = lines.len();
        Self {
            setting,
            lines,
            choices: Vec::new(),
            typed: TextField::default(),
            suggestions: Vec::new(),
            cursor,
        }
    }

    pub(super) fn several(
        setting: &'static Setting,
        choices: &[(&'static str, &'static str)],
        chosen: &[String],
    ) -> Self {
        Self {
            setting,
            lines: Vec::new(),
            choices: choices
                .iter()
                .map(|(key, words)| (*key, *words, chosen.iter().any(|c| c == key)))
                .collect(),
            typed: TextField::default(),
            suggestions: Vec::new(),
            cursor: 0,
        }
    }

    fn of(&self) -> ListOf {
        match self.setting.kind {
            Kind::List(of) => of,
            _ => ListOf::Texts,
        }
    }

    fn count(&self) -> usize {
        if self.choices.is_empty() {
            self.lines.len() + self.suggestions.len()
        } else {
            self.choices.len()
        }
    }

    /// Whether any of some choices may be taken, rather than text typed.
    pub(in crate::console) fn has_choices(&self) -> bool {
        !self.choices.is_empty()
    }

    /// The value as it stands.
    fn value(&self) -> Result<TomlValue, String> {
        if self.choices.is_empty() {
            return from_lines(&self.lines, self.of());
        }
        let chosen = self.choices.iter().filter(|choice| choice.2);
        Ok(chosen.map(|choice| choice.0).collect::<TomlArray>().into())
    }
}

/// Looks up what could be meant by what was typed.
pub(in crate::console) fn suggest(app: &mut App) {
    let Some(Overlay::Lines(lines)) = app.over.last_mut() else {
        return;
    };
    let wanted = fold(lines.typed.text());
    lines.suggestions.clear();
    if let Some(plan) = &app.review.plan {
        let planned = &plan.planned;
        let fits = |name: &str| {
            fold(name).contains(&wanted) && !lines.lines.iter().any(|line| line == name)
        };
        match lines.of() {
            ListOf::EntraGroups | ListOf::GroupGlobs | ListOf::Map => {
                let naming = Naming::of(&planned.settings.names, &planned.known.pins);
                for (row, group) in planned.entra.iter_groups() {
                    if !fits(group.name()) {
                        continue;
                    }
                    let direct = planned.entra.direct().of(row).len() as u64;
                    let nested = planned.entra.nested().of(row).len() as u64;
                    let mut words = counted(direct, "person", "people");
                    if nested > 0 {
                        words = format!("{words} + {}", counted(nested, "group", "groups"));
                    }
                    let name = naming.in_jira(group);
                    if name != group.name() {
                        words = format!("{words}, in Jira: {name}");
                    }
                    lines.suggestions.push((group.name().to_owned(), words));
                }
            }
            ListOf::JiraGroups => {
                let inputs = planned.inputs();
                for (row, group) in planned.jira.iter_groups().filter(|(_, g)| fits(g.name())) {
                    let words = match group_class(&inputs, row) {
                        GroupClass::Ordinary => "",
                        GroupClass::Access => "gives access",
                        // Never touched, whatever is set.
                        GroupClass::Protected | GroupClass::External => continue,
                    };
                    lines
                        .suggestions
                        .push((group.name().to_owned(), words.to_owned()));
                }
            }
            ListOf::Texts | ListOf::Replacements => {}
        }
    }
    lines.suggestions.sort_by_key(|(name, _)| fold(name));
    lines.suggestions.truncate(SUGGESTIONS);
    lines.cursor = lines.cursor.min(lines.count());
}

/// Does what a key asks for.
pub(in crate::console) fn perform(app: &mut App, action: Action) -> Vec<Effect> {
    let Some(Overlay::Lines(lines)) = app.over.last_mut() else {
        return Vec::new();
    };
    match action {
        Action::Up => lines.cursor = lines.cursor.saturating_sub(1),
        Action::Down => lines.cursor = (lines.cursor + 1).min(lines.count().saturating_sub(1)),
        Action::Default if lines.cursor < lines.lines.len() => {
            lines.lines.remove(lines.cursor);
            suggest(app);
        }
        Action::Toggle => {
            if let Some(choice) = lines.choices.get_mut(lines.cursor) {
                choice.2 = !choice.2;
            }
        }
        Action::NextField => {
            let at = lines.cursor.saturating_sub(lines.lines.len());
            if let Some((text, _)) = lines.suggestions.get(at) {
                let text = match lines.of() {
                    ListOf::Map => format!("{text} => "),
                    _ => text.clone(),
                };
                lines.typed = text.as_str().into();
            }
        }
        Action::Enter => {
            let mut text = lines.typed.text().trim().to_owned();
            if text.is_empty() || !lines.choices.is_empty() {
                return done(app);
            }
            // Of names, the suggestion under the cursor is meant; a pattern is what was typed.
            let names = matches!(lines.of(), ListOf::EntraGroups | ListOf::JiraGroups);
            let at = lines.cursor.checked_sub(lines.lines.len());
            if let Some((name, _)) = at
                .and_then(|at| lines.suggestions.get(at))
                .filter(|_| names)
            {
                text.clone_from(name);
            }
            if let Err(words) = from_lines(std::slice::from_ref(&text), lines.of()) {
                app.refuse(&format!("{words}."));
                return Vec::new();
            }
            if !lines.lines.contains(&text) {
                lines.lines.push(text);
            }
            lines.typed = TextField::default();
            suggest(app);
        }
        _ => {}
    }
    Vec::new()
}

/// Takes the list into the draft.
fn done(app: &mut App) -> Vec<Effect> {
    let Some(Overlay::Lines(lines)) = app.over.pop() else {
        return Vec::new();
    };
    match lines.value() {
        Ok(value) => super::set(app, lines.setting, Some(value)),
        Err(words) => {
            app.refuse(&format!("{words}."));
            Vec::new()
        }
    }
}

/// Draws the list.
pub(in crate::console) fn draw(lines: &Lines, canvas: &mut Canvas<'_>) {
    let mut inside = canvas.framed(lines.setting.label.trim_start_matches(['…', ' ']));
    let width = inside.width();
    let mut y = inside.paragraph(0, 0, lines.setting.help, Tone::Dim) + 1;
    if !lines.choices.is_empty() {
        for (at, (_, words, on)) in lines.choices.iter().enumerate() {
            let mark = if *on { "[x]" } else { "[ ]" };
            inside.put(2, y, &format!("{mark} {words}"), Tone::Plain);
            if at == lines.cursor {
                inside.put(0, y, "▸", Tone::Strong);
                inside.tint(2, y, width, Tone::Chosen);
            }
            y += 1;
        }
        inside.paragraph(
            0,
            y + 1,
            "Space takes or leaves the chosen line, enter is done, esc changes nothing.",
            Tone::Dim,
        );
        return;
    }
    inside.put(0, y, "Add:", Tone::Strong);
    lines.typed.draw(&mut inside, (5, y), width - 5, true);
    y += 2;
    let rows = inside.height().saturating_sub(y + 1);
    let from = lines.cursor.saturating_sub(rows.saturating_sub(1));
    let all = lines
        .lines
        .iter()
        .map(|line| (line.as_str(), "", true))
        .chain(
            lines
                .suggestions
                .iter()
                .map(|(name, words)| (name.as_str(), words.as_str(), false)),
        );
    for (at, (text, words, taken)) in all.enumerate().skip(from).take(rows) {
        let mark = if taken { "✓" } else { "+" };
        inside.put(2, y, mark, if taken { Tone::Good } else { Tone::Dim });
        let room = width.saturating_sub(4) * 6 / 10;
        inside.cell(
            4,
            y,
            room,
            text,
            if taken { Tone::Plain } else { Tone::Dim },
        );
        inside.cell(
            5 + room,
            y,
            width.saturating_sub(5 + room),
            words,
            Tone::Dim,
        );
        if at == lines.cursor {
            inside.put(0, y, "▸", Tone::Strong);
            inside.tint(2, y, width, Tone::Chosen);
        }
        y += 1;
    }
    let bottom = inside.height() - 1;
    inside.put(
        0,
        bottom,
        "Enter adds ▸, tab completes, an empty line is done, del removes a ✓ line.",
        Tone::Dim,
    );
}
