//! `fgctl client delete`

use fluxgate_client::client::{self, DeleteClientInput};

use super::super::shared::{Rehearsal, Yes};
use crate::error::CliError;
use crate::output::{Cell, View};
use crate::shell::Shell;

/// Shut a client out for good: its keys end, and its name is free for another
#[derive(clap::Args, Debug)]
#[command(visible_alias = "rm")]
#[command(after_help = "Examples:\n  fgctl client delete web\n  fgctl client delete web --yes -o json")]
pub(crate) struct Delete {
    /// The client's name
    name: String,

    #[command(flatten)]
    yes: Yes,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

impl Delete {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (self.rehearsal.api(shell)?, shell.team()?);
        self.yes.ask(shell, &format!("Delete {}? It is answered no more, for good.", self.name))?;
        let gone = client::delete(&api, DeleteClientInput { team, name: self.name }).await?;
        Ok(View::of(&gone)
            .named(format!("client/{}", gone.name))
            .row(vec![Cell::text(&gone.name), Cell::text("deleted")]))
    }
}
