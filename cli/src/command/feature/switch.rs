//! What `enable` and `disable` share: the same edit, in two directions.

use super::super::propose::{Planned, Target, already, document, stage};
use super::super::wait::Waiting;
use crate::error::CliError;
use crate::output::{Cell, Tone, View};
use crate::shell::{InEnv, Shell};

/// The flags of both.
#[derive(clap::Args, Debug)]
pub(super) struct Switch {
    /// The feature's key
    key: String,

    #[command(flatten)]
    env: InEnv,

    #[command(flatten)]
    planned: Planned,

    #[command(flatten)]
    waiting: Waiting,
}

impl Switch {
    pub(super) async fn turn(self, shell: &Shell, direction: Direction) -> Result<View, CliError> {
        let (api, team, env) = (shell.api()?, shell.team()?, shell.env(&self.env)?);
        let target = Target { shell, api: &api, team: &team, feature: &self.key, env: &env };
        let feature = target.feature().await?;
        let stage = stage(&feature, &env)?;
        let mut config = document(&feature, stage)?;
        let enabled = direction == Direction::On;
        if config.enabled == enabled {
            let view = View::of(&feature).named(format!("feature/{}", self.key)).row(vec![
                Cell::text(&self.key),
                Cell::text(&env),
                direction.already(),
                Cell::Version(stage.live.as_ref().map(|live| live.number)),
            ]);
            return already((shell, &api, &team), &self.waiting, view).await;
        }
        config.enabled = enabled;
        target.edit(stage, &config, &self.planned, &self.waiting).await
    }
}

/// Which way a feature is turned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    On,
    Off,
}

impl Direction {
    fn already(self) -> Cell {
        match self {
            Self::On => Cell::State(Tone::Good, "already on".into()),
            Self::Off => Cell::State(Tone::Dim, "already off".into()),
        }
    }
}
