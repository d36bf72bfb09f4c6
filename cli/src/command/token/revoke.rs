//! `fgctl token revoke`

use fluxgate_client::token::{self, RevokeTokenInput};

use super::super::shared::{Rehearsal, Yes};
use super::state;
use crate::error::CliError;
use crate::output::{Cell, View};
use crate::shell::Shell;

/// End a token at once and for good; its votes on open changes count no more
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl token revoke ci-deploy\n  fgctl token revoke ci-deploy --yes -o json"
)]
pub(crate) struct Revoke {
    /// The token's name
    name: String,

    #[command(flatten)]
    yes: Yes,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

impl Revoke {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (self.rehearsal.api(shell)?, shell.team()?);
        self.yes.ask(shell, &format!("Revoke {}? It is let in no more, for good.", self.name))?;
        let token = token::revoke(&api, RevokeTokenInput { team, name: self.name }).await?;
        Ok(View::of(&token)
            .named(format!("token/{}", token.name))
            .row(vec![Cell::text(&token.name), state(&token)]))
    }
}
