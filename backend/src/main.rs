//! `fluxgate-backend`: reads the settings, sets up logging, and serves.

use std::{io::Write as _, process::ExitCode};

use fluxgate_backend::{
    config::{self, Command},
    graphql, run,
};
use fluxgate_server::{logs::Logs, settings};

#[tokio::main]
async fn main() -> ExitCode {
    match start().await {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "fluxgate-backend: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn start() -> anyhow::Result<ExitCode> {
    let loaded = match config::load() {
        Ok(loaded) => loaded,
        Err(refusal) => return Ok(settings::refused("fluxgate-backend", &refusal)),
    };
    let (command, settings) = (loaded.settings.command, loaded.settings.settings);
    if let Some(Command::Schema) = command {
        write!(std::io::stdout(), "{}", graphql::sdl())?;
        return Ok(ExitCode::SUCCESS);
    }
    let logs = Logs::start(&settings.log, settings.log_format)
        .map_err(|error| anyhow::anyhow!("FLUXGATE_LOG: {error}"))?;
    for warning in loaded.warnings {
        tracing::warn!("{warning}");
    }
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .map_err(|_| anyhow::anyhow!("another crypto provider is installed"))?;
    match command {
        Some(Command::Migrate { server_role }) => run::migrate(&settings, server_role.as_deref()).await?,
        _ => run::serve(&settings, logs).await?,
    }
    Ok(ExitCode::SUCCESS)
}
