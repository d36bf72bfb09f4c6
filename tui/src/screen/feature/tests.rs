//! One feature: what keys and answers make of it.

use fluxgate_client::feature_screen::FeatureScreen;
use serde_json::{Value, json};

use super::Detail;
use crate::app::tests::{Stage, now, read};
use crate::effect::{Answer, Effect, Query};
use crate::host::Rule;
use crate::key::Key;
use crate::load::{Failure, FailureKind};
use crate::message::{Heard, Message, News};
use crate::order::Order;
use crate::screen::Pane;

fn config(rules: &Value) -> Value {
    json!({"enabled": true, "variants": {"control": "classic", "one-page": "one-page", "express": "express"},
        "default": "control", "off": "control", "criteria": rules,
        "dependsOn": [{"feature": "payments-v2", "variants": ["on"]}]})
}

fn stage(env: &str, number: i64, config: &Value) -> Value {
    let type_ = match env {
        "dev" => "DEVELOPMENT",
        "staging" => "STAGING",
        _ => "PRODUCTION",
    };
    json!({"environment": {"key": env, "name": env, "type": type_}, "status": "DEPLOYED",
        "live": {"number": number, "config": config, "createdAt": "2026-11-15T12:00:00Z", "createdBy": "lead"},
        "kill": null, "pending": [], "changedAt": "2026-11-15T12:00:00Z"})
}

fn figures(group: &str, counts: &[(&str, i64)]) -> Value {
    let series = counts.iter().map(|(name, total)| {
        let points: Vec<i64> = (0..60).map(|minute| total / 120 + total * minute / 3_540).collect();
        let mut series = json!({"feature": null, "environment": {"key": "prod"}, "client": null, "variant": null,
            "isDefault": false, "reason": null, "total": total, "hourly": 0, "points": points});
        series[group] = (*name).into();
        series
    });
    json!({"from": "2026-11-20T11:41:00Z", "until": "2026-11-20T12:41:00Z", "resolution": "MINUTE",
        "series": series.collect::<Vec<_>>(),
        "completeness": {"complete": true, "missingBatches": 0, "lostEvents": 0, "until": "2026-11-20T12:40:00Z"}})
}

fn version(number: i64, env: &str, source: Option<&str>, (reason, change): (&str, i64)) -> Value {
    let source = source.map(|key| json!({"key": key}));
    let kind = if source.is_some() { "PROMOTE" } else { "EDIT" };
    let diff = json!([{"kind": "CHANGED", "path": "criteria[\"pro\"].split", "before": "control=95, one-page=5",
        "after": "control=90, one-page=10"}]);
    json!({"number": number, "environment": {"key": env}, "createdAt": "2026-11-15T12:00:00Z",
        "createdBy": "lead", "change": {"number": change, "kind": kind, "reason": reason, "author": "dev",
        "token": null, "override": null, "votes": [{"user": "lead", "decision": "APPROVE"}],
        "items": [{"environment": {"key": env}, "source": source, "diff": diff}]}})
}

fn switch(number: i64, action: &str, at: &str, (actor, reason): (&str, &str)) -> Value {
    let after =
        if action == "feature.restore" { Value::Null } else { json!({"restoreAt": "2026-11-16T09:30:00Z"}) };
    json!({"number": number, "at": at, "actor": actor, "actorKind": "USER", "owner": null, "action": action,
        "subject": "checkout", "environment": "prod", "reason": reason, "before": null, "after": after,
        "address": null})
}

