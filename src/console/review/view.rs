//! Drawing the Review screen.

use super::cells::{Cells, group_cells, membership_cells, person_cells};
use super::page;
use super::page_group::group_why;
use super::rows::{self, Mark};
use super::{Chosen, Filter, List, Marks, Prepared, Review, Stands};
use crate::console::app::App;
use crate::console::canvas::Canvas;
use crate::console::theme::Tone;
use crate::directory::Completeness;
use crate::text::{counted, grouped};
use std::fmt::Write as _;
use unicode_width::UnicodeWidthStr as _;

/// What stands above and below the list, by the height.
struct Layout {
    /// Whether the insights have a row.
    insights: bool,
    /// Whether the columns have heads, and above them a gap.
    heads: bool,
    gap: bool,
    /// Rows of the reason, and whether a rule stands above it.
    why: usize,
    rule: bool,
}

impl Layout {
    const fn of(height: usize) -> Self {
        Self {
            insights: height >= 9,
            heads: height >= 10,
            gap: height >= 16,
            why: if height < 9 {
                1
            } else if height < 16 {
                2
            } else {
                3
            },
            rule: height >= 9,
        }
    }

    fn above(&self) -> usize {
        1 + usize::from(self.insights) + usize::from(self.heads) + usize::from(self.gap)
    }

    fn below(&self) -> usize {
        self.why + usize::from(self.rule)
    }

    fn rows(&self, height: usize) -> usize {
        height.saturating_sub(self.above() + self.below())
    }
}

/// From this width on, both sides stand beside each other.
const TWO_PANES: usize = 80;
/// From this width on, addresses have columns of their own.
const WIDE: usize = 110;

/// How many rows of the list fit, by the terminal's size.
pub(in crate::console) fn list_height(size: (u16, u16)) -> usize {
    // The frame takes a row above and two below.
    let height = usize::from(size.1).saturating_sub(4);
    Layout::of(height).rows(height).max(1)
}

/// Draws the screen.
pub(in crate::console) fn draw(app: &App, canvas: &mut Canvas<'_>) {
    let review = &app.review;
    let Some(plan) = &review.plan else {
        nothing(app, canvas);
        return;
    };
    let (width, height) = (canvas.width(), canvas.height());
    let layout = Layout::of(height);
    let (above, rows) = (layout.above(), layout.rows(height));
    if layout.insights {
        insights(review, plan, &mut canvas.part(0, 0, width, 1));
    }
    let line = usize::from(layout.insights);
    lists(review, plan, &mut canvas.part(0, line, width, 1));
    let columns = Columns::of(width);
    if layout.heads {
        columns.heads(review.list, canvas, above - 1);
    }
    if review.visible.is_empty() {
        empty(
            review,
            plan,
            &mut canvas.part(2, above, width.saturating_sub(4), rows),
        );
    }
    for line in 0..rows {
        let at = review.offset + line;
        let Some(row) = review.visible.get(at) else {
            break;
        };
        let cells = match review.list {
            List::People => person_cells(plan, *row),
            List::Groups => group_cells(plan, *row),
            List::Memberships => membership_cells(plan, *row),
        };
        columns.row(&cells, at == review.cursor, canvas, above + line);
    }
    let mut y = above + rows;
    if layout.rule {
        canvas.rule(y, "Why");
        y += 1;
    }
    let mut part = canvas.part(2, y, width.saturating_sub(3), layout.why);
    why(review, plan, &mut part);
}

fn nothing(app: &App, canvas: &mut Canvas<'_>) {
    let words = if app.is_busy() {
        "Reading both directories. The plan appears here when the last page has arrived; Jobs (4) shows how far it is."
    } else if app.profile.is_none() {
        "There is no profile yet. Credentials (1) sets up a connection."
    } else {
        "Nothing was read yet. Press r to read both directories and see side by side what would be done. Reading writes nothing to Jira."
    };
    let y = canvas.height() / 3;
    let width = canvas.width().min(70);
    let x = (canvas.width() - width) / 2;
    canvas
        .part(x, y, width, 5)
        .paragraph(0, 0, words, Tone::Plain);
}

fn empty(review: &Review, plan: &Prepared, canvas: &mut Canvas<'_>) {
    let words = if !review.search.text().is_empty() {
        "Nothing is found. Esc clears the search."
    } else if review.filter != Filter::Changes {
        "Nothing of this kind. f chooses another filter, esc shows the changes."
    } else if plan.planned.plan.operations.is_empty() {
        "Nothing to apply, as far as the settings reach. f shows everything."
    } else {
        "No changes in this list. → goes to the next list, f shows everything."
    };
    canvas.paragraph(0, 0, words, Tone::Dim);
}

