//! What the changes screen shows and what its keys do.

use fluxgate_client::inbox::Inbox;
use serde_json::{Value, json};

use crate::app::tests::{Stage, read};
use crate::effect::{Answer, Effect, Query};
use crate::load::{Failure, FailureKind};
use crate::message::Message;
use crate::order::Order;
use crate::screen::Screen;
use crate::step::Step;

/// Returns a change as a server sends it, with other fields.
pub(crate) fn change(number: i64, feature: &str, others: Value) -> Value {
    let mut change = json!({
        "number": number, "kind": "PROMOTE", "status": "PENDING", "reason": "release 47", "author": "dev",
        "token": null, "createdAt": "2026-11-20T11:57:02Z", "decidedAt": null, "appliedAt": null, "applyAt": null,
        "revision": null, "failure": null, "override": null, "rebasedFrom": null, "viewerMayVote": true,
        "comments": [], "votes": [],
        "items": [{"feature": {"key": feature}, "environment": {"key": "prod", "type": "PRODUCTION"},
            "source": {"key": "staging"}, "baseVersion": 38, "version": null, "diff": [
                diff("enabled", Some("false"), Some("true"), None),
                diff("criteria[\"pro users on 2.x\"].split", Some("control=90, variant-a=10"),
                    Some("control=50, variant-a=30, variant-b=20"), Some(40.0)),
                diff("criteria[\"finland pilot\"].serve", None, Some("variant-b"), None),
                diff("criteria[\"finland pilot\"].when", None, Some("country EQUALS \"FI\""), None)]}],
        "policies": [{"name": "Production Changes", "approvals": 1, "required": 2,
            "roles": ["APPROVER", "TEAM_ADMIN"], "approvers": ["ada"], "autoApproveAt": null,
            "overrideAllowed": true, "satisfied": false}]
    });
    if let Value::Object(others) = others {
        change.as_object_mut().unwrap().extend(others);
    }
    change
}

fn diff(path: &str, before: Option<&str>, after: Option<&str>, movement: Option<f64>) -> Value {
    let kind = if before.is_some() { "CHANGED" } else { "ADDED" };
    json!({"kind": kind, "path": path, "before": before, "after": after, "movement": movement,
        "reshuffles": false})
}

pub(crate) fn inbox(open: &[Value], decided: &[Value], named: Option<&Value>) -> Inbox {
    let page = |nodes: &[Value]| {
        json!({"nodes": nodes, "totalCount": nodes.len(),
            "pageInfo": {"hasNextPage": false, "endCursor": null}})
    };
    read(json!({"open": page(open), "decided": page(decided), "named": named}))
}

pub(crate) fn some() -> Inbox {
    let vote = json!([{"user": "ada", "token": null, "decision": "APPROVE",
        "comment": "ok, watch the error rate", "at": "2026-11-20T12:31:40Z"}]);
    let said = json!([{"user": "dev", "token": null, "text": "green for 30m on staging",
        "at": "2026-11-20T12:01:00Z"}]);
    let mine = json!({"author": "lead", "viewerMayVote": false, "createdAt": "2026-11-19T12:00:00Z"});
    let robot = json!({"kind": "EDIT", "author": "ops", "token": "ci", "reason": null,
        "createdAt": "2026-11-20T09:29:00Z"});
    let later = json!({"status": "APPROVED", "viewerMayVote": false, "applyAt": "2026-11-20T18:00:00Z",
        "decidedAt": "2026-11-20T12:00:00Z"});
    let open = [
        change(483, "search-v2", mine),
        change(482, "checkout-redesign", json!({"votes": vote, "comments": said})),
        change(480, "old-banner", later),
        change(479, "loyalty-program", robot),
    ];
    let decided = [
        change(
            478,
            "gift-wrapping",
            json!({"status": "FAILED", "failure": "checkout is killed in prod",
            "viewerMayVote": false, "decidedAt": "2026-11-20T10:00:00Z"}),
        ),
        change(
            477,
            "regional-pricing",
            json!({"status": "APPLIED", "viewerMayVote": false,
            "decidedAt": "2026-11-20T10:00:00Z", "appliedAt": "2026-11-20T10:00:00Z", "revision": 416}),
        ),
    ];
    inbox(&open, &decided, None)
}

