//! `fgctl variant list`

use serde_json::Value;

use super::super::propose::{Target, document, stage};
use super::served_by;
use crate::error::CliError;
use crate::output::{Cell, Column, Stays, View};
use crate::shell::{InEnv, Shell};

/// List a feature's variants in an environment, and what serves each
#[derive(clap::Args, Debug)]
#[command(visible_alias = "ls")]
#[command(
    after_help = "Examples:\n  fgctl variant list checkout -e dev\n  fgctl variant list checkout -e prod -o json"
)]
pub(crate) struct List {
    /// The feature's key
    key: String,

    #[command(flatten)]
    env: InEnv,
}

/// A variant and what serves it.
#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    name: String,
    value: Value,
    served_by: Vec<String>,
}

impl List {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team, env) = (shell.api()?, shell.team()?, shell.env(&self.env)?);
        let target = Target { shell, api: &api, team: &team, feature: &self.key, env: &env };
        let feature = target.feature().await?;
        let config = document(&feature, stage(&feature, &env)?)?;
        let rows: Vec<Row> = config
            .variants
            .iter()
            .map(|(name, value)| Row {
                name: name.clone(),
                value: value.clone(),
                served_by: served_by(&config, name),
            })
            .collect();
        Ok(View::list(&rows, &columns(), |row| format!("variant/{}/{}", self.key, row.name)))
    }
}

fn columns() -> Vec<Column<Row>> {
    vec![
        Column::new("VARIANT", |row: &Row| Cell::text(&row.name)),
        Column::new("VALUE", |row: &Row| Cell::text(row.value.to_string())).stays(Stays::Always),
        Column::new("SERVED BY", |row: &Row| match row.served_by.as_slice() {
            [] => Cell::text("nothing"),
            by => Cell::text(by.join(", ")),
        }),
    ]
}
