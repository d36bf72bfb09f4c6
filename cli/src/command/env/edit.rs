//! `fgctl env edit`

use fluxgate_client::environment::{self, EditEnvironmentInput};

use super::super::shared::{Rehearsal, on_conflict};
use super::{Type, shown};
use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Change an environment
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl env edit prod-eu --name \"Production EU\"\n  fgctl env edit qa --type staging --position 2 --no-colour"
)]
pub(crate) struct Edit {
    /// The environment's key
    key: String,

    #[command(flatten)]
    to: To,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

/// What it is to be.
#[derive(clap::Args, Debug)]
#[group(required = true, multiple = true)]
struct To {
    /// What people call it; its key when empty
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,

    /// How much care it deserves; to or from production only while no change waits there
    #[arg(long = "type", value_name = "TYPE", value_enum, ignore_case = true)]
    kind: Option<Type>,

    /// Its colour, such as '#3fb950'
    #[arg(long, alias = "color", value_name = "COLOUR", conflicts_with = "no_colour")]
    colour: Option<String>,

    /// No colour any more
    #[arg(long, alias = "no-color")]
    no_colour: bool,

    /// Its place among the team's, from 1; the others make way
    #[arg(long, value_name = "N")]
    position: Option<u16>,
}

impl Edit {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (self.rehearsal.api(shell)?, shell.team()?);
        let hint = "fgctl change list".to_owned();
        let To { name, kind, colour, no_colour, position } = self.to;
        let input = EditEnvironmentInput {
            team,
            key: self.key,
            name,
            type_: kind.map(Into::into),
            colour,
            position: position.map(i64::from),
        };
        Ok(shown(&environment::edit(&api, input, no_colour).await.map_err(on_conflict(hint))?))
    }
}
