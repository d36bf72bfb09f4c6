//! `fgctl dependency remove`

use super::super::propose::{Planned, Target, already, document, stage};
use super::super::wait::Waiting;
use crate::error::CliError;
use crate::output::View;
use crate::shell::{InEnv, Shell};

/// Let a feature serve whatever another one does
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl dependency remove express-pay new-checkout -e dev\n  fgctl dependency remove express-pay new-checkout -e prod --yes --wait=edges"
)]
pub(crate) struct Remove {
    /// The feature's key
    key: String,

    /// The key of the feature that it needs no more
    needs: String,

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
        let before = config.depends_on.len();
        config.depends_on.retain(|dependency| dependency.feature != self.needs);
        if config.depends_on.len() == before {
            // Run again after a break, the same command finds it done.
            let view = View::of(&feature)
                .named(format!("feature/{}", self.key))
                .line(format!("{}  {env}  does not need {}", self.key, self.needs));
            return already((shell, &api, &team), &self.waiting, view).await;
        }
        target.edit(stage, &config, &self.planned, &self.waiting).await
    }
}
