//! `fgctl client revoke-key`

use fluxgate_client::client::{self, RevokeClientKeyInput};

use super::super::shared::{Rehearsal, Yes};
use super::shown;
use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// End a client's key at once
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl client revoke-key web Zk3vX9Qa\n  fgctl client revoke-key web Zk3vX9Qa --yes\n\n`fgctl client view NAME` shows the keys that hold, by the eight characters after fgc_."
)]
pub(crate) struct RevokeKey {
    /// The client's name
    name: String,

    /// The eight characters that the key shows
    key: String,

    #[command(flatten)]
    yes: Yes,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

impl RevokeKey {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (self.rehearsal.api(shell)?, shell.team()?);
        self.yes.ask(shell, &format!("End the key {} of {} at once?", self.key, self.name))?;
        let input = RevokeClientKeyInput { team, name: self.name, key_id: self.key };
        let client = client::revoke_key(&api, input).await?;
        Ok(shown(&client).line(match client.key_ids.as_slice() {
            [] => "no key holds".to_owned(),
            keys => format!("keys that hold  {}", keys.join("  ")),
        }))
    }
}
