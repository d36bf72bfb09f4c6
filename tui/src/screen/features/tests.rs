//! The list of features: what keys, answers and news make of it.

use fluxgate_client::feature_row::FeatureRow;
use serde_json::{Value, json};

use super::{Rates, Row};
use crate::app::tests::{Stage, now, read};
use crate::dialog::State;
use crate::effect::{Answer, Effect, Query, RowsPage};
use crate::key::Key;
use crate::message::{Heard, Message, News};
use crate::order::Order;
use crate::screen::Pane;

/// A stage that serves a document.
fn stage(env: &str, config: &Value) -> Value {
    let type_ = match env {
        "dev" => "DEVELOPMENT",
        "staging" => "STAGING",
        _ => "PRODUCTION",
    };
    json!({"environment": {"key": env, "name": env, "type": type_}, "status": "DEPLOYED",
        "live": {"number": 41, "config": config, "createdAt": "2026-11-11T12:00:00Z", "createdBy": "dev"},
        "kill": null, "pending": [], "changedAt": "2026-11-11T12:00:00Z"})
}

fn on() -> Value {
    json!({"enabled": true, "variants": {"on": true, "off": false}, "default": "on", "off": "off"})
}

fn row(key: &str, changed: &str, stages: &[Value; 3]) -> FeatureRow {
    read(json!({"key": key, "name": format!("The {key}"), "kind": "CONTEXTUAL", "lifecycle": "ACTIVE",
        "tags": ["checkout"], "owner": "payments", "changedAt": changed, "stages": stages,
        "lastChange": {"number": 471, "kind": "PROMOTE", "author": "dev", "token": null, "appliedAt": changed}}))
}

fn killed(mut stage: Value) -> Value {
    stage["kill"] = json!({"reason": "5xx spike, INC-2291", "by": "lead", "token": null,
        "since": "2026-11-20T12:22:58Z", "restoreAt": "2026-11-20T12:52:58Z"});
    stage
}

fn waiting(mut stage: Value) -> Value {
    stage["pending"] = json!([{"number": 482, "kind": "PROMOTE", "status": "PENDING", "author": "dev",
        "token": null, "createdAt": "2026-11-20T11:57:02Z", "applyAt": null,
        "policies": [{"name": "Production", "approvals": 1, "required": 2}]}]);
    stage
}

fn empty(mut stage: Value) -> Value {
    stage["live"] = Value::Null;
    stage["status"] = "NOT_DEPLOYED".into();
    stage
}

fn features() -> Vec<FeatureRow> {
    let stages = |config: &Value| ["dev", "staging", "prod"].map(|env| stage(env, config));
    let split = |first: f64| {
        let mut config = on();
        let shares = json!([{"variant": "on", "weight": first}, {"variant": "off", "weight": 100.0 - first}]);
        config["criteria"] = json!([{"split": shares}]);
        config
    };
    let mut needs = on();
    needs["dependsOn"] = json!([{"feature": "payments-v2"}]);
    let mut rules = on();
    rules["criteria"] = json!([{"serve": "on", "when": {}}, {"serve": "off", "when": {}}]);
    let mut ramp = on();
    ramp["criteria"] = json!([{"serve": "on", "rollout": 25}]);
    let [dev, staging, prod] = stages(&needs);
    let [search, ramped, nowhere] = stages(&ramp);
    let [express, express_2, stopped] = stages(&needs);
    let mut off = on();
    off["enabled"] = false.into();
    let mut beta = row("search-v2", "2026-11-18T12:00:00Z", &[search, ramped, empty(nowhere)]);
    beta.lifecycle = fluxgate_client::Lifecycle::Beta;
    beta.owner = Some("search".into());
    vec![
        row("checkout-redesign", "2026-11-20T11:57:02Z", &[dev, staging, waiting(prod)]),
        row("express-checkout", "2026-11-20T12:22:58Z", &[express, express_2, killed(stopped)]),
        row("gift-wrapping", "2026-11-14T12:00:00Z", &stages(&off)),
        row("payments-v2", "2026-08-22T12:00:00Z", &stages(&on())),
        row("recommendations", "2026-11-14T12:00:00Z", &stages(&split(60.0))),
        row("regional-pricing", "2026-11-08T12:00:00Z", &stages(&rules)),
        beta,
    ]
}

