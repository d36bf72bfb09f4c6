//! `fgctl team list`

use fluxgate_client::team::{self, Team};

use super::super::shared::{Limit, list};
use crate::error::CliError;
use crate::output::{Cell, Column, View};
use crate::shell::Shell;

/// List the teams that you are in; a system administrator sees all of them
#[derive(clap::Args, Debug)]
#[command(visible_alias = "ls")]
#[command(after_help = "Examples:\n  fgctl team list\n  fgctl team list --archived -o name")]
pub(crate) struct List {
    /// Those that are archived, instead of those in use
    #[arg(long)]
    archived: bool,

    #[command(flatten)]
    limit: Limit,
}

impl List {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let teams = team::first(&shell.api()?, self.archived, self.limit.limit).await?;
        let columns = [
            Column::new("KEY", |team: &Team| Cell::text(&team.key)),
            Column::new("NAME", |team: &Team| Cell::text(&team.name)),
            Column::new("DESCRIPTION", |team: &Team| Cell::text(&team.description)),
        ];
        let none = match self.archived {
            true => ("no archived teams that you are in", "fgctl team list"),
            false => ("no teams that you are in", "fgctl team create KEY"),
        };
        Ok(list(&teams, &columns, |team| format!("team/{}", team.key), none))
    }
}
