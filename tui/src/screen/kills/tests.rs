//! What the kills screen shows and what its keys do.

use fluxgate_client::kill_screen::{KillScreen, Killed};
use serde_json::{Value, json};

use super::reach::{self, Has};
use crate::app::tests::{Stage, now, read};
use crate::effect::{Answer, Effect, Query};
use crate::message::{Heard, Message, News};

fn edge(name: &str, connected: bool, in_sync: bool, revisions: (i64, i64)) -> Value {
    json!({"id": format!("018f0000-0000-7000-8000-0000000000{name}"), "name": format!("edge-eu-{name}"),
        "version": "0.1.0", "client": "edges", "connected": connected, "inSync": in_sync,
        "revision": revisions.0, "killsRevision": revisions.1, "connectedAt": "2026-11-20T09:00:00Z",
        "seenAt": if connected { "2026-11-20T12:41:02Z" } else { "2026-11-20T12:00:02Z" },
        "ackedAt": "2026-11-20T12:22:59Z", "uptimeSeconds": 86_400, "evaluationsPerSecond": 612.4,
        "p99Ns": 1_900_000, "spooled": 3})
}

fn kill(feature: &str, env: &str, (since, restore_at): (&str, Option<&str>), reason: &str) -> Value {
    json!({"feature": {"key": feature, "name": feature},
        "environment": {"key": env, "name": env, "type": if env == "prod" { "PRODUCTION" } else { "STAGING" }},
        "kill": {"reason": reason, "by": "lead", "token": null, "since": since, "restoreAt": restore_at}})
}

fn entry(number: i64, action: &str, at: &str, (feature, reason): (&str, Value)) -> Value {
    json!({"number": number, "at": at, "actor": "lead", "actorKind": "USER", "owner": null, "action": action,
        "subject": feature, "environment": "prod", "reason": reason, "before": null,
        "after": if action == "feature.kill" { json!({"restoreAt": "2026-11-20T12:52:58Z"}) } else { Value::Null },
        "address": "10.2.0.14"})
}

fn part(nodes: &[Value]) -> Value {
    json!({"totalCount": nodes.len(), "nodes": nodes})
}

fn screen(kills: &[Value]) -> KillScreen {
    read(json!({
        "kills": part(kills),
        "edges": part(&[edge("11", true, true, (418, 417)), edge("12", true, false, (416, 417)),
            edge("13", true, false, (415, 410)), edge("14", false, false, (402, 400)),
            // Serves another environment.
            {
                let mut other = edge("15", true, true, (418, 418));
                other["client"] = json!("staging-edges");
                other
            }]),
        "clients": part(&[json!({"name": "edges", "environment": {"key": "prod"}}),
            json!({"name": "staging-edges", "environment": {"key": "staging"}})]),
        "killed": part(&[
            entry(90, "feature.kill", "2026-11-20T12:22:58Z", ("express-checkout", json!("5xx spike, INC-2291"))),
            entry(60, "feature.kill_until", "2026-11-17T08:10:00Z", ("search-v2", json!("latency, INC-2277"))),
            entry(59, "feature.kill", "2026-11-17T08:00:00Z", ("search-v2", json!("latency, INC-2277"))),
        ]),
        "restored": part(&[
            entry(61, "feature.restore", "2026-11-17T08:40:00Z", ("search-v2", json!("its time is over"))),
        ]),
    }))
}

pub(crate) fn both() -> KillScreen {
    screen(&[
        kill(
            "express-checkout",
            "prod",
            ("2026-11-20T12:22:49Z", Some("2026-11-20T12:52:49Z")),
            "5xx spike, INC-2291",
        ),
        kill("old-banner", "staging", ("2026-11-18T08:00:00Z", None), "legal request"),
    ])
}

pub(crate) fn stops() -> Killed {
    let points: Vec<i64> = (0..30).map(|minute| if minute < 12 { 6_800 + minute * 10 } else { 0 }).collect();
    let off: Vec<i64> = (0..30).map(|minute| if minute < 12 { 0 } else { 6_800 }).collect();
    let series = |reason: &str, points: Vec<i64>| {
        json!({"feature": null, "environment": null, "client": null, "variant": null, "isDefault": false,
            "reason": reason, "total": points.iter().sum::<i64>(), "hourly": 0, "points": points})
    };
    read(json!({
        "feature": {
            "stages": [{"environment": {"key": "prod"}, "live": {"number": 22, "config": {"enabled": true}}}],
            "dependents": [{"feature": "1-click-upsell", "environment": {"key": "prod"}},
                {"feature": "elsewhere", "environment": {"key": "staging"}}],
        },
        "figures": {"from": "2026-11-20T12:11:00Z", "until": "2026-11-20T12:41:00Z", "resolution": "MINUTE",
            "series": [series("DISABLED", off), series("SPLIT", points)],
            "completeness": {"complete": true, "missingBatches": 0, "lostEvents": 0,
                "until": "2026-11-20T12:41:00Z"}},
    }))
}

