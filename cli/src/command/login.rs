//! `fgctl login`

use std::path::PathBuf;

use fluxgate_client::session::{self, BootstrapInput, Session, SignInInput};
use fluxgate_client::{Api, Credentials, Tokens, server};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::shared::lines_of_stdin;
use crate::config::{Context, save_signed_in};
use crate::credentials::token_is_given;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Cell, Tone, View};
use crate::shell::Shell;

/// Sign in to a server and save the connection as a context
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl login --server https://fluxgate.acme.io --context prod-eu --team payments\n  fgctl login --server http://127.0.0.1:8080 --username dev --password-stdin < password\n\nThe first admin of an empty server: add --bootstrap-token-file with the token that the server was started with."
)]
pub(crate) struct Login {
    /// Who signs in; asked for when not given
    #[arg(long, value_name = "NAME")]
    username: Option<String>,

    /// Read the password from stdin
    #[arg(long)]
    password_stdin: bool,

    /// Make the first admin of an empty server with the token in this file
    #[arg(long, value_name = "FILE")]
    bootstrap_token_file: Option<PathBuf>,

    /// The environment that commands are about when they are not told
    #[arg(short, long, value_name = "KEY")]
    env: Option<String>,
}

impl Login {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        shell.may_change()?;
        let place = Place::new(shell)?;
        // Before there is anything to lose.
        let credentials = shell.config()?.credentials(&place.name)?;
        credentials.probe()?;
        let whose = credentials.read().ok().flatten().map(|saved| saved.username);
        let api = shell.api_at(&place.server, Credentials::None)?;
        let session = self.sign_in(shell, &api).await?;
        let user = &session.user;
        let only_team = match user.memberships.as_slice() {
            [one] => Some(one.team.clone()),
            _ => None,
        };
        let kept = place.before.as_ref();
        let context = Context {
            name: place.name,
            server: place.server,
            team: shell
                .wanted_team()
                .map(str::to_owned)
                .or_else(|| kept.and_then(|context| context.team.clone()))
                .or(only_team),
            env: self.env.or_else(|| kept.and_then(|context| context.env.clone())),
            // What else a context has is in the file already, and stays.
            ..kept.cloned().unwrap_or_default()
        };
        save_signed_in(&context, &user.username, &Tokens::from(&session))?;
        let team = context.team.as_deref().unwrap_or("none");
        let view = View::of(&json!({ "context": context, "user": user }))
            .named(format!("context/{}", context.name))
            .row(vec![
                Cell::State(Tone::Good, format!("signed in as {}", user.username)),
                Cell::text(format!("context {}", context.name)),
                Cell::text(format!("team {team}")),
            ]);
        let view = match whose.filter(|whose| *whose != user.username) {
            Some(whose) => {
                view.note(format!("context {} was {whose}'s, is {}'s now", context.name, user.username))
            }
            None => view,
        };
        Ok(match context.team {
            _ if user.must_change_password == Some(true) => view
                .note("somebody else has set this password: change it before anything else")
                .next("fgctl user password"),
            Some(_) => view.next("fgctl feature list"),
            None => view.note("no team yet: add --team KEY to commands, or to fgctl login"),
        })
    }

    async fn sign_in(&self, shell: &Shell, api: &Api) -> Result<Session, CliError> {
        let token = match &self.bootstrap_token_file {
            Some(path) => Some(
                crate::file::text(path)
                    .map_err(|error| CliError::usage(format!("cannot read {}: {error}", path.display())))?,
            ),
            None => None,
        };
        if token.is_none() && !server::get(api).await?.bootstrapped {
            let message = format!("{} has no users yet", api.server());
            return Err(CliError::new(Exit::SignIn, message)
                .hint("make the first admin: fgctl login --bootstrap-token-file FILE --username NAME"));
        }
        let username = match &self.username {
            Some(username) => username.clone(),
            None if shell.ui.may_ask() => shell.ui.ask("Username: ")?,
            None => return Err(CliError::usage("no --username given")),
        };
        let password = self.password(shell)?.expose_secret().to_owned();
        Ok(match token {
            Some(token) => {
                let input = BootstrapInput { token: token.trim().to_owned(), username, password, name: None };
                session::bootstrap(api, input).await?
            }
            None => session::sign_in(api, SignInInput { username, password }).await?,
        })
    }

    fn password(&self, shell: &Shell) -> Result<SecretString, CliError> {
        if !self.password_stdin {
            return shell.ui.password("Password:");
        }
        let [password] = lines_of_stdin()?;
        Ok(password)
    }
}

