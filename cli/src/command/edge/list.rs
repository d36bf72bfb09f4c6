//! `fgctl edge list`

use fluxgate_client::edge::{self, Edge};

use crate::error::CliError;
use crate::output::{Cell, Column, Tone, View};
use crate::shell::Shell;

/// List the edges and how far they are
#[derive(clap::Args, Debug)]
#[command(visible_alias = "ls")]
#[command(after_help = "Examples:\n  fgctl edge list\n  fgctl edge list -o wide")]
pub(crate) struct List {}

impl List {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (shell.api()?, shell.team()?);
        let edges = edge::list(&api, &team).await?.nodes;
        let view = View::list(&edges, &columns(), |edge| format!("edge/{}", edge.name));
        Ok(match edges.is_empty() {
            true => view.note("no edge has ever connected"),
            false => view,
        })
    }
}

fn columns() -> Vec<Column<Edge>> {
    vec![
        Column::new("EDGE", |edge: &Edge| Cell::text(&edge.name)),
        Column::new("STATE", |edge: &Edge| match (edge.connected, edge.in_sync) {
            (true, true) => Cell::State(Tone::Good, "in sync".into()),
            (true, false) => Cell::State(Tone::Waiting, "behind".into()),
            (false, _) => Cell::State(Tone::Bad, "away".into()),
        }),
        Column::new("REVISION", |edge: &Edge| Cell::text(edge.revision.to_string())),
        Column::new("SEEN", |edge: &Edge| Cell::Time(Some(edge.seen_at))),
        Column::new("CLIENT", |edge: &Edge| Cell::text(&edge.client)),
        Column::new("VERSION", |edge: &Edge| Cell::text(&edge.version)),
        Column::wide("KILLS", |edge: &Edge| Cell::text(edge.kills_revision.to_string())),
        Column::wide("CONNECTED", |edge: &Edge| Cell::Time(Some(edge.connected_at))),
        Column::wide("ACKED", |edge: &Edge| Cell::Time(Some(edge.acked_at))),
        Column::wide("UUID", |edge: &Edge| Cell::text(edge.id.to_string())),
    ]
}
