//! `fgctl feature kills`

use fluxgate_client::feature::{self, KilledStage};

use super::super::propose::by;
use crate::error::CliError;
use crate::output::{Cell, Column, Stays, View};
use crate::shell::Shell;

/// List what is killed, where, why, and when it serves again by itself
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  fgctl feature kills\n  fgctl feature kills -e prod -o json")]
pub(crate) struct Kills {
    // Without a default from the context: what is off is worth knowing anywhere.
    /// Only in this environment
    #[arg(short, long, value_name = "KEY")]
    env: Option<String>,
}

impl Kills {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (shell.api()?, shell.team()?);
        let kills = feature::kills(&api, &team, self.env.as_deref()).await?;
        let view = View::list(&kills.nodes, &columns(), |killed| format!("feature/{}", killed.feature.key));
        Ok(match kills.nodes.first() {
            None => view.note("nothing is killed"),
            Some(killed) => {
                let (key, place) = (&killed.feature.key, &killed.environment.key);
                view.next(format!("fgctl feature restore {key} -e {place}"))
            }
        })
    }
}

fn columns() -> Vec<Column<KilledStage>> {
    vec![
        Column::new("KEY", |killed: &KilledStage| Cell::text(&killed.feature.key)),
        Column::new("WHERE", |killed: &KilledStage| Cell::text(&killed.environment.key)).stays(Stays::Long),
        Column::new("BY", |killed: &KilledStage| {
            Cell::text(by(&killed.kill.by, killed.kill.token.as_deref()))
        }),
        Column::new("SINCE", |killed: &KilledStage| Cell::Time(Some(killed.kill.since))),
        Column::new("RESTORES", |killed: &KilledStage| Cell::Time(killed.kill.restore_at)).stays(Stays::Long),
        Column::new("REASON", |killed: &KilledStage| Cell::text(&killed.kill.reason)),
    ]
}
