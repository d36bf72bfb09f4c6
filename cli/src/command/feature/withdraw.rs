//! `fgctl feature withdraw`

use fluxgate_client::ChangeKind;
use fluxgate_client::change::{self, WithdrawInput};

use super::super::propose::{Planned, Target, stage};
use super::super::wait::Waiting;
use crate::error::CliError;
use crate::output::View;
use crate::shell::{InEnv, Shell};

/// Serve a feature in an environment no more: applications get their own default
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl feature withdraw checkout -e staging\n  fgctl feature withdraw checkout -e prod --yes --reason \"the code is gone\"\n\nEnds with 8 while it waits for approval. To turn it off and keep it, use fgctl feature disable."
)]
pub(crate) struct Withdraw {
    /// The feature's key
    key: String,

    #[command(flatten)]
    env: InEnv,

    #[command(flatten)]
    planned: Planned,

    #[command(flatten)]
    waiting: Waiting,
}

impl Withdraw {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team, env) = (shell.api()?, shell.team()?, shell.env(&self.env)?);
        let target = Target { shell, api: &api, team: &team, feature: &self.key, env: &env };
        let feature = target.feature().await?;
        let input = |reason: Option<String>, dry_run: bool| WithdrawInput {
            team: team.clone(),
            feature: self.key.clone(),
            environment: env.clone(),
            reason,
            apply_at: self.planned.apply_at,
            dry_run: dry_run.then_some(true),
        };
        let trial = async || change::withdraw(&api, input(None, true)).await;
        let reason = target.agree(stage(&feature, &env)?, &self.planned, ChangeKind::Withdraw, trial).await?;
        target
            .finish(&change::withdraw(&api, input(reason, self.planned.flags.dry_run)).await?, &self.waiting)
            .await
    }
}
