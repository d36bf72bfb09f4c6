//! Edges: a table in place on a terminal, elsewhere a line for each that is another than before.

use std::collections::HashMap;
use std::sync::Arc;

use fluxgate_client::edge::{self, Edge, WatchEdges};
use fluxgate_client::subscribe::{Topics, WatchRevision, watch_revision};
use fluxgate_client::{Api, clock};
use serde_json::json;

use super::super::{edge as command, live};
use super::line::row;
use super::print;
use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

pub(super) async fn run(shell: &Shell, (api, team): (&Arc<Api>, &str)) -> Result<View, CliError> {
    let variables = edge::watch_edges::Variables { team: team.to_owned() };
    if shell.ui.in_place() {
        let topics = Topics::new(Arc::clone(api)).with::<WatchEdges>(variables, |_| ())?;
        let topics = topics.with::<WatchRevision>(watch_revision::Variables, |_| ())?;
        let ask = async || edge::known(api, team).await;
        return live::follow(shell, topics.start(), ask, command::table).await;
    }
    let topics = Topics::new(Arc::clone(api)).with::<WatchEdges>(variables, |data| data.edges)?;
    let objects = shell.ui.in_objects();
    let mut before = HashMap::new();
    print(shell, topics.start(), move |edges: Vec<Edge>| {
        let at = clock::now();
        if objects {
            return vec![View::of(&json!({ "event": "edges", "at": at, "edges": edges }))];
        }
        let now: HashMap<_, _> = edges.iter().map(|edge| (edge.id, standing(edge))).collect();
        let other = edges.iter().filter(|edge| before.get(&edge.id) != now.get(&edge.id));
        let lines = other.map(|edge| row((at, json!(null)), &standing(edge), false)).collect();
        before = now;
        lines
    })
    .await
}

/// What of an edge is worth a line when it is another.
fn standing(edge: &Edge) -> [String; 5] {
    let state = match (edge.connected, edge.in_sync) {
        (true, true) => "in sync",
        (true, false) => "behind",
        (false, _) => "away",
    };
    ["edge".into(), edge.name.clone(), state.into(), edge.client.clone(), format!("rev {}", edge.revision)]
}
