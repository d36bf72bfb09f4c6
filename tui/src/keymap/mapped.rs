//! The keys as somebody wants them: the table, with what `keys.toml` says.
//!
//! A line is an action and its keys: `promote = "Ctrl-p"`, `down = ["j", "Down"]`. Actions that are not named stay as they are.

use toml_edit::{Document, Item, Value};

use super::{Action, Binding, Group, KEYS, On};
use crate::key::Key;
use crate::screen::{Screen, TABS};

/// What a line of the file says that is wrong.
struct Wrong {
    at: usize,
    words: String,
}

/// All keys, and what each asks for.
#[derive(Clone, Debug)]
pub struct Keys(Vec<Binding>);

impl Default for Keys {
    fn default() -> Self {
        Self(KEYS.to_vec())
    }
}

impl Keys {
    /// Reads the text of `keys.toml`; words say which line is wrong, and what there is.
    pub fn read(text: &str) -> Result<Self, String> {
        let document: Document<&str> =
            Document::parse(text).map_err(|error| format!("no TOML: {}", error.to_string().trim_end()))?;
        let mut keys = Self::default();
        let mut mapped: Vec<(usize, Action)> = Vec::new();
        for (name, item) in document.iter() {
            let at = document.key(name).and_then(toml_edit::Key::span).map_or(0, |span| span.start);
            let read = action(name)
                .and_then(|action| Ok((action, presses(name, item)?)))
                .and_then(|(action, presses)| keys.map(action, &presses).map(|()| action));
            match read {
                Ok(action) => mapped.push((at, action)),
                Err(words) => return Err(Wrong { at, words }.told(text)),
            }
        }
        match keys.twice(&mapped) {
            Some(wrong) => Err(wrong.told(text)),
            None => Ok(keys),
        }
    }

    /// Gives an action other keys than it had.
    fn map(&mut self, action: Action, presses: &[Key]) -> Result<(), String> {
        let known: Vec<Binding> = self.0.iter().copied().filter(|one| one.action == action).collect();
        let Some(like) = known.iter().find(|one| !one.hint.is_empty()).or_else(|| known.first()).copied()
        else {
            return Ok(());
        };
        if like.group == Group::Change
            && let Some(key) = presses.iter().find(|key| !is_careful(**key))
        {
            return Err(format!(
                "{} changes something: it takes a capital letter, a key with Ctrl, + or -, and not {}",
                name(action),
                key.name()
            ));
        }
        // An action may mean something on some screens by one key and on all by another.
        let all = known.iter().any(|one| one.on == On::All);
        let mut places: Vec<On> = Vec::new();
        for one in known.iter().filter(|one| !all || one.on == On::All) {
            if !places.contains(&one.on) {
                places.push(one.on);
            }
        }
        let first = self.0.iter().position(|one| one.action == action).unwrap_or_default();
        self.0.retain(|one| one.action != action || is_fixed(one.key));
        let made = presses.iter().enumerate().flat_map(|(index, key)| {
            let hint = if index == 0 { like.hint } else { "" };
            places.iter().map(move |on| Binding { key: *key, on: *on, hint, ..like })
        });
        let made: Vec<Binding> = made.collect();
        self.0.splice(first..first, made);
        Ok(())
    }

    /// Returns a key that would ask for two things on a screen, with the line that makes it so.
    fn twice(&self, mapped: &[(usize, Action)]) -> Option<Wrong> {
        let screens = TABS.map(|(screen, ..)| screen).into_iter().chain([Screen::Feature]);
        for screen in screens {
            let mut seen: Vec<&Binding> = Vec::new();
            for binding in self.on(screen) {
                let other =
                    seen.iter().find(|other| other.key == binding.key && other.action != binding.action);
                if let Some(other) = other {
                    let both = [other.action, binding.action];
                    let line = mapped.iter().rev().find(|(_, action)| both.contains(action));
                    let words = format!(
                        "{} would be {} and {}; give one of them another key",
                        binding.key.name(),
                        name(other.action),
                        name(binding.action)
                    );
                    return Some(Wrong { at: line.map_or(0, |(at, _)| *at), words });
                }
                seen.push(binding);
            }
        }
        None
    }

