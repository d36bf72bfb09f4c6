//! What keys do: in a dialog, over a screen, in a line that is typed, and else by the table.

use super::{App, Kind, Prompt};
use crate::dialog::{Wish, sign_in};
use crate::effect::{Effect, Query};
use crate::key::Key;
use crate::keymap::{Action, Group, Here};
use crate::look::Room;
use crate::order::flags_of;
use crate::overlay::{Choice, Overlay};
use crate::screen::Screen;
use crate::step::Step;

/// What quitting says at first, while it is not known what becomes of a change.
const ON_ITS_WAY: &str =
    "a change is on its way: what becomes of it is told here; the same key again quits all the same";

impl App {
    pub(super) fn key(&mut self, key: Key) -> Vec<Effect> {
        // What is not on the screen is not answered.
        let unseen = self.desk.room() == Room::None && !matches!(key, Key::Esc | Key::Ctrl('c'));
        if self.sign_in.is_some() {
            return if unseen { Vec::new() } else { self.key_in_sign_in(key) };
        }
        if self.dialog.is_some() {
            return if unseen { Vec::new() } else { self.key_in_dialog(key) };
        }
        if self.overlay.is_some() {
            return self.key_in_overlay(key);
        }
        if self.prompt.is_some() {
            return self.key_in_prompt(key);
        }
        match self.desk.keys.action(key, self.screen) {
            Some(action) => self.act(action),
            None => Vec::new(),
        }
    }

    fn key_in_sign_in(&mut self, key: Key) -> Vec<Effect> {
        match self.sign_in.as_mut().map(|dialog| dialog.key(key)) {
            Some(sign_in::Wish::Do(effect)) => return vec![effect],
            Some(sign_in::Wish::Close) => {
                self.sign_in = None;
                let words = match self.dialog {
                    Some(_) => "signed out; Enter on the button signs in".to_owned(),
                    None => format!("signed out; {} signs in", self.called(Action::Retry)),
                };
                self.say(words);
            }
            Some(sign_in::Wish::Nothing) | None => {}
        }
        Vec::new()
    }

    fn key_in_dialog(&mut self, key: Key) -> Vec<Effect> {
        let Some(dialog) = &mut self.dialog else {
            return Vec::new();
        };
        // What was opened while there was a connection is not sent without one.
        if key == Key::Enter
            && dialog.is_ready()
            && let Some(why) = self.desk.cut_off()
        {
            if !self.ask_who() {
                self.say(why);
            }
            return Vec::new();
        }
        match dialog.key(key, self.desk.now) {
            Wish::Nothing => Vec::new(),
            Wish::Copy(order) => {
                let text = order.command_at(&self.desk.place);
                let words = text.clone();
                self.steps(vec![Step::Copy { text, words }])
            }
            Wish::Reload => {
                self.dialog = None;
                self.say("look at it again");
                self.refresh()
            }
            Wish::Ask(query) => self.ask(query),
            Wish::Do(effect) => {
                let sent = dialog.sent().cloned();
                self.sent.extend(sent);
                vec![effect]
            }
            Wish::Close => {
                if dialog.state == crate::dialog::State::Sending {
                    self.say("it is on its way; what becomes of it is told here");
                }
                self.dialog = None;
                Vec::new()
            }
        }
    }

    /// Returns how much is shown at once of what lies over a screen, and how many rows of the help are not.
    fn page(&self) -> (usize, usize) {
        let height = usize::from(self.desk.size.1);
        let parts = Group::ALL.map(|group| self.desk.keys.help(self.screen, group).len());
        let rows: usize = parts.into_iter().filter(|rows| *rows > 0).map(|rows| rows + 2).sum();
        let rows = if self.desk.room() == Room::Wide { rows.div_ceil(2) } else { rows };
        (height, rows.saturating_sub(height.saturating_sub(4)))
    }

    fn key_in_overlay(&mut self, key: Key) -> Vec<Effect> {
        let page = self.page();
        let action = self.desk.keys.action(key, self.screen);
        let Some(overlay) = &mut self.overlay else {
            return Vec::new();
        };
        if let Key::Char(letter) = key
            && overlay.find(letter)
        {
            return Vec::new();
        }
        if let (Key::Enter, Overlay::Choose { what, items, at, .. }) = (key, &*overlay) {
            let (what, chosen) = (what.clone(), items.get(*at).cloned());
            self.overlay = None;
            return chosen.map(|chosen| self.chosen(what, chosen)).unwrap_or_default();
        }
        match action {
            Some(Action::Back | Action::Help | Action::Enter | Action::Quit) => self.overlay = None,
            Some(action) => overlay.scroll(action, page),
            None => {}
        }
        Vec::new()
    }

    /// Moves in what is on top; a dialog is not moved in by the wheel.
    pub(super) fn wheel(&mut self, action: Action) -> Vec<Effect> {
        let page = self.page();
        if self.sign_in.is_some() {
            return Vec::new();
        }
        match (&self.dialog, &mut self.overlay) {
            (Some(_), _) => Vec::new(),
            (None, Some(overlay)) => {
                overlay.scroll(action, page);
                Vec::new()
            }
            (None, None) => self.act(action),
        }
    }

