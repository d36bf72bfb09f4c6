//! `fgctl rule move`

use super::super::propose::{Planned, Target, document, stage};
use super::super::wait::Waiting;
use super::{Position, find};
use crate::error::CliError;
use crate::output::View;
use crate::shell::{InEnv, Shell};

/// Let a rule be looked at earlier or later; the first that matches decides
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl rule move checkout pilot -e dev --first\n  fgctl rule move checkout 3 -e prod --before \"US split\" --yes --reason \"staff before everyone\""
)]
pub(crate) struct Move {
    /// The feature's key
    key: String,

    /// The rule: its number or its name
    rule: String,

    #[command(flatten)]
    env: InEnv,

    #[command(flatten)]
    position: Position,

    #[command(flatten)]
    planned: Planned,

    #[command(flatten)]
    waiting: Waiting,
}

impl Move {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        if self.position.is_unsaid() {
            return Err(
                CliError::usage("where to?").hint("--to N, --before RULE, --after RULE, --first or --last")
            );
        }
        let (api, team, env) = (shell.api()?, shell.team()?, shell.env(&self.env)?);
        let target = Target { shell, api: &api, team: &team, feature: &self.key, env: &env };
        let feature = target.feature().await?;
        let stage = stage(&feature, &env)?;
        let mut config = document(&feature, stage)?;
        let rule = config.criteria.remove(find(&config, &self.rule)?);
        let before = config.criteria.len();
        let place = self.position.of(&config)?.unwrap_or(before);
        config.criteria.insert(place, rule);
        target.edit(stage, &config, &self.planned, &self.waiting).await
    }
}
