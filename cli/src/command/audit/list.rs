//! `fgctl audit list`

use fluxgate_client::audit::{self, AuditEntry};

use super::{Wanted, When, actor};
use crate::error::CliError;
use crate::output::{Cell, Column, Stays, View};
use crate::shell::Shell;

/// List what was done, the newest first
#[derive(clap::Args, Debug)]
#[command(visible_alias = "ls")]
#[command(
    after_help = "Examples:\n  fgctl audit list --since 24h --action feature.kill\n  fgctl audit list --feature checkout -L 20 -o json"
)]
pub(crate) struct List {
    #[command(flatten)]
    wanted: Wanted,

    #[command(flatten)]
    when: When,

    /// Only the latest N
    #[arg(short = 'L', long, value_name = "N", default_value_t = 50)]
    limit: usize,
}

impl List {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let api = shell.api()?;
        let filter = self.wanted.filter(&self.when);
        let limit = Some(self.limit);
        let entries = match self.when.system {
            true => audit::list_system(&api, &filter, limit).await?,
            false => audit::list(&api, &shell.team()?, &filter, limit).await?,
        };
        let view = View::list(&entries.nodes, &columns(), |entry| format!("audit/{}", entry.number));
        Ok(match entries.nodes.len() {
            0 => view.note("nothing of that kind was done"),
            shown if shown < entries.total => {
                let text = format!("{shown} of {} shown; -L N shows more", entries.total);
                view.note(text)
            }
            _ => view,
        })
    }
}

fn columns() -> Vec<Column<AuditEntry>> {
    let text = |text: Option<&String>| Cell::Text(text.cloned().unwrap_or_default());
    vec![
        Column::new("WHEN", |entry: &AuditEntry| Cell::Time(Some(entry.at))),
        Column::new("WHO", |entry: &AuditEntry| Cell::Text(actor(entry))),
        Column::new("ACTION", |entry: &AuditEntry| Cell::text(&entry.action)).stays(Stays::Long),
        Column::new("WHAT", |entry: &AuditEntry| Cell::text(&entry.subject)).stays(Stays::Always),
        Column::new("ENV", move |entry: &AuditEntry| text(entry.environment.as_ref())).stays(Stays::Short),
        Column::new("REASON", move |entry: &AuditEntry| text(entry.reason.as_ref())),
        Column::wide("ADDRESS", move |entry: &AuditEntry| text(entry.address.as_ref())),
        Column::wide("NUMBER", |entry: &AuditEntry| Cell::text(entry.number.to_string())),
    ]
}

#[cfg(test)]
mod tests {
    use fluxgate_client::audit::AuditEntry;
    use serde_json::json;

    use super::columns;
    use crate::output::{Looks, Shape, View, render};

    #[test]
    fn why_stays_longer_than_where() {
        let entry = |environment: Option<&str>, reason: Option<&str>| -> AuditEntry {
            serde_json::from_value(json!({
                "number": 7, "at": "1970-01-01T00:00:00Z", "actor": "lead", "actorKind": "USER", "owner": null,
                "action": "change.approve", "subject": "feature/checkout-redesign", "environment": environment,
                "reason": reason, "before": null, "after": null, "address": "127.0.0.1",
            }))
            .unwrap()
        };
        let entries = [entry(Some("production-eu"), Some("5xx spike, INC-2291")), entry(None, None)];
        let view = View::list(&entries, &columns(), |entry| entry.subject.clone());
        let looks =
            Looks { terminal: true, width: Some(80), ascii: false, now: chrono::DateTime::UNIX_EPOCH };
        let text = render(&view, &Shape::default(), looks).unwrap();
        assert!(text.contains("REASON") && !text.contains("ENV"), "{text}");
    }
}
