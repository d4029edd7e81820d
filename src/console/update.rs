//! One event at a time: what it changes, and what it asks for.

use super::app::{App, Overlay, Screen, Text};
use super::commands::{self, Action};
use super::event::{Effect, Event, Inner, Private, Signal, Thought};
use super::overlay::{self, Ask};
use super::{Ended, credentials, jobs, provisioning, review, welcome};
use crate::console::clerk::{Answer, Errand, TakenBack};
use crossterm::event::{KeyEvent, KeyEventKind};

/// Takes an event.
pub(super) fn update(app: &mut App, event: Event) -> Vec<Effect> {
    match event {
        Event::Key(key) if key.kind == KeyEventKind::Release => Vec::new(),
        Event::Key(key) => {
            app.notice = None;
            pressed(app, key)
        }
        Event::Paste(text) => {
            app.notice = None;
            match app.text() {
                Some(Text::Line(field)) => field.paste(&text),
                Some(Text::Secret(field)) => field.paste(&text),
                None => {
                    app.refuse(
                        "Text was pasted, and no field is being edited: enter goes into one.",
                    );
                    return Vec::new();
                }
            }
            typed(app)
        }
        Event::Resize(width, height) => {
            app.size = (width, height);
            let page = review::list_height(app.size);
            app.review.keep_in_sight(page);
            Vec::new()
        }
        Event::Tick(now) => {
            app.now = now;
            jobs::tick(app)
        }
        Event::Signal(signal) => signalled(app, signal),
        Event::NoShell => {
            app.refuse("There is no shell to go back to here.");
            Vec::new()
        }
        Event::Inner(Private { epoch, inner }) => {
            // What comes back from another profile's time is not about this one.
            let of_all = matches!(inner, Inner::WorkerGone | Inner::Moved(_));
            if epoch == app.epoch || of_all {
                told(app, inner)
            } else {
                Vec::new()
            }
        }
    }
}

fn pressed(app: &mut App, key: KeyEvent) -> Vec<Effect> {
    let scopes = app.scopes();
    if let Some(command) = commands::find(&scopes, key) {
        return act(app, command.action);
    }
    let taken = match app.text() {
        Some(Text::Line(field)) => field.key(key),
        Some(Text::Secret(field)) => field.key(key),
        None => false,
    };
    if taken { typed(app) } else { Vec::new() }
}

/// Text changed somewhere.
fn typed(app: &mut App) -> Vec<Effect> {
    if let Some(top) = app.over.last_mut() {
        overlay::typed(top);
        if let Some(Overlay::Lines(_)) = app.over.last() {
            provisioning::suggest(app);
        } else if let Some(Overlay::Palette(_)) = app.over.last() {
            overlay::search(app);
        }
        return Vec::new();
    }
    match app.screen {
        Screen::Review => {
            let page = review::list_height(app.size);
            app.review.look();
            app.review.keep_in_sight(page);
        }
        Screen::Credentials => credentials::typed(app),
        _ => {}
    }
    Vec::new()
}

/// Does a command, or says why not.
pub(super) fn act(app: &mut App, action: Action) -> Vec<Effect> {
    if let Some(reason) = app.unavailable(action) {
        let mut words = reason;
        if let Some(first) = words.get(..1) {
            words = format!("{}{}.", first.to_uppercase(), &words[1..]);
        }
        app.refuse(&words);
        return Vec::new();
    }
    match action {
        Action::Interrupt => return quit(app),
        Action::Suspend => return vec![Effect::Suspend],
        Action::Redraw => return vec![Effect::Redraw],
        _ => {}
    }
    if !app.over.is_empty() {
        return overlay::perform(app, action);
    }
    match action {
        Action::Quit => return quit(app),
        Action::Help => app.over(Overlay::Help(0)),
        Action::Palette => overlay::open_palette(app),
        Action::Go(screen) => return app.go(screen),
        Action::NextScreen => return step(app, 1),
        Action::PreviousScreen => return step(app, 3),
        Action::Profiles => app.over(Overlay::Profiles(0)),
        Action::LeaveSimulation => return vec![Effect::Leave],
        _ => {
            return match app.screen {
                Screen::Welcome => welcome::perform(app, action),
                Screen::Credentials => credentials::perform(app, action),
                Screen::Provisioning => provisioning::perform(app, action),
                Screen::Review if app.review.searching => search(app, action),
                Screen::Review => review::perform(app, action),
                Screen::Jobs => jobs::perform(app, action),
            };
        }
    }
    Vec::new()
}

