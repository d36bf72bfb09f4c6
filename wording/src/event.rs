//! What was done, in words.

use chrono::{DateTime, Utc};
use fluxgate_client::audit::AuditEntry;

use crate::{Tone, time};

/// Returns what an entry of the audit says: what was done, to what, where, by whom, and why.
pub fn entry(entry: &AuditEntry) -> [String; 5] {
    let actor = match &entry.owner {
        Some(owner) => format!("{} of {owner}", entry.actor),
        None => entry.actor.clone(),
    };
    [
        entry.action.clone(),
        entry.subject.clone(),
        entry.environment.clone().unwrap_or_default(),
        actor,
        said(entry.reason.as_deref()),
    ]
}

/// Returns what somebody did, in a sentence: `lead rejected #9`.
pub fn told(entry: &AuditEntry) -> String {
    let [_, subject, _, actor, _] = self::entry(entry);
    // Of a change, which it is says enough.
    let change = subject.split(' ').next().filter(|word| word.starts_with('#'));
    let what = change.unwrap_or(&subject);
    let place = entry.environment.as_deref().filter(|_| change.is_none());
    let place = place.map_or_else(String::new, |place| format!(" in {place}"));
    match (happened(&entry.action), deed(&entry.action)) {
        (Some(words), _) => format!("{what} {words}"),
        (None, Some(words)) => format!("{actor} {words} {what}{place}"),
        (None, None) => format!("{actor} did {} to {what}{place}", entry.action),
    }
}

/// Returns what nobody does: what a change needs is not there, or its time has come.
fn happened(action: &str) -> Option<&'static str> {
    Some(match action {
        "change.auto_approve" => "was approved by itself",
        "change.fail" => "failed",
        "change.stale" => "became stale",
        _ => return None,
    })
}

/// Returns an action as what somebody did.
fn deed(action: &str) -> Option<&'static str> {
    Some(match action {
        "change.propose" => "proposed",
        "change.approve" => "approved",
        "change.reject" => "rejected",
        "change.cancel" => "cancelled",
        "change.override" => "overrode the policies of",
        "change.comment" => "commented on",
        "change.apply" => "applied",
        "change.schedule" => "scheduled",
        "feature.create" => "created",
        "feature.edit" => "edited",
        "feature.kill" => "killed",
        "feature.kill_until" => "moved the end of the kill of",
        "feature.restore" => "restored",
        "feature.archive" => "archived",
        "feature.unarchive" => "unarchived",
        _ => return None,
    })
}

/// Returns what somebody said, between quotation marks.
pub fn said(words: Option<&str>) -> String {
    words.map_or_else(String::new, |words| format!("{words:?}"))
}

/// Returns what an entry says of a kill switch, in a word; none where it is about none.
pub fn switched(entry: &AuditEntry) -> Option<(Tone, &'static str)> {
    Some(match entry.action.as_str() {
        "feature.kill" => (Tone::Bad, "killed"),
        "feature.kill_until" => (Tone::Waiting, "moved"),
        "feature.restore" => (Tone::Good, "restored"),
        _ => return None,
    })
}

/// Returns when the kill ends by itself that an entry tells of.
pub fn restore_at(entry: &AuditEntry) -> Option<DateTime<Utc>> {
    entry.after.as_ref()?["restoreAt"].as_str()?.parse().ok()
}

/// Returns the same in a sentence: what became of the kill switch, why, and when it ends.
pub fn switch(entry: &AuditEntry, now: DateTime<Utc>) -> Option<(Tone, String)> {
    let (tone, word) = switched(entry)?;
    let until = match (entry.action.as_str(), restore_at(entry)) {
        ("feature.restore", _) | ("feature.kill", None) => String::new(),
        (_, Some(at)) => format!(", until {}", time::when(at, now)),
        (_, None) => ", until somebody restores it".to_owned(),
    };
    let why = entry.reason.as_ref().map(|_| format!(": {}", said(entry.reason.as_deref())));
    // The end gives way first.
    Some((tone, format!("{word}{}{until}", why.unwrap_or_default())))
}

/// Says when a kill ends.
pub fn ends(restore_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> String {
    match restore_at {
        Some(at) => format!("ends at {}", time::when(at, now)),
        None => "ends when somebody restores it".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{switch, told};

    #[test]
    fn a_kill_says_when_it_ends_and_why() {
        let now = "2026-11-20T12:41:07Z".parse().unwrap();
        let said = |action: &str, (reason, after): (Value, Value)| {
            let entry = json!({"number": 1, "at": "2026-11-20T12:22:58Z", "actor": "lead", "actorKind": "USER",
                "owner": null, "action": action, "subject": "checkout", "environment": "prod", "reason": reason,
                "before": null, "after": after, "address": null});
            switch(&serde_json::from_value(entry).unwrap(), now).map(|(_, words)| words)
        };
        let until = json!({"restoreAt": "2026-11-20T12:52:58Z"});
        let killed = said("feature.kill", (json!("5xx"), until.clone())).unwrap();
        assert_eq!(killed, "killed: \"5xx\", until 12:52:58Z");
        assert_eq!(said("feature.kill", (json!("5xx"), Value::Null)).unwrap(), "killed: \"5xx\"");
        let moved = said("feature.kill_until", (Value::Null, until)).unwrap();
        assert_eq!(moved, "moved, until 12:52:58Z");
        let moved = said("feature.kill_until", (Value::Null, Value::Null)).unwrap();
        assert_eq!(moved, "moved, until somebody restores it");
        assert_eq!(said("feature.restore", (Value::Null, Value::Null)).unwrap(), "restored");
        assert_eq!(said("feature.edit", (Value::Null, Value::Null)), None);
    }

    #[test]
    fn what_was_done_is_a_sentence() {
        let told = |action: &str, subject: &str, env: Option<&str>| {
            let entry = json!({"number": 1, "at": "2026-11-20T12:41:07Z", "actor": "lead", "actorKind": "USER",
                "owner": null, "action": action, "subject": subject, "environment": env, "reason": null,
                "before": null, "after": null, "address": null});
            told(&serde_json::from_value(entry).unwrap())
        };
        assert_eq!(told("change.reject", "#9 promote checkout, cart", Some("prod")), "lead rejected #9");
        assert_eq!(told("change.apply", "#9 promote checkout", Some("prod")), "lead applied #9");
        assert_eq!(told("change.stale", "#9 promote checkout", Some("prod")), "#9 became stale");
        assert_eq!(told("feature.kill", "checkout", Some("prod")), "lead killed checkout in prod");
        assert_eq!(told("feature.restore", "checkout", None), "lead restored checkout");
        assert_eq!(told("stage.new", "checkout", None), "lead did stage.new to checkout");
    }
}
