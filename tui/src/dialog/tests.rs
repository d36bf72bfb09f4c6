//! Dialogs: what keeps their buttons asleep, how they look, and the sign-in that is over.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use fluxgate_client::audit::AuditEntry;
use fluxgate_client::{Api, Credentials};
use fluxgate_wording::{Line, Tone};
use serde_json::json;

use super::{Dialog, Preview, State, Wish, approve, comment, fact, kill, promote, reject, roll_back};
use crate::app::tests::{Stage, edges, now, read};
use crate::effect::{Answer, Effect, Query};
use crate::host::{Connection, Place};
use crate::key::Key;
use crate::load::{Failure, FailureKind};
use crate::look::Look;
use crate::message::{Heard, Message, News};
use crate::order::Order;
use crate::step::Step;

fn keys(dialog: &mut Dialog, keys: &[Key]) -> Wish {
    let mut wish = Wish::Nothing;
    for key in keys {
        wish = dialog.key(*key, now());
    }
    wish
}

fn type_text(dialog: &mut Dialog, text: &str) {
    for c in text.chars() {
        dialog.key(Key::Char(c), now());
    }
}

fn type_on(stage: &mut Stage, text: &str) {
    for c in text.chars() {
        stage.tell(Message::Key(Key::Char(c)));
    }
}

fn entry(actor: &str, action: &str, subject: &str, env: Option<&str>) -> AuditEntry {
    read(json!({"number": 1, "at": now(), "actor": actor, "actorKind": "USER", "owner": null,
        "action": action, "subject": subject, "environment": env, "reason": null, "before": null,
        "after": null, "address": null}))
}

fn facts() -> Vec<Line> {
    vec![
        fact("now", "v22, express to 40 %; 6.8k evaluations/min"),
        fact("edges", "12 connected"),
        fact("breaks", "1-click-upsell depends on it (on in prod)"),
    ]
}

fn killing(protected: bool) -> Dialog {
    kill(("express-checkout", "prod"), protected, (None, DateTime::UNIX_EPOCH), &facts())
}

/// Returns a dashboard with a dialog on it.
fn stage(dialog: Dialog, (width, height): (u16, u16)) -> Stage {
    let mut stage = Stage::new(width, height).live();
    stage.keys("5");
    stage.answer(&Query::Edges, || Answer::Edges(edges()));
    let effects = stage.app.steps(vec![Step::Open(Box::new(dialog))]);
    stage.effects.extend(effects);
    stage
}

fn rehearsed(lines: usize, blocked: bool) -> Answer {
    let mut all = vec![Line::default().and(Tone::Strong, "checkout").and(Tone::Plain, "  staging → prod")];
    let line = |n: usize| Line::from(format!("  ~ rule {n}.split   control=90 → control=50"));
    all.extend((1..=lines).map(line));
    Answer::Rehearsed { lines: all, blocked }
}

#[test]
fn a_kill_in_production_needs_the_key_in_full() {
    let mut dialog = killing(true);
    type_text(&mut dialog, "5xx spike");
    keys(&mut dialog, &[Key::Tab]);
    type_text(&mut dialog, "express-checkou");
    dialog.paste("t");
    assert!(dialog.asleep().unwrap().contains("type express-checkout"), "what is pasted confirms nothing");
    type_text(&mut dialog, "t");
    keys(&mut dialog, &[Key::BackTab, Key::BackTab]);
    type_text(&mut dialog, "45");
    assert_eq!(dialog.asleep(), None);
    let to_the_button = [Key::Tab, Key::Tab, Key::Tab, Key::Tab, Key::Enter];
    let Wish::Do(Effect::Send(order)) = keys(&mut dialog, &to_the_button) else {
        panic!("not sent");
    };
    let end: DateTime<Utc> = now() + chrono::TimeDelta::minutes(45);
    assert!(
        matches!(order, Order::Kill { reason, restore_at, .. } if reason == "5xx spike" && restore_at == Some(end)),
        "minutes count from Enter on"
    );
    assert!(matches!(keys(&mut dialog, &[Key::Enter]), Wish::Nothing), "it is sent once");
}

