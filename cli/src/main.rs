//! FluxGate at the terminal.

mod command;
mod config;
mod credentials;
mod dev;
mod error;
mod exit;
mod file;
mod output;
mod shell;
mod text;
mod time;
mod ui;

use std::process::ExitCode;

use clap::Parser;

use crate::error::CliError;
use crate::exit::Exit;
use crate::shell::{Globals, Shell};

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
    let cli = Cli::parse();
    let shell = Shell::new(cli.globals);
    let exit = match run(cli.command, &shell) {
        Ok(exit) => exit,
        Err(error) => {
            shell.ui.fail(&error);
            error.exit
        }
    };
    ExitCode::from(exit.code())
}

fn run(command: command::Command, shell: &Shell) -> Result<Exit, CliError> {
    // An error here means that a provider is installed already, which is as good.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::new(Exit::Failed, format!("cannot start: {error}")))?;
    let view = runtime.block_on(Box::pin(command.run(shell)))?;
    shell.ui.show(&view);
    Ok(view.exit)
}
