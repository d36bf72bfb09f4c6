//! The command palette: what each line would do, found as one types.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher};

use super::App;
use crate::dialog::field::edit;
use crate::effect::Effect;
use crate::key::Key;
use crate::keymap::{self, Action};
use crate::screen::TABS;

/// A line of the palette.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    /// What is typed to find it.
    pub(crate) words: String,
    /// What it does, in more words.
    pub(crate) about: String,
    does: Does,
}

#[derive(Clone, Debug)]
enum Does {
    Act(Action),
    Connect(String),
    Env(Option<String>),
}

impl App {
    /// Returns the commands that what is typed may mean, the likeliest first.
    pub(crate) fn commands(&self, typed: &str) -> Vec<Command> {
        let all = self.all_commands();
        if typed.trim().is_empty() {
            return all;
        }
        let pattern = Pattern::parse(typed, CaseMatching::Ignore, Normalization::Smart);
        let mut matcher = Matcher::new(Config::DEFAULT);
        let words = all.iter().enumerate().map(|(at, command)| Found { at, words: &command.words });
        let found = pattern.match_list(words, &mut matcher);
        found.into_iter().filter_map(|(found, _)| all.get(found.at).cloned()).collect()
    }

    fn all_commands(&self) -> Vec<Command> {
        let here = keymap::on(self.screen).filter(|key| !key.help.is_empty()).map(|key| Command {
            words: key.help.to_owned(),
            about: key.key.name(),
            does: Does::Act(key.action),
        });
        let screens = TABS.map(|(screen, name, _)| Command {
            words: name.to_lowercase(),
            about: "go there".to_owned(),
            does: Does::Act(Action::Show(screen)),
        });
        let contexts = self.desk.contexts.iter().map(|name| Command {
            words: format!("context {name}"),
            about: "another server, team or person".to_owned(),
            does: Does::Connect(name.clone()),
        });
        let envs = self.desk.environments.iter().map(|env| Command {
            words: format!("environment {}", env.key),
            about: "lists are about it".to_owned(),
            does: Does::Env(Some(env.key.clone())),
        });
        let all_envs = Command {
            words: "environment all".to_owned(),
            about: "lists are about all".to_owned(),
            does: Does::Env(None),
        };
        let mut all: Vec<Command> = Vec::new();
        for command in screens.into_iter().chain(here).chain(contexts).chain(envs).chain([all_envs]) {
            if all.iter().all(|known| known.words != command.words) {
                all.push(command);
            }
        }
        all
    }

    pub(super) fn key_in_palette(&mut self, key: Key) -> Vec<Effect> {
        let Some(prompt) = &mut self.prompt else {
            return Vec::new();
        };
        match key {
            Key::Esc => self.prompt = None,
            Key::Down | Key::Tab => prompt.at += 1,
            Key::Up | Key::BackTab => prompt.at = prompt.at.saturating_sub(1),
            Key::Enter => {
                let (typed, at) = (prompt.input.value().to_owned(), prompt.at);
                self.prompt = None;
                let commands = self.commands(&typed);
                let command = commands.get(at.min(commands.len().saturating_sub(1))).cloned();
                return command.map(|command| self.command(command.does)).unwrap_or_default();
            }
            key => {
                if edit(&mut prompt.input, key) {
                    prompt.at = 0;
                }
            }
        }
        Vec::new()
    }

    fn command(&mut self, does: Does) -> Vec<Effect> {
        match does {
            Does::Act(action) => self.act(action),
            Does::Connect(name) => vec![Effect::Connect(name)],
            Does::Env(env) => {
                self.desk.place.env = env;
                self.refresh()
            }
        }
    }
}

struct Found<'a> {
    at: usize,
    words: &'a str,
}

impl AsRef<str> for Found<'_> {
    fn as_ref(&self) -> &str {
        self.words
    }
}
