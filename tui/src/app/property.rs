//! Whatever keys are pressed, whatever comes in and however small the terminal is: nothing panics, and nothing is sent that
//! nobody confirmed.

use fluxgate_client::caller::Answered;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof};
use proptest::{collection, proptest};
use serde_json::json;

use super::tests::{Stage, edges, now, read};
use crate::dialog::{self, Dialog};
use crate::effect::{Answer, Effect, Query};
use crate::key::Key;
use crate::load::{Failure, FailureKind};
use crate::message::{Heard, Message, Mouse};
use crate::screen::{changes, events, feature, features, kills, overview};
use crate::step::Step;

/// Something that happens.
#[derive(Clone, Debug)]
enum Event {
    Key(Key),
    Size(u16, u16),
    /// So many seconds go by.
    Time(u16),
    /// All that was asked is answered, or fails.
    Answers(bool),
    Heard(u8),
    Wheel(Mouse),
    Paste(String),
    /// A dialog is opened, whatever the screen says.
    Open(u8),
    /// What was sent is done, or fails.
    Done(bool),
}

fn key() -> impl Strategy<Value = Key> {
    let named = [
        Key::Enter,
        Key::Enter,
        Key::Esc,
        Key::Tab,
        Key::Tab,
        Key::BackTab,
        Key::Up,
        Key::Down,
        Key::Left,
        Key::Right,
        Key::Home,
        Key::End,
        Key::PageUp,
        Key::PageDown,
        Key::Backspace,
        Key::Delete,
    ];
    let bound = crate::keymap::KEYS.iter().map(|binding| binding.key).collect::<Vec<_>>();
    prop_oneof![
        3 => proptest::sample::select(named.to_vec()),
        // Quitting ends it all, which shows nothing.
        4 => proptest::sample::select(bound),
        1 => any::<char>().prop_map(Key::Char),
        1 => proptest::char::range('a', 'z').prop_map(Key::Ctrl),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        12 => key().prop_map(Event::Key),
        2 => (1_u16..=200, 1_u16..=60).prop_map(|(width, height)| Event::Size(width, height)),
        1 => Just(Event::Size(120, 36)),
        1 => (0_u16..200).prop_map(Event::Time),
        3 => any::<bool>().prop_map(Event::Answers),
        1 => (0_u8..5).prop_map(Event::Heard),
        1 => proptest::sample::select(vec![Mouse::Down, Mouse::Up]).prop_map(Event::Wheel),
        1 => any::<String>().prop_map(Event::Paste),
        1 => (0_u8..11).prop_map(Event::Open),
        1 => any::<bool>().prop_map(Event::Done),
    ]
}

/// Returns an answer to a question, where there is one to hand.
fn answer(query: &Query) -> Option<Answer> {
    Some(match query {
        Query::Edges => Answer::Edges(edges()),
        Query::Inbox(_) => Answer::Inbox(Box::new(changes::tests::some())),
        Query::File { .. } | Query::Difference { .. } => {
            Answer::Text { title: "stage".to_owned(), lines: vec!["enabled: true".into(); 30] }
        }
        Query::Rehearse(_) => Answer::Rehearsed { lines: vec!["  ~ enabled".into(); 40], blocked: false },
        Query::Explain(_) => Answer::Explained(vec!["because".into()]),
        Query::Knock => Answer::Knocked(Answered {
            server: read(json!({"version": "9.0.0", "bootstrapped": true, "revision": 418})),
            took: std::time::Duration::ZERO,
            ahead: Some(chrono::TimeDelta::seconds(-90)),
        }),
        query => {
            let screens: [fn(&Query) -> Option<Answer>; 5] = [
                overview::tests::canned,
                features::tests::canned,
                feature::tests::canned,
                kills::tests::canned,
                events::tests::canned,
            ];
            return screens.into_iter().find_map(|canned| canned(query));
        }
    })
}

