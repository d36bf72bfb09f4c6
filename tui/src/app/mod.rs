//! All that is known, and what each message does to it. No I/O, no clock, no terminal.

mod answer;
mod command;
mod counts;
mod desk;
mod doubt;
mod keys;
mod news;
mod prompt;
#[cfg(test)]
mod property;
mod server;
#[cfg(test)]
pub(crate) mod tests;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Timelike, Utc};

pub(crate) use desk::{Desk, Link};
pub(crate) use prompt::{Kind, Prompt};

use crate::dialog::Dialog;
use crate::dialog::sign_in::SignIn;
use crate::effect::{Effect, Query};
use crate::host::Place;
use crate::keymap::{Action, Keys};
use crate::look::Look;
use crate::message::{Message, Mouse};
use crate::order::Order;
use crate::overlay::Overlay;
use crate::screen::changes::Changes;
use crate::screen::edges::Edges;
use crate::screen::events::Events;
use crate::screen::feature::Feature;
use crate::screen::features::Features;
use crate::screen::kills::Kills;
use crate::screen::overview::Overview;
use crate::screen::{Pane, Screen};
use crate::step::Step;

/// How long is the shortest time between two questions of one kind?
const BETWEEN: TimeDelta = TimeDelta::milliseconds(400);
/// How often is asked where subscriptions do not come through?
const POLL: TimeDelta = TimeDelta::seconds(5);
/// How often is asked all the same, as edges come and go by time alone?
const ASK_AGAIN: TimeDelta = TimeDelta::seconds(60);
/// How long has no key been pressed until what the cursor is on is asked about?
const REST: Duration = Duration::from_millis(120);

/// The dashboard.
pub struct App {
    pub(crate) desk: Desk,
    pub(crate) screen: Screen,
    /// Where Esc leads.
    trail: Vec<Screen>,
    pub(crate) screens: Screens,
    pub(crate) dialog: Option<Dialog>,
    /// Over all else.
    pub(crate) sign_in: Option<SignIn>,
    pub(crate) overlay: Option<Overlay>,
    pub(crate) prompt: Option<Prompt>,
    /// What the message row says.
    pub(crate) said: Option<String>,
    /// Whether the mouse is ours.
    pub(crate) mouse: bool,
    asked: Vec<Asked>,
    tickets: u64,
    /// When a key was pressed last.
    touched: DateTime<Utc>,
    /// For whom something was explained last, as it was typed.
    whom: String,
    /// What is on its way, and not answered yet.
    sent: Vec<Order>,
}

/// The screens.
#[derive(Default)]
pub(crate) struct Screens {
    pub(crate) overview: Overview,
    pub(crate) features: Features,
    pub(crate) feature: Feature,
    pub(crate) changes: Changes,
    pub(crate) kills: Kills,
    pub(crate) edges: Edges,
    pub(crate) events: Events,
}

/// A question that was asked.
#[derive(Debug)]
struct Asked {
    query: Query,
    ticket: u64,
    at: DateTime<Utc>,
    answered: bool,
    /// The answer was that there is none.
    failed: bool,
    /// Something happened since: it is to be asked again.
    again: bool,
}

impl Asked {
    /// Returns whether it is asked again once something happened: what is shown, and who and where we are.
    fn is_kept(&self, live: &[Query]) -> bool {
        matches!(self.query, Query::Caller | Query::Environments) || live.contains(&self.query)
    }
}

impl Screens {
    /// Returns a screen.
    pub(crate) fn get(&self, screen: Screen) -> &dyn Pane {
        match screen {
            Screen::Overview => &self.overview,
            Screen::Features => &self.features,
            Screen::Feature => &self.feature,
            Screen::Changes => &self.changes,
            Screen::Kills => &self.kills,
            Screen::Edges => &self.edges,
            Screen::Events => &self.events,
        }
    }

    pub(crate) fn get_mut(&mut self, screen: Screen) -> &mut dyn Pane {
        match screen {
            Screen::Overview => &mut self.overview,
            Screen::Features => &mut self.features,
            Screen::Feature => &mut self.feature,
            Screen::Changes => &mut self.changes,
            Screen::Kills => &mut self.kills,
            Screen::Edges => &mut self.edges,
            Screen::Events => &mut self.events,
        }
    }
}

