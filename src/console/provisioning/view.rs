//! Drawing the Provisioning screen.

use super::settings::{Kind, title};
use super::{Provisioning, SETTINGS, TOGGLES};
use crate::console::app::App;
use crate::console::canvas::Canvas;
use crate::console::theme::Tone;
use crate::sync::WhatIf;
use crate::text::{counted, grouped};

/// Rows of the toggles: two each, and one below.
const HEAD: usize = 2 * TOGGLES + 1;

/// How many settings fit, by the terminal's size.
pub(super) fn list_height(size: (u16, u16)) -> usize {
    usize::from(size.1).saturating_sub(4 + HEAD + 6).max(3)
}

/// Draws the screen.
pub(in crate::console) fn draw(app: &App, canvas: &mut Canvas<'_>) {
    let provisioning = &app.provisioning;
    let (width, height) = (canvas.width(), canvas.height());
    if provisioning.profile.is_none() {
        canvas.put(
            1,
            1,
            "There is no profile yet: Credentials (1) sets up a connection.",
            Tone::Dim,
        );
        return;
    }
    let short = height < 18;
    // A short screen shows either the toggles or the settings below them.
    let beyond = short && provisioning.cursor >= TOGGLES;
    let top = match (short, beyond) {
        (_, true) => 0,
        (true, false) => TOGGLES,
        (false, _) => HEAD,
    };
    if !beyond {
        toggles(app, canvas, short);
    }
    let below = if short { 3 } else { 6 };
    let rows = height.saturating_sub(top + below);
    settings(provisioning, &mut canvas.part(0, top, width, rows));
    let y = top + rows;
    canvas.rule(y, "");
    explain(
        app,
        &mut canvas.part(1, y + 1, width - 2, height.saturating_sub(y + 1)),
    );
}

fn toggles(app: &App, canvas: &mut Canvas<'_>, short: bool) {
    let provisioning = &app.provisioning;
    for (at, setting) in SETTINGS.iter().take(TOGGLES).enumerate() {
        let y = if short { at } else { 2 * at };
        let on = provisioning
            .value(setting)
            .is_some_and(|value| value.as_bool() == Some(true));
        let chosen = provisioning.cursor == at;
        if chosen {
            canvas.put(0, y, "▸", Tone::Strong);
        }
        let mark = if on { "[x]" } else { "[ ]" };
        let name = format!("{mark} {}", setting.label);
        canvas.put(
            2,
            y,
            &name,
            if chosen { Tone::Chosen } else { Tone::Strong },
        );
        let (words, tone) = would(app, setting.key, on);
        canvas.put(25, y, &words, tone);
        if !short {
            canvas.put(6, y + 1, setting.help, Tone::Dim);
        }
        if provisioning.is_changed(setting) {
            canvas.put(23, y, "*", Tone::Held);
        }
    }
}

/// What a toggle would do now.
fn would(app: &App, key: &str, on: bool) -> (String, Tone) {
    let answer = match &app.provisioning.answer {
        Some(Ok(answer)) => answer,
        Some(Err(_)) => return ("can't be told: see below".to_owned(), Tone::Held),
        None if app.review.plan.is_none() && !app.is_busy() => {
            return (
                "r reads both sides, and shows what it would do".to_owned(),
                Tone::Dim,
            );
        }
        None => return ("…".to_owned(), Tone::Dim),
    };
    let counts = if on { &answer.counts } else { &answer.all_on };
    let count = |kind: &str| counts.get(kind).copied().unwrap_or(0);
    let words = match key {
        "import_users" => {
            let people = count("create_user");
            if people == 0 {
                "nobody to create".to_owned()
            } else {
                format!(
                    "{} created and invited",
                    counted(people, "person", "people")
                )
            }
        }
        "import_groups" => match count("create_group") {
            0 => "no group to create".to_owned(),
            groups => format!("{} created", counted(groups, "group", "groups")),
        },
        _ => match (count("add_member"), count("remove_member")) {
            (0, 0) => "no membership to change".to_owned(),
            (added, removed) => format!(
                "{} added, {} removed",
                counted(added, "membership", "memberships"),
                grouped(removed)
            ),
        },
    };
    if on {
        (format!("on: {words}"), Tone::Good)
    } else {
        (format!("off; with all three on: {words}"), Tone::Dim)
    }
}

fn settings(provisioning: &Provisioning, canvas: &mut Canvas<'_>) {
    // Settings with the titles of their sections between them.
    let mut lines: Vec<Option<usize>> = Vec::new();
    let mut section = "";
    let mut titles: Vec<&str> = Vec::new();
    for (at, setting) in SETTINGS.iter().enumerate().skip(TOGGLES) {
        if setting.section != section {
            section = setting.section;
            lines.push(None);
            titles.push(title(section));
        }
        lines.push(Some(at));
    }
    let rows = canvas.height();
    let chosen = lines
        .iter()
        .position(|line| *line == Some(provisioning.cursor))
        .unwrap_or(0);
    // The chosen line keeps two lines below it, and the first section keeps its title.
    let from = (chosen + 3)
        .saturating_sub(rows)
        .min(lines.len().saturating_sub(rows));
    let mut titles = titles.into_iter();
    for (at, line) in lines.iter().enumerate() {
        let Some(setting) = line else {
            let title = titles.next().unwrap_or_default();
            if let Some(y) = at.checked_sub(from).filter(|y| *y < rows) {
                canvas.rule(y, title);
            }
            continue;
        };
        let Some(y) = at.checked_sub(from).filter(|y| *y < rows) else {
            continue;
        };
        one(provisioning, *setting, canvas, y);
    }
}

