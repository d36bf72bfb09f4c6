//! The overview, as it is answered, told and asked.

use chrono::{DateTime, TimeDelta, Utc};
use fluxgate_client::overview::Overview as Seen;
use serde_json::{Value, json};

use crate::app::tests::{Stage, edges, now, read};
use crate::effect::{Answer, Effect, Query};
use crate::load::{Failure, FailureKind};
use crate::message::{Heard, Message, News};
use crate::screen::Screen;

fn ago(minutes: i64) -> DateTime<Utc> {
    now() - TimeDelta::minutes(minutes)
}

fn ahead(seconds: i64) -> DateTime<Utc> {
    now() + TimeDelta::seconds(seconds)
}

fn merge(into: &mut Value, more: Value) {
    let Value::Object(more) = more else { panic!("no object: {more}") };
    into.as_object_mut().unwrap().extend(more);
}

fn change(number: i64, key: &str, (from, to): (Option<&str>, &str), more: Value) -> Value {
    let mut change = json!({
        "number": number, "kind": "PROMOTE", "status": "PENDING", "author": "dev", "reason": "it is ready",
        "createdAt": ago(44), "decidedAt": null, "applyAt": null, "failure": null, "viewerMayVote": false,
        "items": [{"feature": {"key": key}, "environment": {"key": to}, "source": from.map(|key| json!({"key": key}))}],
        "policies": [{"name": "Production Changes", "approvals": 1, "required": 2}]});
    merge(&mut change, more);
    change
}

fn edge(name: &str, connected: bool, in_sync: bool) -> Value {
    json!({"name": name, "connected": connected, "inSync": in_sync, "revision": if in_sync { 418 } else { 415 },
        "seenAt": ahead(-5), "ackedAt": ago(2), "evaluationsPerSecond": 612.4})
}

fn event(number: i64, minutes: i64, (action, subject): (&str, &str), more: Value) -> Value {
    let mut event = json!({
        "number": number, "at": ago(minutes), "actor": "lead", "actorKind": "USER", "owner": null,
        "action": action, "subject": subject, "environment": "prod", "reason": null,
        "before": null, "after": null, "address": null});
    merge(&mut event, more);
    event
}

