//! `fgctl edge view`

use std::sync::Arc;
use std::time::Duration;

use fluxgate_client::edge::{self, Edge, Known};
use fluxgate_client::{Api, Code, Error, Refusal};

use super::super::live;
use super::{latency, rate, state};
use crate::error::CliError;
use crate::output::{Cell, View};
use crate::shell::Shell;
use crate::time;

/// Show one edge: how far it is, and how it fares
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  fgctl edge view edge-local\n  fgctl edge view edge-local -w")]
pub(crate) struct ViewEdge {
    /// The edge's name, or its UUID where several have the name
    name: String,

    /// Keep it on the screen and up to date, until Ctrl-C
    #[arg(short, long)]
    watch: bool,
}

impl ViewEdge {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (Arc::new(shell.api()?), shell.team()?);
        let ask = async || one(&api, &team, &self.name).await;
        if self.watch {
            let feed = live::everything(shell, &api, &team).await?;
            return live::follow(shell, feed, ask, facts).await;
        }
        Ok(facts(&ask().await?))
    }
}

/// Finds an edge among those that are known, with the revision that it should have.
async fn one(api: &Api, team: &str, name: &str) -> Result<(Edge, i64), Error> {
    let Known { revision, edges } = edge::known(api, team).await?;
    let names: Vec<String> = edges.iter().map(|edge| edge.name.clone()).collect();
    let is_it = |edge: &Edge| edge.name == name || edge.id.to_string() == name;
    // A name may be that of a process that is gone, too.
    let found = edges.into_iter().filter(is_it).max_by_key(|edge| (edge.connected, edge.seen_at));
    let found = found.ok_or_else(|| {
        Error::Server(Box::new(Refusal {
            code: Code::NotFound,
            message: format!("no edge {name:?}"),
            kind: Some("edge".to_owned()),
            name: Some(name.to_owned()),
            candidates: names,
            hint: Some("fgctl edge list".to_owned()),
            ..Refusal::default()
        }))
    })?;
    Ok((found, revision))
}

fn facts((edge, revision): &(Edge, i64)) -> View {
    let row = |name: &str, cell: Cell| vec![Cell::text(name), cell];
    let behind = match (revision - edge.revision).max(0) {
        0 => format!("{} of {revision}", edge.revision),
        behind => format!("{} of {revision}, {behind} behind", edge.revision),
    };
    let uptime = edge.uptime_seconds.and_then(|seconds| u64::try_from(seconds).ok());
    let rate = rate(edge).map(|rate| format!("{rate:.1} a second"));
    View::of(edge)
        .named(format!("edge/{}", edge.name))
        .row(row("edge", Cell::text(&edge.name)))
        .row(row("state", state(edge)))
        .row(row("revision", Cell::Text(behind)))
        .row(row("kills as of", Cell::text(edge.kills_revision.to_string())))
        .row(row("seen", Cell::Time(Some(edge.seen_at))))
        .row(row("acknowledged", Cell::Time(Some(edge.acked_at))))
        .row(row("connected", Cell::Time(Some(edge.connected_at))))
        .row(row(
            "running for",
            Cell::Text(uptime.map_or_else(String::new, |s| time::duration(Duration::from_secs(s)))),
        ))
        .row(row("evaluations", Cell::Text(rate.unwrap_or_default())))
        .row(row("99 of 100 within", Cell::Text(latency(edge.p99_ns))))
        .row(row("batches to send", Cell::Text(edge.spooled.map_or_else(String::new, |n| n.to_string()))))
        .row(row("client", Cell::text(&edge.client)))
        .row(row("version", Cell::text(&edge.version)))
        .row(row("uuid", Cell::text(edge.id.to_string())))
}
