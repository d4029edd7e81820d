//! The first start: set up a connection, or try it on a simulated organisation.

use super::app::App;
use super::canvas::Canvas;
use super::commands::Action;
use super::credentials;
use super::event::Effect;
use super::overlay::moved;
use super::theme::Tone;

const CHOICES: [(&str, &str); 2] = [
    (
        "Set up a connection",
        "Microsoft Entra ID and a Jira Cloud site, each tested on the spot. Nothing is written before you apply a plan.",
    ),
    (
        "Try it on a simulated organisation",
        "A tenant and a site on this machine, with everything awkward that real ones have. L leads back here.",
    ),
];

/// Does what a key asks for.
pub(super) fn perform(app: &mut App, action: Action) -> Vec<Effect> {
    match action {
        Action::Enter if app.choice == 0 && !app.moving => {
            credentials::begin(app);
            Vec::new()
        }
        Action::Enter if app.moving => Vec::new(),
        Action::Enter => {
            app.note("Starting the simulated organisation …");
            vec![Effect::Simulate]
        }
        other => {
            app.choice = moved(app.choice, CHOICES.len(), 1, other);
            Vec::new()
        }
    }
}

/// Draws the screen.
pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>) {
    let width = canvas.width().min(72);
    let x = (canvas.width() - width) / 2;
    let height = canvas.height();
    let y = height.saturating_sub(14) / 3;
    let mut part = canvas.part(x, y, width, height - y);
    part.put(0, 0, "Rollbook", Tone::Strong);
    let words = "Keeps Jira Cloud's people and groups in step with Microsoft Entra ID (Azure AD). You see both directories side by side, decide row by row, and apply exactly what you reviewed.";
    let mut y = part.paragraph(0, 1, words, Tone::Plain) + 1;
    for (at, (name, help)) in CHOICES.iter().enumerate() {
        let chosen = at == app.choice;
        part.put(0, y, if chosen { "▸" } else { " " }, Tone::Strong);
        let tone = if chosen { Tone::Chosen } else { Tone::Strong };
        part.put(2, y, &format!(" {name} "), tone);
        y = part
            .part(3, 0, width - 3, height)
            .paragraph(0, y + 1, help, Tone::Dim)
            + 1;
    }
    part.put(
        0,
        y,
        "↑ ↓ choose, enter takes it, ? shows every key.",
        Tone::Dim,
    );
}