#[test]
fn a_dialog_begins_where_something_is_missing() {
    let to = ["staging".to_owned()];
    let named = |dialog: &Dialog| dialog.fields.get(dialog.focus).map(|field| field.label);
    assert_eq!(named(&killing(true)), Some("Reason"));
    assert_eq!(named(&reject(&[482], &[])), Some("Reason"));
    assert_eq!(named(&promote("checkout", "dev", &to, true)), Some("Reason"), "in a protected environment");
    assert_eq!(named(&super::create()), Some("Key"));
    let mut dialog = promote("checkout", "dev", &to, false);
    assert_eq!(named(&dialog), None);
    assert!(matches!(keys(&mut dialog, &[Key::Enter]), Wish::Close), "else it begins on Cancel");
    let end = (Some(now()), now() + chrono::TimeDelta::minutes(22));
    let dialog = super::reschedule(("checkout", "prod"), "", end, now());
    assert_eq!(named(&dialog), Some("Reason"), "what is undone as easily wants its reason, too");
}

#[test]
fn tab_leaves_out_a_button_that_is_asleep() {
    let mut dialog = killing(false);
    keys(&mut dialog, &[Key::Tab]);
    assert_eq!(dialog.focus, 2, "on Cancel");
    for key in [Key::Right, Key::Down] {
        keys(&mut dialog, &[key]);
        assert_eq!(dialog.focus, 2);
    }
    keys(&mut dialog, &[Key::Tab]);
    assert_eq!(dialog.focus, 0, "on the end");
    keys(&mut dialog, &[Key::BackTab, Key::BackTab]);
    type_text(&mut dialog, "5xx");
    keys(&mut dialog, &[Key::Tab, Key::Tab]);
    assert!(dialog.is_ready());
}

#[test]
fn what_is_missing_stands_beside_the_button() {
    let mut stage = stage(killing(true), (80, 24));
    let screen = stage.screen();
    assert!(screen.contains("[ Kill ]  a reason is needed") && !screen.contains("(off)"), "{screen}");
    type_on(&mut stage, "5xx");
    let screen = stage.screen();
    assert!(screen.contains("[ Kill ]  type express-checkout to confirm"), "{screen}");
}

#[test]
fn a_kill_ends_by_hand_unless_somebody_says_otherwise() {
    let mut dialog = killing(false);
    let end = |dialog: &Dialog| match dialog.order() {
        Order::Kill { restore_at, .. } => restore_at.map(|at| (at - now()).num_minutes()),
        _ => None,
    };
    keys(&mut dialog, &[Key::Tab, Key::Tab]);
    assert_eq!(end(&dialog), None);
    keys(&mut dialog, &[Key::Char(' ')]);
    assert_eq!(end(&dialog), Some(30));
    keys(&mut dialog, &[Key::Tab]);
    type_text(&mut dialog, "1h 30m");
    assert_eq!((end(&dialog), dialog.focus), (Some(90), 0), "the box is a stop of its own");
    keys(&mut dialog, &[Key::Char('+')]);
    assert_eq!(end(&dialog), Some(100));
    keys(&mut dialog, &[Key::Ctrl('u')]);
    assert!(dialog.asleep().unwrap().contains("30m, 2h"));
    keys(&mut dialog, &[Key::BackTab, Key::Char(' ')]);
    assert_eq!((end(&dialog), dialog.asleep()), (None, Some("a reason is needed".to_owned())));
}

#[test]
fn another_end_is_typed() {
    let at = now() + chrono::TimeDelta::minutes(22);
    let mut dialog = super::reschedule(("checkout", "prod"), "5xx", (Some(now()), at), now());
    assert!(dialog.is_ready());
    keys(&mut dialog, &[Key::Tab, Key::Tab]);
    type_text(&mut dialog, "2026-11-20T14:00Z");
    keys(&mut dialog, &[Key::Tab, Key::Tab, Key::Tab]);
    assert_eq!(
        dialog.order().command(),
        "fgctl kill checkout -e prod --restore-at 2026-11-20T14:00:00Z --reason 5xx"
    );
    assert!(matches!(keys(&mut dialog, &[Key::Enter]), Wish::Do(Effect::Send(_))));
}

