//! `fgctl user list`

use fluxgate_client::user::{self, Filter, User};

use super::super::shared::{Limit, list, yes_no};
use super::state;
use crate::error::CliError;
use crate::output::{Cell, Column, Stays, View};
use crate::shell::Shell;

/// List the server's users; for system administrators
#[derive(clap::Args, Debug)]
#[command(visible_alias = "ls")]
#[command(
    after_help = "Examples:\n  fgctl user list\n  fgctl user list --search acme.io --deactivated -L 20\n\nWho is in a team is for everybody in it: fgctl member list"
)]
pub(crate) struct List {
    /// Only those whose username, name or email has this in it
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,

    /// Only those who may sign in
    #[arg(long, conflicts_with = "deactivated")]
    active: bool,

    /// Only those who may not
    #[arg(long)]
    deactivated: bool,

    #[command(flatten)]
    limit: Limit,
}

impl List {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let active = (self.active || self.deactivated).then_some(self.active);
        let filter = Filter { active, search: self.search, limit: self.limit.limit };
        let users = user::list(&shell.api()?, &filter).await?;
        let columns = [
            Column::new("USERNAME", |user: &User| Cell::text(&user.username)),
            Column::new("NAME", |user: &User| Cell::text(&user.name)).stays(Stays::Short),
            Column::new("STATE", state),
            Column::new("SYSTEM ADMIN", |user: &User| yes_no(user.system_admin)).stays(Stays::Short),
            Column::new("TEAMS", |user: &User| {
                let teams: Vec<&str> = user.memberships.iter().map(|m| m.team.as_str()).collect();
                Cell::text(teams.join(", "))
            }),
            Column::wide("EMAIL", |user: &User| Cell::text(user.email.as_deref().unwrap_or_default())),
            Column::wide("UUID", |user: &User| Cell::text(user.id.to_string())),
        ];
        Ok(list(&users, &columns, |user| format!("user/{}", user.username), ("no user matches", "")))
    }
}
