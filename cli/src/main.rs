//! FluxGate at the terminal.

mod command;
mod complete;
mod config;
mod credentials;
mod dev;
mod error;
mod exit;
mod file;
mod files;
mod folder;
mod output;
mod pager;
#[cfg(test)]
mod reference;
mod screen;
mod shell;
mod ui;

use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, Parser};
use fluxgate_wording::{text, time};

use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Shape;
use crate::shell::{Globals, Shell};
use crate::ui::Ui;

/// Feature flags at the terminal: what is live where, and the way from one stage to the next
#[derive(Parser, Debug)]
#[command(name = "fgctl", version, propagate_version = false, max_term_width = 100)]
#[command(subcommand_required = true, arg_required_else_help = true)]
#[command(
    after_help = "Examples:\n  fgctl dev                                  a whole system on this machine, with demo data\n  fgctl feature list\n  fgctl promote checkout --to prod --wait=edges\n\nExit codes: fgctl help exit-codes"
)]
struct Cli {
    #[command(subcommand)]
    command: command::Command,

    #[command(flatten)]
    globals: Globals,
}

fn main() -> ExitCode {
    complete::answer();
    let cli = match Cli::try_parse_from(command::said(std::env::args_os())) {
        Ok(cli) => cli,
        Err(error) => return ExitCode::from(usage(&tipped(plainly(error))).code()),
    };
    let json = cli.globals.showing.machine();
    let checked = cli.command.check(&cli.globals.showing);
    let (shell, failed) = match checked.and_then(|()| Shell::new(cli.globals)) {
        Ok(shell) => match run(cli.command, &shell) {
            Ok(exit) => return ExitCode::from(exit.code()),
            Err(error) => {
                let error = shell.naming_the_context(error);
                (Some(shell), error)
            }
        },
        Err(error) => (None, error),
    };
    let plain = || Ui::new(Shape::of_errors(json), false, true);
    let ui = shell.map_or_else(plain, |shell| shell.ui);
    ui.fail(&failed);
    ExitCode::from(failed.exit.code())
}

fn run(command: command::Command, shell: &Shell) -> Result<Exit, CliError> {
    // An error here means that a provider is installed already, which is as good.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::new(Exit::Failed, format!("cannot start: {error}")))?;
    let ends = command.ends();
    let view = runtime.block_on(Box::pin(command.run(shell)))?;
    let _entered = runtime.enter();
    let (names, exit) = (view.names.clone(), view.exit);
    shell.ui.show(view)?;
    if !shell.ui.is_rehearsal() {
        complete::learn(shell, &names, ends);
    }
    Ok(exit)
}

/// Returns an error with the usage as it is, without what the environment happens to set: that reads as if it were required.
fn plainly(mut error: clap::Error) -> clap::Error {
    let Some(ContextValue::StyledStr(told)) = error.get(ContextKind::Usage) else {
        return error;
    };
    let usage = called(&told.to_string()).render_usage();
    error.insert(ContextKind::Usage, ContextValue::StyledStr(usage));
    error
}

/// Returns an error with a tip that helps: `--`, which clap advises, gives no value to an option.
fn tipped(mut error: clap::Error) -> clap::Error {
    let words: Vec<String> = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    let tip = match (error.kind(), error.get(ContextKind::InvalidArg)) {
        (ErrorKind::UnknownArgument, Some(ContextValue::String(wrong))) => command::as_value(wrong, &words),
        _ => None,
    };
    if let Some(tip) = tip {
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
    error
}

/// Returns the command that a usage is of.
fn called(usage: &str) -> clap::Command {
    let mut root = Cli::command();
    root.build();
    let mut command = &root;
    for word in usage.split_whitespace().skip_while(|word| *word != "fgctl").skip(1) {
        let Some(below) = command.find_subcommand(word) else { break };
        command = below;
    }
    command.clone()
}

/// Shows the help where words are missing: `fgctl` alone asks for it. clap does so only as long as no variable sets an option,
/// and lists all names in one line otherwise.
fn help(error: &clap::Error) -> Option<Exit> {
    let alone = std::env::args_os().len() <= 1;
    if !alone && (error.kind() != ErrorKind::MissingSubcommand || wants_json()) {
        return None;
    }
    let usage = error.get(ContextKind::Usage).map(ToString::to_string);
    let help = called(&usage.unwrap_or_default()).render_help();
    let exit = if alone { Exit::Ok } else { Exit::Usage };
    match ui::help(&help, alone) {
        Err(io) if alone && io.kind() != std::io::ErrorKind::BrokenPipe => Some(Exit::Failed),
        _ => Some(exit),
    }
}

/// Tells what is wrong with the words, or shows the help that they ask for.
fn usage(error: &clap::Error) -> Exit {
    let wrong = error.use_stderr();
    let json = wants_json();
    if let Some(exit) = help(error) {
        return exit;
    }
    // clap repeats words as they came.
    let hostile = std::env::args_os().any(|word| word.to_string_lossy().chars().any(text::is_hostile));
    if wrong && (json || hostile) {
        let text = error.to_string();
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let message = lines.next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        let failed = CliError::usage(message).details(lines.map(str::to_owned));
        Ui::new(Shape::of_errors(json), false, true).fail(&failed);
        return Exit::Usage;
    }
    match error.print() {
        Err(io) if !wrong && io.kind() != std::io::ErrorKind::BrokenPipe => Exit::Failed,
        _ if wrong => Exit::Usage,
        _ => Exit::Ok,
    }
}

/// Returns whether words that do not parse ask for JSON.
fn wants_json() -> bool {
    let json = |value: &str| matches!(value, "json" | "jsonl");
    let mut asked = std::env::var("FGCTL_OUTPUT").is_ok_and(|value| json(&value));
    let words: Vec<String> = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    for (index, word) in words.iter().enumerate() {
        let next = words.get(index + 1).map_or("", String::as_str);
        asked |= match word.as_str() {
            "-o" | "--output" => json(next),
            "--json" | "-q" | "--jq" => true,
            word => word.strip_prefix("--output=").or_else(|| word.strip_prefix("-o")).is_some_and(json),
        };
    }
    asked
}
