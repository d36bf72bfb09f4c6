//! `fgctl key list`

use fluxgate_client::signing_key::{self, SigningKey};

use super::state;
use crate::error::CliError;
use crate::output::{Cell, Column, View};
use crate::shell::Shell;

/// List the keys that sign access tokens, and those that verify them yet
#[derive(clap::Args, Debug)]
#[command(visible_alias = "ls")]
#[command(after_help = "Examples:\n  fgctl key list\n  fgctl key list -o json")]
pub(crate) struct List {}

impl List {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let keys = signing_key::list(&shell.api()?).await?;
        let columns = [
            Column::new("KEY", |key: &SigningKey| Cell::text(&key.kid)),
            Column::new("STATE", state),
            Column::new("CREATED", |key: &SigningKey| Cell::Time(Some(key.created_at))),
            Column::new("VERIFIES UNTIL", |key: &SigningKey| Cell::Time(key.verifies_until)),
        ];
        Ok(View::list(&keys, &columns, |key| format!("key/{}", key.kid)))
    }
}
