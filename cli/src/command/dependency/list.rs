//! `fgctl dependency list`

use fluxgate_engine::Dependency;

use super::super::propose::{Target, document, stage};
use crate::error::CliError;
use crate::output::{Cell, Column, View};
use crate::shell::{InEnv, Shell};

/// List what a feature needs in an environment
#[derive(clap::Args, Debug)]
#[command(visible_alias = "ls")]
#[command(
    after_help = "Examples:\n  fgctl dependency list express-pay -e dev\n  fgctl dependency list express-pay -e prod -o json"
)]
pub(crate) struct List {
    /// The feature's key
    key: String,

    #[command(flatten)]
    env: InEnv,
}

impl List {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team, env) = (shell.api()?, shell.team()?, shell.env(&self.env)?);
        let target = Target { shell, api: &api, team: &team, feature: &self.key, env: &env };
        let feature = target.feature().await?;
        let config = document(&feature, stage(&feature, &env)?)?;
        let mut view = View::of(&config.depends_on).table(&config.depends_on, &columns());
        for dependency in &config.depends_on {
            view = view.named(format!("feature/{}", dependency.feature));
        }
        Ok(match config.depends_on.is_empty() {
            true => view.note(format!("{} needs no other feature in {env}", self.key)),
            false => view,
        })
    }
}

fn columns() -> Vec<Column<Dependency>> {
    vec![
        Column::new("NEEDS", |dependency: &Dependency| Cell::text(&dependency.feature)),
        Column::new("VARIANTS", |dependency: &Dependency| match dependency.variants.as_slice() {
            [] => Cell::text("any but off"),
            variants => Cell::text(variants.join(", ")),
        }),
    ]
}