#[test]
fn a_change_is_cancelled_or_let_through_once_that_is_confirmed() {
    let mut dialog = super::cancel(482, &[]);
    assert!(matches!(keys(&mut dialog, &[Key::Enter]), Wish::Close), "it begins on Cancel");
    let wish = keys(&mut dialog, &[Key::Tab, Key::Enter]);
    assert!(matches!(wish, Wish::Do(Effect::Send(Order::Cancel { change: 482 }))), "{wish:?}");
    let mut dialog = super::let_through(482, &[]);
    assert!(
        matches!(keys(&mut dialog, &[Key::Tab, Key::Tab, Key::Enter]), Wish::Nothing),
        "a reason is needed"
    );
    type_text(&mut dialog, "nobody is awake");
    dialog.look_out(&entry("ops", "change.reject", "#482 promote checkout", None), false);
    assert!(
        matches!(&dialog.state, State::Moved(words) if words == "ops rejected #482 while this was open"),
        "{:?}",
        dialog.state
    );
    let mut dialog = super::let_through(482, &[]);
    type_text(&mut dialog, "nobody is awake");
    let wish = keys(&mut dialog, &[Key::Tab, Key::Tab, Key::Enter]);
    assert!(
        matches!(&wish, Wish::Do(Effect::Send(Order::Override { change: 482, reason })) if reason == "nobody is awake"),
        "{wish:?}"
    );
}

#[test]
fn the_equal_command_is_copied_where_letters_are_not_typed() {
    let mut dialog = killing(false);
    let said = |wish| match wish {
        Wish::Copy(order) => order.command().starts_with("fgctl kill express-checkout -e prod"),
        _ => false,
    };
    keys(&mut dialog, &[Key::Tab]);
    assert!(said(keys(&mut dialog, &[Key::Char('Y')])));
    keys(&mut dialog, &[Key::BackTab]);
    assert!(matches!(keys(&mut dialog, &[Key::Char('Y')]), Wish::Nothing), "it is a letter of the reason");
    assert!(said(keys(&mut dialog, &[Key::Ctrl('y')])));
}

#[test]
fn what_somebody_else_moved_is_looked_at_again() {
    let mut dialog = promote("checkout", "dev", &["staging".to_owned()], false);
    dialog.preview = Preview::Known { lines: Vec::new(), blocked: false };
    dialog.look_out(&entry("ops", "change.apply", "#12 promote cart", Some("dev")), false);
    assert_eq!(dialog.state, State::Open, "another feature");
    dialog.look_out(&entry("ops", "change.apply", "#12 promote cart, checkout", Some("dev")), false);
    assert!(matches!(&dialog.state, State::Moved(words) if words.contains("ops")));
    let wish = keys(&mut dialog, &[Key::Tab, Key::Enter]);
    assert!(matches!(wish, Wish::Ask(_)), "{wish:?}");
    assert!(dialog.asleep().is_some(), "until the answer is there");
    let mut dialog = approve(&[48, 482], &[]);
    dialog.look_out(&entry("ops", "change.comment", "#4 promote checkout", None), false);
    assert_eq!(dialog.state, State::Open, "another change");
    dialog.look_out(&entry("ops", "change.reject", "#482 promote checkout", Some("prod")), false);
    assert!(matches!(keys(&mut dialog, &[Key::Tab, Key::Enter]), Wish::Reload));
    let mut dialog = killing(false);
    dialog.look_out(&entry("ops", "feature.kill", "express-checkout", Some("staging")), false);
    assert_eq!(dialog.state, State::Open, "another place");
}

#[test]
fn what_one_did_oneself_moves_nothing() {
    let mut stage = stage(approve(&[482], &[]), (80, 24));
    for (actor, moved) in [("lead", false), ("ops", true)] {
        let entry = entry(actor, "change.comment", "#482 promote checkout", Some("prod"));
        stage.tell(Message::Heard(Heard::News(vec![News::Done(Box::new(entry))])));
        let state = &stage.app.dialog.as_ref().unwrap().state;
        assert_eq!(matches!(state, State::Moved(_)), moved, "{actor}");
    }
}