/// The feature of most tests: a change of it waits in production.
fn told() -> Value {
    let rules = json!([
        {"name": "internal users", "serve": "express", "when": {}},
        {"name": "pro", "split": [{"variant": "control", "weight": 90}, {"variant": "one-page", "weight": 10}]}]);
    let config = config(&rules);
    let mut prod = stage("prod", 38, &config);
    prod["pending"] = json!([{"number": 482, "kind": "PROMOTE", "status": "PENDING", "author": "dev",
        "token": null, "createdAt": "2026-11-20T11:57:02Z", "applyAt": null,
        "policies": [{"name": "Production", "approvals": 1, "required": 2}]}]);
    let waiting = json!({"number": 482, "kind": "PROMOTE", "status": "PENDING",
        "reason": "Staging was fine for 2 days", "author": "dev", "token": null,
        "createdAt": "2026-11-20T11:57:02Z", "decidedAt": null, "appliedAt": null, "applyAt": null,
        "revision": null, "failure": null, "override": null, "rebasedFrom": null,
        "items": [{"feature": {"key": "checkout"}, "environment": {"key": "prod", "type": "PRODUCTION"},
            "source": {"key": "staging"}, "baseVersion": 38, "version": null, "before": null, "after": null,
            "diff": [{"kind": "CHANGED", "path": "criteria[\"pro\"].split", "before": "control=90, one-page=10",
                "after": "control=50, one-page=50", "movement": 40.0, "reshuffles": false}]}],
        "votes": [], "comments": [], "policies": [{"name": "Production", "approvals": 1, "required": 2,
            "roles": ["APPROVER"], "approvers": ["lead"], "autoApproveAt": null, "overrideAllowed": false,
            "satisfied": false}], "viewerMayVote": true});
    json!({"feature": {"id": "018f0000-0000-7000-8000-000000000001", "key": "checkout",
            "name": "New single-page checkout", "description": "", "kind": "CONTEXTUAL", "valueType": "STRING",
            "lifecycle": "BETA", "tags": ["checkout", "q4"], "owner": "payments", "removalDate": null,
            "createdAt": "2026-09-01T12:00:00Z", "changedAt": "2026-11-20T11:57:02Z", "createdBy": "dev",
            "pipeline": "default",
            "stages": [stage("dev", 41, &config), stage("staging", 41, &config), prod],
            "dependents": [{"feature": "express-checkout", "environment": {"key": "prod"}}],
            "versions": {"nodes": [
                version(41, "staging", Some("dev"), ("fine in dev", 471)),
                version(41, "dev", None, ("", 470)),
                version(38, "prod", None, ("canary", 466))]}},
        "open": {"nodes": [waiting]},
        "killed": {"nodes": [
            switch(91, "feature.kill_until", "2026-11-14T09:10:00Z", ("lead", "still too high")),
            switch(90, "feature.kill", "2026-11-14T09:00:00Z", ("lead", "5xx spike"))]},
        "restored": {"nodes": [switch(95, "feature.restore", "2026-11-16T09:30:00Z", ("system", "its time is over"))]},
        "edges": {"nodes": [{"connected": true}, {"connected": true}, {"connected": false}]},
        "byVariant": figures("variant", &[("control", 790_000), ("one-page", 51_600), ("express", 3_400)]),
        "byReason": figures("reason", &[("SPLIT", 515_000), ("TARGETING_MATCH", 330_000)])})
}

#[expect(clippy::unnecessary_wraps, reason = "as the host has it")]
fn rules(_: &Value) -> Result<Vec<Rule>, String> {
    let rule = |name: &str, when: &str, serves: &str, rollout: &str| Rule {
        name: name.into(),
        when: when.into(),
        serves: serves.into(),
        rollout: rollout.into(),
    };
    Ok(vec![
        rule("internal users", "email ends with \"@acme.com\" or betaTester == true", "express", ""),
        rule(
            "pro users on 2.x",
            "tier in [\"pro\", \"enterprise\"] and appVersion semver \">=2.0.0 <3.0.0\"",
            "control=90, one-page=10",
            "50 %",
        ),
        rule("", "everyone", "control", ""),
    ])
}

fn detail(told: &Value) -> Answer {
    let told: FeatureScreen = read(told.clone());
    let mut detail = Detail::new(told);
    detail.read_rules(rules);
    Answer::FeatureScreen(Box::new(detail))
}

fn query() -> Query {
    Query::FeatureScreen { key: "checkout".into() }
}

/// Opens the feature, of which this is told.
fn opened((width, height): (u16, u16), told: &Value) -> Stage {
    let mut stage = Stage::new(width, height).live();
    let open = crate::step::Step::OpenFeature { key: "checkout".into(), env: None };
    let effects = stage.app.steps(vec![open]);
    stage.effects.extend(effects);
    stage.answer(&query(), || detail(told));
    stage.effects.clear();
    stage
}

fn order(stage: &Stage) -> Order {
    stage.app.dialog.as_ref().unwrap().order()
}