fn rates() -> Rates {
    let complete = json!({"complete": true, "missingBatches": 0, "lostEvents": 0, "until": now()});
    let top = [
        ("checkout-redesign", 846_000),
        ("payments-v2", 768_000),
        ("search-v2", 66_000),
        ("express-checkout", 24),
    ];
    let series = top.map(|(key, total)| {
        let points: Vec<i64> = (0..60).map(|minute| total / 60 + minute * total / 6_000).collect();
        json!({"feature": {"key": key}, "environment": null, "client": null, "variant": null,
            "isDefault": false, "reason": null, "total": total, "hourly": 0, "points": points})
    });
    let (from, until) = ("2026-11-20T11:41:00Z", "2026-11-20T12:41:00Z");
    let figures = read(json!({"from": from, "until": until, "resolution": "MINUTE", "series": series,
        "completeness": complete}));
    Rates::of_all(figures)
}

fn page(rows: Vec<FeatureRow>, (first, last): (bool, bool), total: usize) -> Answer {
    Answer::FeatureRows(RowsPage { rows: rows.into_iter().map(Row::from).collect(), first, last, total })
}

pub(super) fn known(width: u16, height: u16) -> Stage {
    known_to(Stage::new(width, height).live())
}

pub(super) fn known_to(mut stage: Stage) -> Stage {
    stage.keys("2");
    stage.answer(&Query::FeatureRates { env: None }, || Answer::FeatureRates(rates()));
    stage.answer(&Query::FeatureRows, || page(features(), (true, true), 7));
    stage.effects.clear();
    stage
}

fn type_in(stage: &mut Stage, text: &str) {
    for c in text.chars() {
        stage.tell(Message::Key(Key::Char(c)));
    }
}

/// Returns the features that are shown, in their order.
fn shown(stage: &Stage) -> Vec<String> {
    stage.app.screens.features.list.ids().to_vec()
}

pub(super) fn asked(stage: &Stage) -> Vec<Query> {
    let query = |effect: &Effect| match effect {
        Effect::Ask { query, .. } => Some(query.clone()),
        _ => None,
    };
    stage.effects.iter().filter_map(query).collect()
}

fn done(action: &str, subject: &str) -> Message {
    let entry = json!({"number": 1, "at": now(), "actor": "ops", "actorKind": "USER", "owner": null,
        "action": action, "subject": subject, "environment": "prod", "reason": null, "before": null,
        "after": null, "address": null});
    Message::Heard(Heard::News(vec![News::Done(Box::new(read(entry)))]))
}

#[test]
fn features_are_a_table_with_a_preview() {
    insta::assert_snapshot!("wide", known(120, 36).screen());
    insta::assert_snapshot!("normal", known(80, 24).screen());
    insta::assert_snapshot!("tight", known(60, 16).screen());
    let mut stage = known(120, 36);
    stage.keys("j w Space");
    insta::assert_snapshot!("killed_and_more_columns", stage.screen());
}

#[test]
fn what_is_not_there_yet_is_told() {
    let mut stage = Stage::new(80, 24).live();
    stage.keys("2");
    insta::assert_snapshot!("loading", stage.screen());
    stage.answer(&Query::FeatureRows, || page(Vec::new(), (true, true), 0));
    insta::assert_snapshot!("empty", stage.screen());
}

#[test]
fn the_first_page_is_shown_before_the_others_come() {
    let mut stage = Stage::new(120, 36).live();
    stage.keys("2");
    let ticket = stage.effects.iter().find_map(|effect| match effect {
        Effect::Ask { ticket, query: Query::FeatureRows } => Some(*ticket),
        _ => None,
    });
    let mut rest = features();
    let rest = rest.split_off(3);
    let tell = |stage: &mut Stage, answer| {
        let (ticket, query) = (ticket.unwrap(), Query::FeatureRows);
        stage.tell(Message::Answered { ticket, query, answer: Ok(Box::new(answer)) });
    };
    tell(&mut stage, page(features().into_iter().take(3).collect(), (true, false), 7));
    assert_eq!(shown(&stage).len(), 3);
    assert!(stage.screen().contains("reading 3 of 7"), "{}", stage.screen());
    stage.keys("j");
    // What is missed while pages come is in none of them for sure.
    stage.tell(Message::Heard(Heard::News(vec![News::Lost])));
    tell(&mut stage, page(rest, (false, true), 7));
    assert!(stage.app.screens.features.rows.whole.is_none());
    assert_eq!(
        (shown(&stage).len(), stage.app.screens.features.id().unwrap()),
        (7, "express-checkout".into())
    );
    // What no page had any more is gone.
    tell(&mut stage, page(features().into_iter().skip(1).collect(), (true, true), 6));
    assert_eq!(shown(&stage).len(), 6);
}

