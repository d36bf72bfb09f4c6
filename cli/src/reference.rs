//! The reference in `docs/fgctl/`: made from the commands themselves, a file a noun, kept true by a test.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::{Arg, Command, CommandFactory};

/// Returns the files by name.
fn files() -> BTreeMap<String, String> {
    let mut root = crate::Cli::command().term_width(100);
    root.build();
    let mut files = BTreeMap::new();
    let mut index = "# fgctl\n\nMade from the commands themselves: `FLUXGATE_REGENERATE=1 cargo test -p fgctl reference`.\n\n".to_owned();
    index.push_str("| noun | what it is about |\n|---|---|\n");
    for noun in commands(&root).filter(|command| command.has_subcommands()) {
        let name = noun.get_name();
        let _ = writeln!(index, "| [{name}]({name}.md) | {} |", about(noun));
        let mut text = format!("# fgctl {name}\n\n{}.\n", about(noun));
        aliases(noun, &mut text);
        for verb in commands(noun) {
            section(verb, &format!("fgctl {name} {}", verb.get_name()), &mut text);
        }
        files.insert(format!("{name}.md"), text);
    }
    index.push_str("\nOptions of every command:\n\n");
    for arg in root.get_arguments().filter(|arg| arg.is_global_set()) {
        argument(arg, &mut index);
    }
    for command in commands(&root).filter(|command| !command.has_subcommands()) {
        section(command, &format!("fgctl {}", command.get_name()), &mut index);
    }
    files.insert("README.md".to_owned(), index);
    files
}

fn commands(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|sub| sub.get_name() != "help" && !sub.is_hide_set())
}

fn about(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

fn aliases(command: &Command, text: &mut String) {
    let aliases: Vec<String> = command.get_visible_aliases().map(|alias| format!("`{alias}`")).collect();
    if !aliases.is_empty() {
        let _ = writeln!(text, "\nAlso {}.", aliases.join(", "));
    }
}

fn section(command: &Command, name: &str, text: &mut String) {
    let _ = write!(text, "\n## {name}\n\n{}.\n", about(command));
    aliases(command, text);
    let usage = command.clone().render_usage().to_string();
    let _ = write!(text, "\n```\n{}\n```\n\n", usage.trim_start_matches("Usage: ").trim());
    for sub in commands(command) {
        section(sub, &format!("{name} {}", sub.get_name()), text);
    }
    let own = |arg: &&Arg| !arg.is_global_set() && !arg.is_hide_set() && arg.get_id() != "help";
    for arg in command.get_arguments().filter(own) {
        argument(arg, text);
    }
    let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let _ = write!(text, "\n```\n{}\n```\n", after.trim_end());
}

fn argument(arg: &Arg, text: &mut String) {
    let short = arg.get_short().map_or_else(String::new, |short| format!("-{short}, "));
    let long = arg.get_long().map_or_else(String::new, |_| short);
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let _ = write!(text, "- `{long}{}`: {help}", arg.to_string().replace('`', "'"));
    let values: Vec<String> = arg
        .get_possible_values()
        .iter()
        .filter(|value| !value.is_hide_set() && arg.get_action().takes_values())
        .map(|value| value.get_name().to_owned())
        .collect();
    if !values.is_empty() {
        let _ = write!(text, " ({})", values.join(", "));
    }
    if let Some(variable) = arg.get_env() {
        let _ = write!(text, "; `{}`", variable.to_string_lossy());
    }
    text.push('\n');
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/fgctl")
}

#[test]
fn the_reference_is_true() {
    let (folder, files) = (folder(), files());
    if std::env::var_os("FLUXGATE_REGENERATE").is_some() {
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        for (name, text) in &files {
            std::fs::write(folder.join(name), text).unwrap();
        }
    }
    for (name, text) in &files {
        let written = std::fs::read_to_string(folder.join(name)).unwrap_or_default();
        assert!(
            written == *text,
            "docs/fgctl/{name} is stale: FLUXGATE_REGENERATE=1 cargo test -p fgctl reference"
        );
    }
    let there = std::fs::read_dir(&folder).unwrap().count();
    assert_eq!(there, files.len(), "docs/fgctl has files of commands that are not there");
}
