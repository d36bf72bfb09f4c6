//! What lies over a screen, and what keys do everywhere.

use crate::app::tests::{Stage, edges};
use crate::effect::{Answer, Effect, Query};
use crate::key::Key;
use crate::keymap::Keys;
use crate::message::{Heard, Message, Mouse};
use crate::order::Order;
use crate::screen::{Pane, Screen};

fn stage(width: u16, height: u16) -> Stage {
    let mut stage = Stage::new(width, height).live();
    stage.keys("5");
    stage.answer(&Query::Edges, || Answer::Edges(edges()));
    stage
}

fn type_text(stage: &mut Stage, text: &str) {
    for c in text.chars() {
        stage.tell(Message::Key(Key::Char(c)));
    }
}

#[test]
fn the_help_is_made_of_the_keys() {
    let mut wide = stage(120, 36);
    wide.keys("?");
    insta::assert_snapshot!("help_wide", wide.screen());
    let mut normal = Stage::new(80, 24).live();
    normal.keys("4 ?");
    insta::assert_snapshot!("help_normal", normal.screen());
    normal.keys("G k k");
    insta::assert_snapshot!("help_normal_below", normal.screen());
    normal.keys("Esc");
    assert!(normal.app.overlay.is_none());
}

#[test]
fn the_palette_says_what_each_line_does() {
    let mut stage = stage(120, 36);
    stage.keys(":");
    insta::assert_snapshot!("palette", stage.screen());
    type_text(&mut stage, "clog");
    insta::assert_snapshot!("palette_typed", stage.screen());
    stage.keys("Tab");
    assert_eq!(stage.app.prompt.as_ref().unwrap().input.value(), "client log");
    stage.keys("Enter");
    assert!(stage.screen().contains("subscribed"), "{}", stage.screen());
    stage.keys("Esc :");
    type_text(&mut stage, "zz zz");
    assert!(stage.screen().contains("no command is like this"));
    stage.keys("Enter");
    assert!(stage.app.prompt.is_none());
    stage.keys(":");
    type_text(&mut stage, "colours mono");
    stage.keys("Enter");
    assert_eq!(stage.app.desk.look.palette.name(), "mono");
}

#[test]
fn mapped_keys_are_in_hints_and_help() {
    let mut stage = stage(120, 36);
    stage.app.desk.keys =
        Keys::read("sort = \"Ctrl-s\"\nshow-kills = [\"4\", \"Ctrl-k\"]\nquit = \"Q\"").unwrap();
    let shown = stage.screen();
    assert!(shown.contains("Ctrl-s sort") && shown.contains("Q quit"), "{shown}");
    stage.keys("?");
    assert!(stage.screen().contains("Ctrl-s"), "{}", stage.screen());
    stage.keys("Esc q");
    assert!(!stage.effects.iter().any(|effect| matches!(effect, Effect::Quit)));
    stage.tell(Message::Key(Key::Ctrl('k')));
    assert_eq!(stage.app.screen, Screen::Kills);
    stage.tell(Message::Key(Key::Ctrl('c')));
    assert!(stage.effects.iter().any(|effect| matches!(effect, Effect::Quit)), "Ctrl-c always quits");
}

#[test]
fn mapped_keys_are_in_words() {
    let mut stage = crate::screen::kills::tests::shown(120, 36);
    stage.app.desk.keys = Keys::read("restore = \"Ctrl-y\"\nretry = \"Ctrl-r\"\nkill = \"Ctrl-k\"").unwrap();
    assert!(stage.screen().contains("Ctrl-y restores it now"), "{}", stage.screen());
    stage.tell(Message::Key(Key::Ctrl('k')));
    assert_eq!(stage.app.said.as_deref(), Some("open a feature (2) and press Ctrl-k there"));
    stage.tell(Message::Heard(Heard::SignedOut("the session is over".into())));
    stage.keys("Esc");
    assert_eq!(stage.app.said.as_deref(), Some("signed out; Ctrl-r signs in"));
    assert!(stage.screen().contains("Ctrl-r signs in (or fgctl login"), "{}", stage.screen());
}

#[test]
fn whoever_has_no_context_signs_in_at_the_server() {
    let mut stage = stage(120, 36);
    stage.app.desk.place.context = stage.app.desk.place.server.clone();
    stage.tell(Message::Heard(Heard::SignedOut("the session is over".into())));
    stage.keys("Esc");
    let command = "fgctl login --server https://fluxgate.acme.io)";
    assert!(stage.screen().contains(command), "{}", stage.screen());
}

