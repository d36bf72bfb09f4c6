//! `fgctl client list`

use fluxgate_client::client::{self, Client};

use super::super::shared::{Limit, list, yes_no};
use super::{Kind, place};
use crate::error::CliError;
use crate::output::{Cell, Column, Stays, View};
use crate::shell::Shell;

/// List the team's clients, without their keys
#[derive(clap::Args, Debug)]
#[command(visible_alias = "ls")]
#[command(after_help = "Examples:\n  fgctl client list\n  fgctl client list --kind edge -o json")]
pub(crate) struct List {
    /// Only those of this kind
    #[arg(long, value_enum, ignore_case = true)]
    kind: Option<Kind>,

    #[command(flatten)]
    limit: Limit,
}

impl List {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (shell.api()?, shell.team()?);
        let clients = client::first(&api, &team, self.kind.map(Into::into), self.limit.limit).await?;
        let columns = [
            Column::new("NAME", |client: &Client| Cell::text(&client.name)),
            Column::new("KIND", |client: &Client| Cell::text(client.kind.as_str().to_lowercase())),
            Column::new("ENV", place).stays(Stays::Long),
            Column::new("ENABLED", |client: &Client| yes_no(client.enabled)).stays(Stays::Long),
            Column::new("CREATED", |client: &Client| Cell::Time(Some(client.created_at))).stays(Stays::Short),
            Column::wide("KEYS", |client: &Client| Cell::text(client.key_ids.join(","))),
            Column::wide("ORIGINS", |client: &Client| Cell::text(client.origins.join(","))),
            Column::wide("UUID", |client: &Client| Cell::text(client.id.to_string())),
        ];
        let none = match self.kind {
            Some(_) => ("no client is of this kind", ""),
            None => ("no clients yet", "fgctl client create NAME --kind backend"),
        };
        Ok(list(&clients, &columns, |client| format!("client/{}", client.name), none))
    }
}
