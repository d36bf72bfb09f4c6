//! `fgctl client edit`

use fluxgate_client::client::{self, EditClientInput};

use super::super::shared::Rehearsal;
use super::shown;
use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Change the web origins whose pages may use a client's keys
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl client edit web --origin https://shop.acme.io --origin http://localhost:5173\n  fgctl client edit web --no-origins"
)]
pub(crate) struct Edit {
    /// The client's name
    name: String,

    #[command(flatten)]
    to: To,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

/// What it is to be.
#[derive(clap::Args, Debug)]
#[group(required = true, multiple = false)]
struct To {
    /// A web origin, any number of times, instead of those so far
    #[arg(long = "origin", value_name = "URL")]
    origins: Vec<String>,

    /// No web origins any more
    #[arg(long)]
    no_origins: bool,
}

impl Edit {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (self.rehearsal.api(shell)?, shell.team()?);
        let input = EditClientInput { team, name: self.name, origins: Some(self.to.origins) };
        let client = client::edit(&api, input).await?;
        Ok(shown(&client).line(match client.origins.as_slice() {
            [] => "no origins".to_owned(),
            origins => format!("origins  {}", origins.join("  ")),
        }))
    }
}
