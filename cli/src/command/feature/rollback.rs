//! `fgctl feature rollback`

use fluxgate_client::ChangeKind;
use fluxgate_client::change::{self, RollbackInput};

use super::super::propose::{Planned, Target, stage};
use super::super::wait::Waiting;
use super::diff::no_version;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::View;
use crate::shell::{InEnv, Shell};

/// Go back to an earlier version in an environment
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl rollback checkout -e staging\n  fgctl feature rollback checkout -e prod --version 3 --yes --wait=edges --reason \"v5 breaks the cart\"\n\nEnds with 8 while it waits for approval, 10 when it was rejected."
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
    planned: Planned,

    #[command(flatten)]
    waiting: Waiting,
}

impl Rollback {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team, env) = (shell.api()?, shell.team()?, shell.env(&self.env)?);
        let target = Target { shell, api: &api, team: &team, feature: &self.key, env: &env };
        let feature = target.feature().await?;
        let stage = stage(&feature, &env)?;
        let input = |reason: Option<String>, dry_run: bool| RollbackInput {
            team: team.clone(),
            feature: self.key.clone(),
            environment: env.clone(),
            version: self.version,
            reason,
            apply_at: self.planned.apply_at,
            dry_run: dry_run.then_some(true),
        };
        let trial = async || change::rollback(&api, input(None, true)).await;
        let withdrawn = stage.live.is_none() && self.version.is_none();
        // There is no live version that another could be the one before of.
        let explained = |error: CliError| match (error.exit, self.version) {
            (Exit::Conflict, None) if withdrawn => error.hint(format!(
                "fgctl feature history {} -e {env} shows what was live; --version N goes back to one",
                self.key
            )),
            (Exit::NotFound, Some(number)) if error.message.starts_with("no version") => {
                let mut told = no_version((&self.key, &env), number);
                told.request_id.clone_from(&error.request_id);
                told
            }
            _ => error,
        };
        let reason =
            target.agree(stage, &self.planned, ChangeKind::Rollback, trial).await.map_err(&explained)?;
        let proposal = change::rollback(&api, input(reason, self.planned.flags.dry_run)).await;
        let proposal = proposal.map_err(|error| explained(error.into()))?;
        target.finish(&proposal, &self.waiting).await
    }
}
