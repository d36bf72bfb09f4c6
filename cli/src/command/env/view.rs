//! `fgctl env view`

use fluxgate_client::environment;

use super::super::shared::facts;
use super::state;
use crate::error::CliError;
use crate::files::{self, Noun};
use crate::output::{Cell, View};
use crate::shell::Shell;

/// Show an environment, with the UUID that the edge's API takes
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  fgctl env view prod\n  fgctl env view prod -o yaml > prod.yaml")]
pub(crate) struct ViewEnv {
    /// The environment's key
    key: String,
}

impl ViewEnv {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (shell.api()?, shell.team()?);
        if shell.ui.wants_file()
            && let Some(file) = files::one(&api, &team, Noun::Environment, &self.key).await?
        {
            return Ok(file);
        }
        let env = environment::get(&api, &team, &self.key).await?;
        Ok(facts(
            View::of(&env).named(format!("environment/{}", env.key)),
            [
                ("environment", Cell::text(&env.key)),
                ("name", Cell::text(&env.name)),
                ("type", Cell::text(env.type_.as_str().to_lowercase())),
                ("state", state(&env)),
                ("position", Cell::text(env.position.to_string())),
                ("colour", Cell::text(env.colour.as_deref().unwrap_or_default())),
                ("uuid", Cell::text(env.id.to_string())),
            ],
        ))
    }
}
