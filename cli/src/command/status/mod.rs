//! `fgctl status`

mod show;

use std::sync::Arc;

use fluxgate_client::{clock, status};
use fluxgate_wording::attention::{FAILED_WITHIN, PROPOSED_WITHIN, STALE_DAYS};

use self::show::{Report, Sight};
use super::live;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::View;
use crate::shell::Shell;

/// Show what needs somebody now: killed, failed, waiting, edges that are behind
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl status -w\n  fgctl status --exit-code -o json\n\nWith --exit-code it ends with 3 while something needs attention: a kill switch\nis on, a change failed within a day, an edge is away or has been behind for 5\nseconds."
)]
pub(crate) struct Status {
    /// Keep it on the screen and up to date, until Ctrl-C
    #[arg(short, long)]
    watch: bool,

    /// End with 3 when something needs attention
    #[arg(long, conflicts_with = "watch")]
    exit_code: bool,
}

impl Status {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (Arc::new(shell.api()?), shell.team()?);
        let place = match shell.context()?.filter(|context| context.server == api.server()) {
            Some(context) => context.name,
            None => api.server().to_owned(),
        };
        let ask = async || status::get(&api, &team, clock::now() - PROPOSED_WITHIN, STALE_DAYS).await;
        let show = |status: &status::Status| {
            let sight = Sight { now: clock::now(), place: &place, stale_days: STALE_DAYS };
            Report::new(status, &sight, FAILED_WITHIN).view(&sight)
        };
        if self.watch {
            let feed = live::everything(shell, &api, &team).await?;
            return live::follow(shell, feed, ask, show).await;
        }
        let status = ask().await?;
        let view = show(&status);
        let calm = view.value["attention"].as_array().is_none_or(Vec::is_empty);
        Ok(if self.exit_code && !calm { view.exit(Exit::Different) } else { view })
    }
}
