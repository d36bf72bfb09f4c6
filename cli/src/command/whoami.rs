//! `fgctl whoami`

use fluxgate_client::Role;
use fluxgate_client::caller::{self, Caller};
use serde_json::json;

use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Cell, View};
use crate::shell::Shell;

/// Show who is signed in, where, with which roles, and with which token
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  fgctl whoami\n  fgctl whoami --context prod-eu -o json")]
pub(crate) struct Whoami {}

impl Whoami {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let api = shell.api()?;
        let caller = caller::get(&api).await?;
        let user = &caller.me;
        let context = shell.context()?;
        let token = caller.token.as_ref().map(|token| {
            json!({
                "name": token.name,
                "team": caller.team,
                "roles": token.roles,
                "environments": token.environments,
                "expiresAt": token.expires_at,
            })
        });
        let mut view = View::of(&json!({
            "user": user,
            "token": token,
            "server": api.server(),
            "context": context,
        }))
        .named(format!("user/{}", user.username))
        .row(vec![Cell::text("user"), Cell::text(&user.username)])
        .row(vec![Cell::text("server"), Cell::text(api.server())]);
        if let Some(context) = &context {
            view = view.row(vec![Cell::text("context"), Cell::text(&context.name)]);
        }
        if user.system_admin {
            view = view.row(vec![Cell::text("system"), Cell::text("admin")]);
        }
        view = match &caller.token {
            Some(_) => with_token(view, &caller),
            None => user.memberships.iter().fold(view, |view, membership| {
                let team = format!("team {}", membership.team);
                view.row(vec![Cell::text(team), Cell::text(roles(&membership.roles))])
            }),
        };
        Ok(match user.active {
            false => view.exit(Exit::SignIn).note("this user is not active"),
            true if user.must_change_password == Some(true) => view
                .note("somebody else has set this password: change it before anything else")
                .next("fgctl user password"),
            true => view,
        })
    }
}

/// Shows what is signed in with, and as far as what: its owner's own roles do not count.
fn with_token(view: View, caller: &Caller) -> View {
    let Some(token) = &caller.token else { return view };
    let mut view = view.row(vec![Cell::text("token"), Cell::text(&token.name)]);
    if let Some(team) = &caller.team {
        view = view.row(vec![Cell::text(format!("team {team}")), Cell::text(roles(&token.roles))]);
    }
    if !token.environments.is_empty() {
        view = view.row(vec![Cell::text("only in"), Cell::text(token.environments.join(", "))]);
    }
    view.row(vec![Cell::text("expires"), Cell::Time(Some(token.expires_at))])
}

/// Returns roles as the server calls them; none of them reads.
pub(super) fn roles(roles: &[Role]) -> String {
    match roles {
        [] => "read only".to_owned(),
        roles => roles.iter().map(Role::as_str).collect::<Vec<_>>().join(", "),
    }
}