/// A team in which something of everything happens.
fn busy() -> Value {
    let vote = json!({"viewerMayVote": true});
    let edit = json!({"kind": "EDIT", "author": "ops", "createdAt": ago(192), "viewerMayVote": true,
        "policies": [{"name": "Production Changes", "approvals": 0, "required": 1}]});
    let nightly = json!({"status": "APPROVED", "applyAt": ahead(2_460), "createdAt": ago(3_000)});
    let failed =
        json!({"status": "FAILED", "decidedAt": ago(65), "failure": "gate dependencies: payments-v2 is off"});
    let points = |each: i64| (0..64).map(|minute| each + minute * 7).collect::<Vec<i64>>();
    json!({
        "server": {"version": "0.1.0", "revision": 418},
        "team": {
            "key": "payments",
            "kills": {"totalCount": 2, "nodes": [
                {"feature": {"key": "express-checkout"}, "environment": {"key": "prod", "type": "PRODUCTION"},
                 "kill": {"reason": "5xx spike, INC-2291", "by": "lead", "since": ago(18), "restoreAt": ahead(702)}},
                {"feature": {"key": "old-banner"}, "environment": {"key": "staging", "type": "STAGING"},
                 "kill": {"reason": "legal request", "by": "ci", "since": ago(3_120), "restoreAt": null}}]},
            "edges": {"totalCount": 3, "nodes": [
                edge("edge-eu-1", true, true), edge("edge-eu-2", true, false), edge("edge-eu-3", false, false)]},
            "waitingForMe": {"totalCount": 2},
            "pending": {"totalCount": 3, "nodes": [
                change(482, "checkout-redesign", (Some("staging"), "prod"), vote),
                change(481, "search-v2", (Some("dev"), "staging"), json!({"author": "lead"})),
                change(479, "loyalty-program", (None, "prod"), edit)]},
            "scheduled": {"totalCount": 1, "nodes": [change(470, "seasonal-promos", (Some("staging"), "prod"), nightly)]},
            "failed": {"totalCount": 1, "nodes": [change(475, "gift-wrapping", (Some("dev"), "staging"), failed)]},
            "features": {"totalCount": 128},
            "audit": {"nodes": [{"at": ago(18)}]},
            "staleFeatures": {"totalCount": 9, "completeness": {"complete": true}},
            "events": {"nodes": [
                event(903, 18, ("feature.kill", "express-checkout"), json!({"reason": "5xx spike, INC-2291"})),
                event(902, 31, ("change.approve", "checkout-redesign"), json!({"reason": "ok, watch the error rate"})),
                event(901, 44, ("change.propose", "checkout-redesign"), json!({"actor": "dev"})),
                event(900, 65, ("change.fail", "gift-wrapping"), json!({"actor": "system", "environment": "staging"})),
                event(899, 3_120, ("feature.kill", "old-banner"), json!({"actor": "deploy", "owner": "ci", "environment": "staging"}))]},
            "evaluations": {
                "from": "2026-11-20T11:38:00Z", "until": "2026-11-20T12:42:00Z",
                "series": [
                    {"reason": "SPLIT", "total": 52_000, "points": points(640)},
                    {"reason": "TARGETING_MATCH", "total": 23_000, "points": points(170)},
                    {"reason": "ERROR", "total": 40, "points": vec![1; 64]}],
                "completeness": {"complete": true, "missingBatches": 0, "lostEvents": 0, "until": ahead(-4)}},
            "top": {
                "from": "2026-11-20T11:41:00Z", "until": "2026-11-20T12:41:00Z",
                "features": [
                    {"feature": {"key": "checkout-redesign"}, "total": 31_000},
                    {"feature": {"key": "recommendations"}, "total": 22_400},
                    {"feature": {"key": "regional-pricing"}, "total": 18_100},
                    {"feature": {"key": "loyalty-program"}, "total": 3_540}],
                "completeness": {"complete": true, "missingBatches": 0, "lostEvents": 0, "until": ahead(-4)}}}})
}

/// The same with some things replaced, each named by its path.
fn with(mut seen: Value, changed: &[(&str, Value)]) -> Value {
    for (path, value) in changed {
        *seen.pointer_mut(path).unwrap() = value.clone();
    }
    seen
}

fn none() -> Value {
    json!({"totalCount": 0, "nodes": []})
}

/// The same with nothing wrong and nothing on its way.
fn calm() -> Value {
    with(
        busy(),
        &[
            ("/team/kills", none()),
            ("/team/pending", none()),
            ("/team/scheduled", none()),
            ("/team/failed", none()),
            ("/team/waitingForMe/totalCount", json!(0)),
            ("/team/edges", json!({"totalCount": 1, "nodes": [edge("edge-eu-1", true, true)]})),
        ],
    )
}

/// A team that has just been made.
fn empty() -> Value {
    let untold = json!({"complete": true, "missingBatches": 0, "lostEvents": 0, "until": null});
    with(
        calm(),
        &[
            ("/team/edges", none()),
            ("/team/features/totalCount", json!(0)),
            ("/team/staleFeatures/totalCount", json!(0)),
            ("/team/audit/nodes", json!([])),
            ("/team/events/nodes", json!([])),
            ("/team/evaluations/series", json!([])),
            ("/team/evaluations/completeness", untold.clone()),
            ("/team/top/features", json!([])),
            ("/team/top/completeness", untold),
        ],
    )
}

fn asked() -> Query {
    Query::Overview { env: None }
}

fn answer(stage: &mut Stage, seen: &Value) {
    stage.answer(&asked(), || Answer::Overview(Box::new(read::<Seen>(seen.clone()))));
}

