//! `fgctl user view`

use fluxgate_client::user;

use super::super::shared::{facts, roles, yes_no};
use super::state;
use crate::error::CliError;
use crate::output::{Cell, View};
use crate::shell::Shell;

/// Show a user: what they may do, and in which teams
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  fgctl user view dev\n  fgctl user view dev -o json")]
pub(crate) struct ViewUser {
    /// The user's name
    username: String,
}

impl ViewUser {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let user = user::get(&shell.api()?, &self.username).await?;
        let view = facts(
            View::of(&user).named(format!("user/{}", user.username)),
            [
                ("user", Cell::text(&user.username)),
                ("name", Cell::text(&user.name)),
                ("email", Cell::text(user.email.as_deref().unwrap_or_default())),
                ("state", state(&user)),
                ("system admin", yes_no(user.system_admin)),
            ],
        );
        Ok(user.memberships.iter().fold(view, |view, membership| {
            let team = format!("team {}", membership.team);
            view.row(vec![Cell::text(team), Cell::text(roles(&membership.roles))])
        }))
    }
}
