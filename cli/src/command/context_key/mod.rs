//! Context keys.

mod create;
mod delete;
mod edit;
mod list;
mod value;
mod view;

use fluxgate_client::context_key;

use crate::error::CliError;
use crate::output::{Cell, View};
use crate::shell::Shell;

/// Context keys: the attributes that rules are checked against
#[derive(clap::Subcommand, Debug)]
pub(crate) enum ContextKey {
    List(list::List),
    View(view::ViewContextKey),
    Create(create::Create),
    Edit(edit::Edit),
    Delete(delete::Delete),
}

impl ContextKey {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        match self {
            Self::List(command) => command.run(shell).await,
            Self::View(command) => command.run(shell).await,
            Self::Create(command) => command.run(shell).await,
            Self::Edit(command) => command.run(shell).await,
            Self::Delete(command) => command.run(shell).await,
        }
    }
}

/// Shows what a context key is, or was.
fn shown(found: &context_key::ContextKey) -> View {
    View::of(found).named(format!("context-key/{}", found.key)).row(vec![
        Cell::text(&found.key),
        Cell::text(found.type_.as_str().to_lowercase()),
        Cell::text(allowed(found)),
        Cell::text(&found.description),
    ])
}

/// Returns what an attribute may hold.
fn allowed(found: &context_key::ContextKey) -> String {
    match found.allowed_values.as_slice() {
        [] => "any".to_owned(),
        values => values.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    }
}