fn shown((width, height): (u16, u16), seen: &Value) -> Stage {
    let mut stage = Stage::new(width, height).live();
    answer(&mut stage, seen);
    stage
}

/// Lets what was asked twice, as the subscription began meanwhile, be answered twice.
fn settle(stage: &mut Stage, seen: &Value) {
    stage.tell(Message::Tick(ahead(1)));
    answer(stage, seen);
    stage.effects.clear();
}

/// Returns how often the overview was asked for since the last time.
fn questions(stage: &mut Stage) -> usize {
    let is = |effect: &Effect| matches!(effect, Effect::Ask { query: Query::Overview { .. }, .. });
    let count = stage.effects.iter().filter(|effect| is(effect)).count();
    stage.effects.retain(|effect| !is(effect));
    count
}

#[test]
fn what_needs_somebody_is_seen_at_every_size() {
    insta::assert_snapshot!("live_120x36", shown((120, 36), &busy()).screen());
    insta::assert_snapshot!("live_80x24", shown((80, 24), &busy()).screen());
    insta::assert_snapshot!("live_60x16", shown((60, 16), &busy()).screen());
    insta::assert_snapshot!("live_120x30", shown((120, 30), &busy()).screen());
}

#[test]
fn the_total_and_the_top_are_of_the_same_minutes() {
    // As much in the hour as the only feature of it; more before and after.
    let points: Vec<i64> = (0..64).map(|minute| if (3..63).contains(&minute) { 10 } else { 5_000 }).collect();
    let seen = with(
        busy(),
        &[
            ("/team/evaluations/series", json!([{"reason": "SPLIT", "total": 20_600, "points": points}])),
            ("/team/top/features", json!([{"feature": {"key": "checkout"}, "total": 600}])),
        ],
    );
    let screen = shown((120, 36), &seen).screen();
    for words in ["10/min at 12:40Z", "600 in 60 min to 12:41Z", "Top features, 60 min to 12:41Z", "100.0 %"]
    {
        assert!(screen.contains(words), "{words}: {screen}");
    }
    // Edges are behind: the total is still that of the same time, and nothing is said of now.
    let late = with(seen, &[("/team/evaluations/completeness/until", json!(ago(9)))]);
    let screen = shown((120, 36), &late).screen();
    assert!(screen.contains("-/min not known yet") && screen.contains("600 in 60 min to 12:41Z"), "{screen}");
    assert!(screen.contains("◐ told up to 12:32Z") && !screen.contains('✓'), "{screen}");
}

#[test]
fn edges_that_are_away_evaluate_nothing() {
    let away = json!({"totalCount": 1, "nodes": [edge("edge-eu-3", false, false)]});
    let screen = shown((120, 36), &with(busy(), &[("/team/edges", away)])).screen();
    assert!(screen.contains(" 0 evaluations/s"), "{screen}");
}

#[test]
fn events_elsewhere_are_said_to_be_of_one_environment() {
    let mut stage = shown((120, 36), &busy());
    assert!(stage.screen().contains(" 6 shows all "), "{}", stage.screen());
    stage.app.desk.place.env = Some("prod".into());
    assert!(stage.screen().contains("all environments; 6 shows those in prod"), "{}", stage.screen());
    stage.keys("6");
    assert!(stage.screen().contains("> events in prod"), "{}", stage.screen());
    stage.app.screens.get_mut(Screen::Events).filter("env:dev", &stage.app.desk).unwrap();
    assert!(!stage.screen().contains("events in prod"), "{}", stage.screen());
}

#[test]
fn it_works_without_signs() {
    let mut stage = shown((120, 36), &busy());
    stage.app.desk.look.ascii = true;
    let screen = stage.screen();
    assert!(screen.is_ascii(), "{screen}");
    insta::assert_snapshot!("ascii", screen);
}

