//! Colours by meaning, on the terminal's own 16; every meaning also has a mark.

use ratatui::style::{Color, Modifier, Style};

/// What a piece of text stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Tone {
    /// Nothing special.
    #[default]
    Plain,
    /// A heading, or what the eye should find first.
    Strong,
    /// An aside.
    Dim,
    /// Something is added, or as it should be.
    Good,
    /// Something is removed, or wrong.
    Bad,
    /// Something is held, or to be known.
    Held,
    /// A link between both sides, or what is under way.
    Info,
    /// A key that can be pressed.
    Key,
    /// The row or field that keys go to.
    Chosen,
    /// A place where text is entered.
    Field,
}

/// How meanings look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// The terminal's own 16 colours.
    Colour,
    /// Bold, dim, underlined and reversed only: under `NO_COLOR`.
    Mono,
}

impl Theme {
    /// The theme that the environment asks for (<https://no-color.org>).
    #[must_use]
    pub fn from_environment() -> Self {
        if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) {
            Self::Mono
        } else {
            Self::Colour
        }
    }

    pub(super) fn style(self, tone: Tone) -> Style {
        let plain = Style::new();
        let (modifier, colour) = match tone {
            Tone::Plain => (Modifier::empty(), None),
            Tone::Strong => (Modifier::BOLD, None),
            Tone::Dim => (Modifier::DIM, None),
            Tone::Good => (Modifier::empty(), Some(Color::Green)),
            Tone::Bad => (Modifier::BOLD, Some(Color::Red)),
            Tone::Held => (Modifier::empty(), Some(Color::Yellow)),
            Tone::Info => (Modifier::empty(), Some(Color::Cyan)),
            Tone::Key => (Modifier::BOLD, Some(Color::Cyan)),
            Tone::Chosen => (Modifier::REVERSED, None),
            Tone::Field => (Modifier::UNDERLINED, None),
        };
        let style = plain.add_modifier(modifier);
        match (self, colour) {
            (Self::Colour, Some(colour)) => style.fg(colour),
            _ => style,
        }
    }
}
