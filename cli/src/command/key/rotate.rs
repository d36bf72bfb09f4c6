//! `fgctl key rotate`

use fluxgate_client::signing_key::{self, RotateSigningKeyInput};

use super::super::shared::{Rehearsal, Yes};
use super::state;
use crate::error::CliError;
use crate::output::{Cell, View};
use crate::shell::Shell;

/// Sign access tokens with another key from now on; nobody has to sign in again
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl key rotate\n  fgctl key rotate --end-others --yes\n\n--end-others is for when a key became known."
)]
pub(crate) struct Rotate {
    /// Let the other keys verify nothing from now on
    #[arg(long)]
    end_others: bool,

    #[command(flatten)]
    yes: Yes,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

impl Rotate {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let api = self.rehearsal.api(shell)?;
        if self.end_others {
            self.yes.ask(shell, "End all other signing keys at once?")?;
        }
        let input = RotateSigningKeyInput { end_others: self.end_others.then_some(true) };
        let key = signing_key::rotate(&api, input).await?;
        Ok(View::of(&key).named(format!("key/{}", key.kid)).row(vec![Cell::text(&key.kid), state(&key)]))
    }
}
