//! `fgctl feature history`

use fluxgate_client::Decision;
use fluxgate_client::version::{self, Version};
use fluxgate_wording::version::brought;

use super::super::propose::by;
use crate::error::CliError;
use crate::output::{Cell, Column, Stays, View};
use crate::shell::Shell;

/// Show what has been live, the newest first, and who changed it
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl feature history checkout\n  fgctl feature history checkout -e prod -L 3"
)]
pub(crate) struct History {
    /// The feature's key
    key: String,

    // Without a default from the context: the history of a feature is first of all that of all its stages.
    /// Only this environment
    #[arg(short, long, value_name = "KEY")]
    env: Option<String>,

    /// Only the latest N
    #[arg(short = 'L', long, value_name = "N", default_value_t = 50)]
    limit: usize,
}

impl History {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (shell.api()?, shell.team()?);
        let of = (self.key.as_str(), self.env.as_deref());
        let versions = version::list(&api, &team, of, Some(self.limit)).await?;
        let key = self.key.clone();
        let view = View::list(&versions.nodes, &columns(), |version| {
            format!("version/{key}/{}/{}", version.environment.key, version.number)
        });
        Ok(match versions.nodes.len() {
            0 => view.note(format!("nothing of {} has been live yet", self.key)),
            shown if shown < versions.total => view.note(format!("{shown} of {} shown", versions.total)),
            _ => view,
        })
    }
}

fn columns() -> Vec<Column<Version>> {
    vec![
        Column::new("VERSION", |version: &Version| Cell::Version(Some(version.number))),
        Column::new("ENV", |version: &Version| Cell::text(&version.environment.key)).stays(Stays::Long),
        Column::new("WHEN", |version: &Version| Cell::Time(Some(version.created_at))),
        Column::new("WHO", |version: &Version| {
            // The token stands for whoever proposed it, who need not be the one that had it applied.
            let token =
                version.change.token.as_deref().filter(|_| version.created_by == version.change.author);
            Cell::text(by(&version.created_by, token))
        }),
        Column::prose("WHAT", |version: &Version| {
            Cell::text(brought(version.number, &version.environment.key, &version.change))
        }),
        Column::new("CHANGE", |version: &Version| Cell::text(change(version))),
        Column::new("REASON", |version: &Version| {
            Cell::text(version.change.reason.as_deref().unwrap_or_default())
        })
        .stays(Stays::Short),
    ]
}

/// Returns the change's number and who agreed to it, or let it through.
fn change(version: &Version) -> String {
    let agreed = version
        .change
        .votes
        .iter()
        .filter(|vote| vote.decision == Decision::Approve)
        .map(|vote| vote.user.clone());
    let through = version.change.override_.as_ref().map(|through| format!("let through by {}", through.by));
    let agreed: Vec<String> = agreed.chain(through).collect();
    format!("#{} {}", version.change.number, agreed.join(", ")).trim_end().to_owned()
}
