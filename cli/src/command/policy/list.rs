//! `fgctl policy list`

use fluxgate_client::policy::{self, Policy};

use super::super::shared::{Limit, list, yes_no};
use super::{by_time, covers, needs, state};
use crate::error::CliError;
use crate::output::{Cell, Column, Stays, View};
use crate::shell::Shell;

/// List the team's policies
#[derive(clap::Args, Debug)]
#[command(visible_alias = "ls")]
#[command(after_help = "Examples:\n  fgctl policy list\n  fgctl policy list -o wide")]
pub(crate) struct List {
    #[command(flatten)]
    limit: Limit,
}

impl List {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (shell.api()?, shell.team()?);
        let policies = policy::first(&api, &team, self.limit.limit).await?;
        let columns = [
            Column::new("NAME", |policy: &Policy| Cell::text(&policy.name)),
            Column::new("COVERS", covers),
            Column::new("APPROVALS", |policy: &Policy| Cell::text(needs(policy.approvals, &policy.roles)))
                .stays(Stays::Always),
            Column::new("STATE", state),
            Column::wide("BY TIME", |policy: &Policy| Cell::text(by_time(policy))),
            Column::wide("OVERRIDE", |policy: &Policy| yes_no(policy.override_allowed)),
        ];
        let none =
            ("no policies yet: changes are applied at once", "fgctl policy create NAME --scope production");
        Ok(list(&policies, &columns, |policy| format!("policy/{}", policy.name), none))
    }
}