#[test]
fn figures_of_another_environment_are_not_shown() {
    for size in [(120, 36), (80, 24)] {
        let mut stage = shown(size, &busy());
        settle(&mut stage, &busy());
        let rate = "/min";
        assert!(stage.screen().contains(rate), "{}", stage.screen());
        stage.app.desk.place.env = Some("staging".into());
        let screen = stage.screen();
        assert!(!screen.contains(rate) && !screen.contains("31.0k"), "{screen}");
        assert!(screen.contains("asking the server") && screen.contains("express-checkout"), "{screen}");
        stage.keys("R");
        answer(&mut stage, &busy());
        assert!(stage.screen().contains(rate), "{}", stage.screen());
    }
}

#[test]
fn nothing_wrong_is_said_calmly() {
    insta::assert_snapshot!("calm", shown((120, 36), &calm()).screen());
}

#[test]
fn an_empty_team_is_told_what_to_do() {
    insta::assert_snapshot!("empty_wide", shown((120, 36), &empty()).screen());
    insta::assert_snapshot!("empty", shown((80, 24), &empty()).screen());
}

#[test]
fn what_is_asked_has_its_frames_already() {
    insta::assert_snapshot!("loading", Stage::new(120, 36).screen());
    insta::assert_snapshot!("loading_80x24", Stage::new(80, 24).screen());
}

#[test]
fn what_is_old_stays_when_the_answer_fails() {
    let mut stage = shown((80, 24), &busy());
    stage.keys("R");
    let found = stage.effects.iter().rev().find_map(|effect| match effect {
        Effect::Ask { ticket, query: query @ Query::Overview { .. } } => Some((*ticket, query.clone())),
        _ => None,
    });
    let (ticket, query) = found.unwrap();
    let words = "the server could not answer (internal error)".to_owned();
    let failure = Failure { words, request: Some("01J9Z6Q1V0R3".into()), kind: FailureKind::Fault };
    stage.tell(Message::Answered { ticket, query, answer: Err(failure) });
    insta::assert_snapshot!("failed", stage.screen());
}

#[test]
fn figures_that_are_not_whole_say_so() {
    let lost = json!({"complete": false, "missingBatches": 2, "lostEvents": 310, "until": ago(9)});
    let seen = with(busy(), &[("/team/evaluations/completeness", lost)]);
    let screen = shown((120, 36), &seen).screen();
    assert!(screen.contains("not complete: 2 batches are missing"), "{screen}");
    assert!(screen.contains("incomplete to 12:32:07Z"), "{screen}");
}

#[test]
fn keys_act_on_what_the_cursor_is_on() {
    let mut stage = shown((120, 36), &busy());
    stage.keys("A");
    assert!(stage.screen().contains("the cursor is on no change that waits"), "{}", stage.screen());
    stage.keys("U");
    insta::assert_snapshot!("restore", stage.screen());
    stage.keys("Esc j j U");
    assert!(stage.screen().contains("the cursor is on nothing that is killed"));
    // Both edges, the change that failed, and then those that wait.
    stage.keys("j j j A");
    insta::assert_snapshot!("approve", stage.screen());
    stage.keys("Esc Space j Space X");
    assert!(stage.screen().contains("Reject #482, #479?"), "{}", stage.screen());
    stage.keys("Esc Tab j A");
    assert!(stage.screen().contains("you proposed #481: somebody else votes on it"), "{}", stage.screen());
    assert!(!stage.effects.iter().any(|effect| matches!(effect, Effect::Send(_))));
}

#[test]
fn enter_goes_where_it_is_to_be_seen() {
    for (keys, screen) in [
        ("Enter", Screen::Feature),
        ("j j Enter", Screen::Edges),
        ("j j j j Enter", Screen::Changes),
        ("Tab Enter", Screen::Changes),
    ] {
        let mut stage = shown((120, 36), &busy());
        stage.keys(keys);
        assert_eq!(stage.app.screen, screen, "{keys}");
        stage.keys("Esc");
        assert_eq!(stage.app.screen, Screen::Overview, "{keys}");
    }
}

