//! What is hinted at where the cursor is, and what the dialogs of a feature begin with.

use super::tests::{asked, known, known_to};
use crate::app::tests::Stage;
use crate::effect::{Answer, Effect, Query};
use crate::keymap::Action;
use crate::message::{Heard, Message};
use crate::order::Order;
use crate::overlay::{Choice, Overlay};

/// Returns the row of hints.
fn hints(stage: &Stage) -> String {
    let screen = stage.screen();
    screen.lines().rev().nth(1).unwrap_or_default().to_owned()
}

#[test]
fn what_cannot_be_done_here_is_not_hinted_at() {
    let mut stage = known(120, 36);
    let hinted = |stage: &Stage, word: &str| hints(stage).contains(word);
    assert!(hinted(&stage, "P promote") && hinted(&stage, "K kill") && !hinted(&stage, "U restore"));
    stage.keys("j");
    assert!(hinted(&stage, "U restore"), "express-checkout is killed: {}", hints(&stage));
    stage.keys("*");
    for word in ["P promote", "B roll", "K kill", "U restore", "x explain"] {
        assert!(!hinted(&stage, word), "one at a time: {}", hints(&stage));
    }
    assert!(hinted(&stage, "Space mark"));
    let stage = known(80, 24);
    assert!(!hinted(&stage, "w more"), "there is no room: {}", hints(&stage));
}

#[test]
fn a_kill_that_ends_on_another_day_says_on_which() {
    let mut stage = known(120, 36);
    stage.keys("j");
    assert!(stage.screen().contains("until 12:52:58Z, by lead"), "{}", stage.screen());
    stage.app.desk.now = "2026-11-21T12:00:00Z".parse().unwrap();
    assert!(stage.screen().contains("until 20 Nov 12:52Z"), "{}", stage.screen());
}

