//! `fgctl diff`

use std::path::PathBuf;

use super::wanted;
use crate::error::CliError;
use crate::exit::Exit;
use crate::files::{LiveTeam, Plan, Prune, plan_value, save_plan, show_plan};
use crate::output::View;
use crate::shell::Shell;

/// Compare files with the server: what would apply change
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl diff -f flags/ --exit-code\n  fgctl diff -f flags/ --out plan.json && fgctl apply plan.json --yes\n\nWith --exit-code it ends with 3 when something differs."
)]
pub(crate) struct Diff {
    /// A file, a folder with .yaml, .yml and .json files, or - for standard input; may be given again
    #[arg(short, long, required = true, value_name = "PATH")]
    file: Vec<PathBuf>,

    /// End with 3 when something differs
    #[arg(long)]
    exit_code: bool,

    /// Keep the plan, for `fgctl apply FILE`: it is applied only to what it was made from
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Also archive features with this tag that the files do not name
    #[arg(long, value_name = "TAG")]
    prune: Option<String>,

    /// Show nothing
    #[arg(long)]
    quiet: bool,
}

impl Diff {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (team, set) = wanted(shell, &self.file)?;
        let api = shell.api()?;
        let live = LiveTeam::read(&api, &team).await?;
        let prune = self.prune.map(|tag| Prune { tag });
        let plan = Plan::of_files(&set, &live, prune.as_ref())?;
        if let Some(path) = &self.out {
            save_plan(path, api.server(), &live, &plan)?;
        }
        let differs = !plan.items.is_empty();
        let exit = if self.exit_code && differs { Exit::Different } else { Exit::Ok };
        if self.quiet {
            return Ok(View::nothing().exit(exit));
        }
        let mut view = View::of(&plan_value(&plan)).exit(exit);
        for item in &plan.items {
            view = view.named(item.reference.to_string());
        }
        for line in show_plan(&plan) {
            view = view.line(line);
        }
        Ok(match (&self.out, differs) {
            (Some(path), true) => view.next(format!("fgctl apply {}", path.display())),
            (None, true) => view.next(format!("fgctl apply -f {}", self.file[0].display())),
            _ => view,
        })
    }
}