#[test]
fn one_pane_may_have_all_the_room() {
    let mut stage = shown((120, 36), &busy());
    stage.keys("Tab Z");
    let screen = stage.screen();
    assert!(screen.contains("Changes in motion") && !screen.contains("Needs attention"), "{screen}");
    stage.keys("Esc");
    assert!(stage.screen().contains("Needs attention"));
}

#[test]
fn tabs_count_what_needs_somebody() {
    let mut stage = shown((120, 36), &busy());
    stage.keys("6");
    let screen = stage.screen();
    for tab in ["3 Changes(2)", "4 Kill switches(2)", "5 Edges(2)"] {
        assert!(screen.contains(tab), "{screen}");
    }
}

#[test]
fn counts_are_asked_for_on_other_screens_but_seldom() {
    let mut stage = shown((120, 36), &busy());
    stage.keys("6");
    questions(&mut stage);
    let entry = read(event(904, 0, ("feature.kill", "search-v2"), json!({})));
    let news = || Message::Heard(Heard::News(vec![News::Done(Box::new(Clone::clone(&entry)))]));
    stage.tell(news());
    stage.tell(Message::Tick(ahead(2)));
    assert_eq!(questions(&mut stage), 0, "too early");
    assert!(stage.app.wake() <= std::time::Duration::from_secs(1));
    stage.tell(news());
    stage.tell(Message::Tick(ahead(6)));
    assert_eq!(questions(&mut stage), 1, "once for both");
    stage.tell(Message::Tick(ahead(20)));
    assert_eq!(questions(&mut stage), 0, "the answer is not there yet");
}

#[test]
fn edges_that_tell_are_not_asked_about() {
    let mut stage = shown((120, 36), &busy());
    settle(&mut stage, &busy());
    stage.tell(Message::Heard(Heard::News(vec![News::Edges(edges().edges), News::Revision(419)])));
    stage.tell(Message::Tick(ahead(2)));
    assert_eq!(questions(&mut stage), 0);
    let screen = stage.screen();
    assert!(screen.contains("edge-eu-12") && screen.contains("revision 419"), "{screen}");
}

#[test]
fn an_edge_has_a_moment_to_catch_up() {
    let changed = json!([{"at": ahead(-2)}]);
    let behind = json!({"totalCount": 1, "nodes": [edge("edge-eu-2", true, false)]});
    let seen = with(calm(), &[("/team/edges", behind), ("/team/audit/nodes", changed)]);
    let mut stage = shown((80, 24), &seen);
    assert!(stage.screen().contains("nothing needs attention"), "{}", stage.screen());
    assert!(stage.app.wake() <= std::time::Duration::from_secs(1));
    stage.tell(Message::Tick(ahead(4)));
    assert!(stage.screen().contains("edge-eu-2"), "{}", stage.screen());
}

#[test]
fn a_countdown_is_counted() {
    let mut stage = shown((120, 36), &busy());
    assert!(stage.app.wake() <= std::time::Duration::from_secs(1));
    assert!(stage.screen().contains("restores in 11m 42s"), "{}", stage.screen());
    stage.tell(Message::Tick(ahead(2)));
    assert!(stage.screen().contains("restores in 11m 40s"), "{}", stage.screen());
    let mut stage = shown((120, 36), &calm());
    settle(&mut stage, &calm());
    assert!(stage.app.wake() > std::time::Duration::from_secs(1), "nothing to count");
}

#[test]
fn no_size_is_too_small() {
    for seen in [busy(), empty()] {
        let mut stage = shown((120, 36), &seen);
        for (width, height) in
            (1..150).step_by(7).flat_map(|width| (1..50).map(move |height| (width, height)))
        {
            stage.tell(Message::Resized(width, height));
            stage.screen();
        }
    }
}

/// Returns an answer to what the screen asks.
pub(crate) fn canned(query: &Query) -> Option<Answer> {
    Some(match query {
        Query::Overview { .. } => Answer::Overview(Box::new(read::<Seen>(busy()))),
        _ => return None,
    })
}
