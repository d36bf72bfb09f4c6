//! A key as people know it, whatever a terminal calls it.

/// A key that was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// A character, with shift as it is typed.
    Char(char),
    /// A letter with control.
    Ctrl(char),
    /// The named ones.
    Enter,
    /// Out of where one is.
    Esc,
    /// To the next part.
    Tab,
    /// To the one before.
    BackTab,
    /// An arrow.
    Up,
    /// An arrow.
    Down,
    /// An arrow.
    Left,
    /// An arrow.
    Right,
    /// To the beginning.
    Home,
    /// To the end.
    End,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// Takes away what is before.
    Backspace,
    /// Takes away what is here.
    Delete,
}

/// Every named key, as the help writes it.
const NAMES: [(Key, &str); 15] = [
    (Key::Char(' '), "Space"),
    (Key::Enter, "Enter"),
    (Key::Esc, "Esc"),
    (Key::Tab, "Tab"),
    (Key::BackTab, "S-Tab"),
    (Key::Up, "↑"),
    (Key::Down, "↓"),
    (Key::Left, "←"),
    (Key::Right, "→"),
    (Key::Home, "Home"),
    (Key::End, "End"),
    (Key::PageUp, "PgUp"),
    (Key::PageDown, "PgDn"),
    (Key::Backspace, "Backspace"),
    (Key::Delete, "Delete"),
];

/// What can be typed instead of the arrows' signs.
const ARROWS: [(Key, &str); 4] =
    [(Key::Up, "Up"), (Key::Down, "Down"), (Key::Left, "Left"), (Key::Right, "Right")];

impl Key {
    /// Returns the key of a name.
    pub(crate) fn named(text: &str) -> Option<Self> {
        let named = NAMES.iter().chain(&ARROWS);
        if let Some((key, _)) = named.into_iter().find(|(_, name)| name.eq_ignore_ascii_case(text)) {
            return Some(*key);
        }
        let with_control = text.get(..5).filter(|start| start.eq_ignore_ascii_case("ctrl-"));
        let letters = with_control.map_or(text, |start| text.get(start.len()..).unwrap_or_default());
        let mut letters = letters.chars();
        match (letters.next(), letters.next(), with_control) {
            (Some(c), None, Some(_)) if c.is_ascii_alphabetic() => Some(Self::Ctrl(c.to_ascii_lowercase())),
            (Some(c), None, None) if !c.is_control() => Some(Self::Char(c)),
            _ => None,
        }
    }

    /// Returns the names of those that are no characters, as they are typed.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        let typed = NAMES.iter().filter(|(key, _)| ARROWS.iter().all(|(arrow, _)| arrow != key));
        typed.chain(&ARROWS).map(|(_, name)| *name)
    }

    /// Returns what the key is called.
    pub fn name(self) -> String {
        if let Some((_, name)) = NAMES.iter().find(|(key, _)| *key == self) {
            return (*name).to_owned();
        }
        match self {
            Self::Ctrl(c) => format!("Ctrl-{c}"),
            Self::Char(c) => c.to_string(),
            _ => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Key;

    #[test]
    fn keys_are_called_as_people_call_them() {
        assert_eq!(Key::Char('P').name(), "P");
        assert_eq!(Key::Ctrl('d').name(), "Ctrl-d");
        assert_eq!(Key::Char(' ').name(), "Space");
        assert_eq!(Key::BackTab.name(), "S-Tab");
    }
}
