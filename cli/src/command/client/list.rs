//! `fgctl client list`

use fluxgate_client::client::{self, Client};

use crate::error::CliError;
use crate::output::{Cell, Column, View};
use crate::shell::Shell;

/// List the team's clients, without their keys
#[derive(clap::Args, Debug)]
#[command(visible_alias = "ls")]
#[command(after_help = "Examples:\n  fgctl client list\n  fgctl client list -o json")]
pub(crate) struct List {}

impl List {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (shell.api()?, shell.team()?);
        let clients = client::list(&api, &team).await?.nodes;
        let columns = [
            Column::new("NAME", |client: &Client| Cell::text(&client.name)),
            Column::new("KIND", |client: &Client| Cell::text(client.kind.as_str().to_lowercase())),
            Column::new("ENV", |client: &Client| {
                let env = client.environment.as_ref().map(|env| env.key.as_str());
                Cell::text(env.unwrap_or("all"))
            }),
            Column::new("ENABLED", |client: &Client| Cell::text(if client.enabled { "yes" } else { "no" })),
            Column::new("CREATED", |client: &Client| Cell::Time(Some(client.created_at))),
            Column::wide("KEYS", |client: &Client| Cell::text(client.key_ids.join(","))),
            Column::wide("UUID", |client: &Client| Cell::text(client.id.to_string())),
        ];
        Ok(View::list(&clients, &columns, |client| format!("client/{}", client.name)))
    }
}
