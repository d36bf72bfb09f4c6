//! Clients: programs with keys of their own.

mod create;
mod delete;
mod disable;
mod edit;
mod enable;
mod list;
mod revoke_key;
mod rotate;
mod view;

use fluxgate_client::{ClientKind, client};

use crate::error::CliError;
use crate::output::{Cell, Tone, View};
use crate::shell::Shell;

/// Clients: programs with keys of their own, to evaluate flags or to be an edge
#[derive(clap::Subcommand, Debug)]
pub(crate) enum Client {
    List(list::List),
    View(view::ViewClient),
    Create(create::Create),
    Edit(edit::Edit),
    Enable(enable::Enable),
    Disable(disable::Disable),
    Rotate(rotate::Rotate),
    RevokeKey(revoke_key::RevokeKey),
    Delete(delete::Delete),
}

impl Client {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        match self {
            Self::List(command) => command.run(shell).await,
            Self::View(command) => command.run(shell).await,
            Self::Create(command) => command.run(shell).await,
            Self::Edit(command) => command.run(shell).await,
            Self::Enable(command) => command.run(shell).await,
            Self::Disable(command) => command.run(shell).await,
            Self::Rotate(command) => command.run(shell).await,
            Self::RevokeKey(command) => command.run(shell).await,
            Self::Delete(command) => command.run(shell).await,
        }
    }
}

/// The kinds of client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    /// Evaluates, on a server
    Backend,
    /// Evaluates, in a browser or an app
    Frontend,
    /// Serves flags to others
    Edge,
}

impl From<Kind> for ClientKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Backend => Self::Backend,
            Kind::Frontend => Self::Frontend,
            Kind::Edge => Self::Edge,
        }
    }
}

/// Returns the command that gives a client another key, should one be lost.
fn again(name: &str) -> String {
    format!("fgctl client rotate {name} --grace 0s")
}

/// Shows what a client is now.
fn shown(client: &client::Client) -> View {
    row(client, state(client))
}

/// Shows a client that is so already.
fn already(client: &client::Client) -> View {
    let state = match client.enabled {
        true => Cell::State(Tone::Good, "already enabled".into()),
        false => Cell::State(Tone::Dim, "already disabled".into()),
    };
    row(client, state)
}

fn row(client: &client::Client, state: Cell) -> View {
    View::of(client).named(format!("client/{}", client.name)).row(vec![
        Cell::text(&client.name),
        Cell::text(client.kind.as_str().to_lowercase()),
        place(client),
        state,
    ])
}

/// Returns which environment a client may see.
fn place(client: &client::Client) -> Cell {
    Cell::text(client.environment.as_ref().map_or("all", |env| env.key.as_str()))
}

/// Returns whether a client is let in.
fn state(client: &client::Client) -> Cell {
    match client.enabled {
        true => Cell::State(Tone::Good, "enabled".into()),
        false => Cell::State(Tone::Dim, "disabled".into()),
    }
}
