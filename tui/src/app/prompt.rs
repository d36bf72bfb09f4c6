//! A line that is typed at the bottom: a filter, or a command.

use tui_input::Input;

use super::App;
use crate::dialog::field::edit;
use crate::effect::Effect;
use crate::key::Key;
use crate::overlay::{Choice, Overlay};

/// All environments, in a choice of one.
pub(super) const ALL: &str = "(all)";

/// A line that is typed.
#[derive(Clone, Debug)]
pub(crate) struct Prompt {
    pub(crate) kind: Kind,
    pub(crate) input: Input,
    /// Which of the suggestions the cursor is on.
    pub(crate) at: usize,
    /// What is wrong with it.
    pub(crate) wrong: Option<String>,
}

/// What the line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Filter,
    Command,
}

impl Prompt {
    pub(crate) fn new(kind: Kind, text: &str) -> Self {
        Self { kind, input: Input::new(text.to_owned()), at: 0, wrong: None }
    }
}

impl App {
    pub(super) fn key_in_prompt(&mut self, key: Key) -> Vec<Effect> {
        let Some(prompt) = &mut self.prompt else {
            return Vec::new();
        };
        match (prompt.kind, key) {
            (_, Key::Ctrl('c')) => self.prompt = None,
            (Kind::Filter, Key::Esc) => {
                self.prompt = None;
                let _ = self.screens.get_mut(self.screen).filter("", &self.desk);
            }
            (Kind::Filter, Key::Enter) if prompt.wrong.is_none() => self.prompt = None,
            (Kind::Filter, key) => {
                if edit(&mut prompt.input, key) {
                    let text = prompt.input.value().to_owned();
                    prompt.wrong = self.screens.get_mut(self.screen).filter(&text, &self.desk).err();
                }
            }
            (Kind::Command, key) => return self.key_in_palette(key),
        }
        Vec::new()
    }

    pub(super) fn choose_context(&mut self) {
        let items = self.desk.contexts.clone();
        if items.is_empty() {
            self.say("no context is saved; fgctl login --server URL makes one");
            return;
        }
        let at = items.iter().position(|name| *name == self.desk.place.context).unwrap_or_default();
        self.overlay = Some(Overlay::Choose { what: Choice::Context, items, at });
    }

    pub(super) fn choose_environment(&mut self) {
        let keys = self.desk.environments.iter().map(|env| env.key.clone());
        let items: Vec<String> = std::iter::once(ALL.to_owned()).chain(keys).collect();
        let here = self.desk.place.env.as_deref().unwrap_or(ALL);
        let at = items.iter().position(|key| key == here).unwrap_or_default();
        self.overlay = Some(Overlay::Choose { what: Choice::Environment, items, at });
    }
}
