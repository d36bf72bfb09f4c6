//! `fgctl change diff`

use fluxgate_client::change;

use super::super::propose::diff_lines;
use super::number;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Line, Tone, View};
use crate::shell::Shell;

/// Show what a change changes, compared with what it was based on
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  fgctl change diff 12\n  fgctl change diff 12 --exit-code -o json")]
pub(crate) struct Diff {
    /// The change's number
    #[arg(value_parser = number)]
    number: i64,

    /// End with 3 when there is a difference
    #[arg(long)]
    exit_code: bool,
}

impl Diff {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (shell.api()?, shell.team()?);
        let change = change::get(&api, &team, self.number).await?;
        let mut view = View::of(&change.items).named(format!("change/{}", change.number));
        for item in &change.items {
            let head = Line::default()
                .and(Tone::Strong, &item.feature.key)
                .and(Tone::Plain, format!("  {}", item.environment.key));
            view = view.line(match item.base_version {
                Some(version) => head.and(Tone::Dim, format!("  from v{version}")),
                None => head.and(Tone::Dim, "  new there"),
            });
            for line in diff_lines(item) {
                view = view.line(line);
            }
        }
        let differs = change.items.iter().any(|item| !item.diff.is_empty());
        Ok(if self.exit_code && differs { view.exit(Exit::Different) } else { view })
    }
}
