//! Drawing what lies over a screen.

use super::{Ask, Palette};
use crate::console::app::{App, Overlay};
use crate::console::canvas::Canvas;
use crate::console::commands::{COMMANDS, Scope};
use crate::console::theme::Tone;
use crate::console::{jobs, provisioning, review};
use crate::text::wrap;

/// Columns and rows of a summary at most.
const WIDEST: usize = 100;
const TALLEST: usize = 36;
/// Rows of header and footer.
const ROUND: usize = 4;

/// Draws the topmost overlay onto the part between header and footer.
pub(in crate::console) fn draw(app: &App, canvas: &mut Canvas<'_>) {
    let Some(top) = app.over.last() else { return };
    let (width, height) = (canvas.width(), canvas.height());
    match top {
        Overlay::Help(scroll) => help(*scroll, &mut middle(canvas, width.min(100), height)),
        Overlay::Palette(palette) => {
            let rows = (palette.found.len() + 4).min(height);
            self::palette(
                app,
                palette,
                &mut middle(canvas, width.min(90), rows.max(6)),
            );
        }
        Overlay::Ask(ask) => self::ask(ask, canvas),
        Overlay::Filter(menu) => {
            let rows = (menu.entries.len() + 2).min(height);
            review::draw_filter(menu, &mut middle(canvas, width.min(56), rows));
        }
        Overlay::Summary(summary) => {
            let (width, height) = (width.min(WIDEST), height.min(TALLEST));
            let part = &mut middle(canvas, width, height);
            review::draw_summary(summary, &app.site(), part);
        }
        Overlay::Page(page) => review::draw_page(page, &mut canvas.part(0, 0, width, height)),
        Overlay::Run(run) => jobs::draw_run(run, &mut canvas.part(0, 0, width, height)),
        Overlay::Lines(lines) => {
            provisioning::draw_lines(lines, &mut middle(canvas, width.min(90), height));
        }
        Overlay::Profiles(cursor) => profiles(app, *cursor, canvas),
    }
}

/// Columns and rows that a summary takes on a screen of this size.
pub(super) fn summary_size(size: (u16, u16)) -> (usize, usize) {
    let (width, height) = (usize::from(size.0), usize::from(size.1));
    // The canvas of overlays lies between header and footer.
    (width.min(WIDEST), height.saturating_sub(ROUND).min(TALLEST))
}

fn middle<'a>(canvas: &'a mut Canvas<'_>, width: usize, height: usize) -> Canvas<'a> {
    let x = (canvas.width() - width.min(canvas.width())) / 2;
    let y = (canvas.height() - height.min(canvas.height())) / 2;
    canvas.part(x, y, width, height)
}

/// Every command with its keys, by scope.
pub(super) fn help_lines() -> Vec<(String, String)> {
    let mut lines = Vec::new();
    for (scope, title) in [
        (Scope::Global, "On every screen"),
        (Scope::List, "In lists"),
        (Scope::Review, "Review"),
        (Scope::Credentials, "Credentials"),
        (Scope::Provisioning, "Provisioning"),
        (Scope::Jobs, "Jobs"),
        (Scope::Field, "While text is entered"),
        (Scope::Summary, "Before an apply"),
        (Scope::Page, "On the page of a person or group"),
        (Scope::Run, "On the page of a run"),
        (Scope::Lines, "In a list of texts"),
        (Scope::Always, "Always"),
    ] {
        lines.push((String::new(), title.to_owned()));
        for command in COMMANDS.iter().filter(|command| command.scope == scope) {
            let keys: Vec<String> = command.keys.iter().map(|chord| chord.label()).collect();
            lines.push((keys.join(" "), command.help.to_owned()));
        }
    }
    let marks = "! needs you   > link to confirm   + create   - remove   ~ differs   = same   · not included";
    lines.push((String::new(), "Marks in Review".to_owned()));
    lines.push((String::new(), marks.to_owned()));
    lines
}