    fn chosen(&mut self, what: Choice, chosen: String) -> Vec<Effect> {
        match what {
            Choice::Context => vec![Effect::Connect(chosen)],
            Choice::Stage(action, key) => {
                let place = (key.as_str(), chosen.as_str());
                let steps = self.screens.get_mut(self.screen).act_in(action, place, &self.desk);
                self.steps(steps)
            }
            Choice::Environment => {
                self.desk.place.env = Some(chosen).filter(|env| env != super::prompt::ALL);
                self.refresh()
            }
        }
    }

    pub(super) fn pasted(&mut self, text: &str) -> Vec<Effect> {
        if let Some(dialog) = &mut self.sign_in {
            dialog.paste(text);
        } else if let Some(dialog) = &mut self.dialog {
            dialog.paste(text);
        } else if self.prompt.is_some() {
            return text.chars().filter(|c| !c.is_control()).flat_map(|c| self.key(Key::Char(c))).collect();
        }
        Vec::new()
    }

    /// Does what a key asks for.
    pub(super) fn act(&mut self, action: Action) -> Vec<Effect> {
        let said = self.said.take();
        if action == Action::Quit && said.as_deref() != Some(ON_ITS_WAY) && !self.sent.is_empty() {
            self.say(ON_ITS_WAY);
            return Vec::new();
        }
        let changes =
            self.desk.keys.on(self.screen).any(|key| key.action == action && key.group == Group::Change);
        if changes && let Some(why) = self.desk.off(action) {
            self.say(why);
            return Vec::new();
        }
        if let Some(steps) = self.screens.get_mut(self.screen).act(action, &self.desk) {
            return self.steps(steps);
        }
        self.act_anywhere(action)
    }

    fn act_anywhere(&mut self, action: Action) -> Vec<Effect> {
        match action {
            Action::Show(screen) => return self.go(screen),
            Action::Back => return self.back(),
            Action::Help => self.overlay = Some(Overlay::Help(0)),
            Action::Filter => {
                let text = self.screens.get(self.screen).filtered().to_owned();
                self.prompt = Some(Prompt::new(Kind::Filter, &text));
            }
            Action::Palette => {
                self.prompt = Some(Prompt::new(Kind::Command, ""));
                // It finds features by their keys.
                if !self.screens.features.is_whole() {
                    return self.ask(Query::FeatureRows);
                }
            }
            Action::Contexts => self.choose_context(),
            Action::Environments => self.choose_environment(),
            Action::CopyId => return self.copy_id(),
            Action::CopyCommand => {
                let command = self.screens.get(self.screen).command(&self.desk);
                let text = format!("{command}{}", flags_of(&self.desk.place));
                let words = text.clone();
                return self.steps(vec![Step::Copy { text, words }]);
            }
            Action::Refresh => return self.refresh(),
            Action::Retry if self.ask_who() => {}
            Action::Retry => {
                let mut effects = vec![Effect::Listen];
                effects.extend(self.refresh());
                return effects;
            }
            Action::Pause => return self.pause(),
            Action::Colours => {
                self.desk.look.palette = self.desk.look.palette.next();
                self.say(format!("colours: {}", self.desk.look.palette.name()));
            }
            Action::Mouse => {
                self.mouse = !self.mouse;
                let words = match self.mouse {
                    true => format!("the wheel moves; {} gives it back", self.called(Action::Mouse)),
                    false => "the mouse is the terminal's".to_owned(),
                };
                self.say(words);
                return vec![Effect::Mouse(self.mouse)];
            }
            Action::ClientLog => {
                let lines = self.desk.noted().map(Into::into).collect();
                self.overlay = Some(Overlay::Text { title: "Client log".to_owned(), lines, top: 0 });
            }
            Action::Redraw => return vec![Effect::Redraw],
            Action::Suspend => return vec![Effect::Suspend],
            Action::Quit => return vec![Effect::Quit],
            _ => {}
        }
        Vec::new()
    }

    /// Returns what can be done where the cursor is.
    pub(crate) fn here(&self) -> Here {
        let pane = self.screens.get(self.screen);
        let here = pane.here(&self.desk);
        let out = !self.trail.is_empty() || self.screen == Screen::Feature || !pane.filtered().is_empty();
        Here { back: here.back || out, ..here }
    }

    /// Returns what the key of an action is called on this screen.
    fn called(&self, action: Action) -> String {
        self.desk.keys.called(action, self.screen)
    }

    /// Goes out: of a filter first, then to where somebody came from.
    fn back(&mut self) -> Vec<Effect> {
        let pane = self.screens.get_mut(self.screen);
        if !pane.filtered().is_empty() && pane.filter("", &self.desk).is_ok() {
            return Vec::new();
        }
        match self.trail.pop() {
            Some(screen) => {
                self.screen = screen;
                self.refresh()
            }
            None if self.screen == Screen::Feature => self.go(Screen::Features),
            None => Vec::new(),
        }
    }

    fn copy_id(&mut self) -> Vec<Effect> {
        match self.screens.get(self.screen).id() {
            Some(text) => {
                let words = text.clone();
                self.steps(vec![Step::Copy { text, words }])
            }
            None => Vec::new(),
        }
    }

    fn pause(&mut self) -> Vec<Effect> {
        if self.desk.paused.take().is_some() {
            self.desk.missed = 0;
            self.lose();
            return self.refresh();
        }
        self.desk.paused = Some(self.desk.now);
        self.say(format!("paused: nothing new is shown until {}", self.called(Action::Pause)));
        Vec::new()
    }
}