#[test]
fn a_feature_is_a_lane_with_four_panes() {
    insta::assert_snapshot!("wide", opened((120, 36), &told()).screen());
    let mut stage = opened((80, 24), &told());
    insta::assert_snapshot!("normal_rules", stage.screen());
    stage.keys("Tab");
    insta::assert_snapshot!("normal_evaluations", stage.screen());
    stage.keys("Tab");
    insta::assert_snapshot!("normal_history", stage.screen());
    stage.keys("Tab");
    insta::assert_snapshot!("normal_dependencies", stage.screen());
    insta::assert_snapshot!("tight", opened((60, 16), &told()).screen());
}

#[test]
fn what_is_not_there_yet_is_told() {
    let mut stage = Stage::new(80, 24).live();
    let open = crate::step::Step::OpenFeature { key: "checkout".into(), env: None };
    let effects = stage.app.steps(vec![open]);
    stage.effects.extend(effects);
    insta::assert_snapshot!("loading", stage.screen());
    let asked = stage.effects.iter().find_map(|effect| match effect {
        Effect::Ask { ticket, query } if *query == self::query() => Some(*ticket),
        _ => None,
    });
    let failure = Failure {
        words: "no feature checkout".into(),
        request: Some("01J9".into()),
        kind: FailureKind::Refused,
    };
    stage.tell(Message::Answered { ticket: asked.unwrap(), query: query(), answer: Err(failure) });
    insta::assert_snapshot!("failed", stage.screen());
}

#[test]
fn a_stage_that_serves_little_says_so() {
    let mut told = told();
    told["feature"]["stages"][2]["kill"] = json!({"reason": "5xx spike", "by": "lead", "token": null,
        "since": "2026-11-20T12:22:58Z", "restoreAt": "2026-11-20T12:52:58Z"});
    told["feature"]["stages"][1]["live"] = Value::Null;
    told["feature"]["stages"][0]["live"]["config"]["enabled"] = false.into();
    told["byVariant"] = Value::Null;
    told["byReason"] = Value::Null;
    let mut stage = opened((120, 36), &told);
    insta::assert_snapshot!("killed", stage.screen());
    stage.keys("U");
    assert!(matches!(order(&stage), Order::Restore { env, .. } if env == "prod"));
    stage.keys("Esc h");
    assert!(stage.screen().contains("Nothing is live in staging."), "{}", stage.screen());
    stage.keys("E");
    assert!(stage.screen().contains("nothing of checkout is live in staging"), "{}", stage.screen());
    stage.keys("h h");
    assert!(stage.screen().contains("off: control to everyone"), "{}", stage.screen());
}

#[test]
fn keys_act_on_the_stage_that_is_chosen() {
    let mut stage = opened((120, 36), &told());
    assert_eq!(stage.app.screens.feature.env(&stage.app.desk).unwrap(), "prod", "where a change waits");
    stage.keys("K");
    insta::assert_snapshot!("kill", stage.screen());
    stage.keys("Esc P");
    assert!(stage.screen().contains("prod is the last stage"), "{}", stage.screen());
    stage.keys("h P");
    assert!(matches!(order(&stage), Order::Promote { from, to, .. } if from == "staging" && to == "prod"));
    stage.keys("Esc h P");
    let options = order(&stage);
    assert!(matches!(options, Order::Promote { from, to, .. } if from == "dev" && to == "staging"));
    stage.keys("Esc E");
    let edit = stage.effects.iter().any(|effect| {
        matches!(effect, Effect::Edit { env, base: Some(41), config, .. } if env == "dev" && config["default"] == "control")
    });
    assert!(edit, "{:?}", stage.effects);
    stage.keys("d v x");
    let asked = |query: &Query| {
        stage
            .effects
            .iter()
            .any(|effect| matches!(effect, Effect::Ask { query: asked, .. } if asked == query))
    };
    let file = Query::File { feature: "checkout".into(), env: "dev".into() };
    assert!(asked(&file) && stage.app.prompt.is_some());
    assert!(!stage.effects.iter().any(|effect| matches!(effect, Effect::Send(_))));
}

