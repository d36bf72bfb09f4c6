//! The steps of a change, in words: one line each.

use fluxgate_client::change::{Change, Vote};
use fluxgate_client::{ChangeStatus, Decision};

use super::super::propose::progress;
use crate::error::CliError;
use crate::exit::Exit;

/// Returns what there is to say of a change when the wait for it begins.
pub(super) fn opening(change: &Change) -> Vec<String> {
    let mut lines = Vec::new();
    for item in &change.items {
        let to = &item.environment.key;
        lines.push(match &item.source {
            Some(source) => format!("{} {} -> {to}", item.feature.key, source.key),
            None => format!("{} {to}", item.feature.key),
        });
    }
    match change.status {
        ChangeStatus::Pending => lines.push(format!(
            "#{} open, {} approvals{}",
            change.number,
            progress(&change.policies),
            policy(change)
        )),
        ChangeStatus::Applied => lines.extend(applied(change)),
        _ => {}
    }
    lines
}

/// Returns what happened to a change between two looks at it.
pub(super) fn between(before: &Change, after: &Change) -> Vec<String> {
    let news = after.votes.iter().filter(|vote| !before.votes.contains(vote));
    let mut lines: Vec<String> =
        news.filter(|vote| vote.decision == Decision::Approve).map(|vote| approved(after, vote)).collect();
    if before.status != after.status {
        match after.status {
            ChangeStatus::Applied => lines.extend(applied(after)),
            ChangeStatus::Approved => lines.push(format!("#{} waits to be applied", after.number)),
            _ => {}
        }
    }
    lines
}

/// Returns the error for a change that ended without being applied.
pub(super) fn ending(change: &Change) -> CliError {
    let number = change.number;
    let rejection = change.votes.iter().find(|vote| vote.decision == Decision::Reject);
    match (&change.status, rejection) {
        (ChangeStatus::Rejected, Some(vote)) => {
            let message = format!("#{number} rejected by {}{}", vote.user, said(vote));
            CliError::new(Exit::Rejected, message)
        }
        (ChangeStatus::Stale, _) => {
            CliError::new(Exit::Rejected, format!("#{number} is stale: what it was based on has changed"))
                .hint("propose it again")
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
    change.items.iter().filter_map(|item| {
        let version = item.version?;
        Some(format!("applied as {} v{version}", item.environment.key))
    })
}

fn approved(change: &Change, vote: &Vote) -> String {
    let so_far = match progress(&change.policies).as_str() {
        "" => String::new(),
        progress => format!(", {progress}"),
    };
    format!("#{} approved by {}{so_far}{}", change.number, vote.user, said(vote))
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
    use fluxgate_client::change::Change;
    use serde_json::{Value, json};

    use super::{between, ending, opening};

    fn change(status: &str, votes: &Value, approvals: i64) -> Change {
        serde_json::from_value(json!({
            "number": 12, "kind": "PROMOTE", "status": status, "reason": null, "author": "dev",
            "createdAt": "2026-11-20T09:57:02Z", "decidedAt": null, "appliedAt": null,
            "revision": null, "failure": null, "viewerMayVote": false, "votes": votes,
            "items": [{"feature": {"key": "checkout"}, "environment": {"key": "prod", "type": "PRODUCTION"},
                "source": {"key": "staging"}, "baseVersion": null, "before": null, "after": {"enabled": true},
                "version": if status == "APPLIED" { json!(59) } else { json!(null) }, "diff": []}],
            "policies": [{"name": "Production", "approvals": approvals, "required": 2, "roles": ["APPROVER"],
                "approvers": [], "satisfied": approvals >= 2}]
        }))
        .unwrap()
    }

    fn vote(user: &str, decision: &str, comment: Option<&str>) -> Value {
        json!({"user": user, "decision": decision, "comment": comment, "at": "2026-11-20T10:05:11Z"})
    }

    #[test]
    fn an_open_change_says_what_it_waits_for() {
        assert_eq!(
            opening(&change("PENDING", &json!([]), 0)),
            ["checkout staging -> prod", "#12 open, 0 of 2 approvals (policy \"Production\")"]
        );
    }

    #[test]
    fn each_vote_is_told_once() {
        let lead = vote("lead", "APPROVE", Some("ok, watch the error rate"));
        let before = change("PENDING", &json!([]), 0);
        let middle = change("PENDING", &json!([lead]), 1);
        let after = change("APPLIED", &json!([lead, vote("ops", "APPROVE", None)]), 2);
        assert_eq!(between(&before, &middle), ["#12 approved by lead, 1 of 2: \"ok, watch the error rate\""]);
        assert_eq!(between(&middle, &after), ["#12 approved by ops, 2 of 2", "applied as prod v59"]);
        assert!(between(&after, &after).is_empty());
    }

    #[test]
    fn a_rejection_says_who_and_why() {
        let error = ending(&change("REJECTED", &json!([vote("ops", "REJECT", Some("wait"))]), 0));
        assert_eq!(error.message, "#12 rejected by ops: \"wait\"");
        assert_eq!(error.exit.code(), 10);
        assert_eq!(ending(&change("STALE", &json!([]), 0)).exit.code(), 10);
        assert_eq!(ending(&change("FAILED", &json!([]), 0)).exit.code(), 1);
    }
}
