//! The steps of a change, in words: one line each.

use std::time::Duration;

use fluxgate_client::change::{Change, Vote};
use fluxgate_client::{ChangeStatus, Decision};

use super::super::propose::{by, joining, progress};
use super::Opened;
use crate::error::CliError;
use crate::exit::Exit;
use crate::time;

/// Returns what there is to say of a change when the wait for it begins.
pub(super) fn opening(opened: &Opened<'_>) -> Vec<String> {
    let change = opened.change;
    let mut lines = Vec::new();
    for item in &change.items {
        let to = &item.environment.key;
        lines.push(match &item.source {
            Some(source) => format!("{} {} -> {to}", item.feature.key, source.key),
            None => format!("{} {to}", item.feature.key),
        });
    }
    if !opened.gates.is_empty() {
        let passed: Vec<&str> = opened.gates.iter().map(|gate| gate.message.as_str()).collect();
        lines.push(format!("gates ok: {}", passed.join(", ")));
    }
    if opened.joined {
        lines.push(joining(change));
    }
    match change.status {
        ChangeStatus::Pending if opened.joined => {}
        ChangeStatus::Pending => lines.push(format!(
            "#{} open, {} approvals{}",
            change.number,
            progress(&change.policies),
            policy(change)
        )),
        ChangeStatus::Approved => lines.push(scheduled(change)),
        ChangeStatus::Applied => lines.extend(applied(change)),
        _ => {}
    }
    lines
}

/// Returns what happened to a change between two looks at it.
pub(super) fn between(before: &Change, after: &Change) -> Vec<String> {
    let votes = after.votes.iter().filter(|vote| !before.votes.contains(vote));
    let mut lines: Vec<String> =
        votes.filter(|vote| vote.decision == Decision::Approve).map(|vote| approved(after, vote)).collect();
    for comment in after.comments.iter().filter(|comment| !before.comments.contains(comment)) {
        let who = by(&comment.user, comment.token.as_deref());
        lines.push(format!("#{} {who} says: {:?}", after.number, comment.text));
    }
    if let (None, Some(through)) = (&before.override_, &after.override_) {
        let who = by(&through.by, through.token.as_deref());
        lines.push(format!("#{} let through by {who}: {:?}", after.number, through.reason));
    }
    if before.status != after.status {
        match after.status {
            ChangeStatus::Applied => lines.extend(applied(after)),
            ChangeStatus::Approved => lines.push(scheduled(after)),
            _ => {}
        }
    }
    lines
}

/// Says that a change still waits when nobody waits for it any longer.
pub(super) fn too_late(change: &Change, limit: Duration) -> String {
    let number = change.number;
    let limit = time::duration(limit);
    let state = match (&change.status, change.apply_at) {
        (ChangeStatus::Approved, Some(at)) => {
            format!("still waiting for its time after {limit}: it applies at {}", time::instant(at))
        }
        (ChangeStatus::Approved, None) => format!("not applied yet after {limit}"),
        _ => match progress(&change.policies).as_str() {
            "" => format!("still pending after {limit}"),
            progress => format!("still pending after {limit}: {progress}"),
        },
    };
    format!("{state}. The change stays open: fgctl change wait {number}")
}

fn scheduled(change: &Change) -> String {
    match change.apply_at {
        Some(at) => format!("#{} approved, applies at {}", change.number, time::instant(at)),
        None => format!("#{} waits to be applied", change.number),
    }
}

/// Returns the error for a change that ended without being applied.
pub(super) fn ending(change: &Change) -> CliError {
    let number = change.number;
    let rejection = change.votes.iter().find(|vote| vote.decision == Decision::Reject);
    match (&change.status, rejection) {
        (ChangeStatus::Rejected, Some(vote)) => {
            let who = by(&vote.user, vote.token.as_deref());
            let message = format!("#{number} rejected by {who}{}", said(vote));
            CliError::new(Exit::Rejected, message)
        }
        (ChangeStatus::Stale, _) => {
            CliError::new(Exit::Rejected, format!("#{number} is stale: what it was based on has changed"))
                .hint(format!("fgctl change rebase {number}"))
        }
        (ChangeStatus::Failed, _) => {
            let why = change.failure.as_deref().unwrap_or("no reason was given");
            CliError::new(Exit::Failed, format!("#{number} could not be applied: {why}"))
        }
        (status, _) => {
            let word = status.as_str().to_lowercase();
            CliError::new(Exit::Rejected, format!("#{number} was {word}"))
        }
    }
}

