//! Signing keys.

mod list;
mod rotate;

use fluxgate_client::SigningKeyState;
use fluxgate_client::signing_key::SigningKey;

use crate::error::CliError;
use crate::output::{Cell, Tone, View};
use crate::shell::Shell;

/// Keys that access tokens are signed with; for system administrators
#[derive(clap::Subcommand, Debug)]
pub(crate) enum Key {
    List(list::List),
    Rotate(rotate::Rotate),
}

impl Key {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        match self {
            Self::List(command) => command.run(shell).await,
            Self::Rotate(command) => command.run(shell).await,
        }
    }
}

/// Returns what a key does.
fn state(key: &SigningKey) -> Cell {
    let word = key.state.as_str().to_lowercase();
    match key.state {
        SigningKeyState::Signs => Cell::State(Tone::Good, word),
        _ => Cell::State(Tone::Dim, word),
    }
}
