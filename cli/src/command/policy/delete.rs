//! `fgctl policy delete`

use fluxgate_client::policy::{self, DeletePolicyInput};

use super::super::shared::{Rehearsal, Yes};
use crate::error::CliError;
use crate::output::{Cell, View};
use crate::shell::Shell;

/// Delete a policy; open changes still need what it asked for
#[derive(clap::Args, Debug)]
#[command(visible_alias = "rm")]
#[command(
    after_help = "Examples:\n  fgctl policy delete Staging\n  fgctl policy delete Staging --yes -o json"
)]
pub(crate) struct Delete {
    /// The policy's name
    name: String,

    #[command(flatten)]
    yes: Yes,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

impl Delete {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (self.rehearsal.api(shell)?, shell.team()?);
        self.yes.ask(shell, &format!("Delete the policy {}?", self.name))?;
        let gone = policy::delete(&api, DeletePolicyInput { team, name: self.name }).await?;
        Ok(View::of(&gone)
            .named(format!("policy/{}", gone.name))
            .row(vec![Cell::text(&gone.name), Cell::text("deleted")]))
    }
}
