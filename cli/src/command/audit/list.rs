//! `fgctl audit list`

use fluxgate_client::audit::{self, AuditEntry};

use crate::error::CliError;
use crate::output::{Cell, Column, View};
use crate::shell::Shell;

/// List what was done, the newest first
#[derive(clap::Args, Debug)]
#[command(visible_alias = "ls")]
#[command(after_help = "Examples:\n  fgctl audit list\n  fgctl audit list --feature checkout -L 20 -o json")]
pub(crate) struct List {
    /// Only what was done to this feature
    #[arg(long, value_name = "KEY")]
    feature: Option<String>,

    /// Only the latest N
    #[arg(short = 'L', long, value_name = "N", default_value_t = 50)]
    limit: usize,
}

impl List {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (shell.api()?, shell.team()?);
        let feature = self.feature.as_deref();
        let entries = audit::list(&api, &team, feature, Some(self.limit)).await?;
        let view = View::list(&entries.nodes, &columns(), |entry| format!("audit/{}", entry.number));
        Ok(match entries.nodes.len() {
            shown if shown < entries.total => view.note(format!("{shown} of {} shown", entries.total)),
            _ => view,
        })
    }
}

fn columns() -> Vec<Column<AuditEntry>> {
    vec![
        Column::new("WHEN", |entry: &AuditEntry| Cell::Time(Some(entry.at))),
        Column::new("WHO", |entry: &AuditEntry| Cell::text(&entry.actor)),
        Column::new("ACTION", |entry: &AuditEntry| Cell::text(&entry.action)),
        Column::new("WHAT", |entry: &AuditEntry| Cell::text(&entry.subject)),
        Column::new("ENV", |entry: &AuditEntry| Cell::text(entry.environment.as_deref().unwrap_or_default())),
        Column::new("REASON", |entry: &AuditEntry| Cell::text(entry.reason.as_deref().unwrap_or_default())),
        Column::wide("ADDRESS", |entry: &AuditEntry| {
            Cell::text(entry.address.as_deref().unwrap_or_default())
        }),
        Column::wide("NUMBER", |entry: &AuditEntry| Cell::text(entry.number.to_string())),
    ]
}