#[test]
fn a_filter_takes_effect_as_it_is_typed() {
    let mut stage = known(120, 36);
    stage.keys("/");
    type_in(&mut stage, "!lifecycle:beta chk");
    assert_eq!(shown(&stage), ["checkout-redesign", "express-checkout"]);
    insta::assert_snapshot!("filtered", stage.screen());
    type_in(&mut stage, " stale:yes");
    assert!(stage.screen().contains("fgctl feature list --filter stale:yes"), "{}", stage.screen());
    stage.keys("Esc");
    assert_eq!(shown(&stage).len(), 7);
    for (filter, keys) in [
        ("killed:yes", &["express-checkout"][..]),
        ("pending:yes env:prod", &["checkout-redesign"]),
        ("pending:yes env:dev", &[]),
        ("!deployed:yes env:prod", &["search-v2"]),
        ("owner:search", &["search-v2"]),
        ("tag:checkout,other", &[]),
        ("rcmd", &["recommendations"]),
    ] {
        let features = &mut stage.app.screens.features;
        Pane::filter(features, filter, &stage.app.desk).unwrap();
        assert_eq!(shown(&stage), keys, "{filter}");
    }
    for (filter, wrong) in [
        ("onwer:x", "no field \"onwer\""),
        ("killed:perhaps", "yes or no"),
        ("lifecycle:archived", "--archived"),
        ("owner:", "has no value"),
        ("!chk", "only fields"),
    ] {
        let features = &mut stage.app.screens.features;
        let said = Pane::filter(features, filter, &stage.app.desk).unwrap_err();
        assert!(said.contains(wrong), "{filter}: {said}");
        assert_eq!(shown(&stage), ["recommendations"], "the one before stays");
    }
}

#[test]
fn rows_are_sorted_by_what_is_asked_for() {
    let mut stage = known(120, 36);
    stage.keys("s");
    assert_eq!(shown(&stage)[..2], ["express-checkout", "checkout-redesign"]);
    stage.keys("s");
    assert_eq!(shown(&stage)[..2], ["checkout-redesign", "payments-v2"]);
    stage.keys("S");
    assert_eq!(shown(&stage)[6], "checkout-redesign");
}

#[test]
fn only_what_is_told_of_is_read_again() {
    let mut stage = known(120, 36);
    stage.tell(done("feature.kill", "payments-v2"));
    let query = |keys: &[&str], told| {
        vec![Query::FeatureRow { keys: keys.iter().map(|key| (*key).to_owned()).collect(), told }]
    };
    assert_eq!(asked(&stage), query(&["payments-v2"], 1));
    // Told once more before the answer: that may be older, so it is asked again after it.
    stage.tell(done("change.apply", "#12 promote payments-v2"));
    assert_eq!(asked(&stage), query(&["payments-v2"], 1));
    let [dev, staging, prod] = ["dev", "staging", "prod"].map(|env| self::stage(env, &on()));
    let again = row("payments-v2", "2026-11-20T12:41:00Z", &[dev, staging, killed(prod)]);
    let ask = Query::FeatureRow { keys: Vec::new(), told: 0 };
    let answer = || Answer::FeatureRow(vec![("payments-v2".into(), Some(Row::from(again.clone())))]);
    stage.answer(&ask, answer);
    assert_eq!(asked(&stage), query(&["payments-v2"], 2));
    stage.answer(&ask, answer);
    assert_eq!(stage.screen().matches("✗ killed").count(), 2, "{}", stage.screen());
    stage.tell(done("member.add", "member ops"));
    assert_eq!(asked(&stage), [], "nothing about features");
    stage.tell(Message::Heard(Heard::News(vec![News::Lost])));
    stage.tell(Message::Tick(now() + chrono::TimeDelta::seconds(1)));
    assert!(asked(&stage).contains(&Query::FeatureRows), "everything when something was missed");
}

/// Returns what was asked of features by themselves since the last time.
fn asked_again(stage: &mut Stage) -> Vec<Vec<String>> {
    let again = |query| match query {
        Query::FeatureRow { keys, .. } => Some(keys),
        _ => None,
    };
    let found = asked(stage).into_iter().filter_map(again).collect();
    stage.effects.clear();
    found
}

#[test]
fn what_is_told_while_pages_are_read_is_read_again() {
    let mut stage = Stage::new(120, 36).live();
    stage.keys("2");
    stage.tell(done("feature.kill", "payments-v2"));
    stage.answer(&Query::FeatureRows, || page(features(), (true, true), 7));
    assert_eq!(asked_again(&mut stage), [["payments-v2"]]);
}

