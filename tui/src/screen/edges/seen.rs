//! How far edges were behind, as far as this dashboard was told since it was opened.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};
use fluxgate_client::edge::Known;

/// For how long is it kept?
const KEPT: i64 = 15;

/// What was told of all edges.
#[derive(Debug, Default)]
pub(super) struct Seen {
    since: Option<DateTime<Utc>>,
    edges: BTreeMap<String, VecDeque<Told>>,
}

/// How many revisions an edge was behind, from then until something else was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Told {
    at: DateTime<Utc>,
    behind: i64,
}

impl Seen {
    /// Takes in what the edges are like now.
    pub(super) fn note(&mut self, known: &Known, now: DateTime<Utc>) {
        self.since.get_or_insert(now);
        let start = now - TimeDelta::minutes(KEPT);
        for edge in &known.edges {
            let told = self.edges.entry(edge.id.to_string()).or_default();
            let behind = if edge.in_sync { 0 } else { known.revision.saturating_sub(edge.revision).max(0) };
            if told.back().is_none_or(|last| last.behind != behind) {
                told.push_back(Told { at: now, behind });
            }
            // The last one before is what it was at the beginning.
            while told.get(1).is_some_and(|second| second.at <= start) {
                told.pop_front();
            }
        }
        self.edges.retain(|id, _| known.edges.iter().any(|edge| edge.id.to_string() == *id));
    }

    /// Returns since when something is known.
    pub(super) fn since(&self) -> Option<DateTime<Utc>> {
        self.since
    }

    /// Returns how far an edge was behind at most in each minute up to now, as far as it is known.
    pub(super) fn behind(&self, id: &str, now: DateTime<Utc>) -> Vec<i64> {
        let Some(told) = self.edges.get(id) else {
            return Vec::new();
        };
        let Some(first) = told.front() else {
            return Vec::new();
        };
        let minutes = ((now - first.at).num_minutes() + 1).clamp(1, KEPT);
        let most = |minute: i64| {
            let end = now - TimeDelta::minutes(minute);
            let begin = end - TimeDelta::minutes(1);
            let before = told.iter().rev().find(|told| told.at <= begin);
            let within = told.iter().filter(|told| told.at > begin && told.at <= end);
            before.into_iter().chain(within).map(|told| told.behind).max().unwrap_or_default()
        };
        (0..minutes).rev().map(most).collect()
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::Seen;
    use crate::app::tests::{edges, now};

    #[test]
    fn each_minute_has_its_worst() {
        let mut seen = Seen::default();
        let mut known = edges();
        let id = known.edges[1].id.to_string();
        assert_eq!(seen.behind(&id, now()), Vec::<i64>::new(), "nothing is known yet");
        seen.note(&known, now());
        assert_eq!(seen.behind(&id, now()), [3]);
        known.edges[1].in_sync = true;
        seen.note(&known, now() + TimeDelta::seconds(90));
        assert_eq!(seen.behind(&id, now() + TimeDelta::seconds(180)), [3, 3, 3, 0]);
        let late = now() + TimeDelta::minutes(40);
        seen.note(&known, late);
        assert_eq!(seen.behind(&id, late), [0; 15]);
        assert_eq!(seen.since(), Some(now()));
        known.edges.clear();
        seen.note(&known, late);
        assert!(seen.behind(&id, late).is_empty(), "it is gone");
    }
}
