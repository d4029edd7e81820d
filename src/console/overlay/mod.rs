//! What lies over a screen: help, palette, questions, pages.

mod ask;
mod palette;
mod view;

pub(super) use ask::{Answer, Ask};
pub(super) use palette::{Palette, open as open_palette, search};
pub(super) use view::draw;

use super::app::{App, Overlay};
use super::clerk::Errand;
use super::commands::Action;
use super::event::Effect;
use super::review::page_height;
use super::worker::WorkKind;
use super::{Ended, credentials, provisioning, review, update};

/// Text changed in the topmost overlay.
pub(super) fn typed(top: &mut Overlay) {
    if let Overlay::Palette(palette) = top {
        palette.cursor = 0;
    }
}

/// Does a command in the topmost overlay.
pub(super) fn perform(app: &mut App, action: Action) -> Vec<Effect> {
    if action == Action::Close {
        app.over.pop();
        return Vec::new();
    }
    let page = page_height(app.size);
    match app.over.last_mut() {
        Some(Overlay::Help(scroll)) => {
            let last = view::help_lines().len().saturating_sub(page);
            *scroll = moved(*scroll, last + 1, page, action);
        }
        Some(Overlay::Palette(palette)) => match action {
            Action::Enter => return palette::choose(app),
            other => palette.cursor = moved(palette.cursor, palette.found.len(), page, other),
        },
        Some(Overlay::Ask(ask)) => match action {
            Action::Enter => return answer(app),
            other => ask.cursor = moved(ask.cursor, ask.answers.len(), page, other),
        },
        Some(Overlay::Filter(menu)) => match action {
            Action::Enter => {
                let filter = menu.entries.get(menu.cursor).map(|entry| entry.0);
                app.over.pop();
                app.review.filter = filter.unwrap_or_default();
                app.review.cursor = 0;
                app.review.offset = 0;
                app.review.look();
            }
            other => menu.cursor = moved(menu.cursor, menu.entries.len(), page, other),
        },
        Some(Overlay::Summary(summary)) => match action {
            Action::Enter if summary.on_button() => {
                if let Some(guard) = summary.mistyped() {
                    let words = format!(
                        "The number typed for {} is not {}: correct it, or leave it empty.",
                        guard.name, guard.count
                    );
                    app.refuse(&words);
                    return Vec::new();
                }
                let (reviewed, allowances) = (summary.planned.clone(), summary.allowances());
                app.over.pop();
                app.screen = super::app::Screen::Jobs;
                return vec![Effect::Start(WorkKind::Apply {
                    reviewed,
                    allowances,
                    take_over: false,
                })];
            }
            Action::Enter | Action::NextField => summary.step(1),
            Action::PreviousField => summary.step(-1),
            Action::PageDown => {
                let last = review::last_summary_row(summary, view::summary_size(app.size));
                summary.scroll = (summary.scroll + page / 2).min(last);
            }
            Action::PageUp => summary.scroll = summary.scroll.saturating_sub(page / 2),
            _ => {}
        },
        Some(Overlay::Page(_)) => return on_page(app, action, page),
        Some(Overlay::Run(run)) => match action {
            Action::Copy => return vec![Effect::Copy(run.text())],
            Action::Export => return vec![Effect::Errand(Errand::Export(run.run_id.clone()))],
            Action::Undo | Action::Retry => {
                let run = run.run_id.clone();
                app.over.pop();
                app.screen = super::app::Screen::Review;
                return vec![Effect::Start(match action {
                    Action::Undo => WorkKind::Undo { run },
                    _ => WorkKind::Retry { run },
                })];
            }
            other => {
                // Lines may need several rows: the last one can always be reached.
                let last = run.lines.len().saturating_sub(page / 2);
                run.scroll = moved(run.scroll, last + 1, page, other);
            }
        },
        Some(Overlay::Lines(_)) => return provisioning::in_lines(app, action),
        Some(Overlay::Profiles(cursor)) => {
            let count = app.editor.as_ref().map_or(0, |e| e.profiles().len()) + 1;
            if action == Action::Enter {
                return credentials::chosen_profile(app);
            }
            *cursor = moved(*cursor, count, page, action);
        }
        None => {}
    }
    Vec::new()
}

fn on_page(app: &mut App, action: Action, height: usize) -> Vec<Effect> {
    let Some(Overlay::Page(page)) = app.over.last_mut() else {
        return Vec::new();
    };
    match action {
        Action::Enter if page.adoption.is_some() => {
            if page.asks_for_name() && !page.name_is_typed() {
                app.refuse("That is not the group's name.");
                return Vec::new();
            }
            let adoption = page.adoption.take();
            app.over.pop();
            if let Some(adoption) = adoption {
                return review::adopted(app, &adoption);
            }
        }
        Action::Enter => {
            if let Some(candidate) = page.candidates.get(page.cursor).cloned() {
                app.over.pop();
                return review::link_person(app, candidate.person, candidate.account);
            }
        }
        Action::No => {
            if let Some(candidate) = page.candidates.get(page.cursor).cloned() {
                app.over.pop();
                return review::refuse_account(app, candidate.person, candidate.account);
            }
        }
        Action::Copy => {
            let ids = page.ids.clone();
            app.note("Copied.");
            return vec![Effect::Copy(ids)];
        }
        Action::Up | Action::Down if !page.candidates.is_empty() => {
            page.cursor = moved(page.cursor, page.candidates.len(), height, action);
        }
        other => {
            let last = page.lines.len().saturating_sub(height / 2);
            page.scroll = moved(page.scroll, last + 1, height, other);
        }
    }
    Vec::new()
}

/// A cursor after a key that moves it, within `count` lines.
pub(super) fn moved(at: usize, count: usize, page: usize, action: Action) -> usize {
    let last = count.saturating_sub(1);
    match action {
        Action::Up => at.saturating_sub(1),
        Action::Down => at + 1,
        Action::PageUp => at.saturating_sub(page),
        Action::PageDown => at + page,
        Action::Top => 0,
        Action::Bottom => last,
        _ => at,
    }
    .min(last)
}

/// Does what the chosen answer says.
fn answer(app: &mut App) -> Vec<Effect> {
    let Some(Overlay::Ask(ask)) = app.over.pop() else {
        return Vec::new();
    };
    let cursor = ask.cursor;
    let Some((_, answer)) = ask.answers.into_iter().nth(cursor) else {
        return Vec::new();
    };
    match answer {
        Answer::Close => {}
        Answer::StopAndLeave => return update::stop_and_leave(app, Ended::Quit),
        Answer::Leave => app.ended = Some(Ended::Quit),
        Answer::Quit => return update::quit(app),
        Answer::Copy(text) => {
            app.note("Copied.");
            return vec![Effect::Copy(text)];
        }
        Answer::DeleteProfile => return credentials::delete(app),
        Answer::Switch(profile) => return credentials::switch(app, profile),
        Answer::SaveSettings => return provisioning::save(app),
        Answer::ConfirmOrigins => return vec![Effect::ConfirmOrigins],
        Answer::Reload => return vec![Effect::Load(None)],
        Answer::RunNow => {
            return vec![Effect::Start(WorkKind::Sync { scheduled: false })];
        }
        Answer::SayAll(said) => return app.review.say_all(said),
        Answer::Start(kind) => {
            app.screen = super::app::Screen::Jobs;
            return vec![Effect::Start(*kind)];
        }
        Answer::Cancel => {
            if let Some(job) = &app.jobs.job {
                job.control.cancel();
                app.note("Stopping: what is on its way is finished and kept in the journal.");
            }
        }
    }
    Vec::new()
}
