//! A change for tests, as a server sends it.

use fluxgate_client::change::Change;
use serde_json::{Value, json};

/// Returns change 12 in a state, with votes, of which so many approve.
pub(crate) fn change(status: &str, votes: Value, approvals: i64) -> Change {
    with(status, votes, approvals, json!({}))
}

/// Returns the same with other fields.
pub(crate) fn with(status: &str, votes: Value, approvals: i64, others: Value) -> Change {
    let applied = status == "APPLIED";
    let mut change = json!({
        "number": 12, "kind": "PROMOTE", "status": status, "reason": null, "author": "dev", "token": null,
        "createdAt": "2026-11-20T09:57:02Z", "decidedAt": null,
        "appliedAt": if applied { json!("2026-11-20T10:09:48Z") } else { json!(null) }, "applyAt": null,
        "revision": if applied { json!(418) } else { json!(null) }, "failure": null, "override": null,
        "rebasedFrom": null, "viewerMayVote": false, "comments": [],
        "items": [{"feature": {"key": "checkout"}, "environment": {"key": "prod", "type": "PRODUCTION"},
            "source": {"key": "staging"}, "baseVersion": 58, "before": null, "after": {"enabled": true},
            "version": if applied { json!(59) } else { json!(null) },
            "diff": [{"kind": "CHANGED", "path": "enabled", "before": "false", "after": "true",
                "movement": null, "reshuffles": false}]}],
        "policies": [{"name": "Production", "approvals": approvals, "required": 2, "roles": ["APPROVER"],
            "approvers": [], "autoApproveAt": null, "overrideAllowed": false, "satisfied": approvals >= 2}]
    });
    change["votes"] = votes;
    if let Value::Object(others) = others {
        change.as_object_mut().unwrap().extend(others);
    }
    serde_json::from_value(change).unwrap()
}

/// Returns a vote.
pub(crate) fn vote(user: &str, decision: &str, comment: Option<&str>) -> Value {
    json!({"user": user, "token": null, "decision": decision, "comment": comment, "at": "2026-11-20T10:05:11Z"})
}
