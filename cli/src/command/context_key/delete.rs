//! `fgctl context-key delete`

use fluxgate_client::context_key::{self, DeleteContextKeyInput};

use super::super::shared::{Rehearsal, Yes};
use crate::error::CliError;
use crate::output::{Cell, View};
use crate::shell::Shell;

/// Take a declaration away; rules that use the attribute stay as they are
#[derive(clap::Args, Debug)]
#[command(visible_alias = "rm")]
#[command(after_help = "Examples:\n  fgctl context-key delete tier\n  fgctl attr delete tier --yes")]
pub(crate) struct Delete {
    /// The attribute's key
    key: String,

    #[command(flatten)]
    yes: Yes,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

impl Delete {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (self.rehearsal.api(shell)?, shell.team()?);
        self.yes.ask(shell, &format!("Delete the context key {}? Rules stay as they are.", self.key))?;
        let gone = context_key::delete(&api, DeleteContextKeyInput { team, key: self.key }).await?;
        Ok(View::of(&gone)
            .named(format!("context-key/{}", gone.key))
            .row(vec![Cell::text(&gone.key), Cell::text("deleted")]))
    }
}
