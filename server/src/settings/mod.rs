//! Settings from flags, environment variables and a TOML file, in this order; one clap declaration is the truth of all.
//!
//! What the file says becomes the default of the flag of that name, so that clap reads all three alike.

mod document;
mod file;
mod variables;

use std::{ffi::OsString, io::Write as _, path::PathBuf, process::ExitCode};

use clap::{
    ArgMatches, Command, Parser,
    error::{ContextKind, ContextValue},
    parser::ValueSource,
};
use thiserror::Error;

pub use self::{
    document::{documented, table},
    variables::unknown,
};

/// The flag that names the file.
const CONFIG: &str = "config";

/// What was read, and what people should hear of it once there is a log.
#[derive(Debug)]
pub struct Loaded<T> {
    /// The settings.
    pub settings: T,
    /// What is strange about them, but no reason not to start.
    pub warnings: Vec<String>,
}

/// Why a program does not start; never repeats a secret.
#[derive(Debug, Error)]
pub enum Refusal {
    /// Help or version was asked for: clap prints it.
    #[error("{0}")]
    Answer(clap::Error),
    /// A setting cannot be used: one line that says which, where, and what would be right.
    #[error("{0}")]
    Setting(String),
}

/// Reads the settings. `prefix` is what the program's variables begin with.
pub fn load<T: Parser>(
    arguments: impl IntoIterator<Item = OsString>,
    prefix: &str,
) -> Result<Loaded<T>, Refusal> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let command = variables::without_empty(T::command());
    let given = parse(&command, &arguments)?;
    let mut warnings = variables::warnings(&command, prefix, std::env::vars_os().map(|(name, _)| name));
    let path = given.try_get_one::<PathBuf>(CONFIG).ok().flatten();
    let matches = match path {
        None => given,
        Some(path) => {
            let file = file::File::read(&command, path).map_err(Refusal::Setting)?;
            warnings.extend(file.warning());
            // What a flag or a variable says, or excludes, needs no default.
            let stated = |id: &str| {
                given.try_contains_id(id).unwrap_or(false)
                    && given.value_source(id).is_some_and(|source| source != ValueSource::DefaultValue)
            };
            parse(&file.defaults(&command, stated), &arguments)?
        }
    };
    let settings = T::from_arg_matches(&matches).map_err(|error| refusal(&command, error))?;
    Ok(Loaded { settings, warnings })
}

/// Says why a program does not start, and gives its exit code.
pub fn refused(program: &str, refusal: &Refusal) -> ExitCode {
    match refusal {
        // Clap knows where help goes.
        Refusal::Answer(answer) if answer.print().is_ok() => ExitCode::SUCCESS,
        Refusal::Answer(_) => ExitCode::FAILURE,
        Refusal::Setting(line) => {
            // When even that cannot be written, the exit code still says it.
            let _ = writeln!(std::io::stderr(), "{program}: {line}");
            ExitCode::FAILURE
        }
    }
}

fn parse(command: &Command, arguments: &[OsString]) -> Result<ArgMatches, Refusal> {
    command.clone().try_get_matches_from(arguments).map_err(|error| refusal(command, error))
}

fn refusal(command: &Command, error: clap::Error) -> Refusal {
    if error.use_stderr() { Refusal::Setting(one_line(command, &error)) } else { Refusal::Answer(error) }
}

/// What clap says, without usage and invitations, and the variable that an unreadable value came from.
fn one_line(command: &Command, error: &clap::Error) -> String {
    let text = error.to_string();
    let said: Vec<&str> = text
        .lines()
        .map(str::trim)
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"))
        .filter(|line| !line.is_empty())
        .collect();
    let line = said.join(" ").trim_start_matches("error: ").to_owned();
    match variable(command, error) {
        Some(name) => format!("{line} (in {name})"),
        None => line,
    }
}

fn variable(command: &Command, error: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(argument)) = error.get(ContextKind::InvalidArg) else { return None };
    let Some(ContextValue::String(value)) = error.get(ContextKind::InvalidValue) else { return None };
    let long = argument.strip_prefix("--")?.split([' ', '=', '[']).next()?;
    let found = command.get_arguments().find(|known| known.get_long() == Some(long))?;
    let name = found.get_env()?;
    let set = std::env::var_os(name)?;
    // A list is read entry by entry.
    set.to_str()?
        .split(',')
        .chain(set.to_str())
        .any(|part| part == value)
        .then(|| name.to_string_lossy().into())
}
