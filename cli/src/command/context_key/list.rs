//! `fgctl context-key list`

use fluxgate_client::context_key::{self, ContextKey};

use super::super::shared::{Limit, list};
use super::allowed;
use crate::error::CliError;
use crate::output::{Cell, Column, Stays, View};
use crate::shell::Shell;

/// List the attributes that the team declared
#[derive(clap::Args, Debug)]
#[command(visible_alias = "ls")]
#[command(after_help = "Examples:\n  fgctl context-key list\n  fgctl attr list -L 20 -o json")]
pub(crate) struct List {
    #[command(flatten)]
    limit: Limit,
}

impl List {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (shell.api()?, shell.team()?);
        let keys = context_key::first(&api, &team, self.limit.limit).await?;
        let columns = [
            Column::new("KEY", |key: &ContextKey| Cell::text(&key.key)),
            Column::new("TYPE", |key: &ContextKey| Cell::text(key.type_.as_str().to_lowercase()))
                .stays(Stays::Long),
            Column::new("ALLOWED", |key: &ContextKey| Cell::text(allowed(key))),
            Column::new("DESCRIPTION", |key: &ContextKey| Cell::text(&key.description)),
        ];
        let none = ("no context keys yet", "fgctl context-key create KEY --type string");
        Ok(list(&keys, &columns, |key| format!("context-key/{}", key.key), none))
    }
}
