//! `fgctl member add`

use fluxgate_client::Role;
use fluxgate_client::team::{self, SetMemberInput};

use super::super::shared::{Rehearsal, RoleArg};
use super::shown;
use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Add a user to the team, or give a member exactly these roles
#[derive(clap::Args, Debug)]
#[command(visible_alias = "set")]
#[command(
    after_help = "Examples:\n  fgctl member add dev --role requester\n  fgctl member add lead --role approver --role requester\n\nWithout a role a member reads."
)]
pub(crate) struct Add {
    /// The user's name
    username: String,

    /// What they may do beyond reading; any number of times
    #[arg(long = "role", value_name = "ROLE", value_enum, ignore_case = true, value_delimiter = ',')]
    roles: Vec<RoleArg>,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

impl Add {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (self.rehearsal.api(shell)?, shell.team()?);
        let roles = self.roles.into_iter().map(Role::from).collect();
        let input = SetMemberInput { team: team.clone(), username: self.username, roles };
        Ok(shown(&team, &team::set_member(&api, input).await?))
    }
}