/// Signs somebody in anew where a context, if it is one, and a server are, and returns the name of the context that has it.
///
/// Which context is the current one stays, unless there is none for it yet: then it is as with `fgctl login`.
pub(super) async fn again(
    shell: &Shell,
    (context, server): (&str, &str),
    username: String,
    password: &SecretString,
) -> Result<String, CliError> {
    if token_is_given() {
        return Err(CliError::usage(
            "FGCTL_TOKEN or FGCTL_TOKEN_FILE says who you are; a sign-in is not used beside it",
        ));
    }
    let config = shell.config()?;
    let mut saved = config.contexts().into_iter();
    let saved = saved.find(|known| known.name == context && known.server == server);
    let name = saved.as_ref().map_or_else(|| name_of(server), |known| known.name.clone());
    let credentials = config.credentials(&name)?;
    credentials.probe()?;
    let api = shell.api_at(server, Credentials::None)?;
    let password = password.expose_secret().to_owned();
    let session = session::sign_in(&api, SignInInput { username, password }).await?;
    let (user, tokens) = (&session.user, Tokens::from(&session));
    match saved {
        Some(_) => credentials.write(server, &user.username, &tokens)?,
        None => {
            let team = shell.wanted_team().map(str::to_owned);
            let made = Context { name: name.clone(), server: server.to_owned(), team, ..Context::default() };
            save_signed_in(&made, &user.username, &tokens)?;
        }
    }
    if user.must_change_password == Some(true) {
        let message =
            "somebody else has set this password: change it before anything else, with fgctl user password";
        return Err(CliError::new(Exit::SignIn, message));
    }
    Ok(name)
}

/// Which context a sign-in is for.
struct Place {
    name: String,
    server: String,
    before: Option<Context>,
}

impl Place {
    fn new(shell: &Shell) -> Result<Self, CliError> {
        let config = shell.config()?;
        let saved = match shell.wanted_context() {
            // It may be a new one.
            Some(name) => config.contexts().into_iter().find(|context| context.name == name),
            None => None,
        };
        let server = match (&saved, shell.wanted_context()) {
            (None, Some(_)) => {
                shell.wanted_server().ok_or_else(|| CliError::usage("a new context needs --server URL"))?
            }
            _ => shell
                .server()
                .map_err(|error| CliError::usage(&error.message).hint("fgctl login --server URL"))?,
        };
        // Without a name, it is the context in use when that is of this server, or one named after the server.
        let current = config.current().and_then(|name| config.context(name).ok());
        let known = saved.or(current).filter(|context| context.server == server);
        let name = match (shell.wanted_context(), &known) {
            (Some(name), _) => name.to_owned(),
            (None, Some(context)) => context.name.clone(),
            (None, None) => name_of(&server),
        };
        let before = known.filter(|context| context.name == name);
        Ok(Self { name, server, before })
    }
}

/// Returns a context's name for a server: its host.
fn name_of(server: &str) -> String {
    let host = server.split("://").last().unwrap_or(server);
    let host = host.split(['/', '?']).next().unwrap_or(host);
    match host.split_once(':') {
        Some(("localhost" | "127.0.0.1", "8080")) => "local".to_owned(),
        _ => host.replace(|c: char| !c.is_ascii_alphanumeric() && c != '.', "-"),
    }
}

#[cfg(test)]
mod tests {
    use super::name_of;

    #[test]
    fn contexts_are_named_after_their_server() {
        assert_eq!(name_of("https://fluxgate.acme.io"), "fluxgate.acme.io");
        assert_eq!(name_of("http://127.0.0.1:8080"), "local");
        assert_eq!(name_of("http://[::1]:9000/x"), "---1--9000");
    }
}
