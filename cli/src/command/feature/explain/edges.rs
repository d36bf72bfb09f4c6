//! Which edges have the version that is explained, as far as they have told.

use fluxgate_client::live::{Explained, ExplainingEdge};
use serde_json::{Value, json};

/// How far the edges of an environment are.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Edges {
    have: Vec<String>,
    late: Vec<String>,
    away: Vec<String>,
    /// Whether there are more than were looked at.
    is_part: bool,
}

impl Edges {
    /// Looks for the edges that serve an environment, and have acknowledged a revision.
    pub(super) fn new(explained: &Explained, env: &str, revision: i64) -> Self {
        let of_other = |edge: &ExplainingEdge| {
            let client = explained.clients.nodes.iter().find(|client| client.name == edge.client);
            let only = client.and_then(|client| client.environment.as_ref());
            only.is_some_and(|only| only.key != env)
        };
        let nodes = &explained.edges.nodes;
        let total = usize::try_from(explained.edges.total_count).unwrap_or(usize::MAX);
        let mut edges = Self { is_part: total > nodes.len(), ..Self::default() };
        for edge in nodes.iter().filter(|edge| !of_other(edge)) {
            let group = match (edge.revision >= revision, edge.connected) {
                (true, _) => &mut edges.have,
                (false, true) => &mut edges.late,
                (false, false) => &mut edges.away,
            };
            group.push(edge.name.clone());
        }
        edges
    }

    /// Says how many have it, and which do not.
    pub(super) fn sentence(&self) -> String {
        let known = self.have.len() + self.late.len() + self.away.len();
        let of = if self.is_part { "of the first " } else { "of " };
        let mut text = match known {
            0 => return "No edge has told what it serves.".to_owned(),
            known => format!("{} {of}{known} edges have this version", self.have.len()),
        };
        if !self.late.is_empty() {
            text.push_str(&format!("; not yet {}", self.late.join(", ")));
        }
        if !self.away.is_empty() {
            text.push_str(&format!("; not connected {}", self.away.join(", ")));
        }
        text + "."
    }

    pub(super) fn all_have_it(&self) -> bool {
        self.late.is_empty() && self.away.is_empty()
    }

    pub(super) fn to_json(&self) -> Value {
        json!({ "have": self.have, "late": self.late, "away": self.away })
    }
}

#[cfg(test)]
mod tests {
    use fluxgate_client::live::Explained;
    use serde_json::json;

    use super::Edges;

    fn explained(edges: &[(&str, &str, bool, i64)]) -> Explained {
        let edge = |(name, client, connected, revision): &(&str, &str, bool, i64)| json!({ "name": name, "client": client, "connected": connected, "revision": revision });
        let edges: Vec<_> = edges.iter().map(edge).collect();
        serde_json::from_value(json!({
            "feature": { "key": "f", "stages": [] },
            "edges": { "nodes": edges, "totalCount": edges.len() },
            "clients": { "nodes": [{ "name": "all", "environment": null }, { "name": "dev", "environment": { "key": "dev" } }] },
        }))
        .unwrap()
    }

    #[test]
    fn edges_of_other_environments_do_not_count() {
        let edges =
            [("a", "all", true, 7), ("b", "dev", true, 7), ("c", "all", true, 6), ("d", "gone", false, 1)];
        let edges = Edges::new(&explained(&edges), "prod", 7);
        assert_eq!(edges.sentence(), "1 of 3 edges have this version; not yet c; not connected d.");
        assert!(!edges.all_have_it());
    }

    #[test]
    fn no_edge_is_no_answer() {
        assert_eq!(Edges::new(&explained(&[]), "prod", 7).sentence(), "No edge has told what it serves.");
    }
}
