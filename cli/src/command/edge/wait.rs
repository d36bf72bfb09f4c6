//! `fgctl edge wait`

use fluxgate_client::clock;
use serde_json::json;
use std::time::Duration;

use super::super::wait::{EdgeReport, Goal, Wait, stopped};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Cell, Tone, View};
use crate::shell::Shell;

/// How long do we wait, unless told?
const LONG_ENOUGH: Duration = Duration::from_mins(1);

/// Wait until every connected edge has a revision
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl edge wait --revision 418\n  fgctl edge wait --revision 418 --timeout 5m -o json\n\nThe revision of a change is in `fgctl change view N -o json`, the newest one in `fgctl status`.\nEnds with 0 when each connected edge has it, with 1 when the time is over before, a minute unless --timeout says another."
)]
pub(crate) struct WaitFor {
    /// The revision of what is served that they must have
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    revision: i64,
}

impl WaitFor {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (shell.api()?, shell.team()?);
        let wait = Wait::new(shell, &api, &team);
        let report = tokio::select! {
            report = wait.edges(Goal::Revision(self.revision), clock::now(), LONG_ENOUGH) => report?,
            exit = stopped() => {
                let message = format!("stopped waiting for revision {}", self.revision);
                let hint = format!("fgctl edge wait --revision {} to go on", self.revision);
                return Err(CliError::new(exit, message).hint(hint));
            }
        };
        let view = shown(&report, self.revision);
        if report.settled() {
            return Ok(view);
        }
        Ok(match report.known() - report.away.len() {
            0 => view.exit(Exit::Failed).note("no edge is connected"),
            _ => view.exit(Exit::Failed).note("those that have it not may still serve what was before"),
        })
    }
}

fn shown(report: &EdgeReport, revision: i64) -> View {
    let value = json!({
        "revision": revision,
        "have": report.have,
        "late": report.late,
        "away": report.away,
    });
    let lists = [
        (&report.have, Tone::Good, "has it"),
        (&report.late, Tone::Waiting, "has it not yet"),
        (&report.away, Tone::Bad, "away, without it"),
    ];
    let mut view = View::of(&value);
    for (names, tone, state) in lists {
        for name in names {
            view = view
                .row(vec![Cell::text(name), Cell::State(tone, state.into())])
                .named(format!("edge/{name}"));
        }
    }
    view
}
