//! What all screens know: where we are, who we are, what time it is, and how good the connection is.

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};
use fluxgate_client::EnvironmentType;
use fluxgate_client::environment::Environment;
use fluxgate_wording::time;

use crate::access::{self, Who};
use crate::host::Place;
use crate::keymap::{Action, Keys};
use crate::look::{Look, Room};

/// How many lines does the log keep?
const LOGGED: usize = 500;

/// How news come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// Not yet.
    Connecting,
    /// As they happen.
    Live,
    /// Not at the moment.
    Away { since: DateTime<Utc>, cause: String },
    /// By asking every few seconds: subscriptions do not come through.
    Polling { cause: String },
    /// Not any more, until somebody signs in.
    SignedOut { cause: String },
}

/// What all screens know.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) place: Place,
    pub(crate) contexts: Vec<String>,
    pub(crate) who: Option<Who>,
    pub(crate) environments: Vec<Environment>,
    /// The server's time, as far as that is told; by this machine's clock else.
    pub(crate) now: DateTime<Utc>,
    /// How far the server's clock is ahead, where that matters.
    pub(crate) ahead: TimeDelta,
    pub(crate) size: (u16, u16),
    pub(crate) look: Look,
    pub(crate) keys: Keys,
    pub(crate) link: Link,
    /// When something was heard of the server last.
    pub(crate) heard: Option<DateTime<Utc>>,
    /// The server's version.
    pub(crate) server: Option<String>,
    /// The newest revision that is known.
    pub(crate) revision: Option<i64>,
    /// Since when nothing new is taken in, because somebody wants it so.
    pub(crate) paused: Option<DateTime<Utc>>,
    /// How much has happened since then.
    pub(crate) missed: usize,
    log: VecDeque<(DateTime<Utc>, String)>,
}

impl Desk {
    pub(crate) fn new(place: Place, contexts: Vec<String>, look: Look, now: DateTime<Utc>) -> Self {
        Self {
            place,
            contexts,
            who: None,
            environments: Vec::new(),
            now,
            ahead: TimeDelta::zero(),
            size: (80, 24),
            look,
            keys: Keys::default(),
            link: Link::Connecting,
            heard: None,
            server: None,
            revision: None,
            paused: None,
            missed: 0,
            log: VecDeque::new(),
        }
    }

    /// Returns how much room there is.
    pub(crate) fn room(&self) -> Room {
        Room::of(self.size)
    }

    /// Returns how long ago something was, in minutes at least: the screen is not drawn every second.
    pub(crate) fn ago(&self, then: DateTime<Utc>) -> String {
        match (self.now - then).num_seconds() {
            -10..60 => "<1m".to_owned(),
            _ => time::ago(then, self.now),
        }
    }

    /// Returns whether a change in an environment is asked about; in one that is not known it is.
    pub(crate) fn is_protected(&self, env: &str) -> bool {
        let known = self.environments.iter().find(|known| known.key == env);
        known.is_none_or(|env| env.type_ == EnvironmentType::Production)
            || self.place.protected.iter().any(|protected| protected == env)
    }

    /// Returns why an action is off now, if it is.
    pub(crate) fn off(&self, action: Action) -> Option<String> {
        if let Some(why) = access::refused(self.who.as_ref(), &self.place, action) {
            return Some(why);
        }
        self.cut_off()
    }

    /// Returns why nothing can be sent at all.
    pub(crate) fn cut_off(&self) -> Option<String> {
        match &self.link {
            Link::Away { since, .. } => {
                Some(format!("changes are off: no connection since {}", time::of_day(*since)))
            }
            Link::SignedOut { .. } => Some("changes are off: signed out".to_owned()),
            _ => None,
        }
    }

    /// Notes what was asked or told, for `L`.
    pub(crate) fn note(&mut self, words: impl Into<String>) {
        if self.log.len() == LOGGED {
            self.log.pop_front();
        }
        self.log.push_back((self.now, words.into()));
    }

    /// Returns what was noted, the newest first.
    pub(crate) fn noted(&self) -> impl Iterator<Item = String> {
        self.log.iter().rev().map(|(at, words)| format!("{}  {words}", time::of_day(*at)))
    }

    /// Returns for how long the connection is away.
    pub(crate) fn away(&self) -> Option<TimeDelta> {
        match &self.link {
            Link::Away { since, .. } => Some(self.now - *since),
            _ => None,
        }
    }
}
