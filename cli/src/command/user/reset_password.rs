//! `fgctl user reset-password`

use fluxgate_client::Error;
use fluxgate_client::user::{self, ResetPasswordInput};
use secrecy::ExposeSecret;
use serde_json::json;

use super::super::shared::{PasswordStdin, Rehearsal, Yes, has_reader, secret};
use super::{again, shown};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::View;
use crate::shell::Shell;

/// Give a user a new password and print it, once: they must change it before anything else
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl user reset-password dev --yes > password\n  fgctl user reset-password dev --yes --password-stdin < password\n\nOne's own is changed with: fgctl user password"
)]
pub(crate) struct ResetPassword {
    /// The user's name
    username: String,

    #[command(flatten)]
    password: PasswordStdin,

    #[command(flatten)]
    yes: Yes,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

impl ResetPassword {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let api = self.rehearsal.api(shell)?;
        let question = format!("Give {} a new password? All their sessions end.", self.username);
        self.yes.ask(shell, &question)?;
        let (password, by_chance) = self.password.for_another()?;
        if by_chance {
            has_reader(shell, "password")?;
        }
        let input =
            ResetPasswordInput { username: self.username, password: password.expose_secret().to_owned() };
        let user = user::reset_password(&api, input).await.map_err(in_our_words)?;
        if !by_chance {
            return Ok(shown(&user));
        }
        let value = json!({ "user": user, "password": password.expose_secret() });
        Ok(secret(&value, password.expose_secret(), ("password", again(&user.username))))
    }
}

/// Returns a refusal that names the command for one's own password, where the server names what it has for that.
fn in_our_words(error: Error) -> CliError {
    let mut error = CliError::from(error);
    if error.exit == Exit::Conflict && error.message.contains("changePassword") {
        "one's own password is changed with another command, which asks for the old one"
            .clone_into(&mut error.message);
        return error.hint("fgctl user password");
    }
    error
}
