//! `fgctl member list`

use fluxgate_client::team::{self, Member};

use super::super::shared::{Limit, list, roles, yes_no};
use crate::error::CliError;
use crate::output::{Cell, Column, Stays, View};
use crate::shell::Shell;

/// List the team's members and their roles
#[derive(clap::Args, Debug)]
#[command(visible_alias = "ls")]
#[command(after_help = "Examples:\n  fgctl member list\n  fgctl member list --search ada -o json")]
pub(crate) struct List {
    /// Only those whose username or name has this in it
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,

    #[command(flatten)]
    limit: Limit,
}

impl List {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (shell.api()?, shell.team()?);
        let members = team::members(&api, &team, self.search.as_deref(), self.limit.limit).await?;
        let columns = [
            Column::new("USERNAME", |member: &Member| Cell::text(&member.user.username)),
            Column::new("NAME", |member: &Member| Cell::text(&member.user.name)).stays(Stays::Short),
            Column::new("ROLES", |member: &Member| Cell::text(roles(&member.roles))),
            Column::new("ACTIVE", |member: &Member| yes_no(member.user.active)).stays(Stays::Long),
        ];
        let none = match self.search {
            Some(_) => ("no member matches", ""),
            None => ("no members yet", "fgctl member add USERNAME --role requester"),
        };
        Ok(list(&members, &columns, |member| format!("member/{}", member.user.username), none))
    }
}
