//! Drawing the Credentials screen.

use super::form::{self, CLOUDS, Content};
use super::{Credentials, Key, Spot, index};
use crate::console::app::App;
use crate::console::canvas::Canvas;
use crate::console::theme::Tone;
use crate::sync::{FindingState, Side};
use crate::text::wrap;

/// From this width on, both forms stand beside each other.
const TWO_FORMS: usize = 80;
/// From this width on, the guide stands beside them.
const GUIDE: usize = 150;
/// Columns of a label.
const LABEL: usize = 20;

/// A finding's mark; it says the same as its colour.
pub(super) const fn finding_mark(state: FindingState) -> (&'static str, Tone) {
    match state {
        FindingState::Good => ("✓", Tone::Good),
        FindingState::Note => ("i", Tone::Held),
        FindingState::Unknown => ("?", Tone::Dim),
        FindingState::Bad => ("✗", Tone::Bad),
    }
}

/// Draws the screen.
pub(in crate::console) fn draw(app: &App, canvas: &mut Canvas<'_>) {
    let credentials = &app.credentials;
    let (width, height) = (canvas.width(), canvas.height());
    if app.editor.is_none() {
        broken(app, canvas);
        return;
    }
    let rows = (Key::ENTRA.len() + 1).min(height.saturating_sub(2).max(2));
    let guide = if width >= GUIDE { width / 4 } else { 0 };
    let forms = width - guide;
    if width >= TWO_FORMS {
        let half = forms / 2;
        form(app, Side::Entra, &mut canvas.part(1, 0, half - 2, rows));
        form(
            app,
            Side::Jira,
            &mut canvas.part(half + 1, 0, half - 2, rows),
        );
        buttons(app, &mut canvas.part(0, rows, forms, 1));
        let top = rows + 1;
        if guide > 0 {
            let mut side = canvas.part(forms, 0, guide, height);
            for y in 0..height {
                side.put(0, y, "│", Tone::Dim);
            }
            self::guide(credentials, &mut side.part(2, 0, guide - 3, height));
        }
        let tested = credentials
            .tests
            .iter()
            .any(|test| test.running || !test.findings.is_empty() || test.problem.is_some());
        let shows_guide = guide == 0 && (credentials.editing || !tested);
        if shows_guide {
            canvas.rule(top, "Guide");
            let room = height.saturating_sub(top + 1);
            self::guide(credentials, &mut canvas.part(1, top + 1, width - 2, room));
        } else {
            canvas.part(0, top, forms, 1).rule(0, "Connection test");
            let room = height.saturating_sub(top + 1);
            tests(
                credentials,
                Side::Entra,
                &mut canvas.part(1, top + 1, half - 2, room),
            );
            tests(
                credentials,
                Side::Jira,
                &mut canvas.part(half + 1, top + 1, half - 2, room),
            );
        }
    } else {
        form(
            app,
            credentials.side,
            &mut canvas.part(1, 0, width - 2, rows),
        );
        buttons(app, &mut canvas.part(0, rows, width, 1));
        let room = height.saturating_sub(rows + 1);
        let part = &mut canvas.part(1, rows + 1, width - 2, room);
        let test = &credentials.tests[index(credentials.side)];
        if credentials.editing || (test.findings.is_empty() && test.problem.is_none()) {
            self::guide(credentials, part);
        } else {
            tests(credentials, credentials.side, part);
        }
    }
}

fn broken(app: &App, canvas: &mut Canvas<'_>) {
    let Some(problem) = &app.broken else {
        canvas.put(1, 1, "Reading the configuration …", Tone::Dim);
        return;
    };
    let y = canvas.paragraph(1, 1, &problem.message, Tone::Bad);
    let y = canvas.paragraph(1, y + 1, &problem.hint, Tone::Plain);
    canvas.put(1, y + 1, "Enter reads the file again.", Tone::Info);
}

fn form(app: &App, side: Side, canvas: &mut Canvas<'_>) {
    let credentials = &app.credentials;
    let here = credentials.side == side;
    let title = match side {
        Side::Entra => "Azure AD (Microsoft Entra ID)",
        Side::Jira => "Jira Cloud",
    };
    let x = canvas.put(0, 0, title, Tone::Strong);
    if side == Side::Entra && credentials.before.is_none() {
        canvas.put(x + 1, 0, "new profile", Tone::Info);
    }
    let room = canvas.width().saturating_sub(LABEL + 2);
    // On a short screen the field with the cursor stays in sight.
    let rows = canvas.height().saturating_sub(1);
    let last = Key::of(side).len() - 1;
    let from = if here {
        (credentials.cursor.min(last) + 1).saturating_sub(rows)
    } else {
        0
    };
    for (y, key) in (1..).zip(Key::of(side).iter().skip(from)) {
        let chosen = here && credentials.spot() == Spot::Field(*key);
        if chosen {
            canvas.put(0, y, "▸", Tone::Strong);
        }
        let label = if chosen { Tone::Strong } else { Tone::Plain };
        canvas.cell(2, y, LABEL - 3, key.label(), label);
        let on = chosen && credentials.editing;
        match credentials.form.get(*key) {
            Content::Text(field) => field.draw(canvas, (LABEL, y), room, on),
            Content::Cloud(choice) => {
                canvas.cell(LABEL, y, room, CLOUDS[*choice].1, Tone::Plain);
            }
            Content::Secret(field) => match credentials.kept_secret(*key) {
                Some(source) if field.is_empty() && !on => {
                    let words = if room < 32 {
                        "●●●● kept".to_owned()
                    } else {
                        format!("●●●● kept, from {source}")
                    };
                    canvas.cell(LABEL, y, room, &words, Tone::Dim);
                }
                _ => field.draw(canvas, (LABEL, y), room, on),
            },
        }
        let touched = match credentials.form.get(*key) {
            Content::Text(field) => !field.text().is_empty(),
            Content::Secret(field) => !field.is_empty(),
            Content::Cloud(_) => false,
        };
        if let Some(words) = credentials.wrong(*key).filter(|_| touched) {
            let mark = if on { "…" } else { "✗" };
            let x = LABEL + room;
            canvas.put(x, y, mark, if on { Tone::Held } else { Tone::Bad });
            debug_assert!(!words.is_empty());
        }
    }
}