#[test]
fn what_is_missed_before_the_first_page_is_read_again() {
    let mut stage = Stage::new(120, 36).live();
    stage.keys("2");
    stage.answer(&Query::FeatureRates { env: None }, || Answer::FeatureRates(rates()));
    stage.keys("6");
    stage.tell(Message::Heard(Heard::News(vec![News::Lost])));
    stage.answer(&Query::FeatureRows, || page(features(), (true, true), 7));
    assert!(stage.app.screens.features.rows.whole.is_none());
    stage.effects.clear();
    stage.keys("2");
    assert!(asked(&stage).contains(&Query::FeatureRows));
    stage.answer(&Query::FeatureRows, || page(features(), (true, true), 7));
    assert!(stage.app.screens.features.rows.whole.is_some(), "once it was read again");
}

#[test]
fn each_feature_of_a_change_is_read_again() {
    let mut stage = known(120, 36);
    stage.tell(done("change.apply", "#12 roll back new-one, payments-v2, new-two"));
    assert_eq!(asked_again(&mut stage), [["new-one", "new-two", "payments-v2"]]);
}

#[test]
fn what_was_not_told_of_the_last_minute_is_no_figure() {
    let mut stage = Stage::new(120, 36).live();
    stage.keys("2");
    stage.answer(&Query::FeatureRates { env: None }, || Answer::FeatureRates(Rates::default()));
    stage.answer(&Query::FeatureRows, || page(features(), (true, true), 7));
    let shown = stage.screen();
    assert!(
        shown.contains("EVAL/MIN not known yet") && shown.contains("evaluations not known yet"),
        "{shown}"
    );
    assert!(!shown.contains("/min"), "{shown}");
}

#[test]
fn what_is_told_while_another_screen_is_shown_is_read_again() {
    let mut stage = known(120, 36);
    stage.tell(done("feature.kill", "payments-v2"));
    stage.keys("6");
    stage.tell(done("feature.restore", "payments-v2"));
    let ask = Query::FeatureRow { keys: Vec::new(), told: 0 };
    let row = || Row::from(features().remove(3));
    stage.answer(&ask, || Answer::FeatureRow(vec![("payments-v2".into(), Some(row()))]));
    stage.effects.clear();
    stage.keys("2");
    assert_eq!(asked_again(&mut stage), [["payments-v2"]]);
}

#[test]
fn much_that_is_told_is_asked_about_once_in_a_while() {
    let mut stage = known(120, 36);
    stage.tell(done("feature.kill", "payments-v2"));
    let ask = Query::FeatureRow { keys: Vec::new(), told: 0 };
    let row = || Row::from(features().remove(3));
    stage.answer(&ask, || Answer::FeatureRow(vec![("payments-v2".into(), Some(row()))]));
    stage.effects.clear();
    for (after, key) in [(100, "payments-v2"), (200, "search-v2"), (300, "gift-wrapping")] {
        stage.tell(Message::Tick(now() + chrono::TimeDelta::milliseconds(after)));
        stage.tell(done("feature.kill", key));
    }
    assert!(asked_again(&mut stage).is_empty());
    assert!(stage.app.wake() < std::time::Duration::from_secs(1));
    stage.tell(Message::Tick(now() + chrono::TimeDelta::milliseconds(450)));
    assert_eq!(asked_again(&mut stage), [["gift-wrapping", "payments-v2", "search-v2"]]);
    stage.tell(done("feature.kill", "recommendations"));
    stage.tell(Message::Tick(now() + chrono::TimeDelta::seconds(2)));
    assert!(asked_again(&mut stage).is_empty(), "the answer is not there yet");
}

#[test]
fn a_key_asks_where_when_nobody_said() {
    let mut stage = known(120, 36);
    stage.keys("j K");
    insta::assert_snapshot!("where", stage.screen());
    stage.keys("j j Enter");
    assert!(stage.screen().contains("Kill express-checkout in prod?"), "{}", stage.screen());
    stage.keys("Esc U");
    assert!(stage.screen().contains("Restore express-checkout in prod?"), "only there it is killed");
    stage.keys("Esc g K Enter");
    assert!(stage.screen().contains("Kill checkout-redesign in dev?"), "{}", stage.screen());
    assert!(!stage.effects.iter().any(|effect| matches!(effect, Effect::Send(_))));
}

