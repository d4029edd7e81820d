//! What keys do on the Review screen.

use super::decide;
use super::{Chosen, Filter, FilterMenu, Mark, Page, Prepared, Said, page, view};
use crate::console::app::{App, Overlay, Screen};
use crate::console::clerk::Errand;
use crate::console::commands::Action;
use crate::console::event::Effect;
use crate::console::field::TextField;
use crate::console::overlay::{Answer, Ask, moved};
use crate::console::theme::Tone;
use crate::console::worker::WorkKind;
use crate::text::counted;

/// Why a command does not fit the row under the cursor.
pub(in crate::console) fn unavailable(app: &App, action: Action) -> Option<&'static str> {
    let review = &app.review;
    let Some(plan) = &review.plan else {
        return match action {
            Action::Refresh | Action::Verify | Action::Left | Action::Right => None,
            _ => Some("there is no plan yet: r reads both directories"),
        };
    };
    if review.searching && matches!(action, Action::Enter | Action::Close) {
        return None;
    }
    if review.counting && !matches!(action, Action::Close) {
        return Some("what would be applied is being counted: a moment");
    }
    match action {
        Action::Ignore if plan.planned.undo.is_some() => {
            Some("this plan takes a run back: space cuts a row out of it")
        }
        Action::Toggle | Action::Ignore => {
            if review.chosen().is_none() {
                Some("no row is chosen")
            } else if action == Action::Ignore && decide::can_leave_alone(app) {
                None
            } else if review.of_chosen().is_empty() {
                Some("nothing would be done here, so there is nothing to decide")
            } else {
                None
            }
        }
        Action::AcceptShown | Action::RejectShown | Action::Enter => {
            review.visible.is_empty().then_some("no row is shown")
        }
        Action::Apply if review.is_settling() => {
            Some("what was decided is being taken in: a moment")
        }
        Action::TakeNewer => review.newer.is_none().then_some("no newer plan is waiting"),
        Action::Yes => match review.chosen() {
            Some(Chosen::Group(row)) if row.mark == Mark::Confirm => None,
            Some(Chosen::Person(row))
                if matches!(row.mark, Mark::Confirm | Mark::Conflict)
                    && page::candidates(plan, &row).len() == 1 =>
            {
                None
            }
            Some(Chosen::Person(row)) if !page::candidates(plan, &row).is_empty() => {
                Some("several accounts come into question: enter shows them")
            }
            _ => Some(
                "only a suggested group, or a person with an account to confirm, can be linked",
            ),
        },
        Action::Discard => review
            .steps
            .is_empty()
            .then_some("nothing was decided here yet"),
        Action::No => (!decide::can_refuse(app)).then_some(
            "only a suggested group, or a person with an account to confirm, can be answered with no",
        ),
        Action::Own => match review.chosen() {
            Some(Chosen::Group(row)) if row.target.is_some() && row.jira.is_some() => {
                (!plan.planned.settings.provisioning.sync_memberships).then_some(
                    "Sync memberships is off: an adopted group would not be kept in step",
                )
            }
            _ => Some("only a Jira group that stands for an Entra group can be adopted"),
        },
        _ => None,
    }
}

