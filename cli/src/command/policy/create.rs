//! `fgctl policy create`

use fluxgate_client::policy::{self, CreatePolicyInput};
use fluxgate_client::{PolicyScope, Role};

use super::super::shared::{Rehearsal, RoleArg, on_conflict};
use super::{Scope, made};
use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Create a policy; it counts for open changes too
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl policy create Production --scope production --approvals 2\n  fgctl policy create Staging --env staging --role requester --auto-approve-hours 48"
)]
pub(crate) struct Create {
    /// The policy's name, which stays
    name: String,

    #[command(flatten)]
    place: Place,

    /// How many must agree
    #[arg(long, value_name = "N", default_value_t = 1)]
    approvals: u16,

    /// Whose approvals count, any number of times; approvers' and team admins' when not given
    #[arg(long = "role", value_name = "ROLE", value_enum, ignore_case = true, value_delimiter = ',')]
    roles: Vec<RoleArg>,

    /// Satisfied by itself after so many hours without a rejection
    #[arg(long, value_name = "N")]
    auto_approve_hours: Option<u16>,

    /// In production environments, too
    #[arg(long, requires = "auto_approve_hours")]
    auto_approve_production: bool,

    /// Let a team admin through without the approvals
    #[arg(long)]
    allow_override: bool,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

/// Where it holds.
#[derive(clap::Args, Debug)]
#[group(required = true, multiple = false)]
struct Place {
    /// What it covers
    #[arg(long, value_enum, ignore_case = true)]
    scope: Option<Scope>,

    /// The environments that it covers, any number of times
    #[arg(short, long = "env", value_name = "KEY", value_delimiter = ',')]
    environments: Vec<String>,
}

impl Create {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (self.rehearsal.api(shell)?, shell.team()?);
        let environments = self.place.environments;
        let hint = format!("fgctl policy view {}", self.name);
        let input = CreatePolicyInput {
            team: team.clone(),
            name: self.name,
            scope: self.place.scope.map_or(PolicyScope::Listed, Into::into),
            environments: (!environments.is_empty()).then_some(environments),
            approvals: i64::from(self.approvals),
            roles: (!self.roles.is_empty()).then(|| self.roles.into_iter().map(Role::from).collect()),
            auto_approve_hours: self.auto_approve_hours.map(i64::from),
            auto_approve_production: self.auto_approve_production.then_some(true),
            override_allowed: self.allow_override.then_some(true),
        };
        let policy = policy::create(&api, input).await.map_err(on_conflict(hint))?;
        Ok(made((&api, &team), &policy).await)
    }
}