    /// Returns a part of a screen's help: the keys of a thing, what it is, and one of its actions.
    pub(crate) fn help(&self, screen: Screen, group: Group) -> Vec<(Vec<String>, &'static str, Action)> {
        let mut rows: Vec<(Vec<String>, &'static str, Action)> = Vec::new();
        for binding in self.on(screen).filter(|binding| binding.group == group) {
            // The numbers of the screens are told at once.
            let words = match binding.action {
                Action::Show(_) => "the screens, in the order of the tabs",
                _ => binding.help,
            };
            match rows.iter_mut().find(|(_, known, _)| *known == words) {
                Some((keys, ..)) => keys.push(binding.key.name()),
                None => rows.push((vec![binding.key.name()], words, binding.action)),
            }
        }
        rows
    }

    /// Returns what a key asks for on a screen.
    pub(crate) fn action(&self, key: Key, screen: Screen) -> Option<Action> {
        self.on(screen).find(|binding| binding.key == key).map(|binding| binding.action)
    }

    /// Returns all keys.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Binding> {
        self.0.iter()
    }

    /// Returns all keys of a screen.
    pub(crate) fn on(&self, screen: Screen) -> impl Iterator<Item = &Binding> {
        self.0.iter().filter(move |binding| binding.on.is_on(screen))
    }

    /// Returns the first key of an action on a screen.
    pub(crate) fn key_of(&self, action: Action, screen: Screen) -> Option<Key> {
        self.on(screen).find(|binding| binding.action == action).map(|binding| binding.key)
    }

    /// Returns what that key is called; nothing where there is none.
    pub(crate) fn called(&self, action: Action, screen: Screen) -> String {
        self.key_of(action, screen).map_or_else(String::new, Key::name)
    }
}

/// Returns what an action is called: `roll-back`, `show-kills`.
pub(crate) fn name(action: Action) -> String {
    let mut name = String::new();
    for c in format!("{action:?}").chars() {
        match c {
            '(' => {}
            ')' => {}
            c if c.is_uppercase() => {
                if !name.is_empty() {
                    name.push('-');
                }
                name.extend(c.to_lowercase());
            }
            c => name.push(c),
        }
    }
    name
}

