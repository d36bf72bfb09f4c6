//! Teams.

mod archive;
mod create;
mod edit;
mod list;
mod unarchive;
mod view;

use fluxgate_client::team;

use crate::error::CliError;
use crate::output::{Cell, View};
use crate::shell::Shell;

/// Teams: who shares features, environments and policies
#[derive(clap::Subcommand, Debug)]
pub(crate) enum Team {
    List(list::List),
    View(view::ViewTeam),
    Create(create::Create),
    Edit(edit::Edit),
    Archive(archive::Archive),
    Unarchive(unarchive::Unarchive),
}

impl Team {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        match self {
            Self::List(command) => command.run(shell).await,
            Self::View(command) => command.run(shell).await,
            Self::Create(command) => command.run(shell).await,
            Self::Edit(command) => command.run(shell).await,
            Self::Archive(command) => command.run(shell).await,
            Self::Unarchive(command) => command.run(shell).await,
        }
    }
}

/// Shows what a team is now.
fn shown(team: &team::Team) -> View {
    View::of(team).named(format!("team/{}", team.key)).row(vec![
        Cell::text(&team.key),
        Cell::text(&team.name),
        Cell::text(&team.description),
    ])
}
