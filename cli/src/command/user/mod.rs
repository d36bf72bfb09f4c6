//! People who may sign in.

mod activate;
mod create;
mod deactivate;
mod edit;
mod list;
mod password;
mod reset_password;
mod view;

use fluxgate_client::user;

use crate::error::CliError;
use crate::output::{Cell, Tone, View};
use crate::shell::Shell;

/// Users: people who may sign in; made by system administrators
#[derive(clap::Subcommand, Debug)]
pub(crate) enum User {
    List(list::List),
    View(view::ViewUser),
    Create(create::Create),
    Edit(edit::Edit),
    Deactivate(deactivate::Deactivate),
    Activate(activate::Activate),
    ResetPassword(reset_password::ResetPassword),
    Password(password::Password),
}

impl User {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        match self {
            Self::List(command) => command.run(shell).await,
            Self::View(command) => command.run(shell).await,
            Self::Create(command) => command.run(shell).await,
            Self::Edit(command) => command.run(shell).await,
            Self::Deactivate(command) => command.run(shell).await,
            Self::Activate(command) => command.run(shell).await,
            Self::ResetPassword(command) => command.run(shell).await,
            Self::Password(command) => command.run(shell).await,
        }
    }
}

/// Returns the command that gives a user another password, should one be lost.
fn again(username: &str) -> String {
    format!("fgctl user reset-password {username} --yes")
}

/// Shows what a user is now.
fn shown(user: &user::User) -> View {
    let row = vec![Cell::text(&user.username), Cell::text(&user.name), state(user)];
    View::of(user).named(format!("user/{}", user.username)).row(row)
}

/// Returns whether a user may sign in.
fn state(user: &user::User) -> Cell {
    match (user.active, user.must_change_password) {
        (false, _) => Cell::State(Tone::Bad, "deactivated".into()),
        (true, Some(true)) => Cell::State(Tone::Waiting, "must change password".into()),
        (true, _) => Cell::State(Tone::Good, "active".into()),
    }
}
