//! What the events screen shows and what its keys do.

use fluxgate_client::audit::{self, AuditEntry};
use fluxgate_client::{Page, PageInfo};
use serde_json::{Value, json};

use crate::app::tests::{Stage, now, read};
use crate::effect::{Answer, Effect, Query};
use crate::message::{Heard, Message, News};
use crate::screen::Screen;

fn entry(
    number: i64,
    (at, action): (&str, &str),
    (subject, env): (&str, Option<&str>),
    rest: &Value,
) -> AuditEntry {
    let mut entry = json!({"number": number, "at": at, "actor": "lead", "actorKind": "USER", "owner": null,
        "action": action, "subject": subject, "environment": env, "reason": null, "before": null, "after": null,
        "address": "10.2.0.14"});
    for (name, value) in rest.as_object().unwrap() {
        entry[name] = value.clone();
    }
    read(entry)
}

fn entries() -> Vec<AuditEntry> {
    vec![
        entry(
            214,
            ("2026-11-20T12:31:40Z", "change.approve"),
            ("#482 promote checkout-redesign", Some("prod")),
            &json!({"reason": "ok, watch the error rate"}),
        ),
        entry(
            213,
            ("2026-11-20T12:22:58Z", "feature.kill"),
            ("express-checkout", Some("prod")),
            &json!({"reason": "5xx spike, INC-2291", "after": {"restoreAt": "2026-11-20T12:52:58Z"}}),
        ),
        entry(
            212,
            ("2026-11-20T11:57:02Z", "change.propose"),
            ("#482 promote checkout-redesign", Some("prod")),
            &json!({"actor": "dev", "after": {"change": 482, "kind": "PROMOTE", "baseVersion": 38}}),
        ),
        entry(
            211,
            ("2026-11-20T11:02:07Z", "client.rotate_key"),
            ("web-prod", None),
            &json!({"actor": "ci", "actorKind": "TOKEN", "owner": "ops"}),
        ),
        entry(
            210,
            ("2026-11-19T08:10:00Z", "policy.edit"),
            ("Production Changes", None),
            &json!({"before": {"approvals": 1, "roles": ["APPROVER"], "note": "x"},
                "after": {"approvals": 2, "roles": ["APPROVER"], "delayMinutes": 30}}),
        ),
    ]
}

fn page(nodes: Vec<AuditEntry>, end: Option<&str>) -> Page<AuditEntry> {
    let page_info = PageInfo { has_next_page: end.is_some(), end_cursor: end.map(str::to_owned) };
    Page { total_count: 3_120, nodes, page_info }
}

fn newest() -> Query {
    Query::Events(audit::Filter::default())
}

fn earlier() -> Query {
    Query::EarlierEvents { filter: audit::Filter::default(), after: String::new() }
}

fn stage(width: u16, height: u16) -> Stage {
    let mut stage = Stage::new(width, height).live();
    stage.keys("6");
    stage.answer(&newest(), || Answer::Events(page(entries(), Some("more"))));
    stage
}

fn done(number: i64, action: &str) -> Message {
    let entry = entry(number, ("2026-11-20T12:41:00Z", action), ("search-v2", Some("prod")), &json!({}));
    Message::Heard(Heard::News(vec![News::Done(Box::new(entry))]))
}

fn type_filter(stage: &mut Stage, text: &str) {
    stage.keys("/");
    for c in text.chars() {
        stage.tell(Message::Key(crate::key::Key::Char(c)));
    }
}

#[test]
fn events_wide() {
    let mut stage = stage(120, 36);
    stage.keys("j");
    insta::assert_snapshot!(stage.screen());
}

#[test]
fn events_normal() {
    let mut stage = stage(80, 24);
    stage.keys("G");
    insta::assert_snapshot!(stage.screen());
}

#[test]
fn events_tight_and_ascii() {
    insta::assert_snapshot!("events_tight", stage(60, 16).screen());
    let mut ascii = stage(120, 36);
    ascii.app.desk.look.ascii = true;
    ascii.keys("G");
    let shown = ascii.screen();
    assert!(shown.is_ascii(), "{shown}");
}

#[test]
fn events_are_asked_for_and_may_be_none() {
    let mut stage = Stage::new(80, 24).live();
    stage.keys("6");
    insta::assert_snapshot!("events_loading", stage.screen());
    stage.answer(&newest(), || Answer::Events(page(Vec::new(), None)));
    insta::assert_snapshot!("events_none", stage.screen());
}

