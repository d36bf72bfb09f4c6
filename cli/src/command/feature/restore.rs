//! `fgctl feature restore`

use fluxgate_client::feature::{self, RestoreFeatureInput, Stage};

use super::super::propose::{self, moderate, reason};
use super::super::shared::Rehearsal;
use super::super::wait::Waiting;
use super::stop::{Done, Words};
use crate::error::CliError;
use crate::output::{Tone, View};
use crate::shell::{InEnv, Shell};

const WORDS: Words = Words {
    now: (Tone::Good, "restored"),
    already: (Tone::Plain, "not killed"),
    state: "restored",
    again: false,
};

/// Take a kill back: the feature serves again what is live
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl restore checkout -e staging\n  fgctl feature restore checkout -e prod --yes --reason \"fixed in 2.4.2\""
)]
pub(crate) struct Restore {
    /// The feature's key
    key: String,

    #[command(flatten)]
    env: InEnv,

    /// In all environments
    #[arg(long, conflicts_with = "env")]
    everywhere: bool,

    /// Why, for the audit log
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    /// Answer the question about a protected environment with yes
    #[arg(short, long)]
    yes: bool,

    #[command(flatten)]
    waiting: Waiting,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

impl Restore {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (self.rehearsal.api(shell)?, shell.team()?);
        let env = match self.everywhere {
            true => None,
            false => Some(
                shell
                    .env(&self.env)
                    .map_err(|error| error.hint("add -e KEY, or --everywhere for all environments"))?,
            ),
        };
        let feature = feature::get(&api, &team, &self.key).await?;
        if let Some(env) = &env {
            propose::stage(&feature, env)?;
        }
        let here = |stage: &&Stage| {
            stage.kill.is_some() && env.as_ref().is_none_or(|env| stage.environment.key == *env)
        };
        for stage in feature.stages.iter().filter(here) {
            let place = &stage.environment.key;
            if !shell.is_protected(place, &stage.environment.type_)? {
                continue;
            }
            let again = match &stage.live {
                Some(live) => format!("{} will serve v{} again in {place}", self.key, live.number),
                None => format!("{} is not deployed in {place}, and may be again", self.key),
            };
            moderate(&shell.ui, self.yes, &format!("{again}. Restore?"))?;
        }
        let input = RestoreFeatureInput {
            team: team.clone(),
            feature: self.key,
            environment: env.clone(),
            reason: reason(self.reason.as_deref()),
        };
        let result = feature::restore(&api, input).await?;
        let done = Done { shell, api: &api, team: &team, env: env.as_deref(), until: None };
        done.report(&result, &self.waiting, WORDS).await
    }
}
