//! `fgctl env list`

use fluxgate_client::environment::{self, Environment};

use crate::error::CliError;
use crate::output::{Cell, Column, View};
use crate::shell::Shell;

/// List the team's environments; -o wide shows the UUIDs that the edge's API takes
#[derive(clap::Args, Debug)]
#[command(visible_alias = "ls")]
#[command(after_help = "Examples:\n  fgctl env list\n  fgctl env list -o wide")]
pub(crate) struct List {}

impl List {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (shell.api()?, shell.team()?);
        let environments = environment::list(&api, &team).await?.nodes;
        let columns = [
            Column::new("KEY", |env: &Environment| Cell::text(&env.key)),
            Column::new("NAME", |env: &Environment| Cell::text(&env.name)),
            Column::new("TYPE", |env: &Environment| Cell::text(env.type_.as_str().to_lowercase())),
            Column::new("ACTIVE", |env: &Environment| Cell::text(if env.active { "yes" } else { "no" })),
            Column::wide("UUID", |env: &Environment| Cell::text(env.id.to_string())),
        ];
        Ok(View::list(&environments, &columns, |env| format!("environment/{}", env.key)))
    }
}
