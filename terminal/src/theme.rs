//! Colours, or none: what carries meaning is also said in words, marks or weight.

use ratatui::style::{Color, Modifier, Style};

#[derive(Clone, Copy)]
pub struct Theme {
    has_colours: bool,
}

impl Theme {
    /// Colours, unless `NO_COLOR` is set to anything (no-color.org).
    pub fn detect() -> Self {
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            has_colours: !no_colour,
        }
    }

    #[cfg(test)]
    pub fn plain() -> Self {
        Self { has_colours: false }
    }

    fn coloured(self, colour: Color) -> Style {
        if self.has_colours {
            Style::new().fg(colour)
        } else {
            Style::new()
        }
    }

    pub fn title(self) -> Style {
        self.coloured(Color::Cyan).add_modifier(Modifier::BOLD)
    }

    pub fn key(self) -> Style {
        self.coloured(Color::Cyan)
    }

    pub fn price(self) -> Style {
        self.coloured(Color::Yellow)
    }

    pub fn good(self) -> Style {
        self.coloured(Color::Green)
    }

    pub fn bad(self) -> Style {
        self.coloured(Color::Red).add_modifier(Modifier::BOLD)
    }
}

pub const FAINT: Style = Style::new().add_modifier(Modifier::DIM);
pub const STRONG: Style = Style::new().add_modifier(Modifier::BOLD);
/// The row under the cursor.
pub const CHOSEN: Style = Style::new().add_modifier(Modifier::REVERSED);