fn action(wanted: &str) -> Result<Action, String> {
    let mut names: Vec<String> = Vec::new();
    for binding in KEYS {
        let name = name(binding.action);
        if name == wanted {
            return Ok(binding.action);
        }
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Err(format!("{wanted:?} is no action; there are {}", names.join(", ")))
}

fn presses(name: &str, item: &Item) -> Result<Vec<Key>, String> {
    let wrong =
        || format!("{name} wants a key or several: {name} = \"Ctrl-p\", or {name} = [\"j\", \"Down\"]");
    let texts: Vec<&str> = match item.as_value() {
        Some(Value::String(text)) => vec![text.value()],
        Some(Value::Array(texts)) => {
            texts.iter().map(|text| text.as_str().ok_or_else(wrong)).collect::<Result<_, _>>()?
        }
        _ => return Err(wrong()),
    };
    if texts.is_empty() {
        return Err(wrong());
    }
    texts.into_iter().map(press).collect()
}

fn press(text: &str) -> Result<Key, String> {
    match Key::named(text) {
        None => Err(format!(
            "{text:?} is no key; write a character, Ctrl-x, or one of {}",
            Key::names().collect::<Vec<_>>().join(", ")
        )),
        Some(key) if is_fixed(key) => {
            Err(format!("{text} stays as it is: Enter goes in, Esc goes out, Ctrl-c quits"))
        }
        Some(key) => Ok(key),
    }
}

/// These are what they are, so that whoever sits down can go in, out and away.
fn is_fixed(key: Key) -> bool {
    matches!(key, Key::Enter | Key::Esc | Key::Ctrl('c'))
}

/// Nobody presses these by accident while typing or moving.
fn is_careful(key: Key) -> bool {
    matches!(key, Key::Char(c) if c.is_uppercase() || "+-".contains(c)) || matches!(key, Key::Ctrl(_))
}

impl Wrong {
    fn told(&self, text: &str) -> String {
        let before = text.get(..self.at).unwrap_or_default();
        format!("line {}: {}", before.matches('\n').count() + 1, self.words)
    }
}

#[cfg(test)]
mod tests {
    use super::{Keys, name};
    use crate::key::Key;
    use crate::keymap::{Action, KEYS};
    use crate::screen::Screen;

    #[test]
    fn keys_are_mapped() {
        let text = "# mine\npromote = \"Ctrl-p\"\ndown = [\"j\", \"Ctrl-n\", \"Down\"]\nnext-match = \"x\"\nexplain = \"X\"\nreject = \"D\"\n";
        let keys = Keys::read(text).unwrap();
        assert_eq!(keys.action(Key::Ctrl('p'), Screen::Features), Some(Action::Promote));
        assert_eq!(keys.action(Key::Char('P'), Screen::Features), None);
        assert_eq!(keys.key_of(Action::Promote, Screen::Feature), Some(Key::Ctrl('p')));
        assert_eq!(keys.action(Key::Ctrl('n'), Screen::Edges), Some(Action::Down));
        assert_eq!(keys.action(Key::Down, Screen::Edges), Some(Action::Down));
        let hint = keys.on(Screen::Feature).find(|key| key.key == Key::Ctrl('p')).unwrap().hint;
        assert_eq!(hint, "promote", "hints show the mapped key");
        let all = Keys::read("").unwrap();
        assert_eq!(all.on(Screen::Edges).count(), Keys::default().on(Screen::Edges).count());
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let wrong = |text: &str| Keys::read(text).unwrap_err();
        assert!(
            wrong("\n\npromot = \"Ctrl-p\"")
                .starts_with("line 3: \"promot\" is no action; there are enter, promote")
        );
        assert!(
            wrong("promote = \"Crtl-p\"").contains("line 1: \"Crtl-p\" is no key; write a character, Ctrl-x")
        );
        assert!(wrong("promote = 1").contains("wants a key or several"));
        assert!(wrong("promote = []").contains("wants a key or several"));
        assert!(wrong("kill = \"x\"").contains("kill changes something"));
        assert!(wrong("kill = \"Space\"").contains("kill changes something"));
        assert!(wrong("quit = \"Esc\"").contains("Esc goes out"));
        assert!(wrong("follow = \"z\"\n[more]").contains("line 2: \"more\" is no action"));
        assert!(wrong("kill = [").contains("no TOML"));
        let twice = wrong("sort = \"w\"\nfile = \"Ctrl-x\"");
        assert!(twice.starts_with("line 1: w would be"), "{twice}");
    }

    #[test]
    fn an_exchange_is_no_conflict() {
        let keys = Keys::read("kill = \"U\"\nrestore = \"K\"").unwrap();
        assert_eq!(keys.action(Key::Char('U'), Screen::Kills), Some(Action::Kill));
        assert_eq!(keys.action(Key::Char('K'), Screen::Kills), Some(Action::Restore));
    }

    #[test]
    fn every_action_has_a_name_of_its_own() {
        assert_eq!(name(Action::RollBack), "roll-back");
        assert_eq!(name(Action::Show(Screen::Kills)), "show-kills");
        for one in KEYS {
            for other in KEYS {
                assert_eq!(name(one.action) == name(other.action), one.action == other.action);
            }
        }
    }

    #[test]
    fn every_key_is_read_as_it_is_written() {
        for binding in KEYS {
            assert_eq!(Key::named(&binding.key.name()), Some(binding.key));
        }
        assert_eq!(Key::named("Up"), Some(Key::Up));
        assert_eq!(Key::named("ctrl-X"), Some(Key::Ctrl('x')));
        assert_eq!(Key::named(""), None);
        assert_eq!(Key::named("ab"), None);
    }
}
