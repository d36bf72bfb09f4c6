//! `fgctl client create`

use fluxgate_client::ClientKind;
use fluxgate_client::client::{self, CreateClientInput};

use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Create a client and print its key, once
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl client create checkout-service --kind backend > key\n  fgctl client create edge-eu-1 --kind edge -e prod -o json"
)]
pub(crate) struct Create {
    /// The client's name
    name: String,

    /// What it is for
    #[arg(long, value_enum)]
    kind: Kind,

    // Without a default from the context: a client for all environments is the usual one.
    /// Only for this environment; for all when not given
    #[arg(short, long, value_name = "KEY")]
    env: Option<String>,
}

/// The kinds of client.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Kind {
    /// Evaluates, on a server
    Backend,
    /// Evaluates, in a browser or an app
    Frontend,
    /// Serves flags to others
    Edge,
}

impl Create {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (shell.api()?, shell.team()?);
        let input = CreateClientInput {
            team,
            name: self.name,
            kind: match self.kind {
                Kind::Backend => ClientKind::Backend,
                Kind::Frontend => ClientKind::Frontend,
                Kind::Edge => ClientKind::Edge,
            },
            environment: self.env,
        };
        let secret = client::create(&api, input).await?;
        Ok(View::of(&secret)
            .named(format!("client/{}", secret.client.name))
            .line(&secret.key)
            .note("this key is shown once: keep it now"))
    }
}
