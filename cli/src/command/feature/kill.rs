//! `fgctl feature kill`, in short `fgctl kill`

use fluxgate_client::EnvironmentType;
use fluxgate_client::feature::{self, Feature, KillFeatureInput};

use super::super::propose::{self, severe};
use super::super::wait::Waiting;
use super::stop::{Done, Words};
use crate::error::CliError;
use crate::output::{Tone, View};
use crate::shell::{InEnv, Shell};

const WORDS: Words =
    Words { now: (Tone::Bad, "killed"), already: (Tone::Bad, "already killed"), state: "off" };

/// Turn a feature off at once, past all approvals, and say at which edges it is off
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl kill checkout -e staging --reason \"tests fail\"\n  fgctl kill checkout -e prod --yes --confirm checkout --reason \"5xx spike, INC-2291\"\n\nEnds with 1 when an edge has not confirmed within 5 s, or --timeout: it may still serve the old value."
)]
pub(crate) struct Kill {
    /// The feature's key
    key: String,

    #[command(flatten)]
    env: InEnv,

    /// In all environments
    #[arg(long, conflicts_with = "env")]
    everywhere: bool,

    /// Why, for the audit log; asked for when not given
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    /// Answer the question with yes; production needs --confirm too
    #[arg(short, long)]
    yes: bool,

    /// The feature's key once more, to kill it in production without being asked
    #[arg(long, value_name = "KEY")]
    confirm: Option<String>,

    #[command(flatten)]
    waiting: Waiting,
}

impl Kill {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (shell.api()?, shell.team()?);
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
        if in_production(&feature, env.as_deref()) {
            let place = env.as_deref().unwrap_or("all environments");
            let what = format!("kill {} in {place}", self.key);
            let answers = (self.yes, self.confirm.as_deref());
            severe(&shell.ui, answers, &self.key, &what)?;
        }
        let reason = match self.reason {
            Some(reason) => reason,
            None if shell.ui.may_ask() => shell.ui.ask("Reason: ")?,
            None => return Err(CliError::usage("a kill needs --reason TEXT")),
        };
        let input = KillFeatureInput {
            team: team.clone(),
            feature: self.key.clone(),
            environment: env.clone(),
            reason,
            restore_at: None,
        };
        let result = feature::kill(&api, input).await?;
        let done = Done { shell, api: &api, team: &team, env: env.as_deref() };
        let view = done.report(&result, &self.waiting, WORDS).await?;
        let place = match &env {
            Some(env) => format!("-e {env}"),
            None => "--everywhere".to_owned(),
        };
        Ok(view.next(format!("fgctl feature restore {} {place}", self.key)))
    }
}

fn in_production(feature: &Feature, env: Option<&str>) -> bool {
    feature.stages.iter().any(|stage| {
        stage.environment.type_ == EnvironmentType::Production
            && env.is_none_or(|env| stage.environment.key == env)
    })
}
