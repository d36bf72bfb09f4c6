//! What needs somebody now: what is killed, failed, or behind.

use chrono::{DateTime, TimeDelta, Utc};
use fluxgate_client::status::{Killed, Status, StatusChange, StatusEdge};
use serde::Serialize;

use crate::{Tone, moving, time};

/// For how long is a change that failed worth a look?
pub const FAILED_WITHIN: TimeDelta = TimeDelta::hours(24);
/// How long before that may it have been proposed? What is applied at a set time may have been for a while.
pub const PROPOSED_WITHIN: TimeDelta = TimeDelta::days(30);
/// After how many days at rest does a feature count as stale?
pub const STALE_DAYS: i64 = 90;

/// For how long may an edge be behind what was changed last?
const BEHIND: TimeDelta = TimeDelta::seconds(5);

/// Something that needs attention.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Attention {
    /// `killed`, `edge`, `failed`, or `approve` for what waits for whoever looks.
    pub kind: &'static str,
    /// The feature, or the edge.
    pub what: String,
    /// Where, except of edges.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Which change failed, or waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<i64>,
    /// Since when; of an edge, when it was heard of last.
    pub since: DateTime<Utc>,
    /// When a kill ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restore_at: Option<DateTime<Utc>>,
    /// Who did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// What was said, or what is wrong.
    pub message: String,
}

impl Attention {
    /// Returns what it means.
    pub fn tone(&self) -> Tone {
        if matches!(self.kind, "edge" | "approve") { Tone::Waiting } else { Tone::Bad }
    }

    /// Returns where it is, with the number of a change that failed.
    pub fn place(&self) -> String {
        match (&self.environment, self.change) {
            (Some(env), None) => env.clone(),
            (Some(env), Some(number)) => format!("{env} #{number}"),
            (None, _) => String::new(),
        }
    }

    /// Returns who and since when, and what was said.
    pub fn text(&self, now: DateTime<Utc>) -> String {
        let age = time::ago(self.since, now);
        match (self.kind, &self.by, self.restore_at) {
            ("killed", Some(by), Some(at)) => {
                format!("by {by}, {age} ago, restores in {}: {:?}", time::left(at, now), self.message)
            }
            ("killed", Some(by), None) => format!("by {by}, {age} ago: {:?}", self.message),
            ("edge", ..) => format!("{}, heard {age} ago", self.message),
            _ => format!("{age} ago: {}", self.message),
        }
    }

    /// Returns the same without the time since, for where that stands beside it.
    pub fn about(&self, now: DateTime<Utc>) -> String {
        match (self.kind, &self.by, self.restore_at) {
            ("killed", Some(by), Some(at)) => {
                format!("restores in {}, by {by}: {:?}", time::left(at, now), self.message)
            }
            ("killed", Some(by), None) => format!("by {by}: {:?}", self.message),
            ("approve", Some(by), _) => format!("{}, by {by}", self.message),
            _ => self.message.clone(),
        }
    }
}

/// Returns the changes that wait for the vote of whoever looks, the newest first.
pub fn waiting(status: &Status) -> Vec<Attention> {
    let pending = status.team.pending.nodes.iter().filter(|change| change.viewer_may_vote);
    pending.map(wait).collect()
}

fn wait(change: &StatusChange) -> Attention {
    let votes = match moving::votes(change) {
        votes if votes.is_empty() => votes,
        votes => format!(", {votes}"),
    };
    Attention {
        kind: "approve",
        what: moving::features(change),
        environment: Some(places(change)),
        change: Some(change.number),
        since: change.created_at,
        restore_at: None,
        by: Some(change.author.clone()),
        message: format!("{} {}{votes}", moving::kind(change), moving::place(change)),
    }
}

/// Returns what needs attention, the worst first; changes that failed are told for so long.
pub fn of(status: &Status, now: DateTime<Utc>, failed_within: TimeDelta) -> Vec<Attention> {
    let team = &status.team;
    let revision = status.server.revision;
    let changed = team.audit.nodes.first().map(|entry| entry.at);
    let mut attention: Vec<Attention> = team.kills.nodes.iter().map(killed).collect();
    let edges = team.edges.nodes.iter();
    attention.extend(edges.filter_map(|edge| edge_in_trouble(edge, revision, (changed, now))));
    let failed = team.failed.nodes.iter().filter(|change| now - ended(change) < failed_within);
    attention.extend(failed.map(failure));
    attention
}

fn killed(killed: &Killed) -> Attention {
    Attention {
        kind: "killed",
        what: killed.feature.key.clone(),
        environment: Some(killed.environment.key.clone()),
        change: None,
        since: killed.kill.since,
        restore_at: killed.kill.restore_at,
        by: Some(killed.kill.by.clone()),
        message: killed.kill.reason.clone(),
    }
}

/// An edge is behind for a moment after each change; that is no trouble.
fn edge_in_trouble(
    edge: &StatusEdge,
    revision: i64,
    (changed, now): (Option<DateTime<Utc>>, DateTime<Utc>),
) -> Option<Attention> {
    let message = match (edge.connected, edge.in_sync) {
        (false, _) => format!("not connected, rev {} of {revision}", edge.revision),
        (true, false) if changed.is_none_or(|at| now - at > BEHIND) => {
            format!("behind, rev {} of {revision}", edge.revision)
        }
        _ => return None,
    };
    Some(Attention {
        kind: "edge",
        what: edge.name.clone(),
        environment: None,
        change: None,
        since: edge.seen_at,
        restore_at: None,
        by: None,
        message,
    })
}

/// Returns when a change failed, as near as can be told.
fn ended(change: &StatusChange) -> DateTime<Utc> {
    [change.decided_at, change.apply_at].into_iter().flatten().fold(change.created_at, Ord::max)
}

/// Returns where a change arrives.
fn places(change: &StatusChange) -> String {
    let envs: Vec<&str> = change.items.iter().map(|item| item.environment.key.as_str()).collect();
    envs.join(", ")
}

fn failure(change: &StatusChange) -> Attention {
    Attention {
        kind: "failed",
        what: moving::features(change),
        environment: Some(places(change)),
        change: Some(change.number),
        since: ended(change),
        restore_at: None,
        by: Some(change.author.clone()),
        message: change.failure.clone().unwrap_or_else(|| "no reason was given".to_owned()),
    }
}