#[test]
fn a_closed_gate_keeps_the_button_asleep() {
    let mut dialog = promote("checkout", "dev", &["staging".to_owned()], false);
    dialog.preview = Preview::Known { lines: Vec::new(), blocked: true };
    assert!(matches!(keys(&mut dialog, &[Key::Tab, Key::Enter]), Wish::Nothing));
    assert_eq!(dialog.asleep().unwrap(), "a gate is closed");
}

#[test]
fn nothing_is_confirmed_that_is_not_on_the_screen() {
    let mut stage = stage(super::create(), (80, 24));
    type_on(&mut stage, "banner");
    stage.keys("Tab Tab Tab Tab");
    stage.tell(Message::Resized(59, 16));
    stage.keys("Enter");
    assert!(stage.app.dialog.as_ref().is_some_and(Dialog::is_ready));
    stage.tell(Message::Resized(60, 16));
    stage.keys("Enter");
    assert!(
        matches!(stage.effects.last(), Some(Effect::Send(Order::Create { feature, .. })) if feature == "banner")
    );
}

#[test]
fn a_kill_dialog() {
    for (size, name) in [((120, 36), "wide"), ((80, 24), "normal"), ((60, 16), "tight")] {
        let mut stage = stage(killing(true), size);
        stage.tell(Message::Key(Key::Up));
        stage.keys("3 0 Tab");
        type_on(
            &mut stage,
            "5xx spike, INC-2291, which began at eleven and is everywhere by now, so it seems",
        );
        stage.keys("Tab");
        type_on(&mut stage, "express-che");
        insta::assert_snapshot!(format!("kill_{name}"), stage.screen());
    }
}

#[test]
fn every_dialog() {
    let to = ["staging".to_owned(), "prod".to_owned()];
    let config = json!({"enabled": true});
    let end = now() + chrono::TimeDelta::minutes(22);
    let what = [Line::from("#482 promote checkout  staging → prod  by dev")];
    let dialogs = [
        ("promote", promote("checkout", "dev", &to, true)),
        ("roll_back", roll_back("checkout", "prod", Some(38), true)),
        ("restore", super::restore("checkout", "prod", &facts())),
        ("reschedule", super::reschedule(("checkout", "prod"), "5xx", (Some(now()), end), now())),
        ("approve", approve(&[482], &what)),
        ("reject", reject(&[482], &what)),
        ("comment", comment(482)),
        ("edit", super::edit(("checkout", "prod"), config, Some(41), true)),
        ("create", super::create()),
        ("cancel", super::cancel(482, &what)),
        ("let_through", super::let_through(482, &what)),
    ];
    for (name, dialog) in dialogs {
        let mut stage = stage(dialog, (120, 36));
        let order = stage.app.dialog.as_ref().unwrap().order();
        stage.answer(&Query::Rehearse(order), || rehearsed(3, false));
        insta::assert_snapshot!(name, stage.screen());
    }
}

#[test]
fn what_it_would_do_scrolls_and_the_buttons_stay() {
    for size in [(60, 16), (80, 24)] {
        let mut stage = stage(promote("checkout", "dev", &["staging".to_owned()], true), size);
        let order = stage.app.dialog.as_ref().unwrap().order();
        stage.answer(&Query::Rehearse(order), || rehearsed(40, false));
        let first = stage.screen();
        assert!(first.contains("more lines: PgDn") && first.contains("rule 1.split"), "{first}");
        for _ in 0..20 {
            stage.tell(Message::Key(Key::PageDown));
            stage.screen();
        }
        let last = stage.screen();
        assert!(last.contains("rule 40.split") && !last.contains("more lines"), "{last}");
        for part in ["[ Cancel ]", "[ Promote ]", "Reason", "fgctl promote checkout"] {
            assert!(first.contains(part) && last.contains(part), "{part} at {size:?}: {last}");
        }
    }
}

#[test]
fn the_cursor_stands_behind_what_was_typed() {
    let dialog = comment(482);
    let mut stage = stage(dialog, (60, 16));
    type_on(&mut stage, "größer 日本");
    let (x, y) = stage.cursor();
    let screen = stage.screen();
    let row = screen.lines().nth(usize::from(y)).unwrap();
    assert!(row.contains("[größer 日"), "{screen}");
    let begin = row.split("größer").next().unwrap().chars().count();
    assert_eq!(usize::from(x), begin + 11, "two columns each: {screen}");
    type_on(&mut stage, &"x".repeat(100));
    let (x, _) = stage.cursor();
    assert!(x < 57, "it stays inside: {}", stage.screen());
}