impl App {
    /// Begins with nothing known but where to look.
    pub fn new(place: Place, contexts: Vec<String>, look: Look, now: DateTime<Utc>) -> Self {
        Self {
            desk: Desk::new(place, contexts, look, now),
            screen: Screen::default(),
            trail: Vec::new(),
            screens: Screens::default(),
            dialog: None,
            sign_in: None,
            overlay: None,
            prompt: None,
            said: None,
            mouse: false,
            asked: Vec::new(),
            tickets: 0,
            touched: now,
            whom: String::new(),
            sent: Vec::new(),
        }
    }

    /// Uses other keys.
    #[must_use]
    pub fn with_keys(mut self, keys: Keys) -> Self {
        self.desk.keys = keys;
        self
    }

    /// Returns what is to be done at first.
    pub fn begin(&mut self) -> Vec<Effect> {
        let mut effects = vec![Effect::Listen];
        effects.extend(self.ask(Query::Caller));
        effects.extend(self.ask(Query::Environments));
        effects.extend(self.ask(Query::Knock));
        effects.extend(self.refresh());
        effects
    }

    /// Takes in what happened; returns what is to be done.
    pub fn update(&mut self, message: Message) -> Vec<Effect> {
        match message {
            Message::Key(key) => {
                self.touched = self.desk.now;
                self.key(key)
            }
            Message::Pasted(text) => self.pasted(&text),
            Message::Mouse(Mouse::Down) => self.wheel(Action::Down),
            Message::Mouse(Mouse::Up) => self.wheel(Action::Up),
            Message::Resized(width, height) => {
                self.desk.size = (width, height);
                Vec::new()
            }
            Message::Tick(now) => {
                let mut effects = self.tick(now);
                effects.extend(self.keep_counts());
                effects
            }
            Message::Answered { ticket, query, answer } => {
                self.answered(ticket, &query, answer.map(|answer| *answer))
            }
            Message::Heard(heard) => self.heard(heard),
            Message::Done { order, result } => self.done(&order, result),
            Message::DoneElsewhere(result) => self.done_elsewhere(result),
            Message::Edited { feature, env, base, result } => self.edited((feature, env), base, result),
            Message::SignedIn(Ok(connection)) => self.signed_in(&connection),
            Message::SignedIn(Err(words)) => {
                match &mut self.sign_in {
                    Some(dialog) => dialog.failed(words),
                    None => self.say(words),
                }
                Vec::new()
            }
            Message::Switched(place) => self.switched(place),
        }
    }

    /// Returns how long nothing changes by time alone.
    pub fn wake(&self) -> Duration {
        let second = Duration::from_secs(1);
        let seconds_matter = self.desk.away().is_some()
            || self.screens.get(self.screen).is_counting()
            || matches!(self.desk.link, Link::Connecting)
            || self.counts_are_old()
            || self.environments_are_old()
            || self.doubtful().is_some()
            || self.asked.iter().any(|asked| !asked.answered);
        let live = self.live();
        let again = |asked: &Asked| asked.answered && asked.again && asked.is_kept(&live);
        if self.desk.paused.is_none() && self.asked.iter().any(again) {
            return Duration::from_millis(100);
        }
        if self.unasked().is_some() || self.screens.get(self.screen).flashes() {
            return REST;
        }
        if seconds_matter {
            return second;
        }
        if let Link::Polling { .. } = self.desk.link {
            return second;
        }
        // Ages are told in minutes then.
        Duration::from_secs(60 - u64::from(self.desk.now.second().min(59)))
    }

    fn tick(&mut self, now: DateTime<Utc>) -> Vec<Effect> {
        let now = now + self.desk.ahead;
        self.desk.now = now;
        self.screens.get_mut(self.screen).settle(now);
        if self.desk.paused.is_some() {
            return self.keep_environments();
        }
        let every = if let Link::Polling { .. } = self.desk.link { POLL } else { ASK_AGAIN };
        let away = self.desk.away().is_some();
        let live = self.live();
        let due = |asked: &Asked| {
            let again = asked.again && now - asked.at >= BETWEEN && asked.is_kept(&live);
            let old = !away && now - asked.at >= every && live.contains(&asked.query);
            asked.answered && (again || old)
        };
        let due: Vec<Query> =
            self.asked.iter().filter(|asked| due(asked)).map(|asked| asked.query.clone()).collect();
        let rests = (now - self.touched).to_std().is_ok_and(|since| since >= REST);
        let unasked = self.unasked().filter(|query| rests && !self.was_just_asked(query));
        let mut effects: Vec<Effect> =
            due.into_iter().chain(unasked).flat_map(|query| self.ask(query)).collect();
        effects.extend(self.keep_environments());
        effects
    }