fn stage(width: u16, height: u16, known: fn() -> KillScreen) -> Stage {
    let mut stage = Stage::new(width, height).live();
    stage.keys("4");
    stage.answer(&Query::Kills, || Answer::Kills(Box::new(known())));
    stage
}

/// The screen with two kills, and what is known of the first.
pub(crate) fn shown(width: u16, height: u16) -> Stage {
    let mut stage = stage(width, height, both);
    rest(&mut stage);
    stage
}

fn killed() -> Query {
    Query::Killed { feature: String::new(), env: String::new() }
}

/// The cursor rests for a moment.
fn rest(stage: &mut Stage) {
    stage.tell(Message::Tick(now() + chrono::TimeDelta::milliseconds(300)));
    stage.answer(&killed(), || Answer::Killed(Box::new(stops())));
}

#[test]
fn kills_wide() {
    let mut stage = stage(120, 36, both);
    rest(&mut stage);
    insta::assert_snapshot!(stage.screen());
}

#[test]
fn kills_normal() {
    let mut stage = stage(80, 24, both);
    rest(&mut stage);
    insta::assert_snapshot!(stage.screen());
}

#[test]
fn kills_tight_and_ascii() {
    let mut tight = stage(60, 16, both);
    rest(&mut tight);
    insta::assert_snapshot!("kills_tight", tight.screen());
    let mut ascii = stage(120, 36, both);
    ascii.app.desk.look.ascii = true;
    rest(&mut ascii);
    let shown = ascii.screen();
    assert!(shown.is_ascii(), "{shown}");
}

#[test]
fn a_long_reason_has_what_others_leave() {
    for size in [(120, 36), (80, 24)] {
        let known = || {
            let times = ("2026-11-20T12:22:49Z", Some("2026-11-20T12:52:49Z"));
            screen(&[kill("express-checkout", "prod", times, &"5xx spike ".repeat(100))])
        };
        let screen = stage(size.0, size.1, known).screen();
        let titles = screen.lines().find(|line| line.contains("SINCE")).unwrap_or_default();
        for title in ["FEATURE", "WHERE", "ENDS", "IN", "BY", "REASON"] {
            assert!(titles.contains(title), "{title}: {screen}");
        }
        assert!(screen.contains("11m 42s"), "{screen}");
    }
}

#[test]
fn nothing_is_killed() {
    insta::assert_snapshot!("kills_none_wide", stage(120, 36, || screen(&[])).screen());
    insta::assert_snapshot!("kills_none_normal", stage(80, 24, || screen(&[])).screen());
}

#[test]
fn kills_are_asked_for() {
    let mut stage = Stage::new(80, 24).live();
    stage.keys("4");
    insta::assert_snapshot!("kills_loading", stage.screen());
}

#[test]
fn more_is_asked_once_the_cursor_rests() {
    let mut stage = stage(120, 36, both);
    let asked = |stage: &Stage| {
        let asked = stage.effects.iter().filter_map(|effect| match effect {
            Effect::Ask { query: Query::Killed { feature, .. }, .. } => Some(feature.clone()),
            _ => None,
        });
        asked.collect::<Vec<_>>()
    };
    assert!(asked(&stage).is_empty() && stage.app.wake().as_millis() < 500);
    stage.keys("j k j");
    assert!(asked(&stage).is_empty());
    rest(&mut stage);
    stage.tell(Message::Tick(now() + chrono::TimeDelta::milliseconds(600)));
    assert_eq!(stage.app.wake().as_secs(), 1, "it counts, and has asked all");
    stage.keys("k");
    stage.tell(Message::Tick(now() + chrono::TimeDelta::seconds(1)));
    assert_eq!(asked(&stage), ["express-checkout"]);
    assert!(!stage.screen().contains("v22"), "what is known of another kill is not shown");
}

#[test]
fn edges_that_may_lack_a_kill_come_first() {
    let known = both();
    let reached = reach::of(&known, "prod");
    let reached: Vec<(Has, &str)> = reached.iter().map(|(has, edge)| (*has, edge.name.as_str())).collect();
    let wanted = [
        (Has::Away, "edge-eu-14"),
        (Has::Late, "edge-eu-13"),
        (Has::Yes, "edge-eu-11"),
        (Has::Yes, "edge-eu-12"),
    ];
    assert_eq!(reached, wanted, "12 lacks a revision, but has the newest kill");
    let said = reach::sentences(&reach::of(&known, "prod"));
    assert_eq!(said.1.unwrap(), "edge-eu-14, edge-eu-13 may still serve what was before");
    assert_eq!(reach::sentences(&reach::of(&known, "staging")), ("1 of 1 edges have it".to_owned(), None));
    assert!(reach::sentences(&reach::of(&known, "dev")).0.starts_with("no edge"));
}

