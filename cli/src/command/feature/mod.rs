//! Features: what is live where, and how it gets there.

mod archive;
mod create;
mod diff;
mod disable;
mod drift;
mod edit;
mod enable;
mod eval;
mod explain;
mod filter;
mod history;
mod kill;
mod kills;
mod lint;
mod list;
mod promote;
mod restore;
mod rollback;
mod stale;
mod stop;
mod switch;
mod tag;
mod unarchive;
mod view;
mod watch;
mod withdraw;

use fluxgate_client::feature::{self, Stage};

pub(crate) use create::variant;
pub(crate) use diff::differences;
pub(crate) use drift::Drift;
pub(crate) use eval::Eval;
pub(crate) use explain::{Explain, explained};
pub(crate) use kill::Kill;
pub(crate) use lint::Lint;
pub(crate) use promote::Promote;
pub(crate) use restore::Restore;
pub(crate) use rollback::Rollback;
pub(crate) use stale::Stale;
pub(crate) use tag::said;
pub(crate) use watch::{watch, watch_all};

use crate::error::CliError;
use crate::output::{Cell, Tone, View};
use crate::shell::Shell;

/// Features: what is live where, and how it gets there
#[derive(clap::Subcommand, Debug)]
pub(crate) enum Feature {
    List(list::List),
    View(view::ViewFeature),
    Create(create::Create),
    Edit(edit::Edit),
    Tag(tag::Tag),
    Enable(enable::Enable),
    Disable(disable::Disable),
    Promote(promote::Promote),
    Rollback(rollback::Rollback),
    Withdraw(withdraw::Withdraw),
    Kill(kill::Kill),
    Restore(restore::Restore),
    Kills(kills::Kills),
    History(history::History),
    Diff(diff::Diff),
    Drift(drift::Drift),
    Eval(eval::Eval),
    Explain(explain::Explain),
    Stale(stale::Stale),
    Lint(lint::Lint),
    Archive(archive::Archive),
    Unarchive(unarchive::Unarchive),
}

impl Feature {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        match self {
            Self::List(command) => command.run(shell).await,
            Self::View(command) => command.run(shell).await,
            Self::Create(command) => command.run(shell).await,
            Self::Edit(command) => command.run(shell).await,
            Self::Tag(command) => command.run(shell).await,
            Self::Enable(command) => command.run(shell).await,
            Self::Disable(command) => command.run(shell).await,
            Self::Promote(command) => command.run(shell).await,
            Self::Rollback(command) => command.run(shell).await,
            Self::Withdraw(command) => command.run(shell).await,
            Self::Kill(command) => command.run(shell).await,
            Self::Restore(command) => command.run(shell).await,
            Self::Kills(command) => command.run(shell).await,
            Self::History(command) => command.run(shell).await,
            Self::Diff(command) => command.run(shell).await,
            Self::Drift(command) => command.run(shell).await,
            Self::Eval(command) => command.run(shell).await,
            Self::Explain(command) => command.run(shell).await,
            Self::Stale(command) => command.run(shell).await,
            Self::Lint(command) => command.run(shell).await,
            Self::Archive(command) => command.run(shell).await,
            Self::Unarchive(command) => command.run(shell).await,
        }
    }
}

/// Shows what is said of a feature, as it is now.
fn described(feature: &feature::Feature) -> View {
    let removal = feature.removal_date.map(|date| format!("to be removed {}", date.date_naive()));
    View::of(feature).named(format!("feature/{}", feature.key)).row(vec![
        Cell::text(&feature.key),
        Cell::text(&feature.name),
        Cell::text(feature.lifecycle.as_str().to_lowercase()),
        Cell::text(feature.owner.as_deref().unwrap_or_default()),
        Cell::text(feature.tags.join(",")),
        Cell::text(removal.unwrap_or_default()),
    ])
}

/// Returns what a stage is doing, in a word or two.
fn state(stage: &Stage) -> Cell {
    match fluxgate_wording::feature::state(stage) {
        (Tone::Plain, word) => Cell::Text(word),
        (tone, word) => Cell::State(tone, word),
    }
}
