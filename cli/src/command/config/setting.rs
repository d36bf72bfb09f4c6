//! The settings, each with what it comes from.

use serde::Serialize;
use serde_json::{Value, json};

use crate::error::CliError;
use crate::screen::variable;
use crate::shell::{InEnv, Shell};
use crate::time;

/// A setting in force.
#[derive(Debug, Serialize)]
pub(super) struct Setting {
    pub(super) name: &'static str,
    /// Null when it is not set.
    pub(super) value: Value,
    /// Where it comes from.
    pub(super) origin: Option<String>,
}

impl Setting {
    /// Returns the value as people read it.
    pub(super) fn text(&self) -> String {
        match &self.value {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
            other => other.to_string(),
        }
    }
}

/// Returns all settings.
pub(super) fn all(shell: &Shell) -> Result<Vec<Setting>, CliError> {
    let (folder, context, globals) = (shell.folder()?, shell.context()?, shell.globals());
    let file = folder.path.as_ref().map(|path| path.display().to_string());
    let saved = context.as_ref().map(|context| format!("context {}", context.name));
    let typed = |flag: Option<&str>, name: &'static str| {
        let flag = flag.filter(|flag| !flag.is_empty())?;
        let origin =
            if variable(name).as_deref() == Some(flag) { name.to_owned() } else { "flag".to_owned() };
        Some((flag.to_owned(), origin))
    };
    let below = |value: Option<String>, origin: &Option<String>| Some((value?, origin.clone()?));
    let name = context.as_ref().map(|context| context.name.clone());
    let config = shell.config()?.path().display().to_string();
    let chosen = typed(globals.context.as_deref(), "FGCTL_CONTEXT")
        .or_else(|| below(folder.context.clone(), &file))
        .or_else(|| below(name, &Some(config)));
    let of =
        |get: fn(&crate::config::Context) -> Option<String>| below(context.as_ref().and_then(get), &saved);
    let env = shell.env_or_none(&InEnv::default())?;
    let env = match variable("FGCTL_ENV") {
        Some(env) => Some((env, "FGCTL_ENV".to_owned())),
        None if folder.env.is_some() => below(env, &file),
        None => below(env, &saved),
    };
    let lists = context.as_ref().map(|context| (context.protected.clone(), context.read_only));
    let (protected, read_only) = lists.unwrap_or_default();
    let in_context = |value: Value, set: bool| match set {
        true => (value, saved.clone()),
        false => (value, Some("default".to_owned())),
    };
    let given = |name: &str| variable(name).map(|_| ("set".to_owned(), name.to_owned()));
    let seconds = globals.timeout.map(time::duration);
    Ok(vec![
        text("context", chosen),
        text(
            "server",
            typed(globals.server.as_deref(), "FGCTL_SERVER")
                .or_else(|| of(|c| Some(c.server.clone())))
                .map(|(server, origin)| (without_password(server), origin)),
        ),
        text(
            "team",
            typed(globals.team.as_deref(), "FGCTL_TEAM")
                .or_else(|| below(folder.team.clone(), &file))
                .or_else(|| of(|context| context.team.clone())),
        ),
        text("env", env),
        any("protected", in_context(json!(protected), !protected.is_empty())),
        any("read_only", in_context(json!(read_only), read_only)),
        text(
            "ca_file",
            typed(variable("FGCTL_CA_FILE").as_deref(), "FGCTL_CA_FILE")
                .or_else(|| of(|c| c.ca_file.clone())),
        ),
        text("output", typed(variable("FGCTL_OUTPUT").as_deref(), "FGCTL_OUTPUT")),
        text("timeout", typed(seconds.as_deref(), "FGCTL_TIMEOUT")),
        text("pager", given_as("FGCTL_PAGER").or_else(|| given_as("PAGER"))),
        // Never the token itself.
        text(
            "token",
            given("FGCTL_TOKEN").or_else(|| given("FGCTL_TOKEN_FILE")).or_else(|| signed_in(shell)),
        ),
    ])
}

/// Hides what an address says before its host, which it is refused for.
fn without_password(server: String) -> String {
    match server.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?.1))) {
        Some((scheme, host)) => format!("{scheme}://***@{host}"),
        None => server,
    }
}

fn given_as(name: &str) -> Option<(String, String)> {
    variable(name).map(|value| (value, name.to_owned()))
}

fn signed_in(shell: &Shell) -> Option<(String, String)> {
    let context = shell.context().ok()??;
    let file = shell.config().ok()?.credentials(&context.name).ok()?;
    let saved = file.read().ok()??;
    Some((format!("session of {}", saved.username), format!("context {}", context.name)))
}

fn text(name: &'static str, found: Option<(String, String)>) -> Setting {
    let (value, origin) = found.unzip();
    Setting { name, value: value.map_or(Value::Null, Value::String), origin }
}

fn any(name: &'static str, (value, origin): (Value, Option<String>)) -> Setting {
    Setting { name, value, origin }
}
