//! `fgctl user create`

use fluxgate_client::user::{self, CreateUserInput};
use secrecy::ExposeSecret;
use serde_json::json;

use super::super::shared::{PasswordStdin, Rehearsal, has_reader, on_conflict, secret};
use super::{again, shown};
use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Create a user and print their password, once; for system administrators
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl user create dev --name \"Dan Developer\" --email dan@acme.io > password\n  fgctl user create dev --password-stdin < password\n\nWithout --password-stdin the password is made by chance, and printed."
)]
pub(crate) struct Create {
    /// The user's name, which stays
    username: String,

    /// What people call them
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,

    /// Where they get mail
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,

    /// Make them a system administrator
    #[arg(long)]
    system_admin: bool,

    #[command(flatten)]
    password: PasswordStdin,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

impl Create {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let api = self.rehearsal.api(shell)?;
        let (password, by_chance) = self.password.for_another()?;
        if by_chance {
            has_reader(shell, "password")?;
        }
        let hint = format!("fgctl user view {}", self.username);
        let input = CreateUserInput {
            username: self.username,
            password: password.expose_secret().to_owned(),
            name: self.name,
            email: self.email,
            system_admin: self.system_admin.then_some(true),
        };
        let user = user::create(&api, input).await.map_err(on_conflict(hint))?;
        let next = format!("fgctl member add {} --role requester", user.username);
        if !by_chance {
            return Ok(shown(&user).next(next));
        }
        let value = json!({ "user": user, "password": password.expose_secret() });
        Ok(secret(&value, password.expose_secret(), ("password", again(&user.username))).next(next))
    }
}
