//! `fgctl client create`

use fluxgate_client::client::{self, ClientSecret, CreateClientInput, EditClientInput};

use serde_json::json;

use super::super::shared::{Rehearsal, has_reader, on_conflict, secret};
use super::{Kind, again};
use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Create a client and print its key, once
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl client create checkout-service --kind backend > key\n  fgctl client create edge-eu-1 --kind edge -e prod -o json\n  fgctl client create web --kind frontend -e prod --origin https://shop.acme.io"
)]
pub(crate) struct Create {
    /// The client's name
    name: String,

    /// What it is for
    #[arg(long, value_enum, ignore_case = true)]
    kind: Kind,

    // Without a default from the context: a client for all environments is the usual one.
    /// Only for this environment; for all when not given
    #[arg(short, long, value_name = "KEY")]
    env: Option<String>,

    /// A web origin whose pages may use its key, any number of times; of a frontend client
    #[arg(long = "origin", value_name = "URL")]
    origins: Vec<String>,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

impl Create {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        if !self.origins.is_empty() && self.kind != Kind::Frontend {
            return Err(CliError::usage("only frontend clients have web origins").hint("nothing was sent"));
        }
        has_reader(shell, "key")?;
        let (api, team) = (self.rehearsal.api(shell)?, shell.team()?);
        let hint = format!("fgctl client rotate {} gives it another key", self.name);
        let input = CreateClientInput {
            team: team.clone(),
            name: self.name,
            kind: self.kind.into(),
            environment: self.env,
        };
        let made = client::create(&api, input).await.map_err(on_conflict(hint))?;
        if self.origins.is_empty() {
            return Ok(shown_once(&made));
        }
        let input = EditClientInput { team, name: made.client.name.clone(), origins: Some(self.origins) };
        Ok(match client::edit(&api, input).await {
            Ok(client) => {
                let made = ClientSecret { client, ..made };
                shown_once(&made)
            }
            Err(error) => without_origins(&made, &error.into()),
        })
    }
}

fn shown_once(made: &ClientSecret) -> View {
    secret(made, &made.key, ("key", again(&made.client.name)))
}

/// Shows the key of a client that got no origins: it is told only here.
fn without_origins(made: &ClientSecret, error: &CliError) -> View {
    let name = &made.client.name;
    let told = error.to_json()["error"].take();
    let value = json!({ "client": made.client, "key": made.key, "error": told });
    secret(&value, &made.key, ("key", again(name)))
        .exit(error.exit)
        .note(format!("{name} was made, without its origins: {}", error.message))
        .note(format!("fgctl client edit {name} --origin URL"))
}
