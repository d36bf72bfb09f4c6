//! Which edges serve a change, and which may still serve what was before.

use chrono::{DateTime, TimeDelta, Utc};
use fluxgate_client::edge::Edge;
use serde_json::{Value, json};

use crate::time;

/// What an edge must have acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    /// All changes up to a revision.
    Revision(i64),
    /// The kill switches as of a revision; they travel ahead of the rest.
    Kills(i64),
}

/// How far the edges are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct EdgeReport {
    /// Those that have it.
    pub(crate) have: Vec<String>,
    /// Those that are connected and have it not.
    pub(crate) late: Vec<String>,
    /// Those that are not connected, and had it not when they were.
    pub(crate) away: Vec<String>,
    /// How long the slowest took.
    pub(crate) took: Option<TimeDelta>,
}

impl EdgeReport {
    /// Compares edges with a goal; `since` is when the change was made.
    pub(super) fn new(edges: &[Edge], goal: Goal, since: DateTime<Utc>) -> Self {
        let mut report = Self::default();
        for edge in edges {
            let (reached, wanted) = match goal {
                Goal::Revision(revision) => (edge.revision, revision),
                // Kills are sent before the rest of their revision, and what an edge calls the revision of its kills is
                // the last that it was sent: others' environments do not count.
                Goal::Kills(revision) => (edge.kills_revision.max(edge.revision), revision),
            };
            let name = edge.name.clone();
            if reached >= wanted {
                report.have.push(name);
                // What came later and was acknowledged too says nothing about this.
                if reached == wanted {
                    let took = (edge.acked_at - since).max(TimeDelta::zero());
                    report.took = report.took.max(Some(took));
                }
            } else if edge.connected {
                report.late.push(name);
            } else {
                report.away.push(name);
            }
        }
        report
    }

    /// Returns whether every connected edge has it, and at least one does: there is nothing left to wait for.
    pub(crate) fn settled(&self) -> bool {
        self.late.is_empty() && !self.have.is_empty()
    }

    /// Returns whether any edge that is known may still serve what was before.
    pub(crate) fn doubtful(&self) -> bool {
        !self.late.is_empty() || !self.away.is_empty()
    }

    /// Returns how many edges are known.
    pub(crate) fn known(&self) -> usize {
        self.have.len() + self.late.len() + self.away.len()
    }

    /// Returns how long the slowest took, such as `94 ms`.
    pub(crate) fn took(&self) -> Option<String> {
        self.took.map(time::seconds)
    }

    /// Says which edges have it, and which may not.
    pub(crate) fn sentence(&self) -> String {
        if self.have.is_empty() && self.late.is_empty() {
            return match self.away.as_slice() {
                [] => "no edge is connected, so none serves it".to_owned(),
                away => format!("no edge is connected; {} may still serve the old value", away.join(", ")),
            };
        }
        let mut text = format!("{} of {} edges have it", self.have.len(), self.known());
        if let Some(took) = self.took() {
            text.push_str(&format!(" after {took}"));
        }
        if !self.have.is_empty() {
            text.push_str(&format!(": {}", self.have.join(", ")));
        }
        if !self.late.is_empty() {
            let late = self.late.join(", ");
            text.push_str(&format!("; not yet {late}, may still serve the old value"));
        }
        if !self.away.is_empty() {
            let away = self.away.join(", ");
            text.push_str(&format!("; not connected {away}, may still serve the old value"));
        }
        text
    }

    /// Returns the form for `-o json`.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "have": self.have,
            "late": self.late,
            "away": self.away,
            "seconds": self.took.map(|took| took.as_seconds_f64()),
        })
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};
    use fluxgate_client::edge::Edge;

    use super::{EdgeReport, Goal};

    fn edge(name: &str, connected: bool, revision: i64) -> Edge {
        let at = |ms| DateTime::<Utc>::UNIX_EPOCH + TimeDelta::milliseconds(ms);
        Edge {
            id: uuid::Uuid::nil(),
            name: name.into(),
            version: "1".into(),
            client: "edge".into(),
            connected,
            in_sync: true,
            revision,
            kills_revision: 3,
            connected_at: at(0),
            seen_at: at(0),
            acked_at: at(94),
            uptime_seconds: None,
            evaluations_per_second: None,
            p99_ns: None,
            spooled: None,
        }
    }

    fn report(edges: &[Edge], goal: Goal) -> EdgeReport {
        EdgeReport::new(edges, goal, DateTime::UNIX_EPOCH)
    }

    #[test]
    fn all_have_it() {
        let report = report(&[edge("edge-local", true, 7)], Goal::Revision(7));
        assert!(report.settled() && !report.doubtful());
        assert_eq!(report.sentence(), "1 of 1 edges have it after 94 ms: edge-local");
    }

    #[test]
    fn those_that_may_serve_the_old_value_are_named() {
        let edges = [edge("a", true, 7), edge("b", true, 6), edge("c", false, 5)];
        let report = report(&edges, Goal::Revision(7));
        assert!(!report.settled() && report.doubtful());
        let text = report.sentence();
        assert!(text.starts_with("1 of 3 edges have it"), "{text}");
        assert!(text.contains("not yet b, may still"), "{text}");
        assert!(text.contains("not connected c, may still"), "{text}");
    }

    #[test]
    fn an_edge_that_is_away_is_not_waited_for() {
        let edges = [edge("a", true, 7), edge("c", false, 5)];
        assert!(report(&edges, Goal::Revision(7)).settled());
    }

    #[test]
    fn nobody_there_is_not_success() {
        assert!(!report(&[], Goal::Revision(1)).settled());
        let report = report(&[edge("c", false, 0)], Goal::Revision(1));
        assert!(!report.settled());
        assert_eq!(report.sentence(), "no edge is connected; c may still serve the old value");
    }

    #[test]
    fn kills_have_their_own_revision() {
        let edges = [edge("a", true, 2)];
        assert!(report(&edges, Goal::Kills(3)).settled());
        assert!(!report(&edges, Goal::Kills(4)).settled());
    }

    #[test]
    fn an_edge_of_another_environment_has_a_kill_with_its_revision() {
        // The last kill in its own environment was at 3.
        let edges = [edge("a", true, 4)];
        let at = report(&edges, Goal::Kills(4));
        assert!(at.settled() && !at.doubtful());
        assert_eq!(at.took(), Some("94 ms".to_owned()));
        assert!(report(&edges, Goal::Kills(5)).doubtful());
    }
}
