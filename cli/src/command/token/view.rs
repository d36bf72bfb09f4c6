//! `fgctl token view`

use fluxgate_client::token::{self, TokenKey};

use super::super::shared::{facts, roles};
use super::{places, state};
use crate::error::CliError;
use crate::output::{Cell, Column, View};
use crate::shell::Shell;

/// Show a token: for whom it acts, what it may, and until when
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  fgctl token view ci-deploy\n  fgctl token view ci-deploy -o json")]
pub(crate) struct ViewToken {
    /// The token's name
    name: String,
}

impl ViewToken {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (shell.api()?, shell.team()?);
        let token = token::get(&api, &team, &self.name).await?;
        let columns = [
            Column::new("KEY", |key: &TokenKey| Cell::text(&key.id)),
            Column::new("CREATED", |key: &TokenKey| Cell::Time(Some(key.created_at))),
            Column::new("UNTIL", |key: &TokenKey| Cell::Time(key.not_after)),
        ];
        Ok(facts(
            View::of(&token).named(format!("token/{}", token.name)),
            [
                ("token", Cell::text(&token.name)),
                ("acts for", Cell::text(&token.owner)),
                ("roles", Cell::text(roles(&token.roles))),
                ("environments", places(&token)),
                ("state", state(&token)),
                ("created", Cell::Time(Some(token.created_at))),
                ("ends", Cell::Time(Some(token.revoked_at.unwrap_or(token.expires_at)))),
                ("last used", Cell::Time(token.last_used_at)),
            ],
        )
        .line("")
        .table(&token.keys, &columns))
    }
}
