//! The command palette: what each line would do, found as one types.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher};
use tui_input::Input;

use super::App;
use crate::dialog::field::edit;
use crate::effect::Effect;
use crate::key::Key;
use crate::keymap::{self, Action, Binding, Group};
use crate::screen::{Pane, Screen, TABS};
use crate::step::Step;
use crate::theme::Palette;

/// A line of the palette.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    /// What is typed to find it.
    pub(crate) words: String,
    /// What it does, in more words, or why it is off.
    pub(crate) about: String,
    /// The key that does the same, if there is one.
    pub(crate) key: String,
    does: Does,
}

#[derive(Clone, Debug)]
enum Does {
    Act(Action),
    /// Goes where a key does it, and says so.
    There(Screen, Action),
    Change(i64),
    Connect(String),
    Env(Option<String>),
    Colours(Palette),
    Open(String),
    /// What a key does with a feature of the list.
    Feature(Action, String),
}

impl Command {
    /// Returns whether it may be meant: what leads to another place is, by its words and not by letters here and there.
    fn is_meant(&self, typed: &str) -> bool {
        let words = self.words.to_lowercase();
        match self.does {
            Does::Env(_) | Does::Connect(_) => {
                typed.to_lowercase().split_whitespace().all(|word| words.contains(word))
            }
            _ => true,
        }
    }
}

/// What can be done with a feature by its key, and what that is.
const DEEDS: [(&str, Action, &str); 4] = [
    ("promote", Action::Promote, "to the next stage"),
    ("roll back", Action::RollBack, "a stage"),
    ("kill", Action::Kill, "turn it off at once"),
    ("restore", Action::Restore, "take a kill back"),
];

impl App {
    /// Returns the commands that what is typed may mean, the likeliest first.
    pub(crate) fn commands(&self, typed: &str) -> Vec<Command> {
        let mut all = self.all_commands();
        if typed.trim().is_empty() {
            return all;
        }
        all.extend(self.feature_commands(typed));
        let pattern = Pattern::parse(typed, CaseMatching::Ignore, Normalization::Smart);
        let mut matcher = Matcher::new(Config::DEFAULT);
        let words = all.iter().enumerate().map(|(at, command)| Found { at, words: &command.words });
        let found = pattern.match_list(words, &mut matcher);
        let mut found: Vec<Command> = found
            .into_iter()
            .filter_map(|(found, _)| all.get(found.at))
            .filter(|command| command.is_meant(typed))
            .cloned()
            .collect();
        // What was not read yet can be opened all the same.
        found.extend(self.unread(typed.trim(), found.is_empty()));
        found
    }

    /// Returns how to open what is not known here, where what is typed looks like a change or a feature.
    fn unread(&self, typed: &str, none: bool) -> Option<Command> {
        if let Some(number) = typed.strip_prefix('#').and_then(|number| number.parse().ok()) {
            return Some(command(format!("#{number}"), "this change", Does::Change(number)));
        }
        let key = typed.strip_prefix("open ").unwrap_or(typed).trim();
        let known = self.screens.features.is_whole() || self.screens.features.keys().any(|one| one == key);
        let open = || command(format!("open {key}"), "as it is typed", Does::Open(key.to_owned()));
        (none && !known && is_like_a_key(key)).then(open)
    }

    /// Returns what can be done with features that are known, for as much of it as is typed.
    fn feature_commands(&self, typed: &str) -> Vec<Command> {
        let open = |key: &str| command(format!("open {key}"), "this feature", Does::Open(key.to_owned()));
        let mut all: Vec<Command> = self.screens.features.keys().map(open).collect();
        let verb = typed.trim_start().split(' ').next().unwrap_or_default();
        for (word, action, about) in DEEDS.iter().filter(|(word, ..)| word.starts_with(verb)) {
            let about =
                self.desk.off(*action).map_or_else(|| (*about).to_owned(), |why| format!("off: {why}"));
            all.extend(
                self.screens.features.keys().map(|key| {
                    command(format!("{word} {key}"), &about, Does::Feature(*action, key.to_owned()))
                }),
            );
        }
        all
    }

    fn all_commands(&self) -> Vec<Command> {
        let now = self.here();
        // What is nothing where the cursor is, and something on another screen, is told of there.
        let here = self.desk.keys.on(self.screen).filter(|key| key.is_command());
        let here = here.filter(|key| (key.when)(now) || self.elsewhere(key.action).is_none()).map(|key| {
            let about = self.about(key, key.help.to_owned());
            let words = keymap::name(key.action).replace('-', " ");
            Command { words, about, key: key.key.name(), does: Does::Act(key.action) }
        });
        let screens = TABS.map(|(screen, name, _)| {
            let act = Action::Show(screen);
            let key = self.desk.keys.called(act, self.screen);
            Command { key, ..command(name.to_lowercase(), "go there", Does::Act(act)) }
        });
        let mut all: Vec<Command> = Vec::new();
        for command in screens.into_iter().chain(here).chain(self.there()).chain(self.choices()) {
            if all.iter().all(|known| known.words != command.words) {
                all.push(command);
            }
        }
        all
    }