#[test]
fn what_is_new_is_on_top_unless_somebody_reads_below() {
    let mut stage = stage(120, 36);
    stage.effects.clear();
    stage.tell(done(215, "feature.edit"));
    assert!(stage.effects.is_empty(), "it knows all without asking");
    assert_eq!(stage.app.screens.events.list.ids().first().unwrap(), "215");
    assert_eq!(stage.app.screens.events.list.at(), 0);
    stage.keys("j j");
    stage.tell(done(216, "feature.edit"));
    stage.tell(done(216, "feature.edit"));
    stage.tell(done(217, "feature.restore"));
    assert_eq!(stage.app.screens.events.list.ids().first().unwrap(), "215");
    let shown = stage.screen();
    assert!(shown.contains("2 new, g or f"), "{shown}");
    stage.keys("f");
    assert_eq!(stage.app.screens.events.list.ids().first().unwrap(), "217");
    assert!(stage.screen().contains("following"));
}

#[test]
fn earlier_ones_come_at_the_end() {
    let mut stage = stage(80, 24);
    stage.effects.clear();
    stage.keys("G G");
    let asked = stage.effects.iter().filter(|effect| {
        matches!(effect, Effect::Ask { query: Query::EarlierEvents { after, .. }, .. } if after == "more")
    });
    assert_eq!(asked.count(), 1);
    let before = || entry(3, ("2025-03-01T08:10:00Z", "team.create"), ("payments", None), &json!({}));
    stage.answer(&earlier(), || Answer::Events(page(vec![before()], None)));
    stage.keys("G");
    let shown = stage.screen();
    assert!(shown.contains("team.create") && shown.contains("1 Mar 2025"), "{shown}");
    stage.effects.clear();
    stage.keys("G");
    assert!(stage.effects.is_empty(), "there are none before");
}

#[test]
fn a_gap_is_not_hidden() {
    let mut stage = stage(80, 24);
    stage.keys("j j");
    stage.keys("R");
    let later = |number| entry(number, ("2026-11-20T12:40:00Z", "feature.edit"), ("a", None), &json!({}));
    stage.answer(&newest(), || Answer::Events(page(vec![later(302), later(301)], Some("gap"))));
    assert_eq!(stage.app.screens.events.list.ids(), ["302", "301"], "though somebody read below");
    stage.keys("R");
    let meets = || Answer::Events(page(vec![later(303), later(302)], Some("other")));
    stage.answer(&newest(), meets);
    assert_eq!(stage.app.screens.events.list.ids(), ["303", "302", "301"]);
}

fn edits(numbers: std::ops::RangeInclusive<i64>) -> Vec<AuditEntry> {
    let edit = |number| entry(number, ("2026-11-20T12:40:00Z", "feature.edit"), ("a", None), &json!({}));
    numbers.rev().map(edit).collect()
}

#[test]
fn what_happened_during_a_pause_is_not_passed_over() {
    let mut stage = stage(80, 24);
    stage.keys("z");
    for number in 215..=244 {
        stage.tell(done(number, "feature.edit"));
    }
    stage.keys("z");
    stage.tell(done(245, "feature.edit"));
    assert_eq!(stage.app.screens.events.list.ids().first().unwrap(), "214", "it does not follow on that");
    stage.tell(Message::Tick(now() + chrono::TimeDelta::seconds(1)));
    stage.answer(&newest(), || Answer::Events(page(edits(196..=245), Some("gap"))));
    let shown: Vec<i64> = stage.app.screens.events.entries.iter().map(|entry| entry.number).collect();
    assert_eq!(shown, (196..=245).rev().collect::<Vec<_>>());
    stage.tell(done(246, "feature.edit"));
    assert_eq!(stage.app.screens.events.list.ids().first().unwrap(), "246");
}

#[test]
fn an_answer_of_before_a_loss_hides_no_gap() {
    let mut stage = stage(80, 24);
    stage.tell(Message::Heard(Heard::News(vec![News::Lost])));
    stage.keys("R");
    stage.answer(&newest(), || Answer::Events(page(entries(), Some("more"))));
    stage.tell(done(300, "feature.edit"));
    stage.keys("R");
    stage.tell(Message::Tick(now() + chrono::TimeDelta::seconds(1)));
    stage.answer(&newest(), || Answer::Events(page(edits(251..=300), Some("gap"))));
    let shown: Vec<i64> = stage.app.screens.events.entries.iter().map(|entry| entry.number).collect();
    assert_eq!(shown, (251..=300).rev().collect::<Vec<_>>());
    assert_eq!(stage.app.screens.events.earlier.as_deref(), Some("gap"));
}