fn dialog(which: u8) -> Dialog {
    let to = ["staging".to_owned(), "prod".to_owned()];
    match which {
        0 => dialog::promote("checkout", "dev", &to, true),
        1 => dialog::roll_back("checkout", "prod", None, false),
        2 => dialog::kill(("checkout", "prod"), true, (None, now()), &[]),
        3 => dialog::kill(("checkout", "dev"), false, (None, now()), &vec!["a fact".into(); 70]),
        4 => dialog::restore("checkout", "prod", &[]),
        5 => dialog::reject(&[1, 2, 3], &[]),
        6 => dialog::create(),
        7 => dialog::edit(("checkout", "prod"), json!({}), Some(1), false),
        8 => dialog::cancel(1, &[]),
        9 => dialog::let_through(1, &[]),
        _ => dialog::comment(1),
    }
}

fn heard(which: u8) -> Heard {
    match which {
        0 => Heard::Connected,
        1 => Heard::Away("connection refused".into()),
        2 => Heard::Unable("404".into()),
        3 => Heard::SignedOut("the session is over".into()),
        _ => Heard::News(Vec::new()),
    }
}

fn failure() -> Failure {
    Failure { words: "the server failed".into(), request: Some("r1".into()), kind: FailureKind::Fault }
}

/// Answers all that was asked; returns what was sent meanwhile.
pub(super) fn answers(stage: &mut Stage, well: bool) {
    let asked: Vec<(u64, Query)> = stage
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Ask { ticket, query } => Some((*ticket, query.clone())),
            _ => None,
        })
        .collect();
    stage.effects.clear();
    for (ticket, query) in asked {
        let answer = match answer(&query).filter(|_| well) {
            Some(answer) => Ok(Box::new(answer)),
            None => Err(failure()),
        };
        stage.tell(Message::Answered { ticket, query, answer });
    }
}

fn happens(stage: &mut Stage, event: Event, sent: &mut Option<crate::order::Order>) {
    let ready = match &event {
        Event::Key(Key::Enter) => {
            stage.app.sign_in.is_none() && stage.app.dialog.as_ref().is_some_and(Dialog::is_ready)
        }
        _ => false,
    };
    let before = stage.effects.len();
    match event {
        Event::Key(key) => stage.tell(Message::Key(key)),
        Event::Size(width, height) => stage.tell(Message::Resized(width, height)),
        Event::Time(seconds) => {
            stage.tell(Message::Tick(now() + chrono::TimeDelta::seconds(i64::from(seconds))));
        }
        Event::Answers(well) => return answers(stage, well),
        Event::Heard(which) => stage.tell(Message::Heard(heard(which))),
        Event::Wheel(mouse) => stage.tell(Message::Mouse(mouse)),
        Event::Paste(text) => stage.tell(Message::Pasted(text)),
        Event::Open(which) => {
            let effects = stage.app.steps(vec![Step::Open(Box::new(dialog(which)))]);
            stage.effects.extend(effects);
        }
        Event::Done(well) => {
            if let Some(order) = sent.take() {
                let result = if well { Ok("done".to_owned()) } else { Err(failure()) };
                stage.tell(Message::Done { order, result });
            }
        }
    }
    for effect in stage.effects.iter().skip(before) {
        if let Effect::Send(order) = effect {
            assert!(ready, "sent without Enter on a button that is awake: {order:?}");
            *sent = Some(order.clone());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics_and_nothing_is_sent_unasked(
        (width, height) in (1_u16..=200, 1_u16..=60),
        live in any::<bool>(),
        events in collection::vec(event(), 1..80),
    ) {
        let mut stage = Stage::new(width, height);
        if live {
            stage = stage.live();
        }
        let mut sent = None;
        stage.screen();
        for event in events {
            happens(&mut stage, event, &mut sent);
            stage.screen();
        }
    }
}

#[test]
fn a_confirmed_dialog_is_what_sends() {
    let mut stage = Stage::new(80, 24).live();
    let mut sent = None;
    happens(&mut stage, Event::Open(4), &mut sent);
    for key in [Key::Tab, Key::Enter] {
        happens(&mut stage, Event::Key(key), &mut sent);
    }
    assert!(sent.is_some(), "so that the property is not true for want of sending");
}
