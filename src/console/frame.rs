//! The frame of every screen: header, plan line, footer.

use super::app::{App, Screen};
use super::canvas::Canvas;
use super::commands;
use super::jobs::Last;
use super::text::age;
use super::theme::Tone;
use super::{credentials, jobs, overlay, provisioning, review, welcome};
use crate::text::grouped;
use unicode_width::UnicodeWidthStr as _;

/// The smallest terminal that everything fits into.
const SMALLEST: (usize, usize) = (40, 10);

/// Draws everything.
pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>) {
    let (width, height) = (canvas.width(), canvas.height());
    if width < SMALLEST.0 || height < SMALLEST.1 {
        let words = format!("Rollbook needs {}x{}", SMALLEST.0, SMALLEST.1);
        canvas.put(0, height / 2, &words, Tone::Strong);
        return;
    }
    header(app, canvas);
    let mut body = canvas.part(0, 2, width, height - 4);
    match app.screen {
        Screen::Welcome => welcome::draw(app, &mut body),
        Screen::Credentials => credentials::draw(app, &mut body),
        Screen::Provisioning => provisioning::draw(app, &mut body),
        Screen::Review => review::draw(app, &mut body),
        Screen::Jobs => jobs::draw(app, &mut body),
    }
    if !app.over.is_empty() {
        // The cursor of a field below does not shine through.
        canvas.no_cursor();
        overlay::draw(app, &mut canvas.part(0, 2, width, height - 4));
    }
    plan_line(app, canvas, height - 2);
    footer(app, canvas, height - 1);
}

/// Profile, screens, ages.
fn header(app: &App, canvas: &mut Canvas<'_>) {
    let width = canvas.width();
    let mut state = String::new();
    let mut tone = Tone::Dim;
    if let Some(job) = &app.jobs.job {
        state = if job.control.is_paused() {
            "paused".to_owned()
        } else {
            let waiting = job.progress.traffic();
            if waiting.entra.waiting + waiting.jira.waiting > 0 {
                "throttled".to_owned()
            } else if job.kind.applies() {
                "applying".to_owned()
            } else {
                "reading".to_owned()
            }
        };
        tone = Tone::Info;
    } else if let Some(who) = &app.jobs.locked {
        state = if width >= 100 {
            format!("locked by {}", crate::text::escape(who))
        } else {
            "locked".to_owned()
        };
        tone = Tone::Held;
    } else if let Some((_, _, Last::Failed(_))) = &app.jobs.last {
        // Jobs says what failed.
        "last run failed".clone_into(&mut state);
        tone = Tone::Bad;
    } else if let Some(at) = app.jobs.read_at {
        let age = age(app.now, at);
        state = if width >= 110 {
            format!("Entra {age} · Jira {age}")
        } else {
            format!("read: {age}")
        };
    } else if app.profile.is_some() {
        "not read yet".clone_into(&mut state);
    }
    let observes = app.profile.as_ref().is_some_and(|profile| {
        let p = &profile.settings.provisioning;
        !(p.import_users || p.import_groups || p.sync_memberships)
    });
    if observes && width >= 90 {
        state = format!("observing · {state}");
    }
    let right = state.width().max(if width < 64 { 8 } else { 12 });
    canvas.right(1, 0, &state, tone);
    let name = match &app.profile {
        Some(profile) if width < 90 => profile.name.clone(),
        Some(profile) => format!("{} ▸ {}", profile.name, app.site()),
        None if app.place.simulated => "simulated organisation".to_owned(),
        None => "no profile yet".to_owned(),
    };
    // The screens come first: they are how one gets about.
    let wide = width >= 100;
    let labels: Vec<String> = Screen::ALL
        .iter()
        .enumerate()
        .map(|(at, screen)| {
            let here = *screen == app.screen;
            let short = width < 64 && !here;
            match (short, here) {
                (true, _) => format!(" {} ", at + 1),
                (false, true) => format!("[{} {}]", at + 1, screen.name()),
                (false, false) => format!(" {} {} ", at + 1, screen.name()),
            }
        })
        .collect();
    let tabs: usize = labels.iter().map(|label| label.width()).sum();
    let prefix = if wide { "Rollbook  " } else { "" };
    let room = width.saturating_sub(tabs + right + 4);
    let mut x = canvas.cell(1, 0, room, prefix, Tone::Strong);
    if app.screen != Screen::Welcome && room > x + 6 {
        x = canvas.cell(x, 0, room.saturating_sub(x), &name, Tone::Plain);
    }
    let mut x = (x + 1)
        .max(if wide { width / 2 - tabs / 2 } else { 0 })
        .min(width.saturating_sub(tabs + right + 2));
    // Before anything is set up there is nowhere to go.
    let labels = labels.iter().zip(Screen::ALL);
    for (label, screen) in labels.filter(|_| app.screen != Screen::Welcome) {
        let tone = if screen == app.screen {
            Tone::Strong
        } else {
            Tone::Dim
        };
        x = canvas.put(x, 0, label, tone);
    }
    let line = "─".repeat(width);
    canvas.put(0, 1, &line, Tone::Dim);
}

/// What would happen, or what was just said.
fn plan_line(app: &App, canvas: &mut Canvas<'_>, y: usize) {
    if let Some((tone, words)) = &app.notice {
        canvas.put(1, y, words, *tone);
        return;
    }
    let Some(plan) = &app.review.plan else {
        return;
    };
    let tally = app.review.tally;
    let mut words = if canvas.width() < 100 {
        review::tally_signs(tally)
    } else {
        review::tally_words(tally)
    };
    if tally.selected < tally.total {
        words = format!(
            "{} of {}: {words}",
            grouped(tally.selected),
            grouped(tally.total)
        );
    }
    let mut x = canvas.put(1, y, &words, Tone::Plain);
    if tally.held > 0 {
        let held = format!(" · {} held", grouped(tally.held));
        x = canvas.put(x, y, &held, Tone::Held);
    }
    // Conflicts, and groups that wait to be linked or kept apart.
    let suggested = plan.rows.overlaps.len();
    let conflicts = plan.planned.plan.conflicts.len() + suggested;
    if conflicts > 0 {
        let words = format!("! {} need you", grouped(conflicts as u64));
        let room = canvas.width().saturating_sub(x + 2);
        let short = format!("! {}", grouped(conflicts as u64));
        let words = if words.width() < room { words } else { short };
        if words.width() < room {
            canvas.right(1, y, &words, Tone::Held);
        }
    }
}

/// The next sensible keys, as many as fit.
fn footer(app: &App, canvas: &mut Canvas<'_>, y: usize) {
    let width = canvas.width();
    let keys = commands::footer(app);
    // Help is always among them.
    let last = keys.iter().position(|(_, name)| *name == "help");
    let reserved = last.map_or(0, |_| 8);
    let mut x = 1;
    for (key, name) in &keys {
        if *name == "help" {
            continue;
        }
        let needed = key.width() + 1 + name.width() + 2;
        if x + needed + reserved > width {
            break;
        }
        x = canvas.put(x, y, key, Tone::Key);
        x = canvas.put(x + 1, y, name, Tone::Dim) + 2;
    }
    if last.is_some() {
        x = canvas.put(x, y, "?", Tone::Key);
        canvas.put(x + 1, y, "help", Tone::Dim);
    }
}