#[test]
fn a_restore_says_what_comes_back() {
    let mut stage = stage(120, 36, both);
    rest(&mut stage);
    stage.keys("U");
    insta::assert_snapshot!("kills_restore", stage.screen());
    assert!(!stage.effects.iter().any(|effect| matches!(effect, Effect::Send(_))));
}

#[test]
fn an_end_is_moved_by_ten_minutes() {
    let mut stage = stage(80, 24, both);
    stage.keys("+");
    insta::assert_snapshot!("kills_later", stage.screen());
    let command = stage.app.dialog.as_ref().map(|dialog| dialog.order().command());
    assert!(command.unwrap().contains("--restore-at 2026-11-20T13:02:49Z"));
    stage.keys("Esc - Esc");
    assert!(stage.screen().contains("express-checkout"));
    stage.keys("j +");
    assert!(stage.app.said.as_ref().unwrap().contains("by hand only"));
    stage.keys("-");
    let command = stage.app.dialog.as_ref().map(|dialog| dialog.order().command());
    assert!(command.unwrap().contains("--restore-at 2026-11-20T12:51:07Z"));
}

#[test]
fn an_end_is_not_moved_into_the_past() {
    let mut stage = stage(80, 24, both);
    stage.tell(Message::Tick("2026-11-20T12:45:00Z".parse().unwrap()));
    stage.keys("-");
    assert!(stage.app.dialog.is_none());
    assert!(stage.app.said.as_ref().unwrap().contains("U restores it now"));
}

#[test]
fn whoever_may_kill_may_put_an_end_off() {
    let mut stage = Stage::new(80, 24).live_as(&["REQUESTER"]);
    stage.keys("4");
    stage.answer(&Query::Kills, || Answer::Kills(Box::new(both())));
    stage.keys("-");
    assert!(stage.app.dialog.is_none());
    let why = "a restore needs Approver or Team Admin: you are Requester in payments";
    assert_eq!(stage.app.said.as_deref(), Some(why));
    stage.keys("+");
    assert!(stage.app.dialog.is_some(), "{}", stage.screen());
}

#[test]
fn an_incident_has_its_line() {
    let mut stage = stage(80, 24, both);
    stage.keys("y");
    let copied = stage.effects.iter().find_map(|effect| match effect {
        Effect::Copy(text) => Some(text.as_str()),
        _ => None,
    });
    assert_eq!(
        copied.unwrap(),
        "express-checkout is killed in prod by lead since 2026-11-20T12:22:49Z, until 2026-11-20T12:52:49Z: \
         5xx spike, INC-2291"
    );
}

#[test]
fn only_kills_are_asked_again() {
    let mut stage = stage(80, 24, both);
    stage.effects.clear();
    let news = |action: &str| {
        let done = News::Done(Box::new(read(entry(99, action, "2026-11-20T12:41:07Z", ("a", Value::Null)))));
        Message::Heard(Heard::News(vec![done]))
    };
    stage.tell(Message::Tick(now() + chrono::TimeDelta::seconds(2)));
    stage.effects.clear();
    stage.tell(news("feature.edit"));
    assert!(stage.effects.is_empty());
    stage.tell(news("feature.restore"));
    assert!(stage.effects.iter().any(|effect| matches!(effect, Effect::Ask { query: Query::Kills, .. })));
}

/// Returns an answer to what the screen asks.
pub(crate) fn canned(query: &Query) -> Option<Answer> {
    Some(match query {
        Query::Kills => Answer::Kills(Box::new(both())),
        Query::Killed { .. } => Answer::Killed(Box::new(stops())),
        _ => return None,
    })
}

#[test]
fn no_size_is_too_small() {
    for known in [both, || screen(&[])] {
        let mut stage = stage(120, 36, known);
        rest(&mut stage);
        for keys in ["j", "Z", "Tab", "Z"] {
            stage.keys(keys);
            for (width, height) in [1, 59, 60, 61, 80, 119, 120, 200]
                .into_iter()
                .flat_map(|width| (1..45).step_by(2).map(move |height| (width, height)))
            {
                stage.tell(Message::Resized(width, height));
                stage.screen();
            }
        }
    }
}
