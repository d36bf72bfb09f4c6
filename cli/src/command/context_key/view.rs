//! `fgctl context-key view`

use fluxgate_client::context_key;

use super::super::shared::facts;
use super::allowed;
use crate::error::CliError;
use crate::files::{self, Noun};
use crate::output::{Cell, View};
use crate::shell::Shell;

/// Show an attribute: its type and what it may hold
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl context-key view country\n  fgctl attr view country -o yaml > country.yaml"
)]
pub(crate) struct ViewContextKey {
    /// The attribute's key
    key: String,
}

impl ViewContextKey {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (shell.api()?, shell.team()?);
        if shell.ui.wants_file()
            && let Some(file) = files::one(&api, &team, Noun::ContextKey, &self.key).await?
        {
            return Ok(file);
        }
        let found = context_key::get(&api, &team, &self.key).await?;
        Ok(facts(
            View::of(&found).named(format!("context-key/{}", found.key)),
            [
                ("context key", Cell::text(&found.key)),
                ("type", Cell::text(found.type_.as_str().to_lowercase())),
                ("allowed", Cell::text(allowed(&found))),
                ("description", Cell::text(&found.description)),
            ],
        ))
    }
}
