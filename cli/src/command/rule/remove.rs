//! `fgctl rule remove`

use super::super::propose::{Planned, Target, document, stage};
use super::super::wait::Waiting;
use super::find;
use crate::error::CliError;
use crate::output::View;
use crate::shell::{InEnv, Shell};

/// Take rules away; whom they took in falls to the next rule, or to the default
#[derive(clap::Args, Debug)]
#[command(visible_alias = "rm")]
#[command(
    after_help = "Examples:\n  fgctl rule remove checkout pilot -e dev\n  fgctl rule remove checkout 2 3 -e prod --yes --reason \"the pilot is over\""
)]
pub(crate) struct Remove {
    /// The feature's key
    key: String,

    /// The rules: their numbers as they are now, or their names
    #[arg(required = true, value_name = "RULE")]
    rules: Vec<String>,

    #[command(flatten)]
    env: InEnv,

    #[command(flatten)]
    planned: Planned,

    #[command(flatten)]
    waiting: Waiting,
}

impl Remove {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team, env) = (shell.api()?, shell.team()?, shell.env(&self.env)?);
        let target = Target { shell, api: &api, team: &team, feature: &self.key, env: &env };
        let feature = target.feature().await?;
        let stage = stage(&feature, &env)?;
        let mut config = document(&feature, stage)?;
        let mut places: Vec<usize> =
            self.rules.iter().map(|rule| find(&config, rule)).collect::<Result<_, _>>()?;
        places.sort_unstable();
        places.dedup();
        // From the end, so that the others keep their numbers meanwhile.
        for place in places.into_iter().rev() {
            config.criteria.remove(place);
        }
        target.edit(stage, &config, &self.planned, &self.waiting).await
    }
}
