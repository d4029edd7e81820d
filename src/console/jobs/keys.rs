//! What keys do on the Jobs screen.

use super::view;
use crate::console::app::{App, Overlay};
use crate::console::clerk::Errand;
use crate::console::commands::Action;
use crate::console::event::{Effect, Part, Saving};
use crate::console::overlay::{Answer, Ask, moved};
use crate::console::theme::Tone;
use crate::console::worker::WorkKind;
use crate::text::duration;

/// Why a command is unavailable just now.
pub(in crate::console) fn unavailable(app: &App, action: Action) -> Option<&'static str> {
    let job = app.jobs.job.as_ref();
    match action {
        Action::Pause | Action::Cancel => job.is_none().then_some("no run is under way"),
        Action::Interval => app
            .profile
            .is_none()
            .then_some("there is no profile yet: set up the credentials first"),
        Action::Enter => app.jobs.runs.is_empty().then_some("there are no runs yet"),
        Action::CopyLog => app.jobs.log.is_empty().then_some("the log is empty"),
        _ => None,
    }
}

/// Does what a key asks for.
pub(in crate::console) fn perform(app: &mut App, action: Action) -> Vec<Effect> {
    let page = view::history_height(app);
    let now = app.now;
    let jobs = &mut app.jobs;
    match action {
        Action::Pause => {
            if let Some(job) = &jobs.job {
                let pause = !job.control.is_paused();
                job.control.pause(pause);
                let words = if pause { "Paused." } else { "Goes on." };
                jobs.say(now, Tone::Held, words);
                app.note(if pause {
                    "Paused: what is on its way is finished, and nothing new begins. p goes on."
                } else {
                    "The run goes on."
                });
            }
        }
        Action::Cancel => {
            let words = "What is on its way is finished and kept in the journal. The next plan shows what is left.";
            let ask = Ask::new(
                "Stop this run?",
                vec![(Tone::Plain, words.to_owned())],
                vec![
                    ("Go on", Answer::Close),
                    ("Stop it cleanly", Answer::Cancel),
                ],
            );
            app.over(Overlay::Ask(ask));
        }
        Action::RunNow => {
            let words = "Both directories are read, and what guards let through is applied without asking again, as the interval does it. What you rejected stays out.";
            let mut lines = vec![(Tone::Plain, words.to_owned())];
            if let Some(undo) = &jobs.paused {
                let words = format!("The schedule is paused by the undo {undo}, and stays so.");
                lines.push((Tone::Held, words));
            }
            let ask = Ask::new(
                "Run the unattended sync now?",
                lines,
                vec![("Run it", Answer::RunNow), ("Not now", Answer::Close)],
            );
            app.over(Overlay::Ask(ask));
        }
        Action::Refresh => return vec![Effect::Start(WorkKind::Refresh { full: false })],
        Action::Verify => return vec![Effect::Start(WorkKind::Refresh { full: true })],
        Action::Interval => return interval(app),
        Action::FreezeLog => {
            jobs.frozen = match jobs.frozen {
                Some(_) => None,
                None => Some(jobs.log.len()),
            };
        }
        Action::FilterLog => jobs.warnings_only = !jobs.warnings_only,
        Action::CopyLog => {
            let text = jobs.log_text();
            app.note("The log was copied.");
            return vec![Effect::Copy(text)];
        }
        Action::Enter => {
            if let Some(run) = jobs.runs.get(jobs.cursor) {
                return vec![Effect::Errand(Errand::Run(run.run_id.clone()))];
            }
        }
        other => jobs.cursor = moved(jobs.cursor, jobs.runs.len(), page, other),
    }
    Vec::new()
}

/// Switches the interval, and keeps that in the configuration. One that an undo paused goes on.
fn interval(app: &mut App) -> Vec<Effect> {
    let mut effects = Vec::new();
    if app.jobs.paused.is_some() {
        effects.push(Effect::Errand(Errand::Resume));
        if app.profile.as_ref().is_some_and(|p| p.schedule.enabled) {
            app.jobs.ended_at = Some(app.now);
            app.note("The schedule goes on.");
            return effects;
        }
    }
    let (Some(profile), Some(editor)) = (&app.profile, &app.editor) else {
        return Vec::new();
    };
    let on = !profile.schedule.enabled;
    let name = profile.name.clone();
    let mut editor = editor.clone();
    editor.set(&name, "schedule", "enabled", on.into());
    let resumed = if app.jobs.paused.is_some() {
        " again, although an undo paused it"
    } else {
        ""
    };
    let words = if on {
        format!(
            "The interval is on{resumed}: every {}, while Rollbook is open.",
            duration(profile.schedule.every.duration().as_secs())
        )
    } else {
        "The interval is off.".to_owned()
    };
    // The first run of the interval comes after one interval, not under the finger on the key.
    app.jobs.ended_at = Some(app.now);
    effects.push(Effect::Save(Box::new(Saving {
        editor,
        before: Some(name.clone()),
        profile: Some(name),
        secrets: Vec::new(),
        part: Part::Interval,
        words,
    })));
    effects
}
