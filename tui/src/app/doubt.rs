//! Whether what is shown is sure to be current, and of when it is where it is not.

use chrono::{DateTime, TimeDelta, Utc};
use fluxgate_wording::time;

use super::{App, Asked, Link};
use crate::effect::Query;

/// For how long may an answer be waited for until what was answered before is doubtful?
const OVERDUE: TimeDelta = TimeDelta::seconds(3);

impl App {
    /// Says of when the answer is that is shown, where it may not be current any more.
    pub(crate) fn doubtful(&self) -> Option<String> {
        let pane = self.screens.get(self.screen);
        let at = pane.as_of()?;
        let doubtful = self.desk.link != Link::Live
            || self.desk.paused.is_some()
            || pane.failure().is_some()
            || self.live().iter().any(|query| self.is_overdue(query, at));
        doubtful.then(|| as_of(at.min(self.desk.now), self.desk.now))
    }

    /// Returns whether a question has no answer in time that is newer than what is shown, or is to be asked again for as long.
    fn is_overdue(&self, query: &Query, at: DateTime<Utc>) -> bool {
        let asked = self.asked.iter().filter(|asked| asked.query.is_same(query));
        let waits = |asked: &Asked| (!asked.answered && asked.at >= at) || (asked.answered && asked.again);
        asked.filter(|asked| waits(asked)).any(|asked| self.desk.now - asked.at >= OVERDUE)
    }
}

fn as_of(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    format!("as of {}, {} ago", time::when(at, now), time::ago(at, now))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use crate::app::property::answers;
    use crate::app::tests::{Stage, now};
    use crate::message::{Heard, Message, News};
    use crate::step::Step;

    /// Shows each screen with all that it asks for answered.
    fn every_screen(each: impl Fn(Stage, &str)) {
        for screen in ["1", "2", "3", "4", "5", "6", "feature"] {
            let mut stage = Stage::new(120, 36).live();
            match screen {
                "feature" => {
                    let open = Step::OpenFeature { key: "checkout".into(), env: None };
                    let effects = stage.app.steps(vec![open]);
                    stage.effects.extend(effects);
                }
                key => stage.keys(key),
            }
            settle(&mut stage, 0);
            assert!(!stage.screen().contains("as of 1"), "{screen}: {}", stage.screen());
            each(stage, screen);
        }
    }

    /// Lets some time go by, and answers all that is asked meanwhile.
    fn settle(stage: &mut Stage, seconds: i64) {
        for more in 0..3 {
            stage.tell(Message::Tick(now() + TimeDelta::seconds(seconds + more)));
            answers(stage, true);
            answers(stage, true);
        }
    }

    fn marked(stage: &Stage, words: &str) {
        let shown = stage.screen();
        assert!(shown.contains(words), "{words}: {shown}");
    }

    #[test]
    fn what_is_shown_while_the_server_is_away_has_an_age() {
        every_screen(|mut stage, _| {
            stage.tell(Message::Heard(Heard::Away("connection refused".into())));
            stage.tell(Message::Tick(now() + TimeDelta::seconds(50)));
            marked(&stage, "Lost the server: connection refused");
            marked(&stage, "What is shown is as of 12:41:0");
            marked(&stage, "s ago. r tries again now");
            assert!(stage.app.wake() <= std::time::Duration::from_secs(1), "its age is counted");
        });
    }

    #[test]
    fn what_could_not_be_asked_again_has_an_age() {
        every_screen(|mut stage, _| {
            stage.tell(Message::Heard(Heard::News(vec![News::Lost])));
            stage.tell(Message::Tick(now() + TimeDelta::seconds(5)));
            stage.keys("R");
            answers(&mut stage, false);
            marked(&stage, "▲ the server failed  request r1");
            marked(&stage, "What is shown is as of 12:41:0");
            // Then it was.
            settle(&mut stage, 70);
            assert!(!stage.screen().contains("as of 1"), "{}", stage.screen());
        });
    }

    #[test]
    fn what_is_asked_again_for_long_has_an_age() {
        every_screen(|mut stage, screen| {
            stage.keys("R");
            stage.tell(Message::Tick(now() + TimeDelta::seconds(4)));
            assert!(!stage.screen().contains("as of 1"), "{screen}: {}", stage.screen());
            stage.app.say("something that was said");
            stage.tell(Message::Tick(now() + TimeDelta::seconds(9)));
            marked(&stage, "something that was said");
            marked(&stage, "as of 12:41:0");
            answers(&mut stage, true);
            answers(&mut stage, true);
            assert!(!stage.screen().contains("as of 1"), "{screen}: {}", stage.screen());
        });
    }

    #[test]
    fn what_is_not_told_as_it_happens_has_an_age() {
        every_screen(|mut stage, _| {
            stage.keys("z");
            stage.tell(Message::Tick(now() + TimeDelta::seconds(20)));
            marked(&stage, "as of 12:41:0");
            stage.keys("z");
            stage.tell(Message::Heard(Heard::Unable("404".into())));
            marked(&stage, "as of 12:41:");
        });
    }

    #[test]
    fn whoever_is_signed_out_reads_once_what_r_does() {
        let mut stage = Stage::new(120, 36).live();
        settle(&mut stage, 0);
        stage.tell(Message::Heard(Heard::SignedOut("the session is over".into())));
        stage.keys("Esc");
        let shown = stage.screen();
        let says = "r signs in (or fgctl login --context prod-eu)";
        assert!(shown.contains(says) && shown.contains("as of 12:41:0"), "{shown}");
        assert!(!shown.contains("r tries again"), "{shown}");
    }
}