#[test]
fn beyond_what_is_kept_it_begins_anew_with_all_before() {
    let mut stage = stage(80, 24);
    let many = i64::try_from(super::KEPT).unwrap();
    stage.tell(Message::Tick(now() + chrono::TimeDelta::seconds(1)));
    stage.app.screens.events.entries = edits(215..=214 + many);
    stage.tell(done(215 + many, "feature.edit"));
    assert_eq!(stage.app.screens.events.list.len(), 0);
    stage.answer(&newest(), || Answer::Events(page(edits(166 + many..=215 + many), Some("before"))));
    assert_eq!(stage.app.screens.events.entries.len(), 50);
    assert_eq!(stage.app.screens.events.earlier.as_deref(), Some("before"));
}

#[test]
fn a_filter_is_asked_once_it_is_typed() {
    let mut stage = stage(120, 36);
    stage.effects.clear();
    type_filter(&mut stage, "kind:kill");
    assert_eq!(stage.app.screens.events.list.ids(), ["213"]);
    assert!(stage.effects.is_empty());
    stage.tell(Message::Tick(now() + chrono::TimeDelta::milliseconds(300)));
    let asked = stage.effects.iter().any(|effect| {
        matches!(effect, Effect::Ask { query: Query::Events(audit::Filter { action: Some(action), .. }), .. }
            if action == "feature.kill")
    });
    assert!(asked, "{:?}", stage.effects);
    insta::assert_snapshot!("events_filter", stage.screen());
    for c in " status:on".chars() {
        stage.tell(Message::Key(crate::key::Key::Char(c)));
    }
    insta::assert_snapshot!("events_filter_wrong", stage.screen());
}

#[test]
fn a_filter_that_lets_nothing_through_says_so() {
    let mut stage = stage(80, 24);
    type_filter(&mut stage, "nobody");
    stage.keys("Enter");
    insta::assert_snapshot!("events_filter_none", stage.screen());
    stage.keys("Esc");
    assert_eq!(stage.app.screens.events.list.len(), 5);
}

#[test]
fn enter_opens_what_it_is_about() {
    let mut stage = stage(80, 24);
    stage.keys("Enter");
    assert_eq!(stage.app.screen, Screen::Changes);
    stage.keys("6 j Enter");
    assert_eq!(stage.app.screen, Screen::Feature);
    stage.keys("6 j j Enter");
    assert!(stage.app.said.as_ref().unwrap().contains("client"));
}

#[test]
fn an_event_is_copied_as_json() {
    let mut stage = stage(80, 24);
    stage.keys("y");
    let copied = stage.effects.iter().find_map(|effect| match effect {
        Effect::Copy(text) => Some(text.as_str()),
        _ => None,
    });
    let copied: AuditEntry = serde_json::from_str(copied.unwrap()).unwrap();
    assert_eq!(copied.number, 214);
}

#[test]
fn an_event_is_read_to_its_end() {
    let mut stage = Stage::new(80, 24).live();
    stage.keys("6");
    let fields: serde_json::Map<String, Value> =
        (0..30).map(|n| (format!("field{n:02}"), json!(n))).collect();
    let long =
        || entry(9, ("2026-11-20T12:00:00Z", "team.edit"), ("payments", None), &json!({"after": fields}));
    stage.answer(&newest(), || Answer::Events(page(vec![long(), entries().remove(4)], None)));
    let shown = stage.screen();
    assert!(shown.contains("more, Tab"), "{shown}");
    stage.keys("Tab G");
    assert!(stage.screen().contains("field29"), "{}", stage.screen());
    stage.keys("Z g");
    assert!(stage.screen().contains("field09"), "{}", stage.screen());
    stage.keys("Esc j");
    assert_eq!(stage.app.screens.events.list.at(), 1);
    let mut tight = self::stage(60, 16);
    tight.keys("Tab");
    insta::assert_snapshot!("events_tight_detail", tight.screen());
}

/// Returns an answer to what the screen asks.
pub(crate) fn canned(query: &Query) -> Option<Answer> {
    Some(match query {
        Query::Events(_) => Answer::Events(page(entries(), Some("more"))),
        Query::EarlierEvents { .. } => Answer::Events(page(entries(), None)),
        _ => return None,
    })
}

#[test]
fn no_size_is_too_small() {
    let mut stage = stage(120, 36);
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