#[test]
fn keys_act_in_the_environment_of_the_lists() {
    let mut stage = known(120, 36);
    stage.app.desk.place.env = Some("staging".into());
    stage.keys("P");
    let order = stage.app.dialog.as_ref().unwrap().order();
    assert!(matches!(order, Order::Promote { from, to, .. } if from == "staging" && to == "prod"));
    stage.keys("Esc d");
    let change = None;
    let (feature, env) = ("checkout-redesign".to_owned(), "staging".to_owned());
    assert!(asked(&stage).contains(&Query::Difference { feature, env, change }));
    stage.app.desk.place.env = Some("prod".into());
    stage.keys("P");
    assert!(stage.app.dialog.is_none() && stage.screen().contains("the last stage"), "{}", stage.screen());
    stage.keys("G K");
    assert!(stage.screen().contains("nothing of search-v2 is live in prod"), "{}", stage.screen());
    stage.keys("k U");
    assert!(stage.screen().contains("regional-pricing is not killed in prod"), "{}", stage.screen());
    stage.keys("* K");
    assert!(stage.screen().contains("one at a time: 7 are marked"), "{}", stage.screen());
    stage.keys("Esc N");
    assert!(stage.app.dialog.is_some());
}

#[test]
fn somebody_is_asked_for_before_an_explanation() {
    let mut stage = known(120, 36);
    stage.app.desk.place.env = Some("prod".into());
    stage.keys("x");
    type_in(&mut stage, "user-42 tier=pro");
    insta::assert_snapshot!("whom", stage.screen());
    stage.keys("Enter");
    let query = asked(&stage).pop();
    assert!(
        matches!(query, Some(Query::Explain(asked)) if asked.key == "user-42" && asked.attributes == ["tier=pro"])
    );
    stage.keys("x");
    assert!(stage.screen().contains("[user-42 tier=pro]"), "what was said last is there again");
    stage.keys("Esc");
    assert!(stage.app.prompt.is_none());
}

#[test]
fn coming_back_finds_the_same_place() {
    let mut stage = known(80, 24);
    stage.keys("j j j Enter");
    assert!(asked(&stage).contains(&Query::FeatureScreen { key: "payments-v2".into() }));
    stage.keys("Esc");
    assert_eq!(stage.app.screens.features.id().unwrap(), "payments-v2");
    assert!(!asked(&stage).contains(&Query::FeatureRows), "what is kept up to date is not read again");
}

#[test]
fn five_thousand_features_are_one_list() {
    let mut stage = known(120, 36);
    let mut rows = Vec::new();
    for number in 0..5_000 {
        let [dev, staging, prod] = ["dev", "staging", "prod"].map(|env| self::stage(env, &on()));
        rows.push(row(&format!("feature-{number:04}"), "2026-11-14T12:00:00Z", &[dev, staging, prod]));
    }
    stage.keys("R");
    stage.answer(&Query::FeatureRows, || page(rows.clone(), (true, true), 5_000));
    stage.keys("G");
    assert!(stage.screen().contains("feature-4999") && stage.screen().contains(" 5000 "));
    stage.keys("*");
    stage.keys("/");
    type_in(&mut stage, "4999");
    assert_eq!(shown(&stage), ["feature-4999"]);
}

#[test]
fn signs_are_ascii_where_a_terminal_wants_that() {
    let mut stage = known(120, 36);
    stage.app.desk.look.ascii = true;
    let screen = stage.screen();
    assert!(screen.is_ascii(), "{screen}");
}

#[test]
fn a_dialog_is_told_of_a_change_that_names_its_feature() {
    let mut stage = known(120, 36);
    stage.app.desk.place.env = Some("dev".into());
    stage.keys("P");
    stage.tell(done("change.comment", "#12 promote checkout-redesign"));
    assert_eq!(stage.app.dialog.as_ref().unwrap().state, State::Open, "what is live is the same");
    stage.tell(done("change.apply", "#12 promote search-v2, checkout-redesign"));
    assert!(
        matches!(&stage.app.dialog.as_ref().unwrap().state, State::Moved(words) if words.contains("ops"))
    );
}

#[test]
fn a_long_value_is_kept_short() {
    let mut config = on();
    config["variants"] = json!({"on": "x".repeat(5_000), "off": ""});
    let [dev, staging, prod] = ["dev", "staging", "prod"].map(|env| self::stage(env, &config));
    let row = Row::from(row("banner", "2026-11-20T12:41:00Z", &[dev, staging, prod]));
    assert!(row.variants.iter().all(|(_, value)| value.chars().count() <= 41), "{:?}", row.variants);
}

/// Returns an answer to what the screen asks.
pub(crate) fn canned(query: &Query) -> Option<Answer> {
    Some(match query {
        Query::FeatureRows => page(features(), (true, true), 7),
        Query::FeatureRates { .. } => Answer::FeatureRates(rates()),
        _ => return None,
    })
}
