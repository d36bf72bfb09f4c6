//! Which edges have a kill, as far as can be told of what they have confirmed.

use fluxgate_client::edge::Edge;
use fluxgate_client::kill_screen::KillScreen;

/// Whether an edge has a kill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Has {
    /// It is not connected, and may still serve what was before.
    Away,
    /// It is connected, and has not confirmed it.
    Late,
    /// It has confirmed it.
    Yes,
}

/// Returns the edges that serve an environment, those first that may lack its kills.
///
/// The kill's own revision is not told. But an edge that has confirmed all that is published has confirmed the kill, and
/// so has every other whose kills are as new.
pub(super) fn of<'k>(known: &'k KillScreen, env: &str) -> Vec<(Has, &'k Edge)> {
    let serving: Vec<&Edge> = known.edges.nodes.iter().filter(|edge| serves(known, edge, env)).collect();
    let confirmed = serving.iter().filter(|edge| edge.connected && edge.in_sync);
    let newest = confirmed.map(|edge| edge.kills_revision).max();
    let mut edges: Vec<(Has, &Edge)> = serving
        .into_iter()
        .map(|edge| {
            let kills = edge.kills_revision.max(edge.revision);
            let has = match (edge.connected, edge.in_sync || newest.is_some_and(|newest| kills >= newest)) {
                (_, true) => Has::Yes,
                (true, false) => Has::Late,
                (false, false) => Has::Away,
            };
            (has, edge)
        })
        .collect();
    edges.sort_by_key(|(has, edge)| (*has, edge.name.clone()));
    edges
}

/// An edge whose client is not known may serve all.
fn serves(known: &KillScreen, edge: &Edge, env: &str) -> bool {
    let client = known.clients.nodes.iter().find(|client| client.name == edge.client);
    client.and_then(|client| client.environment.as_ref()).is_none_or(|only| only.key == env)
}

/// Says how many have it, and which may not.
pub(super) fn sentences(edges: &[(Has, &Edge)]) -> (String, Option<String>) {
    let have = edges.iter().filter(|(has, _)| *has == Has::Yes).count();
    let lack: Vec<&str> =
        edges.iter().filter(|(has, _)| *has != Has::Yes).map(|(_, edge)| edge.name.as_str()).collect();
    let count = match edges.is_empty() {
        true => "no edge that serves it has connected within the hour".to_owned(),
        false => format!("{have} of {} edges have it", edges.len()),
    };
    let doubtful = format!("{} may still serve what was before", lack.join(", "));
    (count, (!lack.is_empty()).then_some(doubtful))
}