#[test]
fn more_columns_are_never_instead_of_others() {
    let mut stage = known(120, 36);
    let titles = |stage: &Stage| {
        let screen = stage.screen();
        let header = screen.lines().nth(3).unwrap_or_default();
        header.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    let before = titles(&stage);
    stage.keys("w");
    let after = titles(&stage);
    assert!(
        before.contains(&"OWNER".to_owned()) && before.iter().all(|title| after.contains(title)),
        "{after:?}"
    );
    stage.tell(Message::Resized(160, 36));
    assert!(titles(&stage).contains(&"NAME".to_owned()), "{:?}", titles(&stage));
}

#[test]
fn who_cannot_restore_is_told_before_a_kill() {
    let warning = "you cannot restore it: that takes Approver or Team Admin; set an end";
    for (roles, warned) in [(["REQUESTER"], true), (["APPROVER"], false)] {
        let mut stage = known_to(Stage::new(80, 24).live_as(&roles));
        stage.app.desk.place.env = Some("prod".to_owned());
        stage.keys("K");
        let screen = stage.screen();
        assert!(screen.contains("Kill checkout-redesign in prod?"), "{screen}");
        assert_eq!(screen.contains(warning), warned, "{screen}");
    }
}

#[test]
fn where_is_asked_about_the_feature_that_was_under_the_cursor() {
    let mut stage = known(120, 36);
    let ask = |stage: &mut Stage, key: &str| {
        let what = Choice::Stage(Action::Kill, key.to_owned());
        stage.app.overlay = Some(Overlay::choose(what, vec!["prod".to_owned()], 0));
        stage.keys("Enter");
    };
    ask(&mut stage, "gone");
    assert!(stage.app.dialog.is_none());
    assert_eq!(stage.app.said.as_deref(), Some("gone is not there any more"));
    ask(&mut stage, "express-checkout");
    assert!(stage.screen().contains("Kill express-checkout in prod?"), "{}", stage.screen());
}

#[test]
fn a_roll_back_goes_to_the_version_before() {
    let mut stage = known(80, 24);
    stage.app.desk.place.env = Some("prod".to_owned());
    stage.keys("B");
    let order = stage.app.dialog.as_ref().unwrap().order();
    assert!(matches!(&order, Order::RollBack { version: Some(40), .. }), "{order:?}");
    assert!(asked(&stage).contains(&Query::Rehearse(order.clone())), "what would be other is asked");
    let screen = stage.screen();
    assert!(screen.contains("To version  [40 ") && screen.contains("--version 40"), "{screen}");
    stage.answer(&Query::Rehearse(order), || Answer::Rehearsed {
        lines: vec!["  ~ enabled  true → false".into()],
        blocked: false,
    });
    assert!(stage.screen().contains("~ enabled  true → false"), "{}", stage.screen());
}

#[test]
fn a_kill_of_what_is_killed_keeps_its_end() {
    let mut stage = known(120, 36);
    stage.app.desk.place.env = Some("prod".to_owned());
    stage.keys("j K");
    let screen = stage.screen();
    assert!(
        screen.contains("Kill express-checkout in prod?") && screen.contains("ends at 12:52:58Z"),
        "{screen}"
    );
    let dialog = stage.app.dialog.as_ref().unwrap();
    let end: chrono::DateTime<chrono::Utc> = "2026-11-20T12:52:58Z".parse().unwrap();
    assert!(
        matches!(dialog.order(), Order::Kill { restore_at: Some(at), .. } if at == end),
        "{:?}",
        dialog.order()
    );
}

#[test]
fn the_palette_opens_a_feature_where_the_lists_are() {
    let mut stage = known(120, 36);
    stage.app.desk.place.env = Some("dev".to_owned());
    stage.keys(": s e a r c h Enter");
    let opened = format!("{:?}", stage.app.screens.feature);
    assert!(opened.contains("search-v2") && opened.contains("\"dev\""), "{opened}");
    // Letters here and there are not what somebody means: "environment all" has e, v, i and l.
    stage.keys(": e v i l Enter");
    assert_eq!(stage.app.desk.place.env.as_deref(), Some("dev"));
}

#[test]
fn features_are_read_when_the_palette_is_opened() {
    let mut stage = Stage::new(120, 36).live();
    stage.effects.clear();
    stage.keys(":");
    assert!(asked(&stage).contains(&Query::FeatureRows));
}

#[test]
fn an_environment_is_found_by_how_it_begins() {
    let mut stage = known(120, 36);
    stage.keys("e p r o d Enter");
    assert_eq!(stage.app.desk.place.env.as_deref(), Some("prod"));
    stage.keys("e s Enter");
    assert_eq!(stage.app.desk.place.env.as_deref(), Some("staging"));
}

#[test]
fn what_was_opened_is_not_sent_without_a_connection() {
    let mut stage = known(120, 36);
    stage.app.desk.place.env = Some("dev".to_owned());
    stage.keys("K");
    stage.tell(Message::Heard(Heard::Away("connection refused".to_owned())));
    stage.effects.clear();
    stage.keys("5 x x Tab Tab Enter");
    let sent = |stage: &Stage| stage.effects.iter().any(|effect| matches!(effect, Effect::Send(_)));
    assert!(!sent(&stage) && stage.app.dialog.is_some(), "{}", stage.screen());
    stage.tell(Message::Heard(Heard::Connected));
    stage.keys("Enter");
    assert!(sent(&stage), "{}", stage.screen());
}

#[test]
fn an_end_that_is_not_understood_is_no_command() {
    let mut stage = known(120, 36);
    stage.app.desk.place.env = Some("dev".to_owned());
    stage.keys("K");
    assert!(stage.screen().contains("--until-restored"), "{}", stage.screen());
    stage.app.dialog.as_mut().unwrap().focus = 0;
    stage.keys("9 9 9 9 9 9 9 9");
    assert!(!stage.screen().contains("fgctl kill"), "{}", stage.screen());
}
