//! Changes on their way in a few words, of what an overview asks about them.

use chrono::{DateTime, Utc};
use fluxgate_client::ChangeStatus;
use fluxgate_client::status::StatusChange;

use crate::{Tone, time};

/// Says what kind of change it is.
pub fn kind(change: &StatusChange) -> String {
    change.kind.as_str().to_lowercase()
}

/// Says which features it is about.
pub fn features(change: &StatusChange) -> String {
    let features: Vec<&str> = change.items.iter().map(|item| item.feature.key.as_str()).collect();
    features.join(", ")
}

/// Says where it happens, each place once.
pub fn place(change: &StatusChange) -> String {
    let mut places: Vec<String> = Vec::new();
    for item in &change.items {
        let place = match &item.source {
            Some(source) => format!("{} → {}", source.key, item.environment.key),
            None => item.environment.key.clone(),
        };
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places.join(", ")
}

/// Returns how far the policy is that lacks the most approvals, such as `0 of 1`.
pub fn votes(change: &StatusChange) -> String {
    let last = change.policies.iter().max_by_key(|policy| policy.required - policy.approvals);
    last.map_or_else(String::new, |policy| format!("{} of {}", policy.approvals, policy.required))
}

/// Says what it waits for: votes, or a time.
pub fn state(change: &StatusChange, now: DateTime<Utc>) -> (Tone, String) {
    match (&change.status, change.apply_at) {
        (ChangeStatus::Approved, Some(at)) => (Tone::Good, format!("applies in {}", time::left(at, now))),
        (ChangeStatus::Pending, _) => (Tone::Waiting, votes(change)),
        (status, _) => crate::change::state(status),
    }
}
