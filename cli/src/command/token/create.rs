//! `fgctl token create`

use fluxgate_client::token::{self, CreateTokenInput};
use fluxgate_client::{Role, clock};

use super::super::shared::{Expiry, Rehearsal, RoleArg, has_reader, on_conflict, secret};
use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Create a token that acts for you, and print it, once
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl token create ci-deploy --role requester --expires 90d\n  fgctl token create nightly --role requester --env dev --env staging --expires 2027-01-31T00:00:00Z\n\nInto a file that is yours alone: (umask 077; fgctl token create … > token).\nFGCTL_TOKEN_FILE=token fgctl whoami acts with it then.\nWhat it may never alters; without a role it reads."
)]
pub(crate) struct Create {
    /// The token's name
    name: String,

    /// What it may do beyond reading; any number of times
    #[arg(long = "role", value_name = "ROLE", value_enum, ignore_case = true, value_delimiter = ',')]
    roles: Vec<RoleArg>,

    // Without a default from the context: what it is limited to is to be said.
    /// Change something only here, any number of times; anywhere when not given
    #[arg(short, long = "env", value_name = "KEY", value_delimiter = ',')]
    environments: Vec<String>,

    /// When it ends, such as 90d or an instant, at most a year ahead
    #[arg(long, value_name = "TIME")]
    expires: Expiry,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

impl Create {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (self.rehearsal.api(shell)?, shell.team()?);
        has_reader(shell, "token")?;
        let hint = format!("fgctl token revoke {}", self.name);
        let input = CreateTokenInput {
            team,
            name: self.name,
            roles: self.roles.into_iter().map(Role::from).collect(),
            environments: (!self.environments.is_empty()).then_some(self.environments),
            expires_at: self.expires.from(clock::now()),
        };
        let made = token::create(&api, input).await.map_err(on_conflict(hint))?;
        Ok(secret(&made, &made.key, ("token", format!("fgctl token rotate {}", made.token.name)))
            .next("FGCTL_TOKEN_FILE=FILE fgctl whoami"))
    }
}
