//! `fgctl dependency add`

use fluxgate_engine::Dependency;

use super::super::propose::{Planned, Target, document, stage};
use super::super::wait::Waiting;
use crate::error::CliError;
use crate::output::View;
use crate::shell::{InEnv, Shell};

/// Let a feature serve only where another one does
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl dependency add express-pay new-checkout -e dev\n  fgctl dependency add express-pay new-checkout -e dev --variant express --variant pilot"
)]
pub(crate) struct Add {
    /// The feature's key
    key: String,

    /// The key of the feature that it needs
    needs: String,

    #[command(flatten)]
    env: InEnv,

    /// A variant of it that counts; any but its off variant, when not given
    #[arg(long = "variant", value_name = "VARIANT")]
    variants: Vec<String>,

    #[command(flatten)]
    planned: Planned,

    #[command(flatten)]
    waiting: Waiting,
}

impl Add {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team, env) = (shell.api()?, shell.team()?, shell.env(&self.env)?);
        let target = Target { shell, api: &api, team: &team, feature: &self.key, env: &env };
        let feature = target.feature().await?;
        let stage = stage(&feature, &env)?;
        let mut config = document(&feature, stage)?;
        let wanted = Dependency { feature: self.needs, variants: self.variants };
        config.depends_on.retain(|dependency| dependency.feature != wanted.feature || *dependency == wanted);
        if !config.depends_on.contains(&wanted) {
            config.depends_on.push(wanted);
        }
        target.edit(stage, &config, &self.planned, &self.waiting).await
    }
}
