//! `fgctl client rotate`

use std::time::Duration;

use fluxgate_client::client::{self, Client, RotateClientKeyInput};

use super::super::shared::{Rehearsal, Yes, grace, has_reader, on_conflict, secret};
use super::again;
use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Give a client another key and print it, once; the former key holds for a while
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl client rotate checkout-service > key\n  fgctl client rotate checkout-service --grace 0s --yes -o json"
)]
pub(crate) struct Rotate {
    /// The client's name
    name: String,

    /// How long the former key holds, at most 30d
    #[arg(long, value_name = "TIME", value_parser = grace, default_value = "24h")]
    grace: Duration,

    #[command(flatten)]
    yes: Yes,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

impl Rotate {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (self.rehearsal.api(shell)?, shell.team()?);
        has_reader(shell, "key")?;
        if self.grace.is_zero() {
            self.yes.ask(shell, &format!("End all former keys of {} at once?", self.name))?;
        }
        let grace_seconds = i64::try_from(self.grace.as_secs()).ok();
        let hint = format!("fgctl client revoke-key {} KEY, or add --grace 0s", self.name);
        let input = RotateClientKeyInput { team, name: self.name, grace_seconds };
        let made = client::rotate(&api, input).await.map_err(on_conflict(hint))?;
        let view = secret(&made, &made.key, ("key", anew(&made.client, self.grace)));
        Ok(match self.grace {
            Duration::ZERO => view.note("the former key has ended"),
            grace => view.note(format!("the former key holds for another {}", crate::time::duration(grace))),
        })
    }
}

/// Returns what gives a client another key, should the newest be lost, and leaves the one in use alone while it holds.
fn anew(client: &Client, grace: Duration) -> String {
    let name = &client.name;
    match client.keys.iter().max_by_key(|key| key.created_at) {
        Some(lost) if !grace.is_zero() => {
            format!("fgctl client revoke-key {name} {} --yes, then fgctl client rotate {name}", lost.id)
        }
        _ => again(name),
    }
}
