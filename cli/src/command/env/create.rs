//! `fgctl env create`

use fluxgate_client::environment::{self, CreateEnvironmentInput};

use super::super::shared::{Rehearsal, on_conflict};
use super::{Type, shown};
use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Create an environment, behind the team's others
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl env create dev --type development\n  fgctl env create prod-eu --type production --name \"Production EU\" --colour '#f85149'"
)]
pub(crate) struct Create {
    /// The environment's key, which stays
    key: String,

    /// How much care it deserves
    #[arg(long = "type", value_name = "TYPE", value_enum, ignore_case = true)]
    kind: Type,

    /// What people call it
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,

    /// Its colour, such as '#3fb950'
    #[arg(long, alias = "color", value_name = "COLOUR")]
    colour: Option<String>,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

impl Create {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (self.rehearsal.api(shell)?, shell.team()?);
        let hint = format!("fgctl env view {}", self.key);
        let input = CreateEnvironmentInput {
            team,
            key: self.key,
            name: self.name,
            type_: self.kind.into(),
            colour: self.colour,
        };
        Ok(shown(&environment::create(&api, input).await.map_err(on_conflict(hint))?)
            .next("fgctl pipeline create KEY --stages ENV,ENV"))
    }
}
