//! Reads the settings, starts the log, runs until told to stop.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use fluxgate_edge::config::Settings;
use fluxgate_edge::run::run;
use fluxgate_server::logs::Logs;
use fluxgate_server::settings::{Loaded, refused};
use fluxgate_server::signals;

#[actix_web::main]
async fn main() -> ExitCode {
    let loaded = match Settings::load() {
        Ok(loaded) => loaded,
        Err(refusal) => return refused("fluxgate-edge", &refusal),
    };
    match serve(loaded).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // When even that cannot be written, the exit code still says it.
            let _ = writeln!(std::io::stderr(), "fluxgate-edge: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(Loaded { settings, warnings }: Loaded<Settings>) -> anyhow::Result<()> {
    let logs = Logs::start(&settings.log, settings.log_format)
        .map_err(|error| anyhow::anyhow!("EDGE_LOG: {error}"))?;
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .map_err(|_| anyhow::anyhow!("another crypto provider is installed"))?;
    let stop = signals::terminated().context("cannot listen for signals")?;
    signals::on_hangup(move || {
        let read = Settings::load().map(|loaded| loaded.settings.log);
        logs.follow(read.map_err(|refusal| refusal.to_string()));
    })
    .context("cannot listen for signals")?;
    Ok(run(&settings, stop).await?)
}