    /// Returns what keys do on other screens.
    fn there(&self) -> impl Iterator<Item = Command> {
        self.desk.keys.all().filter(|key| key.is_command()).filter_map(|key| {
            let (screen, place) = self.elsewhere(key.action)?;
            let about = self.about(key, format!("{place}: {}", key.help));
            let words = keymap::name(key.action).replace('-', " ");
            Some(Command { words, about, key: key.key.name(), does: Does::There(screen, key.action) })
        })
    }

    /// Returns what there is to choose from: contexts, environments, colours.
    fn choices(&self) -> impl Iterator<Item = Command> {
        let contexts = self.desk.contexts.iter().map(|name| {
            command(format!("context {name}"), "another server, team or person", Does::Connect(name.clone()))
        });
        let envs = self.desk.environments.iter().map(|env| {
            command(
                format!("environment {}", env.key),
                "lists are about it",
                Does::Env(Some(env.key.clone())),
            )
        });
        let all_envs = command("environment all".to_owned(), "lists are about all", Does::Env(None));
        let colours = Palette::names().into_iter().filter_map(|name| {
            let does = Does::Colours(Palette::named(name)?);
            Some(command(format!("colours {name}"), "until it is closed", does))
        });
        contexts.chain(envs).chain([all_envs]).chain(colours)
    }

    /// Returns what an action is, or why it is off.
    fn about(&self, key: &Binding, help: String) -> String {
        let off = self.desk.off(key.action).filter(|_| key.group == Group::Change);
        off.map_or(help, |why| format!("off: {why}"))
    }

    /// Returns another screen that can be gone to and has a key for something, and what it is called.
    fn elsewhere(&self, action: Action) -> Option<(Screen, String)> {
        let opened = self.screens.feature.id().map(|key| (Screen::Feature, format!("on feature {key}")));
        let tabs = TABS.map(|(screen, name, _)| (screen, format!("on {}", name.to_lowercase())));
        // Kills has one for what is done on another.
        let does = |screen: Screen| (screen, action) != (Screen::Kills, Action::Kill);
        tabs.into_iter().chain(opened).find(|(screen, _)| {
            *screen != self.screen && does(*screen) && self.desk.keys.key_of(action, *screen).is_some()
        })
    }

    pub(super) fn key_in_palette(&mut self, key: Key) -> Vec<Effect> {
        let Some(prompt) = &mut self.prompt else {
            return Vec::new();
        };
        match key {
            Key::Esc => self.prompt = None,
            Key::Down => {
                let typed = prompt.input.value().to_owned();
                let last = self.commands(&typed).len().saturating_sub(1);
                if let Some(prompt) = &mut self.prompt {
                    prompt.at = prompt.at.saturating_add(1).min(last);
                }
            }
            Key::Up => prompt.at = prompt.at.saturating_sub(1),
            Key::Tab => {
                let (typed, at) = (prompt.input.value().to_owned(), prompt.at);
                let words = self.commands(&typed).into_iter().nth(at).map(|command| command.words);
                if let (Some(prompt), Some(words)) = (&mut self.prompt, words) {
                    (prompt.input, prompt.at) = (Input::new(words), 0);
                }
            }
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
            Does::There(screen, action) => {
                let effects = self.go(screen);
                let key = self.desk.keys.on(screen).find(|key| key.action == action);
                let words = key.map(|key| format!("{} does it here: {}", key.key.name(), key.help));
                self.said = words;
                effects
            }
            Does::Change(number) => self.steps(vec![Step::OpenChange(number)]),
            Does::Open(key) => self.open_feature(&key, self.desk.place.env.clone()),
            Does::Feature(action, key) => {
                self.screens.features.pick(&key, &self.desk);
                let mut effects = self.go(Screen::Features);
                effects.extend(self.act(action));
                effects
            }
            Does::Colours(palette) => {
                self.desk.look.palette = palette;
                Vec::new()
            }
            Does::Env(env) => {
                self.desk.place.env = env;
                self.refresh()
            }
        }
    }
}

fn command(words: String, about: &str, does: Does) -> Command {
    Command { words, about: about.to_owned(), key: String::new(), does }
}

/// Returns whether it may be the key of a feature.
fn is_like_a_key(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c))
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
