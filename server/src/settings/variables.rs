//! Variables that look meant for a program but are none of its settings: told, no reason not to start, because
//! orchestrators put some there.

use std::{collections::BTreeSet, ffi::OsString};

use clap::Command;

use super::file::nearest;

/// The variables among `names` that begin with `prefix` and are no setting of `command`.
pub fn unknown(command: &Command, prefix: &str, names: impl Iterator<Item = OsString>) -> Vec<String> {
    let known = known(command);
    let mut unknown: Vec<String> = names
        .filter_map(|name| name.into_string().ok())
        .filter(|name| name.starts_with(prefix) && !known.contains(name))
        .collect();
    unknown.sort();
    unknown
}

/// The command without the variables that are empty: to what starts programs, that is how a setting is left out.
pub(super) fn without_empty(command: Command) -> Command {
    command.mut_args(|argument| {
        let value = argument.get_env().and_then(std::env::var_os);
        if value.is_some_and(|value| value.is_empty()) {
            argument.env(None::<&'static str>)
        } else {
            argument
        }
    })
}

pub(super) fn warnings(
    command: &Command,
    prefix: &str,
    names: impl Iterator<Item = OsString>,
) -> Vec<String> {
    let known = known(command);
    let say = |name: String| {
        let meant = nearest(&name, known.iter().map(String::as_str));
        let meant = meant.map(|known| format!("; did you mean {known}?")).unwrap_or_default();
        format!("the variable {name} is not a setting of this program{meant}")
    };
    unknown(command, prefix, names).into_iter().map(say).collect()
}

fn known(command: &Command) -> BTreeSet<String> {
    let arguments = command.get_arguments().chain(command.get_subcommands().flat_map(Command::get_arguments));
    arguments.filter_map(|argument| Some(argument.get_env()?.to_str()?.to_owned())).collect()
}
