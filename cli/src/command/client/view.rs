//! `fgctl client view`

use fluxgate_client::client::{self, ClientKey};

use super::super::shared::facts;
use super::{place, state};
use crate::error::CliError;
use crate::output::{Cell, Column, View};
use crate::shell::Shell;

/// Show a client, and the keys of it that hold
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  fgctl client view web\n  fgctl client view web -o json")]
pub(crate) struct ViewClient {
    /// The client's name
    name: String,
}

impl ViewClient {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (shell.api()?, shell.team()?);
        let client = client::get(&api, &team, &self.name).await?;
        let columns = [
            Column::new("KEY", |key: &ClientKey| Cell::text(&key.id)),
            Column::new("CREATED", |key: &ClientKey| Cell::Time(Some(key.created_at))),
            Column::new("UNTIL", |key: &ClientKey| Cell::Time(key.not_after)),
        ];
        Ok(facts(
            View::of(&client).named(format!("client/{}", client.name)),
            [
                ("client", Cell::text(&client.name)),
                ("kind", Cell::text(client.kind.as_str().to_lowercase())),
                ("environment", place(&client)),
                ("state", state(&client)),
                ("origins", Cell::text(client.origins.join(", "))),
                ("created", Cell::Time(Some(client.created_at))),
                ("uuid", Cell::text(client.id.to_string())),
            ],
        )
        .line("")
        .table(&client.keys, &columns))
    }
}
