//! Tokens.

mod create;
mod list;
mod revoke;
mod rotate;
mod view;

use fluxgate_client::TokenState;
use fluxgate_client::token;

use crate::error::CliError;
use crate::output::{Cell, Tone, View};
use crate::shell::Shell;

/// Tokens: robots' identities, which act for the person who made them
#[derive(clap::Subcommand, Debug)]
pub(crate) enum Token {
    List(list::List),
    View(view::ViewToken),
    Create(create::Create),
    Rotate(rotate::Rotate),
    Revoke(revoke::Revoke),
}

impl Token {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        match self {
            Self::List(command) => command.run(shell).await,
            Self::View(command) => command.run(shell).await,
            Self::Create(command) => command.run(shell).await,
            Self::Rotate(command) => command.run(shell).await,
            Self::Revoke(command) => command.run(shell).await,
        }
    }
}

/// Returns whether a token is let in.
fn state(token: &token::Token) -> Cell {
    let word = token.state.as_str().to_lowercase();
    match token.state {
        TokenState::Active => Cell::State(Tone::Good, word),
        TokenState::Suspended => Cell::State(Tone::Waiting, word),
        _ => Cell::State(Tone::Bad, word),
    }
}

/// Returns where a token may change something.
fn places(token: &token::Token) -> Cell {
    match token.environments.as_slice() {
        [] => Cell::text("all"),
        environments => Cell::text(environments.join(", ")),
    }
}
