//! Environments.

mod activate;
mod create;
mod deactivate;
mod edit;
mod list;
mod view;

use fluxgate_client::EnvironmentType;
use fluxgate_client::environment::Environment;

use crate::error::CliError;
use crate::output::{Cell, Tone, View};
use crate::shell::Shell;

/// Environments: where features are live
#[derive(clap::Subcommand, Debug)]
pub(crate) enum Env {
    List(list::List),
    View(view::ViewEnv),
    Create(create::Create),
    Edit(edit::Edit),
    Activate(activate::Activate),
    Deactivate(deactivate::Deactivate),
}

impl Env {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        match self {
            Self::List(command) => command.run(shell).await,
            Self::View(command) => command.run(shell).await,
            Self::Create(command) => command.run(shell).await,
            Self::Edit(command) => command.run(shell).await,
            Self::Activate(command) => command.run(shell).await,
            Self::Deactivate(command) => command.run(shell).await,
        }
    }
}

/// How much care an environment deserves.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Type {
    /// Where things are tried
    #[value(alias = "dev")]
    Development,
    /// Where they are looked at
    Staging,
    /// Where they matter
    #[value(alias = "prod")]
    Production,
}

impl From<Type> for EnvironmentType {
    fn from(kind: Type) -> Self {
        match kind {
            Type::Development => Self::Development,
            Type::Staging => Self::Staging,
            Type::Production => Self::Production,
        }
    }
}

/// Shows what an environment is now.
fn shown(env: &Environment) -> View {
    row(env, state(env))
}

/// Shows an environment that is so already.
fn already(env: &Environment) -> View {
    let state = match env.active {
        true => Cell::State(Tone::Good, "already active".into()),
        false => Cell::State(Tone::Dim, "already inactive".into()),
    };
    row(env, state)
}

fn row(env: &Environment, state: Cell) -> View {
    View::of(env).named(format!("environment/{}", env.key)).row(vec![
        Cell::text(&env.key),
        Cell::text(&env.name),
        Cell::text(env.type_.as_str().to_lowercase()),
        state,
    ])
}

/// Returns whether an environment takes changes.
fn state(env: &Environment) -> Cell {
    match env.active {
        true => Cell::State(Tone::Good, "active".into()),
        false => Cell::State(Tone::Dim, "inactive".into()),
    }
}