fn buttons(app: &App, canvas: &mut Canvas<'_>) {
    let credentials = &app.credentials;
    let spot = credentials.spot();
    let mut x = 1;
    for (words, button) in [
        ("[ Test connection ]", Spot::Test),
        ("[ Save ]", Spot::Save),
    ] {
        let tone = if spot == button {
            Tone::Chosen
        } else {
            Tone::Strong
        };
        x = canvas.put(x, 0, words, tone) + 2;
    }
    let words = if credentials.is_edited(app.editor.as_ref()) {
        "not saved yet"
    } else if credentials.before.is_some() {
        "saved"
    } else {
        ""
    };
    canvas.put(x, 0, words, Tone::Dim);
}

/// What belongs into the field with the cursor, and what is wrong with it.
fn guide(credentials: &Credentials, canvas: &mut Canvas<'_>) {
    let mut y = 0;
    let words = match credentials.spot() {
        Spot::Field(key) => {
            canvas.put(0, y, key.label(), Tone::Strong);
            y += 1;
            match credentials.wrong(key) {
                Some(words) if words == form::NEEDED => {
                    y = canvas.paragraph(0, y, "This field is needed.", Tone::Held);
                }
                Some(words) => y = canvas.paragraph(0, y, &format!("✗ {words}"), Tone::Bad),
                None => {}
            }
            key.guide()
        }
        Spot::Test => {
            "Signs in on both sides with what stands in the form, and looks at permissions, tenant, administrator, products and seats. Nothing is written."
        }
        Spot::Save => {
            "Writes config.toml, comments kept, and new secrets to credentials.toml, which only your user can read. Secrets are never shown again."
        }
    };
    y = canvas.paragraph(0, y, words, Tone::Plain);
    if canvas.height() > y + 8 {
        for words in [
            "",
            "Advice: give Rollbook a Jira account of its own, and the application no more permissions than the guide names. Rollbook reads Entra and never writes there.",
            "With User.Read.All and GroupMember.Read.All alone, the tenant's name and domains can't be read: Directory.Read.All (or Organization.Read.All) adds that.",
        ] {
            y = canvas.paragraph(0, y, words, Tone::Dim) + usize::from(words.is_empty());
        }
    }
}

/// The checklist of one side, what failed first.
fn tests(credentials: &Credentials, side: Side, canvas: &mut Canvas<'_>) {
    let test = &credentials.tests[index(side)];
    let width = canvas.width().saturating_sub(2);
    let mut y = 0;
    let mut lines = Vec::new();
    if let Some(problem) = &test.problem {
        lines.push(("✗", Tone::Bad, problem.message.clone()));
        lines.push((" ", Tone::Plain, problem.hint.clone()));
    }
    let bad = |state| state == FindingState::Bad;
    let (first, rest): (Vec<_>, Vec<_>) = test.findings.iter().partition(|f| bad(f.state));
    for finding in first.into_iter().chain(rest) {
        let (mark, tone) = finding_mark(finding.state);
        lines.push((mark, tone, format!("{}: {}", finding.what, finding.text)));
        if let Some(problem) = &finding.problem {
            lines.push((" ", Tone::Plain, problem.hint.clone()));
        }
    }
    if test.running {
        lines.push(("…", Tone::Info, "testing".to_owned()));
    }
    let height = canvas.height();
    for (mark, tone, text) in lines {
        let parts = wrap(&crate::text::escape(&text), width);
        // The last row says that there is more.
        if y + parts.len() > height.saturating_sub(1) && height > 0 {
            canvas.put(0, height - 1, "… c shows the whole checklist", Tone::Dim);
            return;
        }
        canvas.put(0, y, mark, tone);
        let text_tone = if mark == "✗" {
            Tone::Bad
        } else {
            Tone::Plain
        };
        for part in parts {
            canvas.put(2, y, &part, text_tone);
            y += 1;
        }
    }
}
