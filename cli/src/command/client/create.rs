//! `fgctl client create`

use fluxgate_client::client::{self, CreateClientInput};

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
        let (api, team) = (self.rehearsal.api(shell)?, shell.team()?);
        has_reader(shell, "key")?;
        let name = self.name.clone();
        let hint = format!("fgctl client rotate {name} gives it another key");
        let input = CreateClientInput {
            team,
            name,
            kind: self.kind.into(),
            environment: self.env,
            origins: (!self.origins.is_empty()).then_some(self.origins),
        };
        let made = client::create(&api, input).await.map_err(on_conflict(hint))?;
        Ok(secret(&made, &made.key, ("key", again(&made.client.name))))
    }
}
