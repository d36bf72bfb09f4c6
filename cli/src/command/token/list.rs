//! `fgctl token list`

use fluxgate_client::token::{self, Token};

use super::super::shared::{Limit, list, roles};
use super::{places, state};
use crate::error::CliError;
use crate::output::{Cell, Column, Stays, View};
use crate::shell::Shell;

/// List the team's tokens, without their keys
#[derive(clap::Args, Debug)]
#[command(visible_alias = "ls")]
#[command(after_help = "Examples:\n  fgctl token list\n  fgctl token list --revoked -o wide")]
pub(crate) struct List {
    /// Those that were revoked, instead
    #[arg(long)]
    revoked: bool,

    #[command(flatten)]
    limit: Limit,
}

impl List {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (shell.api()?, shell.team()?);
        let tokens = token::list(&api, &team, self.revoked, self.limit.limit).await?;
        let columns = [
            Column::new("NAME", |token: &Token| Cell::text(&token.name)),
            Column::new("FOR", |token: &Token| Cell::text(&token.owner)),
            Column::new("ROLES", |token: &Token| Cell::text(roles(&token.roles))),
            Column::new("ENV", places),
            Column::new("STATE", state),
            Column::new("ENDS", |token: &Token| {
                Cell::Time(Some(token.revoked_at.unwrap_or(token.expires_at)))
            }),
            Column::new("USED", |token: &Token| Cell::Time(token.last_used_at)).stays(Stays::Short),
            Column::wide("CREATED", |token: &Token| Cell::Time(Some(token.created_at))),
            Column::wide("KEYS", |token: &Token| {
                let keys: Vec<&str> = token.keys.iter().map(|key| key.id.as_str()).collect();
                Cell::text(keys.join(","))
            }),
        ];
        let none = match self.revoked {
            true => ("no token was revoked", ""),
            false => ("no tokens yet", "fgctl token create NAME --role requester --expires 90d"),
        };
        Ok(list(&tokens, &columns, |token| format!("token/{}", token.name), none))
    }
}