/// What an administrator should know, and whether a side is in doubt.
fn insights(review: &Review, plan: &Prepared, canvas: &mut Canvas<'_>) {
    let planned = &plan.planned;
    for (side, listing) in [
        ("Entra", &planned.entra.users),
        ("Jira", &planned.jira.users),
        ("Jira", &planned.jira.group_list),
    ] {
        if let Completeness::Doubtful(doubt) = listing {
            let words = format!("{side} is INCOMPLETE, nothing is removed: {doubt}");
            canvas.put(1, 0, &words, Tone::Bad);
            return;
        }
    }
    if let Some(undo) = &planned.undo {
        let words = format!(
            "Taking back run {} · r goes back to the ordinary plan",
            undo.run_id
        );
        canvas.put(1, 0, &words, Tone::Held);
        return;
    }
    if let Some(run) = &planned.retries {
        let words = format!("Only what failed in run {run} · r goes back to the whole plan");
        canvas.put(1, 0, &words, Tone::Held);
        return;
    }
    let people = planned.plan.people;
    let found = plan.rows.insights;
    let short = canvas.width() < 110;
    let mut parts = vec![format!(
        "{} of {} {}in Jira",
        grouped(people.with_account),
        grouped(people.in_scope),
        if short { "" } else { "people in scope are " },
    )];
    if found.still_active > 0 {
        let seats = if found.their_seats > 0 && !short {
            format!(" ({})", counted(found.their_seats, "seat", "seats"))
        } else {
            String::new()
        };
        let words = if short {
            "disabled, can still sign in"
        } else {
            "disabled in Entra can still sign in"
        };
        parts.push(format!("{} {words}{seats}", grouped(found.still_active)));
    }
    if found.unknown > 0 {
        parts.push(if short {
            format!("{} unknown to Entra", grouped(found.unknown))
        } else {
            let accounts = counted(found.unknown, "account", "accounts");
            format!("{accounts} on your domain unknown to Entra")
        });
    }
    let hidden = planned.plan.recognition.hidden_left;
    if hidden > 0 {
        parts.push(if short {
            format!("{} hidden", grouped(hidden))
        } else {
            let accounts = counted(hidden, "account", "accounts");
            format!("{accounts} with hidden e-mail, unresolved")
        });
    }
    if let Some((_, changes)) = &review.newer {
        let changes = counted(*changes, "newer change", "newer changes");
        let words = format!("{changes} waiting: R takes them in");
        canvas.put(1, 0, &words, Tone::Info);
        return;
    }
    if review.outdated {
        let words =
            "This plan is out of date, since something was applied: r reads both sides again";
        canvas.put(1, 0, words, Tone::Held);
        return;
    }
    // Whole sentences only: what does not fit is in the filter's list.
    let mut line = String::new();
    for part in parts {
        let more = if line.is_empty() {
            part.clone()
        } else {
            format!("{line} · {part}")
        };
        if more.width() + 2 > canvas.width() && !line.is_empty() {
            break;
        }
        line = more;
    }
    canvas.put(1, 0, &line, Tone::Dim);
}

/// The three lists with their changes, filter and search.
fn lists(review: &Review, plan: &Prepared, canvas: &mut Canvas<'_>) {
    let memberships = plan.rows.memberships.len() as u64;
    let groups = plan.rows.creates.1;
    let count = |list: List| match list {
        List::People => plan.rows.creates.0,
        List::Groups => groups,
        List::Memberships => memberships,
    };
    let mut x = 1;
    for list in List::ALL {
        let words = format!(" {} {} ", list.name(), grouped(count(list)));
        let tone = if list == review.list {
            Tone::Chosen
        } else {
            Tone::Plain
        };
        x = canvas.put(x, 0, &words, tone) + 1;
    }
    let shown = if review.searching || !review.search.text().is_empty() {
        String::new()
    } else {
        format!(
            "{}: {} ",
            review.filter.name(),
            grouped(review.visible.len() as u64)
        )
    };
    if shown.is_empty() {
        let room = canvas.width().saturating_sub(x + 14).min(40);
        let start = canvas.width().saturating_sub(room + 1);
        canvas.put(start.saturating_sub(2), 0, "/", Tone::Key);
        review
            .search
            .draw(canvas, (start, 0), room, review.searching);
        let found = grouped(review.visible.len() as u64);
        canvas.put(
            start.saturating_sub(3 + found.width()),
            0,
            &found,
            Tone::Dim,
        );
    } else {
        let room = canvas.width().saturating_sub(x + 2);
        let words = crate::text::fit(&shown, room).into_owned();
        canvas.right(1, 0, &words, Tone::Dim);
    }
}

/// Where columns begin, by the width.
struct Columns {
    width: usize,
    left: usize,
    left_more: usize,
    right: usize,
    right_more: usize,
    decision: usize,
}

