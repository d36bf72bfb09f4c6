//! The saved connection to a system on this machine, signed in as its admin.

use fluxgate_client::Tokens;

use super::demo::{ADMIN, TEAM};
use super::ports::Ports;
use super::report::Report;
use super::seed;
use crate::config::{self, Config, Context};
use crate::error::CliError;

/// Saves the connection. A failure is told and ends nothing: the system is up, and `fgctl login` works too.
pub(crate) async fn save(name: &str, ports: Ports, report: &Report) {
    let since = report.doing("signing in");
    let session = match seed::admin_session(ports).await {
        Ok(session) => session,
        Err(fault) => return report.warn(format!("not signed in: {fault}")),
    };
    let context = Context {
        name: name.to_owned(),
        server: ports.backend_url(),
        team: Some(TEAM.to_owned()),
        ..Context::default()
    };
    match write(&context, &Tokens::from(&session)) {
        Ok(in_use) => {
            let in_use = if in_use { " in use," } else { "" };
            report.done(format!("context   \"{name}\"{in_use} signed in as {}", ADMIN.username), since);
        }
        Err(error) => report.warn(format!("the context \"{name}\" is not saved: {}", error.message)),
    }
}

/// Writes it, and returns whether it is the one in use. One that is there already does not come into use again: a person
/// may have chosen another in the meantime.
fn write(context: &Context, tokens: &Tokens) -> Result<bool, CliError> {
    let config = Config::load()?;
    let here = |server: &str| server.starts_with("http://127.0.0.1:");
    let taken =
        config.contexts().into_iter().find(|known| known.name == context.name && !here(&known.server));
    if let Some(other) = taken {
        return Err(CliError::usage(format!("it is that of {}", other.server)));
    }
    let known = config
        .contexts()
        .into_iter()
        .any(|known| known.name == context.name && known.server == context.server);
    if !known {
        config::save_signed_in(context, ADMIN.username, tokens)?;
        return Ok(true);
    }
    config.credentials(&context.name)?.write(&context.server, ADMIN.username, tokens)?;
    Ok(config.current() == Some(&context.name))
}