/// Does what a key asks for.
pub(in crate::console) fn perform(app: &mut App, action: Action) -> Vec<Effect> {
    let page = view::list_height(app.size);
    let leaves_alone = action == Action::Ignore && decide::can_leave_alone(app);
    let review = &mut app.review;
    match action {
        Action::Toggle => {
            let effects = review.toggle();
            review.cursor = moved(review.cursor, review.visible.len(), page, Action::Down);
            review.keep_in_sight(page);
            return effects;
        }
        Action::Ignore if leaves_alone => return decide::leave_alone(app),
        Action::Ignore => {
            let operations = review.of_chosen();
            let ignored = review.plan.as_ref().is_some_and(|plan| {
                operations
                    .iter()
                    .all(|op| plan.marks.said(*op) == Said::Ignored)
            });
            let said = if ignored {
                Said::Accepted
            } else {
                Said::Ignored
            };
            let words = review.about(&operations, said);
            return review.say(&operations, said, words);
        }
        Action::AcceptShown => ask_for_all(app, Said::Accepted),
        Action::RejectShown => ask_for_all(app, Said::Rejected),
        Action::Left => review.step(-1),
        Action::Right => review.step(1),
        Action::Search => review.searching = true,
        Action::Filter => {
            if let Some(plan) = &review.plan {
                let menu = FilterMenu::new(plan, review.list, review.filter);
                app.over(Overlay::Filter(menu));
            }
        }
        Action::Close => {
            review.search = TextField::default();
            review.filter = Filter::default();
            review.look();
        }
        Action::Enter => return open(app),
        Action::Refresh => return vec![Effect::Start(WorkKind::Refresh { full: false })],
        Action::Verify => return vec![Effect::Start(WorkKind::Refresh { full: true })],
        Action::TakeNewer => {
            if let Some((newer, _)) = review.newer.take() {
                return show(app, *newer);
            }
        }
        Action::Apply => {
            app.note("Counting what would be applied …");
            return app.review.summarise();
        }
        Action::Yes => return decide::link(app),
        Action::No => return decide::refuse(app),
        Action::Own => return decide::adopt(app),
        Action::Discard => return decide::undo(app),
        other => {
            review.cursor = moved(review.cursor, review.visible.len(), page, other);
            review.keep_in_sight(page);
        }
    }
    Vec::new()
}

/// Asks before something is said of many rows.
fn ask_for_all(app: &mut App, said: Said) {
    let rows = app.review.visible.iter();
    let decidable = rows.filter(|row| !app.review.operations_of(**row as usize).is_empty());
    let rows = counted(decidable.count() as u64, "row", "rows");
    let (verb, words) = if said == Said::Accepted {
        (
            "Accept",
            "Rejections among them are withdrawn; what is ignored stays so.",
        )
    } else {
        (
            "Reject",
            "They stay out until their reason changes; what is ignored stays so.",
        )
    };
    let title = format!("{verb} {rows}, all that are shown?");
    let ask = Ask::new(
        &title,
        vec![(Tone::Plain, words.to_owned())],
        vec![("Leave them", Answer::Close), (verb, Answer::SayAll(said))],
    );
    app.over(Overlay::Ask(ask));
}

fn open(app: &mut App) -> Vec<Effect> {
    let Some(plan) = &app.review.plan else {
        return Vec::new();
    };
    let page = match app.review.chosen() {
        Some(Chosen::Person(row)) => Page::person(plan, &row),
        Some(Chosen::Group(row)) => Page::group(plan, &row),
        Some(Chosen::Membership(op)) => Page::membership(plan, op),
        None => return Vec::new(),
    };
    let history = page.entra_id.clone();
    app.over(Overlay::Page(Box::new(page)));
    history
        .map(|id| Effect::Errand(Errand::History(id)))
        .into_iter()
        .collect()
}

/// Shows a plan. Whatever lies over the screen and speaks of the former one is closed.
pub(in crate::console) fn show(app: &mut App, prepared: Prepared) -> Vec<Effect> {
    let before = app.over.len();
    app.over.retain(|over| {
        !matches!(
            over,
            Overlay::Page(_) | Overlay::Filter(_) | Overlay::Summary(_)
        )
    });
    let effects = app.review.show(prepared);
    app.review.keep_in_sight(view::list_height(app.size));
    if app.over.len() < before {
        app.refuse("A new plan has come: look again.");
    }
    effects
}

/// Takes a plan that nobody here asked for. It waits while somebody looks at the one on screen.
pub(in crate::console) fn offer(app: &mut App, prepared: Prepared) -> Vec<Effect> {
    let in_use = app.screen == Screen::Review || app.review.is_open();
    if in_use {
        app.review.offer(prepared)
    } else {
        show(app, prepared)
    }
}