fn one(provisioning: &Provisioning, at: usize, canvas: &mut Canvas<'_>, y: usize) {
    let setting = &SETTINGS[at];
    let width = canvas.width();
    let chosen = provisioning.cursor == at;
    if chosen {
        canvas.put(0, y, "▸", Tone::Strong);
    }
    canvas.cell(
        2,
        y,
        25,
        setting.label,
        if chosen { Tone::Strong } else { Tone::Plain },
    );
    if provisioning.is_changed(setting) {
        canvas.put(27, y, "*", Tone::Held);
    }
    let room = width.saturating_sub(30);
    if chosen && let Some(entry) = &provisioning.entry {
        entry.draw(canvas, (29, y), room.min(40), true);
        return;
    }
    let words = provisioning
        .value(setting)
        .map(|value| setting.words(&value))
        .unwrap_or_default();
    let words = match setting.kind {
        Kind::Text if words.is_empty() => "none".to_owned(),
        _ => words,
    };
    let tone = if provisioning.is_default(setting) {
        Tone::Dim
    } else {
        Tone::Plain
    };
    canvas.cell(29, y, room, &words, tone);
    if chosen {
        canvas.tint(2, y, width, Tone::Chosen);
    }
}

/// What the chosen setting does, and what the draft would do.
fn explain(app: &App, canvas: &mut Canvas<'_>) {
    let provisioning = &app.provisioning;
    let setting = &SETTINGS[provisioning.cursor];
    if let Some(problem) = &provisioning.problem {
        canvas.paragraph(0, 0, &problem.message, Tone::Bad);
        return;
    }
    let default = provisioning
        .defaults
        .as_ref()
        .and_then(|defaults| setting.default_in(defaults))
        .map(|value| setting.words(&value))
        .unwrap_or_default();
    let default = if default.is_empty() {
        "none".to_owned()
    } else {
        default
    };
    let words = format!("{} Default: {default}.", setting.help);
    let y = canvas.paragraph(0, 0, &words, Tone::Plain);
    match &provisioning.answer {
        Some(Ok(answer)) => effects(app, answer, canvas, y),
        Some(Err(why)) => {
            let words = format!("What this would do can't be told: {why}.");
            canvas.paragraph(0, y, &words, Tone::Held);
        }
        None => {}
    }
}

fn effects(app: &App, answer: &WhatIf, canvas: &mut Canvas<'_>, y: usize) {
    let provisioning = &app.provisioning;
    let total = answer.counts.get("total").copied().unwrap_or(0);
    let head = if provisioning.is_stale() {
        "Counting again; so far"
    } else if provisioning.is_edited() {
        "With these edits"
    } else {
        "Now"
    };
    let words = format!(
        "{head}: {} and {} in scope, {}, {} held, {}.",
        counted(answer.in_scope.0, "person", "people"),
        counted(answer.in_scope.1, "group", "groups"),
        counted(total, "operation", "operations"),
        grouped(answer.held),
        counted(answer.conflicts, "conflict", "conflicts"),
    );
    let mut y = canvas.paragraph(0, y, &words, Tone::Info);
    if SETTINGS[provisioning.cursor].key == "email_from" {
        let words = format!(
            "Of Jira's visible addresses, mail matches {} and the sign-in name {}.",
            grouped(answer.matches[0]),
            grouped(answer.matches[1])
        );
        y = canvas.paragraph(0, y, &words, Tone::Info);
    }
    if answer.unverified > 0 {
        let words = format!(
            "{} of those to create may have an account that hides its e-mail: not looked up yet.",
            grouped(answer.unverified)
        );
        y = canvas.paragraph(0, y, &words, Tone::Held);
    }
    if answer.enters > 0 {
        let words = format!(
            "{} more come into scope.",
            counted(answer.enters, "person", "people")
        );
        y = canvas.paragraph(0, y, &words, Tone::Good);
    }
    for note in &answer.notes {
        y = canvas.paragraph(0, y, note, Tone::Held);
    }
    if let Some(words) = leave_words(answer) {
        canvas.paragraph(0, y, &words, Tone::Held);
    }
}

/// Who drops out of scope, if anybody does.
pub(super) fn leave_words(answer: &WhatIf) -> Option<String> {
    if answer.leave == 0 {
        return None;
    }
    let admins = if answer.admins > 0 {
        format!(
            ", {} among them",
            counted(answer.admins, "Jira administrator", "Jira administrators")
        )
    } else {
        String::new()
    };
    let more = if answer.leave > answer.leaves.len() as u64 {
        ", …"
    } else {
        ""
    };
    let people = if answer.leave == 1 {
        "1 person drops".to_owned()
    } else {
        format!("{} people drop", grouped(answer.leave))
    };
    let names = answer.leaves.join(", ");
    Some(format!("{people} out of scope{admins}: {names}{more}."))
}
