//! `fgctl client create`

use fluxgate_client::client::{self, CreateClientInput, EditClientInput};

use super::super::shared::{on_conflict, secret};
use super::Kind;
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
}

impl Create {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        if !self.origins.is_empty() && self.kind != Kind::Frontend {
            return Err(CliError::usage("only frontend clients have web origins").hint("nothing was sent"));
        }
        let (api, team) = (shell.api()?, shell.team()?);
        let hint = format!("fgctl client rotate {} gives it another key", self.name);
        let input = CreateClientInput {
            team: team.clone(),
            name: self.name,
            kind: self.kind.into(),
            environment: self.env,
        };
        let mut made = client::create(&api, input).await.map_err(on_conflict(hint))?;
        if self.origins.is_empty() {
            return Ok(secret(&made, &made.key, "key"));
        }
        let name = made.client.name.clone();
        let input = EditClientInput { team, name: name.clone(), origins: Some(self.origins) };
        let edited = client::edit(&api, input).await.map_err(CliError::from);
        let refused = match edited {
            Ok(client) => {
                made.client = client;
                None
            }
            Err(error) => Some(error),
        };
        // The key is told only here, whatever became of the origins.
        let view = secret(&made, &made.key, "key");
        Ok(match refused {
            None => view,
            Some(error) => view
                .exit(error.exit)
                .note(format!("{name} was made, without its origins: {}", error.message))
                .note(format!("fgctl client edit {name} --origin URL")),
        })
    }
}
