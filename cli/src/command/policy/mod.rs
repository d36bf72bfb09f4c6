//! Policies.

mod create;
mod delete;
mod edit;
mod list;
mod test;
mod view;

use fluxgate_client::{Api, PolicyScope, Role, policy};

use super::shared::{roles, warned};
use crate::error::CliError;
use crate::output::{Cell, Tone, View};
use crate::shell::Shell;

/// Policies: who must agree to a change, and where
#[derive(clap::Subcommand, Debug)]
pub(crate) enum Policy {
    List(list::List),
    View(view::ViewPolicy),
    Create(create::Create),
    Edit(edit::Edit),
    Delete(delete::Delete),
    Test(test::Test),
}

impl Policy {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        match self {
            Self::List(command) => command.run(shell).await,
            Self::View(command) => command.run(shell).await,
            Self::Create(command) => command.run(shell).await,
            Self::Edit(command) => command.run(shell).await,
            Self::Delete(command) => command.run(shell).await,
            Self::Test(command) => command.run(shell).await,
        }
    }
}

/// What a policy covers.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Scope {
    /// All of the team's environments
    All,
    /// Those of type production
    Production,
}

impl From<Scope> for PolicyScope {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::All => Self::All,
            Scope::Production => Self::Production,
        }
    }
}

/// Shows what a policy is now.
fn shown(policy: &policy::Policy) -> View {
    View::of(policy).named(format!("policy/{}", policy.name)).row(vec![
        Cell::text(&policy.name),
        covers(policy),
        Cell::text(needs(policy.approvals, &policy.roles)),
        state(policy),
    ])
}

/// Shows what a policy is now, and says it when nobody can satisfy it.
async fn made(place: (&Api, &str), policy: &policy::Policy) -> View {
    let asked = (policy.name.as_str(), policy.approvals, policy.roles.as_slice());
    let asked: &[_] = if policy.enabled { &[asked] } else { &[] };
    warned(shown(policy), place, asked, None).await
}

/// Returns which environments a policy covers.
fn covers(policy: &policy::Policy) -> Cell {
    match policy.scope {
        PolicyScope::Listed => Cell::text(policy.environments.join(", ")),
        ref scope => Cell::text(scope.as_str().to_lowercase()),
    }
}

/// Returns whose approvals are needed, such as `2 of approver, team-admin`.
fn needs(approvals: i64, of: &[Role]) -> String {
    format!("{approvals} of {}", roles(of))
}

/// Returns whether a policy counts.
fn state(policy: &policy::Policy) -> Cell {
    match policy.enabled {
        true => Cell::State(Tone::Good, "enabled".into()),
        false => Cell::State(Tone::Dim, "disabled".into()),
    }
}

/// Returns when time satisfies a policy.
fn by_time(policy: &policy::Policy) -> String {
    match (policy.auto_approve_hours, policy.auto_approve_production) {
        (None, _) => "never".to_owned(),
        (Some(hours), true) => format!("after {hours} h, in production too"),
        (Some(hours), false) => format!("after {hours} h, not in production"),
    }
}
