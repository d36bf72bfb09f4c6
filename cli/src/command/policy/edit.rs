//! `fgctl policy edit`

use fluxgate_client::policy::{self, EditPolicyInput};
use fluxgate_client::{PolicyScope, Role};

use super::super::shared::{Rehearsal, RoleArg, Yes};
use super::{Scope, made};
use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Change a policy; open changes need the stricter of what it asked for and asks for now
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl policy edit Production --approvals 2 --allow-override --yes\n  fgctl policy edit Staging --env staging --env qa --no-auto-approve"
)]
pub(crate) struct Edit {
    /// The policy's name
    name: String,

    #[command(flatten)]
    to: To,

    #[command(flatten)]
    yes: Yes,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

/// What it is to be.
#[derive(clap::Args, Debug)]
#[group(required = true, multiple = true)]
struct To {
    /// What it covers
    #[arg(long, value_enum, ignore_case = true, conflicts_with = "environments")]
    scope: Option<Scope>,

    /// The environments that it covers, any number of times, instead of those so far
    #[arg(short, long = "env", value_name = "KEY", value_delimiter = ',')]
    environments: Vec<String>,

    /// How many must agree
    #[arg(long, value_name = "N")]
    approvals: Option<u16>,

    /// Whose approvals count, any number of times, instead of those so far
    #[arg(long = "role", value_name = "ROLE", value_enum, ignore_case = true, value_delimiter = ',')]
    roles: Vec<RoleArg>,

    /// Satisfied by itself after so many hours without a rejection
    #[arg(long, value_name = "N", conflicts_with = "no_auto_approve")]
    auto_approve_hours: Option<u16>,

    /// Never satisfied by time
    #[arg(long)]
    no_auto_approve: bool,

    /// Whether time counts in production environments, too
    #[arg(long, value_name = "BOOL", conflicts_with = "no_auto_approve")]
    auto_approve_production: Option<bool>,

    /// Let a team admin through without the approvals
    #[arg(long, conflicts_with = "no_override")]
    allow_override: bool,

    /// Let nobody through without them
    #[arg(long)]
    no_override: bool,

    /// Let it count
    #[arg(long, conflicts_with = "disable")]
    enable: bool,

    /// Let it count no more
    #[arg(long)]
    disable: bool,
}

impl Edit {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (self.rehearsal.api(shell)?, shell.team()?);
        // Less may be asked for afterwards than before.
        self.yes.ask(shell, &format!("Change the policy {}?", self.name))?;
        let to = self.to;
        let listed = !to.environments.is_empty();
        let input = EditPolicyInput {
            team: team.clone(),
            name: self.name,
            scope: to.scope.map(Into::into).or(listed.then_some(PolicyScope::Listed)),
            environments: listed.then_some(to.environments),
            approvals: to.approvals.map(i64::from),
            roles: (!to.roles.is_empty()).then(|| to.roles.into_iter().map(Role::from).collect()),
            auto_approve_hours: to.auto_approve_hours.map(i64::from),
            auto_approve_production: if to.no_auto_approve {
                Some(false)
            } else {
                to.auto_approve_production
            },
            override_allowed: (to.allow_override || to.no_override).then_some(to.allow_override),
            enabled: (to.enable || to.disable).then_some(to.enable),
        };
        let policy = policy::edit(&api, input, to.no_auto_approve).await?;
        Ok(made((&api, &team), &policy).await)
    }
}
