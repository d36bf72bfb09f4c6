//! What is meant, and the colours that say it; never the only sign of it.

use fluxgate_wording::Tone;
use ratatui::style::{Color, Modifier, Style};

/// A set of colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Palette {
    /// The terminal's own sixteen.
    #[default]
    Inherit,
    /// For a dark background.
    Dark,
    /// For a light one.
    Light,
    /// As far apart as can be.
    HighContrast,
    /// Blue and orange where others have green and red.
    ColourBlind,
    /// None.
    Mono,
}

/// What a piece of the screen means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    Text,
    Dim,
    Title,
    Accent,
    Ok,
    Warn,
    Bad,
    Wait,
    /// The bar on top where a change reaches production.
    Protected,
    /// The row of the cursor.
    Selected,
    /// What was just changed.
    Flash,
}

const NAMES: [(Palette, &str); 6] = [
    (Palette::Inherit, "inherit"),
    (Palette::Dark, "dark"),
    (Palette::Light, "light"),
    (Palette::HighContrast, "high-contrast"),
    (Palette::ColourBlind, "colour-blind"),
    (Palette::Mono, "mono"),
];

impl Palette {
    /// Returns the palette of a name.
    pub fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, known)| *known == name).map(|(palette, _)| *palette)
    }

    /// Returns all names.
    pub fn names() -> [&'static str; 6] {
        NAMES.map(|(_, name)| name)
    }

    /// Returns its name.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(palette, _)| *palette == self).map_or("", |(_, name)| name)
    }

    /// Returns the one after it.
    pub(crate) fn next(self) -> Self {
        let at = NAMES.iter().position(|(palette, _)| *palette == self).unwrap_or_default();
        NAMES[(at + 1) % NAMES.len()].0
    }

    /// Returns how something is drawn.
    pub(crate) fn style(self, token: Token) -> Style {
        let plain = Style::new();
        let marked = match token {
            Token::Text => plain,
            Token::Dim => plain.add_modifier(Modifier::DIM),
            Token::Title | Token::Accent | Token::Warn | Token::Bad => plain.add_modifier(Modifier::BOLD),
            Token::Ok | Token::Wait => plain,
            Token::Protected | Token::Selected | Token::Flash => plain.add_modifier(Modifier::REVERSED),
        };
        if self == Self::Mono {
            return marked;
        }
        match token {
            Token::Text | Token::Selected | Token::Flash => marked,
            Token::Title => marked,
            Token::Protected => {
                let (text, ground) = self.alarm();
                plain.fg(text).bg(ground).add_modifier(Modifier::BOLD)
            }
            Token::Dim => plain.fg(self.colour(token)),
            Token::Bad => plain.fg(self.colour(token)).add_modifier(Modifier::BOLD),
            _ => plain.fg(self.colour(token)),
        }
    }

    /// Returns how a word of the CLI's tones is drawn.
    pub(crate) fn tone(self, tone: Tone) -> Style {
        self.style(match tone {
            Tone::Plain => Token::Text,
            Tone::Good => Token::Ok,
            Tone::Waiting => Token::Wait,
            Tone::Bad => Token::Bad,
            Tone::Dim => Token::Dim,
            Tone::Strong => Token::Title,
        })
    }

    fn alarm(self) -> (Color, Color) {
        match self {
            Self::ColourBlind => (Color::Black, Color::Indexed(208)),
            _ => (Color::White, Color::Red),
        }
    }

    fn colour(self, token: Token) -> Color {
        let [dim, accent, good, warn, bad] = match self {
            Self::Inherit | Self::Mono => {
                [Color::DarkGray, Color::Cyan, Color::Green, Color::Yellow, Color::Red]
            }
            Self::Dark => [244, 81, 114, 221, 203].map(Color::Indexed),
            Self::Light => [242, 25, 28, 130, 160].map(Color::Indexed),
            Self::HighContrast => {
                [Color::Gray, Color::LightCyan, Color::LightGreen, Color::LightYellow, Color::LightRed]
            }
            Self::ColourBlind => [244, 81, 75, 221, 208].map(Color::Indexed),
        };
        match token {
            Token::Dim => dim,
            Token::Accent => accent,
            Token::Ok => good,
            Token::Warn | Token::Wait => warn,
            _ => bad,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Palette, Token};

    #[test]
    fn a_name_is_its_palette() {
        for name in Palette::names() {
            assert_eq!(Palette::named(name).unwrap().name(), name);
        }
        assert!(Palette::named("pink").is_none());
    }

    #[test]
    fn mono_has_no_colour() {
        for token in [Token::Dim, Token::Accent, Token::Ok, Token::Bad, Token::Protected] {
            let style = Palette::Mono.style(token);
            assert!(style.fg.is_none() && style.bg.is_none(), "{token:?}");
        }
    }
}
