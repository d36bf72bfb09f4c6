//! What a subscription's news do.

use fluxgate_client::audit::AuditEntry;

use super::{App, Link};
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
                self.desk.note(format!("signed out: {cause}"));
                self.desk.link = Link::SignedOut { cause };
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
        if self.desk.paused.is_some() {
            self.desk.missed += news.iter().filter(|one| matches!(one, News::Done(_))).count();
            return Vec::new();
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
        live.into_iter().flat_map(|query| self.soon(query)).collect()
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
        let me = self.desk.who.as_ref().map(|who| who.name.as_str());
        if let Some(dialog) = &mut self.dialog
            && touches(entry, dialog.feature())
            && me != Some(entry.actor.as_str())
        {
            dialog.moved(&entry.actor, &entry.action);
        }
    }

    /// Asks now, or in a moment where the same was asked just before.
    fn soon(&mut self, query: Query) -> Vec<Effect> {
        let now = self.desk.now;
        match self.asked.iter_mut().find(|asked| asked.query == query) {
            Some(asked) if !asked.answered || now - asked.at < super::BETWEEN => {
                asked.again = true;
                Vec::new()
            }
            _ => self.ask(query),
        }
    }
}

/// Returns whether what was done altered what is live of a feature, or its kill.
fn touches(entry: &AuditEntry, feature: Option<&str>) -> bool {
    let alters = entry.action.starts_with("feature.") || entry.action == "change.apply";
    // A change is told with the features that it is of: `#12 promote checkout`.
    alters && entry.subject.split([' ', ',']).any(|word| Some(word) == feature)
}
