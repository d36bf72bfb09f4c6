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

/// Every named key, as help and `keys.toml` write it.
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

impl Key {
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
