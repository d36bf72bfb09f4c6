//! `fgctl logout`

use fluxgate_client::session;
use secrecy::ExposeSecret;
use serde_json::json;

use crate::error::CliError;
use crate::output::{Cell, View};
use crate::shell::Shell;

/// Sign out: end the session on the server and forget its tokens
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  fgctl logout\n  fgctl logout --context prod-eu")]
pub(crate) struct Logout {}

impl Logout {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        shell.may_change()?;
        let Some(context) = shell.context()? else {
            return Ok(View::nothing().note("not signed in"));
        };
        let file = shell.config()?.credentials(&context.name)?;
        let row = |state: &str| {
            View::of(&json!({ "context": context, "state": state }))
                .named(format!("context/{}", context.name))
                .row(vec![Cell::text(&context.name), Cell::text(state)])
        };
        let Some(saved) = file.read()? else {
            return Ok(row("already signed out"));
        };
        let api = shell.api_at(&saved.server, fluxgate_client::Credentials::Session(saved.tokens()))?;
        let refresh = saved.tokens().refresh.expose_secret().to_owned();
        let ended = session::sign_out(&api, refresh).await;
        // Whatever the server says, this machine forgets.
        file.remove()?;
        let view = row("signed out");
        Ok(match ended {
            Ok(()) => view,
            Err(error) => view.note(format!(
                "the tokens are forgotten here, but the server did not end the session: {error}"
            )),
        })
    }
}
