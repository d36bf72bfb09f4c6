//! `fgctl user edit`

use fluxgate_client::user::{self, EditUserInput};

use super::super::shared::{Rehearsal, on_conflict};
use super::shown;
use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Change what is said of you, or of anybody as a system administrator
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl user edit dev --name \"Dan Developer\" --email dan@acme.io\n  fgctl user edit ops --system-admin"
)]
pub(crate) struct Edit {
    /// The user's name
    username: String,

    #[command(flatten)]
    to: To,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

/// What they are to be.
#[derive(clap::Args, Debug)]
#[group(required = true, multiple = true)]
struct To {
    /// What people call them; the username when empty
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,

    /// Where they get mail; an empty one removes it
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,

    /// Make them a system administrator
    #[arg(long, conflicts_with = "no_system_admin")]
    system_admin: bool,

    /// Make them one no longer
    #[arg(long)]
    no_system_admin: bool,
}

impl Edit {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let hint = "fgctl user edit USERNAME --system-admin".to_owned();
        let To { name, email, system_admin, no_system_admin } = self.to;
        let system_admin = (system_admin || no_system_admin).then_some(system_admin);
        let input = EditUserInput { username: self.username, name, email, system_admin };
        Ok(shown(&user::edit(&self.rehearsal.api(shell)?, input).await.map_err(on_conflict(hint))?))
    }
}
