//! What the tabs count, kept up to date on every screen: it is what the overview shows.

use chrono::TimeDelta;

use super::{ASK_AGAIN, App, Link, POLL};
use crate::effect::{Effect, Query};
use crate::message::{Heard, News};
use crate::screen::{Pane, Screen};

/// How long is the shortest time between two questions for counts alone?
const BETWEEN: TimeDelta = TimeDelta::seconds(5);

impl App {
    /// Returns whether a question is asked for the counts alone, as another screen is shown.
    pub(super) fn is_for_counts(&self, query: &Query) -> bool {
        self.screen != Screen::Overview && matches!(query, Query::Overview { .. })
    }

    /// Returns whether something happened that the counts do not know yet.
    pub(super) fn counts_are_old(&self) -> bool {
        self.asked.iter().any(|asked| asked.again && self.is_for_counts(&asked.query))
    }

    /// Notes what the counts do not know yet.
    pub(super) fn heard_of_counts(&mut self, heard: &Heard) {
        let old = match heard {
            Heard::Connected => true,
            Heard::News(news) => news.iter().any(|one| matches!(one, News::Done(_) | News::Lost)),
            _ => false,
        };
        let shown = self.screen == Screen::Overview;
        let counts = self.asked.iter_mut().find(|asked| matches!(asked.query, Query::Overview { .. }));
        if let Some(asked) = counts.filter(|_| old && !shown) {
            asked.again = true;
        }
    }

    /// Asks for the counts, where they are out of date and were not asked just before.
    pub(super) fn keep_counts(&mut self) -> Vec<Effect> {
        self.screens.overview.later(&self.desk);
        if self.screen == Screen::Overview || self.desk.paused.is_some() || self.desk.away().is_some() {
            return Vec::new();
        }
        let Some(query) = self.screens.overview.query(&self.desk) else {
            return Vec::new();
        };
        let now = self.desk.now;
        let every = if let Link::Polling { .. } = self.desk.link { POLL } else { ASK_AGAIN };
        let due = match self.asked.iter().find(|asked| asked.query == query) {
            Some(asked) => {
                let since = now - asked.at;
                asked.answered && ((asked.again && since >= BETWEEN) || since >= every)
            }
            None => true,
        };
        if due { self.ask(query) } else { Vec::new() }
    }
}
