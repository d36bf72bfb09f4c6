//! Reads the settings, starts the log, runs until told to stop.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;
use fluxgate_edge::config::{LogFormat, Settings, SettingsError, one_line};
use fluxgate_edge::run::run;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

#[actix_web::main]
async fn main() -> ExitCode {
    let settings = match Settings::try_parse() {
        Ok(settings) => settings,
        // Help and version are no failures, and clap knows where they go.
        Err(answer) if !answer.use_stderr() => {
            return if answer.print().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        }
        Err(error) => return fail(&one_line(&error).into()),
    };
    match serve(&settings).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

async fn serve(settings: &Settings) -> anyhow::Result<()> {
    start_log(settings)?;
    for name in Settings::unknown_variables(std::env::vars_os().map(|(name, _)| name)) {
        tracing::warn!("the variable {name} is not a setting of this program");
    }
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for signals")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for signals")?;
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    Ok(run(settings, stop).await?)
}

fn start_log(settings: &Settings) -> Result<(), SettingsError> {
    let filter = EnvFilter::try_new(&settings.log).map_err(|_| SettingsError::Log(settings.log.clone()))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match settings.log_format {
        LogFormat::Json => log.json().init(),
        LogFormat::Text => log.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).init(),
    }
    Ok(())
}

fn fail(error: &anyhow::Error) -> ExitCode {
    // When even that cannot be written, the exit code still says it.
    let _ = writeln!(std::io::stderr(), "fluxgate-edge: {error:#}");
    ExitCode::FAILURE
}