fn help(scroll: usize, canvas: &mut Canvas<'_>) {
    let mut inside = canvas.framed("Help");
    let keys = 18;
    let room = inside.width().saturating_sub(keys);
    // A sentence may need several rows; the scroll counts commands.
    let mut y = 0;
    for (at, (key, text)) in help_lines().iter().enumerate().skip(scroll) {
        if y >= inside.height() {
            break;
        }
        let is_title = key.is_empty() && !text.contains("   ");
        if is_title {
            if at > scroll {
                y += 1;
            }
            inside.put(0, y, text, Tone::Strong);
            y += 1;
            continue;
        }
        inside.cell(0, y, keys - 1, key, Tone::Key);
        let (x, room) = if key.is_empty() {
            (0, inside.width())
        } else {
            (keys, room)
        };
        for part in wrap(text, room) {
            inside.put(x, y, &part, Tone::Plain);
            y += 1;
        }
    }
}

fn palette(app: &App, palette: &Palette, canvas: &mut Canvas<'_>) {
    let mut inside = canvas.framed("Commands");
    let width = inside.width();
    inside.put(0, 0, ":", Tone::Key);
    palette.typed.draw(&mut inside, (2, 0), width - 2, true);
    let rows = inside.height().saturating_sub(2);
    let from = palette.cursor.saturating_sub(rows.saturating_sub(1));
    for (y, (at, index)) in palette
        .found
        .iter()
        .enumerate()
        .skip(from)
        .take(rows)
        .enumerate()
    {
        let (y, command) = (y + 2, &COMMANDS[*index]);
        let reason = reason(app, command.action);
        let tone = if reason.is_some() {
            Tone::Dim
        } else {
            Tone::Plain
        };
        inside.cell(2, y, 8, &command.keys[0].label(), Tone::Key);
        inside.cell(11, y, 20, command.name, tone);
        let words = reason.unwrap_or_else(|| command.help.to_owned());
        inside.cell(32, y, width.saturating_sub(32), &words, Tone::Dim);
        if at == palette.cursor {
            inside.put(0, y, "▸", Tone::Strong);
            inside.tint(2, y, width, Tone::Chosen);
        }
    }
    if palette.found.is_empty() {
        inside.put(2, 2, "No command fits these words.", Tone::Dim);
    }
}

/// Why a command of the screen below is unavailable.
fn reason(app: &App, action: crate::console::commands::Action) -> Option<String> {
    app.unavailable_below(action)
}

fn ask(ask: &Ask, canvas: &mut Canvas<'_>) {
    let width = canvas.width().min(78);
    let room = width.saturating_sub(4);
    let mut lines = Vec::new();
    for (tone, text) in &ask.lines {
        if text.is_empty() {
            lines.push((*tone, String::new()));
        }
        for part in wrap(&crate::text::escape(text), room) {
            lines.push((*tone, part));
        }
    }
    let height = lines.len() + ask.answers.len() + 3;
    let mut part = middle(canvas, width, height);
    let mut inside = part.framed(&ask.title);
    let rows = inside.height().saturating_sub(ask.answers.len() + 1);
    for (y, (tone, text)) in lines.iter().take(rows).enumerate() {
        inside.put(0, y, text, *tone);
    }
    let below = lines.len().min(rows) + 1;
    for (at, (words, _)) in ask.answers.iter().enumerate() {
        let y = below + at;
        inside.put(2, y, words, Tone::Strong);
        if at == ask.cursor {
            inside.put(0, y, "▸", Tone::Strong);
            let width = inside.width();
            inside.tint(2, y, width, Tone::Chosen);
        }
    }
}

fn profiles(app: &App, cursor: usize, canvas: &mut Canvas<'_>) {
    let names = app
        .editor
        .as_ref()
        .map(crate::config::Editor::profiles)
        .unwrap_or_default();
    let width = canvas.width().min(60);
    let mut part = middle(canvas, width, names.len() + 3);
    let mut inside = part.framed("Profiles");
    let current = app.profile.as_ref().map(|profile| profile.name.as_str());
    for (y, name) in names
        .iter()
        .map(String::as_str)
        .chain(["+ new profile"])
        .enumerate()
    {
        inside.put(2, y, name, Tone::Plain);
        if Some(name) == current {
            inside.right(1, y, "open", Tone::Dim);
        }
        if y == cursor {
            inside.put(0, y, "▸", Tone::Strong);
            let width = inside.width();
            inside.tint(2, y, width, Tone::Chosen);
        }
    }
}
