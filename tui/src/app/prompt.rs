//! A line that is typed at the bottom: a filter, or a command.

use tui_input::Input;

use super::App;
use crate::dialog::field::edit;
use crate::effect::{Effect, Query};
use crate::host::Asked;
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
    /// The feature and the environment that it is about, if it is about one.
    pub(crate) about: Option<(String, String)>,
    /// What is wrong with it.
    pub(crate) wrong: Option<String>,
}

/// What the line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Filter,
    Command,
    /// For whom something is to be explained.
    Whom,
}

impl Prompt {
    pub(crate) fn new(kind: Kind, text: &str) -> Self {
        Self { kind, input: Input::new(text.to_owned()), at: 0, about: None, wrong: None }
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
            (Kind::Whom, key) => return self.key_in_whom(key),
        }
        Vec::new()
    }

    /// Asks for whom a feature is to be explained; what was said last is there again.
    pub(super) fn ask_whom(&mut self, feature: String, env: String) {
        let about = Some((feature, env));
        self.prompt = Some(Prompt { about, ..Prompt::new(Kind::Whom, &self.whom) });
    }

    fn key_in_whom(&mut self, key: Key) -> Vec<Effect> {
        let Some(prompt) = &mut self.prompt else {
            return Vec::new();
        };
        match key {
            Key::Esc => self.prompt = None,
            Key::Enter => {
                let typed = prompt.input.value().to_owned();
                let Some((feature, env)) = prompt.about.clone() else {
                    return Vec::new();
                };
                match whom(&typed) {
                    Ok((key, attributes)) => {
                        self.prompt = None;
                        self.whom = typed;
                        return self.ask(Query::Explain(Asked { feature, env, key, attributes }));
                    }
                    Err(words) => prompt.wrong = Some(words),
                }
            }
            key => {
                if edit(&mut prompt.input, key) {
                    prompt.wrong = None;
                }
            }
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
        self.overlay = Some(Overlay::choose(Choice::Context, items, at));
    }

    pub(super) fn choose_environment(&mut self) {
        let keys = self.desk.environments.iter().map(|env| env.key.clone());
        let items: Vec<String> = std::iter::once(ALL.to_owned()).chain(keys).collect();
        let here = self.desk.place.env.as_deref().unwrap_or(ALL);
        let at = items.iter().position(|key| key == here).unwrap_or_default();
        self.overlay = Some(Overlay::choose(Choice::Environment, items, at));
    }
}

/// Reads for whom: a targeting key, and what is known of them, in words that may be quoted.
fn whom(typed: &str) -> Result<(String, Vec<String>), String> {
    let words = words(typed)?;
    let (mut key, mut attributes) = (String::new(), Vec::new());
    for (index, word) in words.into_iter().enumerate() {
        match word.split_once('=') {
            Some(("", _)) => return Err(format!("{word}: a name is missing before =")),
            Some(_) => attributes.push(word),
            None if index == 0 => key = word,
            None => return Err(format!("{word}: write what is known like tier=pro")),
        }
    }
    match key.is_empty() && attributes.is_empty() {
        true => Err("say for whom".to_owned()),
        false => Ok((key, attributes)),
    }
}

/// Takes text apart at spaces that are not within quotation marks.
fn words(text: &str) -> Result<Vec<String>, String> {
    let (mut words, mut word, mut within) = (Vec::new(), None::<String>, None);
    for c in text.chars() {
        match (within, c) {
            (Some(mark), c) if c == mark => within = None,
            (None, '"' | '\'') => {
                within = Some(c);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    if within.is_some() { Err("a quotation mark is not closed".to_owned()) } else { Ok(words) }
}

#[cfg(test)]
mod tests {
    use super::whom;

    #[test]
    fn somebody_is_a_key_and_what_is_known() {
        let (key, known) = whom("user-42 tier=pro city='New York'").unwrap();
        assert_eq!((key.as_str(), known.join("|")), ("user-42", "tier=pro|city=New York".to_owned()));
        assert_eq!(whom("tier=pro").unwrap(), (String::new(), vec!["tier=pro".to_owned()]));
        assert!(whom(" ").unwrap_err().contains("for whom"));
        assert!(whom("user-42 pro").unwrap_err().contains("tier=pro"));
        assert!(whom("=x").unwrap_err().contains("name"));
        assert!(whom("user '").unwrap_err().contains("not closed"));
    }
}
