//! Rules: who gets what.

mod add;
mod list;

use fluxgate_engine::Criterion;

use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Rules: who gets which variant of a contextual feature
#[derive(clap::Subcommand, Debug)]
pub(crate) enum Rule {
    List(list::List),
    Add(Box<add::Add>),
}

impl Rule {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        match self {
            Self::List(command) => command.run(shell).await,
            Self::Add(command) => command.run(shell).await,
        }
    }
}

/// Returns what those get whom a rule takes in.
fn serves(rule: &Criterion) -> String {
    if let Some(variant) = &rule.serve {
        return variant.clone();
    }
    let parts = rule.split.iter().map(|part| format!("{}={}", part.variant, part.weight));
    parts.collect::<Vec<_>>().join(", ")
}
