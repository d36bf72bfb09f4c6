//! `fgctl user password`

use fluxgate_client::Tokens;
use fluxgate_client::session::{self, ChangePasswordInput};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::super::shared::lines_of_stdin;
use crate::error::CliError;
use crate::output::{Cell, Tone, View};
use crate::shell::Shell;

/// Change your own password; all your other sessions end
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl user password\n  fgctl user password --password-stdin < old-and-new\n\nOn stdin the first line is the old password, the second one the new."
)]
pub(crate) struct Password {
    /// Read the old and the new password from stdin, a line each
    #[arg(long)]
    password_stdin: bool,
}

impl Password {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let api = shell.api()?;
        let [old, new] = if self.password_stdin { lines_of_stdin()? } else { asked(shell)? };
        // Before there is anything to lose: the new session is the only one.
        let server = shell.server()?;
        let context = shell.context()?.filter(|context| context.server == server);
        let kept = match &context {
            Some(context) => Some(shell.config()?.credentials(&context.name)?),
            None => None,
        };
        if let Some(kept) = &kept {
            kept.probe()?;
        }
        let input = ChangePasswordInput {
            old_password: old.expose_secret().to_owned(),
            new_password: new.expose_secret().to_owned(),
        };
        let session = session::change_password(&api, input).await?;
        let username = &session.user.username;
        if let Some(kept) = kept {
            kept.write(&server, username, &Tokens::from(&session))?;
        }
        Ok(View::of(&json!({ "user": session.user })).named(format!("user/{username}")).row(vec![
            Cell::text(username),
            Cell::State(Tone::Good, "password changed".into()),
            Cell::text("all other sessions have ended"),
        ]))
    }
}

/// Asks for the old password, and for the new one twice.
fn asked(shell: &Shell) -> Result<[SecretString; 2], CliError> {
    let old = shell.ui.password("Old password:")?;
    let new = shell.ui.password("New password:")?;
    let again = shell.ui.password("New password, again:")?;
    match new.expose_secret() == again.expose_secret() {
        true => Ok([old, new]),
        false => Err(CliError::usage("the new passwords differ").hint("nothing was changed")),
    }
}
