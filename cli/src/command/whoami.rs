//! `fgctl whoami`

use fluxgate_client::{Role, user};
use serde_json::json;

use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Cell, View};
use crate::shell::Shell;

/// Show who is signed in, where, and with which roles
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  fgctl whoami\n  fgctl whoami --context prod-eu -o json")]
pub(crate) struct Whoami {}

impl Whoami {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let api = shell.api()?;
        let user = user::me(&api).await?;
        let context = shell.context()?;
        let mut view = View::of(&json!({
            "user": user,
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
        for membership in &user.memberships {
            let roles: Vec<&str> = membership.roles.iter().map(Role::as_str).collect();
            let roles = match roles.as_slice() {
                [] => "read only".to_owned(),
                roles => roles.join(", "),
            };
            let team = format!("team {}", membership.team);
            view = view.row(vec![Cell::text(team), Cell::text(roles)]);
        }
        Ok(match user.active {
            true => view,
            false => view.exit(Exit::SignIn).note("this user is not active"),
        })
    }
}
