//! `fgctl env list`

use fluxgate_client::environment::{self, Environment};

use super::super::shared::{Limit, list, yes_no};
use crate::error::CliError;
use crate::output::{Cell, Column, Stays, View};
use crate::shell::Shell;

/// List the team's environments; -o wide shows the UUIDs that the edge's API takes
#[derive(clap::Args, Debug)]
#[command(visible_alias = "ls")]
#[command(after_help = "Examples:\n  fgctl env list\n  fgctl env list -o wide")]
pub(crate) struct List {
    #[command(flatten)]
    limit: Limit,
}

impl List {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (shell.api()?, shell.team()?);
        let environments = environment::first(&api, &team, self.limit.limit).await?;
        let columns = [
            Column::new("KEY", |env: &Environment| Cell::text(&env.key)),
            Column::new("NAME", |env: &Environment| Cell::text(&env.name)).stays(Stays::Short),
            Column::new("TYPE", |env: &Environment| Cell::text(env.type_.as_str().to_lowercase()))
                .stays(Stays::Long),
            Column::new("ACTIVE", |env: &Environment| yes_no(env.active)).stays(Stays::Long),
            Column::wide("COLOUR", |env: &Environment| Cell::text(env.colour.as_deref().unwrap_or_default())),
            Column::wide("UUID", |env: &Environment| Cell::text(env.id.to_string())),
        ];
        let none = ("no environments yet", "fgctl env create KEY --type development");
        Ok(list(&environments, &columns, |env| format!("environment/{}", env.key), none))
    }
}