#[test]
fn quitting_asks_while_a_change_is_on_its_way() {
    let mut stage = stage(120, 36);
    let order = Order::Comment { change: 1, text: "x".to_owned() };
    stage.app.dialog = Some(crate::dialog::comment(1));
    type_text(&mut stage, "x");
    stage.keys("Tab Tab Enter");
    assert!(stage.effects.iter().any(|effect| matches!(effect, Effect::Send(_))), "{}", stage.screen());
    stage.keys("Esc q");
    assert!(stage.screen().contains("a change is on its way"), "{}", stage.screen());
    let quits = |stage: &Stage| stage.effects.iter().any(|effect| matches!(effect, Effect::Quit));
    assert!(!quits(&stage));
    stage.keys("j q");
    assert!(!quits(&stage), "something else in between asks anew");
    stage.keys("q");
    assert!(quits(&stage));
    stage.effects.clear();
    stage.tell(Message::Done { order, result: Ok("said".to_owned()) });
    stage.keys("q");
    assert!(quits(&stage), "nothing is on its way any more");
}

#[test]
fn the_wheel_moves_what_is_on_top() {
    let mut stage = stage(80, 24);
    stage.keys("?");
    stage.tell(Message::Mouse(Mouse::Down));
    assert_eq!(stage.app.overlay, Some(crate::overlay::Overlay::Help(1)));
    stage.keys("Esc");
    let before = stage.app.screens.edges.id();
    stage.app.dialog = Some(crate::dialog::comment(1));
    stage.tell(Message::Mouse(Mouse::Down));
    stage.app.dialog = None;
    assert_eq!(stage.app.screens.edges.id(), before);
    stage.tell(Message::Mouse(Mouse::Down));
    assert_ne!(stage.app.screens.edges.id(), before);
}

#[test]
fn the_palette_finds_what_is_done_on_other_screens() {
    let mut stage = stage(120, 36);
    for (typed, told, screen) in [
        ("approve", "on overview: approve a change", Screen::Overview),
        ("override", "on changes: let a change through", Screen::Changes),
        ("kill", "on features: turn a feature off at once", Screen::Features),
        ("follow", "on events: follow what is new", Screen::Events),
        ("later", "on kill switches: let the kill end 10 minutes later", Screen::Kills),
    ] {
        stage.keys("5 :");
        type_text(&mut stage, typed);
        let commands = stage.app.commands(typed);
        let at = commands.iter().position(|one| one.words == typed).unwrap();
        assert!(stage.screen().contains(told), "{}", stage.screen());
        for _ in 0..at {
            stage.tell(Message::Key(Key::Down));
        }
        stage.keys("Enter");
        assert_eq!(stage.app.screen, screen, "{typed}");
        assert!(stage.app.dialog.is_none(), "what the cursor is on there was not seen");
        assert!(stage.app.said.as_ref().is_some_and(|words| words.contains("does it here")), "{typed}");
    }
    let edit = |stage: &Stage| stage.app.commands("edit").iter().any(|one| one.words == "edit");
    assert!(!edit(&stage), "no feature was opened");
    stage.keys(":");
    type_text(&mut stage, "checkout-redesign");
    assert!(stage.screen().contains("open checkout-redesign"), "{}", stage.screen());
    stage.keys("Enter 5");
    assert!(edit(&stage));
    stage.keys(":");
    type_text(&mut stage, "#12");
    stage.keys("Enter");
    assert_eq!(stage.app.screen, Screen::Changes);
}

#[test]
fn who_one_is_stays_in_the_header() {
    let who = "lead · Approver, Team Admin";
    for (width, height) in [(60, 16), (80, 24), (100, 24), (120, 36)] {
        let mut stage = Stage::new(width, height);
        stage.app.desk.place.context = "prod-eu-west-1-blue".into();
        let mut stage = stage.live();
        stage.app.desk.place.env = Some("prod".into());
        for screen in ["1", "2", "5"] {
            stage.keys(screen);
            let screen = stage.screen();
            let header = screen.lines().next().unwrap_or_default();
            let env = if screen.contains("edges >") { "edges" } else { "prod" };
            assert!(header.contains(who) && header.contains("PRODUCTION"), "{width}: {header}");
            assert!(header.contains("● live") && (width == 60 || header.contains(env)), "{width}: {header}");
        }
    }
}

#[test]
fn keys_that_do_nothing_are_not_hinted_at() {
    let hints = |stage: &Stage| stage.screen().lines().rev().nth(1).unwrap_or_default().to_owned();
    let mut stage = stage(120, 36);
    assert!(!hints(&stage).contains("Enter open"), "an edge has no screen: {}", hints(&stage));
    stage.keys("4");
    assert!(!hints(&stage).contains("K kill"), "{}", hints(&stage));
    let stage = Stage::new(120, 36).live();
    let first = hints(&stage);
    assert!(!first.contains("Esc back") && !first.contains("/ filter"), "{first}");
}

#[test]
fn a_feature_is_opened_by_its_key() {
    let mut stage = stage(120, 36);
    stage.keys(":");
    type_text(&mut stage, "open checkout");
    assert!(stage.screen().contains("as it is typed"), "{}", stage.screen());
    stage.keys("Enter");
    assert_eq!(stage.app.screen, Screen::Feature);
}