#[test]
fn what_waits_is_decided_with_what_it_alters_in_view() {
    let mut stage = opened((120, 36), &told());
    stage.keys("A");
    insta::assert_snapshot!("approve", stage.screen());
    assert!(matches!(order(&stage), Order::Vote { changes, .. } if changes == [482]));
    stage.keys("Esc d");
    insta::assert_snapshot!("alters", stage.screen());
    stage.keys("Esc h A");
    assert!(stage.screen().contains("no change of checkout waits in staging"), "{}", stage.screen());
    let mut own = told();
    own["open"]["nodes"][0]["viewerMayVote"] = false.into();
    let mut stage = opened((120, 36), &own);
    stage.keys("X");
    let screen = stage.screen();
    assert!(screen.contains("the server says that you may not vote on #482"), "{screen}");
    let mut own = told();
    own["open"]["nodes"][0]["viewerMayVote"] = false.into();
    own["open"]["nodes"][0]["author"] = "lead".into();
    let mut stage = opened((120, 36), &own);
    let hints = stage.screen();
    assert!(!hints.contains("A approve") && hints.contains("M comment"), "{hints}");
    stage.keys("A");
    let screen = stage.screen();
    assert!(screen.contains("you proposed #482: somebody else votes on it"), "{screen}");
    stage.keys("M");
    assert!(matches!(order(&stage), Order::Comment { change: 482, .. }));
}

#[test]
fn what_needs_somebody_is_chosen_first() {
    let place = |told: &Value| {
        let stage = opened((120, 36), told);
        stage.app.screens.feature.env(&stage.app.desk).unwrap()
    };
    let mut told = told();
    told["feature"]["stages"][2]["pending"] = json!([]);
    assert_eq!(place(&told), "prod", "the latest that serves");
    told["feature"]["stages"][2]["live"] = Value::Null;
    assert_eq!(place(&told), "staging");
    told["feature"]["stages"][0]["kill"] = json!({"reason": "5xx spike", "by": "lead", "token": null,
        "since": "2026-11-20T12:22:58Z", "restoreAt": null});
    assert_eq!(place(&told), "dev", "what is killed");
}

#[test]
fn a_version_is_looked_at_and_rolled_back_to() {
    let mut stage = opened((120, 36), &told());
    stage.keys("B");
    assert!(matches!(order(&stage), Order::RollBack { version: Some(37), env, .. } if env == "prod"));
    stage.keys("Esc Tab Tab j Enter");
    insta::assert_snapshot!("version", stage.screen());
    stage.keys("Esc j j B");
    assert!(matches!(order(&stage), Order::RollBack { version: Some(38), env, .. } if env == "prod"));
}

#[test]
fn kills_and_restores_are_in_the_history() {
    let mut stage = opened((120, 36), &told());
    stage.keys("Tab Tab");
    let shown = stage.screen();
    assert!(shown.contains("restored: \"its time is over\""), "{shown}");
    assert!(shown.contains("killed: \"5xx spike\", until"), "{shown}");
    stage.keys("Enter");
    insta::assert_snapshot!("restored", stage.screen());
    stage.keys("Esc G Enter");
    insta::assert_snapshot!("kill_of_before", stage.screen());
    stage.keys("Esc B");
    assert!(matches!(order(&stage), Order::RollBack { version: Some(37), .. }), "a kill is no version");
}

#[test]
fn what_is_said_of_now_is_of_the_last_minute() {
    let mut told = told();
    // The minute that is not over, and one before that is another than the mean.
    for group in ["byVariant", "byReason"] {
        told[group]["until"] = "2026-11-20T12:42:00Z".into();
        told[group]["completeness"]["until"] = "2026-11-20T12:41:30Z".into();
        for series in told[group]["series"].as_array_mut().unwrap() {
            series["points"].as_array_mut().unwrap().push(3.into());
            series["points"][59] = 70.into();
        }
    }
    let mut stage = opened((120, 36), &told);
    assert_eq!(stage.screen().matches("210/min at 12:40Z").count(), 2, "{}", stage.screen());
    stage.keys("K");
    assert!(stage.screen().contains("210 evaluations a minute, at 12:40Z"), "{}", stage.screen());
    for until in [Value::Null, json!("2026-11-20T12:20:00Z")] {
        told["byVariant"]["completeness"]["until"] = until;
        let mut stage = opened((120, 36), &told);
        assert_eq!(stage.screen().matches("evaluations not known yet").count(), 4, "{}", stage.screen());
        assert!(!stage.screen().contains("/min"), "{}", stage.screen());
        stage.keys("K");
        assert!(stage.screen().contains("how often it is evaluated is not known yet"), "{}", stage.screen());
    }
}

