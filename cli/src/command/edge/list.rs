//! `fgctl edge list`

use fluxgate_client::edge::{self, Edge, Known};

use super::{latency, rate, state};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Cell, Column, Stays, View};
use crate::shell::Shell;

/// List the edges, how far they are, and how they fare
#[derive(clap::Args, Debug)]
#[command(visible_aliases = ["ls", "status"])]
#[command(
    after_help = "Examples:\n  fgctl edge list -o wide\n  fgctl edge status --exit-code\n\nThose that are connected, or were within the last hour. BEHIND is by how many\nrevisions of what is served; one of another environment counts as well. With\n--exit-code it ends with 3 unless each edge is in sync."
)]
pub(crate) struct List {
    /// End with 3 unless every edge is connected and in sync
    #[arg(long)]
    exit_code: bool,
}

impl List {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (shell.api()?, shell.team()?);
        let known = edge::known(&api, &team).await?;
        let view = table(&known);
        let view = match known.edges.is_empty() {
            true => view.note("no edge is connected, or was within the hour"),
            false => view,
        };
        let well = !known.edges.is_empty() && known.edges.iter().all(|edge| edge.in_sync);
        Ok(if self.exit_code && !well { view.exit(Exit::Different) } else { view })
    }
}

/// Shows edges beside the revision that they should have.
pub(crate) fn table(known: &Known) -> View {
    View::list(&known.edges, &columns(known.revision), |edge| format!("edge/{}", edge.name))
}

fn columns(revision: i64) -> Vec<Column<Edge>> {
    let figure = |figure: Option<String>| Cell::Text(figure.unwrap_or_default());
    vec![
        Column::new("EDGE", |edge: &Edge| Cell::text(&edge.name)),
        Column::new("STATE", state),
        Column::new("REV", |edge: &Edge| Cell::text(edge.revision.to_string())),
        Column::new("BEHIND", move |edge: &Edge| Cell::text((revision - edge.revision).max(0).to_string()))
            .stays(Stays::Long),
        Column::new("SEEN", |edge: &Edge| Cell::Time(Some(edge.seen_at))),
        Column::new("EVAL/S", move |edge: &Edge| figure(rate(edge).map(|rate| format!("{rate:.1}"))))
            .stays(Stays::Short),
        Column::new("P99", |edge: &Edge| Cell::Text(latency(edge.p99_ns))).stays(Stays::Short),
        Column::new("QUEUE", move |edge: &Edge| figure(edge.spooled.map(|batches| batches.to_string())))
            .stays(Stays::Short),
        Column::wide("CLIENT", |edge: &Edge| Cell::text(&edge.client)),
        Column::new("VERSION", |edge: &Edge| Cell::text(&edge.version)).stays(Stays::Short),
        Column::wide("KILLS", |edge: &Edge| Cell::text(edge.kills_revision.to_string())),
        Column::wide("CONNECTED", |edge: &Edge| Cell::Time(Some(edge.connected_at))),
        Column::wide("ACKED", |edge: &Edge| Cell::Time(Some(edge.acked_at))),
        Column::wide("UUID", |edge: &Edge| Cell::text(edge.id.to_string())),
    ]
}