/// Returns the screen with what waits.
pub(crate) fn stage(width: u16, height: u16) -> Stage {
    let mut stage = Stage::new(width, height).live();
    stage.keys("3");
    stage.answer(&Query::Inbox(None), || Answer::Inbox(Box::new(some())));
    stage
}

#[test]
fn what_waits_for_you_comes_first_and_is_read_beside() {
    insta::assert_snapshot!(stage(120, 36).screen());
}

#[test]
fn it_is_read_below_where_there_is_less_room() {
    insta::assert_snapshot!(stage(80, 24).screen());
}

#[test]
fn there_is_the_list_alone_where_there_is_little() {
    insta::assert_snapshot!(stage(60, 16).screen());
}

#[test]
fn what_was_decided_is_there_too() {
    let mut stage = stage(120, 36);
    stage.keys("w G");
    insta::assert_snapshot!(stage.screen());
}

#[test]
fn nothing_waits() {
    let mut stage = Stage::new(80, 24).live();
    stage.keys("3");
    let asking = stage.screen();
    assert!(asking.contains("asking the server"), "{asking}");
    stage.answer(&Query::Inbox(None), || Answer::Inbox(Box::new(inbox(&[], &[], None))));
    insta::assert_snapshot!(stage.screen());
}

#[test]
fn a_failure_keeps_what_was_there() {
    let mut stage = stage(80, 24);
    stage.keys("R");
    let failure = Failure {
        words: "the server failed".into(),
        request: Some("01J9Z6Q1V0R3".into()),
        kind: FailureKind::Fault,
    };
    let asked = stage.effects.iter().find_map(|effect| match effect {
        Effect::Ask { ticket, query: query @ Query::Inbox(_) } => Some((*ticket, query.clone())),
        _ => None,
    });
    let (ticket, query) = asked.unwrap();
    stage.tell(Message::Answered { ticket, query, answer: Err(failure) });
    let screen = stage.screen();
    assert!(screen.contains("request 01J9Z6Q1V0R3") && screen.contains("#482"), "{screen}");
}

#[test]
fn brackets_go_from_one_difference_to_the_next() {
    let mut stage = stage(80, 24);
    stage.screen();
    stage.keys("] ]");
    insta::assert_snapshot!(stage.screen());
    stage.keys("Tab G");
    let end = stage.screen();
    assert!(end.contains("green for 30m on staging") && !end.contains("more"), "{end}");
    assert!(end.contains("#482"), "the cursor of the list stayed");
}

#[test]
fn who_may_not_vote_hears_why() {
    let mut stage = stage(120, 36);
    for (number, why) in [
        (483, "you proposed #483: somebody else votes on it"),
        (480, "#480 has its approvals: it waits for its time"),
    ] {
        stage.app.screens.changes.list.select(&number.to_string());
        stage.keys("A");
        assert!(stage.app.dialog.is_none());
        assert_eq!(stage.app.said.as_deref(), Some(why));
    }
    let mut policy = change(490, "checkout", json!({"viewerMayVote": false}));
    policy["policies"][0]["roles"] = json!(["REQUESTER"]);
    stage.keys("R");
    stage.answer(&Query::Inbox(None), || {
        Answer::Inbox(Box::new(inbox(std::slice::from_ref(&policy), &[], None)))
    });
    stage.keys("X");
    assert_eq!(
        stage.app.said.as_deref(),
        Some("a vote on #490 needs Requester (Production Changes): you are Approver, Team Admin in payments")
    );
}

#[test]
fn several_are_approved_in_one_dialog_that_names_each() {
    let mut stage = stage(120, 36);
    stage.keys("* A");
    insta::assert_snapshot!(stage.screen());
    stage.keys("Esc Esc X");
    assert!(stage.screen().contains("Reject #482?"), "marks are gone after Esc");
}

#[test]
fn a_filter_finds_numbers_features_people_and_places() {
    let mut stage = stage(120, 36);
    for (filter, found) in [("479", 1), ("checkout", 1), ("ops prod", 1), ("PROD", 4), ("nobody", 0)] {
        stage.app.screens.get_mut(Screen::Changes).filter(filter, &stage.app.desk).unwrap();
        assert_eq!(stage.app.screens.changes.list.len(), found, "{filter}");
    }
    assert!(stage.screen().contains("Esc clears the filter"));
}

