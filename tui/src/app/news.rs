//! What a subscription's news do.

use super::{ASK_AGAIN, App, Asked, Link, POLL};
use crate::effect::{Effect, Query};
use crate::message::{Heard, News};
use crate::screen::{Screen, TABS};

impl App {
    pub(super) fn heard(&mut self, heard: Heard) -> Vec<Effect> {
        self.heard_of_counts(&heard);
        match heard {
            Heard::Connected => {
                self.desk.note("subscribed");
                self.desk.link = Link::Live;
                self.desk.heard = Some(self.desk.now);
                // What happened meanwhile is asked, not told.
                let about = [Query::Caller, Query::Environments];
                let unasked = about.into_iter().filter(|query| !self.is_asking(query));
                let mut effects: Vec<Effect> =
                    unasked.collect::<Vec<_>>().into_iter().flat_map(|query| self.ask(query)).collect();
                self.lose();
                effects.extend(self.refresh());
                return effects;
            }
            Heard::Away(cause) => {
                self.desk.note(format!("away: {cause}"));
                let since = match &self.desk.link {
                    Link::Away { since, .. } => *since,
                    _ => self.desk.now,
                };
                self.desk.link = Link::Away { since, cause };
            }
            Heard::Unable(cause) => {
                self.desk.note(format!("no subscriptions: {cause}"));
                self.desk.link = Link::Polling { cause };
            }
            Heard::SignedOut(cause) => {
                self.signed_out(cause);
            }
            Heard::News(news) => return self.news(&news),
        }
        Vec::new()
    }

    fn news(&mut self, news: &[News]) -> Vec<Effect> {
        self.desk.heard = Some(self.desk.now);
        for one in news {
            if let News::Revision(revision) = one {
                self.desk.revision = Some(*revision);
            }
            self.look_out(one);
        }
        // Which are protected is to be known whatever is shown.
        let mut effects = match news.iter().any(is_of_environments) {
            true => self.soon(Query::Environments),
            false => Vec::new(),
        };
        if self.desk.paused.is_some() {
            self.desk.missed += news.iter().filter(|one| matches!(one, News::Done(_))).count();
            return effects;
        }
        let mut known = true;
        for screen in TABS.map(|(screen, ..)| screen).into_iter().chain([Screen::Feature]) {
            for one in news {
                let knows = self.screens.get_mut(screen).hear(one, &self.desk);
                known &= knows || screen != self.screen;
            }
        }
        // What a screen knows is not asked.
        let live = if known { self.screens.get(self.screen).beside(&self.desk) } else { self.live() };
        effects.extend(live.into_iter().flat_map(|query| self.soon(query)));
        effects
    }

    /// Tells all screens that they were not told everything.
    pub(super) fn lose(&mut self) {
        for screen in TABS.map(|(screen, ..)| screen).into_iter().chain([Screen::Feature]) {
            self.screens.get_mut(screen).hear(&News::Lost, &self.desk);
        }
    }

    /// Tells an open dialog when somebody else touched what it is about.
    fn look_out(&mut self, news: &News) {
        let News::Done(entry) = news else {
            return;
        };
        let me = self.desk.who.as_ref().map(|who| who.user.as_str());
        let mine = me == Some(entry.owner.as_deref().unwrap_or(&entry.actor));
        if let Some(dialog) = &mut self.dialog {
            dialog.look_out(entry, mine);
        }
    }

    /// Asks now, or in a moment where the same was asked just before.
    fn soon(&mut self, query: Query) -> Vec<Effect> {
        let now = self.desk.now;
        match self.asked.iter_mut().find(|asked| asked.query.is_same(&query)) {
            Some(asked) if !asked.answered || now - asked.at < super::BETWEEN => {
                asked.again = true;
                Vec::new()
            }
            _ => self.ask(query),
        }
    }

    /// Returns whether the same was asked a moment ago.
    pub(super) fn was_just_asked(&self, query: &Query) -> bool {
        let just = |at| self.desk.now - at < super::BETWEEN;
        self.asked.iter().any(|asked| asked.query.is_same(query) && just(asked.at))
    }

    /// Returns whether which environments there are was asked in vain, or is to be asked again.
    pub(super) fn environments_are_old(&self) -> bool {
        let old = |asked: &Asked| asked.query == Query::Environments && (asked.failed || asked.again);
        self.is_reached() && self.asked.iter().any(old)
    }

    fn is_reached(&self) -> bool {
        !matches!(self.desk.link, Link::SignedOut { .. } | Link::Away { .. })
    }

    /// Asks which environments there are, where that was asked in vain, or is out of date.
    pub(super) fn keep_environments(&mut self) -> Vec<Effect> {
        let reached = self.is_reached();
        let polls = matches!(self.desk.link, Link::Polling { .. });
        let now = self.desk.now;
        let due = |asked: &Asked| {
            let since = now - asked.at;
            let again = asked.again && since >= super::BETWEEN;
            again || (asked.failed && reached && since >= POLL) || (polls && since >= ASK_AGAIN)
        };
        let asked = self.asked.iter().find(|asked| asked.query == Query::Environments);
        if asked.is_some_and(|asked| asked.answered && due(asked)) {
            return self.ask(Query::Environments);
        }
        Vec::new()
    }
}

/// Returns whether there may be other environments since.
fn is_of_environments(news: &News) -> bool {
    match news {
        News::Done(entry) => entry.action.starts_with("environment."),
        News::Lost => true,
        News::Edges(_) | News::Revision(_) => false,
    }
}