fn search(app: &mut App, action: Action) -> Vec<Effect> {
    match action {
        Action::Enter => app.review.searching = false,
        Action::Close => {
            app.review.searching = false;
            app.review.search = super::field::TextField::default();
            app.review.look();
        }
        other => return review::perform(app, other),
    }
    Vec::new()
}

fn step(app: &mut App, by: usize) -> Vec<Effect> {
    let at = Screen::ALL
        .iter()
        .position(|screen| *screen == app.screen)
        .unwrap_or(0);
    app.go(Screen::ALL[(at + by) % Screen::ALL.len()])
}

/// Leaves, or asks first: during a run, and with edits that were not saved. Asked again while the
/// question stands, it leaves.
pub(super) fn quit(app: &mut App) -> Vec<Effect> {
    let again = matches!(app.over.last(), Some(Overlay::Ask(ask)) if ask.is_about_leaving());
    if app.is_busy() {
        if again || app.ending.is_some() {
            return stop_and_leave(app, Ended::Quit);
        }
        app.over(Overlay::Ask(Ask::quit_during_run()));
    } else if let Some(screen) = app.unsaved().filter(|_| !again) {
        app.over(Overlay::Ask(Ask::quit_unsaved(screen.name())));
    } else {
        app.ended = Some(Ended::Quit);
    }
    Vec::new()
}

/// Ends now, or as soon as the run has stopped.
pub(super) fn stop_and_leave(app: &mut App, how: Ended) -> Vec<Effect> {
    if let Some(job) = &app.jobs.job {
        if app.ending.is_some() {
            // Asked twice: what is on its way is not waited for. The journal knows what began.
            app.ended = Some(how);
            return Vec::new();
        }
        job.control.cancel();
        app.ending = Some(how);
        app.over.clear();
        app.note("Stopping: what is on its way is finished and kept. Once more leaves at once.");
    } else {
        app.ended = Some(how);
    }
    Vec::new()
}

fn signalled(app: &mut App, signal: Signal) -> Vec<Effect> {
    match signal {
        // A lost line makes itself known in several ways; only a person asks twice.
        Signal::Hangup if app.ending.is_some() => Vec::new(),
        Signal::Interrupt | Signal::Hangup => stop_and_leave(app, Ended::Interrupted),
        Signal::Terminate => stop_and_leave(app, Ended::Terminated),
        Signal::Suspend => vec![Effect::Suspend],
        Signal::Continue => vec![Effect::Redraw],
    }
}

fn told(app: &mut App, inner: Inner) -> Vec<Effect> {
    match inner {
        Inner::Found(round, finding) => app.credentials.found(round, *finding),
        Inner::Tested(round, side, problem) => {
            credentials::tested(app, round, side, problem.as_deref());
        }
        Inner::Planned(prepared) => return jobs::planned(app, *prepared),
        Inner::Applied(applied) => return jobs::applied(app, *applied),
        Inner::HeldBack => app.jobs.held_back = true,
        Inner::Noted(words) => app.jobs.say(app.now, super::theme::Tone::Held, &words),
        Inner::Ended(result) => return jobs::ended(app, result.err().as_deref()),
        Inner::WorkerGone => app.ended = Some(Ended::Failed),
        Inner::Answer(answer) => return answered(app, *answer),
        Inner::Summary(round, summary) => {
            let here = app.over.is_empty() && app.screen == Screen::Review;
            if app.review.take_summary(round) && here {
                app.notice = None;
                app.review.decided_at = Some(app.now);
                app.over(Overlay::Summary(summary));
            }
        }
        Inner::Again(round, prepared) => {
            if app.review.take_again(round, *prepared) {
                app.over
                    .retain(|over| !matches!(over, Overlay::Filter(_) | Overlay::Summary(_)));
                return provisioning::entered(app);
            }
        }
        Inner::Adoption(result) => match *result {
            Ok(page) if app.over.is_empty() && app.screen == Screen::Review => {
                app.over(Overlay::Page(Box::new(page)));
            }
            Ok(_) => {}
            Err(problem) => app.trouble(&problem),
        },
        Inner::WhatIf(round, result) => return provisioning::answered(app, round, *result),
        Inner::Recalled(Some(recalled)) => return jobs::recalled(app, *recalled),
        Inner::Recalled(None) => {}
        Inner::Loaded(result) => match *result {
            Ok(loaded) => return started(app, loaded),
            Err(problem) => {
                app.screen = Screen::Credentials;
                app.trouble(&problem);
                app.broken = Some(problem);
            }
        },
        Inner::Saved(result) => match *result {
            Ok(saved) => {
                app.load(saved.loaded, Some(saved.part));
                app.note(&saved.words);
                return provisioning::entered(app);
            }
            Err(problem) => app.trouble(&problem),
        },
        Inner::Moved(result) => match *result {
            // The loop has taken the place already.
            Ok(_) => {}
            Err(problem) => app.trouble(&problem),
        },
    }
    Vec::new()
}

