//! The palette: a command by its words.

use crate::console::app::{App, Overlay};
use crate::console::commands::{self, Action, COMMANDS, Scope};
use crate::console::event::Effect;
use crate::console::field::TextField;
use crate::console::update;
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// The palette.
#[derive(Debug, Default)]
pub(in crate::console) struct Palette {
    pub(in crate::console) typed: TextField,
    /// Indices of the commands that fit, the best first.
    pub(in crate::console) found: Vec<usize>,
    pub(in crate::console) cursor: usize,
    scopes: Vec<Scope>,
}

/// Opens it with everything that can be done on this screen.
pub(in crate::console) fn open(app: &mut App) {
    let scopes: Vec<Scope> = app
        .scopes()
        .into_iter()
        .filter(|scope| *scope != Scope::List)
        .collect();
    app.over(Overlay::Palette(Palette {
        scopes,
        ..Palette::default()
    }));
    search(app);
}

/// Finds the commands that what was typed may mean.
pub(in crate::console) fn search(app: &mut App) {
    let Some(Overlay::Palette(palette)) = app.over.last_mut() else {
        return;
    };
    let offered = COMMANDS
        .iter()
        .enumerate()
        .filter(|(_, c)| palette.scopes.contains(&c.scope) && c.action != Action::Palette);
    let pattern = Pattern::parse(
        palette.typed.text(),
        CaseMatching::Ignore,
        Normalization::Smart,
    );
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut found: Vec<(u32, usize)> = offered
        .filter_map(|(index, command)| {
            let text = format!("{} {}", command.name, command.help);
            let mut buffer = Vec::new();
            let score = pattern.score(Utf32Str::new(&text, &mut buffer), &mut matcher)?;
            Some((score, index))
        })
        .collect();
    found.sort_by_key(|(score, index)| (std::cmp::Reverse(*score), *index));
    palette.found = found.into_iter().map(|(_, index)| index).collect();
    palette.cursor = palette.cursor.min(palette.found.len().saturating_sub(1));
}

/// Does the chosen command.
pub(super) fn choose(app: &mut App) -> Vec<Effect> {
    let Some(Overlay::Palette(palette)) = app.over.pop() else {
        return Vec::new();
    };
    let command = palette
        .found
        .get(palette.cursor)
        .map(|at| &commands::COMMANDS[*at]);
    command.map_or_else(Vec::new, |command| update::act(app, command.action))
}
