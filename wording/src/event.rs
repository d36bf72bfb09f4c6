//! What was done, in words.

use fluxgate_client::audit::AuditEntry;

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

/// Returns what somebody said, between quotation marks.
pub fn said(words: Option<&str>) -> String {
    words.map_or_else(String::new, |words| format!("{words:?}"))
}
