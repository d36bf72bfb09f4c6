//! Answers that come late: each belongs to the dialog, and to the context, that it was asked for.

use fluxgate_wording::Line;

use super::{Dialog, Preview, State, comment, promote, restore};
use crate::app::tests::{Stage, edges, now, read};
use crate::effect::{Answer, Effect, Query};
use crate::host::Place;
use crate::key::Key;
use crate::load::{Failure, FailureKind};
use crate::message::{Heard, Message, News};
use crate::order::Order;
use crate::step::Step;

fn stage() -> Stage {
    let mut stage = Stage::new(80, 24).live();
    stage.keys("5");
    stage.answer(&Query::Edges, || Answer::Edges(edges()));
    stage
}

fn open(stage: &mut Stage, dialog: Dialog) {
    let effects = stage.app.steps(vec![Step::Open(Box::new(dialog))]);
    stage.effects.extend(effects);
}

/// Writes a comment and sends it; returns the order.
fn send(stage: &mut Stage, change: i64) -> Order {
    open(stage, comment(change));
    for key in [Key::Char('x'), Key::Tab, Key::Tab, Key::Enter] {
        stage.tell(Message::Key(key));
    }
    let sent = stage.effects.iter().rev().find_map(|effect| match effect {
        Effect::Send(order) => Some(order.clone()),
        _ => None,
    });
    sent.unwrap()
}

fn refused() -> Failure {
    Failure { words: "refused".into(), request: None, kind: FailureKind::Refused }
}

fn state(stage: &Stage) -> Option<&State> {
    stage.app.dialog.as_ref().map(|dialog| &dialog.state)
}

#[test]
fn what_became_of_an_order_is_told_to_the_dialog_that_sent_it() {
    let mut stage = stage();
    let first = send(&mut stage, 1);
    stage.keys("Esc");
    let second = send(&mut stage, 2);
    stage.tell(Message::Done { order: first, result: Err(refused()) });
    assert_eq!(state(&stage), Some(&State::Sending), "the second waits yet");
    assert!(stage.screen().contains("refused"));
    stage.tell(Message::Done { order: second, result: Ok("#2 has your comment".into()) });
    assert_eq!(state(&stage), None);
}

#[test]
fn what_was_sent_in_another_context_is_told_as_that() {
    let mut stage = stage();
    let order = send(&mut stage, 1);
    let place = Place { context: "local".into(), team: "demo".into(), ..Place::default() };
    stage.tell(Message::Switched(Ok(place)));
    open(&mut stage, comment(7));
    stage.tell(Message::Done { order, result: Err(refused()) });
    assert_eq!(state(&stage), Some(&State::Open));
    assert!(stage.screen().contains("in the context before: refused"), "{}", stage.screen());
    // The same order is on its way here by now: what became of the other one is not told to it.
    let again = send(&mut stage, 1);
    stage.tell(Message::DoneElsewhere(Ok("#1 has your comment".into())));
    assert_eq!(state(&stage), Some(&State::Sending));
    assert!(stage.screen().contains("in the context before: #1 has"), "{}", stage.screen());
    stage.tell(Message::Done { order: again, result: Err(refused()) });
    assert!(matches!(state(&stage), Some(State::Failed(_))), "{:?}", state(&stage));
}

#[test]
fn a_rehearsal_is_of_one_dialog() {
    let promotion = promote("checkout", "dev", &["staging".to_owned()], false);
    let other = promote("cart", "dev", &["staging".to_owned()], false);
    let mut kill = restore("checkout", "prod", &[]);
    for order in [promotion.order(), other.order()] {
        kill.rehearsed(&order, Ok((vec![Line::from("no")], true)));
        assert_eq!(kill.preview, Preview::None);
    }
    let mut promotion = promotion;
    promotion.rehearsed(&other.order(), Err(refused()));
    assert_eq!(promotion.preview, Preview::Asked);
}

#[test]
fn one_question_that_fails_is_no_lost_connection() {
    let mut stage = stage();
    stage.keys("R");
    let asked = stage.effects.iter().rev().find_map(|effect| match effect {
        Effect::Ask { ticket, query: Query::Edges } => Some(*ticket),
        _ => None,
    });
    let failure =
        Failure { words: "no answer in time".into(), request: None, kind: FailureKind::Unreachable };
    stage.tell(Message::Answered { ticket: asked.unwrap(), query: Query::Edges, answer: Err(failure) });
    let screen = stage.screen();
    assert!(screen.contains("● live") && screen.contains("no answer in time"), "{screen}");
}

#[test]
fn a_kill_that_ended_meanwhile_is_looked_at_again() {
    let mut dialog = restore("checkout", "prod", &[]);
    let entry = read(serde_json::json!({"number": 1, "at": now(), "actor": "lead", "actorKind": "USER",
        "owner": null, "action": "feature.restore", "subject": "checkout", "environment": "prod", "reason": null,
        "before": null, "after": null, "address": null}));
    dialog.look_out(&entry, true);
    assert!(matches!(dialog.state, State::Moved(_)), "by oneself, elsewhere");
    let mut stage = stage();
    open(&mut stage, dialog);
    for key in [Key::Tab, Key::Enter] {
        stage.tell(Message::Key(key));
    }
    assert_eq!(state(&stage), None, "what it tells is from before");
    let news = News::Done(Box::new(entry));
    stage.tell(Message::Heard(crate::message::Heard::News(vec![news])));
    assert!(!stage.effects.iter().any(|effect| matches!(effect, Effect::Send(_))));
}

#[test]
fn who_is_signed_out_signs_in_where_they_are() {
    let mut stage = stage();
    stage.app.steps(vec![Step::Open(Box::new(super::cancel(482, &[])))]);
    let screen = stage.screen();
    assert!(screen.contains("[ Keep it ]   [ Take it back ]") && screen.contains("Esc keeps it"), "{screen}");
    stage.tell(Message::Heard(Heard::SignedOut("the session is over".into())));
    stage.keys("Esc Tab");
    assert!(stage.screen().contains("signed out: Enter signs in"), "{}", stage.screen());
    stage.keys("Enter");
    assert!(stage.app.sign_in.is_some() && stage.app.dialog.is_some());
    assert!(!stage.effects.iter().any(|effect| matches!(effect, Effect::Send(_))));
}
