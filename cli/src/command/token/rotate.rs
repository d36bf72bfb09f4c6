//! `fgctl token rotate`

use std::time::Duration;

use fluxgate_client::token::{self, RotateTokenInput};

use super::super::shared::{Rehearsal, grace_of_token, has_reader, on_conflict, secret};
use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Give a token of yours another key and print it, once
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl token rotate ci-deploy --grace 1h > token\n  fgctl token rotate ci-deploy -o json"
)]
pub(crate) struct Rotate {
    /// The token's name
    name: String,

    /// How long the former key holds, at most 24h
    #[arg(long, value_name = "TIME", value_parser = grace_of_token, default_value = "0s")]
    grace: Duration,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

impl Rotate {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (self.rehearsal.api(shell)?, shell.team()?);
        has_reader(shell, "token")?;
        let grace_seconds = i64::try_from(self.grace.as_secs()).ok();
        let hint = format!("fgctl token view {}", self.name);
        let input = RotateTokenInput { team, name: self.name, grace_seconds };
        let made = token::rotate(&api, input).await.map_err(on_conflict(hint))?;
        let again = format!("fgctl token rotate {}, which ends all former keys at once", made.token.name);
        let view = secret(&made, &made.key, ("token", again));
        Ok(match self.grace {
            Duration::ZERO => view.note("the former key has ended"),
            grace => view.note(format!("the former key holds for another {}", crate::time::duration(grace))),
        })
    }
}