fn applied(change: &Change) -> impl Iterator<Item = String> {
    change.items.iter().map(|item| match item.version {
        Some(version) => format!("applied as {} v{version}", item.environment.key),
        None => format!("withdrawn from {}", item.environment.key),
    })
}

fn approved(change: &Change, vote: &Vote) -> String {
    let so_far = match progress(&change.policies).as_str() {
        "" => String::new(),
        progress => format!(", {progress}"),
    };
    let who = by(&vote.user, vote.token.as_deref());
    format!("#{} approved by {who}{so_far}{}", change.number, said(vote))
}

fn said(vote: &Vote) -> String {
    match &vote.comment {
        Some(comment) if !comment.is_empty() => format!(": \"{comment}\""),
        _ => String::new(),
    }
}

fn policy(change: &Change) -> String {
    let names: Vec<String> = change
        .policies
        .iter()
        .filter(|policy| !policy.satisfied)
        .map(|policy| format!("{:?}", policy.name))
        .collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => format!(" (policy {one})"),
        more => format!(" (policies {})", more.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use fluxgate_client::change::Change;
    use serde_json::json;

    use super::super::Opened;
    use super::super::fixture::{change, vote, with};
    use super::{between, ending, too_late};

    fn opening(change: &Change) -> Vec<String> {
        super::opening(&Opened { change, gates: &[], joined: false })
    }

    #[test]
    fn an_open_change_says_what_it_waits_for() {
        assert_eq!(
            opening(&change("PENDING", json!([]), 0)),
            ["checkout staging -> prod", "#12 open, 0 of 2 approvals (policy \"Production\")"]
        );
    }

    #[test]
    fn a_change_that_was_joined_says_whose_it_is() {
        let robot = with("PENDING", json!([]), 0, json!({"token": "ci"}));
        let lines = super::opening(&Opened { change: &robot, gates: &[], joined: true });
        assert!(lines[1].starts_with("joined #12, opened ") && lines[1].ends_with(" ago by dev (token ci)"));
        assert_eq!(lines.len(), 2);
    }

    #[test]
    fn each_vote_is_told_once() {
        let lead = vote("lead", "APPROVE", Some("ok, watch the error rate"));
        let before = change("PENDING", json!([]), 0);
        let middle = change("PENDING", json!([lead]), 1);
        let after = change("APPLIED", json!([lead, vote("ops", "APPROVE", None)]), 2);
        assert_eq!(between(&before, &middle), ["#12 approved by lead, 1 of 2: \"ok, watch the error rate\""]);
        assert_eq!(between(&middle, &after), ["#12 approved by ops, 2 of 2", "applied as prod v59"]);
        assert!(between(&after, &after).is_empty());
    }

    #[test]
    fn what_is_said_and_who_lets_it_through_is_told() {
        let before = change("PENDING", json!([]), 0);
        let comment = json!([{"user": "ops", "token": null, "text": "why?", "at": "2026-11-20T10:00:00Z"}]);
        let through = json!({"by": "admin", "token": null, "reason": "INC-2291"});
        let after = with("APPLIED", json!([]), 0, json!({"comments": comment, "override": through}));
        assert_eq!(
            between(&before, &after),
            ["#12 ops says: \"why?\"", "#12 let through by admin: \"INC-2291\"", "applied as prod v59"]
        );
    }

    #[test]
    fn a_scheduled_change_says_when() {
        let at = json!({"applyAt": "2026-11-30T07:00:00Z", "policies": []});
        let planned = with("APPROVED", json!([]), 0, at);
        assert_eq!(opening(&planned)[1], "#12 approved, applies at 2026-11-30T07:00:00Z");
        assert_eq!(
            too_late(&planned, Duration::from_secs(30)),
            "still waiting for its time after 30s: it applies at 2026-11-30T07:00:00Z. \
             The change stays open: fgctl change wait 12"
        );
        assert_eq!(
            too_late(&change("PENDING", json!([]), 1), Duration::from_mins(30)),
            "still pending after 30m: 1 of 2. The change stays open: fgctl change wait 12"
        );
    }

    #[test]
    fn a_rejection_says_who_and_why() {
        let error = ending(&change("REJECTED", json!([vote("ops", "REJECT", Some("wait"))]), 0));
        assert_eq!(error.message, "#12 rejected by ops: \"wait\"");
        assert_eq!(error.exit.code(), 10);
        assert_eq!(ending(&change("STALE", json!([]), 0)).exit.code(), 10);
        assert_eq!(ending(&change("FAILED", json!([]), 0)).exit.code(), 1);
    }
}