fn answered(app: &mut App, answer: Answer) -> Vec<Effect> {
    match answer {
        Answer::Kept => {}
        Answer::Remembered(ticket, remembered) => {
            return app.review.remember(ticket, *remembered);
        }
        Answer::PutBack(ticket, remembered, what) => {
            app.review.decided_at = Some(app.now);
            match (app.review.taken_back(ticket), what) {
                (Some(words), TakenBack::Whole) => app.note(&format!("Taken back: {words}")),
                (_, TakenBack::Changed(changed)) => app.refuse(&format!(
                    "Taken back, but for {} that somebody else decided anew since.",
                    crate::text::counted(changed, "row", "rows")
                )),
                (_, TakenBack::Forgotten) => app.refuse(
                    "The state of this profile was replaced since: what was decided before can't be taken back.",
                ),
                (None, TakenBack::Whole) => {}
            }
            return app.review.remember(ticket, *remembered);
        }
        Answer::NotKept(ticket, problem) => {
            app.trouble(&problem);
            return app.review.not_kept(ticket);
        }
        Answer::Glance(glance) => {
            if app.jobs.differs(&glance) {
                return vec![Effect::Errand(Errand::Runs)];
            }
        }
        Answer::Runs(runs) => {
            let other = app.jobs.locked.is_some();
            app.jobs.runs(runs, app.now);
            let plan = app.review.plan.as_ref();
            if plan.is_some_and(|plan| app.jobs.is_overtaken(plan.planned.after_run)) {
                app.review.outdated = true;
            }
            if other && app.jobs.locked.is_none() && app.jobs.job.is_none() {
                app.note("The other Rollbook is done with this profile: r reads what it left.");
            }
            if let Some(run) = app.jobs.interrupted() {
                let words = format!("Run {run} never ended: r sees what became of it.");
                app.notice = Some((super::theme::Tone::Held, words));
            }
        }
        Answer::Exported(path) => app.note(&format!("Exported to {}.", path.display())),
        Answer::Run(run) => app.over(Overlay::Run(Box::new(jobs::RunPage::new(*run)))),
        Answer::History(id, rows) => {
            if let Some(Overlay::Page(page)) = app.over.last_mut() {
                page.history(&id, &rows);
            }
        }
        Answer::Failed(problem) => app.trouble(&problem),
    }
    Vec::new()
}

/// The configuration was read: where to begin.
fn started(app: &mut App, loaded: super::event::Loaded) -> Vec<Effect> {
    let has_profile = loaded.profile.is_some();
    app.load(loaded, None);
    if !has_profile {
        app.screen = if app.place.simulated {
            Screen::Credentials
        } else {
            Screen::Welcome
        };
        return Vec::new();
    }
    if app.screen == Screen::Welcome {
        app.screen = Screen::Review;
    }
    let mut effects = vec![Effect::Errand(Errand::Runs)];
    // What was read last is shown at once, with its age.
    if let Some(profile) = app.profile.clone().filter(|_| app.review.plan.is_none()) {
        effects.push(Effect::Think(Thought::Recall {
            profile: Box::new(profile),
            paths: app.place.paths.clone(),
        }));
    }
    effects
}
