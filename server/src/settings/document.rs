//! The settings as a table for people, made from the declarations.

use clap::{Arg, Command};

use super::file;

/// A Markdown table of all settings.
pub fn table(command: &Command) -> String {
    let mut lines =
        vec!["| flag | variable | in the file | default | |".to_owned(), "|---|---|---|---|---|".to_owned()];
    let in_file = |argument: &Arg| file::settings(command).any(|known| known.get_id() == argument.get_id());
    let own = ["help", "version"];
    for argument in command.get_arguments().filter(|argument| !own.contains(&argument.get_id().as_str())) {
        let Some(long) = argument.get_long() else { continue };
        let variable = argument.get_env().map(|name| code(&name.to_string_lossy())).unwrap_or_default();
        let key = if in_file(argument) { code(&long.replace('-', "_")) } else { String::new() };
        let what = argument.get_help().map(ToString::to_string).unwrap_or_default();
        let what = what.trim_end_matches('.').replace('|', "\\|");
        lines.push(format!(
            "| {} | {variable} | {key} | {} | {what} |",
            code(&format!("--{long}")),
            default(argument)
        ));
    }
    lines.join("\n") + "\n"
}

/// A document whose table of this program, between two comments that name it, is as the declarations say; nothing when it
/// has no such place.
pub fn documented(document: &str, command: &Command) -> Option<String> {
    let (begin, end) = (format!("<!-- {} -->\n", command.get_name()), "<!-- end -->");
    let (before, rest) = document.split_once(&begin)?;
    let (_, after) = rest.split_once(end)?;
    Some(format!("{before}{begin}\n{}\n{end}{after}", table(command)))
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

fn default(argument: &Arg) -> String {
    let values: Vec<_> = argument.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    let text = values.join(",");
    let choices: Vec<String> = argument
        .get_possible_values()
        .iter()
        .filter(|value| !["true", "false"].contains(&value.get_name()))
        .map(|value| code(value.get_name()))
        .collect();
    let default = if text.is_empty() { String::new() } else { code(&text) };
    if choices.is_empty() { default } else { format!("{default} of {}", choices.join(", ")) }
}
