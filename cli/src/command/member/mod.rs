//! Members of a team.

mod add;
mod list;
mod remove;

use fluxgate_client::team;

use super::shared::roles;
use crate::error::CliError;
use crate::output::{Cell, View};
use crate::shell::Shell;

/// Members: who is in the team, and what they may do
#[derive(clap::Subcommand, Debug)]
pub(crate) enum Member {
    List(list::List),
    Add(add::Add),
    Remove(remove::Remove),
}

impl Member {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        match self {
            Self::List(command) => command.run(shell).await,
            Self::Add(command) => command.run(shell).await,
            Self::Remove(command) => command.run(shell).await,
        }
    }
}

/// Shows what a member is, or was.
fn shown(team_key: &str, member: &team::Member) -> View {
    View::of(member).named(format!("member/{}", member.user.username)).row(vec![
        Cell::text(&member.user.username),
        Cell::text(team_key),
        Cell::text(roles(&member.roles)),
    ])
}
