//! `fluxgate-backend`: reads the settings, sets up logging, and serves.

use std::{io::Write as _, process::ExitCode};

use clap::Parser as _;
use fluxgate_backend::{
    app,
    config::{Cli, Command, LogFormat, Settings},
    graphql, run,
};
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    match start(&cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "fluxgate-backend: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn start(cli: &Cli) -> anyhow::Result<()> {
    log(&cli.settings)?;
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .map_err(|_| anyhow::anyhow!("another crypto provider is installed"))?;
    match cli.command {
        None => run::serve(&cli.settings).await,
        Some(Command::Migrate) => {
            let pool = app::connect(cli.settings.database_url()?, 1).await?;
            app::migrate(&pool).await
        }
        Some(Command::Schema) => Ok(write!(std::io::stdout(), "{}", graphql::sdl())?),
    }
}

fn log(settings: &Settings) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&settings.log)?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match settings.log_format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().init(),
    }
    Ok(())
}
