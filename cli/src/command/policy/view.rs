//! `fgctl policy view`

use fluxgate_client::policy;

use super::super::shared::{facts, yes_no};
use super::{by_time, covers, needs, state};
use crate::error::CliError;
use crate::files::{self, Noun};
use crate::output::{Cell, View};
use crate::shell::Shell;

/// Show a policy
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl policy view Production\n  fgctl policy view Production -o yaml > production.yaml"
)]
pub(crate) struct ViewPolicy {
    /// The policy's name
    name: String,
}

impl ViewPolicy {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (shell.api()?, shell.team()?);
        if shell.ui.wants_file()
            && let Some(file) = files::one(&api, &team, Noun::Policy, &self.name).await?
        {
            return Ok(file);
        }
        let policy = policy::get(&api, &team, &self.name).await?;
        Ok(facts(
            View::of(&policy).named(format!("policy/{}", policy.name)),
            [
                ("policy", Cell::text(&policy.name)),
                ("state", state(&policy)),
                ("covers", covers(&policy)),
                ("approvals", Cell::text(needs(policy.approvals, &policy.roles))),
                ("by time", Cell::text(by_time(&policy))),
                ("override", yes_no(policy.override_allowed)),
            ],
        ))
    }
}