#[test]
fn a_failure_says_the_request() {
    let mut stage = stage(comment(482), (120, 36));
    type_on(&mut stage, "why?");
    stage.keys("Tab Tab Enter");
    let Some(Effect::Send(order)) = stage.effects.pop() else { panic!("not sent") };
    let failure = Failure {
        words: "the server failed".into(),
        request: Some("01J9Z6Q1V0R3".into()),
        kind: FailureKind::Fault,
    };
    stage.tell(Message::Done { order, result: Err(failure) });
    let screen = stage.screen();
    assert!(
        screen.contains("the server failed  request 01J9Z6Q1V0R3") && screen.contains("[why?"),
        "{screen}"
    );
    stage.keys("Enter");
    assert!(matches!(stage.effects.last(), Some(Effect::Send(_))), "it may be tried again");
}

#[test]
fn what_became_of_several_is_told_of_each() {
    let mut stage = stage(approve(&[482, 479], &[]), (80, 24));
    stage.keys("Tab Enter");
    let Some(Effect::Send(order)) = stage.effects.pop() else { panic!("not sent") };
    let words = "#482 is applied: checkout in prod v42\n#479 is not: you proposed it".to_owned();
    stage.tell(Message::Done { order, result: Ok(words) });
    insta::assert_snapshot!(stage.screen());
}

fn signed_out() -> Stage {
    let mut stage = stage(promote("checkout", "dev", &["staging".to_owned()], true), (120, 36));
    stage.tell(Message::Heard(Heard::SignedOut("the session is over".into())));
    stage
}

#[test]
fn a_sign_in_that_is_over_is_asked_for_where_one_is() {
    let mut stage = signed_out();
    type_on(&mut stage, "secret-password");
    let screen = stage.screen();
    insta::assert_snapshot!(screen);
    assert!(!format!("{:?}", stage.app.sign_in).contains("secret-password"));
    stage.keys("Enter");
    let effect = stage.effects.pop().unwrap();
    assert!(!format!("{effect:?}").contains("secret-password"));
    assert!(matches!(effect, Effect::SignIn { user, .. } if user == "lead"));
    stage.tell(Message::SignedIn(Err("the name or the password is wrong".into())));
    assert!(stage.screen().contains("the name or the password is wrong"));
    stage.keys("Esc r");
    assert!(stage.app.sign_in.is_none(), "r is a key of the dialog below");
    stage.keys("Esc r");
    assert!(stage.app.sign_in.is_some(), "r asks again");
    stage.tell(Message::Resized(60, 16));
    let small = stage.screen();
    assert!(small.contains("Password") && small.contains("[ Sign in ]"), "{small}");
}

#[test]
fn whoever_signed_in_again_goes_on_where_they_were() {
    let mut stage = signed_out();
    stage.effects.clear();
    let api = Api::new("http://127.0.0.1:1", Credentials::None, Duration::from_secs(1)).unwrap();
    let place = Place { context: "prod-eu".into(), team: "payments".into(), ..Place::default() };
    stage.tell(Message::SignedIn(Ok(Box::new(Connection { place, api: Arc::new(api) }))));
    let asks = |like: &Query| {
        stage.effects.iter().any(|effect| matches!(effect, Effect::Ask { query, .. } if query.is_like(like)))
    };
    assert!(stage.effects.iter().any(|effect| matches!(effect, Effect::Listen)));
    let order = stage.app.dialog.as_ref().unwrap().order();
    assert!(asks(&Query::Edges) && asks(&Query::Caller) && asks(&Query::Rehearse(order)));
    assert!(stage.screen().contains("Promote checkout from dev?"));
}

#[test]
fn signs_are_ascii_where_they_must_be() {
    let mut stage = stage(killing(true), (80, 24));
    stage.app.desk.look = Look { ascii: true, ..Look::default() };
    stage.keys("Tab Tab Tab Space");
    let screen = stage.screen();
    assert!(screen.contains("(*) after [30") && screen.is_ascii(), "{screen}");
}
