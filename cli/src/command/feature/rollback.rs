//! `fgctl feature rollback`

use fluxgate_client::change::{self, RollbackInput};

use super::super::propose::{Proposing, Target, stage};
use super::super::wait::Waiting;
use crate::error::CliError;
use crate::output::View;
use crate::shell::{InEnv, Shell};

/// Go back to an earlier version in an environment
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl feature rollback checkout -e staging\n  fgctl feature rollback checkout -e prod --version 3 --yes --wait=edges --reason \"v5 breaks the cart\"\n\nEnds with 8 while it waits for approval, 10 when it was rejected."
)]
pub(crate) struct Rollback {
    /// The feature's key
    key: String,

    #[command(flatten)]
    env: InEnv,

    /// Which version: the one before the live one, when not given
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(i64).range(1..))]
    version: Option<i64>,

    #[command(flatten)]
    flags: Proposing,

    #[command(flatten)]
    waiting: Waiting,
}

impl Rollback {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team, env) = (shell.api()?, shell.team()?, shell.env(&self.env)?);
        let target = Target { shell, api: &api, team: &team, feature: &self.key, env: &env };
        let feature = target.feature().await?;
        target.ask(stage(&feature, &env)?, &self.flags, "Roll back")?;
        let input = RollbackInput {
            team: team.clone(),
            feature: self.key.clone(),
            environment: env.clone(),
            version: self.version,
            reason: self.flags.reason.clone(),
            apply_at: None,
            dry_run: self.flags.dry_run.then_some(true),
        };
        target.finish(&change::rollback(&api, input).await?, &self.waiting).await
    }
}