impl Columns {
    fn of(width: usize) -> Self {
        if width < TWO_PANES {
            // The longest decision is never cut.
            let decision = 20;
            return Self {
                width,
                left: width.saturating_sub(decision + 5),
                left_more: 0,
                right: 0,
                right_more: 0,
                decision,
            };
        }
        let decision = 23;
        let sides = width.saturating_sub(decision + 8) / 2;
        let more = if width < WIDE { 0 } else { sides * 57 / 100 };
        Self {
            width,
            left: sides - more,
            left_more: more,
            right: sides - more,
            right_more: more,
            decision,
        }
    }

    fn right_at(&self) -> usize {
        2 + self.left + self.left_more + 4
    }

    fn heads(&self, list: List, canvas: &mut Canvas<'_>, y: usize) {
        let (left, right) = match list {
            List::People => ("Azure AD", "Jira Cloud"),
            List::Groups => ("Azure AD's groups", "Jira's groups"),
            List::Memberships => ("Person", "Jira group"),
        };
        canvas.put(2, y, left, Tone::Strong);
        if self.width >= TWO_PANES {
            canvas.put(self.right_at(), y, right, Tone::Strong);
        }
    }

    fn row(&self, cells: &Cells, chosen: bool, canvas: &mut Canvas<'_>, y: usize) {
        let decision_at = self.width.saturating_sub(self.decision);
        if chosen {
            canvas.put(0, y, "▸", Tone::Strong);
        }
        if self.width < TWO_PANES {
            let name = if cells.left.is_empty() {
                &cells.right
            } else {
                &cells.left
            };
            canvas.put(2, y, cells.mark, cells.tone);
            canvas.cell(4, y, self.left, name, Tone::Plain);
        } else {
            canvas.cell(2, y, self.left.saturating_sub(1), &cells.left, Tone::Plain);
            canvas.cell(
                2 + self.left,
                y,
                self.left_more.saturating_sub(1),
                &cells.left_more,
                Tone::Dim,
            );
            canvas.put(self.right_at() - 3, y, cells.mark, cells.tone);
            let right = self.right_at();
            canvas.cell(
                right,
                y,
                self.right.saturating_sub(1),
                &cells.right,
                Tone::Plain,
            );
            canvas.cell(
                right + self.right,
                y,
                self.right_more.saturating_sub(1),
                &cells.right_more,
                Tone::Dim,
            );
        }
        canvas.cell(decision_at, y, self.decision, &cells.decision, cells.tone);
        if chosen {
            canvas.tint(2, y, self.width, Tone::Chosen);
        }
    }
}

/// The reason of the chosen row.
fn why(review: &Review, plan: &Prepared, canvas: &mut Canvas<'_>) {
    let planned = &plan.planned;
    let operation = |index: u32| {
        let op = &planned.plan.operations[index as usize];
        let said = match plan.marks.stands(planned, index) {
            Stands::Rejected => "rejected, until the reason changes: ",
            Stands::Ignored => "ignored, until you withdraw that (i): ",
            Stands::In | Stands::Orphaned => "",
        };
        let mut words = format!("{said}{}.", op.reason);
        let guards: Vec<&str> = op
            .held
            .guards()
            .map(crate::plan::GuardName::as_str)
            .collect();
        if !guards.is_empty() {
            let _ = write!(words, " Held by {}.", guards.join(", "));
        }
        if plan.marks.stands(planned, index) == Stands::Orphaned {
            words.push_str(" Goes too, since what it needs is not created.");
        }
        words
    };
    let words = match review.chosen() {
        None => String::new(),
        Some(Chosen::Membership(op)) => operation(op),
        Some(Chosen::Group(row)) => match row.create {
            Some(op) => operation(op),
            None if row.mark == Mark::Confirm => {
                let words = group_why(plan, &row).join(" ");
                format!("{words} y links it, n keeps both apart, o adopts it.")
            }
            None => group_why(plan, &row).join(" "),
        },
        Some(Chosen::Person(row)) => {
            let mut words: Vec<String> = Vec::new();
            words.extend(page::why_words(planned, row.why).map(|reason| format!("{reason}.")));
            if let Some(person) = rows::can_sign_in(planned, &row) {
                words.push(page::still_active(planned, person));
            }
            if let Some(op) = Marks::of_person(&plan.rows, &row).first() {
                words.push(operation(*op));
            }
            if words.is_empty() {
                words.push(
                    match row.mark {
                        Mark::Differs => "Linked. Names and addresses belong to the person's Atlassian account and are not changed.",
                        Mark::Same => "Linked, and the same on both sides.",
                        _ if row.person.is_none() => "Nobody in Entra stands for this account. It is left alone.",
                        _ => "",
                    }
                    .to_owned(),
                );
            }
            words.join(" ")
        }
    };
    let mut words = words;
    if let Some(first) = words.get(..1) {
        words = first.to_uppercase() + &words[1..];
    }
    canvas.paragraph(0, 0, &words, Tone::Plain);
}