    /// Returns what is kept up to date: what the screen shows, and what the cursor is on.
    fn live(&self) -> Vec<Query> {
        let pane = self.screens.get(self.screen);
        let beside = pane.beside(&self.desk);
        pane.query(&self.desk).into_iter().chain(beside).chain(pane.detail(&self.desk)).collect()
    }

    /// Returns what is shown since the cursor or a filter is another, and was not asked yet.
    fn unasked(&self) -> Option<Query> {
        if self.desk.paused.is_some() {
            return None;
        }
        let is_new = |asked: &Asked, query: &Query| {
            asked.query != *query && (asked.answered || !asked.query.is_same(query))
        };
        self.live().into_iter().find(|query| self.asked.iter().all(|asked| is_new(asked, query)))
    }

    /// Asks again what is kept up to date.
    pub(super) fn refresh(&mut self) -> Vec<Effect> {
        self.live().into_iter().flat_map(|query| self.ask(query)).collect()
    }

    /// Asks, unless the same is asked already: then it is asked again once that is answered.
    fn ask(&mut self, query: Query) -> Vec<Effect> {
        if let Some(asked) = self.asked.iter_mut().find(|asked| asked.query == query && !asked.answered) {
            asked.again = true;
            return Vec::new();
        }
        self.tickets += 1;
        let ticket = self.tickets;
        self.asked.retain(|asked| !asked.query.is_like(&query));
        if let Some(screen) = query.screen() {
            self.screens.get_mut(screen).asked(&query);
        }
        self.asked.push(Asked {
            query: query.clone(),
            ticket,
            at: self.desk.now,
            answered: false,
            failed: false,
            again: false,
        });
        vec![Effect::Ask { ticket, query }]
    }

    /// Returns whether a question is on its way.
    fn is_asking(&self, query: &Query) -> bool {
        self.asked.iter().any(|asked| asked.query == *query && !asked.answered)
    }

    /// Returns whether a question is on its way for long enough to be told.
    pub(crate) fn is_waiting(&self) -> bool {
        self.asked
            .iter()
            .filter(|asked| !self.is_for_counts(&asked.query))
            .any(|asked| !asked.answered && self.desk.now - asked.at >= TimeDelta::milliseconds(300))
    }

    /// Does what a screen wants.
    pub(crate) fn steps(&mut self, steps: Vec<Step>) -> Vec<Effect> {
        steps.into_iter().flat_map(|step| self.step(step)).collect()
    }

    fn step(&mut self, step: Step) -> Vec<Effect> {
        match step {
            Step::Ask(query) => return self.ask(query),
            Step::Go(screen) => return self.go(screen),
            Step::OpenFeature { key, env } => return self.open_feature(&key, env),
            Step::OpenChange(number) => {
                self.screens.changes.select(number);
                return self.go(Screen::Changes);
            }
            Step::OpenHistory { key, env } => {
                let effects = self.open_feature(&key, env);
                self.screens.feature.show_history();
                return effects;
            }
            Step::AskWhom { feature, env } => self.ask_whom(feature, env),
            Step::Open(dialog) => {
                let question = dialog.question();
                self.dialog = Some(*dialog);
                return question.map(|query| self.ask(query)).unwrap_or_default();
            }
            Step::Show(overlay) => self.overlay = Some(overlay),
            Step::Copy { text, words } => {
                self.say(format!("copied {words}"));
                return vec![Effect::Copy(text)];
            }
            Step::Edit { feature, env, base, config } => {
                return vec![Effect::Edit { feature, env, base, config }];
            }
            Step::Say(words) => self.say(words),
        }
        Vec::new()
    }

    /// Goes to a screen; Esc comes back.
    pub(crate) fn go(&mut self, screen: Screen) -> Vec<Effect> {
        if screen != self.screen {
            self.trail.retain(|past| *past != screen);
            self.trail.push(self.screen);
            self.screen = screen;
            self.said = None;
        }
        self.refresh()
    }

    fn open_feature(&mut self, key: &str, env: Option<String>) -> Vec<Effect> {
        self.screens.feature.open(key, env);
        self.go(Screen::Feature)
    }

    /// Says something in the message row.
    pub(crate) fn say(&mut self, words: impl Into<String>) {
        self.said = Some(words.into());
    }
}