#[test]
fn what_somebody_came_for_is_selected_once_it_is_known_however_old() {
    let mut stage = Stage::new(120, 36).live();
    stage.effects = stage.app.steps(vec![Step::OpenChange(12)]);
    assert_eq!(stage.app.screen, Screen::Changes);
    stage.answer(&Query::Inbox(None), || {
        let mut inbox = some();
        let old = change(12, "express-pay", json!({"status": "APPLIED", "viewerMayVote": false}));
        inbox.named = Some(read(old));
        Answer::Inbox(Box::new(inbox))
    });
    assert!(stage.screen().contains("promote express-pay"));
    stage.keys("y");
    assert!(matches!(stage.effects.last(), Some(Effect::Copy(text)) if text == "12"));
    stage.keys("Y");
    let command = "fgctl change view 12 --context prod-eu --team payments";
    assert!(matches!(stage.effects.last(), Some(Effect::Copy(text)) if text == command));
    stage.keys("Enter");
    assert!(stage.screen().contains("#12 promote express-pay"));
}

/// Returns the row of hints.
fn hints(stage: &Stage) -> String {
    let screen = stage.screen();
    screen.lines().rev().nth(1).unwrap_or_default().to_owned()
}

#[test]
fn what_cannot_be_done_with_a_change_is_not_hinted_at() {
    let mut stage = stage(120, 36);
    let all = ["A approve", "X reject", "M comment", "C cancel", "O override"];
    let hinted = |stage: &Stage| all.map(|word| hints(stage).contains(word));
    assert_eq!(hinted(&stage), [true; 5], "{}", hints(&stage));
    // One's own, and one that waits for its time.
    for (number, votes, overrides) in [(483, false, true), (480, false, false)] {
        stage.app.screens.changes.list.select(&number.to_string());
        assert_eq!(hinted(&stage), [votes, votes, true, true, overrides], "{number}: {}", hints(&stage));
    }
    stage.keys("w G");
    assert_eq!(hinted(&stage), [false, false, true, false, false], "it is applied");
    stage.keys("*");
    assert_eq!(hinted(&stage)[3..], [false, false], "one at a time");
}

#[test]
fn a_change_is_cancelled_by_whoever_proposed_it_or_an_admin() {
    let mut lead = stage(120, 36);
    lead.keys("C");
    insta::assert_snapshot!("cancel", lead.screen());
    lead.keys("Tab Enter");
    assert!(matches!(lead.effects.last(), Some(Effect::Send(Order::Cancel { change: 482 }))));
    let mut dev = Stage::new(120, 36).live_as(&["APPROVER"]);
    dev.keys("3");
    dev.answer(&Query::Inbox(None), || Answer::Inbox(Box::new(some())));
    dev.keys("C");
    assert_eq!(
        dev.app.said.as_deref(),
        Some("dev proposed #482: cancelling it takes them or a Team Admin; you are Approver")
    );
    dev.keys("O");
    let why = "an override needs Team Admin: you are Approver in payments";
    assert_eq!(dev.app.said.as_deref(), Some(why));
    dev.app.screens.changes.list.select("483");
    dev.keys("C");
    assert!(dev.app.dialog.is_some(), "one's own");
}

#[test]
fn a_change_is_let_through_where_its_policies_allow_it() {
    let mut stage = stage(120, 36);
    stage.keys("O");
    insta::assert_snapshot!("override", stage.screen());
    for c in "nobody else is awake".chars() {
        stage.tell(Message::Key(crate::key::Key::Char(c)));
    }
    stage.keys("Tab Tab Enter");
    let sent = stage.effects.iter().any(|effect| {
        matches!(effect, Effect::Send(Order::Override { change: 482, reason }) if reason == "nobody else is awake")
    });
    assert!(sent, "{}", stage.screen());
    stage.keys("Esc * O");
    assert!(stage.screen().contains("one at a time: 4 are marked"), "{}", stage.screen());
    let mut strict = change(490, "checkout", json!({}));
    strict["policies"][0]["overrideAllowed"] = json!(false);
    stage.keys("Esc R");
    stage.answer(&Query::Inbox(None), || {
        Answer::Inbox(Box::new(inbox(std::slice::from_ref(&strict), &[], None)))
    });
    stage.keys("O");
    assert_eq!(
        stage.app.said.as_deref(),
        Some("#490 cannot be let through: Production Changes allows no override")
    );
}
