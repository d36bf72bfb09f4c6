//! `fgctl exit-codes`, and `fgctl help exit-codes`

use crate::error::CliError;
use crate::exit::{Row, TABLE, table};
use crate::output::{Cell, Column, View};
use crate::shell::Shell;

/// Show what each exit code means
#[derive(clap::Args, Debug)]
#[command(long_about = format!("What each exit code means:\n\n{}", table()))]
#[command(after_help = "Examples:\n  fgctl exit-codes\n  fgctl exit-codes -o json")]
pub(crate) struct ExitCodes {}

impl ExitCodes {
    #[expect(clippy::unused_async, reason = "all commands are called alike")]
    pub(crate) async fn run(self, _shell: &Shell) -> Result<View, CliError> {
        let columns = [
            Column::new("CODE", |row: &Row| Cell::text(row.code.to_string())),
            Column::new("NAME", |row: &Row| Cell::text(row.name)),
            Column::prose("WHEN", |row: &Row| Cell::text(row.when)),
        ];
        Ok(View::list(&TABLE, &columns, |row| row.code.to_string()))
    }
}
