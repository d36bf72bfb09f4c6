//! What the server says of itself: its time and its version; and who is signed in there no more, or again.

use chrono::TimeDelta;
use fluxgate_client::caller::Answered;
use fluxgate_wording::time;

use super::{App, Link};
use crate::dialog::sign_in::SignIn;
use crate::effect::Effect;
use crate::host::Connection;

/// How far apart may clocks be?
const APART: TimeDelta = TimeDelta::seconds(5);

impl App {
    /// Takes in what the server said of itself; what there is to know of it is told once.
    pub(super) fn knocked(&mut self, answered: &Answered) -> Vec<Effect> {
        let mut words = Vec::new();
        let known = self.desk.server.replace(answered.server.version.clone());
        let ours = env!("CARGO_PKG_VERSION");
        if known.as_ref() != self.desk.server.as_ref() && is_newer(&answered.server.version, ours) {
            words.push(format!(
                "the server is {}, this is {ours}: what is new there is not shown",
                answered.server.version
            ));
        }
        let ahead = answered.ahead.unwrap_or_default();
        let ahead = if ahead.abs() > APART { ahead } else { TimeDelta::zero() };
        let shift = ahead - self.desk.ahead;
        // What is told has no fractions of seconds.
        let is_shifted = shift.abs() > TimeDelta::seconds(1);
        if is_shifted {
            self.shift(shift);
            if !ahead.is_zero() {
                let way = if ahead > TimeDelta::zero() { "behind" } else { "ahead of" };
                let far = time::seconds(ahead.abs());
                words.push(format!("this machine's clock is {far} {way} the server's: times are corrected"));
            }
        }
        if !words.is_empty() {
            let words = words.join("; ");
            self.desk.note(words.clone());
            self.say(words);
        }
        // What is shown was asked for, and has its age, by the other clock.
        if is_shifted { self.refresh() } else { Vec::new() }
    }

    /// Returns how far the server's clock is ahead.
    pub(crate) fn ahead(&self) -> TimeDelta {
        self.desk.ahead
    }

    /// Goes by another clock; what was noted by the old one is moved.
    fn shift(&mut self, by: TimeDelta) {
        let desk = &mut self.desk;
        desk.ahead += by;
        desk.now += by;
        self.touched += by;
        for at in [&mut desk.heard, &mut desk.paused].into_iter().flatten() {
            *at += by;
        }
        if let Link::Away { since, .. } = &mut desk.link {
            *since += by;
        }
        for asked in &mut self.asked {
            asked.at += by;
        }
    }

    /// Notes that the sign-in is over, and asks for another one, once.
    pub(super) fn signed_out(&mut self, cause: String) {
        if matches!(self.desk.link, Link::SignedOut { .. }) {
            return;
        }
        self.desk.note(format!("signed out: {cause}"));
        self.desk.link = Link::SignedOut { cause };
        self.ask_who();
    }

    /// Asks who somebody is, where nobody is signed in; returns whether that is so.
    pub(super) fn ask_who(&mut self) -> bool {
        let Link::SignedOut { cause } = &self.desk.link else {
            return false;
        };
        let user = self.desk.who.as_ref().map(|who| who.user.as_str());
        self.sign_in = Some(SignIn::new(cause.clone(), user));
        true
    }

    /// Goes on where somebody was before the sign-in was over.
    pub(super) fn signed_in(&mut self, connection: &Connection) -> Vec<Effect> {
        self.sign_in = None;
        let env = self.desk.place.env.take();
        self.desk.place = connection.place.clone();
        self.desk.place.env = env;
        self.desk.link = Link::Connecting;
        // Answers to the questions of before are of no use.
        self.asked.clear();
        self.say("signed in");
        let mut effects = self.begin();
        if let Some(question) = self.dialog.as_mut().and_then(|dialog| dialog.ask_again()) {
            effects.extend(self.ask(question));
        }
        effects
    }
}

/// Returns whether a version is a later one, as far as both have numbers.
fn is_newer(one: &str, other: &str) -> bool {
    let numbers = |version: &str| -> Option<Vec<u64>> {
        let core = version.split(['-', '+']).next()?;
        core.split('.').map(|part| part.parse().ok()).collect()
    };
    matches!((numbers(one), numbers(other)), (Some(one), Some(other)) if one > other)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use fluxgate_client::caller::Answered;
    use fluxgate_client::server::Server;

    use super::is_newer;
    use crate::app::tests::{Stage, now};
    use crate::effect::{Answer, Query};
    use crate::message::Message;

    fn knocked(version: &str, ahead: i64) -> Answer {
        Answer::Knocked(Answered {
            server: Server { version: version.into(), bootstrapped: true, revision: 1 },
            took: std::time::Duration::from_millis(3),
            ahead: Some(TimeDelta::milliseconds(ahead)),
        })
    }

    #[test]
    fn versions_are_compared_by_their_numbers() {
        assert!(is_newer("0.10.0", "0.9.9") && is_newer("1.0.0-rc.1", "0.9.0"));
        assert!(!is_newer("0.9.0", "0.9.0") && !is_newer("0.8.9", "0.9.0") && !is_newer("dev", "0.9.0"));
    }

    #[test]
    fn a_clock_that_is_wrong_is_corrected_and_told_once() {
        let mut stage = Stage::new(80, 24);
        stage.answer(&Query::Knock, || knocked("0.0.1", 12_000));
        let said = stage.app.said.take().unwrap();
        assert_eq!(said, "this machine's clock is 12.0s behind the server's: times are corrected");
        assert_eq!(stage.app.desk.now, now() + TimeDelta::seconds(12));
        stage.tell(Message::Tick(now() + TimeDelta::seconds(1)));
        assert_eq!(stage.app.desk.now, now() + TimeDelta::seconds(13));
        for (ahead, corrected) in [(12_400, 13), (3_000, 1), (-7_000, -6)] {
            let effects = stage.app.ask(Query::Knock);
            stage.effects.extend(effects);
            stage.answer(&Query::Knock, || knocked("0.0.1", ahead));
            assert_eq!(stage.app.desk.now, now() + TimeDelta::seconds(corrected), "{ahead}");
            assert_eq!(stage.app.said.take().is_some(), ahead < 0, "{ahead}");
        }
    }

    #[test]
    fn a_newer_server_is_told_once() {
        let mut stage = Stage::new(80, 24);
        stage.answer(&Query::Knock, || knocked("99.0.0", 0));
        assert!(stage.app.said.take().unwrap().starts_with("the server is 99.0.0, this is "));
        let effects = stage.app.ask(Query::Knock);
        stage.effects.extend(effects);
        stage.answer(&Query::Knock, || knocked("99.0.0", 0));
        assert_eq!(stage.app.said, None);
    }
}
