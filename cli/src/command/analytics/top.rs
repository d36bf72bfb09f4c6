//! `fgctl analytics top`

use fluxgate_client::analytics::{self, TopFeature};
use fluxgate_client::clock;
use fluxgate_wording::figure::complete;

use super::Range;
use super::show::span;
use crate::error::CliError;
use crate::output::{Cell, Column, View};
use crate::shell::Shell;

/// List the features that are evaluated most
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl analytics top -L 20\n  fgctl analytics top -e prod --from 7d -o json"
)]
pub(crate) struct Top {
    /// Only the first N, at most 100
    #[arg(short = 'L', long, value_name = "N", default_value_t = 10)]
    #[arg(value_parser = clap::value_parser!(i64).range(1..=100))]
    limit: i64,

    #[command(flatten)]
    range: Range,
}

impl Top {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (shell.api()?, shell.team()?);
        let env = self.range.env.as_deref();
        let top = analytics::top(&api, &team, env, self.range.span()?, self.limit).await?;
        let columns = [
            Column::new("FEATURE", |top: &TopFeature| Cell::text(&top.feature.key)),
            Column::new("EVALUATIONS", |top: &TopFeature| Cell::text(top.total.to_string())),
        ];
        let list = View::list(&top.features, &columns, |top| format!("feature/{}", top.feature.key));
        let view = View { names: list.names, parts: list.parts, ..View::of(&top) };
        let view = match top.features.is_empty() {
            true => view.note(format!("nothing was evaluated, {}", span(top.from, top.until))),
            false => view.note(span(top.from, top.until)),
        };
        Ok(view.note(complete(&top.completeness, top.until.min(clock::now()))))
    }
}