#[test]
fn a_kill_without_an_end_says_so() {
    let mut told = told();
    told["feature"]["stages"][2]["kill"] = json!({"reason": "5xx spike", "by": "deploy", "token": null,
        "since": "2026-11-20T12:22:58Z", "restoreAt": null});
    let shown = opened((120, 36), &told).screen();
    for words in [
        "│ 18m ago by deploy ",
        "│ until somebody restores it ",
        "│ \"5xx spike\" ",
        "ends when somebody restores it",
        "since 12:22:58Z, 18m ago, by deploy: \"5xx spike\"",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let shown = opened((80, 24), &told).screen();
    assert!(shown.contains("by deploy: \"5xx spike\""), "{shown}");
}

#[test]
fn a_long_reason_hides_neither_the_end_nor_the_rules() {
    let mut told = told();
    told["feature"]["stages"][2]["kill"] = json!({"reason": "5xx spike ".repeat(100), "by": "deploy",
        "token": null, "since": "2026-11-20T12:22:58Z", "restoreAt": "2026-11-20T12:52:58Z"});
    told["feature"]["stages"][2]["pending"] = json!([]);
    for size in [(120, 36), (80, 24)] {
        let mut stage = opened(size, &told);
        let screen = stage.screen();
        let end = screen.find("ends at 12:52:58Z").unwrap();
        assert!(end < screen.find("by deploy: \"5xx").unwrap(), "{screen}");
        assert!(screen.contains("pro users on 2.x") && screen.contains('…'), "{screen}");
        stage.keys("Enter");
        assert!(stage.screen().matches("5xx spike").count() > 20, "{}", stage.screen());
    }
}

#[test]
fn a_feature_that_is_needed_is_opened_and_left_again() {
    let mut stage = opened((120, 36), &told());
    stage.keys("Tab Tab Tab Enter");
    let asked = |stage: &Stage, key: &str| {
        stage.effects.iter().any(
            |effect| matches!(effect, Effect::Ask { query: Query::FeatureScreen { key: asked }, .. } if asked == key),
        )
    };
    assert!(asked(&stage, "payments-v2"));
    // What was asked of the other comes late.
    stage.keys("Esc");
    assert!(asked(&stage, "checkout") && stage.app.screens.feature.id().unwrap() == "checkout");
    stage.keys("Esc");
    assert_ne!(stage.app.screen, crate::screen::Screen::Feature);
}

#[test]
fn only_news_of_it_are_asked_about() {
    let mut stage = opened((120, 36), &told());
    let tell = |stage: &mut Stage, subject: &str| {
        let entry = json!({"number": 1, "at": now(), "actor": "ops", "actorKind": "USER", "owner": null,
            "action": "change.apply", "subject": subject, "environment": "prod", "reason": null, "before": null,
            "after": null, "address": null});
        stage.effects.clear();
        stage.tell(Message::Heard(Heard::News(vec![News::Done(Box::new(read(entry)))])));
        !stage.effects.is_empty()
    };
    stage.tell(Message::Tick(now() + chrono::TimeDelta::seconds(2)));
    assert!(!tell(&mut stage, "#12 edit something-else"));
    assert!(tell(&mut stage, "#12 promote checkout"));
    stage.answer(&query(), || detail(&told()));
    stage.tell(Message::Tick(now() + chrono::TimeDelta::seconds(4)));
    assert!(tell(&mut stage, "#13 edit payments-v2"), "what it needs");
}

#[test]
fn signs_are_ascii_where_a_terminal_wants_that() {
    let mut stage = opened((120, 36), &told());
    stage.app.desk.look.ascii = true;
    let screen = stage.screen();
    assert!(screen.is_ascii(), "{screen}");
}

#[test]
fn no_size_is_too_small() {
    let mut stage = opened((120, 36), &told());
    for (width, height) in [(1, 1), (60, 16), (61, 17), (79, 23), (80, 24), (119, 30), (120, 30), (200, 60)] {
        stage.tell(Message::Resized(width, height));
        for _ in 0..4 {
            stage.tell(Message::Key(Key::Tab));
            stage.keys("Z G");
            stage.screen();
        }
    }
}

/// Returns an answer to what the screen asks.
pub(crate) fn canned(query: &Query) -> Option<Answer> {
    Some(match query {
        Query::FeatureScreen { .. } => detail(&told()),
        _ => return None,
    })
}
