//! `fgctl config list`

use super::setting::{Setting, all};
use crate::error::CliError;
use crate::output::{Cell, Column, View};
use crate::shell::Shell;

/// List the settings in force
#[derive(clap::Args, Debug)]
#[command(visible_alias = "ls")]
#[command(
    after_help = "Examples:\n  fgctl config list --origin\n  fgctl config list -o json\n\nA flag goes before a variable, that before .fluxgate.toml in this folder or above, that before the context."
)]
pub(crate) struct List {
    /// Also show where each comes from
    #[arg(long)]
    origin: bool,
}

impl List {
    #[expect(clippy::unused_async, reason = "all commands are called alike")]
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let settings = all(shell)?;
        let mut columns = vec![
            Column::new("SETTING", |setting: &Setting| Cell::text(setting.name)),
            Column::new("VALUE", |setting: &Setting| Cell::text(setting.text())),
        ];
        let origin = |setting: &Setting| Cell::text(setting.origin.as_deref().unwrap_or_default());
        columns.push(match self.origin {
            true => Column::new("ORIGIN", origin),
            false => Column::wide("ORIGIN", origin),
        });
        Ok(View::list(&settings, &columns, |setting| format!("setting/{}", setting.name)))
    }
}
